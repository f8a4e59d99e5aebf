"""A district's requests a minute, below what Clever allows: shared by threads and tasks, and by no other district."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import Final

from rolecall.facts.clever.clock import Clock

MINUTE: Final = 60.0
"""Clever's window, in seconds."""


class Spent(Exception):
    """The budget allows the next request only in `wait` seconds, which is longer than whoever asks has time for."""

    def __init__(self, wait: float) -> None:
        """Keep the seconds."""
        self.wait = wait
        super().__init__(wait)


class Budget:
    """At most `per_minute` requests in any sixty seconds, first come, first served.

    Where Clever's own window begins is unknown, so every window of a minute is kept. Whoever takes a request waits
    outside the lock, so that nobody waits for a sleeper.
    """

    def __init__(self, per_minute: int, clock: Clock) -> None:
        """Begin with the whole budget."""
        self._clock = clock
        self._lock = Lock()
        self._taken: deque[float] = deque(maxlen=per_minute)
        self._shut = float("-inf")

    def take(self, patience: float) -> float:
        """Take one request and give how many seconds to wait before it may be sent.

        Raises `Spent`, and takes nothing, where that is more than `patience`.
        """
        with self._lock:
            now = self._clock.ticks()
            turn = max(now, self._shut)
            if self._taken:
                turn = max(turn, self._taken[-1])
                if len(self._taken) == self._taken.maxlen:
                    turn = max(turn, self._taken[0] + MINUTE)
            if turn - now > patience:
                raise Spent(turn - now)
            self._taken.append(turn)
            return turn - now

    def closed(self, patience: float) -> float:
        """Give for how many seconds more Clever takes no request, 0 where it does; raises `Spent` as `take` does."""
        with self._lock:
            wait = max(0.0, self._shut - self._clock.ticks())
        if wait > patience:
            raise Spent(wait)
        return wait

    def shut(self, seconds: float) -> None:
        """Take nothing for so long: Clever itself has said that the budget is used up."""
        with self._lock:
            self._shut = max(self._shut, self._clock.ticks() + seconds)
