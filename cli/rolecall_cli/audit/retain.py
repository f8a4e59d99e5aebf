"""`rolecall audit retain`."""

from __future__ import annotations

import json
from time import time_ns
from typing import Annotated

import typer

from rolecall_cli.audit.options import DEFAULT_AUDIT, AuditUrl, counted, open_log
from rolecall_cli.options import Format

_DAY = 86_400_000_000_000


def retain(
    context: typer.Context,
    keep: Annotated[int, typer.Option("--keep", min=2, metavar="DAYS", help="How many days back records are kept.")],
    audit: AuditUrl = DEFAULT_AUDIT,
    format: Annotated[Format, typer.Option("--format", help="For a person, or for a program.")] = Format.text,  # noqa: A002 - the option's name
) -> None:
    """Delete what is older, by whole segments.

    Their headers and last hashes stay, so that what remains is proven as before.
    """
    log = open_log(context, audit)
    before, now = log.store.count(), time_ns()
    segments = log.store.prune(now - keep * _DAY, now)
    after = log.store.count()
    if format is Format.json:
        found = {"schema": 1, "store": log.store.name, "segments": segments, "deleted": before - after, "left": after}
        typer.echo(json.dumps(found))
        return
    if not segments:
        typer.echo(f"Nothing to delete: no segment is whole, a day old, and of more than {keep} days ago.")
        return
    gone = f"{counted(before - after, 'record')} in {counted(segments, 'segment')}"
    typer.echo(f"{gone} deleted; {after:,} are left.")
