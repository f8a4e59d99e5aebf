"""The front door of the roster store: a local copy of what Clever says, kept current and with its past."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Self

from msgspec.structs import replace

from rolecall.errors import FactsError
from rolecall.facts.around import Records
from rolecall.facts.assignments import AssignmentRecord
from rolecall.facts.roster import Roster
from rolecall.facts.store import around, assigned, feeds, finishing, forgetting, history, reading, staging
from rolecall.facts.store.applying import Page
from rolecall.facts.store.database import Database
from rolecall.facts.store.errors import BadEvent, MassChange
from rolecall.facts.store.guard import Guard
from rolecall.facts.store.incoming import Item, read_events
from rolecall.facts.store.values import Applied, Assigned, Change, FeedState, Look, Reading


class Store:
    """A roster store, opened by `Store.open`. Every method is one transaction; safe to share between threads.

    Every fact is true from one change number until another; numbers rise without gaps in the order of commits. All
    instants are nanoseconds since 1970. Whatever goes wrong with the database is a `FactsError`.
    """

    def __init__(self, database: Database, guard: Guard | None = None) -> None:
        """Keep the database."""
        self._database = database
        self.guard = guard or Guard()

    @classmethod
    def open(cls, url: str | Path, *, create: bool = True, guard: Guard | None = None) -> Self:
        """Open `sqlite:///rolecall.db`, the path of a file, or `postgresql://user@host/database`.

        Where there are no tables, `create` makes them. `guard` says how much may be deleted before it is held.
        """
        return cls(Database.open(url, create=create), guard)

    @property
    def name(self) -> str:
        """How messages call the store: its file, or its address without the password."""
        return self._database.name

    @property
    def source(self) -> str:
        """Where the facts come from, in a few words."""
        return f"the roster store {self.name}"

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    # reading

    def look(self, seen: int) -> Look:
        """Give what is new since change `seen` (0: everything), and how current each district is."""
        with self._database.reading() as connection:
            return reading.look(connection, seen)

    def read(self, change: int, users: Iterable[str] = (), places: Iterable[tuple[str, str]] = ()) -> Records:
        """Give what lies around these people and places (kind, id), as of a change, with the users' assignments.

        `records.roster(…)` then says of each of them what the whole roster says. An id that two districts use is a
        `FactsError`.
        """
        with self._database.reading() as connection:
            return around.Around(connection, change).read(users, places)

    def successors(self, change: int, ids: Iterable[str]) -> dict[str, str]:
        """Give, by id, who had it before Clever's API 3.0; ids that nobody had are absent."""
        with self._database.reading() as connection:
            return reading.successors(connection, change, ids)

    def roster(self, change: int | None = None, district: str | None = None) -> Roster:
        """Give everything, or one district, as of a change; as of the last one where that is None."""
        with self._database.reading() as connection:
            number = reading.counter(connection) if change is None else change
            found = reading.everything(connection, number, district)
            ages: list[int | None]
            if change is None:
                ages = [one.as_of for one in feeds.states(connection).values() if district in (None, one.district)]
            else:
                ages = [one.time_ns for one in history.changes(connection, [change])]
            known = [age for age in ages if age is not None]
            return found.roster(min(known) if known and len(known) == len(ages) else None, self.source)

    def records(
        self, change: int, kind: str, district: str, ids: Iterable[str] | None = None
    ) -> Iterator[tuple[str, str]]:
        """Give id and canonical JSON of a district's records of a kind, all or some, in the order of ids, at a change.

        A database connection is held until the last one is given.
        """
        with self._database.reading() as connection:
            rows = (
                reading.every(connection, kind, change, district)
                if ids is None
                else reading.some(connection, kind, change, district, ids)
            )
            for row in rows:
                yield row.id, row.data

    def change_at(self, time_ns: int) -> int | None:
        """Give the change that stood at a time, or None where no district had been read yet."""
        with self._database.reading() as connection:
            return history.change_at(connection, time_ns)

    def confirmed_at(self, district: str, time_ns: int) -> int | None:
        """Give the newest time up to this one at which all that Clever said was here, or None."""
        with self._database.reading() as connection:
            return history.confirmed_at(connection, district, time_ns)

    def held_at(self, change: int, districts: Iterable[str]) -> dict[str, bool]:
        """Say of every district that had been read by a change whether it was held then, or had been forgotten.

        Of those that are asked about, and of all that were held.
        """
        with self._database.reading() as connection:
            return history.held_at(connection, change, districts)

    def changes(self, numbers: Iterable[int]) -> list[Change]:
        """Give changes by their numbers, in order."""
        with self._database.reading() as connection:
            return history.changes(connection, numbers)

    def districts(self) -> tuple[str, ...]:
        """Give the districts that the store follows, or has begun to read."""
        with self._database.reading() as connection:
            return tuple(feeds.states(connection))

    def feed(self, district: str) -> FeedState | None:
        """Give how current a district is, or None where the store does not know it."""
        with self._database.reading() as connection:
            return feeds.states(connection).get(district)

    # a full read

    def expect(self, districts: Iterable[str]) -> None:
        """Learn which districts are to be read: until they are, nobody knows of anybody that no district has them."""
        new = {*districts} - {*self.districts()}
        if new:
            with self._database.writing() as connection:
                for one in sorted(new):
                    feeds.ensure(connection, one)

    def forget(self, district: str, owner: str, now: int, *, accept: bool = False) -> Mapping[str, int]:
        """End all that is held of a district that has left, and expect it no longer, nor one that never came.

        Gives how many records of each kind ended; what was before stays known. Raises `StillHeld` where the district
        was read and `accept` does not say yes, `AnotherSync` where somebody reads it, and `FactsError` where the store
        does not know it. Whoever still has a token for it reads it anew.
        """
        with self._database.writing() as connection:
            return forgetting.forget(connection, district, owner, now, accept=accept)

    def take(self, district: str, owner: str, now: int) -> Reading | None:
        """Take over a full read that was left half done; raises `AnotherSync` where somebody is still at it."""
        with self._database.writing() as connection:
            return staging.take(connection, district, owner, now)

    def begin(self, district: str, cursor: str | None, owner: str, now: int, *, why: str = "") -> Reading:
        """Begin a full read behind the event `cursor`; raises `AnotherSync` where somebody is at one."""
        with self._database.writing() as connection:
            return staging.begin(connection, district, cursor, owner, now, why)

    def stage(
        self,
        reading: Reading,
        items: Iterable[Item],
        now: int,
        *,
        gone: Iterable[tuple[str, str]] = (),
        progress: str = "",
        cursor: str | None = None,
    ) -> Reading:
        """Gather a page: records, those that are gone (kind, id), and how far the read is. Nobody sees it."""
        with self._database.writing() as connection:
            after = replace(reading, progress=progress or reading.progress, cursor=cursor or reading.cursor)
            staging.beat(connection, reading, now, progress=after.progress, cursor=after.cursor)
            staging.stage(connection, reading.district, items, gone)
        return after

    def finish(self, reading: Reading, now: int, *, was: str | None, accept: bool = False) -> Applied:
        """Set what was gathered in force, in one transaction. `now` is when the feed's end was seen.

        `was` is where the feed stood before that. Raises `MassChange`, after which what was gathered is still there,
        and `Overtaken` where the feed has gone on: stage the events since, and finish again.
        """
        try:
            with self._database.writing() as connection:
                return finishing.finish(connection, reading, now, was, self.guard, accept=accept)
        except MassChange as held:
            self.mark(reading.district, "held", str(held))
            raise

    def abandon(self, reading: Reading, now: int) -> None:
        """Drop what a full read has gathered."""
        with self._database.writing() as connection:
            staging.beat(connection, reading, now)
            staging.abandon(connection, reading.district)

    def release(self, reading: Reading) -> None:
        """Stop a full read for now: what was gathered stays, and whoever comes next may go on at once."""
        with self._database.writing() as connection:
            staging.release(connection, reading)

    def left(self, district: str, now: int) -> bool:
        """Say whether a full read of the district was left half done, and nobody is at it."""
        with self._database.reading() as connection:
            return staging.left(connection, district, now)

    def mark(self, district: str, state: str, why: str) -> None:
        """Say how a feed stands, where nothing else of it changes."""
        with self._database.writing() as connection:
            feeds.mark(connection, district, state, why)

    # events

    def apply(
        self,
        district: str,
        events: Iterable[object],
        *,
        cursor_was: str | None,
        now: int,
        complete: bool,
        accept: bool = False,
    ) -> Applied:
        """Apply Clever's events, in their order, and move the cursor from `cursor_was` behind the last one.

        One transaction. `complete` says that they reached the feed's end as it was at `now`. Raises `Overtaken` and
        `MassChange`, with nothing applied; `BadEvent` (the feed is stopped) and `UnknownEvent`, with what came before
        the event applied.
        """
        found, trouble = read_events(events, district)
        page = Page(district, found, was=cursor_was, now=now, complete=complete and trouble is None)
        try:
            with self._database.writing() as connection:
                stopped = str(trouble) if isinstance(trouble, BadEvent) else ""
                applied = page.apply(connection, self.guard, accept=accept, trouble=stopped)
        except MassChange as held:
            self.mark(district, "held", str(held))
            raise
        if trouble is not None:
            raise trouble
        return applied

    def confirm(self, district: str, now: int) -> None:
        """Note that a poll at `now` reached the feed's end and found nothing."""
        feed = self.feed(district)
        if feed is None:
            raise FactsError(f"district `{district}` was never read in full: `rolecall sync` does so")
        self.apply(district, (), cursor_was=feed.last_event or None, now=now, complete=True)

    # the application's assignments

    def assign(
        self,
        user: str,
        role: str,
        scope: str,
        place: str,
        *,
        starts: int | None = None,
        ends: int | None = None,
        by: str,
        why: str,
        now: int,
    ) -> int:
        """Assign a role at a place, from `starts` on and no longer from `ends` on; give the assignment's number."""
        record = AssignmentRecord(user, role, scope, place, starts, ends)
        with self._database.writing() as connection:
            return assigned.assign(connection, record, by, why, now)

    def unassign(self, number: int, *, by: str, why: str, now: int) -> int:
        """End an assignment; give the change's number."""
        with self._database.writing() as connection:
            return assigned.unassign(connection, number, by, why, now)

    def assignments(
        self, user: str | None = None, change: int | None = None, *, ended: bool = False
    ) -> tuple[Assigned, ...]:
        """Give assignments, of one user or of all: as of a change (None: now), or with `ended` all there ever were."""
        with self._database.reading() as connection:
            number = reading.counter(connection) if change is None else change
            users = None if user is None else [user]
            return tuple(assigned.listed(connection, users, None if ended else number))

    # looking back, and looking after it

    def concerning(self, user: str) -> list[int]:
        """Give the changes that can have altered a user's roles, and where they are held, in order."""
        with self._database.reading() as connection:
            return history.concerning(connection, user)

    def changing(self, kind: str, identifier: str) -> list[int]:
        """Give the changes that can have altered where a section or school lies, or a section's term, in order."""
        with self._database.reading() as connection:
            return history.changing(connection, kind, identifier)

    def first_read(self, district: str | None = None) -> Change | None:
        """Give the first full read that was finished, of a district or of any: nothing is known of the time before."""
        with self._database.reading() as connection:
            return history.first_read(connection, district)

    def unfinished(self) -> tuple[tuple[Reading, int], ...]:
        """Give the full reads that are under way or were left half done, each with when it last got on."""
        with self._database.reading() as connection:
            return tuple(staging.unfinished(connection))
