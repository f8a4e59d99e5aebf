"""History under another policy, or under two: which past decisions would have been others, and by which rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from rolecall.audit.blobs import cell_blob, read_blob
from rolecall.audit.entry import Entry
from rolecall.audit.rebuild import Blobs, Rebuilder, room
from rolecall.errors import AuditError, RolecallError
from rolecall.table import Table
from rolecall.vocabulary.reasons import Cell

EXAMPLES: Final = 5
"""How many decisions a group names."""


class Move(msgspec.Struct, frozen=True, order=True):
    """What a rule does otherwise: it `gives`, `gives no more`, `takes away` or `takes away no more`.

    Where no rule does, `rule` is the reason code of the new answer, and `at` is empty.
    """

    verb: str
    rule: str
    at: str = ""


class Shift(msgspec.Struct, frozen=True):
    """A past decision that would have been another: what would be gained and lost of what was asked, and by what."""

    entry: Entry
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    moves: tuple[Move, ...]
    code: str


class Group(msgspec.Struct):
    """The shifts that are alike: of one type, the same permissions gained and lost, by the same rules."""

    type: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    moves: tuple[Move, ...]
    decisions: int = 0
    people: set[str] = msgspec.field(default_factory=set)
    resources: set[str] = msgspec.field(default_factory=set)
    first_ns: int = 0
    last_ns: int = 0
    examples: list[str] = msgspec.field(default_factory=list)


class WhatIf(msgspec.Struct):
    """What came of it, counted while it runs.

    Of `records` decisions `same` are the same, and `other` of these only in what was asked: what else the person might
    do there is not. `different` would have been others. `unknown` counts by reason those that cannot be compared.
    """

    records: int = 0
    same: int = 0
    other: int = 0
    different: int = 0
    unknown: Counter[str] = msgspec.field(default_factory=Counter)
    unrecorded: Counter[str] = msgspec.field(default_factory=Counter)
    groups: dict[object, Group] = msgspec.field(default_factory=dict)

    def ordered(self) -> list[Group]:
        """Give the groups, what is gained first, the largest first."""
        return sorted(self.groups.values(), key=lambda one: (not one.gained, -one.decisions, one.type, one.moves))


def what_if(entries: Iterable[Entry], blobs: Blobs, table: Table, tally: WhatIf) -> Iterator[Shift]:
    """Decide each record by another table and give those that would be others, in order; `tally` counts along.

    Compared is what was asked: the one permission, or all of the type where none was.
    """
    rebuilder = Rebuilder(blobs)

    def both(entry: Entry) -> tuple[Mapping[str, Any], Cell]:
        return rebuilder.blob(entry.cell, "cell"), rebuilder.cell(entry, table)

    return _shifts(entries, both, tally)


def between(entries: Iterable[Entry], blobs: Blobs, old: Table, new: Table, tally: WhatIf) -> Iterator[Shift]:
    """Decide each record by two tables, neither of which need be that of then, and give those that differ, in order.

    Compared is what `what_if` compares.
    """
    rebuilder = Rebuilder(blobs)
    written: dict[int, tuple[Cell, Mapping[str, Any]]] = {}
    lacks: dict[tuple[str, str], tuple[str, ...]] = {}

    def by(entry: Entry, table: Table, which: str) -> Cell:
        try:
            return rebuilder.cell(entry, table)
        except AuditError:  # the record's own fault, and not the table's
            raise
        except RolecallError as error:
            raise RolecallError(f"{which}: {error}") from None

    def both(entry: Entry) -> tuple[Mapping[str, Any], Cell]:
        cell, after = by(entry, old, "the old version"), by(entry, new, "the new version")
        known = written.get(id(cell))
        if known is None:  # cells are shared by decisions: what each says is written once
            known = room(written)[id(cell)] = (cell, read_blob(cell_blob(cell)))
        key = (entry.policy, entry.type)
        if key not in lacks:
            lacks[key] = tuple(_unrecorded(rebuilder, entry, (old, new)))
        tally.unrecorded.update(lacks[key])
        return known[1], after

    return _shifts(entries, both, tally)


def _unrecorded(rebuilder: Rebuilder, entry: Entry, tables: Iterable[Table]) -> Iterator[str]:
    """Name what rules ask of such a record, and the policy of then did not ask about: it was not recorded."""
    try:
        then = rebuilder.table(entry.policy)
    except AuditError:
        yield "whatever the policy of then did not ask about: it cannot be read"
        return
    was = then.types.get(entry.type)
    attributes = {code.name for code in was.attributes} if was else set[str]()
    roles: set[str] = set()
    asked: set[str] = set()
    for table in tables:
        kind = table.types[entry.type]
        asked |= {code.name for code in kind.attributes}
        roles |= {role for role, _ in table.atoms.names(kind.asked) if role in table.atoms.own}
    yield from (f"attribute `{name}`" for name in sorted(asked - attributes))
    yield from (f"role `{name}`" for name in sorted(roles - then.atoms.own.keys()))


def _shifts(
    entries: Iterable[Entry], both: Callable[[Entry], tuple[Mapping[str, Any], Cell]], tally: WhatIf
) -> Iterator[Shift]:
    """Compare what each record comes to before and after: `both` gives the one as a record has it, and a cell."""
    for entry in entries:
        tally.records += 1
        try:
            before, after = both(entry)
        except RolecallError as error:
            tally.unknown[str(error)] += 1
            continue
        old, new = frozenset(before["permissions"]), after.permissions
        if old == new:
            tally.same += 1
            continue
        asked = old | new if entry.permission is None else frozenset((entry.permission,))
        gained, lost = tuple(sorted((new - old) & asked)), tuple(sorted((old - new) & asked))
        if not gained and not lost:
            tally.same += 1
            tally.other += 1
            continue
        shift = Shift(entry, gained, lost, tuple(sorted({*_moves(before, after, gained, lost)})), after.code)
        tally.different += 1
        _count(tally, shift)
        yield shift


def _count(tally: WhatIf, shift: Shift) -> None:
    """Put a shift into its group."""
    entry = shift.entry
    key = (entry.type, shift.gained, shift.lost, shift.moves)
    group = tally.groups.get(key)
    if group is None:
        group = tally.groups[key] = Group(*key, first_ns=entry.time_ns, last_ns=entry.time_ns)
    group.decisions += 1
    group.people.add(entry.subject)
    group.resources.add(entry.resource)
    group.first_ns, group.last_ns = min(group.first_ns, entry.time_ns), max(group.last_ns, entry.time_ns)
    if len(group.examples) < EXAMPLES:
        group.examples.append(entry.id)


def _moves(before: Mapping[str, Any], after: Cell, gained: tuple[str, ...], lost: tuple[str, ...]) -> Iterator[Move]:
    """Say which rules make the difference."""
    old_given = [(rule, at, permissions) for rule, at, _, permissions in before["given"]]
    old_capped = [(rule, at, permissions) for rule, at, _, permissions in before["capped"]]
    new_given = [(rule.id, str(rule.origin), permissions) for rule, permissions in after.given]
    new_capped = [(rule.id, str(rule.origin), permissions) for rule, permissions in after.capped]
    for name in gained:
        gave = {rule for rule, _, permissions in old_given if name in permissions}
        gives = {rule: at for rule, at, permissions in new_given if name in permissions}
        takes = {rule for rule, _, permissions in new_capped if name not in permissions}
        took = {rule: at for rule, at, permissions in old_capped if name not in permissions and rule not in takes}
        yield from (Move("gives", rule, at) for rule, at in gives.items() if not gave)
        yield from (Move("takes away no more", rule, at) for rule, at in took.items() if gave)
    for name in lost:
        gives_still = any(name in permissions for _, _, permissions in new_given)
        if gives_still:
            yield from (Move("takes away", rule, at) for rule, at, held in new_capped if name not in held)
        elif after.code != "table":
            yield Move("is the answer", after.code)
        else:
            yield from (Move("gives no more", rule, at) for rule, at, held in old_given if name in held)
