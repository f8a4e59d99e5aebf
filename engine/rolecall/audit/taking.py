"""How records are handed over where that may take a moment: for want of room, or until they are on the disk.

Nobody waits longer than the bound; in an event loop only the task that asked waits.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from rolecall.audit.tray import Tray
from rolecall.audit.writing import Writing
from rolecall.vocabulary.decision import Decision

Made = list[tuple[bytes, Decision]]
"""Records with their decisions, in order."""

_MINUTE: Final = 60.0

_log: Final = logging.getLogger("rolecall.audit")


class Taking:
    """Takes records for one tray. Everything that takes them gives an empty text, or why their decisions may not be
    given.
    """  # noqa: D205 - one sentence too long for a line

    def __init__(self, tray: Tray, writing: Writing, *, required: bool, durable: bool, bound: float) -> None:
        """`bound` is in seconds."""
        self._tray, self._lock, self._writing = tray, tray.lock, writing
        self._required, self._durable, self._bound = required, durable, bound
        self._warned = 0.0
        self.lost = 0

    def take(self, made: Made) -> str:
        """Take records, where there may be no room at first."""
        until = time.monotonic() + self._bound
        while (seq := self._try(made)) is None:
            with self._lock:
                self._tray.moved.wait_for(
                    lambda: self._is_free(len(made)) or self._is_vain(), max(until - time.monotonic(), 0)
                )
                free = self._is_free(len(made))
            if not free:
                return self._give_up(len(made))
        if isinstance(seq, str):
            return seq
        return self.wait(seq, until) if self._durable else ""

    async def atake(self, made: Made) -> str:
        """Do what `take` does, and let the event loop go on where it has to wait."""
        until = time.monotonic() + self._bound
        while (seq := self._try(made)) is None:
            await self._amoved(until, lambda: self._is_free(len(made)) or self._is_vain())
            if not self._is_free(len(made)):
                return self._give_up(len(made))
        if isinstance(seq, str):
            return seq
        last = seq
        if self._durable:
            while not self._is_settled(last) and await self._amoved(until, lambda: self._is_settled(last)):
                pass
            return self._outcome(last)
        return ""

    def wait(self, seq: int, until: float | None = None) -> str:
        """Wait until a record is on the disk."""
        left = self._bound if until is None else until - time.monotonic()
        with self._lock:
            self._tray.moved.wait_for(lambda: self._is_settled(seq), max(left, 0))
        return self._outcome(seq)

    def lose(self, count: int, reason: str) -> str:
        """Refuse, or count what goes without a record and say so once a minute."""
        if self._required:
            return reason
        with self._lock:
            self.lost += count
            now = time.monotonic()
            loud = now - self._warned > _MINUTE or self._warned == 0.0
            self._warned = now if loud else self._warned
        if loud:
            _log.error("decisions are given without a record, %d so far: %s", self.lost, reason)
        return ""

    def _try(self, made: Made) -> int | str | None:
        """Chain records: give the last one's number, or why nothing can be taken, or None where there is no room."""
        with self._lock:
            tray = self._tray
            if self._required and tray.problem:
                return tray.problem
            if not made:
                return 0
            blocked = bool(tray.blocked(len(made)))
            first = not blocked and tray.put_all(made)
            seq = tray.seq
        if first or blocked:  # blocked: whoever was first may have died on the way to say so
            self._writing.wake()
        return None if blocked else seq

    async def _amoved(self, until: float, is_so: Callable[[], object]) -> bool:
        """Wait until the writer says something, unless it is so already; false when the time is over."""
        loop = asyncio.get_running_loop()
        told: asyncio.Future[None] = loop.create_future()

        def tell() -> None:
            with suppress(RuntimeError):  # the loop may be closed by now
                loop.call_soon_threadsafe(_settle, told)

        callbacks = self._tray.callbacks
        with self._lock:
            if is_so():
                return True
            callbacks.add(tell)
        try:
            done, _ = await asyncio.wait({told}, timeout=max(until - time.monotonic(), 0))
        finally:
            with self._lock:
                callbacks.discard(tell)
        return bool(done)

    def _is_free(self, count: int) -> bool:
        return not self._tray.blocked(count)

    def _is_vain(self) -> bool:
        """Whether it makes no sense to wait for room. Best effort: not for a store that fails, or does not answer."""
        tray = self._tray
        return tray.closed or (not self._required and tray.stuck)

    def _is_settled(self, seq: int) -> bool:
        tray = self._tray
        return tray.written >= seq or bool(tray.problem) or self._is_vain()

    def _outcome(self, seq: int) -> str:
        tray = self._tray
        if tray.written >= seq or not self._required:
            return ""
        return tray.problem or f"the record was not on the disk within {self._bound:g} s"

    def _give_up(self, count: int) -> str:
        with self._lock:
            reason = self._tray.problem or self._tray.blocked(count) or "it does not answer in time"
        return self.lose(count, reason)


def _settle(told: asyncio.Future[None]) -> None:
    if not told.done():
        told.set_result(None)
