"""A matrix for a document or a pull request. Whatever a policy says stands in code spans and can mark up nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolecall_cli.difference.markdown import code
from rolecall_cli.matrix.view import condition, counted, moved, someone, sums, unless

if TYPE_CHECKING:
    from rolecall.analysis.matrix import Entry, Row, Sheet

    from rolecall_cli.matrix.view import View

_SIGNS = {"": "", "gained": "**+** ", "lost": "**−** ", "gained and lost": "**±** "}  # noqa: RUF001 - the sign


def render(view: View) -> str:
    """Give the document."""
    against = f", compared with {code(view.against)}" if view.against is not None else ""
    parts = ["<!-- rolecall-matrix -->", f"### Who may do what: {code(view.name)}{against}"]
    for sheet in view.matrix.sheets:
        parts += ["\n".join(part) for part in _sheet(view, sheet)]
    parts += [f"{code(name)}: {why}" for name, why in view.matrix.refused.items()]
    parts.append(f"<sub>{counted(view.matrix)}.</sub>" if view.matrix.sheets else "No row is as you ask.")
    return "\n\n".join(parts)


def _sheet(view: View, sheet: Sheet) -> Iterator[list[str]]:
    note = f" ({sheet.note})" if sheet.note else ""
    yield [f"#### {code(sheet.type)}{note}"]
    folded = view.folded(sheet)
    rows = [row for row in sheet.rows if row.key not in folded]
    heads = [code(one) for one in sheet.permissions]
    lines = [f"| whoever is … | {' | '.join(heads)} |", f"| --- |{' --- |' * len(heads)}"]
    lines += [f"| {_who(sheet, row)} | {' | '.join(_cell(one, sheet) for one in row.entries)} |" for row in rows]
    yield lines
    if folded:
        yield [f"{sums(len(folded))}."]
    elif sheet.ordered and not sheet.left_out:
        yield ["Of the rows that fit somebody, the last one is theirs."]
    if sheet.left_out:
        yield [f"{sheet.left_out} more rows were not asked for."]
    if view.rules:
        yield [*_behind(sheet, rows)]


def _who(sheet: Sheet, row: Row) -> str:
    plain = not row.unless or (sheet.ordered and not sheet.left_out)
    return code(someone(row)) if plain else f"{code(someone(row))} {code(unless(row, len(row.unless)))}"


def _cell(entry: Entry, sheet: Sheet) -> str:
    said = f"if {code(condition(entry.states, sheet))}" if entry.answer == "depends" else entry.answer
    change = moved(entry, sheet)
    return f"{_SIGNS[entry.moved]}{said}{f' ({code(change)})' if change else ''}"


def _behind(sheet: Sheet, rows: list[Row]) -> Iterator[str]:
    """Give the rules behind each cell, by permission: those that give it, then those that take it away."""
    for place, permission in enumerate(sheet.permissions):
        found = {(one.does, one.rule.id): one for row in rows for one in row.entries[place].rules}
        for (does, name), one in sorted(found.items()):
            verb = "gives it" if does == "gives" else "takes it away"
            at, because = code(str(one.rule.origin)), code(one.rule.because)
            yield f"- {code(permission)}: {code(name)} {verb} ({at}): {because}"
