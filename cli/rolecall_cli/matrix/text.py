"""A matrix for a person at a terminal."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Final

from rolecall_cli.matrix.view import condition, counted, does, moved, someone, sums, unless
from rolecall_cli.style import shown, styled

if TYPE_CHECKING:
    from rolecall.analysis.matrix import Entry, Row, Sheet

    from rolecall_cli.matrix.view import View

_NARROW, _WIDE = 80, 120
_LEFT: Final = 30
"""What the name of a row needs at least; permissions that do not fit beside it go into a second table."""

_SIGNS = {"": "", "gained": "+", "lost": "-", "gained and lost": "±"}
_COLOURS = {"yes": "green", "no": "dim", "depends": "yellow"}


def render(view: View) -> str:
    """Give the whole text."""
    width = min(max(shutil.get_terminal_size((100, 24)).columns, _NARROW), _WIDE)
    sheets = view.matrix.sheets
    against = f", against {view.against}: + gained, - lost" if view.against is not None else ""
    parts = [[styled(shown(f"Who may do what in {view.name}{against}"), "bold")]]
    left = _left(view, width)
    parts += [[*_sheet(view, sheet, width, left)] for sheet in sheets]
    parts += [[shown(f"{name}: {why}")] for name, why in view.matrix.refused.items()]
    if sheets:
        parts.append([styled(row, "dim") for row in _foot(view, width)])
    else:
        parts.append(["no row is as you ask"])
    return "\n\n".join("\n".join(rows) for rows in parts)


def _foot(view: View, width: int) -> Iterator[str]:
    if any(one.ordered and not one.left_out and not view.folded(one) for one in view.matrix.sheets):
        yield "Of the rows that fit somebody, the last one is theirs."
    if not view.rules:
        yield "The rules behind each cell: --rules"
    yield from wrap(shown(counted(view.matrix)), width)


def _sheet(view: View, sheet: Sheet, width: int, left: int) -> Iterator[str]:
    """Give the tables of a type: as many as its permissions need beside each other."""
    letters: dict[str, str] = {}
    for columns in _columns(sheet, width):
        yield styled(f"{_head(sheet):<{left}}", "bold") + "".join(f"{one:<{_width(one)}}" for one in columns).rstrip()
        for row in sheet.rows:
            if row.key not in view.folded(sheet):
                yield from _row(view, sheet, row, columns, left, letters)
    yield from _legend(view, sheet, letters, width)


def _head(sheet: Sheet) -> str:
    return shown(f"{sheet.type}  ({sheet.note})" if sheet.note else sheet.type)


def _left(view: View, width: int) -> int:
    """Give how wide the rows' names are, in all tables alike: as wide as they need, and as the widest table leaves."""
    sheets = view.matrix.sheets
    names = [*(someone(row) for sheet in sheets for row in sheet.rows), *map(_head, sheets)]
    needed = max((len(one) + 4 for one in names), default=0)
    beside = (sum(_width(one) for one in columns) for sheet in sheets for columns in _columns(sheet, width))
    return max(_LEFT, min(needed, width - max(beside, default=0)))


def _width(permission: str) -> int:
    return max(len(permission), 5) + 2


def _columns(sheet: Sheet, width: int) -> Iterator[list[str]]:
    mine: list[str] = []
    for one in sheet.permissions:
        if mine and sum(_width(other) for other in (*mine, one)) > width - _LEFT:
            yield mine
            mine = []
        mine.append(one)
    yield mine


def _row(
    view: View, sheet: Sheet, row: Row, columns: Sequence[str], left: int, letters: dict[str, str]
) -> Iterator[str]:
    lines = wrap(shown(someone(row)), left - 2, initial_indent="  ", subsequent_indent="    ")
    entries = [one for one in row.entries if one.permission in columns]
    cells = "".join(_cell(one, sheet, letters) for one in entries)
    yield f"{lines[0]:<{left}}{cells}".rstrip()
    yield from lines[1:]
    if row.unless and (view.rules or not sheet.ordered or sheet.left_out):
        yield from (styled(one, "dim") for one in _under(unless(row, len(row.unless) if view.rules else 3), 4))
    if view.rules:
        for entry in entries:
            yield from _behind(entry, sheet)


def _under(text: str, indent: int) -> list[str]:
    return wrap(shown(text), 100, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2))


def _cell(entry: Entry, sheet: Sheet, letters: dict[str, str]) -> str:
    """Give a cell, with a letter for the states on which it depends."""
    word: str = entry.answer
    if entry.answer == "depends":
        said = condition(entry.states, sheet)
        word = f"if {letters.setdefault(said, _letter(len(letters)))}"
    word = f"{_SIGNS[entry.moved]}{word}"
    return styled(word, _COLOURS[entry.answer]) + " " * (_width(entry.permission) - len(word))


def _letter(number: int) -> str:
    return chr(ord("A") + number) if number < 26 else f"A{number}"  # noqa: PLR2004 - letters


def _behind(entry: Entry, sheet: Sheet) -> Iterator[str]:
    change = moved(entry, sheet)
    head = f"{entry.permission}{f' ({change})' if change else ''}"
    if not entry.rules and not entry.was:
        return
    yield styled(shown(f"      {head}"), "dim")
    for rules, before in ((entry.rules, False), (entry.was, True)):
        for one in rules:
            text = f"{one.rule.id} {does(one, sheet, before=before)} ({one.rule.origin})"
            yield from (styled(line, "dim") for line in _under(text, 8))


def _legend(view: View, sheet: Sheet, letters: dict[str, str], width: int) -> Iterator[str]:
    for said, letter in letters.items():
        yield from wrap(shown(f"{letter}: {said}"), width, initial_indent="  ", subsequent_indent="     ")
    if folded := view.folded(sheet):
        text = f"{sums(len(folded))} (--all)"
        yield from (styled(line, "dim") for line in wrap(text, width, initial_indent="  ", subsequent_indent="  "))
    if sheet.left_out:
        yield styled(f"  {sheet.left_out} more rows are not as you ask", "dim")
