"""What was found in a policy, for a person and for programs: `check` and `lint` write it alike."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer

from rolecall_cli.github import command
from rolecall_cli.style import styled

if TYPE_CHECKING:
    from pathlib import Path

    from rolecall.compiler import Compiled
    from rolecall.policy import Policy
    from rolecall.vocabulary.origin import Finding

SEVERITIES: Final = ("error", "warning", "note")
_PLACE: Final = re.compile(r":\d+\b|\bline \d+")


class FindingFormat(StrEnum):
    """How findings are written: for a person, for a program, as GitHub's annotations, as SARIF 2.1.0."""

    text = "text"
    json = "json"
    github = "github"
    sarif = "sarif"


As = Annotated[FindingFormat, typer.Option("--format", metavar="NAME", help="text, json, github or sarif.")]


class Checked(NamedTuple):
    """A policy looked at: None where it has errors, what was found, and how much of it a comment passes over."""

    policy: Policy | None
    compiled: Compiled | None
    found: list[Finding]
    passed_over: int


def look_at(path: Path) -> Checked:
    """Read and compile a policy, and find all that is wrong with it, but for what a comment ignores with a reason."""
    from rolecall.compiler import compile_policy  # noqa: PLC0415 - keeps --help quick
    from rolecall.loader import merge_sources  # noqa: PLC0415
    from rolecall.loader.files import read_sources  # noqa: PLC0415

    sources, found = read_sources(path)
    policy, findings = merge_sources(sources, found, path)
    if policy is None:
        return Checked(None, None, findings, 0)
    compiled = compile_policy(policy)
    findings += compiled.findings
    over: list[Finding] = []
    if any("ignore" in source.text for source in sources):
        from rolecall.analysis.lint import passed_over  # noqa: PLC0415 - only where it is asked for

        over = passed_over(policy, sources, findings)
    return Checked(policy, compiled, [one for one in findings if one not in over], len(over))


def counted(findings: Iterable[Finding]) -> dict[str, int]:
    """Give how many there are of each severity."""
    found = [one.severity for one in findings]
    return {severity: found.count(severity) for severity in SEVERITIES}


def counts_said(counts: dict[str, int]) -> str:
    """Say how many there are: `0 errors, 1 warning, 2 notes`."""
    return ", ".join(f"{number} {name}{'s' if number != 1 else ''}" for name, number in counts.items())


def in_full(finding: Finding) -> str:
    """Give an error or a warning for a person."""
    head, _, rest = finding.render().partition("\n")
    return styled(head, "red" if finding.severity == "error" else "yellow") + ("\n" + rest if rest else "") + "\n"


def notes_said(notes: Iterable[Finding]) -> Iterator[str]:
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


def as_data(finding: Finding) -> dict[str, object]:
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


def as_annotations(findings: Iterable[Finding]) -> Iterator[str]:
    """Give errors and warnings as GitHub's annotations; notes would only stand in the way there."""
    for one in findings:
        if one.severity == "note":
            continue
        at = one.origin
        where: dict[str, object] = {"file": at.file, "line": at.line, "col": at.column} if at else {}
        said = [one.message, *(f"{label}: {text}" for label, text in one.details), *(f"help: {h}" for h in one.helps)]
        yield command(one.severity, f"rolecall {one.code}", "\n".join(said), where)


def fingerprints(findings: Iterable[Finding]) -> Iterator[str]:
    """Give each finding a mark that stays while lines move: its code, what it says, and which of several alike."""
    seen: dict[str, int] = {}
    for one in findings:
        said = f"{one.code}\n{_PLACE.sub('', one.message)}"
        seen[said] = seen.get(said, 0) + 1
        yield hashlib.sha256(f"{said}\n{seen[said]}".encode()).hexdigest()[:32]
