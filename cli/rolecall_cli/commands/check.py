"""`rolecall check`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from rolecall_cli.findings import (
    As,
    FindingFormat,
    as_annotations,
    as_data,
    counted,
    counts_said,
    in_full,
    look_at,
    notes_said,
)
from rolecall_cli.options import POLICIES
from rolecall_cli.style import styled


def check(
    path: Annotated[
        Path, typer.Argument(envvar="ROLECALL_POLICIES", help="A policy file, or a folder of them.")
    ] = POLICIES,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings make the answer no, too.")] = False,
    format: As = FindingFormat.text,  # noqa: A002 - the option's name
) -> None:
    """Find every mistake in a policy.

    Every error, warning and note of every file, each with its place and fix, and how large the decision table is. A
    comment `# rolecall: ignore RULE - the reason` passes a warning over.
    """
    from rolecall.compiler import table_sizes  # noqa: PLC0415 - keeps --help quick

    if not path.exists():
        raise typer.BadParameter(f"there is no file or folder `{path}`", param_hint="PATH")
    policy, compiled, found, over = look_at(path)
    counts = counted(found)
    sizes = table_sizes(compiled.table) if compiled and not compiled.errors else {}
    if format is FindingFormat.json:
        data: dict[str, object] = {
            "schema": 1,
            "digest": policy.digest if policy else None,
            "counts": counts,
            "passed_over": over,
            "cells": sizes,
            "findings": [as_data(one) for one in found],
        }
        typer.echo(json.dumps(data, indent=2))
    elif format is FindingFormat.sarif:
        from rolecall_cli.sarif import as_sarif  # noqa: PLC0415 - only where it is asked for

        typer.echo(json.dumps(as_sarif(found, {}), indent=2))
    elif format is FindingFormat.github:
        for line in as_annotations(found):
            typer.echo(line)
    else:
        for one in found:
            if one.severity != "note":
                typer.echo(in_full(one))
        for row in [] if counts["error"] else notes_said(one for one in found if one.severity == "note"):
            typer.echo(row)
        typer.echo(_summary(path, counts, sizes, len(policy.rules) if policy else 0, over))
    if counts["error"] or (strict and counts["warning"]):
        raise typer.Exit(1)


def _summary(path: Path, counts: dict[str, int], sizes: dict[str, int], rules: int, over: int) -> str:
    """Say how it went, how much a comment passes over, and how large the table is."""
    said = counts_said(counts)
    if over:
        said += f", {over} warning{'s' if over != 1 else ''} passed over (`rolecall: ignore` in the policy says why)"
    if not sizes:
        return styled(f"{path}: {said}", "red")
    cells = "\n".join(f"  {kind:<16} {size:>14,}" for kind, size in sizes.items())
    total = f"{path}: {said}; {rules} rules, {sum(sizes.values()):,} reachable cells"
    return f"{styled(total, 'green')}\n{cells}"
