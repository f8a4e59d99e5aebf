"""Is the roster store well, and are its facts young enough to be decided on?"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rolecall.diagnosis.results import Examination, Result, failed, ok, warning
from rolecall.errors import FactsError
from rolecall.instants import SECOND, say_instant, say_span

if TYPE_CHECKING:
    from rolecall.facts.store import FeedState, Store

_SKEW: Final = 5 * 60 * SECOND
_ALIVE: Final = 60 * SECOND
_LITTLE: Final = 100 << 20
"""With less free space than that, in bytes, hardly a full read has room."""

_WATCH: Final = "run `rolecall sync`, or see that `rolecall sync --watch` is running"


def store(examination: Examination) -> Iterator[Result]:
    """Look whether the store opens, has tables of this version, and may be written."""
    setup = examination.setup
    if setup.missing:
        yield (failed if setup.store_named or setup.tokens else warning)("store", setup.missing, "install it")
        return
    opened = examination.store
    if isinstance(opened, FactsError):
        says, _, fix = str(opened).partition("; ")
        fix = fix or "`--store` or ROLECALL_STORE names another"
        yield failed("store", says, fix) if setup.store_named else warning("store", says, fix)
        return
    number = opened.look(0).change
    newest = opened.changes([number])
    told = f", its last change {number:,} at {say_instant(newest[0].time_ns)}" if newest else ", still empty"
    yield ok("store", f"{opened.source} opens, with tables of this version{told}")
    if newest and newest[0].time_ns > setup.now() + _SKEW:
        says = "the store's last change is of a time to come: this clock is behind, or the one that wrote it was ahead"
        yield failed("store", says, "set the clocks of both machines (NTP)")
    file = _file_of(opened)
    if file is not None and not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)):
        says = f"this user may not write `{file}` and its folder"
        yield warning("store", says, "decisions need no more, but `rolecall sync` and `rolecall assign` do")


def _file_of(opened: Store) -> Path | None:
    """Give the file of a store in SQLite; None for another."""
    file = Path(opened.name)
    return file.absolute() if "://" not in opened.name and file.exists() else None


def facts(examination: Examination) -> Iterator[Result]:
    """Look how each district's feed stands, and how old its facts are."""
    for feed in examination.feeds.values():
        yield _feed(feed, examination.setup.now(), examination.setup.max_stale)
    if not examination.feeds and examination.opened is not None:
        yield warning(
            "facts", "the store holds no district yet", "`rolecall sync` reads those that there are tokens for"
        )


def _feed(feed: FeedState, now: int, limit: int) -> Result:
    """Say how a district stands; the worst first."""
    district, why = feed.district, feed.why.removeprefix(f"district `{feed.district}`: ")
    age = None if feed.as_of is None else max(now - feed.as_of, 0)
    old = "of unknown age" if age is None else f"{say_span(age)} old"
    if feed.read is None:
        none = f"`rolecall sync --forget {district}` where there is no such district"
        fix = f"`rolecall sync` does so, or goes on with it; {none}"
        return failed("facts", "the district was never read in full", fix, district)
    if feed.state == "held":
        fix = "where this is right, `rolecall sync --accept` applies it; else ask the district before you do"
        return failed("facts", f"the feed is held, the facts are {old}: {why}", fix, district)
    if feed.state == "stopped":
        fix = "`rolecall sync --full` reads round it, once Clever's record is well"
        return failed("facts", f"the feed is stopped, the facts are {old}: {why}", fix, district)
    if age is None or age > limit:
        says = f"the facts are {old}, and {say_span(limit)} are allowed: whoever asks gets no answer (indeterminate)"
        fix = "ask the district or Clever when it is synced again" if why else _WATCH
        fix += f"; `rolecall sync --forget {district}` where it has left for good"
        return failed("facts", f"{says}; {why}" if why else says, fix, district)
    if why:
        left = say_span(limit - age)
        fix = f"in {left} decisions end, unless it is synced again: ask the district or Clever"
        return warning("facts", f"the facts are {old}: {why}", fix, district)
    if age > limit // 2:
        return warning("facts", f"the facts are {old}, of {say_span(limit)} that are allowed", _WATCH, district)
    event = f", the last event applied is {feed.last_event}" if feed.last_event else ", no event was ever applied"
    return ok("facts", f"the facts are {old}{event}", district)


def read(examination: Examination) -> Iterator[Result]:
    """Look for full reads that were left half done."""
    if examination.opened is None:
        return
    now = examination.setup.now()
    for reading, beat in examination.opened.unfinished():
        if not examination.setup.only or reading.district in examination.setup.only:
            began = f"a full read began at {say_instant(reading.began)}"
            if abs(now - beat) < _ALIVE:
                yield ok("read", f"{began} and is under way", reading.district)
            else:
                says = f"{began} and was left half done {say_span(now - beat)} ago; nobody sees what it gathered"
                yield warning("read", says, "`rolecall sync` goes on with it", reading.district)


def room(examination: Examination) -> Iterator[Result]:
    """Look whether there is room for the store to grow."""
    file = _file_of(examination.opened) if examination.opened is not None else None
    if file is None:
        return
    free, size = shutil.disk_usage(file.parent).free, file.stat().st_size
    says = f"{_mebibytes(free)} are free beside the store, which has {_mebibytes(size)}"
    if free < _LITTLE:
        yield failed("room", says, "make room: on a full disk no change is kept, and facts grow old")
    elif free < size:
        yield warning("room", says, "make room: a full read can need as much again as the store has")
    else:
        yield ok("room", says)


def _mebibytes(number: int) -> str:
    return f"{max(number >> 20, 1):,} MiB"
