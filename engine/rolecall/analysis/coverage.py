"""How much of a policy its tests see: cells, situations, and each bound of each rule from both sides.

A *situation* is all cells of a type in which the same rules apply: they differ in nothing that a policy says. A cell or
situation is asserted whole where every permission of the type is asserted in it. A `min` is seen from *inside* where an
asserted answer would be another without it, and from *outside* where one would be another if it applied there too; a
`max` likewise. What no test could see (a bound that another one always covers) is not counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from rolecall.analysis.cells import LIMIT, Combo, count, states
from rolecall.analysis.grids.run import Result
from rolecall.compiler.reach import Reach
from rolecall.table import Half, Table, TypeTable
from rolecall.vocabulary.reasons import RuleRef

Bound = Literal["min", "max"]
Way = Literal["inside", "outside"]
_WAYS: Final[tuple[Way, Way]] = ("inside", "outside")
_MANY: Final = 9  # somebody with a role that no rule asks about is not plain
Key = tuple[Bound, str, Way]
Asserted = dict[int, frozenset[str]]
"""Cell name to the permissions asserted there."""


class Side(msgspec.Struct, frozen=True):
    """One bound of one rule for one type, from one side: how many asserted answers see it."""

    rule: RuleRef
    bound: Bound
    kind: str
    way: Way
    seen: int


class TypeCoverage(msgspec.Struct, frozen=True):
    """Of one resource type: cells and situations, of all reachable ones, asserted whole and in part.

    `walked` is false where there are too many cells to walk: then only cells are counted, and situations are not known.
    """

    kind: str
    cells: int
    cells_whole: int
    cells_part: int
    situations: int
    situations_whole: int
    situations_part: int
    walked: bool


class Missing(msgspec.Struct, frozen=True, eq=False):
    """The plainest cell of a situation that is not asserted whole, and the sides it shows that nothing shows yet."""

    combo: Combo
    shows: frozenset[tuple[str, Bound, str, Way]]


class Coverage(msgspec.Struct, frozen=True, eq=False):
    """What tests see of a table. `missing` are as many missing tests as were wanted, the most valuable first."""

    types: tuple[TypeCoverage, ...]
    sides: tuple[Side, ...]
    missing: tuple[Missing, ...]

    @property
    def percent(self) -> float:
        """Of all situations, how many are asserted whole."""
        total = sum(one.situations for one in self.types)
        return 100 * sum(one.situations_whole for one in self.types) / total if total else 100.0

    @property
    def decided(self) -> bool:
        """Whether every type could be walked."""
        return all(one.walked for one in self.types)


def asserted(table: Table, results: Iterable[Result]) -> dict[str, Asserted]:
    """Give, by type, which answers tests assert in which cells: those of people and things that the facts hold.

    The table must be the one that the tests ran on, and not have been walked since: its cells are told by identity.
    """
    names = {kind.name: {id(cell): name for name, cell in kind.cells.items()} for kind in table.types.values()}
    found: dict[str, dict[int, set[str]]] = {kind: {} for kind in table.types}
    for result in results:
        for asked in result.asked:
            name = names[asked.thing.kind].get(id(asked.decision.cell))
            if name is not None:
                said = {
                    a.permission for a in asked.answers if a.expected is not None and a.expected.allowed is not None
                }
                found[asked.thing.kind].setdefault(name, set()).update(said)
    return {
        kind: {name: frozenset(said) for name, said in cells.items() if said and _beyond_doubt(table.types[kind], name)}
        for kind, cells in found.items()
    }


def _beyond_doubt(kind: TypeTable, name: int) -> bool:
    """Say whether no doubtful role that a rule asks about is in a cell: reachable cells leave doubt aside."""
    return not name >> kind.width & kind.sure


def measure(table: Table, said: Mapping[str, Asserted], wanted: int = 0) -> Coverage:
    """Measure what is asserted; `wanted` is how many missing tests to look for."""
    types, sides, missing = [], list[Side](), list[Missing]()
    for kind in table.types.values():
        one = _Type(table, kind, said.get(kind.name, {}))
        types.append(one.coverage())
        sides += one.sides()
        missing += one.missing() if wanted else ()
    return Coverage(tuple(types), tuple(sides), tuple(_best(missing, wanted)))


class _Type:
    """One type. What roles let apply and what a state lets apply are asked once each; a cell is where both do.

    A situation is a number here: the bounds that apply, as bits in the order of `halves`; permissions are bits too.
    """

    def __init__(self, table: Table, kind: TypeTable, said: Asserted) -> None:
        self.table, self.kind = table, kind
        self.every = (1 << len(kind.permissions)) - 1
        self.said = {name: sum(1 << kind.permissions.index(one) for one in asked) for name, asked in said.items()}
        self.total = count(table, kind)
        self.halves: list[tuple[Bound, Half]] = [*(("min", h) for h in kind.minima), *(("max", h) for h in kind.maxima)]
        self.in_any_state = [replace(half, states=()) for _, half in self.halves]
        self.to_anybody = [replace(half, when=(0,), unless=()) for _, half in self.halves]
        self.seen: dict[Key, int] = {}
        self.possible: set[Key] = set()
        self.situations: dict[int, int] = {}
        self.plainest: dict[int, int] = {}
        self.masks: set[int] = set()
        every = sorted(states(kind), key=lambda one: (kind.codes(one[0]).count(0), one[0]))
        self.walked = self.total <= LIMIT * len(every)
        if self.walked:
            self._walk([state for state, _ in every])
        for name, permissions in self.said.items():
            roles = name & kind.asked
            situation = self._by_roles(roles) & self._by_state(name ^ roles)
            if self.walked and self._reached(name):
                self.situations[situation] |= permissions
            for key, telling in self._telling(situation):
                if telling & permissions:
                    self.seen[key] = self.seen.get(key, 0) + (telling & permissions).bit_count()

    def _reached(self, name: int) -> bool:
        """Say whether a cell is reachable; where nothing was walked, those that rosters lead to are taken to be."""
        return not self.walked or name & self.kind.asked in self.masks

    def _walk(self, every: list[int]) -> None:
        """Find the situations, and the plainest cell of each: few roles, few attributes unknown."""
        self.masks.update(Reach(self.table.atoms, self.kind.location_scopes).cells(self.kind.asked))
        by_roles: dict[int, int] = {}
        for mask in sorted(self.masks, key=lambda one: (one.bit_count() or _MANY, one)):
            by_roles.setdefault(self._by_roles(mask), mask)
        by_state: dict[int, int] = {}
        for state in every:
            by_state.setdefault(self._by_state(state), state)
        for roles, mask in by_roles.items():
            for rest, state in by_state.items():
                self.plainest.setdefault(roles & rest, mask | state)
        for situation in self.plainest:
            self.situations[situation] = 0
            self.possible |= {key for key, telling in self._telling(situation) if telling}

    def _by_roles(self, mask: int) -> int:
        """Give the bounds that these roles let apply in some state."""
        return sum(half.applies(mask, mask, ()) << number for number, half in enumerate(self.in_any_state))

    def _by_state(self, state: int) -> int:
        """Give the bounds that this state lets apply to somebody."""
        codes = self.kind.codes(state)
        return sum(half.applies(0, 0, codes) << number for number, half in enumerate(self.to_anybody))

    def _telling(self, situation: int) -> Iterator[tuple[Key, int]]:
        """Give, for each bound and its side, the permissions whose answer would be another on the other side."""
        given = given_twice = cut = cut_twice = 0
        for number, (bound, half) in enumerate(self.halves):
            if situation >> number & 1 and bound == "min":
                given, given_twice = given | half.permissions, given_twice | given & half.permissions
            elif situation >> number & 1:
                out = self.every & ~half.permissions
                cut, cut_twice = cut | out, cut_twice | cut & out
        for number, (bound, half) in enumerate(self.halves):
            inside = situation >> number & 1
            if bound == "min":
                telling = half.permissions & ~cut & (~given_twice if inside else ~given)
            else:
                telling = self.every & ~half.permissions & given & (~cut_twice if inside else ~cut)
            yield (bound, half.rule.id, "inside" if inside else "outside"), telling

    def coverage(self) -> TypeCoverage:
        """Count cells and situations."""
        reached = [said for name, said in self.said.items() if self._reached(name)]
        whole, done = reached.count(self.every), [*self.situations.values()].count(self.every)
        part = sum(said > 0 for said in self.situations.values()) - done
        return TypeCoverage(
            self.kind.name, self.total, whole, len(reached) - whole, len(self.situations), done, part, self.walked
        )

    def sides(self) -> Iterable[Side]:
        """Give each bound from each side from which it can be seen; where nothing was walked, from both."""
        for bound, half in self.halves:
            for way in _WAYS:
                key = (bound, half.rule.id, way)
                if key in self.possible or (not self.walked and half.permissions):
                    yield Side(half.rule, bound, self.kind.name, way, self.seen.get(key, 0))

    def missing(self) -> Iterable[Missing]:
        """Give the plainest cell of each situation that is not asserted whole."""
        for situation, answered in self.situations.items():
            if answered != self.every:
                number = self.plainest[situation]
                new = (
                    (self.kind.name, *key) for key, found in self._telling(situation) if found and key not in self.seen
                )
                yield Missing(Combo(self.table, self.kind, number & self.kind.asked, number), frozenset(new))


def _best(missing: list[Missing], wanted: int) -> Iterable[Missing]:
    """Give the most valuable: each time what shows most sides that nothing before it shows, then the plainest."""
    left = sorted(missing, key=lambda one: (one.combo.mask.bit_count() or _MANY, one.combo.number))
    shown: set[object] = set()
    for _ in range(min(wanted, len(left))):
        best = max(left, key=lambda one: len(one.shows - shown))  # of several the first, which is the plainest
        shown |= best.shows
        left.remove(best)
        yield best
