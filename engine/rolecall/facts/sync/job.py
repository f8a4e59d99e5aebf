"""One district to be brought up to date: with what, into what, and what is told on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Literal

import msgspec

from rolecall.calls import run
from rolecall.facts.clever import Clever, NotShared, Record, Trail, Unavailable
from rolecall.facts.store import FeedState, Store
from rolecall.instants import SECOND

DAY: Final = 86_400 * SECOND
_EVENTS: Final = 1000
# A feed in which something comes with every look has its end where a page is not full.
_LOOKS: Final = 5
_OBJECT_ID: Final = 24


class Progress(msgspec.Struct, frozen=True):
    """How far a sync is: what it does, with which kind of record, and how many records or events it has met."""

    district: str
    stage: Literal["looking", "reading", "catching up", "comparing", "following"]
    kind: str = ""
    records: int = 0


class Synced(msgspec.Struct, frozen=True):
    """What a sync came to.

    `how` is read (in full, and `why`) or followed (its events). `altered` is how many records became another, `change`
    the store's last change, `reports` what was left out, `feed` how the district stands.
    """

    district: str
    how: Literal["read", "followed"]
    why: str
    altered: int
    change: int
    reports: tuple[str, ...]
    feed: FeedState


class Job:
    """A district, Clever and the store; `clock` gives nanoseconds since 1970."""

    def __init__(
        self,
        clever: Clever,
        store: Store,
        district: str,
        *,
        clock: Callable[[], int],
        progress: Callable[[Progress], object],
        owner: str,
        accept: bool,
    ) -> None:
        """Keep them. `accept` says yes to a mass change."""
        self.clever, self.store, self.district, self.clock = clever, store, district, clock
        self.progress, self.owner, self.accept = progress, owner, accept

    def feed(self) -> FeedState | None:
        """Give how the district stands."""
        return self.store.feed(self.district)

    def cursor(self) -> str | None:
        """Give the last event that the store has applied."""
        feed = self.feed()
        return (feed.last_event or None) if feed else None

    def events(self, after: str | None) -> Iterator[tuple[list[Record], int, bool]]:
        """Give the events after one, page by page: each with when it was asked for, and whether it reaches the end.

        The last page reaches the end. Raises `NotShared` where Clever does not know the event `after`.
        """
        cursor, seen, looks = after, set[str](), 0
        while True:
            asked = self.clock()
            page = run(self.clever.events(self.district, cursor, _EVENTS))
            trail = Trail(self.district)
            while not page.records and page.next is not None:
                trail.add(page)
                page = run(self.clever.page(self.district, page.next))
            looks += 1
            full = page.next is not None or len(page.records) >= _EVENTS
            complete = not page.records or (looks > _LOOKS and not full)
            newest = self._newest(page.records, cursor, seen)
            yield page.records, asked, complete
            if complete:
                return
            if newest is None or newest == cursor:
                raise Unavailable(self.district, "Clever gives events without an id, so that none can follow them")
            cursor = newest

    def _newest(self, events: list[Record], cursor: str | None, seen: set[str]) -> str | None:
        """Give the last event's id; raises `Unavailable` where events come again, which would undo what came since."""
        newest = cursor
        for one in events:
            identifier = one.get("id")
            if not isinstance(identifier, str) or not identifier:
                continue
            older = newest is not None and len(identifier) == len(newest) == _OBJECT_ID and identifier <= newest
            if identifier in seen or older:
                raise Unavailable(self.district, f"Clever gives the event `{identifier}` again, after later ones")
            seen.add(identifier)
            newest = identifier
        return newest

    def newest_event(self, after: str | None) -> str | None:
        """Give the feed's last event, looking from one on; None where there is none, or events are switched off."""
        cursor, met = after, 0
        try:
            for events, _, _ in self.events(after):
                ids = [identifier for one in events if isinstance(identifier := one.get("id"), str) and identifier]
                cursor, met = (ids[-1] if ids else cursor), met + len(events)
                self.progress(Progress(self.district, "looking", "event", met))
        except NotShared:
            return None if after is None else self.newest_event(None)
        return cursor
