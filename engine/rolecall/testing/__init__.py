"""A ready-made world to try a policy on: a synthetic district, the people worth naming in it, and requests.

from rolecall.testing import CAST, demo_district

snapshot = demo_district(users=400, seed=1)
CAST["multi_role_teacher"].id      # "ca5700000000000000000001"

`FakeClever(snapshot)` serves it as Clever's API would, and goes wrong as told (`Fault`).
"""

from __future__ import annotations

from rolecall.testing.cast import CAST, Cast
from rolecall.testing.district import demo_district, demo_lines, demo_records
from rolecall.testing.fake import FakeClever, Fault
from rolecall.testing.requests import demo_requests

__all__ = ["CAST", "Cast", "FakeClever", "Fault", "demo_district", "demo_lines", "demo_records", "demo_requests"]
