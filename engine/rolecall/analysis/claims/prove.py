"""Claims to verdicts: each decided over all cells by subtracting sets of them (see `space`), whatever their number.

Doubt and acting as fewer roles are left aside, as wherever cells are counted: neither ever adds, so what nobody may do
is not had that way either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Literal

import msgspec

from rolecall.analysis import people
from rolecall.analysis.claims.counter import Case, Counterexample, case_of, smallest, test_of
from rolecall.analysis.claims.model import Claim
from rolecall.analysis.claims.separate import apart
from rolecall.analysis.diagrams import EVERYTHING, NOTHING, TooLargeError
from rolecall.analysis.space import Crowds, Space, bits, held_all
from rolecall.compiler.sets import Sets
from rolecall.policy import ALL, Bound, Combination, PermissionSet, Policy, knows
from rolecall.table import Table, TypeTable

Answer = Literal["proven", "false", "vacuous", "undecided"]


class Verdict(msgspec.Struct, frozen=True, eq=False):
    """What was decided about a claim, over how many cells, counted by type; a type of which it says nothing has none.

    A claim that speaks of no cell at all is vacuous: true, and of no use. `why` says why nothing could be decided.
    """

    claim: Claim
    answer: Answer
    cells: dict[str, int]
    counterexample: Counterexample | None = None
    why: str = ""


class Matter(msgspec.Struct, frozen=True, eq=False):
    """A claim against a policy and its table, of one resource type: the cells it speaks of, those where it is false."""

    space: Space
    spoken_of: int
    wrong: dict[str, int]


def prove(claims: Iterable[Claim], policy: Policy, table: Table) -> Iterator[Verdict]:
    """Decide each claim."""
    prover = Prover(policy, table)
    for claim in claims:
        try:
            yield prover.decide(claim)
        except TooLargeError as error:
            yield Verdict(claim, "undecided", {}, why=str(error))


class Prover:
    """Decides claims about one table."""

    def __init__(self, policy: Policy, table: Table) -> None:
        """Spaces are made as they are asked for."""
        self.policy, self.table, self.sets = policy, table, Sets(policy)
        self.spaces: dict[str, Space] = {}
        self.crowds: Crowds = {}

    def decide(self, claim: Claim) -> Verdict:
        """Decide one claim."""
        if claim.kind == "separation" and claim.where == "district":
            return self._apart(claim)
        cells: dict[str, int] = {}
        found: list[tuple[int, int, str, Matter, frozenset[int]]] = []
        for order, name in enumerate(claim.types):
            matter = self._matter(claim, name)
            cells[name] = self._count(claim, matter.space, matter.spoken_of)
            for permission, wrong in matter.wrong.items():
                member = smallest(matter.space, wrong)
                if member is not None:
                    pairs = sum(level in matter.space.variables for level in member)
                    found.append((pairs, order, permission, matter, member))
        if found:
            _, _, permission, matter, member = min(found, key=lambda one: one[:3])
            return Verdict(claim, "false", cells, self._counterexample(claim, permission, matter, member))
        return Verdict(claim, "proven" if any(cells.values()) else "vacuous", cells)

    def _space(self, name: str) -> Space:
        """Give the cells of a type; what was worked out for one claim serves the next."""
        if name not in self.spaces:
            self.spaces[name] = Space([self.table], name, crowds=self.crowds)
        return self.spaces[name]

    def _matter(self, claim: Claim, name: str) -> Matter:
        """Find the cells of a type that a claim speaks of, and for each permission those where it is false."""
        space, kind = self._space(name), self.table.types[name]
        masks = [plain(bound, self.policy, self.sets).get(name, 0) for bound in claim.sets]
        if claim.kind in ("never", "always", "separation"):
            here = space.d.both(self._who(claim, space, space.certain[0]), space.people)
            spoken_of = space.d.all_of([here, self._states(claim, space), space.states])
            return self._of_one(claim, space, kind, masks, spoken_of)
        return self._of_two(claim, space, kind, masks[0] if masks else (1 << len(kind.permissions)) - 1)

    def _of_one(self, claim: Claim, space: Space, kind: TypeTable, masks: list[int], spoken_of: int) -> Matter:
        d = space.d
        if not all(masks):
            return Matter(space, NOTHING, {})
        allowed = {name: space.allowed(0, name) for name in chosen(kind, masks[0] | masks[-1])}
        if claim.kind == "never":
            wrong = {name: d.both(spoken_of, allowed[name]) for name in chosen(kind, masks[0])}
        elif claim.kind == "always":
            wrong = {name: d.without(spoken_of, allowed[name]) for name in chosen(kind, masks[0])}
        else:
            pairs = product(chosen(kind, masks[0]), chosen(kind, masks[1]))
            both = {(one, other): d.all_of([spoken_of, allowed[one], allowed[other]]) for one, other in pairs}
            wrong = {f"{one} {other}": cells for (one, other), cells in both.items()}
            anybody = [d.any_of(d.both(spoken_of, allowed[name]) for name in chosen(kind, mask)) for mask in masks]
            spoken_of = d.any_of(anybody) if all(anybody) else NOTHING
        return Matter(space, spoken_of, wrong)

    def _of_two(self, claim: Claim, space: Space, kind: TypeTable, mask: int) -> Matter:
        """Compare what somebody gets who gains the one with what they get who gains the other, or nothing."""
        d = space.d
        pairs = [bit for one in claim.combinations for bit in bits(self.table.atoms.mask(one.pairs))]
        if not all(bit in space.sides[0].level for bit in pairs):
            return Matter(space, NOTHING, {})  # around such a resource there is no such place
        first, second = self._gained(claim, space)
        laws = [self._states(claim, space), space.states]
        for held in (space.certain[0], first, second):
            laws += [space.closed(space.sides[0], held), space.consistent(space.sides[0], held)]
        for held in (first, second):
            laws.append(self._who(claim, space, held))
        spoken_of = d.all_of([*laws, space.somebody(space.sides[0], first)])
        # Who holds both already is not told apart by them; who holds one already gains nothing by it.
        spoken_of = d.without(
            spoken_of,
            d.all_of(held_all(d, space.certain[0], self.table.atoms.mask(one.pairs)) for one in claim.combinations),
        )
        wrong = {}
        for name in chosen(kind, mask):
            one = space.allowed(0, name, first)
            # Whoever has no role may do nothing, whatever rules there are for everyone.
            other = d.both(space.allowed(0, name, second), space.somebody(space.sides[0], second))
            less = d.both(spoken_of, d.without(other, one))
            wrong[name] = d.either(less, d.both(spoken_of, d.without(one, other))) if claim.kind == "same" else less
        return Matter(space, spoken_of if mask else NOTHING, wrong)

    def _gained(self, claim: Claim, space: Space) -> tuple[dict[int, int], dict[int, int]]:
        """Give what somebody holds who gains the first combination, and who gains the second, or nothing."""
        first = self._with(space, claim.combinations[0])
        second = self._with(space, claim.combinations[1]) if len(claim.combinations) > 1 else space.certain[0]
        return first, second

    def _with(self, space: Space, combination: Combination) -> dict[int, int]:
        """Give what somebody holds who gains a combination: what they held, it, and what comes with all that."""
        d, side = space.d, space.sides[0]
        held = dict(space.certain[0])
        held |= dict.fromkeys(bits(self.table.atoms.mask(combination.pairs)), EVERYTHING)
        before: dict[int, int] = {}
        while before != held:
            before = dict(held)
            for when, then in side.reach.rules:
                also = held_all(d, held, when)
                for bit in bits(then):
                    if bit in held:
                        held[bit] = d.either(held[bit], also)
        return held

    def _who(self, claim: Claim, space: Space, held: dict[int, int]) -> int:
        """Give all of whom the claim speaks."""
        d, atoms = space.d, self.table.atoms
        when = EVERYTHING
        if claim.when is not None:
            when = d.any_of(held_all(d, held, atoms.mask(one.pairs)) for one in claim.when)
        return d.without(when, d.any_of(held_all(d, held, atoms.mask(one.pairs)) for one in claim.unless))

    def _states(self, claim: Claim, space: Space) -> int:
        """Give the states of which the claim speaks; an attribute that no rule asks about tells nothing apart."""
        found = EVERYTHING
        for state in claim.states:
            for one in space.attributes:
                if one.name == state.attribute:
                    numbers = [n for n, value in enumerate(one.values, 1) if knows(state.values, value)]
                    numbers += [0] if None in state.values else []
                    found = space.d.both(found, space.d.any_of(space.state(one, number) for number in numbers))
        return found

    def _count(self, claim: Claim, space: Space, cells: int) -> int:
        """Count cells, told apart by what the rules and the claim ask about."""
        asked = {
            space.sides[0].level[bit]
            for one in (*(claim.when or ()), *claim.unless, *claim.combinations)
            for bit in bits(self.table.atoms.mask(one.pairs))
            if bit in space.sides[0].level
        }
        hidden = frozenset(space.variables) - space.asked - asked
        return space.d.count(space.d.forget(cells, hidden), [*{*space.levels, *asked}])

    def _counterexample(self, claim: Claim, permission: str, matter: Matter, member: frozenset[int]) -> Counterexample:
        """Tell of somebody of whom the claim is false."""
        space = matter.space
        if claim.kind in ("never", "always", "separation"):
            case, beside = case_of(self.table, space, member), None
        else:
            first, second = self._gained(claim, space)
            case, beside = case_of(self.table, space, member, first), case_of(self.table, space, member, second)
        text, expected = _said(claim, permission, case, beside)
        return Counterexample(permission, case, beside, text, test_of(self.table, case, claim.because, expected))

    def _apart(self, claim: Claim) -> Verdict:
        """Decide a separation in a whole district."""
        masks = [plain(bound, self.policy, self.sets) for bound in claim.sets]
        sides = []
        for mask in masks:
            side = []
            for name in claim.types:
                if not mask.get(name, 0):
                    continue
                space, kind = self._space(name), self.table.types[name]
                here = [
                    self._who(claim, space, space.certain[0]),
                    space.people,
                    self._states(claim, space),
                    space.states,
                ]
                side += [
                    (space, permission, space.d.all_of([*here, space.allowed(0, permission)]))
                    for permission in chosen(kind, mask[name])
                ]
            sides.append(side)
        cells = dict.fromkeys(claim.types, 0)
        for space, _, members in (*sides[0], *sides[1]):
            cells[space.name] = max(cells[space.name], self._count(claim, space, members))
        if not all(any(members for _, _, members in side) for side in sides):
            return Verdict(claim, "vacuous", dict.fromkeys(claim.types, 0))
        found = apart(sides[0], sides[1])
        if found is None:
            return Verdict(claim, "proven", cells)
        (space, one, member), (other_space, other, other_member) = found
        case, beside = case_of(self.table, space, member), case_of(self.table, other_space, other_member)
        text = f"{case.sentence}, may `{one}`; and as {beside.sentence}, `{other}`"
        return Verdict(claim, "false", cells, Counterexample(f"{one} {other}", case, beside, text, ()))


def chosen(kind: TypeTable, mask: int) -> list[str]:
    """Give the permissions in a mask, in the author's order."""
    return [name for number, name in enumerate(kind.permissions) if mask >> number & 1]


def plain(bound: Bound, policy: Policy, sets: Sets) -> dict[str, int]:
    """Give a set for a claim, type to mask: what is listed means itself, a named set all that it gives."""
    total: dict[str, int] = {}
    for one in bound.sets:
        if not isinstance(one, PermissionSet):
            found = sets.work_out(one)
        else:
            found = dict(sets.union(one.include))
            for kind, listed in one.permissions.items():
                found[kind] = found.get(kind, 0) | _mask(policy, kind, listed)
            for kind, listed in one.excluded.items():
                found[kind] = found.get(kind, 0) & ~_mask(policy, kind, listed)
        for kind, mask in found.items():
            total[kind] = total.get(kind, 0) | mask
    return total


def _mask(policy: Policy, kind: str, listed: tuple[str, ...] | str) -> int:
    every = [*policy.resources[kind].permissions]
    return sum(1 << number for number, name in enumerate(every) if listed == ALL or name in listed)


def _said(claim: Claim, permission: str, case: Case, beside: Case | None) -> tuple[str, dict[str, bool]]:
    """Say what is wrong, and what a test should expect in its place."""
    if claim.kind == "never":
        return f"{case.sentence}, may `{permission}`", {permission: False}
    if claim.kind == "always":
        return f"{case.sentence}, may not `{permission}`", {permission: True}
    if beside is None:
        one, other = permission.split(" ")
        both = one if one == other else f"{one}` and `{other}"
        return f"{case.sentence}, may `{both}`", {other: False}
    has = permission in case.cell.permissions
    who = people.person(beside.who) if beside.who else "somebody without a role"
    if claim.kind == "monotone":
        on = people.resource(case.type, case.values)
        return f"{who}, on {on}, may `{permission}`; as {people.person(case.who)} not any more", {permission: True}
    word = "may" if has else "may not"
    return f"{case.sentence}, {word} `{permission}`; {who} {'may not' if has else 'may'}", {permission: not has}
