"""Since when an answer is what it is, and what changed it: read off a roster store's past, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec.structs import replace

from rolecall.authorizer import Authorizer
from rolecall.errors import FactsError
from rolecall.facts.roster_store import RosterStore
from rolecall.facts.store import Store
from rolecall.facts.store.values import Change
from rolecall.facts.timeline import Moment, timeline
from rolecall.instants import say_instant
from rolecall.table import Table
from rolecall.vocabulary.decision import Decision
from rolecall.wording import listed

MOST_LOOKED_AT: Final = 40
"""So many times in the past are looked at, newest first."""

_SAME: Final = "by this policy, the answer has been the same since"

_FOUND: Final = ("table", "no-role", "not-acting", "other-district", "subject-not-found", "resource-not-found")


class Turn(msgspec.Struct, frozen=True):
    """A time (nanoseconds since 1970) at which something may have changed, and what, as far as that is known."""

    time: int
    what: tuple[str, ...] = ()


def since(decision: Decision, table: Table, store: Store) -> tuple[str, ...]:
    """Say when the answer last changed and what changed it, or how far back it is known to have been the same."""
    if decision.cell.code not in (*_FOUND, "place-not-found"):
        return ()
    past = _Past(decision, table, store)
    return past.told()


class _Past:
    """One question, asked at times of the past."""

    def __init__(self, decision: Decision, table: Table, store: Store) -> None:
        self.decision, self.table, self.store = decision, table, store
        self.now = decision.nanoseconds
        self.known = decision.held.district or None
        self.answers: dict[int, frozenset[str]] = {}

    def told(self) -> tuple[str, ...]:
        first = self.store.first_read(self.known)
        if first is None or first.time_ns > self.now:
            return ()
        answer = self.answer(self.now)
        turns = sorted(self._turns(first.time_ns), key=lambda one: -one.time)
        later = self.now
        for turn in turns[:MOST_LOOKED_AT]:
            if self.answer(turn.time) != answer:
                return (self._said(self._between(turn.time, later)),)
            if turn.time > first.time_ns and self.answer(turn.time - 1) != answer:
                return (self._said(turn),)
            later = turn.time
        if len(turns) > MOST_LOOKED_AT:
            when = say_instant(turns[MOST_LOOKED_AT - 1].time)
            return (f"{_SAME} {when} at least; what was before was not looked at",)
        return (f"{_SAME} {say_instant(first.time_ns)}, when the store was first filled",)

    def answer(self, moment: int) -> frozenset[str]:
        """Give what of that which was asked was allowed at a time: the one permission, or all of the type."""
        if moment not in self.answers:
            facts = RosterStore(self.store).at(moment)
            decision = self.decision
            try:
                pdp = Authorizer(self.table, facts=facts, max_stale=None, clock=lambda: moment)
                then = pdp.authorize(
                    decision.subject, decision.resource, decision.permission, acting_as=decision.acting_as
                )
                asked = None if decision.permission is None else {decision.permission}
                self.answers[moment] = then.permissions if asked is None else then.permissions & asked
            except FactsError:
                self.answers[moment] = frozenset()
        return self.answers[moment]

    def _turns(self, first: int) -> Iterator[Turn]:
        """Give when something about the person, the student, the class or its term changed, since the first read."""
        found: dict[int, Turn] = {first: Turn(first)}
        for moment in timeline(self.store, self.decision.subject, now=self.now).moments:
            if first < moment.time <= self.now:
                found[moment.time] = Turn(moment.time, tuple(_what(moment)))
        student = self.decision.resource.properties.get("student") or self.decision.resource.id
        if self.decision.resource.type == "student" or "student" in self.decision.resource.properties:
            for moment in timeline(self.store, str(student), now=self.now).moments:
                said = tuple(f"of the student: {one}" for one in _what(moment))
                if first < moment.time <= self.now:
                    known = found.get(moment.time, Turn(moment.time))
                    found[moment.time] = replace(known, what=(*known.what, *said))
        for change in self.store.changes(self._changes_of_the_place()):
            if first < change.time_ns <= self.now and change.time_ns not in found:
                found[change.time_ns] = Turn(change.time_ns, (self._moved(change),))
        for time, what in self._edges():
            if first < time <= self.now:
                known = found.get(time, Turn(time))
                found[time] = replace(known, what=(*known.what, what))
        yield from found.values()

    def _changes_of_the_place(self) -> Iterator[int]:
        """Give the changes that can have moved the class or the school, or the class's term."""
        thing = self.decision.resource
        for kind in ("section", "school"):
            named = thing.id if thing.type == kind else thing.properties.get(kind)
            if isinstance(named, str):
                yield from self.store.changing(kind, named)

    def _moved(self, change: Change) -> str:
        by = f" (Clever's event {change.event})" if change.event else ""
        return f"the {self.decision.resource.type} or its place changed{by}"

    def _edges(self) -> Iterator[tuple[int, str]]:
        """Give when the class's term began and ended: nothing is told of that, it happens by the clock."""
        if self.decision.location is not None and self.decision.location.bounds is not None:
            begun, last = self.decision.location.bounds
            yield begun, "the class's term began"
            yield last + 1, "the class's term ended"

    def _between(self, earlier: int, later: int) -> Turn:
        """Find the change of the store with which the answer became what it was later: by halves."""
        low = self.store.change_at(earlier) or 0
        high = self.store.change_at(later) or low
        wanted = self.answer(later)
        while high - low > 1:
            middle = (low + high) // 2
            found = self.store.changes([middle])
            if found and self.answer(found[0].time_ns) == wanted:
                high = middle
            else:
                low = middle
        found = self.store.changes([high])
        if not found:
            return Turn(later)
        return Turn(found[0].time_ns, (self._moved(found[0]),))

    def _said(self, turn: Turn) -> str:
        asked, answer, when = self.decision.permission, self.answer(self.now), say_instant(turn.time)
        said = "; ".join(turn.what) or "something about it changed"
        if asked is None:
            before = self._listed(self.answer(turn.time - 1))
            return f"by this policy, until {when} they had {before} here; since then {self._listed(answer)}: {said}"
        if answer:
            return f"by this policy, they have had {asked} permission here since {when}: {said}"
        return f"by this policy, until {when} they had {asked} permission here; since then: {said}"

    def _listed(self, permissions: frozenset[str]) -> str:
        order = self.decision.grounds.permissions[self.decision.resource.type]
        names = [name for name in order if name in permissions]
        return f"{listed(names)} permission{'s' if len(names) > 1 else ''}" if names else "no permission"


def _what(moment: Moment) -> Iterator[str]:
    """Say what changed, and by what."""
    said = "; ".join(one.text for one in moment.differences)
    yield f"{said} ({moment.cause})"
