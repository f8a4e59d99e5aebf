"""A roster's resources in bunches that are alike for one person, so that a hundred thousand people need few questions.

For somebody, a place is told from others only by the keys (`section:5f…`) at which they hold a role. All sections of
their school that they do not teach are one bunch; all sections of other schools another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from zoneinfo import ZoneInfo

import msgspec

from rolecall.facts.roster import Roster
from rolecall.facts.terms import term_bounds
from rolecall.vocabulary.facts import Term

Terms = tuple[int | None, ...]
"""For each policy's time zone: 0 past, 1 current, 2 future, None unknown."""

Member = str | tuple[str, str]
Excluded = Callable[[], frozenset[Member]]


class Bunch(msgspec.Struct, frozen=True, eq=False):
    """Resources that are alike for one person: the keys that they touch, the state of the term, which they are.

    They are the members of a `group` without `excluded`, of which there are `at_most` so many; or, where there is no
    group, `ids`.
    """

    touched: tuple[str, ...]
    terms: Terms
    ids: tuple[Member, ...] = ()
    group: tuple[str, ...] = ()
    excluded: Excluded = frozenset
    at_most: int = 0


class Ground:
    """What there is in a roster to be asked about, by what a type lies within, a district at a time."""

    def __init__(self, roster: Roster, now: int, zones: Iterable[str]) -> None:
        """`now` is in nanoseconds since 1970; `zones` are the policies' time zones."""
        self.roster, self.now, self.zones = roster, now, [ZoneInfo(zone) for zone in zones]
        self.unknown: Terms = (None,) * len(self.zones)
        self._bounds: dict[tuple[Term, ZoneInfo], tuple[int, int] | None] = {}
        self.terms = {one.id: self._terms(one.id) for one in roster.sections.values()}
        self.groups: dict[tuple[str, ...], list[Member]] = {}
        self.group_terms: dict[tuple[str, ...], Terms] = {}
        self.school_of = {one.id: one.school for one in roster.sections.values()}
        self.students = {name: self._schools(name) for name, one in roster.users.items() if "student" in one.roles}
        self.in_section: dict[str, tuple[str, ...]] = {}
        self.by_school: dict[str, list[tuple[str, ...]]] = {}
        self._fill()

    def _terms(self, section: str) -> Terms:
        location = self.roster.location("section", section)
        term = location.term if location else None
        return tuple(self._state(term, zone) for zone in self.zones) if term else self.unknown

    def _state(self, term: Term, zone: ZoneInfo) -> int | None:
        if (term, zone) not in self._bounds:
            self._bounds[term, zone] = term_bounds(term, zone)
        bounds = self._bounds[term, zone]
        return None if bounds is None else 0 if self.now > bounds[1] else 1 if self.now >= bounds[0] else 2

    def _schools(self, student: str) -> tuple[str, ...]:
        location = self.roster.location("student", student)
        return tuple(sorted(key for key in location.keys if key.startswith("school:"))) if location else ()

    def _fill(self) -> None:
        """Make the groups, each by its name: what it holds, whose, in which state of the term."""
        users = self.roster.users
        for school in self.roster.schools.values():
            self._put(("schools", school.district), school.id, self.unknown)
        for section in self.roster.sections.values():
            terms, where = self.terms[section.id], (section.school, section.district)
            state = "".join(str(one) for one in terms)
            listed = [one for one in section.students if one in self.students]
            listed = [one for one in listed if users[one].district == section.district]
            self.in_section[section.id] = tuple(listed)
            for kind, name in (("school", where[0]), ("district", where[1])):
                self._put((f"sections of {kind}", name, state), section.id, terms)
            for student in listed:
                self._put(("students of section", section.id), student, self.unknown)
                for kind, name in (("section", section.id), ("school", where[0]), ("district", where[1])):
                    self._put((f"pairs of {kind}", name, state), (student, section.id), terms)
        for student, schools in self.students.items():
            together = ("students of schools", *schools)
            if together not in self.groups:
                for key in schools:
                    self.by_school.setdefault(key, []).append(together)
            self._put(together, student, self.unknown)
            self._put(("students of district", users[student].district), student, self.unknown)
        self.states = sorted({"".join(str(one) for one in terms) for terms in self.terms.values()})

    def _put(self, group: tuple[str, ...], member: Member, terms: Terms) -> None:
        if group not in self.groups:
            self.groups[group], self.group_terms[group] = [], terms
        self.groups[group].append(member)

    def _bunch(
        self, group: tuple[str, ...], touched: Iterable[str], excluded: Excluded, at_most: int
    ) -> Iterator[Bunch]:
        if group in self.groups:
            yield Bunch(tuple(touched), self.group_terms[group], (), group, excluded, at_most)

    def holds_any(self, bunch: Bunch) -> bool:
        """Say whether there is anything in a bunch."""
        if not bunch.group:
            return bool(bunch.ids)
        members = self.groups[bunch.group]
        return len(members) > bunch.at_most or not bunch.excluded().issuperset(members)

    def _size(self, groups: Iterable[tuple[str, ...]]) -> int:
        return sum(len(self.groups.get(group, ())) for group in groups)

    def around(self, within: str, district: str, keys: dict[str, int], alike: bool) -> Iterator[Bunch]:
        """Give all resources of a district, as somebody who holds roles at `keys` sees them.

        `alike` says that they hold the same at each of their sections, and the same at each of their schools.
        """
        schools = [key for key in keys if key.startswith("school:")]
        sections = [key for key in keys if key.startswith("section:") and key[8:] in self.terms]
        if within == "district":
            if district in self.roster.districts:
                yield Bunch((), self.unknown, (district,))
        elif within == "school":
            near = [key for key in schools if key[7:] in self.roster.schools]
            for key in near:
                yield Bunch((key,), self.unknown, (key[7:],))
            yield from self._bunch(("schools", district), (), lambda: frozenset(key[7:] for key in near), len(near))
        elif within == "section":
            yield from self._sections(district, keys, schools, sections)
        elif within == "student":
            yield from self._students(district, keys, schools, sections, alike)
        else:
            yield from self._pairs(district, keys, schools, sections)

    def _sections(
        self, district: str, keys: dict[str, int], schools: list[str], sections: list[str]
    ) -> Iterator[Bunch]:
        mine = frozenset(key[8:] for key in sections)
        for key in sections:
            yield Bunch(self._touched(key, keys), self.terms[key[8:]], (key[8:],))
        near = [("sections of school", key[7:], state) for key in schools for state in self.states]
        for group in near:
            yield from self._bunch(group, (f"school:{group[1]}",), lambda: mine, len(mine))

        @cache
        def seen() -> frozenset[Member]:
            return mine.union(*(self.groups.get(group, ()) for group in near))

        most = len(mine) + self._size(near)
        for state in self.states:
            yield from self._bunch(("sections of district", district, state), (), seen, most)

    def _touched(self, key: str, keys: dict[str, int]) -> tuple[str, ...]:
        school = f"school:{self.school_of[key[8:]]}"
        return (key, school) if school in keys else (key,)

    def _students(
        self, district: str, keys: dict[str, int], schools: list[str], sections: list[str], alike: bool
    ) -> Iterator[Bunch]:
        own = [key[8:] for key in keys if key.startswith("student:") and key[8:] in self.students]
        places = {key[8:] for key in sections}
        for student in own:
            yield Bunch(self._keys_of(student, keys), self.unknown, (student,))
        closest = frozenset(own)

        @cache
        def fine() -> frozenset[Member]:
            return closest.union(*(self.in_section[place] for place in places))

        if alike:
            for key in sections:
                group = ("students of section", key[8:])
                yield from self._bunch(group, self._touched(key, keys), lambda: closest, len(closest))
        else:
            for other in fine() - closest:
                yield Bunch(self._keys_of(str(other), keys), self.unknown, (other,))
        most = len(closest) + sum(len(self.in_section[place]) for place in places)
        near = list(dict.fromkeys(group for key in schools for group in self.by_school.get(key, ())))
        for several in near:
            yield from self._bunch(several, (key for key in several[1:] if key in keys), fine, most)

        @cache
        def seen() -> frozenset[Member]:
            return fine().union(*(self.groups[group] for group in near))

        yield from self._bunch(("students of district", district), (), seen, most + self._size(near))

    def _keys_of(self, student: str, keys: dict[str, int]) -> tuple[str, ...]:
        location = self.roster.location("student", student)
        return tuple(key for key in location.keys if key in keys) if location else ()

    def _pairs(self, district: str, keys: dict[str, int], schools: list[str], sections: list[str]) -> Iterator[Bunch]:
        own = [key[8:] for key in keys if key.startswith("student:") and key[8:] in self.students]
        mine: set[Member] = set()
        for student in own:
            for section in self.roster.enrolled.get(student, ()):
                if section.district == district:
                    mine.add((student, section.id))
                    touched = [f"student:{student}", f"section:{section.id}", f"school:{section.school}"]
                    here = tuple(key for key in touched if key in keys)
                    yield Bunch(here, self.terms[section.id], ((student, section.id),))
        closest = frozenset(mine)
        near = [("pairs of section", key[8:], state) for key in sections for state in self.states]
        for group in near:
            yield from self._bunch(group, self._touched(f"section:{group[1]}", keys), lambda: closest, len(closest))

        @cache
        def fine() -> frozenset[Member]:
            return closest.union(*(self.groups.get(group, ()) for group in near))

        most = len(closest) + self._size(near)
        around = [("pairs of school", key[7:], state) for key in schools for state in self.states]
        for group in around:
            yield from self._bunch(group, (f"school:{group[1]}",), fine, most)

        @cache
        def seen() -> frozenset[Member]:
            return fine().union(*(self.groups.get(group, ()) for group in around))

        for state in self.states:
            yield from self._bunch(("pairs of district", district, state), (), seen, most + self._size(around))

    def schools(self, within: str, member: Member) -> tuple[str, ...]:
        """Give the schools that a resource is at."""
        if isinstance(member, tuple):
            return (self.school_of[member[1]],)
        if within == "school":
            return (member,)
        if within == "section":
            return (self.school_of[member],)
        return tuple(key[7:] for key in self.students.get(member, ())) if within == "student" else ()
