"""The matrix as data: for each resource type who may do what, and the rules behind it."""

from __future__ import annotations

from typing import Literal

import msgspec

from rolecall.analysis.difference import Pairs, Version
from rolecall.analysis.space import Row as States
from rolecall.vocabulary.reasons import RuleRef

Answer = Literal["yes", "no", "depends"]
Moved = Literal["gained", "lost", "gained and lost", ""]


class Behind(msgspec.Struct, frozen=True):
    """A rule behind a cell: it gives the permission, or takes away what another gives.

    It does so in `states`, to everybody in the row or, where `every` is false, to some of them.
    """

    rule: RuleRef
    does: Literal["gives", "takes away"]
    every: bool
    states: tuple[States, ...]


class Entry(msgspec.Struct, frozen=True):
    """A cell: in which states everybody in the row has the permission, and why.

    Beside another version, `gained` and `lost` are the states in which that is not as it was there, and `was` are the
    rules that were behind the cell then (only where something moved).
    """

    permission: str
    answer: Answer
    states: tuple[States, ...]
    rules: tuple[Behind, ...]
    gained: tuple[States, ...] = ()
    lost: tuple[States, ...] = ()
    was: tuple[Behind, ...] = ()

    @property
    def moved(self) -> Moved:
        """What became of the permission since the other version."""
        if self.gained and self.lost:
            return "gained and lost"
        return "gained" if self.gained else "lost" if self.lost else ""


class Row(msgspec.Struct, frozen=True, eq=False):
    """Who behaves alike: whoever holds at least one of `who`, and none of `unless`. Everybody is in just one row.

    `key` names the row for as long as its first combination is in it. `combinations` counts who is in it. `parts` are
    the keys of rows which give together exactly what this one has, where it is no more than their sum.
    """

    key: str
    who: tuple[Pairs, ...]
    unless: tuple[Pairs, ...]
    combinations: int
    entries: tuple[Entry, ...]
    parts: tuple[str, ...] = ()

    @property
    def moved(self) -> bool:
        """Whether anything is not as it was in the other version."""
        return any(one.moved for one in self.entries)

    @property
    def roles(self) -> frozenset[str]:
        """Every role that makes somebody belong here."""
        return frozenset(role for pairs in self.who for role, _ in pairs)


class Sheet(msgspec.Struct, frozen=True, eq=False):
    """The matrix of one resource type: rows from little to much.

    Where `ordered` is true, the last row that fits somebody is theirs, and `unless` need not be read. `attributes`
    are those that rules ask about, with their values. `note` says which version alone has the type. `left_out` counts
    rows that somebody asked not to see.
    """

    type: str
    within: str
    permissions: tuple[str, ...]
    attributes: dict[str, tuple[bool | str, ...]]
    combinations: int
    states: int
    rows: tuple[Row, ...]
    ordered: bool
    note: str = ""
    left_out: int = 0

    @property
    def cells(self) -> int:
        """How many reachable cells of the table are folded into these rows."""
        return self.combinations * self.states


class Matrix(msgspec.Struct, frozen=True, eq=False):
    """A sheet for each type, and why others could not be drawn: nothing is sampled."""

    new: Version
    old: Version | None
    sheets: tuple[Sheet, ...]
    refused: dict[str, str]
