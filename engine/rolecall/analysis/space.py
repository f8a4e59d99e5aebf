"""The reachable cells of one resource type, in one table or in several at once, as sets (see `diagrams`).

Variables are the states of the attributes, then the (role, scope) pairs that somebody can hold around such a resource.
Several tables may declare different roles, attributes and permissions: each reads of a cell what it knows. Where two
let a role be assigned at different scopes, whom one calls `coach anywhere` the other may not: those are two variables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from rolecall.analysis.cells import UNKNOWN, codes
from rolecall.analysis.diagrams import EVERYTHING, NOTHING, Diagrams, TooLargeError
from rolecall.compiler.reach import Reach
from rolecall.policy import knows
from rolecall.table import Half, Table, TypeTable
from rolecall.vocabulary.roles import INSIDE, OWNER, Atoms

Pair = tuple[str, str]
Held = Mapping[int, int]
"""A pair's bit in some table -> the set of all who hold it."""
Row = dict[str, tuple[bool | str | None, ...]]
"""States that come to the same: each attribute with its values (None is unknown); an empty row is every state."""


class Variable(msgspec.Struct, frozen=True):
    """A pair; `only` names the tables that mean it, where others mean another by the same name."""

    role: str
    scope: str
    only: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The pair as `role@scope`."""
        return f"{self.role}@{self.scope}"


class Attribute(msgspec.Struct, frozen=True):
    """An attribute with every value that some table knows; its state is written into `levels`, 0 for unknown."""

    name: str
    values: tuple[bool | str, ...]
    levels: tuple[int, ...]


class Side:
    """One table, as the space sees it: the level of each pair that it numbers. Without such a type, `kind` is None."""

    def __init__(self, table: Table, kind: TypeTable | None, scopes: tuple[str, ...]) -> None:
        """Levels are given by the space; `scopes` are those of its location."""
        self.table, self.kind, self.atoms = table, kind, table.atoms
        self.reach = Reach(table.atoms, scopes)
        self.level: dict[int, int] = {}
        self.applied: dict[tuple[int, int, int], int] = {}

    def mask(self, true: Iterable[int]) -> int:
        """Give the pairs that somebody holds, of those that this table numbers, by the levels that are true."""
        held = frozenset(true)
        return sum(bit for bit, level in self.level.items() if level in held)


FIRST_PAIR: Final = 1 << 12
"""The level of the first pair; attributes come before, so that types of one location can share all about people."""


class Crowd(msgspec.Struct, frozen=True, eq=False):
    """All that types with the same location share: who there can be around such a resource, in these tables."""

    d: Diagrams
    variables: dict[int, Variable]
    weakened: dict[str, int]
    levels: list[dict[int, int]]
    certain: list[dict[int, int]]
    people: int


Crowds = dict[object, Crowd]


class Space:
    """The cells of one type. `sides` are tables of which at least one has the type, all with the same location.

    Spaces of the same tables that are given the same `crowds` work out but once who there can be.
    """

    def __init__(
        self, tables: Sequence[Table], name: str, *, doubt: bool = False, crowds: Crowds | None = None
    ) -> None:
        """Number the variables; with `doubt`, also what can be doubtful or not acted as (see `doubted`)."""
        self.kinds = [table.types[name] for table in tables if name in table.types]
        self.name, self.scopes, self.doubt = name, self.kinds[0].location_scopes, doubt
        self.sides = [Side(table, table.types.get(name), self.scopes) for table in tables]
        self._kept: list[Held] = []
        self.alike = all(side.atoms.pairs == self.sides[0].atoms.pairs for side in self.sides)
        self.next, self.first_pair = 0, FIRST_PAIR
        self.attributes = self._attributes()
        if self.next > FIRST_PAIR:
            raise TooLargeError
        self._meet({} if crowds is None else crowds)
        self.asked = frozenset(self._asked())
        hidden = frozenset(self.variables) - self.asked
        self.states = self.d.all_of(self._valid(one) for one in self.attributes)
        self.reachable = self.d.both(self.d.forget(self.people, hidden), self.states)
        self.levels = [level for one in self.attributes for level in one.levels] + sorted(self.asked)

    def _meet(self, crowds: Crowds) -> None:
        """Take who there can be from what is shared, or work it out."""
        key = (tuple(id(side.table) for side in self.sides), self.scopes, self.doubt)
        known = crowds.get(key)
        if known is None:
            self.d, self.variables, self.weakened = Diagrams(), dict[int, Variable](), dict[str, int]()
            self.next = FIRST_PAIR
            self._pairs()
            self.certain = [self._certain(side) for side in self.sides]
            levels = [side.level for side in self.sides]
            people = self._people(self.certain)
            known = crowds[key] = Crowd(self.d, self.variables, self.weakened, levels, self.certain, people)
        self.d, self.variables, self.weakened = known.d, known.variables, known.weakened
        self.certain, self.people = known.certain, known.people
        for side, level in zip(self.sides, known.levels, strict=True):
            side.level = level

    # the variables

    def _level(self) -> int:
        self.next += 1
        return self.next - 1

    def _attributes(self) -> list[Attribute]:
        values: dict[str, dict[tuple[type, bool | str], None]] = {}
        every = [code for kind in self.kinds for code in codes(kind)]
        for code in sorted(every, key=lambda code: code.name == "term"):  # as in a table, `term` comes last
            values.setdefault(code.name, {}).update(dict.fromkeys((type(value), value) for value in code.values))
        found = []
        for name, known in values.items():
            plain = tuple(value for _, value in known)
            found.append(Attribute(name, plain, tuple(self._level() for _ in range(len(plain).bit_length()))))
        return found

    def _pairs(self) -> None:
        """Number the pairs, login role by login role, so that what belongs together is asked together."""
        logins = list(dict.fromkeys(login for side in self.sides for login in side.atoms.login_roles))
        shared: dict[tuple[Pair, object], int] = {}
        self._weaken("unlisted", self.doubt and self.scopes[:2] == ("resource", "student"))
        for login in (*logins, OWNER):
            self._weaken(login, self.doubt)
            for inner in INSIDE.get(login, ()) if login == "staff" else ():
                self._weaken(inner, self.doubt)
            for side in self.sides:
                for (role, scope), bit in side.atoms.bit.items():
                    if scope not in self.scopes or login_of(role) != login:
                        continue
                    assignable = side.atoms.own.get(role) if scope == "anywhere" else None
                    key = ((role, scope), assignable)
                    if key not in shared:
                        shared[key] = self._level()
                        self.variables[shared[key]] = Variable(role, scope)
                    side.level[bit] = shared[key]
        for level, variable in list(self.variables.items()):
            twins = [other for other, one in self.variables.items() if one.name == variable.name]
            if len(twins) > 1:
                only = tuple(number for number, side in enumerate(self.sides) if level in side.level.values())
                self.variables[level] = Variable(variable.role, variable.scope, only)

    def _weaken(self, what: str, wanted: bool) -> None:
        """Give a level to the question whether something held is doubtful (or, of a login role, not acted as)."""
        if wanted:
            self.weakened[what] = self._level()

    def _asked(self) -> Iterable[int]:
        """Give the levels that tell cells apart. Tables that declare different roles differ in who is anybody."""
        for side in self.sides:
            for bit, level in side.level.items():
                anybody = not self.alike and self.variables[level].scope == "anywhere"
                if anybody or (side.kind and side.kind.asked & bit):
                    yield level

    def _valid(self, one: Attribute) -> int:
        return self.d.any_of(self.state(one, number) for number in range(len(one.values) + 1))

    def state(self, one: Attribute, number: int) -> int:
        """Give the cells in which an attribute has its value number `number`, from 1 on; 0 is unknown."""
        parts = []
        for place, level in enumerate(one.levels):
            bit = self.d.variable(level)
            parts.append(bit if number >> place & 1 else self.d.negate(bit))
        return self.d.all_of(parts[::-1])

    # who there can be

    def _certain(self, side: Side) -> dict[int, int]:
        return {bit: self.d.variable(level) for bit, level in side.level.items()}

    def doubted(self, side: Side) -> dict[int, int]:
        """Give what somebody holds beyond doubt and acts as: of what they hold, all that is not weakened."""
        d, found = self.d, {}
        for bit, level in side.level.items():
            variable = self.variables[level]
            keys = [variable.role, login_of(variable.role)]
            if variable.scope in ("section", "school"):
                keys.append("unlisted")
            weak = [d.variable(self.weakened[key]) for key in dict.fromkeys(keys) if key in self.weakened]
            found[bit] = d.without(d.variable(level), d.any_of(weak))
        return found

    def _people(self, held: Sequence[Held]) -> int:
        """Give every reachable person, and nobody else: who obeys what comes with what, and is somebody."""
        d = self.d
        laws = [self.closed(side, one) for side, one in zip(self.sides, held, strict=True)]
        laws += [self.consistent(side, one) for side, one in zip(self.sides, held, strict=True)]
        somebody = d.any_of(self.somebody(side, one) for side, one in zip(self.sides, held, strict=True))
        return d.all_of([*laws, *self.wider(), somebody])

    def closed(self, side: Side, held: Held) -> int:
        """Give all who hold, with everything, what comes with it."""
        reach, d = side.reach, self.d
        return d.all_of(
            d.negate(d.without(held_all(d, held, when), held_all(d, held, then)))
            for when, then in reach.rules
            if not when & ~reach.possible
        )

    def consistent(self, side: Side, held: Held) -> int:
        """Give all who hold nothing that excludes something else that they hold."""
        reach, d = side.reach, self.d
        return d.all_of(
            d.negate(d.both(held_any(d, held, one), held_any(d, held, other))) for one, other in reach.exclusive
        )

    def somebody(self, side: Side, held: Held) -> int:
        """Give all who hold a role at all, as far as this table knows roles."""
        return held_any(self.d, held, side.atoms.anywhere)

    def wider(self) -> Iterable[int]:
        """A role that may be assigned at more scopes is held anywhere by all who hold it with fewer, and by others."""
        mine = [{v.role: level for level, v in self.variables.items() if number in v.only} for number in range(2)]
        for role, level in mine[0].items():
            scopes = [set(side.atoms.own[role]) for side in self.sides[:2]]
            one, other = self.d.variable(level), self.d.variable(mine[1][role])
            if scopes[0] <= scopes[1]:
                yield self.d.negate(self.d.without(one, other))
            if scopes[1] <= scopes[0]:
                yield self.d.negate(self.d.without(other, one))

    # what the tables say

    def allowed(self, number: int, permission: str, gives: Held | None = None, takes: Held | None = None) -> int:
        """Give the cells in which table `number` allows the permission.

        `gives` is what they hold beyond doubt (by default what is held), `takes` what they hold at all.
        """
        side = self.sides[number]
        kind, d = side.kind, self.d
        gives = self.certain[number] if gives is None else gives
        takes = gives if takes is None else takes
        if kind is None or permission not in kind.known:
            return NOTHING
        bit = 1 << kind.permissions.index(permission)
        found = d.any_of(self.applies(side, half, gives, takes) for half in kind.minima if half.permissions & bit)
        for half in kind.maxima:
            if not half.permissions & bit and found:
                found = d.without(found, self.applies(side, half, takes, gives))
        return found if self.alike else d.both(found, self.somebody(side, gives))

    def applies(self, side: Side, half: Half, asked: Held, against: Held) -> int:
        """Give the cells in which a bound applies, as `Half.applies` says it of one."""
        key = (id(half), id(asked), id(against))
        if key not in side.applied:
            self._kept += (asked, against)  # so that nothing else is given their ids
            held = self.holders(half, asked, against)
            side.applied[key] = self.d.both(held, self.in_states(side, half))
        return side.applied[key]

    def holders(self, half: Half, asked: Held, against: Held) -> int:
        """Give whom a bound speaks of, whatever state the resource is in."""
        d = self.d
        when = d.any_of(held_all(d, asked, mask) for mask in half.when)
        return d.without(when, d.any_of(held_all(d, against, mask) for mask in half.unless))

    def in_states(self, side: Side, half: Half) -> int:
        """Give the states in which a bound applies, whoever it is."""
        return self.d.all_of(self._in_states(side, position, allowed) for position, allowed in half.states)

    def _in_states(self, side: Side, position: int, allowed: int) -> int:
        """Give the cells in which the attribute, as this table reads it, has one of the allowed codes."""
        if side.kind is None:
            return NOTHING
        code = codes(side.kind)[position]
        one = next(one for one in self.attributes if one.name == code.name)
        read = [0, *(code.code(value) if knows(code.values, value) else 0 for value in one.values)]
        return self.d.any_of(self.state(one, number) for number, known in enumerate(read) if allowed >> known & 1)

    # from sets back to what they hold

    def alternatives(self, states: int) -> Iterator[Row]:
        """Give a set of states as alternatives, each attribute with the values that come to the same.

        An attribute that makes no difference is left out: of every state there is one row, and it is empty.
        """
        yield from self._rows(states, self.attributes)

    def _rows(self, states: int, attributes: Sequence[Attribute]) -> Iterator[Row]:
        if not states or not attributes:
            if states:
                yield {}
            return
        first, rest = attributes[0], attributes[1:]
        alike: dict[int, list[bool | str | None]] = {}
        for number, value in [*((n, v) for n, v in enumerate(first.values, 1)), (0, None)]:
            left = self._left(states, first, number)
            alike.setdefault(left, []).append(value)
        for left, values in alike.items():
            for row in self._rows(left, rest):
                yield row if len(alike) == 1 else {first.name: tuple(values), **row}

    def _left(self, states: int, one: Attribute, number: int) -> int:
        """Give what is left of a set of states once an attribute has its value number `number`."""
        return self.d.forget(self.d.both(states, self.state(one, number)), frozenset(one.levels))

    def pairs(self, levels: Iterable[int]) -> tuple[Pair, ...]:
        """Give pairs; where two versions mean others by `coach anywhere`, it says which of them means these."""
        found = [self.variables[level] for level in sorted(levels)]
        return tuple((one.role, one.scope + (f":{('old', 'new')[one.only[0]]}" if one.only else "")) for one in found)

    def values(self, true: frozenset[int]) -> dict[str, bool | str | None]:
        """Give the state of the attributes in one cell."""
        found: dict[str, bool | str | None] = {}
        for one in self.attributes:
            number = sum(1 << place for place, level in enumerate(one.levels) if level in true)
            found[one.name] = one.values[number - 1] if number else UNKNOWN
        return found

    def cell_number(self, side: Side, true: frozenset[int], values: Mapping[str, bool | str | None]) -> int:
        """Give the name that a cell has in a table, by which `kind.cell` finds it."""
        if side.kind is None:
            return 0
        number = side.mask(true) & side.kind.asked
        for code in codes(side.kind):
            value = values[code.name]
            if value is not None and knows(code.values, value):
                number |= code.states[value]
        return number


def login_of(role: str) -> str:
    """Give the role to log in with that a role lies inside."""
    return next((login for login, inner in INSIDE.items() if role in inner), role)


def held_all(d: Diagrams, held: Held, mask: int) -> int:
    """Give all who hold every pair of the mask; what cannot be held here nobody holds."""
    return d.all_of(held.get(bit, NOTHING) for bit in bits(mask)) if mask else EVERYTHING


def held_any(d: Diagrams, held: Held, mask: int) -> int:
    """Give all who hold some pair of the mask."""
    return d.any_of(held.get(bit, NOTHING) for bit in bits(mask))


def bits(mask: int) -> list[int]:
    """Give the single bits of a mask, highest first: a diagram is built from its end."""
    return [1 << number for number in range(mask.bit_length() - 1, -1, -1) if mask >> number & 1]


__all__ = ["Atoms", "Attribute", "Held", "Row", "Side", "Space", "Variable", "login_of"]
