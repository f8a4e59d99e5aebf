"""Heads: how far each chain is, to be kept elsewhere; and what signed checkpoints and heads say of a chain.

A store cannot show by itself that its newest records were cut off, or that all of it was put back to an older state:
what is left fits together as well as before. A head that is kept where whoever can write to the store cannot, shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from rolecall.audit.entry import encode
from rolecall.audit.findings import Finding
from rolecall.audit.stores.base import Checkpoint, Store
from rolecall.errors import AuditError
from rolecall.instants import parse_instant, render_instant, say_instant

HEAD: Final = "rolecall audit head"


class Tip(msgspec.Struct, frozen=True):
    """How far one writer's chain was: its last record and the hash of it; how many checkpoints there were, and the last
    record that one of them signs.
    """  # noqa: D205 - one sentence too long for a line

    writer: str
    seq: int
    hash: str
    checkpoints: int = 0
    signed: int = 0


class Head(msgspec.Struct, frozen=True):
    """How far all chains of a store were at a time; `key` and `signature` (hexadecimal) are empty where none signed."""

    store: str
    time_ns: int
    tips: tuple[Tip, ...]
    key: str = ""
    signature: str = ""

    def body(self) -> bytes:
        """Give the bytes that are signed."""
        said = self.data()
        del said["signature"]
        return encode(said)

    def data(self) -> dict[str, Any]:
        """Give the head as the JSON of a file."""
        return {
            "what": HEAD,
            "schema": 1,
            "store": self.store,
            "time": render_instant(self.time_ns),
            "heads": [msgspec.to_builtins(one) for one in self.tips],
            "key": self.key,
            "signature": self.signature,
        }


class Signed(msgspec.Struct, frozen=True):
    """A checkpoint that is good by itself: whoever has the key said that a record had this hash, at a time."""

    seq: int
    hash: str
    time_ns: int
    key: str


def tips(store: Store) -> Iterator[Tip]:
    """Give how far each writer's chain is now."""
    signed: dict[str, list[int]] = {}
    for one in store.checkpoints():
        signed.setdefault(one.writer, []).append(one.seq)
    for writer in store.writers():
        seq, proof, begin = 0, b"", 0
        for segment in store.segments(writer):
            if segment.pruned_ns is None:
                begin = max(begin, segment.first - 2)  # and the one before, in case that it has no records yet
            elif segment.last_seq is not None:
                begin = seq = segment.last_seq
                proof = segment.last_hash or b""
        for record in store.entries(writer, begin):
            seq, proof = record.seq, record.hash
        if seq and not proof:
            raise AuditError(f"record {seq} of writer {writer} cannot be read, so how far its chain is cannot be told")
        if proof:
            there = [one for one in signed.get(writer, []) if one <= seq]
            yield Tip(writer, seq, proof.hex(), len(there), max(there, default=0))


def make_head(store: Store, time_ns: int, signing_key: Path | None = None) -> Head:
    """Give the head of a store, signed where there is a key; raises `AuditError`."""
    if signing_key is None:
        return Head(store.name, time_ns, tuple(tips(store)))
    from rolecall.audit.signing import Signer  # noqa: PLC0415 - an extra

    signer = Signer(signing_key)
    head = Head(store.name, time_ns, tuple(tips(store)), signer.public)
    return msgspec.structs.replace(head, signature=signer.sign(head.body()).hex())


def read_head(data: bytes, key: str = "") -> Head:
    """Read a head as a file has it; with a `key` (hexadecimal) it has to be signed by that; raises `AuditError`."""
    try:
        found = msgspec.json.decode(data, type=dict[str, Any])
        time_ns = parse_instant(str(found.get("time")))
        if found.get("what") != HEAD or found.get("schema") != 1 or time_ns is None:
            raise AuditError("the file is no head of an audit log: `rolecall audit head` prints one")
        told = msgspec.convert(found["heads"], tuple[Tip, ...])
        head = Head(str(found["store"]), time_ns, told, str(found["key"]), str(found["signature"]))
        signature = bytes.fromhex(head.signature)
    except (ValueError, KeyError, TypeError) as error:
        raise AuditError(f"the head cannot be read: {error}") from None
    if key and head.key != key:
        raise AuditError("the head is not signed by this key" if head.key else "the head is not signed")
    if head.key:
        from rolecall.audit.signing import is_signed  # noqa: PLC0415 - an extra

        if not is_signed(head.body(), signature, head.key):
            raise AuditError("the head was changed after it was signed")
    return head


def read_checkpoints(found: Iterable[Checkpoint], key: str, findings: list[Finding]) -> list[Signed]:
    """Give the checkpoints of one writer that are good by themselves; what is wrong with others is a finding.

    With a `key` (hexadecimal) only those that it signed are good.
    """
    good: list[Signed] = []
    before = None
    for one in found:
        if before == (before := (one.writer, one.seq)):
            findings.append(Finding("checkpoint", "the checkpoint is there twice", one.writer, one.seq))
            continue
        from rolecall.audit.signing import is_signed, read_statement  # noqa: PLC0415 - an extra

        try:
            said = read_statement(one.body)
        except ValueError as error:
            findings.append(Finding("checkpoint", f"the checkpoint was changed: {error}", one.writer, one.seq))
            continue
        if (said.writer, said.seq) != (one.writer, one.seq):
            wrong = f"the checkpoint is of record {said.seq} of writer {said.writer}"
        elif not is_signed(one.body, one.signature, said.key):
            wrong = "the checkpoint was changed: its signature does not fit"
        elif key and said.key != key:
            wrong = f"the checkpoint was replaced: another key ({said.key[:16]}…) signed it"
        else:
            good.append(Signed(said.seq, said.hash, said.time_ns, said.key))
            continue
        findings.append(Finding("checkpoint", wrong, one.writer, one.seq))
    return good


def compare(
    writer: str, hashes: Mapping[int, bytes], last: int, pruned: int, told: Iterable[Signed], findings: list[Finding]
) -> int:
    """Hold what was signed, or kept elsewhere, against a chain; give the last record that is proven by it.

    `hashes` are the chain's by sequence number, as far as it has them: of records that were deleted by age (those up to
    `pruned`) it may have none. `last` is the last record that is there. What the chain itself shows to be wrong is in
    `findings` already, and not said twice.
    """
    proven, broken = 0, min((one.seq for one in findings if one.what != "checkpoint"), default=last + 1)
    for one in sorted(told, key=lambda one: one.seq):
        when = f"of {say_instant(one.time_ns)}" + (" (signed)" if one.key else "")
        if one.seq > last:
            said = f"the end was cut off, or an older copy put back: what was kept {when} knows of record {one.seq}"
            findings.append(Finding("cut-off", said, writer, last + 1))
            break
        found = hashes.get(one.seq)
        if found is None and one.seq <= pruned:
            continue
        if broken <= one.seq:
            break
        if found is None or found.hex() != one.hash:
            said = (
                f"what was kept {when} does not fit: a record from {proven + 1} to {one.seq} was changed, "
                "and the chain after it made anew"
            )
            findings.append(Finding("changed", said, writer, proven + 1))
            break
        proven = one.seq
    return proven
