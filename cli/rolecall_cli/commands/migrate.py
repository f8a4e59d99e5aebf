"""`rolecall migrate …`: one verb a file in `rolecall_cli.migrate`."""

from __future__ import annotations

import typer

from rolecall_cli.migrate.plan import plan
from rolecall_cli.migrate.report import report
from rolecall_cli.migrate.resolve import resolve

migrate = typer.Typer(
    name="migrate",
    help="Plan how accounts of the old APIs become those of v3.0 users.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
for verb in (plan, report, resolve):
    migrate.command(help=verb.__doc__)(verb)
