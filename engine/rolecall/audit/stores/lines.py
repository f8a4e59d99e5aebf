"""The lines of a log in files: read letter for letter, so that whatever was changed in one is seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from rolecall.audit.entry import Entry, id_bytes, id_text
from rolecall.audit.stores.base import Blob, Query, Stored
from rolecall.errors import AuditError
from rolecall.vocabulary.identity import short_number

_line: Final = msgspec.json.Decoder(list[msgspec.Raw])
_ROOM: Final = 1 << 63


def content_of(blob: Blob) -> Mapping[str, Any] | None:
    """Give what a blob holds; None where it is not what it was: `verify` tells of it."""
    from rolecall.audit.blobs import read_blob  # noqa: PLC0415 - blobs are made of stores' values

    try:
        return read_blob(blob)
    except ValueError:
        return None


def read_lines(path: Path) -> Iterator[bytes]:
    """Give the lines that were written to their end; raises `AuditError`."""
    try:
        with path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield line[:-1]
    except OSError as error:
        raise AuditError(f"`{path.name}` of the audit log cannot be read: {error.strerror}") from None


def parts_of(line: bytes) -> tuple[str, list[msgspec.Raw]]:
    """Give what a line is, and its parts; an empty text for what is not, letter for letter, as it is written."""
    try:
        kind, *parts = _line.decode(line)
        if b"[" + b",".join([bytes(kind), *map(bytes, parts)]) + b"]" == line:
            return text_of(kind), parts
    except (ValueError, RecursionError):
        pass
    return "", []


def record_of(writer: str, parts: list[msgspec.Raw], problem: str, seq: int) -> Stored:
    """Read a record; where it is none, `seq` is its number, for nobody knows a better one."""
    try:
        one = Stored(writer, number_of(parts[0]), bytes(parts[2]), hex_of(parts[1]))
        identifier = one.entry.id
        if id_text(id_bytes(identifier)) != identifier:
            return Stored(writer, seq, b"", b"", None, problem)
        return msgspec.structs.replace(one, short=short_number(identifier))
    except (ValueError, IndexError):
        return Stored(writer, seq, b"", b"", None, problem)


def text_of(raw: msgspec.Raw) -> str:
    """Read a plain text; raises `ValueError` where it is written otherwise than it is here."""
    found = bytes(raw)[1:-1].decode()
    if f'"{found}"'.encode() != bytes(raw) or not found.isalnum():
        raise ValueError("it is no plain text")
    return found


def hex_of(raw: msgspec.Raw) -> bytes:
    """Read bytes as hexadecimal digits, small letters."""
    found = bytes.fromhex(text_of(raw))
    if found.hex() != text_of(raw):
        raise ValueError("it is written otherwise than it is here")
    return found


def number_of(raw: msgspec.Raw) -> int:
    """Read a number that is not below zero."""
    found = int(bytes(raw))
    if str(found).encode() != bytes(raw) or not 0 <= found < _ROOM:
        raise ValueError("it is written otherwise than it is here")
    return found


def is_number(parts: list[msgspec.Raw], number: int) -> bool:
    """Say whether the first part is a number."""
    return len(parts) > 0 and bytes(parts[0]) == str(number).encode()


def wants(query: Query, entry: Entry, cells: Mapping[str, Mapping[str, Any]]) -> bool:
    """Say whether a query asks for a record."""
    same = (
        (query.user, entry.subject), (query.type, entry.type), (query.resource, entry.resource),
        (query.permission, entry.permission), (query.mark, entry.mark),
    )  # fmt: skip
    if any(asked is not None and asked != found for asked, found in same):
        return False
    if (query.since is not None and entry.time_ns < query.since) or (
        query.until is not None and entry.time_ns >= query.until
    ):
        return False
    cell = cells.get(entry.cell, {"permissions": [], "given": [], "capped": []})
    if query.rule is not None and not any(one[0] == query.rule for one in (*cell["given"], *cell["capped"])):
        return False
    if query.outcome in ("allowed", "denied"):
        allowed = bool(cell["permissions"]) if entry.allowed is None else entry.allowed
        return allowed is (query.outcome == "allowed")
    return query.outcome in (None, entry.code)
