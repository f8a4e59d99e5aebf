"""The map in memory, with everything that was wrong with what it was read from: named, counted, in nobody's way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from rolecall.migration.model import AliasStep, Old

NAMED: Final = 1000
"""So many problems are named; beyond that they are counted."""


class Source(msgspec.Struct, frozen=True):
    """Something that a map was read from, and the SHA-256 of its bytes."""

    name: str
    digest: str
    rows: int
    notes: tuple[str, ...] = ()


class Problem(msgspec.Struct, frozen=True):
    """Something wrong in a source: where, which kind, a sentence."""

    where: str
    kind: str
    text: str


class Person(msgspec.Struct, gc=False):
    """A v3.0 user who is an employee: their id, their district (empty: unknown), and the roles they had old ids in."""

    id: str
    district: str
    roles: tuple[str, ...] = ()


class Entry(msgspec.Struct):
    """An old id: where, in which role (empty: not said), whose; and the next one with the same old id."""

    district: str
    role: str
    person: Person
    next: Entry | None = None

    def all(self) -> Iterator[Entry]:
        """Give this one and those with the same old id."""
        one: Entry | None = self
        while one is not None:
            yield one
            one = one.next


class Map:
    """Old ids to people. `add`, `add_student` and `problem` fill it; it is read through `entries` and `people`."""

    def __init__(self) -> None:
        """Know nobody."""
        self.entries: dict[str, Entry] = {}
        self.people: dict[str, Person] = {}
        self.students: dict[str, str] = {}
        self.bad_students: set[str] = set()
        self.sources: list[Source] = []
        self.counts: Counter[str] = Counter()
        self.named: list[Problem] = []
        self.contacts = 0
        self.alike: dict[tuple[str, str, str], list[str]] = {}
        self._tangled: frozenset[str] | None = None
        self._olds: dict[str, list[str]] | None = None

    def add(self, district: str, role: str, old: str, new: str, where: str = "") -> None:
        """Add a row: who had the id `old` in that role has the id `new`. Contradictions are kept, and reported."""
        self._tangled = self._olds = None
        person = self.people.get(new)
        if person is None:
            person = self.people[new] = Person(new, district, (role,) if role else ())
        else:
            if role and role not in person.roles:
                person.roles = tuple(sorted((*person.roles, role)))
            if person.district != district:
                if person.district and district:
                    self.problem(where, "two-districts", f"`{new}` is in the district `{person.district}` elsewhere")
                else:
                    person.district = person.district or district
        if old == new:  # says who there is, and no old id
            return
        first = self.entries.get(old)
        if first is None:
            self.entries[old] = Entry(district, role, person)
            return
        for one in first.all():
            if one.district == district and one.role == role:
                if one.person is person:
                    self.counts["duplicate"] += 1
                    return
                said = f"the old id `{old}` has two new ones, `{one.person.id}` and `{new}`"
                self.problem(where, "two-new-ids", said)
        first.next = Entry(district, role, person, first.next)

    def add_student(self, district: str, old: str, new: str, where: str = "") -> None:
        """Add a student, whose id must be what it was; where it is not, that student is stopped, and nobody else."""
        if old != new:
            self.problem(
                where, "student-differs", f"the student `{new}` has the legacy id `{old}`: ids of students stay"
            )
            self.bad_students |= {old, new}
            return
        if new in self.students:
            self.counts["duplicate"] += 1
        self.students[new] = district

    def problem(self, where: str, kind: str, text: str) -> None:
        """Keep a problem."""
        self.counts[kind] += 1
        if len(self.named) < NAMED:
            self.named.append(Problem(where, kind, text))

    @property
    def tangled(self) -> frozenset[str]:
        """The v3.0 ids that are somebody else's old id too: of these nobody can tell which is meant."""
        if self._tangled is None:
            self._tangled = frozenset(self.people.keys() & self.entries.keys())
        return self._tangled

    def successors(self, old: str) -> tuple[str, ...]:
        """Give the v3.0 ids that the map has for an old id: one, none, or (a contradiction) several."""
        first = self.entries.get(old)
        return () if first is None else tuple(sorted({one.person.id for one in first.all()}))

    def rows(self, ids: Iterable[str]) -> list[tuple[str, str, str, str]]:
        """Give (district, role, old, new) wherever the old or the new id is one of these: an `aliases` port."""
        wanted, known = set(ids), self._by_person()
        olds = {old for new in wanted for old in known.get(new, ())} | (wanted & self.entries.keys())
        found = [(old, one) for old in sorted(olds) for one in self.entries[old].all()]
        rows = [(one.district, one.role, old, one.person.id) for old, one in found]
        rows += [(self.people[one].district, "", one, one) for one in sorted(wanted & self.people.keys())]
        rows += [(self.students[one], "student", one, one) for one in sorted(wanted & self.students.keys())]
        return rows + [("", "student", one, "") for one in sorted(wanted & self.bad_students)]

    def olds(self, person: str) -> tuple[Old, ...]:
        """Give (district, role, old id) for each old id of a person, in order."""
        found = {
            (one.district, one.role, old)
            for old in self._by_person().get(person, ())
            for one in self.entries[old].all()
            if one.person.id == person
        }
        return tuple(sorted(found))

    def odd_students(self) -> Iterator[AliasStep]:
        """Give the students whose id somebody could take for an employee's, and those who were stopped."""
        for one in sorted(self.students.keys() & (self.people.keys() | self.entries.keys())):
            yield AliasStep(self.students[one], one, one)
        for one in sorted(self.bad_students):
            yield AliasStep("", one)

    def _by_person(self) -> dict[str, list[str]]:
        """Give the old ids of each person."""
        if self._olds is None:
            self._olds = {}
            for old, first in self.entries.items():
                for one in first.all():
                    self._olds.setdefault(one.person.id, []).append(old)
        return self._olds
