"""What a rule does to the cells of one type, decided over all of them, doubt and acting as fewer roles included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from rolecall.analysis.diagrams import NOTHING
from rolecall.analysis.space import Crowds, Held, Space
from rolecall.analysis.subtraction import Doubted
from rolecall.table import Half, Table, TypeTable


class Exact:
    """One type of a table."""

    def __init__(self, table: Table, name: str, crowds: Crowds) -> None:
        """Nothing is worked out before it is asked for."""
        self.table, self.kind, self.crowds = table, table.types[name], crowds
        self.doubted = Doubted((None, table), name, crowds)

    @cached_property
    def plain(self) -> Space:
        """The reachable cells, doubt left aside."""
        return Space([self.table], self.kind.name, crowds=self.crowds)

    @cached_property
    def space(self) -> Space:
        """The cells with doubt."""
        return self.doubted.space

    @cached_property
    def people(self) -> int:
        """All who can be."""
        return self.doubted.people

    @cached_property
    def held(self) -> tuple[Held, Held]:
        """What they hold beyond doubt and act as; and what they hold at all."""
        return self.doubted.gives[0], self.space.certain[0]

    def applies(self, half: Half) -> int:
        """Give the cells in which a bound applies, doubt minded: a `min` asks what is beyond doubt, a `max` all."""
        gives, takes = self.held
        asked, against = (takes, gives) if half in self.kind.maxima else (gives, takes)
        return self.space.applies(self.space.sides[0], half, asked, against)

    def allowed(self, permission: str) -> int:
        """Give the reachable cells in which a permission is allowed, doubt left aside."""
        return self.plain.d.both(self.plain.allowed(0, permission), self.plain.reachable)

    @cached_property
    def needed(self) -> frozenset[str]:
        """The rules without which some cell would differ, doubtful roles and acting as fewer included."""
        return frozenset(name for bit in self._bits for name in self._needed(bit))

    @property
    def _bits(self) -> Iterator[int]:
        return (1 << number for number in range(len(self.kind.permissions)))

    def _needed(self, bit: int) -> Iterator[str]:
        """Give the rules that one permission cannot do without."""
        d = self.space.d
        floors = [(half.rule.id, self.applies(half)) for half in self.kind.minima if half.permissions & bit]
        ceilings = [(half.rule.id, self.applies(half)) for half in self.kind.maxima if not half.permissions & bit]
        given = d.any_of(cells for _, cells in floors)
        taken = d.any_of(cells for _, cells in ceilings)
        both = {name for name, _ in floors} & {name for name, _ in ceilings}
        free = d.without(self.people, taken)
        for name, others in self._others(floors):
            if name not in both and d.both(free, d.without(given, others)):
                yield name
        here = d.both(self.people, given)
        for name, others in self._others(ceilings):
            if name not in both and d.both(here, d.without(taken, others)):
                yield name
        allowed = d.both(free, given)
        for name in both:
            low, high = (d.any_of(cells for other, cells in several if other != name) for several in (floors, ceilings))
            if d.both(self.people, d.without(low, high)) != allowed:
                yield name

    def _others(self, several: list[tuple[str, int]]) -> Iterator[tuple[str, int]]:
        """Give each rule with what all the others do together."""
        d = self.space.d
        after = [NOTHING]
        for _, cells in reversed(several):
            after.append(d.either(after[-1], cells))
        after.reverse()
        before = NOTHING
        for number, (name, cells) in enumerate(several):
            yield name, d.either(before, after[number + 1])
            before = d.either(before, cells)

    def covers(self, half: Half) -> Iterator[str]:
        """Give the other floors that give something of this one's to somebody of whom it speaks."""
        for other in self.kind.minima:
            if other is not half and other.permissions & half.permissions and self._meet(other, half):
                yield other.rule.id

    def _meet(self, one: Half, other: Half) -> bool:
        return self.space.d.all_of([self.applies(one), self.applies(other), self.people]) != NOTHING

    def within(self, half: Half, other: Half) -> bool:
        """Say whether a floor does all that another one does."""
        d = self.space.d
        return not half.permissions & ~other.permissions and not d.both(
            self.people, d.without(self.applies(half), self.applies(other))
        )

    def cell_of(self, mask: int) -> int:
        """Give the reachable cells of somebody who holds exactly these pairs, in every state."""
        space, d = self.plain, self.plain.d
        true = {level for bit, level in space.sides[0].level.items() if bit & mask}
        parts = [space.states]
        asked = ((level, d.variable(level)) for level in sorted(space.asked, reverse=True))
        parts += (bit if level in true else d.negate(bit) for level, bit in asked)
        return d.all_of(parts)

    def taken(self, half: Half, cells: int) -> list[str]:
        """Give the permissions that a ceiling alone takes away somewhere in these cells, doubt left aside."""
        space, d = self.plain, self.plain.d
        held = space.certain[0]
        here = d.both(cells, space.applies(space.sides[0], half, held, held))
        found = []
        for number, permission in enumerate(self.kind.permissions):
            if half.permissions >> number & 1 or not here:
                continue
            floors = self._any(half for half in self.kind.minima if half.permissions >> number & 1)
            others = self._any(one for one in self.kind.maxima if one is not half and not one.permissions >> number & 1)
            if d.both(here, d.without(floors, others)):
                found.append(permission)
        return found

    def _any(self, halves: Iterable[Half]) -> int:
        space = self.plain
        held = space.certain[0]
        return space.d.any_of(space.applies(space.sides[0], half, held, held) for half in halves)

    def example(self, cells: int) -> tuple[tuple[str, str], ...]:
        """Give the roles of somebody in these cells of `plain` who holds few."""
        member = self.plain.d.cheapest(cells, lambda _: 1) or frozenset()
        return tuple((v.role, v.scope) for level, v in self.plain.variables.items() if level in member)


def halves(table: Table, rule: str) -> Iterator[tuple[TypeTable, bool, Half]]:
    """Give every bound of a rule, by type, and whether it is a `max`."""
    for kind in table.types.values():
        for ceiling, several in ((False, kind.minima), (True, kind.maxima)):
            for half in several:
                if half.rule.id == rule:
                    yield kind, ceiling, half
