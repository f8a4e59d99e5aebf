"""The records on their way to the store: chained, in order, bounded. All of it under one lock."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from time import monotonic_ns
from typing import Final

import msgspec

from rolecall.audit.chain import NOTHING, Header, start
from rolecall.vocabulary.decision import Decision

SEGMENT: Final = 10_000
"""How many records a segment has at most."""

SEGMENT_NS: Final = 20 * 3600 * 1_000_000_000
"""For how long a segment is written to: a day or more after it began, nobody does (see `Store.prune`)."""

STUCK_NS: Final = 1_000_000_000
"""After how long a write that is not answered is not waited for, where nobody has to be recorded (`best-effort`)."""


_SHA256: Final = sha256()


class Item(msgspec.Struct, frozen=True, gc=False):
    """A record on its way, with the decision (what it shares with others is made from that), and when it came
    (monotonic nanoseconds).
    """  # noqa: D205 - one sentence too long for a line

    seq: int
    data: bytes
    hash: bytes
    decision: Decision
    came: int


class Load(msgspec.Struct):
    """What is taken to be written at once."""

    segments: list[tuple[Header, bytes]]
    items: list[Item]


class Tray:
    """One writer's chain, and what of it is not written yet."""

    def __init__(self, room: int, late_ns: int, segment: int = SEGMENT, *, required: bool = True) -> None:
        """Begin a chain: `room` is how many records may wait, `late_ns` for how long (nanoseconds)."""
        self.room, self.late_ns, self._segment, self._required = room, late_ns, segment, required
        self.lock = threading.Lock()
        self.moved = threading.Condition(self.lock)
        self.writer = secrets.token_hex(16)
        self.seq = self.written = self.pending = 0
        self.proof = self.written_proof = NOTHING
        self.problem = ""
        self.closed = False
        self._items: list[Item] = []
        self._headers: list[tuple[Header, bytes]] = []
        self._number = self._full_at = self._old_at = self._oldest = 0
        self.callbacks: set[Callable[[], None]] = set()

    def put(self, data: bytes, decision: Decision) -> bool | None:
        """Chain a record if there is room: say whether it is the first that waits, or None where it is not taken.

        To be called with the lock held.
        """
        now, pending = monotonic_ns(), self.pending
        if pending:
            if pending >= self.room or now - self._oldest > self.late_ns:
                return None
        else:
            self._oldest = now
        if self.closed or (self.problem and self._required):
            return None
        if self.seq >= self._full_at or now >= self._old_at:
            self._begin(now)
        # A signal's handler may raise wherever something is called. Nothing is called from the list on to the end, so
        # that either all of it is so or nothing: a number that no record has would look like a record removed.
        hashed = _SHA256.copy()  # faster than a new one
        hashed.update(self.proof + data)
        seq, proof = self.seq + 1, hashed.digest()
        new = [Item(seq, data, proof, decision, now)]
        self._items += new
        self.seq = seq
        self.proof = proof
        self.pending = pending + 1
        return not pending

    def put_all(self, made: list[tuple[bytes, Decision]]) -> bool:
        """Chain several records, all with the lock held; say whether they are the first. There has to be room."""
        first, room, late = not self.pending, self.room, self.late_ns
        self.room, self.late_ns = self.pending + len(made) + 1, 1 << 62
        try:
            for data, decision in made:
                self.put(data, decision)
        finally:
            self.room, self.late_ns = room, late
        return first

    def _begin(self, now: int) -> None:
        """Begin a segment."""
        header = Header(1, self.writer, self._number + 1, self.seq + 1, self.proof.hex(), time.time_ns())
        data = header.encode()
        proof, new = start(data), [(header, data)]
        self._headers += new  # from here on nothing is called, as above
        self.proof = proof
        self._number += 1
        self._full_at = self.seq + self._segment
        self._old_at = now + SEGMENT_NS

    @property
    def stuck(self) -> bool:
        """Whether it makes no sense to wait for room: a write failed, or takes too long."""
        return bool(self.problem) or (self.pending > 0 and monotonic_ns() - self._oldest > STUCK_NS)

    def blocked(self, more: int = 1) -> str:
        """Say why so many more cannot be taken now, or nothing. To be called with the lock held."""
        if self.closed:
            return "it is closed"
        if self.pending and self.pending + more > self.room:
            return f"{self.pending:,} records wait to be written, and there is no room for more"
        if self.pending and monotonic_ns() - self._oldest > self.late_ns:
            return f"records have waited for longer than {self.late_ns / 1e9:g} s to be written"
        return ""

    def take(self, most: int) -> Load:
        """Take what waits, to be written."""
        with self.moved:
            taken, self._items = self._items[:most], self._items[most:]
            last = taken[-1].seq if taken else 0
            count = sum(header.first <= last for header, _ in self._headers)
            begun, self._headers = self._headers[:count], self._headers[count:]
            return Load(begun, taken)

    def done(self, load: Load) -> None:
        """Say that what was taken is written."""
        with self.moved:
            self.pending -= len(load.items)
            if load.items:
                self.written, self.written_proof = load.items[-1].seq, load.items[-1].hash
            if self._items:
                self._oldest = self._items[0].came
            self.problem = ""
            self._tell()

    def failed(self, load: Load, problem: str) -> None:
        """Say that what was taken is not written: it is kept, and waits."""
        with self.moved:
            self._items = [*load.items, *self._items]
            self._headers = [*load.segments, *self._headers]
            self.problem = problem
            self._tell()

    def close(self) -> None:
        """Take nothing more."""
        with self.moved:
            self.closed = True
            self._tell()

    def _tell(self) -> None:
        self.moved.notify_all()
        called, self.callbacks = self.callbacks, set()
        for one in called:
            one()
