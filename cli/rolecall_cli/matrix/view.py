"""What is shown of a matrix: what somebody asked to see, and the words for it that all formats share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rolecall.analysis.difference import Version
    from rolecall.analysis.matrix import Behind, Entry, Matrix, Row, Sheet
    from rolecall.analysis.space import Row as States

FOLD: Final = 16
"""A sheet of more rows than these leaves out the rows that are the sum of others, unless all are asked for."""


class Wanted(msgspec.Struct, frozen=True):
    """What somebody asked to see; nothing named is everything."""

    types: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    changed: bool = False


class View(msgspec.Struct, frozen=True, eq=False):
    """A matrix to be shown, with the names of its versions; `every` shows sums of rows too, `rules` what is behind."""

    matrix: Matrix
    name: str
    against: str | None
    every: bool = False
    rules: bool = False

    def folded(self, sheet: Sheet) -> frozenset[str]:
        """Give the keys of the rows that a reader can add up from others, where there are many rows."""
        if self.every or len(sheet.rows) <= FOLD:
            return frozenset()
        return frozenset(row.key for row in sheet.rows if row.parts and not row.moved)


def check_names(wanted: Wanted, new: Version, old: Version | None) -> None:
    """Refuse, with the likely one, names that neither version of the policy has."""
    versions = [one for one in (new, old) if one is not None]
    kinds = [kind for one in versions for kind in one.table.types.values()]
    known = {
        "--type": (wanted.types, {kind.name for kind in kinds}),
        "--role": (wanted.roles, {role for one in versions for role, _ in one.table.atoms.pairs}),
        "--permission": (wanted.permissions, {name for kind in kinds for name in kind.permissions}),
        "--rule": (wanted.rules, {rule.id for one in versions for rule in one.policy.rules}),
    }
    from rolecall.errors import did_you_mean  # noqa: PLC0415 - keeps --help quick

    for option, (names, there) in known.items():
        for name in names:
            if name not in there:
                what = option.removeprefix("--")
                raise typer.BadParameter(f"there is no {what} `{name}`; {did_you_mean(name, there)}", param_hint=option)


def narrowed(matrix: Matrix, wanted: Wanted) -> Matrix:
    """Give the rows that were asked for; a sheet of which some are left out counts them, one without any is gone."""
    sheets = []
    for sheet in matrix.sheets:
        rows = tuple(row for row in sheet.rows if _is_wanted(row, wanted))
        if rows:
            sheets.append(msgspec.structs.replace(sheet, rows=rows, left_out=len(sheet.rows) - len(rows)))
    return msgspec.structs.replace(matrix, sheets=tuple(sheets))


def _is_wanted(row: Row, wanted: Wanted) -> bool:
    behind = {one.rule.id for entry in row.entries for one in (*entry.rules, *entry.was)}
    return (
        (not wanted.roles or bool(row.roles & {*wanted.roles}))
        and (not wanted.rules or bool(behind & {*wanted.rules}))
        and (row.moved or not wanted.changed)
    )


def names(row: Row) -> list[str]:
    """Say who is in a row, each combination by itself; what all of them have in common is said once.

    `a teacher of the section, and staff anywhere` or `a district administrator of the district`.
    """
    from rolecall.analysis import people  # noqa: PLC0415 - keeps --help quick

    several = [people.plain(one) for one in row.who]
    common = [pair for pair in several[0] if all(pair in one for one in several)]
    if len(several) == 1 or not common:
        return [people.holder(one) for one in row.who]
    rest = [people.holder([pair for pair in one if pair not in common]) for one in several]
    return [f"{people.holder(common)}, and {rest[0]}", *rest[1:]]


def someone(row: Row) -> str:
    """Say who is in a row."""
    said = names(row)
    return " or ".join(said) if ", and " in said[0] else ", or ".join(said)


def exceptions(row: Row) -> list[str]:
    """Say who is not in a row, although they fit it."""
    from rolecall.analysis import people  # noqa: PLC0415 - keeps --help quick

    if len(row.who) == 1 and row.who[0]:
        return [people.also(one, row.who[0]) for one in row.unless]
    return [people.holder(one) for one in row.unless]


def unless(row: Row, most: int = 3) -> str:
    """Say shortly who fits a row and is not in it: `unless also staff anywhere, or one of 4 more combinations`."""
    said = exceptions(row)
    more = len(said) - most
    if more > 1:
        said = [*said[:most], f"one of {more} more combinations"]
    return f"unless also {', or '.join(said)}" if said else ""


def sums(number: int) -> str:
    """Say of rows that are folded away what they are."""
    return f"{number} more rows are folded away: each has exactly what some of these have together"


def condition(states: Iterable[States], sheet: Sheet) -> str:
    """Say in which states: `term is not past`; nothing where it is all of them."""
    from rolecall.analysis import people  # noqa: PLC0415 - keeps --help quick

    return people.condition(states, sheet.attributes)


def does(one: Behind, sheet: Sheet, *, before: bool = False) -> str:
    """Say what a rule does to a cell: `takes it away if term is past, from some in this row`."""
    verb = {"gives": "gives it", "takes away": "takes it away"}[one.does]
    verb = {"gives it": "gave it", "takes it away": "took it away"}[verb] if before else verb
    said = condition(one.states, sheet)
    some = ", to some in this row" if one.does == "gives" else ", from some in this row"
    return f"{verb}{f' if {said}' if said else ''}{'' if one.every else some}"


def moved(entry: Entry, sheet: Sheet) -> str:
    """Say what became of a permission: `gained if term is past`; nothing where it is as it was."""
    said = []
    for what, states in (("gained", entry.gained), ("lost", entry.lost)):
        if states:
            when = condition(states, sheet)
            said.append(f"{what} if {when}" if when else what)
    return ", ".join(said)


def counted(matrix: Matrix) -> str:
    """Say how much is folded into how little, and what was not drawn."""
    sheets = matrix.sheets
    cells, rows = sum(one.cells for one in sheets), sum(len(one.rows) + one.left_out for one in sheets)
    gone = f"; not drawn: {', '.join(matrix.refused)}" if matrix.refused else ""
    return f"{cells:,} reachable cells in {rows:,} rows: each cell in just one row, none left out, none sampled{gone}"
