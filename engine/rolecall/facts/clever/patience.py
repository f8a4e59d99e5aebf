"""Whether to try again, and when: httpx-retries' rules, within the patience of who asks."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import Final

import httpx
from httpx_retries import Retry

from rolecall.facts.clever.budget import MINUTE
from rolecall.facts.clever.clock import Clock

AGAIN: Final = frozenset({429, *range(500, 600)})
"""Statuses that say nothing about what was asked, and may be gone with the next try."""

EXCHANGE: Final = "rolecall"
"""Where a request carries its `Exchange`."""

_LONGEST: Final = 3600.0
"""The longest `Retry-After` that is believed, in seconds."""


class Exchange:
    """One request with all its tries: until when it must be over, and how long Clever asks to wait."""

    def __init__(self, clock: Clock, until: float) -> None:
        """Take the deadline in the clock's ticks."""
        self.clock, self.until = clock, until
        self._deadline = until
        self.tries = 0
        self.asked = 0.0
        self.pause = 0.0
        self.retry_at: float | None = None

    def left(self) -> float:
        """Give the seconds that are left."""
        return max(0.0, self.until - self.clock.ticks())

    def begin(self, timeout: float) -> float:
        """Begin a try and give its seconds; raises `httpx.ReadTimeout` where none are left."""
        seconds = min(timeout, self.left())
        self._deadline = self.clock.ticks() + seconds
        self.asked, self.retry_at = 0.0, None
        self.check()
        self.tries += 1
        return seconds

    def check(self) -> None:
        """Raise `httpx.ReadTimeout` where the try's seconds are over."""
        if self.clock.ticks() >= self._deadline:
            raise httpx.ReadTimeout("no whole answer in time")

    def heard(self, response: httpx.Response) -> None:
        """Note how long an answer asks to wait."""
        if response.status_code in AGAIN:
            self.asked = _asked(response, self.clock)
            self.retry_at = self.clock.now() + self.asked if self.asked else None


def _asked(response: httpx.Response, clock: Clock) -> float:
    """Give the seconds for which `Retry-After` or `X-RateLimit-Reset` asks, 0 where neither does."""
    seconds = 0.0
    if after := response.headers.get("retry-after", "").strip():
        with suppress(ValueError, OverflowError):
            seconds = min(Retry().parse_retry_after(after), _LONGEST)
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        with suppress(ValueError):
            reset = float(response.headers.get("x-ratelimit-reset", "")) - clock.now()
            # The window is a minute long: a reset further off than that is a clock that is wrong, theirs or ours.
            seconds = max(seconds, min(reset, MINUTE))  # in this order, NaN stays out
    return max(seconds, 0.0)


class Patient(Retry):
    """httpx-retries' rules with one more: no wait that ends after the exchange must be over."""

    def __init__(self, exchange: Exchange, attempts_made: int = 0) -> None:
        """Retry what cannot have changed anything and may go away: GET, lost connections, 429 and 5xx."""
        super().__init__(
            total=50,
            allowed_methods=["GET"],
            status_forcelist=AGAIN,
            backoff_factor=0.25,
            backoff_jitter=0.5,
            max_backoff_wait=20.0,
            attempts_made=attempts_made,
        )
        self._exchange = exchange

    def is_exhausted(self) -> bool:
        """Say whether to give up now: also where the wait is longer than what is left, so that nobody waits for it."""
        self._exchange.pause = self._exchange.asked or self.backoff_strategy()
        return super().is_exhausted() or self._exchange.pause >= self._exchange.left()

    def increment(self) -> Patient:
        """Give the rules for the next try."""
        return Patient(self._exchange, self.attempts_made + 1)

    def sleep(self, response: httpx.Response | Exception) -> None:  # noqa: ARG002 - `Whole` has read its headers
        """Wait before the next try."""
        self._exchange.clock.sleep(self._exchange.pause)

    async def asleep(self, response: httpx.Response | Exception) -> None:  # noqa: ARG002 - as in `sleep`
        """Wait before the next try, letting other tasks run."""
        await self._exchange.clock.asleep(self._exchange.pause)
