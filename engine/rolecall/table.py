"""The decision table: for each resource type, cell -> permissions and the rules behind them.

A cell is named by one integer, from its high bits to its low ones: the state of the attributes, the (role, scope)
pairs that are doubtful, those held beyond doubt; of the pairs, those that some rule of the type asks about.

Cells are worked out when first asked for and kept: a policy of 1,000 rules has more cells than anybody could hold,
and a district visits few of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Self

import msgspec

from rolecall.vocabulary.reasons import Cell, RuleRef
from rolecall.vocabulary.roles import LOCATION_SCOPES, Atoms

MAX_CELLS: Final = 1 << 16
"""How many worked-out cells a type keeps; past that it forgets them all and begins anew."""


class AttributeCode(msgspec.Struct, frozen=True):
    """How an attribute's state is written into a cell's name: 0 is unknown, then the values in the author's order.

    `states` gives a value's code, shifted into its place in a cell's name. A value of another type than `kind` is
    unknown: `1` is not true.
    """

    name: str
    values: tuple[bool | str, ...]
    shift: int
    width: int
    kind: type[bool | str]
    states: dict[bool | str, int]

    @classmethod
    def make(cls, name: str, values: tuple[bool | str, ...], shift: int) -> Self:
        """Number the values; `shift` is where the code begins."""
        states = {value: number << shift for number, value in enumerate(values, 1)}
        return cls(name, values, shift, len(values).bit_length(), type(values[0]), states)

    def code(self, value: bool | str) -> int:
        """Give the code of one of the attribute's own values."""
        return self.states[value] >> self.shift

    def read(self, name: int) -> int:
        """Give the attribute's code in a cell's name."""
        return name >> self.shift & (1 << self.width) - 1


class Half(msgspec.Struct, frozen=True):
    """One bound of one rule, for one resource type, as bits.

    `when` and `unless` are masks of pairs that must all be held (`everyone` is the empty mask). `states` pairs the
    position of an attribute with the codes (as bits) for which the bound applies.
    """

    rule: RuleRef
    when: tuple[int, ...]
    unless: tuple[int, ...]
    states: tuple[tuple[int, int], ...]
    permissions: int

    def applies(self, asked: int, against: int, codes: tuple[int, ...]) -> bool:
        """Say whether the bound applies: `asked` are the pairs for `when`, `against` those for `unless`."""
        return (
            any(mask & asked == mask for mask in self.when)
            and not any(mask & against == mask for mask in self.unless)
            and all(allowed >> codes[position] & 1 for position, allowed in self.states)
        )


class TypeTable:
    """The table of one resource type. Reading it from several threads is safe: a cell is worked out the same twice."""

    __slots__ = (
        "anyone", "attributes", "cells", "known", "location_scopes", "maxima", "minima", "name", "own",
        "owner_doubt", "owner_sure", "permissions", "place", "places", "readers",
        "relevant", "sure", "term", "term_states", "width", "within",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        within: str,
        permissions: tuple[str, ...],
        attributes: tuple[AttributeCode, ...],
        minima: tuple[Half, ...],
        maxima: tuple[Half, ...],
        atoms: Atoms,
    ) -> None:
        """An own type is one that lies `within` another; a built-in one lies within itself."""
        self.name, self.within, self.own = name, within, within != name
        self.permissions, self.known = permissions, frozenset(permissions)
        self.attributes = tuple(code for code in attributes if code.name != "term")
        self.readers = tuple((code.name, code.kind, code.states) for code in self.attributes)
        self.term = next((code for code in attributes if code.name == "term"), None)
        self.term_states = tuple(self.term.states.values()) if self.term else None
        self.minima, self.maxima = minima, maxima
        self.places: tuple[str, ...] = tuple(within.split("+")) if self.own else ()
        self.place = self.places[0] if len(self.places) == 1 else ""
        self.location_scopes = (*(("resource",) if self.own else ()), *LOCATION_SCOPES[within])
        width = self.width = atoms.width
        self.anyone, self.sure = atoms.anywhere, (1 << width) - 1
        self.owner_doubt, self.owner_sure = atoms.owner << width, atoms.owner
        asked = 0
        for half in (*minima, *maxima):
            for mask in (*half.when, *half.unless):
                asked |= mask
        self.relevant = asked | asked << width
        self.cells: dict[int, Cell] = {}

    @property
    def asked(self) -> int:
        """The pairs that some rule of the type asks about."""
        return self.relevant & self.sure

    def cell(self, name: int) -> Cell:
        """Give a cell by its name."""
        found = self.cells.get(name)
        if found is None:
            found = self.work_out(name)
            if len(self.cells) >= MAX_CELLS:
                self.cells.clear()
            self.cells[name] = found
        return found

    def work_out(self, name: int) -> Cell:
        """The meaning of a policy: (union of the matching `min`) cut to (intersection of the matching `max`).

        What gives (`when` of a `min`, `unless` of a `max`) looks at the pairs beyond doubt and acted as; what takes
        away (`when` of a `max`, `unless` of a `min`) looks at every pair held or doubtful.
        """
        gives = name & self.sure
        takes = gives | name >> self.width & self.sure
        codes = self.codes(name)
        given = [half for half in self.minima if half.applies(gives, takes, codes)]
        capped = [half for half in self.maxima if half.applies(takes, gives, codes)]
        allowed = 0
        for half in given:
            allowed |= half.permissions
        for half in capped:
            allowed &= half.permissions
        return Cell(
            self.names(allowed),
            tuple((half.rule, self.names(half.permissions)) for half in given),
            tuple((half.rule, self.names(half.permissions)) for half in capped),
        )

    def codes(self, name: int) -> tuple[int, ...]:
        """Give the attributes' codes in a cell's name: own attributes first, `term` last."""
        every = (*self.attributes, self.term) if self.term else self.attributes
        return tuple(code.read(name) for code in every)

    def names(self, mask: int) -> frozenset[str]:
        """Give the permissions in a mask."""
        return frozenset(name for number, name in enumerate(self.permissions) if mask >> number & 1)


class Table:
    """A compiled policy: what the evaluator reads, and nothing of how it was written but each rule's reason."""

    __slots__ = ("application", "atoms", "digest", "timezone", "types")

    def __init__(self, application: str, timezone: str, digest: str, atoms: Atoms, types: Iterable[TypeTable]) -> None:
        """One `TypeTable` a resource type."""
        self.application, self.timezone, self.digest, self.atoms = application, timezone, digest, atoms
        self.types = {kind.name: kind for kind in types}
