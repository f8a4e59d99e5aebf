"""`rolecall check`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall_cli.options import POLICIES, Format
from rolecall_cli.style import styled

if TYPE_CHECKING:
    from rolecall.vocabulary.origin import Finding


def check(
    path: Annotated[
        Path, typer.Argument(envvar="ROLECALL_POLICIES", help="A policy file, or a folder of them.")
    ] = POLICIES,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings make the answer no, too.")] = False,
    format: Annotated[Format, typer.Option("--format", help="For a person, or for a program.")] = Format.text,  # noqa: A002 - the option's name
) -> None:
    """Find every mistake in a policy.

    Every error, warning and note of every file, each with its place and fix, and how large the decision table is.
    """
    from rolecall.compiler import compile_policy, table_sizes  # noqa: PLC0415 - keeps --help quick
    from rolecall.loader import read_policy  # noqa: PLC0415

    if not path.exists():
        raise typer.BadParameter(f"there is no file or folder `{path}`", param_hint="PATH")
    policy, findings = read_policy(path)
    compiled = compile_policy(policy) if policy else None
    found = [*findings, *(compiled.findings if compiled else ())]
    counts = {severity: sum(one.severity == severity for one in found) for severity in ("error", "warning", "note")}
    sizes = table_sizes(compiled.table) if compiled and not compiled.errors else {}
    if format is Format.json:
        data: dict[str, object] = {
            "schema": 1,
            "digest": policy.digest if policy else None,
            "counts": counts,
            "cells": sizes,
            "findings": [_data(one) for one in found],
        }
        typer.echo(json.dumps(data, indent=2))
    else:
        for one in found:
            if one.severity != "note":
                typer.echo(_styled(one))
        for row in [] if counts["error"] else _notes([one for one in found if one.severity == "note"]):
            typer.echo(row)
        typer.echo(_summary(path, counts, sizes, len(policy.rules) if policy else 0))
    if counts["error"] or (strict and counts["warning"]):
        raise typer.Exit(1)


def _summary(path: Path, counts: dict[str, int], sizes: dict[str, int], rules: int) -> str:
    """Say how it went and how large the table is."""
    said = ", ".join(f"{number} {name}{'s' if number != 1 else ''}" for name, number in counts.items())
    if not sizes:
        return styled(f"{path}: {said}", "red")
    cells = "\n".join(f"  {kind:<16} {size:>14,}" for kind, size in sizes.items())
    total = f"{path}: {said}; {rules} rules, {sum(sizes.values()):,} reachable cells"
    return f"{styled(total, 'green')}\n{cells}"


def _styled(finding: Finding) -> str:
    """Give an error or a warning for a person."""
    head, _, rest = finding.render().partition("\n")
    return styled(head, "red" if finding.severity == "error" else "yellow") + ("\n" + rest if rest else "") + "\n"


def _notes(notes: list[Finding]) -> Iterator[str]:
    """Give notes for a person, shortly: of one rule's cuts, a line for each rule that it cuts."""
    before = ""
    for one in notes:
        place, details = str(one.origin), dict(one.details)
        head, cuts, floor = one.message.partition(" cuts the minimum of ")
        if place != before or not cuts:
            yield styled(f"note[{one.code}] {place}: {head}{' cuts' if cuts else ''}", "dim")
        if cuts:
            yield f"  the minimum of {floor}: {details['cuts']}"
        before = place


def _data(finding: Finding) -> dict[str, object]:
    """Give a finding for a program."""
    at = finding.origin
    return {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "file": at.file if at else None,
        "line": at.line if at else None,
        "column": at.column if at else None,
        "details": dict(finding.details),
        "helps": list(finding.helps),
    }
