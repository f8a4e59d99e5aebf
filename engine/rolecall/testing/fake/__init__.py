"""A fake of Clever's API v3.0: any snapshot, its events, and what can go wrong, in process or on a socket."""

from __future__ import annotations

from rolecall.testing.fake.clever import FakeClever
from rolecall.testing.fake.faults import Fault

__all__ = ["FakeClever", "Fault"]
