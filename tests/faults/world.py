"""The truth: a fake Clever, every state that its records were in, and what complete facts say in each of them."""

import asyncio
import copy
import time
from collections import OrderedDict
from functools import cache
from pathlib import Path
from threading import RLock
from typing import Any, NamedTuple

from rolecall import Authorizer, Snapshot
from rolecall.compiler import load_table
from rolecall.facts.clever.clock import Clock
from rolecall.loader import load_policy
from rolecall.testing import CAST, FakeClever, demo_district
from rolecall.testing.fake.world import KINDS

SECOND = 1_000_000_000
START = 1_792_000_000 * SECOND  # in the demo's current term
DISTRICT, OTHER = CAST["district"].id, CAST["other_district"].id
DISTRICTS = (DISTRICT, OTHER)
_KEPT = 150
_INSTANT = 0.001


@cache
def table():
    """The shipped policy, compiled."""
    return load_table(load_policy(Path(__file__).parents[2] / "policies"))


class Time:
    """The true time in nanoseconds, which passes when told or when somebody sleeps, and what the machine's clock says.

    `shift` is by how much the machine's clock is wrong.
    """

    def __init__(self):
        self._true, self.shift = START, 0
        self._lock = RLock()

    @property
    def true(self):
        return self._true

    def wall(self):
        """What the machine's clock says, in nanoseconds since 1970."""
        return self.true + self.shift

    def seconds(self):
        """The true time in seconds: Clever's own clock is right."""
        return self.true / SECOND

    def pass_(self, seconds):
        with self._lock:
            self._true += round(seconds * SECOND)

    async def apass(self, seconds):
        self.pass_(seconds)
        await asyncio.sleep(0)

    def clock(self):
        """The clock that Clever's client goes by."""
        return Clock(now=lambda: self.wall() / SECOND, ticks=self.seconds, sleep=self.pass_, asleep=self.apass)


class Running(Time):
    """Real time, which passes by itself, counted from the same start; every process that knows `began` agrees on it."""

    def __init__(self, began=None):
        super().__init__()
        self.began = time.time_ns() if began is None else began

    @property
    def true(self):
        return time.time_ns() - self.began + START

    def pass_(self, seconds):
        time.sleep(seconds)

    async def apass(self, seconds):
        await asyncio.sleep(seconds)


class Step(NamedTuple):
    """A change of one record (None: it is gone), made between two instants, and the event that tells of it."""

    before: int
    after: int
    kind: str
    id: str
    record: Any
    event: str


class Answer(NamedTuple):
    """What is decided: the permissions, and whether anything was asked about that is not held here."""

    permissions: frozenset[str]
    held: bool


def read(decision):
    """The answer of a decision. That something lies in another district is not held here, either."""
    return Answer(decision.permissions, not decision.cell.code.endswith(("not-found", "other-district")))


class Truth:
    """Clever's records, changed one at a time; state n is what there is after n changes. Safe between threads."""

    def __init__(self, moment, users=100, **options):
        """Begin with the demo district. Each district has had an event, so that its feed's silence says something."""
        self.time = moment
        snapshot = demo_district(users=users)
        sleep = None if isinstance(moment, Running) else moment.pass_
        self.fake = FakeClever(snapshot, clock=moment.seconds, sleep=sleep, **options)
        for district in DISTRICTS:
            self.fake.change("course", {"id": f"c0-{district}", "district": district})
        self.assignments = snapshot["assignments"]
        self.steps: list[Step] = []
        self._base = {
            plural: {one["id"]: one for one in snapshot[plural]} for plural in KINDS.values() if plural in snapshot
        }
        self._lock = RLock()
        self._states: OrderedDict[int, Authorizer] = OrderedDict()
        self._asked_at = START

    def assigned(self, user):
        """The application's assignments, as a port."""
        return [one for one in self.assignments if one["user"] == user]

    def now(self):
        """The number of the state that there is now."""
        with self._lock:
            return len(self.steps)

    # changes

    def put(self, kind, record):
        """Create or replace a record. One of no district, or of another, stays where it was."""
        return self._step(kind, record["id"], record, lambda: self.fake.change(kind, record, district=DISTRICT))

    def remove(self, kind, one):
        """Delete a record."""
        return self._step(kind, one, None, lambda: self.fake.delete(kind, one, district=DISTRICT))

    def _step(self, kind, one, record, change):
        with self._lock:
            if not isinstance(self.time, Running):
                self.time.pass_(_INSTANT)
            before = self.time.true
            event = change()
            self.steps.append(Step(before, self.time.true, kind, one, copy.deepcopy(record), event))
            if not isinstance(self.time, Running):
                self.time.pass_(_INSTANT)
            return event

    # what complete facts say

    def world(self, number, *more):
        """The records of a state, as a snapshot, after some more steps."""
        kinds = {plural: dict(records) for plural, records in self._base.items()}
        for step in (*self.steps[:number], *more):
            records = kinds[KINDS[step.kind]]
            records.pop(step.id, None)
            if step.record is not None:
                records[step.id] = step.record
        lists = {plural: list(records.values()) for plural, records in kinds.items()}
        return lists | {"assignments": self.assignments, "as_of": "2026-10-14T15:00:00Z"}

    def pdp(self, snapshot):
        """Complete facts under the same policy, at the time that was last asked about."""
        return Authorizer(table(), facts=Snapshot.read(snapshot), max_stale=None, clock=lambda: self._asked_at)

    def state(self, number):
        """Complete facts as they are in a state."""
        if number in self._states:
            self._states.move_to_end(number)
        else:
            self._states[number] = self.pdp(self.world(number))
            if len(self._states) > _KEPT:
                self._states.popitem(last=False)
        return self._states[number]

    def says(self, number, question, at):
        """What complete facts say in a state (or what an authoriser of others does), at a time of the clock's."""
        with self._lock:
            self._asked_at = at
            pdp = self.state(number) if isinstance(number, int) else number
            return read(question.put(pdp.authorize))

    def during(self, first, last):
        """The states that there were, or may have been, at any moment of a span of true time; the newest first."""
        found = []
        with self._lock:
            for number in reversed(range(len(self.steps) + 1)):
                begun = self.steps[number - 1].before if number else START
                ended = self.steps[number].after if number < len(self.steps) else last
                if begun <= last and ended >= first:
                    found.append(number)
                elif ended < first:
                    break
        return found
