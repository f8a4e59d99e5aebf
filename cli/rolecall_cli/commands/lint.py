"""`rolecall lint`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall_cli.findings import (
    As,
    FindingFormat,
    as_annotations,
    as_data,
    counted,
    counts_said,
    fingerprints,
    in_full,
    notes_said,
)
from rolecall_cli.options import POLICIES
from rolecall_cli.style import shown, styled

if TYPE_CHECKING:
    from rolecall.analysis.lint import Fixed, Problem
    from rolecall.vocabulary.origin import Source


def lint(
    path: Annotated[
        Path, typer.Argument(envvar="ROLECALL_POLICIES", help="A policy file, or a folder of them.")
    ] = POLICIES,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings make the answer no, too.")] = False,
    format: As = FindingFormat.text,  # noqa: A002 - the option's name
    explained: Annotated[
        str | None, typer.Option("--explain", metavar="RULE", help="Say what a lint rule is about, with examples.")
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend what can be mended without a change of any answer: proven for each.")
    ] = False,
) -> None:
    """Find what is hardly meant in a policy.

    Beyond errors: redundant rules, permissions that everybody has, maxima that lock principals out. Each is decided on
    the table. A comment `# rolecall: ignore RULE - the reason` passes a finding over.
    """
    if explained is not None:
        typer.echo(_explained(explained))
        return
    if not path.exists():
        raise typer.BadParameter(f"there is no file or folder `{path}`", param_hint="PATH")
    problems, fixed = _looked_at(path, fix=fix)
    counts = counted(one.finding for one in problems)
    _write(path, problems, fixed, counts, format)
    if counts["error"] or (strict and counts["warning"]):
        raise typer.Exit(1)


def _explained(rule: str) -> str:
    from rolecall.analysis.lint import IDS, explain  # noqa: PLC0415 - keeps --help quick
    from rolecall.errors import did_you_mean  # noqa: PLC0415

    if rule not in IDS:
        raise typer.BadParameter(f"there is no lint rule `{rule}`: {did_you_mean(rule, IDS)}", param_hint="--explain")
    return f"{rule}\n\n{explain(rule)}"


def _looked_at(path: Path, *, fix: bool) -> tuple[list[Problem], Fixed | None]:
    """Find everything, after mending what is to be mended. A policy that does not load has the loader's findings."""
    from rolecall.analysis.lint import Problem, fix_sources  # noqa: PLC0415 - keeps --help quick
    from rolecall.analysis.lint import lint as asked  # noqa: PLC0415
    from rolecall.loader import merge_sources  # noqa: PLC0415
    from rolecall.loader.files import read_sources  # noqa: PLC0415

    sources, found = read_sources(path)
    policy, findings = merge_sources(sources, list(found), path)
    fixed = fix_sources(sources, path) if policy and fix else None
    if fixed and fixed.changed:
        _save(fixed)
        sources = [*fixed.sources]
        policy, findings = merge_sources(sources, list(found), path)
    problems = [Problem(one) for one in findings]
    return [*problems, *(asked(policy, sources) if policy else ())], fixed


def _save(fixed: Fixed) -> None:
    from rolecall_cli.writing import rewrite  # noqa: PLC0415 - only where something is written

    before: dict[str, Source] = {one.name: one for one in fixed.before}
    for one in fixed.changed:
        rewrite(one.name, before[one.name].text, one.text)


def _write(
    path: Path,
    problems: list[Problem],
    fixed: Fixed | None,
    counts: dict[str, int],
    format: FindingFormat,  # noqa: A002 - as above
) -> None:
    """Write everything in its format."""
    findings = [one.finding for one in problems]
    if format is FindingFormat.sarif:
        from rolecall.analysis.lint import IDS, explain  # noqa: PLC0415 - keeps --help quick

        from rolecall_cli.sarif import as_sarif  # noqa: PLC0415

        typer.echo(json.dumps(as_sarif(findings, {name: explain(name) for name in IDS}), indent=2))
    elif format is FindingFormat.github:
        for line in as_annotations(findings):
            typer.echo(line)
    elif format is FindingFormat.json:
        rows = [
            as_data(one.finding) | {"fingerprint": mark, "fix": one.fix.said if one.fix else None}
            for one, mark in zip(problems, fingerprints(findings), strict=True)
        ]
        done = {"fixed": list(fixed.done), "not_fixed": [_left(*one) for one in fixed.left]} if fixed else {}
        typer.echo(json.dumps({"schema": 1, "counts": counts, **done, "findings": rows}, indent=2))
    else:
        for one in findings:
            if one.severity != "note":
                typer.echo(in_full(one))
        for row in notes_said(one for one in findings if one.severity == "note"):
            typer.echo(row)
        _say_fixes(problems, fixed)
        typer.echo(styled(f"{path}: {counts_said(counts)}", "red" if counts["error"] else "green"))


def _left(finding: object, why: str) -> dict[str, object]:
    from rolecall.vocabulary.origin import Finding  # noqa: PLC0415 - keeps --help quick

    return {**(as_data(finding) if isinstance(finding, Finding) else {}), "why": why}


def _say_fixes(problems: list[Problem], fixed: Fixed | None) -> None:
    """Say what was mended, and why something was not; or how much could be."""
    if fixed is None:
        number = sum(one.fix is not None for one in problems)
        if number:
            typer.echo(f"`rolecall lint --fix` tries to mend {number} of them, where no answer changes")
        return
    for said in fixed.done:
        typer.echo(shown(f"fixed: {said}"))
    for finding, why in fixed.left:
        typer.echo(shown(f"not fixed: {finding.code} at {finding.origin}: {why}"))
