"""Which people an edit affects: the difference of two policies, met by a roster. Every answer is the evaluator's.

People are folded by what they hold around which kinds of places, and each distinct question is asked once of each
policy. A grade, and all else that lies in a student and a section, is looked at where the section lists the student.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

import msgspec

from rolecall.analysis.difference import Difference, sides
from rolecall.analysis.ground import Bunch, Ground, Member, Terms
from rolecall.analysis.space import Crowds
from rolecall.analysis.subtraction import Direction, Doubted
from rolecall.evaluator import evaluate
from rolecall.facts.hold import hold
from rolecall.facts.roster import Roster
from rolecall.table import TypeTable
from rolecall.vocabulary.facts import Held, Location
from rolecall.vocabulary.roles import INSIDE

Moved = tuple[tuple[Direction, str, bool], ...]
"""What changes on a bunch: gained or lost, the permission, and whether in every state of the attributes and owner."""

_MANY = 6


class Row(msgspec.Struct, eq=False):
    """People of the same roles for whom the same changes, with the resources on which it does.

    `people` pairs each with their bunches. `groups` are whole groups of resources, each without some; `ids` others.
    """

    direction: Direction
    type: str
    within: str
    permissions: tuple[str, ...]
    roles: tuple[str, ...]
    always: bool
    people: dict[str, list[Bunch]]
    ids: set[Member]
    groups: dict[tuple[str, ...], frozenset[Member]]
    resources: int = 0
    schools: int = 0


class Affected(msgspec.Struct, eq=False):
    """Whom an edit affects, the biggest surprises first; `undecided` are people about whom nothing can be decided."""

    ground: Ground
    rows: list[Row]
    people: int
    looked_at: int
    undecided: tuple[str, ...]

    def count(self, row: Row, user: str) -> int:
        """Give on how many resources somebody of a row is affected."""
        found: set[Member] = set()
        for one in row.people[user]:
            found |= set(self.ground.groups[one.group]) - one.excluded() if one.group else set(one.ids)
        return len(found)


def affected(difference: Difference, roster: Roster, now: int) -> Affected:
    """Give whom the difference affects, at `now` (nanoseconds since 1970)."""
    return _Search(difference, roster, now).run()


class _Part(msgspec.Struct, frozen=True, eq=False):
    """What has to be looked at: a type's tables, before and after, one of which may be missing; what it lies within."""

    name: str
    within: str
    kinds: tuple[TypeTable | None, TypeTable | None]
    doubted: Doubted

    @property
    def there(self) -> list[TypeTable]:
        """The tables that there are."""
        return [kind for kind in self.kinds if kind is not None]


class _Person(msgspec.Struct, frozen=True, eq=False):
    """What somebody holds, as each policy numbers it, and at which keys: all that the answers depend on."""

    both: tuple[Held, Held]
    keys: dict[str, int]

    def masks(self, touched: Iterable[str]) -> list[int]:
        """Give what they hold, for each policy, around a place that touches these keys."""
        found = [held.base for held in self.both]
        for number, held in enumerate(self.both):
            for key in touched:
                found[number] |= held.places.get(key, 0)
        return found

    def alike(self) -> dict[object, str]:
        """Give one key for each kind of place and what is held there."""
        old, new = self.both
        return {(key[:7], old.places.get(key, 0), new.places.get(key, 0)): key for key in self.keys}


class _Search:
    """One pass over a roster. Only types of which some cell differs are looked at: of the others it is proven."""

    def __init__(self, difference: Difference, roster: Roster, now: int) -> None:
        old, new = difference.old, difference.new
        self.versions, self.roster, self.now = (old, new), roster, now
        self.ground = Ground(roster, now, (old.policy.timezone, new.policy.timezone))
        self.one_zone = old.policy.timezone == new.policy.timezone
        moved = {one.type for one in difference.changes} | {one.type for one in difference.doubts}
        self.parts = list(self._parts(moved))
        self.same_roles = old.table.atoms.pairs == new.table.atoms.pairs
        self.declared = {role for version in self.versions for role in version.table.atoms.own}
        self.answers: dict[object, Moved] = {}
        self.movable: dict[object, bool] = {}
        self.concerned: dict[frozenset[str], bool] = {}
        self.rows: dict[tuple[object, ...], Row] = {}

    def _parts(self, moved: set[str]) -> Iterator[_Part]:
        """Give the types that have to be looked at; one that lies elsewhere now is two."""
        old, new = (version.table for version in self.versions)
        crowds: Crowds = {}
        for name in dict.fromkeys([*new.types, *old.types]):
            if name not in moved and (
                self.one_zone or not any(t.types[name].term for t in (old, new) if name in t.types)
            ):
                continue
            for pair in sides(old, new, name):
                kinds = [None if table is None else table.types.get(name) for table in pair]
                within = next(kind.within for kind in kinds if kind)
                yield _Part(name, within, (kinds[0], kinds[1]), Doubted(pair, name, crowds))

    def _concerned(self, user: str) -> bool:
        """Say whether anything can change for somebody with such roles, wherever they hold them."""
        record = self.roster.users[user]
        assigned = self.roster.application_assignments(user)
        roles = frozenset((*record.roles, *(one.role for one in assigned)))
        if roles not in self.concerned:
            inner = [name for role in roles for name in INSIDE.get(role, ())]
            every = frozenset((*roles, *inner))
            self.concerned[roles] = not self.one_zone or any(part.doubted.concerns(every) for part in self.parts)
        return self.concerned[roles] or any(one.bad for one in assigned)

    def run(self) -> Affected:
        undecided = []
        for user in filter(self._concerned, self.roster.users):
            both = self._held(user)
            if any(held.problem for held in both):
                undecided.append(user)
            else:
                self._look(user, _Person(both, {**both[0].places, **both[1].places}))
        rows = list(self._merged())
        people = {user for row in rows for user in row.people}
        return Affected(self.ground, sorted(rows, key=_surprise), len(people), len(self.roster.users), tuple(undecided))

    def _held(self, user: str) -> tuple[Held, Held]:
        """Fold what somebody holds, as each policy numbers it."""
        assigned = self.roster.application_assignments(user)
        old = hold(user, self.roster, assigned, self.versions[0].table.atoms, self.now)
        if self.same_roles:
            return old, old
        return old, hold(user, self.roster, assigned, self.versions[1].table.atoms, self.now)

    def _look(self, user: str, person: _Person) -> None:
        """Keep what changes for somebody."""
        distinct = person.alike()
        kinds = [key[:7] for key in distinct.values()]
        alike = kinds.count("section") <= 1 and kinds.count("school:") <= 1
        shape = (frozenset(distinct), *(held.base for held in person.both))
        for part in self.parts:
            which = (id(part), shape)
            if which not in self.movable:
                self.movable[which] = self._may_move(part, person, list(distinct.values()))
            if not self.movable[which]:
                continue
            for bunch in self.ground.around(part.within, person.both[0].district, person.keys, alike):
                moved = self._moved(part, person, bunch.touched, bunch.terms)
                for direction, permission, always in moved if moved and self.ground.holds_any(bunch) else ():
                    self._keep(user, part, direction, permission, always, bunch)

    def _may_move(self, part: _Part, person: _Person, keys: list[str]) -> bool:
        """Say whether anything can change for those who hold the like: with none, or any, of what they hold near."""
        states = {*self.ground.terms.values(), self.ground.unknown}
        return len(keys) > _MANY or any(
            self._moved(part, person, tuple(key for key, held in zip(keys, chosen, strict=True) if held), terms)
            for chosen in product((False, True), repeat=len(keys))
            for terms in states
        )

    def _moved(self, part: _Part, person: _Person, touched: tuple[str, ...], terms: Terms) -> Moved:
        """Give what changes for somebody around places that touch these keys. Each distinct question is asked once."""
        which = (id(part), *person.masks(touched), terms)
        found = self.answers.get(which)
        if found is None:
            found = self.answers[which] = tuple(self._asked(part, person, touched, terms))
        return found

    def _asked(
        self, part: _Part, person: _Person, touched: tuple[str, ...], terms: Terms
    ) -> Iterator[tuple[Direction, str, bool]]:
        """Ask both policies, in every state of the attributes, with every kind of owner."""
        places = [self._location(person.both[0].district, touched, state) for state in terms]
        gained, lost = [], []
        for properties in _properties(part.there, person.both[0].id):
            old, new = (
                evaluate(kind, held, place, properties, None, self.now).permissions if kind else frozenset[str]()
                for kind, held, place in zip(part.kinds, person.both, places, strict=True)
            )
            gained.append(new - old)
            lost.append(old - new)
        directions: tuple[tuple[Direction, list[frozenset[str]]], ...] = (("gained", gained), ("lost", lost))
        for direction, sets in directions:
            for permission in sorted(frozenset[str]().union(*sets)):
                yield direction, permission, all(permission in one for one in sets)

    def _location(self, district: str, touched: tuple[str, ...], state: int | None) -> Location:
        """Give a place that touches these keys, in a class whose term is in that state."""
        bounds = None if state is None else (self.now + (-2, -1, 1)[state], self.now + (-1, 1, 2)[state])
        return Location("", "", district, touched, bounds=bounds)

    def _keep(self, user: str, part: _Part, direction: Direction, permission: str, always: bool, bunch: Bunch) -> None:
        record = self.roster.users[user]
        own = {one.role for one in self.roster.application_assignments(user) if one.holds(self.now)}
        roles = (*sorted(record.roles), *sorted(own & self.declared))
        key = (direction, part.name, part.within, permission, roles, always)
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = Row(direction, part.name, part.within, (permission,), roles, always, {}, set(), {})
        row.people.setdefault(user, []).append(bunch)
        if not bunch.group:
            row.ids.update(bunch.ids)
        elif bunch.group not in row.groups:
            row.groups[bunch.group] = bunch.excluded()
        elif row.groups[bunch.group]:
            row.groups[bunch.group] &= bunch.excluded()

    def _merged(self) -> Iterator[Row]:
        """Count, and tell permissions together that the same people gain or lose on the same resources."""
        found: dict[object, Row] = {}
        for row in self.rows.values():
            members = set(row.ids).union(*(set(self.ground.groups[g]) - out for g, out in row.groups.items()))
            row.resources = len(members)
            row.schools = len({school for one in members for school in self.ground.schools(row.within, one)})
            if not members:
                continue
            each = frozenset((user, *map(id, bunches)) for user, bunches in row.people.items())
            same = (row.direction, row.type, row.within, row.roles, row.always, each)
            if same in found:
                found[same].permissions = (*found[same].permissions, *row.permissions)
            else:
                found[same] = row
        yield from found.values()


def _properties(kinds: list[TypeTable], user: str) -> Iterator[dict[str, object]]:
    """Give every state of the attributes that rules ask about, and every kind of owner where one asks for it."""
    values: dict[str, dict[tuple[type, object], None]] = {}
    for kind in kinds:
        for code in kind.attributes:
            values.setdefault(code.name, {(type(None), None): None}).update(
                dict.fromkeys((type(v), v) for v in code.values)
            )
    asked = any(kind.asked & kind.owner_sure for kind in kinds if kind.own)
    owners = ("", user, None) if asked else ("",)
    own = any(kind.own for kind in kinds)
    for owner, *state in product(owners, *values.values()):
        properties: dict[str, object] = {name: known[1] for name, known in zip(values, state, strict=True) if known}
        yield properties | {"owner": owner} if own else properties


def _surprise(row: Row) -> tuple[object, ...]:
    """Order by surprise: what is gained first, by students and their contacts before employees; then by how many."""
    family = not {"student", "contact"} & set(row.roles)
    return (row.direction != "gained", family, -len(row.people), row.type, row.permissions, row.roles)
