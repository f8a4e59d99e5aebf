"""`rolecall migrate status`."""

from __future__ import annotations

import json
from collections import Counter

import typer

from rolecall_cli.migrate.telling import Accounts, Schema, tell_left


def status(accounts: Accounts, schema: Schema = None) -> None:
    """Say which runs there were, how far each is, and who was left as they were. Exit code 1 where one is half done."""
    from rolecall.instants import render_instant  # noqa: PLC0415 - keeps --help quick
    from rolecall.migration.applying.database import Target  # noqa: PLC0415
    from rolecall.migration.applying.journal import NOTHING, Journal  # noqa: PLC0415

    journal = Journal(schema)
    half = False
    with Target(accounts) as target, target.connected(read=True) as connection, connection.begin():
        runs = journal.all_runs(connection) if journal.there(connection) else []
        if not runs:
            typer.echo(NOTHING)
        for one in runs:
            half = half or one.state in ("applying", "undoing")
            ended = f", ended {render_instant(one.ended)}" if one.ended is not None else ""
            typer.echo(
                f"run {one.run}: {one.state}, step {one.position:,} of {one.steps:,}, "
                f"begun {render_instant(one.began)}{ended}"
            )
            typer.echo(f"  plan {one.plan}")
            for name, number in sorted(Counter(json.loads(one.counts)).items()):
                typer.echo(f"  {number:,} {name}")
            for doing, who in journal.all_refused(connection, one.run):
                if doing != "hold":  # those are counted above, and `report` tells them
                    tell_left([who], when=" by the rollback" if doing == "undo" else "")
    if half:
        raise typer.Exit(1)
