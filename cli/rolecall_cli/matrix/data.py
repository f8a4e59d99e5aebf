"""A matrix for programs: JSON, whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rolecall_cli.matrix.view import condition, exceptions, someone

if TYPE_CHECKING:
    from rolecall.analysis.matrix import Behind, Entry, Row, Sheet
    from rolecall.analysis.space import Row as States

    from rolecall_cli.matrix.view import View


def as_data(view: View) -> dict[str, object]:
    """Give everything that was asked for; sums of rows too."""
    matrix = view.matrix
    return {
        "schema": 1,
        "policy": {"name": view.name, "digest": matrix.new.policy.digest},
        "against": None if matrix.old is None else {"name": view.against, "digest": matrix.old.policy.digest},
        "types": [_sheet(sheet) for sheet in matrix.sheets],
        "refused": dict(matrix.refused),
    }


def _sheet(sheet: Sheet) -> dict[str, object]:
    return {
        "type": sheet.type,
        "within": sheet.within,
        "note": sheet.note,
        "permissions": list(sheet.permissions),
        "attributes": {name: list(values) for name, values in sheet.attributes.items()},
        "combinations": sheet.combinations,
        "states": sheet.states,
        "cells": sheet.cells,
        "last_that_fits": sheet.ordered,
        "left_out": sheet.left_out,
        "rows": [_row(sheet, row) for row in sheet.rows],
    }


def _row(sheet: Sheet, row: Row) -> dict[str, object]:
    return {
        "id": f"{sheet.type}.{row.key}",
        "who": [[f"{role}@{scope}" for role, scope in one] for one in row.who],
        "unless": [[f"{role}@{scope}" for role, scope in one] for one in row.unless],
        "text": someone(row),
        "unless_text": exceptions(row),
        "combinations": row.combinations,
        "sum_of": [f"{sheet.type}.{key}" for key in row.parts],
        "cells": [_cell(sheet, row, entry) for entry in row.entries],
    }


def _cell(sheet: Sheet, row: Row, entry: Entry) -> dict[str, object]:
    return {
        "id": f"{sheet.type}.{entry.permission}.{row.key}",
        "permission": entry.permission,
        "answer": entry.answer,
        "states": _states(entry.states),
        "text": condition(entry.states, sheet),
        "rules": [_behind(one) for one in entry.rules],
        "gained": _states(entry.gained),
        "lost": _states(entry.lost),
        "was": [_behind(one) for one in entry.was],
    }


def _behind(one: Behind) -> dict[str, object]:
    rule = one.rule
    return {
        "rule": rule.id,
        "does": one.does,
        "to_all": one.every,
        "states": _states(one.states),
        "because": rule.because,
        "file": rule.origin.file,
        "line": rule.origin.line,
    }


def _states(states: Iterable[States]) -> list[dict[str, list[object]]]:
    return [
        {name: ["unknown" if value is None else value for value in values] for name, values in row.items()}
        for row in states
    ]
