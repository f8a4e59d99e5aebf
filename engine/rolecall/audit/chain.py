"""The hash chain: each record's hash covers the one before, each segment's header the last hash of the one before.

A writer (one process's recorder) has a chain of its own, in segments. The hash before a segment's first record is
`start(header)`; that of a record is `step(the hash before, its bytes)`.
"""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from rolecall.audit.entry import encode

_START: Final = b"rolecall audit\0"

NOTHING: Final = b""
"""What stands for the hash before a writer's first record."""


class Header(msgspec.Struct, frozen=True, array_like=True):
    """A segment's header: its version, the writer's random id, the segment's number (from 1), the sequence number of
    its first record, the last hash of the segment before (hexadecimal, empty for the first) and when it began.
    """  # noqa: D205 - one sentence too long for a line

    v: int
    writer: str
    number: int
    first: int
    previous: str
    began_ns: int

    def encode(self) -> bytes:
        """Give the canonical bytes, which are what the chain hashes."""
        return encode(self)


_header: Final = msgspec.json.Decoder(Header)


def read_header(data: bytes) -> Header:
    """Read a header; raises `ValueError` where it is none."""
    return _header.decode(data)


def start(header: bytes) -> bytes:
    """Give the hash before a segment's first record (32 bytes)."""
    return hashlib.sha256(_START + header).digest()


def step(before: bytes, data: bytes) -> bytes:
    """Give a record's hash (32 bytes) from the hash before it and the record's bytes."""
    return hashlib.sha256(before + data).digest()
