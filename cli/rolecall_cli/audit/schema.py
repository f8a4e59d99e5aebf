"""`rolecall audit schema`."""

from __future__ import annotations

import json

import typer


def schema() -> None:
    """Print the JSON Schema of records."""
    from rolecall.audit.entry import schema as read  # noqa: PLC0415 - keeps --help quick

    typer.echo(json.dumps(read(), indent=2))
