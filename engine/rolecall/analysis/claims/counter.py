"""Counterexamples: the smallest person and resource of whom a claim is false."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from rolecall.analysis import people
from rolecall.analysis.space import Held, Space
from rolecall.table import Table
from rolecall.vocabulary.reasons import Cell

Pairs = tuple[tuple[str, str], ...]


class Case(msgspec.Struct, frozen=True, eq=False):
    """One person around one resource in one state, and what the table says of them."""

    type: str
    who: Pairs
    values: Mapping[str, bool | str | None]
    cell: Cell

    @property
    def sentence(self) -> str:
        """The person and the resource in words."""
        return f"{people.person(self.who)}, on {people.resource(self.type, self.values)}"


class Counterexample(msgspec.Struct, frozen=True, eq=False):
    """Somebody of whom the claim is false, in the matter of `permission`; `beside` is whom they are compared with.

    `tests` are ready entries of a file of tests: they fail until the claim holds.
    """

    permission: str
    case: Case
    beside: Case | None
    text: str
    tests: tuple[str, ...]


def weight(space: Space, level: int) -> int:
    """What makes a person small: few pairs; and a state, that little of it has to be told."""
    return 1000 if level in space.variables else 1


def smallest(space: Space, cells: int) -> frozenset[int] | None:
    """Give a member with the fewest pairs; of its states the first one in the author's order, unknown ones last."""
    d = space.d
    found = d.cheapest(cells, lambda level: weight(space, level))
    if found is None:
        return None
    held = frozenset(level for level in found if level in space.variables)
    left = d.all_of(
        [cells, *(d.variable(one) if one in held else d.negate(d.variable(one)) for one in space.variables)]
    )
    state: set[int] = set()
    for one in space.attributes:
        for number in (*range(1, len(one.values) + 1), 0):
            here = d.both(left, space.state(one, number))
            if here:
                left = here
                state |= {level for place, level in enumerate(one.levels) if number >> place & 1}
                break
    return held | state


def case_of(table: Table, space: Space, member: frozenset[int], held: Held | None = None) -> Case:
    """Give the person and resource of a member; `held` says what they hold, where that is more than the member."""
    side = space.sides[0]
    true = member
    if held is not None:
        true = member | {level for bit, level in side.level.items() if space.d.holds(held[bit], member)}
    values = space.values(member)
    kind = table.types[space.name]
    pairs = tuple(
        (space.variables[level].role, space.variables[level].scope)
        for level in sorted(true)
        if level in space.variables
    )
    known = {one.name: values[one.name] for one in space.attributes}
    if not side.mask(true) & table.atoms.anywhere:
        return Case(space.name, pairs, known, Cell(frozenset(), code="no-role"))
    return Case(space.name, pairs, known, kind.cell(space.cell_number(side, true, values)))


def test_of(table: Table, case: Case, sentence: str, expected: Mapping[str, bool]) -> tuple[str, ...]:
    """Give a test that says what should be, where some roster comes to the very cell."""
    from rolecall.analysis.grids.paste import as_test  # noqa: PLC0415 - what is proven needs no authoriser

    found = as_test(table, case.type, case.who, case.values, expected, sentence) if case.who else None
    return () if found is None else (found,)
