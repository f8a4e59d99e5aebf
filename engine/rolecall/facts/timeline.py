"""How a person's roles, schools and sections came to be what they are: the store's past, told change by change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, Protocol

import msgspec

from rolecall.facts.around import Records
from rolecall.facts.assignments import AssignmentRecord
from rolecall.facts.differences import Difference, Key, State, differences
from rolecall.facts.store.values import Assigned, Change
from rolecall.instants import say_instant
from rolecall.vocabulary.facts import ALWAYS


class Past(Protocol):
    """What a timeline reads (`rolecall.facts.store.Store`)."""

    def concerning(self, user: str) -> list[int]:
        """Give the changes that can have altered a user's roles, in order."""
        ...  # a Protocol's body

    def changes(self, numbers: Iterable[int]) -> list[Change]:
        """Give changes by their numbers."""
        ...  # a Protocol's body

    def first_read(self, district: str | None = None) -> Change | None:
        """Give the first full read."""
        ...  # a Protocol's body

    def read(self, change: int, users: Iterable[str] = (), places: Iterable[tuple[str, str]] = ()) -> Records:
        """Give what lies around some people and places, as of a change."""
        ...  # a Protocol's body

    def assignments(
        self, user: str | None = None, change: int | None = None, *, ended: bool = False
    ) -> tuple[Assigned, ...]:
        """Give a user's assignments, with `ended` all there ever were."""
        ...  # a Protocol's body


class Cause(msgspec.Struct, frozen=True):
    """By what something changed: a full read, an event of Clever's, an assignment, the clock, a district forgotten.

    `event` is Clever's id of the event and `event_ns` its time; `first` says that it was the district's first full
    read. `assignment` is the number of the assignment that was made, ended, or came into or out of force.
    """

    what: Literal["read", "event", "assignment", "clock", "forgotten"]
    first: bool = False
    event: str = ""
    event_ns: int | None = None
    assignment: int | None = None
    verb: Literal["made", "ended", "begins", "is over", ""] = ""
    by: str = ""
    why: str = ""

    def __str__(self) -> str:
        """Give it in words."""
        if self.what == "read":
            return "the first full read" if self.first else "a full read"
        if self.what == "event":
            return f"Clever's event {self.event}"
        if self.what == "forgotten":
            return "the district was forgotten: `rolecall sync --forget`"
        if self.what == "clock":
            return f"assignment {self.assignment} {self.verb}"
        return f"assignment {self.assignment}, {self.verb} by {self.by}: {self.why}"


class Moment(msgspec.Struct, frozen=True):
    """A time (nanoseconds since 1970) at which something about the person changed, and the store's change then."""

    time: int
    change: int
    cause: Cause
    differences: tuple[Difference, ...]


class Timeline(msgspec.Struct, frozen=True):
    """What changed about a person, oldest first.

    `known` says whether the store ever held them. `district` is where they belong at the end of the time asked about,
    empty where they are not held then. `begins` is the time of the first full read, None where there was none.
    """

    user: str
    known: bool
    district: str
    begins: int | None
    moments: tuple[Moment, ...]


def timeline(past: Past, user: str, *, now: int, since: int | None = None, until: int | None = None) -> Timeline:
    """Tell when a user's roles, schools and sections changed, from `since` to `until`, both included, or ever."""
    story = _Story(past, user, now)
    first, last = ALWAYS[0] if since is None else since, now if until is None else min(until, now)
    steps = [step for step in story.steps() if step.time <= last]
    earlier = [step for step in steps if step.time < first]
    before = story.state(earlier[-1]) if earlier else State()
    known, moments = bool(before.district), []
    for step in steps[len(earlier) :]:
        after = story.state(step)
        known = known or bool(after.district)
        if found := tuple(differences(before, after)):
            moments.append(Moment(step.time, step.change, story.cause(step, after.district), found))
        before = after
    begins = past.first_read(before.district or None)
    return Timeline(
        user, known or story.was_held(), before.district, begins.time_ns if begins else None, tuple(moments)
    )


class _Step(msgspec.Struct, frozen=True):
    """A time at which something may have changed: with a change of the store, or by the clock with an assignment."""

    time: int
    change: int
    assignment: int | None = None
    verb: Literal["begins", "is over", ""] = ""


class _Story:
    """One person's past, read step by step."""

    def __init__(self, past: Past, user: str, now: int) -> None:
        self._past, self._user, self._now = past, user, now
        self._assigned = past.assignments(user, ended=True)
        numbers = {one.since for one in self._assigned} | {one.until for one in self._assigned if one.until is not None}
        found = past.changes({*past.concerning(user), *numbers})
        self._changes = {one.number: one for one in found}

    def steps(self) -> list[_Step]:
        """Give every step, in order; what happens by the clock comes after a change of the same time."""
        steps = [_Step(one.time_ns, one.number) for one in self._changes.values()]
        for one in self._assigned:
            begun = self._changes[one.since].time_ns
            over = self._now if one.until is None else self._changes[one.until].time_ns - 1
            for edge, verb in ((one.record.starts, "begins"), (one.record.ends, "is over")):
                if edge is not None and begun < edge <= over:
                    number = max(change.number for change in self._changes.values() if change.time_ns <= edge)
                    steps.append(_Step(edge, number, one.number, verb))  # type: ignore[arg-type]  # one of the two
        return sorted(steps, key=lambda step: (step.time, step.change, step.assignment is not None))

    def state(self, step: _Step) -> State:
        """Give the person as they were with a step."""
        roster = self._past.read(step.change, users=[self._user]).roster(None, "")
        person = roster.person(self._user)
        if person is None:
            return State()
        roles: dict[tuple[str, str, str], str] = {}
        for role in person.roles:
            key = (role.role, role.scope, role.id)
            roles[key] = role.doubt if roles.get(key, role.doubt) else ""
        idle: dict[str, Key] = {}
        for one in roster.application_assignments(self._user):
            key = (one.role, one.scope, one.id)
            what = f"{one.role} at {one.scope} {one.id}"
            if not roster.counts(one.scope, one.id, person.district):
                idle[f"assigned as {what}, for nothing: their district has no such place here"] = key
            elif one.holds(step.time):
                roles |= {key: "", (one.role, "anywhere", person.district): ""}
            elif one.starts is not None and step.time < one.starts:
                idle[f"to be {what} {span_of(one)}"] = key
        # Why a role is doubtful is said with the role.
        notes = frozenset(one for one in person.notes if not (one.startswith("`roles.") and " is doubtful: " in one))
        return State(person.district, roles, notes, idle)

    def cause(self, step: _Step, district: str) -> Cause:
        """Give by what a step changed anything."""
        if step.assignment is not None:
            return Cause("clock", assignment=step.assignment, verb=step.verb)
        change = self._changes[step.change]
        if change.what == "event":
            return Cause("event", event=change.event, event_ns=change.event_ns)
        if change.what == "forgotten":
            return Cause("forgotten")
        for one in self._assigned:
            if one.since == change.number:
                return Cause("assignment", assignment=one.number, verb="made", by=one.by, why=one.why)
            if one.until == change.number:
                return Cause("assignment", assignment=one.number, verb="ended", by=one.ended_by, why=one.ended_why)
        first = self._past.first_read(district or change.district)
        return Cause("read", first=first is not None and first.number == change.number)

    def was_held(self) -> bool:
        """Say whether the person was held at any change: for when they were not in the time asked about."""
        return any(self._held(number) for number in self._changes)

    def _held(self, number: int) -> bool:
        return self._user in self._past.read(number, users=[self._user]).users


def span_of(one: AssignmentRecord) -> str:
    """Give from when until when an assignment is, in words; empty where it says neither."""
    parts: Iterator[str] = (
        f"{word} {say_instant(edge)}" for word, edge in (("from", one.starts), ("until", one.ends)) if edge is not None
    )
    return " ".join(parts)
