"""Whether a store is as it was written: its chains, headers, checkpoints, shared texts; against a head, its end too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

import msgspec

from rolecall.audit.blobs import digest_of, read_blob
from rolecall.audit.checkpoints import Head, Signed, Tip, compare, read_checkpoints
from rolecall.audit.entry import Entry
from rolecall.audit.findings import End, Finding, Verified
from rolecall.audit.reading import PARTS, shared
from rolecall.audit.stores.base import Blob, Checkpoint, Damaged, Segment, Store, Stored
from rolecall.audit.walk import Walk

T = TypeVar("T")

TRIES: Final = 3
"""How often a chain is walked that somebody wrote to, or deleted from, meanwhile."""


class Verifier:
    """Verifies one store. Whoever writes meanwhile does no harm."""

    def __init__(
        self, store: Store, *, key: str = "", head: Head | None = None, progress: Callable[[int], None] | None = None
    ) -> None:
        """`key` is the public key (hexadecimal) that checkpoints have to be signed by, `head` what was kept elsewhere.

        `progress` is told of each record.
        """
        self._store, self._key, self._head, self._progress = store, key, head, progress
        self.found = Verified(head=head is not None)
        self._held: dict[str, str] = {}
        self._bad: dict[str, str] = {}
        self._told: set[str] = set()
        self._lost: list[Finding] = []

    def run(self) -> Verified:
        """Verify all of it."""
        found, kept = self.found, {tip.writer: tip for tip in self._head.tips} if self._head else {}
        found.findings += [Finding("database", said) for said in self._safely("pages", self._integrity())]
        checkpoints: dict[str, list[Checkpoint]] = {}
        for one in self._safely("checkpoints", self._store.checkpoints()):
            checkpoints.setdefault(one.writer, []).append(one)
        for blob in self._safely("shared texts", self._store.all_blobs()):
            found.blobs += 1
            self._look(blob)
        writers = dict.fromkeys([*self._safely("writers", self._writers()), *checkpoints, *kept])
        for writer in writers:
            self._verify(writer, checkpoints.get(writer, []), kept.get(writer))
        if kept and not kept.keys() & {end.writer for end in found.ends}:
            said = "the head knows of no writer that is here: it is another store's, or all that was here is gone"
            found.findings.insert(0, Finding("gone", said))
        for digest, said in self._bad.items():
            if digest not in self._told:
                found.findings.append(Finding("shared", f"{said} (no record names it)"))
        return found

    def _safely(self, what: str, found: Iterator[T]) -> Iterator[T]:
        """Give what a store holds as long as it can give any."""
        try:
            yield from found
        except Damaged as error:
            self.found.findings.append(Finding("database", f"not all {what} can be read: {error}"))

    def _integrity(self) -> Iterator[str]:
        yield from self._store.integrity()

    def _writers(self) -> Iterator[str]:
        """Give the writers; whoever has no name of their own has a chain that no walk would meet."""
        seen: set[str] = set()
        for one in self._store.writers():
            if not one or one in seen:
                said = "two writers have this name" if one else "a writer has no name"
                self.found.findings.append(Finding("database", said, one))
            seen.add(one)
            yield one

    def _segments(self, writer: str) -> list[Segment]:
        return [*self._safely(f"segments of writer {writer}", self._store.segments(writer))]

    def _look(self, blob: Blob) -> None:
        """Check a shared text against its digest."""
        self._held[blob.digest] = blob.kind
        if digest_of(blob.kind, blob.body) != blob.digest:
            which = f" `{blob.digest[:16]}`" if blob.digest else " without a digest"
            self._bad[blob.digest] = f"the {blob.kind}{which} was changed"
            return
        try:
            read_blob(blob)
        except (ValueError, RecursionError) as error:
            self._bad[blob.digest] = f"the {blob.kind} `{blob.digest[:16]}` cannot be read: {error}"

    def _verify(self, writer: str, checkpoints: list[Checkpoint], tip: Tip | None) -> None:
        """Verify one writer's chain, and hold what was signed and kept against it."""
        findings: list[Finding] = []
        signed = read_checkpoints(checkpoints, self._key, findings)
        self.found.checkpoints += len(checkpoints)
        self.found.keys.update(one.key for one in signed)
        told = [*signed, *self._kept(tip)]
        walk, lost = self._walk(writer, [one.seq for one in told])
        findings += [*walk.findings, *lost]
        pruned = self._pruned
        if tip is not None and walk.last == 0:
            findings.append(Finding("gone", f"nothing of it is left; the head knows of {tip.seq:,} records", writer, 1))
        proven = compare(writer, walk.hashes, walk.last, pruned, told if walk.last else (), findings)
        if tip is not None:
            findings += _checkpoints_gone(tip, [one.seq for one in checkpoints])
        findings.sort(key=lambda one: (not one.seq, one.seq))
        self.found.findings += findings
        self.found.records += walk.records
        self.found.segments += walk.segments
        if walk.last:
            self.found.ends.append(End(writer, walk.last, walk.hash.hex(), proven, walk.pruned))

    def _kept(self, tip: Tip | None) -> list[Signed]:
        return [] if tip is None or self._head is None else [Signed(tip.seq, tip.hash, self._head.time_ns, "")]

    def _walk(self, writer: str, wanted: Iterable[int]) -> tuple[Walk, list[Finding]]:
        """Walk along a chain, again where its segments are others afterwards: somebody was at work on it."""
        wanted, tries = list(wanted), TRIES
        segments, told = self._segments(writer), frozenset(self._told)
        while True:
            self._lost, self._told = [], set(told)
            walk = Walk(self._store, writer, wanted, self._named)
            walk.run(segments)
            self._pruned = max((one.last_seq or 0 for one in segments if one.pruned_ns is not None), default=0)
            tries -= 1
            if not (walk.findings or self._lost) or not tries:
                return walk, self._lost
            before, segments = segments, self._segments(writer)
            if _same(before, segments):
                return walk, self._lost

    def _named(self, record: Stored, entry: Entry) -> None:
        """Look at what a record names."""
        if self._progress is not None:
            self._progress(1)
        for part, digest in zip(PARTS, shared(entry), strict=False):
            kind = self._held.get(digest)
            if kind is None:
                found = self._store.blobs((digest,)).get(digest)
                if found is not None:  # written since
                    kind = self._held[digest] = found.kind
                elif digest not in self._told:
                    self._tell(digest, f"the store lacks the {part} it names", record, entry)
            elif self._bad and digest in self._bad and digest not in self._told:
                self._tell(digest, f"what it names is not what it was: {self._bad[digest]}", record, entry)
            if kind not in (None, part) and digest not in self._told:
                self._tell(digest, f"what it names as its {part} is a {kind}", record, entry)

    def _tell(self, digest: str, said: str, record: Stored, entry: Entry) -> None:
        self._told.add(digest)
        self._lost.append(Finding("shared", said, record.writer, record.seq, entry.id))


def _checkpoints_gone(tip: Tip, there: list[int]) -> Iterator[Finding]:
    """Say which checkpoints are gone that the head knows of."""
    if tip.signed and tip.signed not in there:
        yield Finding(
            "checkpoint", "the checkpoint that the head knows of is gone, or was moved", tip.writer, tip.signed
        )
        return
    left = sum(seq <= tip.seq for seq in there)
    if left < tip.checkpoints:
        said = f"of {tip.checkpoints:,} checkpoints that the head knows of, {left:,} are left"
        yield Finding("checkpoint", said, tip.writer)


def _same(one: list[Segment], other: list[Segment]) -> bool:
    return [msgspec.to_builtins(part) for part in one] == [msgspec.to_builtins(part) for part in other]


def verify(
    store: Store, *, key: str = "", head: Head | None = None, progress: Callable[[int], None] | None = None
) -> Verified:
    """Verify a store; see `Verifier`."""
    return Verifier(store, key=key, head=head, progress=progress).run()
