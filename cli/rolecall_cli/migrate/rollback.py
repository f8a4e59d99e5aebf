"""`rolecall migrate rollback`."""

from __future__ import annotations

from typing import Annotated

import typer

from rolecall_cli.migrate.progress import Progress
from rolecall_cli.migrate.stopping import stopping
from rolecall_cli.migrate.telling import Accounts, Commit, Schema, tell_left


def rollback(
    run: Annotated[int, typer.Argument(metavar="RUN", help="Its number; `rolecall migrate status` has them.")],
    accounts: Accounts,
    schema: Schema = None,
    commit: Commit = False,
) -> None:
    """Undo a run: every row becomes what it was; a dry run unless --commit is given.

    It needs no plan. Whoever has been changed by others since is left as they are, and named. Runs are undone in the
    opposite order. Exit code 1 where somebody was left, or it was stopped.
    """
    from rolecall.migration.applying.undoing import Undoer  # noqa: PLC0415 - keeps --help quick

    with stopping() as stop, Progress() as told:
        outcome = Undoer(accounts, run, schema=schema, commit=commit, told=told, expect=told.expect, stop=stop).run()
    if not commit:
        typer.echo("dry run: everything was tried and taken back; `--commit` does it")
    elif outcome.state == "undone":
        typer.echo(f"run {run}: undone")
    else:
        typer.echo(f"run {run}: stopped; the same command goes on")
    typer.echo(f"  {outcome.accounts['undone']:,} people undone")
    tell_left(outcome.left)
    if outcome.left or outcome.state != "undone":
        raise typer.Exit(1)
