"""What a plan costs can be measured."""

from __future__ import annotations

from benchmarks.migration import measure


def test_a_plan_can_be_timed() -> None:
    """Every account is planned, and merges and people of several accounts are among them."""
    found = measure(2_000)
    assert sum(found.outcomes.values()) == found.accounts
    assert found.outcomes["merged"] > 0


def test_a_plan_can_be_carried_out_and_taken_back() -> None:
    """In both databases the very first state comes back, and something had changed meanwhile."""
    found = measure(1_000, ("sqlite", "postgresql"))
    assert [one.database for one in found.carried] == ["sqlite", "postgresql"]
    assert all(0 < one.moved < one.accounts and one.rows > one.moved for one in found.carried)
