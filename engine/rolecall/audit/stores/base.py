"""What every store of the audit log gives and takes; see `Store`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from rolecall.audit.chain import Header, read_header
from rolecall.audit.entry import Entry, Wire, decode, decode_wire
from rolecall.errors import AuditError


class Damaged(AuditError):
    """What a store holds cannot be read, and trying again does not help: a table is gone, a page is none."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """A record to be written: its number in the writer's chain, its bytes, its hash."""

    seq: int
    data: bytes
    hash: bytes

    @property
    def entry(self) -> Wire:
        """The record itself."""
        return decode_wire(self.data)


class Blob(msgspec.Struct, frozen=True):
    """What records share: `kind` (`policy`, `person`, `place`, `cell`) and canonical JSON; see `blobs.digest_of`."""

    digest: str
    kind: str
    body: bytes


class Checkpoint(msgspec.Struct, frozen=True):
    """A signed statement that the record `seq` of a writer's chain had a hash: `body` is what `signature` signs."""

    writer: str
    seq: int
    body: bytes
    signature: bytes


class Batch(msgspec.Struct):
    """What one process writes at once, all or nothing: new segments, then records in order, then checkpoints.

    `blob` gives what a record names by digest. `again` says that the same may have been written before: that the
    commit was not answered.
    """

    writer: str
    segments: list[tuple[Header, bytes]]
    records: list[Record]
    blob: Callable[[str], Blob]
    checkpoints: list[Checkpoint] = []
    blobs: list[Blob] = []
    again: bool = False


class Stored(msgspec.Struct, frozen=True):
    """A record as a store holds it. `data` are its bytes, empty where the store cannot give any: `problem` says why.

    `short` is the number behind the short code that the store looks up; it has to be that of the record's id.
    """

    writer: str
    seq: int
    data: bytes
    hash: bytes
    short: int | None = None
    problem: str = ""

    @property
    def entry(self) -> Entry:
        """The record; raises `ValueError` where the bytes are none."""
        return decode(self.data)


class Segment(msgspec.Struct, frozen=True):
    """A segment as a store holds it. Of one that was deleted by age, `pruned_ns` says when, and the sequence number
    and hash of its last record remain.
    """  # noqa: D205 - one sentence too long for a line

    writer: str
    number: int
    first: int
    header: bytes
    last_seq: int | None = None
    last_hash: bytes | None = None
    pruned_ns: int | None = None

    @property
    def read(self) -> Header:
        """The header; raises `ValueError` where the bytes are none."""
        return read_header(self.header)


class Query(msgspec.Struct, frozen=True):
    """What to search for; None is anything. Times are nanoseconds since 1970: from `since` on, before `until`.

    `user` is as recorded (a pseudonym where ids are pseudonymised). `outcome` is `allowed`, `denied` or a reason code;
    of a record without a permission, `allowed` means that something was held. `rule` is the id of one that gave, or
    cut.
    """

    user: str | None = None
    type: str | None = None
    resource: str | None = None
    permission: str | None = None
    outcome: str | None = None
    rule: str | None = None
    mark: str | None = None
    since: int | None = None
    until: int | None = None
    limit: int | None = None
    oldest_first: bool = False


Kind = Literal["policy", "person", "place", "cell"]


class Store(ABC):
    """A store of the audit log. Writing is one thread's business in each process; reading is safe from any thread."""

    name: str
    """How messages call it: no password is in it."""

    @abstractmethod
    def write(self, batch: Batch) -> None:
        """Write a batch and have it outlive a power cut; raises `AuditError`, and then nothing of it is there."""

    @abstractmethod
    def pruning(self, before_ns: int, now_ns: int) -> Iterator[int]:
        """Delete the segments whose records are all from before a time, but for their headers and last hashes, step by
        step; give after each how many it deleted. Between two steps others write. Segments that began within the last
        day are let be: somebody may still write there. So is what comes after a segment that stays.
        """  # noqa: D205 - one sentence too long for a line

    def prune(self, before_ns: int, now_ns: int) -> int:
        """Do all of `pruning`; give how many segments it deleted."""
        return sum(self.pruning(before_ns, now_ns))

    @abstractmethod
    def writers(self) -> list[str]:
        """Give the ids of all writers."""

    @abstractmethod
    def segments(self, writer: str | None = None) -> Iterator[Segment]:
        """Give the segments by writer, then number."""

    @abstractmethod
    def entries(self, writer: str, after: int = 0) -> Iterator[Stored]:
        """Give a writer's records in order, those after a sequence number."""

    @abstractmethod
    def checkpoints(self, writer: str | None = None) -> Iterator[Checkpoint]:
        """Give the checkpoints by writer, then sequence number."""

    @abstractmethod
    def blobs(self, digests: Iterable[str]) -> dict[str, Blob]:
        """Give blobs by digest; those that are not held are left out."""

    @abstractmethod
    def all_blobs(self) -> Iterator[Blob]:
        """Give every blob."""

    @abstractmethod
    def search(self, query: Query) -> Iterator[Stored]:
        """Give the records that a query asks for, newest first."""

    @abstractmethod
    def by_id(self, identifier: str) -> Sequence[Stored]:
        """Give the records of a decision: none, one, or more where it was recorded with several marks."""

    @abstractmethod
    def by_code(self, code: str) -> Sequence[Stored]:
        """Give the records with a short code (`RC-…`): mostly one."""

    @abstractmethod
    def count(self) -> int:
        """Give how many records there are."""

    @abstractmethod
    def integrity(self) -> list[str]:
        """Give what the database itself finds wrong with its files, and what stands in it outside of every chain."""

    def rest(self) -> None:
        """Close what a forked child must not have; it is opened again when something is written."""
        return

    @abstractmethod
    def abandon(self) -> None:
        """Let go of what a forked child has from its parent, without closing it under the parent's feet."""

    @abstractmethod
    def close(self) -> None:
        """Close every connection."""
