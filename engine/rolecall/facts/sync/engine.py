"""`sync_district`: one district brought up to date, by its events where they tell all, else by a full read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from time import time_ns

from rolecall.calls import run
from rolecall.errors import FactsError
from rolecall.facts.clever import Clever
from rolecall.facts.store import Applied, Store
from rolecall.facts.store.staging import owner as this_process
from rolecall.facts.sync.follow import FullReadNeeded, follow, why_full
from rolecall.facts.sync.full import read
from rolecall.facts.sync.job import Job, Progress, Synced


def ignore(_: Progress) -> None:
    """Tell nobody."""


def expect(clever: Clever, store: Store, districts: Iterable[str] = ()) -> tuple[str, ...]:
    """Have the store know which districts are to be read: these, or all that there are tokens for; give them.

    One without a token is no such district: it would never be read, and till then nobody's absence would be known.
    """
    listed = run(clever.districts())
    found = tuple(districts) or listed
    store.expect(one for one in found if one in listed)
    return found


def sync_district(
    clever: Clever,
    store: Store,
    district: str,
    *,
    clock: Callable[[], int] = time_ns,
    progress: Callable[[Progress], object] = ignore,
    accept: bool = False,
    full: bool = False,
    silent: timedelta = timedelta(),
    owner: str = "",
) -> Synced:
    """Bring a district up to date.

    `clock` gives nanoseconds since 1970; `progress` is told how far it is; `accept` says yes to a mass change; `full`
    reads everything, whatever the events say. A district that never had an event is read in full once its last full
    read is older than `silent`. `owner` names who reads, so that others can tell whether they still do.

    Raises `CleverError` (what was read so far is kept, and the next sync goes on there; `TokenRefused` also where the
    token turns out to be another district's), `BadEvent`, `BadRecord`,
    `MassChange`, `AnotherSync`, or another `FactsError` for the database.
    """
    job = Job(clever, store, district, clock=clock, progress=progress, owner=owner or this_process(), accept=accept)
    run(clever.vouch(district))
    why = "that was asked for" if full else why_full(job, timedelta_ns(silent))
    if not why:
        try:
            return _synced(job, "", follow(job))
        except FullReadNeeded as needed:
            why = str(needed)
    return _synced(job, why, read(job, why))


def timedelta_ns(value: timedelta) -> int:
    """Give a length of time in nanoseconds."""
    return value // timedelta(microseconds=1) * 1000


def _synced(job: Job, why: str, applied: Applied) -> Synced:
    feed = job.feed()
    if feed is None:
        raise FactsError(f"district `{job.district}` is gone from the store: did somebody empty it?")
    return Synced(
        district=job.district,
        how="read" if why else "followed",
        why=why,
        altered=applied.altered,
        change=applied.change,
        reports=applied.reports,
        feed=feed,
    )
