"""Findings as SARIF 2.1.0, which GitHub's code scanning and editors read."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from rolecall_cli.findings import fingerprints

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rolecall.vocabulary.origin import Finding, Origin

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def as_sarif(findings: Sequence[Finding], about: Mapping[str, str]) -> dict[str, object]:
    """Give a whole log. `about` says what each code is about, where that is known; its first line is the short form."""
    codes = sorted({*about, *(one.code for one in findings)})
    results = [
        _result(one, codes.index(one.code), mark) for one, mark in zip(findings, fingerprints(findings), strict=True)
    ]
    driver = {"name": "rolecall", "version": version("rolecall"), "rules": [_rule(code, about) for code in codes]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str, about: Mapping[str, str]) -> dict[str, object]:
    """Describe a code."""
    text = about.get(code, "")
    found: dict[str, object] = {"id": code}
    if text:
        found["shortDescription"] = {"text": text.partition("\n")[0]}
        found["fullDescription"] = {"text": text.partition("\nBad:\n")[0].strip()}
        found["help"] = {"text": text, "markdown": text}
    return found


def _result(finding: Finding, index: int, mark: str) -> dict[str, object]:
    """Give one finding."""
    said = [finding.message, *(f"{label}: {text}" for label, text in finding.details)]
    said += [f"help: {text}" for text in finding.helps]
    found: dict[str, object] = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": "\n".join(said).replace("](", "] (")},  # or a policy's text would be a link
        "partialFingerprints": {"rolecall/v1": mark},
    }
    if finding.origin:
        found["locations"] = [{"physicalLocation": _place(finding.origin)}]
    return found


def _place(at: Origin) -> dict[str, object]:
    """Give a place; files are named from the working folder, which in CI is the repository's."""
    name = Path(os.path.relpath(at.file)).as_posix()
    region = {"startLine": at.line, "startColumn": at.column, "endColumn": at.column + at.width}
    return {"artifactLocation": {"uri": quote(name)}, "region": region}
