"""Staying on: every district is polled once an interval, each for itself, until somebody says stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from time import time_ns
from typing import Final

import msgspec

from rolecall.errors import FactsError
from rolecall.facts.clever import Clever, TokenRefused, Unavailable
from rolecall.facts.store import BadEvent, BadRecord, MassChange, Store
from rolecall.facts.store.staging import owner as this_process
from rolecall.facts.sync.engine import expect, ignore, sync_district
from rolecall.facts.sync.full import NeverDone
from rolecall.facts.sync.job import Progress, Synced

EVERY: Final = timedelta(seconds=10)
SILENT: Final = timedelta(hours=1)
"""How often a district is read in full that never had an event."""

# What somebody has to mend is not asked for every few seconds; nor is the list of districts.
_PAUSE: Final = 60.0
_LISTED: Final = 600.0
_AT_ONCE: Final = 16


class Outcome(msgspec.Struct, frozen=True):
    """What a poll of a district came to: a `Synced`, or the error that kept it from being one."""

    district: str
    synced: Synced | None = None
    error: Exception | None = None


class _Stopped(Exception):
    """A full read was asked to stop; what it gathered is kept."""


class Watch:
    """Polls districts until `stop` is set. One that fails, or takes long, keeps no other one waiting.

    `districts` are those to watch; without them all that there are tokens for, listed anew every ten minutes. `told`
    gets every outcome, one at a time. The other arguments are those of `sync_district`.
    """

    def __init__(
        self,
        clever: Clever,
        store: Store,
        *,
        told: Callable[[Outcome], object],
        stop: Event,
        districts: Iterable[str] = (),
        every: timedelta = EVERY,
        silent: timedelta = SILENT,
        accept: bool = False,
        full: bool = False,
        clock: Callable[[], int] = time_ns,
        progress: Callable[[Progress], object] = ignore,
    ) -> None:
        """Poll nobody yet. `accept` and `full` are for each district's first poll that comes to an end."""
        self._clever, self._store, self._told, self._stop = clever, store, told, stop
        self._given = tuple(districts)
        self._every, self._silent = every.total_seconds(), silent
        self._accept, self._full = accept, full
        self._clock, self._progress, self._owner = clock, progress, this_process()
        self._due: dict[str, float] = {}
        self._running: dict[str, Future[Outcome]] = {}
        self._done: set[str] = set()
        self._list_at = 0.0
        self._listing: Future[tuple[str, ...] | FactsError] | None = None

    def run(self) -> None:
        """Poll until stopped: then polls are finished first, and full reads stop where they are."""
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="rolecall-sync") as pool:
            while not self._stop.is_set():
                now = time.monotonic()
                if self._listing is None and now >= self._list_at:
                    self._listing = pool.submit(self._list)
                self._collect(now)
                for district, due in self._due.items():
                    if due <= now and district not in self._running:
                        self._running[district] = pool.submit(self._poll, district)
                self._stop.wait(self._pause())
        self._collect(time.monotonic())

    def _pause(self) -> float:
        """Give how long there is nothing to do, in seconds."""
        if self._running or self._listing is not None:
            return 0.02
        due = min([*self._due.values(), self._list_at])
        return min(max(due - time.monotonic(), 0.0), 1.0)

    def _list(self) -> tuple[str, ...] | FactsError:
        """See which districts there are."""
        try:
            return expect(self._clever, self._store, self._given)
        except FactsError as error:
            return self._given or error

    def _collect(self, now: float) -> None:
        """Tell what came of the polls that are done, and say when each is due again: one interval after it was."""
        if self._listing is not None and self._listing.done():
            found, self._listing = self._listing.result(), None
            if isinstance(found, FactsError):  # those that are known stay
                self._list_at = now + max(self._every, min(_PAUSE, _LISTED))
                self._told(Outcome("", error=found))
            else:
                self._list_at = now + _LISTED
                self._due = {district: self._due.get(district, now) for district in found}
        for district, future in list(self._running.items()):
            if future.done():
                del self._running[district]
                outcome = future.result()
                if district in self._due:
                    self._due[district] = max(self._due[district] + self._every, now) + self._extra(outcome.error)
                if not isinstance(outcome.error, _Stopped):
                    self._told(outcome)

    def _extra(self, error: Exception | None) -> float:
        """Give how many seconds more to wait after an error than an interval."""
        if isinstance(error, Unavailable) and error.retry_at is not None:
            return min(max(error.retry_at - time.time(), 0.0), _PAUSE)
        if isinstance(error, MassChange | BadEvent | BadRecord | NeverDone | TokenRefused):
            return max(_PAUSE - self._every, 0.0)
        return 0.0

    def _got_on(self, progress: Progress) -> None:
        if self._stop.is_set() and progress.stage in ("looking", "reading", "catching up"):
            raise _Stopped
        self._progress(progress)

    def _poll(self, district: str) -> Outcome:
        first = district not in self._done
        try:
            synced = sync_district(
                self._clever,
                self._store,
                district,
                clock=self._clock,
                progress=self._got_on,
                accept=self._accept and first,
                full=self._full and first,
                silent=self._silent,
                owner=self._owner,
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, the other districts go on
            return Outcome(district, error=error)
        self._done.add(district)
        return Outcome(district, synced)
