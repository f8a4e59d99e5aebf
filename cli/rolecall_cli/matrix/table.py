"""A matrix for a spreadsheet: CSV (RFC 4180), a line for each cell, so that it can be sorted and filtered."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO
from typing import TYPE_CHECKING, Final

from rolecall_cli.matrix.view import condition, exceptions, moved, someone
from rolecall_cli.style import shown

if TYPE_CHECKING:
    from rolecall.analysis.matrix import Behind

    from rolecall_cli.matrix.view import View

_HEAD: Final = (
    "type",
    "who",
    "unless",
    "permission",
    "answer",
    "condition",
    "given by",
    "taken away by",
    "change",
    "cell",
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def as_csv(view: View) -> str:
    """Give every cell that was asked for, sums of rows too."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_HEAD)
    for sheet in view.matrix.sheets:
        for row in sheet.rows:
            for entry in row.entries:
                line = (
                    sheet.type,
                    someone(row),
                    "; ".join(exceptions(row)),
                    entry.permission,
                    entry.answer,
                    condition(entry.states, sheet),
                    _ids(entry.rules, "gives"),
                    _ids(entry.rules, "takes away"),
                    moved(entry, sheet),
                    f"{sheet.type}.{entry.permission}.{row.key}",
                )
                writer.writerow([plain(one) for one in line])
    return out.getvalue()


def _ids(rules: Iterable[Behind], what: str) -> str:
    return "; ".join(
        f"{one.rule.id}{'' if one.every else ', some'} ({one.rule.origin})" for one in rules if one.does == what
    )


def plain(text: str) -> str:
    """Give a text that no spreadsheet takes for a formula: an apostrophe before what begins like one."""
    said = shown(text)
    return f"'{said}" if said.lstrip(" ").startswith(_FORMULA) else said
