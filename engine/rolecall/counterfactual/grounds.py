"""Suggestions asked of the facts themselves: whether each holds, and what else it would open or close."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from rolecall.counterfactual.amended import Amended
from rolecall.counterfactual.changes import Change, Count, Elsewhere
from rolecall.counterfactual.state import State, near
from rolecall.evaluator import evaluate
from rolecall.facts.hold import hold
from rolecall.facts.roster import Roster, join_student_section
from rolecall.facts.terms import term_bounds
from rolecall.questions import read_acting
from rolecall.table import Table, TypeTable
from rolecall.vocabulary.facts import Held, Location
from rolecall.vocabulary.reasons import Cell

MOST_COUNTED: Final = 60_000
"""So many cells are looked up to count what a suggestion would do elsewhere."""

_MOST_STATES: Final = 12
_PERSONAL: Final = ("gain", "lose", "designations", "listed")


class Question(msgspec.Struct, frozen=True, eq=False):
    """One person, one place and the state of the thing there, as the evaluator is asked about them."""

    held: Held
    location: Location | None
    properties: Mapping[str, object]
    acting: tuple[str, ...] | None


class Grounds:
    """The facts behind a decision: a roster that holds all of the person's district."""

    def __init__(self, roster: Roster, table: Table, start: State, asked: str | None) -> None:
        """Read the roster once; nothing is changed in it. `asked` is the permission asked about, if it was one."""
        self.roster, self.table, self.start, self.asked = roster, table, start, asked
        self.zone = ZoneInfo(table.timezone)
        self.user = start.held.id
        self.assigned = roster.application_assignments(self.user)
        self.before = hold(self.user, roster, self.assigned, table.atoms, start.now)
        self._places: dict[str, list[Location]] = {}
        self._everyone: list[Held] | None = None

    def agree(self) -> bool:
        """Say whether the facts are those that the decision was made on: about this person, and this thing."""
        location = self.locate(self.roster, self.start.kind, *self._where())
        if location is None or self.before.problem:
            return False
        mine = set(near(self.before.roles, location))
        return mine == set(self.start.roles) and set(location.keys) == set(self.start.location.keys)

    def _where(self) -> tuple[str, ...]:
        """Give the ids of what the thing lies in."""
        if "+" in self.start.kind.within:
            return tuple(self.start.ids(scope)[0] for scope in ("student", "section"))
        return (self.start.location.id,)

    def locate(self, roster: Roster, kind: TypeTable, *ids: str) -> Location | None:
        """Give where something is, with the bounds of its term."""
        found = [roster.location(within, one) for within, one in zip(kind.within.split("+"), ids, strict=True)]
        bounded = [
            replace(one, bounds=term_bounds(one.term, self.zone)) if one is not None and one.term else one
            for one in found
        ]
        return bounded[0] if len(bounded) == 1 else join_student_section(*bounded)

    # verifying

    def exact(self, changes: tuple[Change, ...], after: State) -> State | None:
        """Give what the facts say with the changes written into them; the thing's own state is `after`'s."""
        amended = self.amend(changes)
        held = hold(self.user, amended.roster, amended.assigned, self.table.atoms, self.start.now)
        location = self.locate(amended.roster, self.start.kind, *self._where())
        if location is None:
            return None
        location = replace(location, bounds=after.location.bounds)  # the thing's own, and written into no record
        return replace(after, held=replace(held, roles=tuple(near(held.roles, location))), location=location)

    def amend(self, changes: Iterable[Change]) -> Amended:
        """Give the facts with changes written into them."""
        amended = Amended(self.roster, self.user, self.start.location, self.assigned, self.table.atoms.own)
        for change in changes:
            amended.make(change)
        return amended

    def _cell(self, kind: TypeTable, one: Question) -> Cell:
        acting = None if one.acting is None else read_acting(one.acting, self.table.atoms)
        return evaluate(kind, one.held, one.location, one.properties, acting, self.start.now)

    # counting

    def count(self, changes: tuple[Change, ...], after: State) -> Elsewhere:
        """Count what the changes would open and close for the person on other things, and for others."""
        found: list[Count] = []
        missed: list[str] = []
        if any(one.kind in _PERSONAL for one in changes):
            amended = self.amend(changes)
            held = hold(self.user, amended.roster, amended.assigned, self.table.atoms, self.start.now)
            found, missed = self._everywhere(held)
        term = any(one.kind == "term" for one in changes)
        if term:
            found += self._of_person(self.start.kind, lambda place: self._in_term(place, after))
        crowd = Elsewhere()
        if term or any(one.kind in ("attribute", "owner") for one in changes):
            crowd = self._of_others(self.start.kind, after, everywhere=term)
        why = f"not counted, for there are too many of them: {', '.join(missed)}" if missed else crowd.why
        return replace(crowd, counts=tuple(found), why=why)

    def count_edit(self, new: TypeTable) -> Elsewhere:
        """Count what another policy would open and close for the person on other things of the type, and for others."""
        counts = tuple(self._of_person(new, lambda place: place))
        crowd = self._of_others(new, self.start, everywhere=True)
        return replace(crowd, counts=counts)

    def _everywhere(self, held: Held) -> tuple[list[Count], list[str]]:
        """Count over every type of thing in the district, nearest first, as long as there is room."""
        found: list[Count] = []
        left, missed = MOST_COUNTED, []
        first = self.start.kind
        for kind in (first, *(one for one in self.table.types.values() if one is not first)):
            states, places = self._states(kind), self.places(kind)
            if len(places) * len(states) > left:
                missed.append(kind.name)
                continue
            left -= len(places) * len(states)
            asked = [(place, state) for place in places for state in states]
            found += _tally(
                kind,
                (
                    (index // len(states), self._may(kind, self.before, *one), self._may(kind, held, *one))
                    for index, one in enumerate(asked)
                ),
            )
        return found, missed

    def _may(self, kind: TypeTable, held: Held, place: Location, state: Mapping[str, object]) -> frozenset[str]:
        return self._cell(kind, Question(held, place, state, self.start.acting)).permissions

    def _of_person(self, new: TypeTable, changed: Callable[[Location], Location]) -> list[Count]:
        """Count over the other things of the type, by another table, or where their places are changed."""
        old, state = self.start.kind, self.start.properties
        return _tally(
            new,
            (
                (index, self._may(old, self.before, one, state), self._may(new, self.before, changed(one), state))
                for index, one in enumerate(self.places(old)[:MOST_COUNTED])
            ),
        )

    def _in_term(self, place: Location, after: State) -> Location:
        """Give a place with the new dates, if it is of the term whose dates are changed."""
        mine = self.start.location.term
        same = mine is not None and place.term is not None and place.term.id == mine.id
        return replace(place, bounds=after.location.bounds) if same else place

    def _of_others(self, new: TypeTable, after: State, *, everywhere: bool) -> Elsewhere:
        """Count the others for whom what was asked would change: on this thing, or on all of the type."""
        old, here = self.start.kind, self.start.location
        pairs = [(here, after.location)]
        if everywhere:
            pairs += [(one, self._in_term(one, after) if new is old else one) for one in self.places(old)]
        everyone = [one for one in self._people() if one.id != self.user]
        if len(everyone) * len(pairs) > MOST_COUNTED:
            return Elsewhere(why=f"not counted for other people: {len(everyone):,} of them, {len(pairs):,} places")
        people: set[str] = set()
        things = 0
        for was, would in pairs:
            given = after.properties if was is here else self.start.properties
            touched = {
                one.id
                for one in everyone
                if self._differs(self._may(old, one, was, self.start.properties), self._may(new, one, would, given))
            }
            people |= touched
            things += bool(touched)
        return Elsewhere(people=len(people), things=things, type=old.name, within=old.within)

    def _differs(self, old: frozenset[str], new: frozenset[str]) -> bool:
        return old != new if self.asked is None else (self.asked in old) != (self.asked in new)

    def _people(self) -> list[Held]:
        """Give everybody of the district, folded once."""
        if self._everyone is None:
            self._everyone = [
                hold(one.id, self.roster, self.roster.application_assignments(one.id), self.table.atoms, self.start.now)
                for one in self.roster.users.values()
                if one.district == self.before.district
            ]
        return self._everyone

    def _states(self, kind: TypeTable) -> list[dict[str, object]]:
        """Give the states in which things of a type are looked at: as the thing itself is, or in every one there is."""
        if not kind.own:
            return [{}]
        if kind is self.start.kind:
            return [{**self.start.properties}]
        names = [code.name for code in kind.attributes]
        every = product(*(code.values for code in kind.attributes))
        states: list[dict[str, object]] = [{**dict(zip(names, values, strict=True)), "owner": ""} for values in every]
        return states if len(states) <= _MOST_STATES else [{"owner": ""}]

    def places(self, kind: TypeTable) -> list[Location]:
        """Give the places of the district where a thing of the type can be, but for the one asked about."""
        if kind.name not in self._places:
            here = self.start.location
            found = [one for ids in self._ids(kind) if (one := self.locate(self.roster, kind, *ids)) is not None]
            mine = (here.kind, here.id)
            self._places[kind.name] = [
                one for one in found if kind is not self.start.kind or (one.kind, one.id) != mine
            ]
        return self._places[kind.name]

    def _ids(self, kind: TypeTable) -> Iterator[tuple[str, ...]]:
        roster, district = self.roster, self.start.location.district
        students = [one.id for one in roster.users.values() if one.district == district and "student" in one.roles]
        if kind.within == "student+section":
            for student in students:
                for section in roster.enrolled.get(student, ()):
                    if section.district == district:
                        yield student, section.id
        elif kind.within == "student":
            yield from ((one,) for one in students)
        elif kind.within == "district":
            yield from ((one,) for one in roster.districts if one == district)
        else:
            records = roster.schools if kind.within == "school" else roster.sections
            yield from ((one.id,) for one in records.values() if one.district == district)


def _tally(kind: TypeTable, answers: Iterable[tuple[int, frozenset[str], frozenset[str]]]) -> list[Count]:
    """Count on how many things each permission is gained and lost: number of the thing, what was, what would be."""
    gained: dict[str, set[int]] = {}
    lost: dict[str, set[int]] = {}
    for number, was, would in answers:
        for name in would - was:
            gained.setdefault(name, set()).add(number)
        for name in was - would:
            lost.setdefault(name, set()).add(number)
    return [
        Count(kind.name, name, kind.within, len(gained.get(name, ())), len(lost.get(name, ())))
        for name in kind.permissions
        if name in gained or name in lost
    ]
