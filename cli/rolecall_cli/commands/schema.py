"""`rolecall schema`."""

from __future__ import annotations

import json
from typing import Annotated

import typer


def schema(
    tests: Annotated[bool, typer.Option("--tests", help="That of files of tests, in place of a policy's.")] = False,
    claims: Annotated[bool, typer.Option("--claims", help="That of files of claims, in place of a policy's.")] = False,
    migration: Annotated[
        bool, typer.Option("--migration", help="That of migration files, in place of a policy's.")
    ] = False,
) -> None:
    """Print the JSON Schema of policy files."""
    from rolecall.loader import schema as read  # noqa: PLC0415 - keeps --help quick

    name = "tests-1" if tests else "claims-1" if claims else "migration-1" if migration else "policy-1"
    typer.echo(json.dumps(read(name), indent=2))
