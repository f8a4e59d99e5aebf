"""`rolecall migrate apply`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rolecall_cli.migrate.progress import Progress
from rolecall_cli.migrate.stopping import stopping
from rolecall_cli.migrate.telling import Accounts, Commit, tell


def apply(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="A plan that `rolecall migrate plan` made.")],
    accounts: Accounts,
    commit: Commit = False,
    batch: Annotated[
        int, typer.Option("--batch", min=1, metavar="N", help="How many people are changed in one transaction.")
    ] = 500,
) -> None:
    """Carry a plan out in the application's database; a dry run unless --commit is given.

    What was stopped goes on where it was when the same plan is applied again. Whoever has changed since the plan was
    made is left as they are, and named. Exit code 1 where somebody was left, or it was stopped.
    """
    from rolecall.migration import read_plan  # noqa: PLC0415 - keeps --help quick
    from rolecall.migration.applying.carrying import Carrier  # noqa: PLC0415

    found = read_plan(plan)
    with stopping() as stop, Progress() as told:
        told.expect("accounts", found.header.accounts["count"])
        outcome = Carrier(found, accounts, commit=commit, batch=batch, told=told, stop=stop).run()
    if outcome.again:
        typer.echo(f"run {outcome.run} has applied this plan already: nothing is left to do")
    elif not commit:
        typer.echo("dry run: everything was tried and taken back; `--commit` does it")
    elif outcome.state == "applied":
        typer.echo(f"run {outcome.run}: applied; {outcome.undo} would undo it")
    else:
        typer.echo(
            f"run {outcome.run}: stopped at step {outcome.position:,} of {outcome.steps:,}; the same command goes on"
        )
    tell(outcome)
    if outcome.accounts["refused"] or outcome.state != "applied":
        raise typer.Exit(1)
