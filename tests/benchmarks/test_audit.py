"""What recording costs can be measured, and every decision of the benchmark is recorded."""

from __future__ import annotations

from benchmarks.audit import BARE, CHAINED, WRITTEN, measure_cost, measure_rate
from benchmarks.audit_reading import measure_search
from benchmarks.world import make_world


def test_recording_can_be_timed() -> None:
    """Each way of recording takes the stream, nothing is refused, and the log verifies and replays."""
    world = make_world(200)
    assert {BARE, CHAINED, WRITTEN} < set(measure_cost(world, 20))
    rate = measure_rate(world, "sqlite", 0.1)
    assert rate.lost == 0
    assert min(rate.rate, rate.verified, rate.replayed) > 0


def test_searching_can_be_timed() -> None:
    """A large log is built by the store's own writing, and its records are found."""
    assert measure_search(make_world(50), 40_000).found > 0
