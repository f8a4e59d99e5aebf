"""Where a fault was placed: for which requests, how often, and how often it was met."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Self

from rolecall.testing.fake.faults import Fault
from rolecall.testing.fake.wire import Asked


class Placed:
    """A fault where it was placed; `hits` counts the answers that it changed.

    `remove()`, or the end of a `with` block, ends it.
    """

    def __init__(
        self,
        fault: Fault,
        path: str | re.Pattern[str] | None,
        times: int | None,
        skip: int,
        chance: float,
        district: str | None,
    ) -> None:
        self.fault = fault
        self.hits = 0
        self.removed = False
        self._path = path
        self._times = times
        self._skip = skip
        self._chance = chance
        self._district = district

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def remove(self) -> None:
        """Let requests be answered without this fault again."""
        self.removed = True

    def concerns(self, asked: Asked, district: str, draw: Callable[[], float]) -> bool:
        """Say whether this request meets the fault, and count it as met."""
        if not self._matches(asked, district) or (self._times is not None and self.hits >= self._times):
            return False
        if self._skip > 0:
            self._skip -= 1
            return False
        if self._chance < 1 and draw() >= self._chance:
            return False
        self.hits += 1
        return True

    def missed(self) -> None:
        """Take the count back: there was nothing in the answer for the fault to change."""
        self.hits -= 1

    def _matches(self, asked: Asked, district: str) -> bool:
        if self.removed or (self._district is not None and self._district != district):
            return False
        if isinstance(self._path, re.Pattern):
            return self._path.search(asked.target) is not None
        return self._path is None or asked.path == self._path or asked.path.startswith(self._path.rstrip("/") + "/")
