"""`rolecall check`."""

from __future__ import annotations

import json
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
    """Check a policy: every error, warning and note of every file, and how large its decision table is."""
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
            typer.echo(_styled(one))
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
    """Give a finding for a person; a note takes a line or two, for there may be many."""
    if finding.severity == "note":
        details = "".join(f"\n  {label}: {text}" for label, text in finding.details)
        return styled(f"note[{finding.code}] {finding.origin}: {finding.message}", "dim") + details
    head, _, rest = finding.render().partition("\n")
    return styled(head, "red" if finding.severity == "error" else "yellow") + ("\n" + rest if rest else "") + "\n"


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
