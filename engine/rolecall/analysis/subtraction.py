"""One resource type of two tables, subtracted: for each permission the cells in which it is gained, and lost.

`Subtraction` looks at roles beyond doubt. `Doubted` looks at every combination of what is held beyond doubt with what
is doubtful, or not acted as, that a roster and a request can come to.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final, Literal

from rolecall.analysis.diagrams import NOTHING
from rolecall.analysis.space import Crowds, Held, Space
from rolecall.table import Half, Table, TypeTable

Direction = Literal["gained", "lost"]
OLD: Final = 0
NEW: Final = 1


class Subtraction:
    """The tables of a type before and after; None stands for a table in which nothing is allowed on it."""

    doubt = False

    def __init__(self, tables: tuple[Table | None, Table | None], name: str, crowds: Crowds | None = None) -> None:
        """At least one of the tables has the type; where both have it, it lies within the same."""
        self.tables, self.name, self.crowds = tables, name, crowds
        self.there = [table for table in tables if table is not None]
        kinds = [table.types.get(name) for table in self.there]
        self.permissions = list(dict.fromkeys(one for kind in reversed(kinds) if kind for one in kind.permissions))

    @property
    def same(self) -> bool:
        """Whether both tables read alike: then they mean the same, and nothing need be subtracted."""
        old, new = self.tables
        return old is not None and new is not None and old.atoms.pairs == new.atoms.pairs and self._read_alike()

    def _read_alike(self) -> bool:
        old, new = (table.types.get(self.name) for table in self.there)
        return old is not None and new is not None and reads(old) == reads(new)

    @cached_property
    def space(self) -> Space:
        """The cells of both tables together."""
        return Space(self.there, self.name, doubt=self.doubt, crowds=self.crowds)

    def place(self, number: int) -> int | None:
        """Give which of the space's tables the old one, or the new one, is."""
        table = self.tables[number]
        return None if table is None else next(n for n, one in enumerate(self.there) if one is table)

    def held(self, place: int) -> tuple[Held, Held]:
        """Give what somebody holds that gives (beyond doubt, and acted as), and what they hold that takes away."""
        return self.space.certain[place], self.space.certain[place]

    def allowed(self, number: int, permission: str) -> int:
        """Give the cells in which the old table, or the new one, allows the permission."""
        place = self.place(number)
        return NOTHING if place is None else self.space.allowed(place, permission, *self.held(place))

    @cached_property
    def people(self) -> int:
        """The cells that there are."""
        return self.space.reachable

    @cached_property
    def moved(self) -> dict[str, dict[Direction, int]]:
        """For each permission the cells in which it is gained, and in which it is lost."""
        if self.same:
            return {}
        d, found = self.space.d, dict[str, dict[Direction, int]]()
        for permission in self.permissions:
            old, new = self.allowed(OLD, permission), self.allowed(NEW, permission)
            found[permission] = {
                "gained": d.both(d.without(new, old), self.people),
                "lost": d.both(d.without(old, new), self.people),
            }
        return found

    @property
    def differs(self) -> bool:
        """Whether any cell differs."""
        return any(any(both.values()) for both in self.moved.values())


class Doubted(Subtraction):
    """The same, where roles may be doubtful, or not acted as. It covers roles beyond doubt as well."""

    doubt = True

    @cached_property
    def gives(self) -> list[dict[int, int]]:
        """For each table what is held beyond doubt and acted as."""
        return [self.space.doubted(side) for side in self.space.sides]

    @cached_property
    def people(self) -> int:
        """All who obey what comes with what, and hold beyond doubt some role, and nothing that excludes another."""
        space, d = self.space, self.space.d
        laws = [space.closed(side, held) for side, held in zip(space.sides, space.certain, strict=True)]
        laws += [space.consistent(side, held) for side, held in zip(space.sides, self.gives, strict=True)]
        somebody = d.any_of(space.somebody(side, held) for side, held in zip(space.sides, self.gives, strict=True))
        return d.all_of([*laws, *space.wider(), somebody, space.states])

    def held(self, place: int) -> tuple[Held, Held]:
        """Give what somebody holds beyond doubt and acts as, and what they hold at all."""
        return self.gives[place], self.space.certain[place]

    def concerns(self, roles: frozenset[str]) -> bool:
        """Say whether anything can change for somebody who holds no other roles than these (and what they own)."""
        d = self.space.d
        others = [
            d.negate(d.variable(level))
            for level, variable in reversed(self.space.variables.items())
            if variable.role not in roles and variable.scope != "resource"
        ]
        return d.both(self._any, d.all_of(others)) != NOTHING

    @cached_property
    def _any(self) -> int:
        return self.space.d.any_of(cells for both in self.moved.values() for cells in both.values())


def reads(kind: TypeTable) -> object:
    """Give all of a table that decides: what reads the same means the same."""
    attributes = tuple((code.name, code.values, code.shift) for code in (*kind.attributes, kind.term) if code)
    halves = [{_plain(half) for half in several} for several in (kind.minima, kind.maxima)]
    return (kind.within, kind.permissions, attributes, *halves)


def _plain(half: Half) -> object:
    return (frozenset(half.when), frozenset(half.unless), half.states, half.permissions)
