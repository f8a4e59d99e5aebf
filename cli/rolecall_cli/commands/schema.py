"""`rolecall schema`."""

from __future__ import annotations

import json

import typer


def schema() -> None:
    """Print the JSON Schema of policy files."""
    from rolecall.loader import schema as read  # noqa: PLC0415 - keeps --help quick

    typer.echo(json.dumps(read(), indent=2))
