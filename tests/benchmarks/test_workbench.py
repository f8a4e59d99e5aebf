"""What the workbench's benchmark measures is what it says."""

import pytest
from demo import POLICIES
from rolecall.analysis.claims import prove, read_claims
from rolecall.analysis.difference import Version, compare
from rolecall.analysis.grids import Bench, read_tests
from rolecall.compiler import load_table
from rolecall.loader import load_policy

from benchmarks.large_policy import write_large_policy
from benchmarks.workbench import edited, rolecall


@pytest.mark.full
def test_the_large_policy_is_as_large_as_it_says(tmp_path):
    """200 rules, 20 types, 8 roles; the same each time; its tests pass, its claims are proven, and an edit changes it."""
    write_large_policy(tmp_path / "large")
    policy = load_policy(tmp_path / "large")
    table = load_table(policy)
    assert (len(policy.rules), len(policy.resources), len(policy.roles)) == (200, 20, 8)
    files, findings = read_tests(tmp_path / "large", policy)
    results = Bench(table).run(files)
    assert findings == []
    assert all(one.passed for one in results)
    assert sum(one.asserted for one in results) > 4_000
    claims, findings = read_claims(tmp_path / "large", policy)
    assert findings == []
    assert len(claims) > 50
    assert all(one.answer == "proven" for one in prove(claims, policy, table))
    other = load_policy(edited(tmp_path / "large", tmp_path / "other"))
    assert not compare(Version(policy, table), Version.of(other)).unchanged


def test_a_command_is_measured():
    """Its time, its own memory and not this process's, and how it ended."""
    one = rolecall("check", POLICIES)
    assert one.code == 0
    assert one.cpu > 0
    assert one.seconds > 0
    assert 15 < one.memory < 150
    assert rolecall("check", POLICIES / "none").code == 2
