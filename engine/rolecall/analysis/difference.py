"""Two policies subtracted: who gains or loses which permissions on what, in which states, because of which edit.

The subtraction is of sets of cells (see `space`), so it is exact and complete at any size: what is told covers every
reachable cell that differs, and "no change in meaning" is a proof. It holds for doubtful roles and for acting as fewer
roles too: where two policies answer alike but for these, `doubts` says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from rolecall.analysis.diagrams import NOTHING
from rolecall.analysis.edits import Declared, Edited, declared, edited
from rolecall.analysis.space import Crowds, Row, Space
from rolecall.analysis.subtraction import NEW, OLD, Direction, Doubted, Subtraction
from rolecall.compiler import load_table, table_sizes
from rolecall.policy import Policy
from rolecall.table import Table
from rolecall.vocabulary.reasons import RuleRef

MOST: Final = 1000
"""How many smallest combinations of one kind of change are told apart; `Change.complete` says whether these are all."""

Does = Literal["gives", "gives no longer", "takes away", "takes away no longer"]
Pairs = tuple[tuple[str, str], ...]


class Version(msgspec.Struct, frozen=True, eq=False):
    """One version of a policy: what was written, and its table."""

    policy: Policy
    table: Table

    @classmethod
    def of(cls, policy: Policy) -> Version:
        """Compile a policy; raises `PolicyError` where it has errors."""
        return cls(policy, load_table(policy))


class Cause(msgspec.Struct, frozen=True):
    """A rule behind a change: what it does now, and how it was edited; None where it and all it names are as before."""

    rule: RuleRef
    does: Does
    edit: Edited | None


class Change(msgspec.Struct, frozen=True, eq=False):
    """One kind of change: whoever holds at least `who`, and none of `unless`, gains or loses these in these states.

    `unless` are combinations that contain `who`. `states` are alternatives, each attribute with its values (None is
    unknown); an empty row is every state. Where `exact` is false, some who hold more still, or hold one of `unless`,
    are to be told apart further; `Difference.cells` counts every one of them all the same.
    """

    type: str
    direction: Direction
    permissions: tuple[str, ...]
    who: Pairs
    unless: tuple[Pairs, ...]
    states: tuple[Row, ...]
    exact: bool
    causes: tuple[Cause, ...]


class Doubt(msgspec.Struct, frozen=True):
    """A permission that nobody gains (or loses) but people whose roles are doubtful, or who act as fewer.

    `who` is the smallest of them.
    """

    type: str
    direction: Direction
    permission: str
    who: Pairs
    causes: tuple[Cause, ...] = ()


class Cells(msgspec.Struct, frozen=True):
    """Of one type: how many reachable cells there are in the two versions together, and how many differ."""

    reachable: int
    gained: int
    lost: int


class Difference(msgspec.Struct, frozen=True, eq=False):
    """What an edit does. `unchanged` is proven: no cell differs, and nothing that decides is declared anew.

    `shifted` are the permissions (`section.edit`) that somebody gains or loses at the hours at which terms begin and
    end, where the time zone is another one: the cells are the same, and a class is in one of them earlier or later.
    """

    old: Version
    new: Version
    declared: tuple[Declared, ...]
    edited: dict[str, Edited]
    changes: tuple[Change, ...]
    doubts: tuple[Doubt, ...]
    cells: dict[str, Cells]
    complete: bool = True
    shifted: tuple[str, ...] = ()

    @property
    def unchanged(self) -> bool:
        """Whether every question has the same answer in both versions."""
        return not self.changes and not self.doubts and not any(one.means for one in self.declared)

    @property
    def idle(self) -> tuple[Edited, ...]:
        """The edited rules that are behind no change: had only they been edited, nothing would differ."""
        causes = [cause for change in self.changes for cause in change.causes]
        causes += [cause for doubt in self.doubts for cause in doubt.causes]
        busy = {cause.rule.id for cause in causes}
        return tuple(one for name, one in self.edited.items() if name not in busy)


def compare(old: Version, new: Version) -> Difference:
    """Subtract two versions; raises `TooLargeError` where that cannot be decided."""
    terms = any(kind.term for one in (old, new) for kind in one.table.types.values())
    edits = edited(old.policy, new.policy)
    changes: list[Change] = []
    doubts: list[Doubt] = []
    cells: dict[str, Cells] = {}
    complete, another_zone = True, old.policy.timezone != new.policy.timezone
    shifted: dict[str, None] = {}
    crowds: Crowds = {}
    for name in dict.fromkeys([*new.table.types, *old.table.types]):
        for pair in sides(old.table, new.table, name):
            one = _Type(pair, name, edits, crowds)
            changes += one.changes()
            doubts += one.doubts()
            complete = complete and one.complete
            shifted |= dict.fromkeys(one.shifted() if another_zone else ())
            before = cells.get(name, Cells(0, 0, 0))
            mine = one.cells()
            cells[name] = Cells(*map(sum, zip(_numbers(before), _numbers(mine), strict=True)))
    found = tuple(declared(old.policy, new.policy, terms=terms))
    return Difference(old, new, found, edits, tuple(changes), tuple(doubts), cells, complete, tuple(shifted))


def same_meaning(old: Table, new: Table) -> bool:
    """Say whether two tables answer every question alike: of all types, doubtful roles and acting as fewer included."""
    if old.types.keys() != new.types.keys() or old.atoms.pairs != new.atoms.pairs:
        return False
    crowds: Crowds = {}
    for name, kind in old.types.items():
        other = new.types[name]
        if kind.within != other.within or kind.permissions != other.permissions:
            return False
        if Subtraction((old, new), name, crowds).differs or Doubted((old, new), name, crowds).differs:
            return False
    return True


def sides(old: Table, new: Table, name: str) -> Iterator[tuple[Table | None, Table | None]]:
    """Give the tables of a type that can be compared: of one that lies elsewhere now, each with nothing."""
    before, after = old.types.get(name), new.types.get(name)
    if before and after and before.within != after.within:
        yield old, None
        yield None, new
    else:
        yield old, new


def _numbers(cells: Cells) -> tuple[int, int, int]:
    return cells.reachable, cells.gained, cells.lost


class _Type:
    """What is to be told of one resource type."""

    def __init__(
        self, tables: tuple[Table | None, Table | None], name: str, edits: dict[str, Edited], crowds: Crowds
    ) -> None:
        self.name, self.edits, self.complete = name, edits, True
        self.subtraction, self.doubted = Subtraction(tables, name, crowds), Doubted(tables, name, crowds)
        self.moved = self.subtraction.moved

    @property
    def space(self) -> Space:
        """The cells of both tables together."""
        return self.subtraction.space

    def cells(self) -> Cells:
        """Count the cells, and those that differ."""
        if self.subtraction.same:
            return Cells(table_sizes(self.subtraction.there[0])[self.name], 0, 0)
        d, space = self.subtraction.space.d, self.subtraction.space
        sets: dict[Direction, int] = {"gained": NOTHING, "lost": NOTHING}
        for both in self.moved.values():
            for direction, cells in both.items():
                sets[direction] = d.either(sets[direction], cells)
        total, gained, lost = (d.count(one, space.levels) for one in (space.reachable, *sets.values()))
        return Cells(total, gained, lost)

    def changes(self) -> Iterator[Change]:
        """Give every change; permissions that change alike, and for the same reason, are told together."""
        found: dict[object, tuple[Change, list[str]]] = {}
        for permission, both in self.moved.items():
            for direction, cells in both.items():
                for change in self._of(permission, direction, cells):
                    rules = tuple((cause.rule.id, cause.does) for cause in change.causes)
                    key = (direction, change.who, change.unless, repr(change.states), change.exact, rules)
                    found.setdefault(key, (change, []))[1].append(permission)
        for change, permissions in found.values():
            yield msgspec.structs.replace(change, permissions=tuple(permissions))

    def shifted(self) -> Iterator[str]:
        """Give the permissions about which the term decides, for somebody in some version, in doubt too."""
        space, d = self.doubted.space, self.doubted.space.d
        term = frozenset(level for one in space.attributes if one.name == "term" for level in one.levels)
        for permission in self.subtraction.permissions if term else ():
            for number in (OLD, NEW):
                allowed = d.both(self.doubted.allowed(number, permission), self.doubted.people)
                denied = d.without(self.doubted.people, allowed)
                if d.both(d.forget(allowed, term), d.forget(denied, term)):
                    yield f"{self.name}.{permission}"

    def _of(self, permission: str, direction: Direction, cells: int) -> Iterator[Change]:
        """Give the changes of one permission: its cells by what the state leaves to ask of the roles."""
        space, d = self.space, self.space.d
        everyone = d.forget(space.reachable, frozenset(level for one in space.attributes for level in one.levels))
        for roles, states in d.split(cells, space.first_pair).items():
            smallest, complete = d.smallest(roles, MOST)
            self.complete = self.complete and complete
            rows = tuple(space.alternatives(states))
            for who in smallest:
                others = d.both(d.without(everyone, roles), d.around(who))
                unless, all_told = d.smallest(others, MOST)
                told = d.without(d.both(everyone, d.around(who)), d.any_of(d.around(one) for one in unless))
                exact = all_told and told == d.both(roles, d.around(who))
                here = d.all_of([roles, states, self.space.reachable, d.around(who)])
                causes = self._causes(self.subtraction, permission, direction, here)
                pairs = tuple(space.pairs(one) for one in unless)
                yield Change(self.name, direction, (), space.pairs(who), pairs, rows, exact, causes)

    def _causes(self, found_in: Subtraction, permission: str, direction: Direction, cells: int) -> tuple[Cause, ...]:
        """Give the rules behind a change in these cells: what they do there they did not do before, or do no longer."""
        return tuple(cause for cause, _ in self._moving(found_in, permission, direction, cells))

    def _moving(
        self, found_in: Subtraction, permission: str, direction: Direction, cells: int
    ) -> Iterator[tuple[Cause, int]]:
        """Give those rules, each with the cells in which it does so.

        A rule that gives in addition to others, which give as before, is none of them: then nothing would have changed.
        """
        d, gained = found_in.space.d, direction == "gained"
        for side in ("minima", "maxima"):
            old, new = (_bounds(found_in, number, side, permission) for number in (OLD, NEW))
            # What is gained is given now, or no longer taken away; what is lost, the other way round.
            more, less = (new, old) if gained == (side == "minima") else (old, new)
            does: Does = "gives" if side == "minima" else "takes away"
            if more is old:
                does = "gives no longer" if side == "minima" else "takes away no longer"
            for name, (rule, applies) in more.items():
                before = less[name][1] if name in less else NOTHING
                if moving := d.both(cells, d.without(applies, before)):
                    yield Cause(rule, does, self.edits.get(name)), moving

    def _in_doubt(self, permission: str, direction: Direction, cells: int) -> int:
        """Give the cells in which something changes by none of the rules that are told of people beyond doubt."""
        moved = self.doubted.moved[permission][direction]
        if not cells or not moved:
            return moved
        told = {(one.rule.id, one.does) for one in self._causes(self.subtraction, permission, direction, cells)}
        d, by = self.doubted.space.d, dict[bool, list[int]]({True: [], False: []})
        for one, there in self._moving(self.doubted, permission, direction, moved):
            by[(one.rule.id, one.does) in told].append(there)
        return d.without(d.any_of(by[False]), d.any_of(by[True]))

    def doubts(self) -> Iterator[Doubt]:
        """Give what only people in doubt, or who act as fewer roles, gain or lose: at all, or by rules of their own."""
        ways: tuple[Direction, ...] = ("gained", "lost")
        for permission, both in self.moved.items():
            for direction in ways:
                cells = self._in_doubt(permission, direction, both[direction])
                example = self.doubted.space.d.cheapest(cells, lambda _: 1) if cells else None
                if example is not None:
                    known = self.doubted.space.variables
                    pairs = [(known[one].role, known[one].scope) for one in sorted(example) if one in known]
                    causes = self._causes(self.doubted, permission, direction, cells)
                    yield Doubt(self.name, direction, permission, tuple(dict.fromkeys(pairs)), causes)


def _bounds(found_in: Subtraction, number: int, which: str, permission: str) -> dict[str, tuple[RuleRef, int]]:
    """Give the cells in which each rule gives the permission (`minima`), or takes it away (`maxima`)."""
    place = found_in.place(number)
    side = None if place is None else found_in.space.sides[place]
    if place is None or side is None or side.kind is None or permission not in side.kind.known:
        return {}
    bit, gives, takes = 1 << side.kind.permissions.index(permission), *found_in.held(place)
    asked, halves = ((gives, takes), side.kind.minima) if which == "minima" else ((takes, gives), side.kind.maxima)
    return {
        half.rule.id: (half.rule, found_in.space.applies(side, half, *asked))
        for half in halves
        if bool(half.permissions & bit) == (which == "minima")
    }
