"""`rolecall migrate resolve`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from rolecall_cli.migrate.files import whole


def resolve(
    conflicts: Annotated[
        Path,
        typer.Argument(metavar="CONFLICTS.csv", help="What `migrate report PLAN --format conflicts` made, filled in."),
    ],
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan that the table was made of.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Where the decisions go; standard output if absent."),
    ] = None,
) -> None:
    """Check what people decided about conflicts, and make it into decisions for `rolecall migrate plan --decisions`.

    Nothing is written if anything is wrong. Exit code 1 where conflicts are still open.
    """
    from rolecall.migration import read_plan  # noqa: PLC0415 - keeps --help quick
    from rolecall.migration import resolve as decide  # noqa: PLC0415

    found = decide(conflicts, read_plan(plan))
    if out is None:
        sys.stdout.buffer.write(found.data)
        sys.stdout.flush()
    else:
        with whole(out) as file:
            file.write(found.data)
    typer.echo(f"{len(found.decisions):,} decided, {found.open:,} still open", err=True)
    if found.open:
        raise typer.Exit(1)
