"""Files of tests: text to cases. Every problem of every file is found at once, each with its place and likely fix."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from msgspec.structs import replace

from rolecall.analysis.grids.cases import CaseReader
from rolecall.analysis.grids.model import Case, TestFile
from rolecall.analysis.grids.named import Cast, read_time
from rolecall.loader.files import read_sources
from rolecall.loader.names import Names, child, items, text
from rolecall.loader.nodes import Mapping, parse
from rolecall.loader.structure import check_structure
from rolecall.policy import Policy
from rolecall.vocabulary.origin import Finding, Source

KEY = "rolecall-tests"
SCHEMA = "tests-1"


def read_tests(path: str | PathLike[str], policy: Policy) -> tuple[list[TestFile], list[Finding]]:
    """Read the tests in a file or folder against the policy whose words they use; files of other kinds are passed over.

    A file without `tests` holds people and resources that all the others may name. Gives what was read, of use only
    where nothing was found.
    """
    sources, findings = read_sources(Path(path))
    findings = [one for one in findings if one.severity == "error"]  # what is passed over, the policy's loader tells
    roots: list[tuple[Source, Mapping]] = []
    for source in sources:
        if KEY not in source.text:
            continue  # parsing costs more than looking
        found: list[Finding] = []
        root = parse(source, found)
        if isinstance(root, Mapping) and next(iter(root.keys), "") == KEY:
            found += check_structure(root, SCHEMA)
            if not found:
                roots.append((source, root))
        elif root is not None:
            found.clear()  # a file of another kind
        findings += found
    names = Names(findings, lenient=False)
    shared = Cast(policy, names)
    for _, root in roots:
        if "tests" not in root.keys:
            shared.add(child(root, "people"), child(root, "resources"))
    files = [_read(root, source, policy, shared, names) for source, root in roots if "tests" in root.keys]
    if files:
        files[-1] = replace(files[-1], unused=(*files[-1].unused, *shared.unused()))
    findings.sort(key=lambda one: (one.place, one.code, one.message))
    return files, findings


def _read(root: Mapping, source: Source, policy: Policy, shared: Cast, names: Names) -> TestFile:
    """Read one file whose shape is right."""
    snapshot = text(child(root, "snapshot"))
    cast = shared.beside(child(root, "people"), child(root, "resources"), snapshot=snapshot is not None)
    cases: list[Case] = []
    for node in items(child(root, "tests")):
        if isinstance(node, Mapping):
            mine = cast.beside(child(node, "people"), child(node, "resources"))
            cases += CaseReader(mine, policy, names).read(node)
    file = None if snapshot is None else Path(source.name).parent / snapshot
    unused = tuple((name, at) for name, at in cast.unused() if at.source is source)
    return TestFile(source.name, file, read_time(child(root, "at"), names), tuple(cases), unused)
