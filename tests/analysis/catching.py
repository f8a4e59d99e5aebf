"""Which tools catch a mistake in the shipped policy: all of them are asked, each as its command asks."""

from functools import cache
from typing import NamedTuple

from analysis.mistakes import ROOT, Mistake
from rolecall.analysis.claims import prove, read_claims
from rolecall.analysis.difference import Version, compare
from rolecall.analysis.grids import Bench, read_tests
from rolecall.compiler import compile_policy
from rolecall.loader import load_policy, merge_sources
from rolecall.loader.files import read_sources
from rolecall.vocabulary.origin import Source

TOOLS = ("check", "test", "prove", "diff")


class Caught(NamedTuple):
    """Which tools say that something is wrong. What `check` refuses nothing else can read."""

    mistake: Mistake
    by: tuple[str, ...]


@cache
def shipped():
    """The shipped policy, compiled."""
    return Version.of(load_policy(ROOT))


def policy_of(mistake):
    """Read the policy with the mistake in it; gives what was found, too."""
    sources, findings = read_sources(ROOT)
    name = str(ROOT / mistake.file)
    sources = [Source(name, mistake.text) if one.name == name else one for one in sources]
    assert any(one.text == mistake.text for one in sources)
    return merge_sources(sources, findings, ROOT)


def catch(mistake, *, every=True):
    """Say which tools catch it (the first alone that does, where not `every`); None where it means the same."""
    policy, findings = policy_of(mistake)
    compiled = compile_policy(policy) if policy else None
    if compiled is None or compiled.errors:
        return Caught(mistake, ("check",))
    version = Version(policy, compiled.table)
    if compare(shipped(), version).unchanged:
        return None
    by = []
    if any(one.severity == "warning" for one in (*findings, *compiled.findings)):
        by.append("check")
    for name, fails in (("test", fails_tests), ("prove", fails_claims)):
        if (every or not by) and fails(version):
            by.append(name)
    return Caught(mistake, (*by, "diff"))


def fails_tests(version):
    """Say whether `rolecall test` answers no."""
    files, findings = read_tests(ROOT, version.policy)
    return bool(findings) or not all(one.passed for one in Bench(version.table).run(files))


def fails_claims(version):
    """Say whether `rolecall prove` answers no."""
    claims, findings = read_claims(ROOT, version.policy)
    return bool(findings) or any(one.answer != "proven" for one in prove(claims, version.policy, version.table))


def table(found):
    """Give the table of docs/testing.md: each kind with how many each tool caught."""
    rows = [["mistakes", "number", *(f"`{tool}`" for tool in TOOLS), "`diff` alone"], ["---", *["---:"] * 6]]
    kinds = dict.fromkeys(one.mistake.kind for one in found)
    for kind in [*kinds, None]:
        mine = [one for one in found if kind in (None, one.mistake.kind)]
        counts = [len(mine), *(sum(tool in one.by for one in mine) for tool in TOOLS)]
        counts.append(sum(one.by == ("diff",) for one in mine))
        rows.append([kind or "**all**", *map(str, counts)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
