"""`rolecall migrate report`."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from rolecall_cli.style import styled


class ReportFormat(StrEnum):
    """How a report is written."""

    text = "text"
    csv = "csv"
    html = "html"
    json = "json"
    conflicts = "conflicts"


_STYLES = {"answer": "bold", "title": "bold"}


def report(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="A plan that `rolecall migrate plan` made.")],
    format: Annotated[  # noqa: A002 - the option's name
        ReportFormat,
        typer.Option(
            "--format", help="For a person, a spreadsheet, a browser, a program; `conflicts` are to be decided."
        ),
    ] = ReportFormat.text,
) -> None:
    """Tell a plan: what comes of the accounts, who gains or loses what, what somebody has to decide."""
    from rolecall.migration import read_plan  # noqa: PLC0415 - keeps --help quick
    from rolecall.migration.conflicts import as_conflicts  # noqa: PLC0415
    from rolecall.migration.report import as_csv, as_data, as_page, as_text  # noqa: PLC0415

    found = read_plan(plan)
    if format in (ReportFormat.csv, ReportFormat.conflicts):
        for line in (as_csv if format is ReportFormat.csv else as_conflicts)(found):
            typer.echo(line, nl=False)
    elif format is ReportFormat.html:
        typer.echo(as_page(found), nl=False)
    elif format is ReportFormat.json:
        typer.echo(json.dumps(as_data(found), indent=2))
    else:
        typer.echo(as_text(found, lambda text, style: styled(text, _STYLES[style]) if style in _STYLES else text))
