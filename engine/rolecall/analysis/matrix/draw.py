"""A version of a policy to its matrix, beside another version or by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from rolecall.analysis.diagrams import NOTHING, TooLargeError
from rolecall.analysis.difference import Pairs, Version, sides
from rolecall.analysis.matrix.classes import Layer, Levels, layers, sums
from rolecall.analysis.matrix.model import Answer, Behind, Entry, Matrix, Row, Sheet
from rolecall.analysis.matrix.order import in_order
from rolecall.analysis.people import plain
from rolecall.analysis.space import Crowds, Side, Space, login_of
from rolecall.analysis.space import Row as States
from rolecall.analysis.subtraction import NEW, OLD, Subtraction
from rolecall.table import Half, Table
from rolecall.vocabulary.roles import BUILT_IN_ROLES


def draw(
    new: Version,
    old: Version | None = None,
    types: Iterable[str] | None = None,
    permissions: Iterable[str] | None = None,
) -> Matrix:
    """Draw the matrix of a policy, beside another version where there is one.

    Of all its types and permissions, or of some: who differs in others only is then in one row. Types too large to
    draw are named, with the reason.
    """
    sheets: list[Sheet] = []
    refused: dict[str, str] = {}
    crowds: Crowds = {}
    names = dict.fromkeys([*new.table.types, *(old.table.types if old else ())])
    chosen = None if types is None else frozenset(types)
    columns = None if permissions is None else frozenset(permissions)
    for name in names if chosen is None else [one for one in names if one in chosen]:
        pairs = [(None, new.table)] if old is None else [*sides(old.table, new.table, name)]
        for tables in reversed(pairs):
            try:
                drawing = _Drawing(tables, name, crowds, columns, alone=old is None)
                if drawing.permissions or columns is None:
                    sheets.append(drawing.sheet())
            except TooLargeError as error:
                refused[name] = str(error)
    return Matrix(new, old, tuple(sheets), refused)


class _Rule(msgspec.Struct, frozen=True, eq=False):
    """One bound, divided: whom it speaks of, and in which states it applies."""

    half: Half
    people: int
    states: int


class _Drawing:
    """The sheet of one type in the making."""

    def __init__(
        self,
        tables: tuple[Table | None, Table | None],
        name: str,
        crowds: Crowds,
        columns: frozenset[str] | None,
        *,
        alone: bool,
    ) -> None:
        self.name, self.alone = name, alone
        self.subtraction = Subtraction(tables, name, crowds)
        self.space: Space = self.subtraction.space
        self.d = self.space.d
        self.permissions = tuple(one for one in self.subtraction.permissions if columns is None or one in columns)
        self.bounds = {number: [*self._bounds(number)] for number in (OLD, NEW)}
        levels = frozenset(level for one in self.space.attributes for level in one.levels)
        self.everyone = self.d.forget(self.space.reachable, levels)
        self.pair_levels = [level for level in self.space.levels if level not in levels]
        self.state_levels = sorted(levels)

    def _bounds(self, number: int) -> Iterator[tuple[str, _Rule]]:
        """Give each `min` and `max` that the old or the new version has for the type."""
        place = self.subtraction.place(number)
        side: Side | None = None if place is None else self.space.sides[place]
        if place is None or side is None or side.kind is None:
            return
        space, held = self.space, self.space.certain[place]
        known = NOTHING if space.alike else space.somebody(side, held)
        for which, halves in (("min", side.kind.minima), ("max", side.kind.maxima)):
            for half in halves:
                people = space.holders(half, held, held)
                people = people if space.alike else self.d.both(people, known)
                yield which, _Rule(half, people, space.in_states(side, half))

    def sheet(self) -> Sheet:
        """Give the sheet."""
        d, space = self.d, self.space
        allowed = [
            d.both(self.subtraction.allowed(number, one), space.reachable)
            for one in self.permissions
            for number in (NEW, OLD)
        ]
        every = [self._sorted(layer) for layer in layers(d, self.everyone, allowed, space.first_pair)]
        found, ordered = in_order(d, self.everyone, every, lambda layer: self._told(layer.who[0]))
        keys = _keys([tuple(self.space.pairs(one) for one in layer.who) for layer in found])
        parts = sums(self.d, found)
        rows = [
            self._row(layer, key, tuple(keys[one] for one in several))
            for layer, key, several in zip(found, keys, parts, strict=True)
        ]
        kind = next(iter(space.kinds))
        return Sheet(
            self.name,
            kind.within,
            self.permissions,
            {one.name: one.values for one in space.attributes},
            d.count(self.everyone, self.pair_levels),
            d.count(space.states, self.state_levels),
            tuple(rows),
            ordered,
            self._note(),
        )

    def _note(self) -> str:
        if self.alone:
            return ""
        there = [self.subtraction.tables[number] for number in (OLD, NEW)]
        has = [table is not None and self.name in table.types for table in there]
        return "" if all(has) else "only in the new version" if has[1] else "only in the old version"

    # rows in their order

    def _sorted(self, layer: Layer) -> Layer:
        """Name the combinations of a layer in the order in which one would tell them."""
        who, unless = (tuple(sorted(several, key=self._told)) for several in (layer.who, layer.unless))
        return msgspec.structs.replace(layer, who=who, unless=unless)

    def _told(self, levels: Levels) -> tuple[object, ...]:
        """Order combinations as one would tell them: one role before several, Clever's before the policy's own."""
        pairs = plain(self.space.pairs(levels))
        logins = sorted({_rank(login_of(role)) for role, _ in pairs})
        return len(logins), logins, [(_rank(role), scope) for role, scope in pairs], sorted(levels)

    # cells

    def _row(self, layer: Layer, key: str, parts: tuple[str, ...]) -> Row:
        entries = []
        for number, permission in enumerate(self.permissions):
            new, old = layer.states[2 * number], layer.states[2 * number + 1]
            entries.append(self._entry(layer, permission, new, new if self.alone else old))
        return Row(
            key,
            tuple(self.space.pairs(one) for one in layer.who),
            tuple(self.space.pairs(one) for one in layer.unless),
            self.d.count(layer.people, self.pair_levels),
            tuple(entries),
            parts,
        )

    def _entry(self, layer: Layer, permission: str, new: int, old: int) -> Entry:
        d = self.d
        answer: Answer = "no" if not new else "yes" if new == self.space.states else "depends"
        gained, lost = d.without(new, old), d.without(old, new)
        said = self._alternatives
        rules = tuple(self._behind(NEW, layer.people, permission))
        was = tuple(self._behind(OLD, layer.people, permission)) if gained or lost else ()
        return Entry(permission, answer, said(new), rules, said(gained), said(lost), was)

    def _behind(self, number: int, people: int, permission: str) -> Iterator[Behind]:
        """Give the rules that give the permission to people, then those that take it from them."""
        d = self.d
        given: list[_Rule] = []
        for which, rule in self.bounds[number]:
            place = self.subtraction.place(number)
            kind = None if place is None else self.space.sides[place].kind
            if kind is None or permission not in kind.known:
                return
            has = bool(rule.half.permissions >> kind.permissions.index(permission) & 1)
            mine = d.both(people, rule.people)
            states = d.both(rule.states, self.space.states)
            if which == "min" and has and mine and states:
                given.append(rule)
                yield Behind(rule.half.rule, "gives", mine == people, self._alternatives(states))
            elif which == "max" and not has and mine and states:
                cut = [d.both(one.states, states) for one in given if d.both(one.people, mine)]
                if takes := d.any_of(cut):
                    yield Behind(rule.half.rule, "takes away", mine == people, self._alternatives(takes))

    def _alternatives(self, states: int) -> tuple[States, ...]:
        return tuple(self.space.alternatives(states))


def _keys(found: Iterable[tuple[Pairs, ...]]) -> list[str]:
    """Name rows by their first combination: as one says it, or whole where that would name two rows alike."""
    firsts = [who[0] for who in found]
    short = [_key(plain(one)) for one in firsts]
    return [one if short.count(one) == 1 else _key(whole) for one, whole in zip(short, firsts, strict=True)]


def _key(pairs: Iterable[tuple[str, str]]) -> str:
    """Write pairs as a part of an address: letters, digits, `_`, `-` and `+`, and no two alike."""
    said = (f"{role}-{scope if scope.startswith('anywhere') else f'at-{scope}'}" for role, scope in pairs)
    return "+".join(said).replace(":", "-") or "everyone"


def _rank(role: str) -> tuple[int, str]:
    return (BUILT_IN_ROLES.index(role), "") if role in BUILT_IN_ROLES else (len(BUILT_IN_ROLES), role)
