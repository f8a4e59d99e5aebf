"""`rolecall migrate …`: one verb a file in `rolecall_cli.migrate`."""

from __future__ import annotations

import typer

from rolecall_cli.migrate.apply import apply
from rolecall_cli.migrate.plan import plan
from rolecall_cli.migrate.rehearse import rehearse
from rolecall_cli.migrate.report import report
from rolecall_cli.migrate.resolve import resolve
from rolecall_cli.migrate.rollback import rollback
from rolecall_cli.migrate.status import status
from rolecall_cli.migrate.verify import verify

migrate = typer.Typer(
    name="migrate",
    help="Bring the accounts of the old APIs over to v3.0 users: planned, rehearsed, undone where need be.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
for verb in (plan, report, resolve, rehearse, apply, status, verify, rollback):
    migrate.command(help=verb.__doc__)(verb)
