"""One writer's chain walked from its first header to its last record; whatever does not fit is named where it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Final

import msgspec

from rolecall.audit.chain import Header, start, step
from rolecall.audit.entry import Entry
from rolecall.audit.findings import Finding, What
from rolecall.audit.stores.base import Damaged, Segment, Store, Stored
from rolecall.vocabulary.identity import short_number

MAX_FINDINGS: Final = 100
"""How many findings a writer's walk gives; after the first the rest mostly follow from it."""


class Part(msgspec.Struct, frozen=True):
    """A segment with its header read (None where it is none), and the number of its first record."""

    segment: Segment
    header: Header | None
    first: int


class Walk:
    """A walk along one writer's chain.

    `wanted` are the sequence numbers whose hashes somebody wants to know: they are in `hashes` afterwards. `seen` is
    called with each record that can be read.
    """

    def __init__(self, store: Store, writer: str, wanted: Iterable[int], seen: Callable[[Stored, Entry], None]) -> None:
        """Begin before the first header."""
        self._store, self.writer, self._wanted, self._seen = store, writer, frozenset(wanted), seen
        self.findings: list[Finding] = []
        self.hashes: dict[int, bytes] = {}
        self.records = self.pruned = self.segments = 0
        # The last record that is there (or was, when its segment was deleted by age), and its hash, empty where nobody
        # knows: what the next record has to follow. And the hash before that one.
        self.last, self.hash, self._before = 0, b"", b""
        self._previous: Stored | None = None
        self._number = 0
        self._kept = 0  # the last segment whose records were not deleted

    def run(self, segments: Iterable[Segment]) -> None:
        """Walk along the segments and the records in them, as far as the store can give any."""
        try:
            self._run(segments)
        except Damaged as error:
            self._say("unreadable", f"from here on nothing can be read: {error}", self.last + 1)

    def _run(self, segments: Iterable[Segment]) -> None:
        parts = [self._part(one) for one in segments]
        # Of a segment without a header nobody knows where it begins: its first record tells, for it follows nothing.
        known = sorted((one for one in parts if one.first > 0), key=lambda one: (one.first, one.segment.number))
        ahead = known[::-1]
        open_ = False
        for record, after in _pairs(self._store.entries(self.writer)):
            while ahead and record.seq >= ahead[-1].first:
                open_ = self._enter(ahead.pop())
            if not open_:
                where = "before the first segment" if not self._number else "in a segment that was deleted by age"
                self._say("inserted", f"a record stands {where}", record.seq, record)
                continue
            self._take(record, after if not ahead or (after and after.seq < ahead[-1].first) else None)
        while ahead:
            part = ahead.pop()
            if self._enter(part):
                self._say("removed", f"segment {part.segment.number} is empty: its records are gone", part.first)

    def _part(self, segment: Segment) -> Part:
        """Read a header. Where the store says another first record than the header, the record itself decides."""
        try:
            header = segment.read
        except ValueError:
            return Part(segment, None, segment.first)
        if header.first != segment.first and header.first > 0:
            there = next(iter(self._store.entries(self.writer, header.first - 1)), None)
            if there is not None and step(start(segment.header), there.data) == there.hash:
                return Part(segment, header, header.first)
        return Part(segment, header, segment.first)

    def _enter(self, part: Part) -> bool:
        """Check a header against what came before it, and begin its segment; give whether it has records to follow."""
        segment, expected = part.segment, self._number + 1
        self.segments += 1
        own = expected in (segment.number, part.header.number if part.header else 0)
        said = self._misfit(part, expected if own else segment.number, own=own)
        if not own:
            gone = f"{expected}" if segment.number == expected + 1 else f"{expected} to {segment.number - 1}"
            self._say("removed", f"segment {gone} is missing, header and all", self.last + 1)
        elif part.first > self.last + 1:
            self._missing(part.first - 1)
        if said:
            self._say("header", f"the header of segment {segment.number} was changed: {said}", part.first)
        self._number = expected if own else segment.number
        self._set(part.first - 1, start(segment.header))
        if segment.pruned_ns is None:
            self._kept = self._number
            return True
        if self._kept:  # without its records nothing shows that it followed what stands before it
            said = f"segment {segment.number} is marked as deleted by age, and the older segment {self._kept} is not"
            self._say("removed", said, part.first)
        last, closing = segment.last_seq, segment.last_hash
        if last is None or not closing or last < part.first - 1:
            said = f"segment {segment.number} is marked as deleted by age, but not where and how it ended"
            self._say("header", said, part.first)
            last, closing = part.first - 1, b""
        self.pruned += last - part.first + 1
        self._set(last, closing)
        return False

    def _misfit(self, part: Part, number: int, *, own: bool) -> str:
        """Say in what a header does not fit what the store says of the segment, and what came before it."""
        segment, header = part.segment, part.header
        if header is None:
            return "it is no header"
        for what, said, there in (
            ("version", header.v, 1),
            ("writer", header.writer, self.writer),
            ("number", header.number, number),
            ("number", segment.number, number),
            ("first record", header.first, part.first),
            ("first record", segment.first, part.first),
        ):
            if said != there:
                return f"it is of {what} {said}, and not {there}"
        if own and part.first <= self.last:
            return f"it begins with record {part.first}, and the segment before is said to have ended at {self.last}"
        if own and self._number and self.hash and header.previous != self.hash.hex():
            return "it does not follow the last record of the segment before"
        if own and not self._number and header.previous:
            return "it follows a segment that is not there"
        unasked = segment.pruned_ns is None and (segment.last_seq, segment.last_hash) != (None, None)
        return "it says how it ended, though it was not deleted" if unasked else ""

    def _take(self, record: Stored, after: Stored | None) -> None:
        """Check a record against the one before it."""
        self.records += 1
        if record.seq > self.last + 1:
            self._missing(record.seq - 1)
            self.hash = b""
        elif record.seq <= self.last and self._previous is not None and self._previous.data:
            self._say("moved", f"stands after record {self.last}", record.seq, record)
        if not record.data:
            self._say("unreadable", f"cannot be read: {record.problem}", record.seq)
        elif self.hash and step(self.hash, record.data) != record.hash:
            self._tell_why(record, after)
        self._look(record)
        self._set(record.seq, record.hash)
        self._previous = record

    def _look(self, record: Stored) -> None:
        """Look at what a record says."""
        if not record.data:
            return
        try:
            entry = record.entry
        except ValueError as error:
            self._say("unreadable", f"is no record: {error}", record.seq)
            return
        if record.short is not None and record.short != short_number(entry.id):
            self._say("look-up", "is filed under another short code than its own", record.seq, record)
        self._seen(record, entry)

    def _tell_why(self, record: Stored, after: Stored | None) -> None:
        """Say what most likely happened where a record does not follow the one before it."""
        if self._before and self._previous and step(self._before, record.data) == record.hash:
            self._say("inserted", "was put in between", self._previous.seq, self._previous)
            return
        what, message = self._why(record, after)
        self._say(what, message, record.seq, record)

    def _why(self, record: Stored, after: Stored | None) -> tuple[What, str]:
        if after is not None and after.data:
            if step(self.hash, after.data) == after.hash:
                return "inserted", "was put in between"
            if step(step(self.hash, record.data), after.data) == after.hash:
                return "changed", "its hash was changed"
        if not self.findings and (came := self._origin(record)):
            return "moved", f"was moved here from after record {came}"
        if not self._before:
            return "changed", "was changed, or the header of its segment was"
        return "changed", "was changed, or another one between it and the one before was removed"

    def _origin(self, record: Stored) -> int:
        """Give after which record a record follows, or 0."""
        starts = ((one.first - 1, start(one.header)) for one in self._store.segments(self.writer))
        hashes = ((one.seq, one.hash) for one in self._store.entries(self.writer))
        return next((seq for seq, proof in chain(starts, hashes) if seq and step(proof, record.data) == record.hash), 0)

    def _set(self, seq: int, proof: bytes) -> None:
        """Go on from a record."""
        same = seq == self.last + 1 and self.hash
        self._before, self.last, self.hash = (self.hash if same else b""), seq, proof
        if seq in self._wanted:
            self.hashes.setdefault(seq, proof)

    def _missing(self, last: int) -> None:
        first = self.last + 1
        what = f"record {first} is" if first == last else f"records {first} to {last} are"
        self._say("removed", f"{what} missing", first)

    def _say(self, what: What, message: str, seq: int, record: Stored | None = None) -> None:
        if len(self.findings) >= MAX_FINDINGS:
            return
        identifier = ""
        if record is not None and record.data:
            try:
                identifier = record.entry.id
            except ValueError:
                identifier = ""
        self.findings.append(Finding(what, message, self.writer, seq, identifier))


def _pairs(records: Iterator[Stored]) -> Iterator[tuple[Stored, Stored | None]]:
    """Give each record with the one after it."""
    before: Stored | None = None
    for record in records:
        if before is not None:
            yield before, record
        before = record
    if before is not None:
        yield before, None
