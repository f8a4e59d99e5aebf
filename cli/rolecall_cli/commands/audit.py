"""`rolecall audit …`: one verb a file in `rolecall_cli.audit`."""

from __future__ import annotations

import typer

from rolecall_cli.audit.export import export
from rolecall_cli.audit.head import head
from rolecall_cli.audit.keygen import keygen
from rolecall_cli.audit.replay import replay
from rolecall_cli.audit.retain import retain
from rolecall_cli.audit.schema import schema
from rolecall_cli.audit.search import search
from rolecall_cli.audit.show import show
from rolecall_cli.audit.stats import stats
from rolecall_cli.audit.verify import verify

audit = typer.Typer(
    name="audit",
    help="Read, prove, replay and export what was decided.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
for verb in (show, search, export, stats, replay, verify, head, keygen, retain, schema):
    audit.command(help=verb.__doc__)(verb)
