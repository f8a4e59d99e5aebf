"""The walk over a table: every reachable cell of a resource type, each once.

*Folded*: two people differ here only in pairs that some rule of the type asks about, and two states only in attributes
that some rule of the type asks about; all others fall into one cell. Exact, and as slow as there are cells: ask
`count` first, and above `LIMIT` go symbolic (`analysis.diagrams`) or say that it was not decided. Doubt and acting as
fewer roles are left aside, as "Reachable" in DESIGN section 4 does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import product
from typing import Final

from rolecall.compiler import table_sizes
from rolecall.compiler.reach import Reach
from rolecall.table import AttributeCode, Table, TypeTable
from rolecall.vocabulary.reasons import Cell

LIMIT: Final = 200_000
"""How many cells of a type are walked one by one (some seconds); more have to be decided otherwise, or not at all."""

UNKNOWN: Final = None
"""The value of an attribute that the application does not tell, or a class without a term."""


class Combo:
    """One reachable cell: who (the pairs held, as far as rules ask), in which state of the attributes, with the answer.

    `mask` are the pairs as bits (see `Atoms`), `number` is the cell's name in its table, by which `kind.cell` finds it.
    """

    __slots__ = ("__dict__", "kind", "mask", "number", "table")

    def __init__(self, table: Table, kind: TypeTable, mask: int, number: int) -> None:
        """What is not asked for is not worked out."""
        self.table, self.kind, self.mask, self.number = table, kind, mask, number

    @property
    def cell(self) -> Cell:
        """The permissions, and the rules that give and cap: `.permissions`, `.given`, `.capped`."""
        return self.kind.cell(self.number)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The pairs held as sorted `role@scope`. Empty for somebody who holds only roles that no rule asks about."""
        return pair_names(self.table, self.mask)

    @cached_property
    def attributes(self) -> Mapping[str, bool | str | None]:
        """The state: attribute to value, or `UNKNOWN` (None); `term` last. Of those that some rule asks about."""
        return {code.name: value_of(code, code.read(self.number)) for code in codes(self.kind)}

    def person(self) -> int:
        """Give a smallest whole person who falls into this cell: also what comes with what they hold."""
        return smallest_person(Reach(self.table.atoms, self.kind.location_scopes), self.mask, self.kind.asked)

    def __repr__(self) -> str:
        """Give it as a developer reads it."""
        state = ", ".join(f"{name}={value}" for name, value in self.attributes.items())
        return f"<{self.kind.name}: {' '.join(self.names) or 'somebody'}{' | ' + state if state else ''}>"


def walk(table: Table, kind: TypeTable) -> Iterator[Combo]:
    """Give every reachable cell of a type of the table, each once, in an order that is the same every time."""
    reach = Reach(table.atoms, kind.location_scopes)
    every = [state for state, _ in states(kind)]
    for mask in reach.cells(kind.asked):
        for state in every:
            yield Combo(table, kind, mask, mask | state)


def count(table: Table, kind: TypeTable) -> int:
    """Give how many cells `walk` would yield, without walking."""
    return table_sizes(table)[kind.name]


def codes(kind: TypeTable) -> tuple[AttributeCode, ...]:
    """Give the attributes that some rule of the type asks about, `term` last: in the order of `kind.codes`."""
    return (*kind.attributes, kind.term) if kind.term else kind.attributes


def states(kind: TypeTable) -> Iterator[tuple[int, dict[str, bool | str | None]]]:
    """Give every state of the attributes, unknown ones too: its part of a cell's name, and its values."""
    every = codes(kind)
    for values in product(*((UNKNOWN, *code.values) for code in every)):
        state = sum(code.states[value] for code, value in zip(every, values, strict=True) if value is not None)
        yield state, {code.name: value for code, value in zip(every, values, strict=True)}


def value_of(code: AttributeCode, number: int) -> bool | str | None:
    """Give the value that a code stands for."""
    return code.values[number - 1] if number else UNKNOWN


def pair_names(table: Table, mask: int) -> tuple[str, ...]:
    """Give the pairs in a mask as sorted `role@scope`."""
    return tuple(sorted(f"{role}@{scope}" for role, scope in table.atoms.names(mask)))


def smallest_person(reach: Reach, mask: int, asked: int) -> int:
    """Give a smallest reachable person who, of the pairs asked about, holds exactly those in `mask`."""
    return next(person for person in reach.people(mask) if person & asked == mask)
