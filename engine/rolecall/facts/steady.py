"""A clock that notices when it was put back: what was kept by it may then be older than it says."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from rolecall.instants import SECOND

SLACK: Final = SECOND
"""By how much, in nanoseconds, two clocks may come apart before one of them counts as put back."""


def steady(clock: Callable[[], int], told: Callable[[], object]) -> Callable[[], int]:
    """Read the machine's clock (nanoseconds since 1970) beside one that nobody puts back.

    Each reading that is more than `SLACK` behind what the other clock says calls `told` first. A clock that stands
    still, to the nanosecond, is not put back: a test's.
    """
    stood = clock()
    lead = stood - time.monotonic_ns()

    # Every decision pays for this.
    def read() -> int:
        nonlocal stood, lead
        now = clock()
        behind = lead - now + time.monotonic_ns()  # a thread that is held up here tells somebody for nothing
        if 0 <= behind <= SLACK:
            return now
        if now != stood:
            stood, lead = now, lead - behind
            if behind > 0:
                told()
        return now

    return read


def ever_since(at: int, ticks: int, now: int) -> int:
    """Give since when something is kept, by the clock that makes it older: `at` it was `ticks` by the other one."""
    since = now - (time.monotonic_ns() - ticks)
    return since if since < at - SLACK else at
