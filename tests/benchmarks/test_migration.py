"""What a plan costs can be measured."""

from __future__ import annotations

from benchmarks.migration import measure


def test_a_plan_can_be_timed() -> None:
    """Every account is planned, and merges and people of several accounts are among them."""
    found = measure(2_000)
    assert sum(found.outcomes.values()) == found.accounts
    assert found.outcomes["merged"] > 0
