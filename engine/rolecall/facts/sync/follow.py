"""The events since the last one, page by page: each page is one transaction, and the cursor moves with it."""

from __future__ import annotations

from typing import Final

from rolecall.calls import run
from rolecall.facts.clever import NotShared
from rolecall.facts.store import AnotherSync, Applied, FeedState, Overtaken, UnknownEvent
from rolecall.facts.sync.job import DAY, Job, Progress
from rolecall.instants import SECOND, say_span

# Clever keeps events for 30 days. A cursor that was not at the feed's end for so long may have lost some.
_LOST: Final = 25 * DAY
# After so long without a poll, it is asked whether Clever still knows the last event.
_ASKED_FOR: Final = 3600 * SECOND
_ROUNDS: Final = 20


class FullReadNeeded(Exception):
    """Events cannot tell what has changed; the text says why."""


def why_full(job: Job, silent: int) -> str:
    """Say why a district has to be read in full, or nothing where its events tell what has changed.

    `silent` is after how many nanoseconds a district is read anew that never had an event.
    """
    feed, now = job.feed(), job.clock()
    if job.store.left(job.district, now):
        return "a full read was left half done"
    if feed is None or feed.read is None:
        return "it was never read before"
    if not feed.last_event:
        return "it never had an event, so that only this tells what has changed" if now - feed.read >= silent else ""
    return _why_lost(job, feed, now)


def _why_lost(job: Job, feed: FeedState, now: int) -> str:
    """Say why events may be lost between the last one applied and now."""
    age = None if feed.polled is None else now - feed.polled
    if age is None or age >= _LOST:
        since = "a very long time" if age is None else say_span(age)
        return f"its events were not followed for {since}, and Clever keeps them for 30 days"
    if age > _ASKED_FOR and run(job.clever.one(job.district, f"events/{feed.last_event}")) is None:
        return "Clever no longer knows the last event"
    return ""


def follow(job: Job) -> Applied:
    """Apply what is new; raises `FullReadNeeded`, `CleverError`, `BadEvent`, `MassChange` or `AnotherSync`."""
    altered, met, reports = 0, 0, list[str]()
    for _ in range(_ROUNDS):
        cursor = job.cursor()
        try:
            for events, asked, complete in job.events(cursor):
                if cursor is None and events:
                    raise FullReadNeeded("its first events have come, and what changed before them they do not tell")
                applied = job.store.apply(
                    job.district, events, cursor_was=cursor, now=asked, complete=complete, accept=job.accept
                )
                cursor = str(events[-1]["id"]) if events else cursor
                altered, met = altered + applied.altered, met + len(events)
                reports += applied.reports
                if events:
                    job.progress(Progress(job.district, "following", "event", met))
        except NotShared:
            if cursor is not None:
                raise FullReadNeeded("Clever no longer knows the last event") from None
            job.store.apply(job.district, (), cursor_was=None, now=job.clock(), complete=True)
        except UnknownEvent as error:
            raise FullReadNeeded(f"event `{error.event}` is of the unknown type `{error.kind}`") from None
        except Overtaken:
            continue
        return Applied(job.store.look(0).change, altered, tuple(reports))
    raise AnotherSync(job.district, "another sync follows its feed faster than this one")
