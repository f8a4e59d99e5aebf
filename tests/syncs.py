"""A store that follows the fake Clever, at a clock that only moves when told, and the two compared whole."""

import threading

import pytest
import stores
from rolecall.facts.around import KINDS
from rolecall.facts.clever import Clever, StaticTokens
from rolecall.facts.clever.clock import Clock
from rolecall.facts.store.incoming import encode
from rolecall.facts.sync import sync_district, verify
from rolecall.testing import CAST, FakeClever, demo_district

on_both = pytest.mark.parametrize("engine", stores.ENGINES, indirect=True)
SECOND = 1_000_000_000
HOUR, DAY = 3600, 86_400
DISTRICT, OTHER = CAST["district"].id, CAST["other_district"].id


class Time:
    """Seconds since 1970 that pass when told, or when somebody sleeps."""

    def __init__(self, now=1_792_000_000.0):
        self.now, self._slept = now, 0.0
        self._lock = threading.Lock()

    def __call__(self):
        return self.now

    def pass_(self, seconds):
        with self._lock:
            self.now += seconds

    def sleep(self, seconds):
        with self._lock:
            self.now += seconds
            self._slept += seconds

    def nanoseconds(self):
        return int(self.now) * SECOND

    def clock(self):
        """The client's: its waiting takes no time, and the time that passes elsewhere is none of its own."""
        return Clock(now=self, ticks=lambda: self._slept, sleep=self.sleep)


class Town:
    """A small demo district at a fake Clever, and a store to be kept current with it."""

    def __init__(self, store, *, users=100, page=30, events=True, snapshot=None, **options):
        self.store, self.time = store, Time()
        self.fake = FakeClever(
            snapshot or demo_district(users=users), clock=self.time, sleep=self.time.sleep, **options
        )
        self.tokens = StaticTokens(self.fake.tokens)
        self.clever = Clever(
            self.tokens, transport=self.fake.transport(), per_minute=10**6, page=page, clock=self.time.clock()
        )
        self.seen = []
        if events:  # so that the feed's silence says something
            self.fake.change("course", {"id": "c0", "district": DISTRICT})

    def sync(self, district=DISTRICT, *, store=None, **more):
        """Sync a district."""
        options = {"clock": self.time.nanoseconds, "progress": self.seen.append, **more}
        return sync_district(self.clever, store or self.store, district, **options)

    def verify(self, district=DISTRICT, **more):
        """Compare the store with the fake, as `rolecall sync --verify` does."""
        return verify(self.clever, self.store, district, clock=self.time.nanoseconds, sleep=self.time.sleep, **more)

    def feed(self):
        return self.store.feed(DISTRICT)

    def age(self):
        """How old the facts are, in seconds."""
        return int(self.time.now) - self.feed().as_of // SECOND

    def user(self, name="teacher"):
        return self.fake.record("user", CAST[name].id)

    def alter(self, count=1, kind="user", start=0):
        """Alter so many records in a way that matters, each with an event; give the events' ids."""
        found = [one for one in self.fake.world[f"{kind}s"] if one["district"] == DISTRICT][start : start + count]
        field = {"user": "roles", "section": "students"}[kind]
        return [self.fake.change(kind, one | {field: type(one[field])()}) for one in found]

    def is_same(self, store=None):
        """Check that the store holds just what Clever does; give how many records that is."""
        return same(store or self.store, self.fake)


def same(store, fake, district=DISTRICT):
    """Check that a store holds just what the fake does, of each kind; give how many records that is."""
    change, world, count = store.look(0).change, fake.world, 0
    for kind in KINDS:
        raws = [one for one in world[f"{kind}s"] if (one["id"] if kind == "district" else one["district"]) == district]
        held = dict(store.records(change, kind, district))
        assert held == {one["id"]: encode(one, kind) for one in raws}, kind
        count += len(held)
    return count


def applied(store):
    """The ids of the events that the store has applied, in order."""
    return [one.event for one in store.changes(range(store.look(0).change + 1)) if one.what == "event"]
