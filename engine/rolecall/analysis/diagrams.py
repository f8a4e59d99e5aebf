"""Sets of cells as binary decision diagrams: exact at any size, for nothing is walked.

A node is a number; two sets are equal exactly if their nodes are. Levels are the variables, asked in their order. The
known algorithms (Bryant 1986; Minato for the smallest members), as far as policies need them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from rolecall.vocabulary.malformed import RolecallError

NOTHING: Final = 0
EVERYTHING: Final = 1
_LEAF: Final = 1 << 30
MOST_NODES: Final = 3_000_000
"""How many nodes there may be (some 600 MiB); what needs more is not decided."""


class TooLargeError(RolecallError):
    """A policy too entangled to be decided: nobody has met one, and nothing is guessed about it."""

    def __str__(self) -> str:
        """Give the sentence."""
        return f"not decided: the rules are so entangled that more than {MOST_NODES:,} nodes would be needed"


class Diagrams:
    """Nodes that share their parts. All sets that are compared with each other come from one of these."""

    def __init__(self, most: int = MOST_NODES) -> None:
        """Begin with the two leaves; above `most` nodes, `TooLargeError` is raised."""
        self.most = most
        self.level = [_LEAF, _LEAF]
        self.low = [NOTHING, EVERYTHING]
        self.high = [NOTHING, EVERYTHING]
        self._unique: dict[tuple[int, int, int], int] = {}
        self._both: dict[tuple[int, int], int] = {}
        self._negated: dict[int, int] = {0: 1, 1: 0}

    def make(self, level: int, low: int, high: int) -> int:
        """Give the node that asks for `level`, then goes on with `high` (yes) or `low` (no)."""
        if low == high:
            return low
        key = (level, low, high)
        found = self._unique.get(key)
        if found is None:
            found = len(self.level)
            if found >= self.most:
                raise TooLargeError
            self.level.append(level)
            self.low.append(low)
            self.high.append(high)
            self._unique[key] = found
        return found

    def variable(self, level: int) -> int:
        """Give the set of all in which the variable is true."""
        return self.make(level, NOTHING, EVERYTHING)

    def both(self, one: int, other: int) -> int:
        """Give what is in both sets."""
        if other in (one, EVERYTHING):
            return one
        if one == EVERYTHING:
            return other
        if not one or not other:
            return NOTHING
        key = (one, other) if one < other else (other, one)
        found = self._both.get(key)
        if found is None:
            first, second = self.level[one], self.level[other]
            level = min(first, second)
            low, high = (self.low[one], self.high[one]) if first == level else (one, one)
            low2, high2 = (self.low[other], self.high[other]) if second == level else (other, other)
            found = self._both[key] = self.make(level, self.both(low, low2), self.both(high, high2))
        return found

    def negate(self, one: int) -> int:
        """Give what is not in the set."""
        found = self._negated.get(one)
        if found is None:
            found = self.make(self.level[one], self.negate(self.low[one]), self.negate(self.high[one]))
            self._negated[one], self._negated[found] = found, one
        return found

    def either(self, one: int, other: int) -> int:
        """Give what is in one of two sets."""
        return self.negate(self.both(self.negate(one), self.negate(other)))

    def without(self, one: int, other: int) -> int:
        """Give what is in the first set and not in the second."""
        return self.both(one, self.negate(other))

    def all_of(self, several: Iterable[int]) -> int:
        """Give what is in all of the sets."""
        found = EVERYTHING
        for one in several:
            found = self.both(found, one)
        return found

    def any_of(self, several: Iterable[int]) -> int:
        """Give what is in any of the sets."""
        found = NOTHING
        for one in several:
            found = self.either(found, one)
        return found

    def forget(self, one: int, levels: frozenset[int]) -> int:
        """Give the set as far as the other variables tell: those that some value of `levels` completes to a member."""
        last, done = max(levels, default=-1), dict[int, int]()

        def go(node: int) -> int:
            if self.level[node] > last:
                return node
            if node not in done:
                low, high = go(self.low[node]), go(self.high[node])
                asked = self.level[node]
                done[node] = self.either(low, high) if asked in levels else self.make(asked, low, high)
            return done[node]

        return go(one)

    def count(self, one: int, levels: list[int]) -> int:
        """Give how many members there are, told apart by `levels`, among which are all that the set asks about."""
        order = sorted(levels)
        place = {level: number for number, level in enumerate(order)}
        place[_LEAF] = len(order)
        done: dict[int, int] = {NOTHING: 0, EVERYTHING: 1}

        def go(node: int) -> int:
            if node not in done:
                here, total = place[self.level[node]], 0
                for part in (self.low[node], self.high[node]):
                    total += go(part) << place[self.level[part]] - here - 1
                done[node] = total
            return done[node]

        return go(one) << place[self.level[one]]

    def holds(self, one: int, true: frozenset[int] | set[int]) -> bool:
        """Say whether the member in which exactly the levels in `true` are true is in the set."""
        while one > EVERYTHING:
            one = self.high[one] if self.level[one] in true else self.low[one]
        return one == EVERYTHING

    def around(self, true: Iterable[int]) -> int:
        """Give all in which at least these are true."""
        return self.all_of(self.variable(level) for level in sorted(true, reverse=True))

    def cheapest(self, one: int, weight: Callable[[int], int]) -> frozenset[int] | None:
        """Give the member of which the true levels weigh least (of equals, one that asks little early), or None."""
        done: dict[int, tuple[int, frozenset[int]] | None] = {NOTHING: None, EVERYTHING: (0, frozenset())}

        def go(node: int) -> tuple[int, frozenset[int]] | None:
            if node not in done:
                low, high = go(self.low[node]), go(self.high[node])
                level = self.level[node]
                more = high and (high[0] + weight(level), high[1] | {level})
                done[node] = min((way for way in (low, more) if way), key=lambda way: way[0], default=None)
            return done[node]

        found = go(one)
        return found and found[1]

    def smallest(self, one: int, most: int) -> tuple[list[frozenset[int]], bool]:
        """Give the members of which no other is a part, the shortest first; and whether these are all (at most `most`).

        A member is named by its true levels. Where there are more, any `most` of them are given.
        """
        rising: dict[int, int] = {}
        done: dict[int, list[frozenset[int]]] = {NOTHING: [], EVERYTHING: [frozenset()]}
        complete = True

        def above(node: int) -> int:
            """Everything that contains a member."""
            if node <= EVERYTHING:
                return node
            if node not in rising:
                low, high = above(self.low[node]), above(self.high[node])
                rising[node] = self.make(self.level[node], low, self.either(low, high))
            return rising[node]

        def go(node: int) -> list[frozenset[int]]:
            nonlocal complete
            if node not in done:
                low, level = self.low[node], self.level[node]
                covered = above(low)
                more = [found | {level} for found in go(self.high[node]) if not self.holds(covered, found)]
                every = [*go(low), *more]
                complete = complete and len(every) <= most
                done[node] = every[:most]
            return done[node]

        found = sorted(go(one), key=lambda member: (len(member), sorted(member)))
        return found, complete

    def split(self, one: int, below: int) -> dict[int, int]:
        """Divide by the levels under `below`: what is left to ask -> the set, in those levels, of who come to it."""
        done: dict[int, dict[int, int]] = {}

        def go(node: int) -> dict[int, int]:
            if self.level[node] >= below:
                return {node: EVERYTHING} if node else {}
            if node not in done:
                asked = self.variable(self.level[node])
                found: dict[int, int] = {}
                for part, here in ((self.low[node], self.negate(asked)), (self.high[node], asked)):
                    for rest, way in go(part).items():
                        found[rest] = self.either(found.get(rest, NOTHING), self.both(here, way))
                done[node] = found
            return done[node]

        return go(one)

    def members(self, one: int, levels: list[int]) -> Iterator[frozenset[int]]:
        """Give each member by its true levels, told apart by `levels`. As slow as there are members."""
        if not one:
            return
        if not levels:
            yield frozenset()
            return
        first, rest = levels[0], levels[1:]
        asked = self.level[one] == first
        for part, here in ((self.low[one] if asked else one, ()), (self.high[one] if asked else one, (first,))):
            yield from (frozenset((*here, *more)) for more in self.members(part, rest))
