"""`rolecall migrate verify`."""

from __future__ import annotations

import typer

from rolecall_cli.migrate.progress import Progress
from rolecall_cli.migrate.telling import Accounts, Schema
from rolecall_cli.style import shown


def verify(accounts: Accounts, schema: Schema = None) -> None:
    """Compare the database with what was carried out, and find accounts that carry old ids. Exit code 1 for a finding.

    Run it now and then: some part of an application may go on writing old ids for months.
    """
    from rolecall.migration.applying.verifying import verify as compare  # noqa: PLC0415 - keeps --help quick

    with Progress() as told:
        found = compare(accounts, schema=schema, told=told)
    typer.echo(f"runs in force: {found.runs:,}; rows looked at: {found.rows:,}; findings: {len(found.findings):,}")
    for one in found.findings:
        typer.echo(shown(f"  {one.kind}: {one.text}"))
    if found.open:
        why = "because the plan holds them, or a run left them: `report` and `status` say why"
        typer.echo(f"  {found.open:,} carry an old id {why}")
    if found.findings:
        raise typer.Exit(1)
