"""Text to policy: files, nodes with positions, structure, names. Every problem of every file is found at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from os import PathLike
from pathlib import Path

from rolecall.errors import PolicyError
from rolecall.loader.build import build, is_policy
from rolecall.loader.files import read_sources
from rolecall.loader.nodes import Node, parse
from rolecall.loader.structure import check_structure, schema
from rolecall.policy import Policy
from rolecall.vocabulary.origin import Finding, Source

__all__ = ["load_policy", "merge_sources", "read_policy", "schema"]


def read_policy(path: str | PathLike[str]) -> tuple[Policy | None, list[Finding]]:
    """Read a policy file or folder; give the policy (None where it has errors) and what was found, sorted."""
    top = Path(path)
    return merge_sources(*read_sources(top), top)


def merge_sources(sources: list[Source], findings: list[Finding], top: Path) -> tuple[Policy | None, list[Finding]]:
    """Merge policy files that were read, with what was found at that; `top` is the file, or the folder of them."""
    unreadable = _has_errors(findings)
    roots: list[tuple[Source, Node]] = []
    policies = 0
    for source in sources:
        root = parse(source, findings)
        if root is None:
            unreadable = True
        elif is_policy(root, source, findings):
            policies += 1
            findings += check_structure(root)
            roots.append((source, root))
    if sources and not policies and not _has_errors(findings):
        findings.append(Finding("no-policy", f"`{top}` holds no policy file", helps=("begin one with `rolecall: 1`",)))
    aliases = {finding.place for finding in findings if finding.code == "alias"}
    policy = build(roots, top, findings, lenient=unreadable or len(aliases) > 0)
    # An alias is read as nothing, and nothing is mostly wrong in its place: that need not be said as well.
    findings = [*_once(finding for finding in findings if finding.code == "alias" or finding.place not in aliases)]
    findings.sort(key=lambda finding: (finding.place, finding.code, finding.message))
    return (None if _has_errors(findings) else policy), findings


def _has_errors(findings: list[Finding]) -> bool:
    return any(finding.severity == "error" for finding in findings)


def _once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Leave out a repeated alias: one file can hold hundreds of thousands."""
    said: set[tuple[str, str]] = set()
    for finding in findings:
        key = (finding.place[0], finding.message)
        if finding.code != "alias" or key not in said:
            said.add(key)
            yield finding


def load_policy(path: str | PathLike[str]) -> Policy:
    """Read a policy file or folder; raises `PolicyError` with every error where there is one."""
    policy, findings = read_policy(path)
    if policy is None:
        raise PolicyError(finding for finding in findings if finding.severity == "error")
    return policy
