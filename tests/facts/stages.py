"""The demo district as a play: facts that are fetched, a clock that is set by hand, and a world that changes."""

import copy
import sqlite3
import tempfile
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path

import demo
from facts.sources import direct_of, districts, fake_of, fill, hasty, time_of
from rolecall import Authorizer, FactsError, Snapshot
from rolecall.facts.clever.clock import Clock
from rolecall.facts.roster_store import RosterStore
from rolecall.facts.store import Store
from rolecall.instants import render_instant
from rolecall.testing import demo_district

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SECOND = timedelta(seconds=1)
INSTANT = timedelta(microseconds=1)


@cache
def _district():
    return demo_district(users=100)


@cache
def _filled():
    """The demo district as a file of SQLite's: sooner copied than filled."""
    with tempfile.TemporaryDirectory() as folder:
        store = fill(hasty(Store.open(Path(folder, "roster.db"))), _district(), time_of(_district()))
        store.close()
        with closing(sqlite3.connect(Path(folder, "roster.db"))) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return Path(folder, "roster.db").read_bytes()


def district():
    """The demo district, to be changed at will."""
    return copy.deepcopy(_district())


def found(records, identifier):
    """The record of this id."""
    return next(one for one in records if one["id"] == identifier)


class Stage:
    """A clock that stands where it is put, and a PDP of the shipped policy by it."""

    def __init__(self, snapshot):
        self.snapshot = snapshot
        self.now = time_of(snapshot)
        self.ticks = 0.0  # of the clock that nobody puts back

    def after(self, span):
        """Let time pass, or put the clock back."""
        self.now += span // INSTANT * 1000
        self.ticks += max(span.total_seconds(), 0)

    def pdp(self, **options):
        """A new PDP over these facts."""
        return Authorizer(demo.table(), **{"facts": self.facts, "clock": lambda: self.now, **options})

    def truth(self, **options):
        """A PDP over a snapshot of the world as it is now."""
        return Authorizer(
            demo.table(),
            **{"facts": Snapshot.read(self.world()), "clock": lambda: self.now, "max_stale": None, **options},
        )


class DirectStage(Stage):
    """Clever in process, asked as it is needed. Its client waits without time passing."""

    def __init__(self, snapshot=None, *, tokens=None, **options):
        super().__init__(snapshot or district())
        self.fake = fake_of(self.snapshot, clock=lambda: self.now / 1e9)
        clock = Clock(now=lambda: self.now / 1e9, ticks=lambda: self.ticks, sleep=self._sleep, asleep=self._asleep)
        self.facts = direct_of(self.fake, client={"clock": clock, "tokens": tokens}, **options)

    def _sleep(self, seconds):
        self.ticks += seconds

    async def _asleep(self, seconds):
        self.ticks += seconds

    def world(self):
        """The records as they are now."""
        return self.fake.world

    @property
    def asked(self):
        """What was asked of Clever since this was looked at last, without the version."""
        paths = [one.path.removeprefix("/v3.0/") for one in self.fake.requests]
        self.fake.requests.clear()
        return paths

    def change(self, kind, identifier, **fields):
        """Let a record be another."""
        return self.fake.change(kind, {**self.fake.record(kind, identifier), **fields})


class StoreStage(Stage):
    """A roster store that was read in full when the snapshot was taken; `change` is what a sync does."""

    def __init__(self, folder, snapshot=None, *, every=SECOND, url=None):
        super().__init__(snapshot or district())
        file = Path(folder, "roster.db")
        if snapshot is None and url is None:
            file.write_bytes(_filled())
        self.store = hasty(Store.open(url or file))
        if not self.store.districts():
            fill(self.store, self.snapshot, self.now)
        self.facts = RosterStore(Watched(self.store), every=every)
        self._events = 0

    @property
    def watched(self):
        """The store as the view sees it."""
        return self.facts.store

    def world(self):
        """The records and the assignments as they are now."""
        edges = {"from": "starts", "until": "ends"}
        assigned = []
        for one in (held.record for held in self.store.assignments()):
            given = {key: getattr(one, name) for key, name in edges.items()}
            moments = {key: render_instant(at) for key, at in given.items() if at is not None}
            assigned.append({"user": one.user, "role": one.role, "scope": one.scope, "id": one.id, **moments})
        return self.snapshot | {"assignments": assigned}

    def event(self, kind, raw, verb="updated"):
        """An event about an object, and the snapshot changed likewise."""
        self._events += 1
        others = [one for one in self.snapshot[f"{kind}s"] if one.get("id") != raw["id"]]
        self.snapshot[f"{kind}s"] = others if verb == "deleted" else [*others, raw]
        return {"id": f"e{self._events:09d}", "type": f"{kind}s.{verb}", "data": {"object": raw}}

    def apply(self, *events, district=None):
        """Apply events in one transaction, at the clock's time."""
        district = district or demo.who("district")
        was = self.store.feed(district).last_event or None
        self.store.apply(district, events, cursor_was=was, now=self.now, complete=True, accept=True)

    def change(self, kind, identifier, **fields):
        """Let a record be another."""
        raw = {**found(self.snapshot[f"{kind}s"], identifier), **fields}
        self.apply(self.event(kind, raw), district=raw.get("district"))

    def delete(self, kind, identifier):
        """Let a record be gone."""
        raw = found(self.snapshot[f"{kind}s"], identifier)
        self.apply(self.event(kind, raw, "deleted"), district=raw.get("district"))

    def poll(self):
        """Let each district's feed be found at its end, now, behind an event that changes nothing."""
        for one in districts(self.snapshot):
            self._events += 1
            event = {"id": f"e{self._events:09d}", "type": "courses.updated", "data": {"object": {"id": "c"}}}
            self.apply(event, district=one)


class Watched:
    """A store whose looks and reads are counted, and which can be out of order."""

    def __init__(self, store):
        self._store = store
        self.looks, self.reads, self.broken = 0, 0, ""

    def __getattr__(self, name):
        return getattr(self._store, name)

    def look(self, seen):
        """Look, and be counted."""
        self.looks += 1
        self._check()
        return self._store.look(seen)

    def read(self, change, users=(), places=()):
        """Read, and be counted."""
        self.reads += 1
        self._check()
        return self._store.read(change, users, places)

    def _check(self):
        if self.broken:
            raise FactsError(self.broken)


@contextmanager
def store_stage(snapshot=None, **options):
    """A store stage in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        stage = StoreStage(folder, snapshot, **options)
        try:
            yield stage
        finally:
            stage.store.close()


@contextmanager
def direct_stage(snapshot=None, **options):
    """A direct stage, closed in the end."""
    stage = DirectStage(snapshot, **options)
    try:
        yield stage
    finally:
        stage.facts.clever.close()
