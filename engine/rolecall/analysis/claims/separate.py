"""Separation in a whole district: two resources, each with places of its own, and one person around both.

What ties what somebody holds around one resource to what they hold around another of the same district is what they
hold anywhere and at the district; every other pair can be as it likes.
"""

from __future__ import annotations

from rolecall.analysis.claims.counter import smallest
from rolecall.analysis.diagrams import Diagrams
from rolecall.analysis.space import Space

Side = list[tuple[Space, str, int]]
Found = tuple[Space, str, frozenset[int]]

_TIES = ("anywhere", "district")


def apart(one: Side, other: Side) -> tuple[Found, Found] | None:
    """Give the smallest person who is in a set of the one side and in a set of the other, or None where nobody is.

    Each side is a list of spaces with a permission and the cells in which it is allowed.
    """
    best: tuple[int, Found, Found] | None = None
    others = [(*found, _ties(found[0]), _tied(found[0], found[2])) for found in other]
    for space, permission, cells in one:
        ties = _ties(space)
        for other_space, other_permission, other_cells, twins, tied in others:
            moved = _moved(other_space.d, tied, {twins[p]: ties[p] for p in ties if p in twins}, space.d)
            both = space.d.both(cells, moved)
            member = smallest(space, both)
            if member is None:
                continue
            fixed = [
                other_space.d.variable(twins[pair])
                if ties[pair] in member
                else other_space.d.negate(other_space.d.variable(twins[pair]))
                for pair in ties
                if pair in twins
            ]
            twin = smallest(other_space, other_space.d.all_of([other_cells, *fixed]))
            if twin is None:
                continue
            pairs = sum(level in space.variables for level in member)
            if best is None or pairs < best[0]:
                best = (pairs, (space, permission, member), (other_space, other_permission, twin))
    return None if best is None else best[1:]


def _ties(space: Space) -> dict[tuple[str, str], int]:
    return {(one.role, one.scope): level for level, one in space.variables.items() if one.scope in _TIES}


def _tied(space: Space, cells: int) -> int:
    """Give the cells as far as what is held anywhere and at the district tells."""
    others = frozenset(level for level, one in space.variables.items() if one.scope not in _TIES)
    return space.d.forget(cells, others | {level for one in space.attributes for level in one.levels})


def _moved(source: Diagrams, node: int, levels: dict[int, int], target: Diagrams) -> int:
    """Give the same set among other diagrams; the levels stand for the same pairs, in the same order."""
    done = {0: 0, 1: 1}

    def go(one: int) -> int:
        if one not in done:
            done[one] = target.make(levels[source.level[one]], go(source.low[one]), go(source.high[one]))
        return done[one]

    return go(node)
