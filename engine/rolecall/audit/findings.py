"""What a verification has to say about a store: what is wrong, where, and how far what is there is proven."""

from __future__ import annotations

from typing import Literal

import msgspec

What = Literal[
    "changed", "removed", "inserted", "moved", "unreadable", "header", "checkpoint", "cut-off", "gone", "shared",
    "look-up", "database",
]  # fmt: skip


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong: what, with which record of which writer (`seq` 0 and no `id` where with none)."""

    what: What
    message: str
    writer: str = ""
    seq: int = 0
    id: str = ""

    def __str__(self) -> str:
        """Give it as a person reads it: the record first."""
        where = f"writer {self.writer}" if self.writer else "the store"
        if self.seq:
            where += f", record {self.seq}"
        if self.id:
            where += f" (decision {self.id})"
        return f"{where}: {self.message}"


class End(msgspec.Struct, frozen=True):
    """How far a writer's chain is there: its last record, the last one that a good checkpoint or a head covers.

    What comes after `proven` could be cut off without a trace. `pruned` counts the records that were deleted by age.
    """

    writer: str
    last: int
    hash: str
    proven: int
    pruned: int


class Verified(msgspec.Struct):
    """What came of a verification: findings in the order of writers and records, ends, counts."""

    findings: list[Finding] = []
    ends: list[End] = []
    records: int = 0
    segments: int = 0
    checkpoints: int = 0
    blobs: int = 0
    keys: set[str] = msgspec.field(default_factory=set)
    head: bool = False

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong with what is there."""
        return not self.findings
