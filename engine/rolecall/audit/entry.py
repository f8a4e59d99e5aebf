"""One record of the audit log: who asked what, the answer, and the digests of all that it rested on. Ids only.

The bytes of a record are its canonical JSON: an array in the order of the members below, nothing between them. These
bytes are what the chain hashes, however a store keeps them.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args
from uuid import UUID

import msgspec

from rolecall.recorder import Mark

SCHEMA: Final = 1
"""The version of the form that records have."""


Nanoseconds = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""Since 1970: what a database has room for."""


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A record.

    `id` is the decision's UUIDv7, `time_ns` and `as_of_ns` (of the facts) are nanoseconds since 1970; `event` is the
    last Clever event that the facts had, or empty. `mark` says what asked: a single question (`decision`), one of
    several at once (`batch`), a list (`filter`), an explanation (`explain`), one with names (`names`). `allowed` is
    None where no permission was asked: what was held then stands in the cell. `properties` are the place, the owner
    and the attributes that the policy knows; None stands for a value that it does not. `detail` says what was missing.
    `policy`, `person`, `place` and `cell` are the digests of blobs: SHA-256 in hexadecimal digits.
    """

    v: Literal[1]
    id: str
    time_ns: Nanoseconds
    mark: Mark
    subject: str
    type: str
    resource: str
    permission: str | None
    acting_as: list[str] | None
    code: str
    allowed: bool | None
    properties: dict[str, str | bool | None]
    detail: str
    policy: str
    person: str
    place: str | None
    cell: str
    as_of_ns: Nanoseconds | None
    event: str
    pseudonymised: bool


class Wire(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The same record as a database keeps it: what is JSON of its own stays as it was written, letter for letter."""

    v: int
    id: str
    time_ns: int
    mark: str
    subject: str
    type: str
    resource: str
    permission: str | None
    acting_as: msgspec.Raw
    code: str
    allowed: bool | None
    properties: msgspec.Raw
    detail: str
    policy: str
    person: str
    place: str | None
    cell: str
    as_of_ns: int | None
    event: str
    pseudonymised: bool


_encoder: Final = msgspec.json.Encoder(order="deterministic")
_decoder: Final = msgspec.json.Decoder(Entry)
_wire: Final = msgspec.json.Decoder(Wire)

encode = _encoder.encode
"""Give canonical JSON: the members of objects in the order of their names, no spaces."""


def decode(data: bytes) -> Entry:
    """Read a record; raises `ValueError` where it is none."""
    return _decoder.decode(data)


def decode_wire(data: bytes) -> Wire:
    """Read a record as a database keeps it; raises `ValueError` where it is none."""
    return _wire.decode(data)


def id_bytes(text: str) -> bytes:
    """Give a decision's id as its 16 bytes; raises `ValueError` where it is none."""
    return UUID(text).bytes


def id_text(data: bytes) -> str:
    """Give the 16 bytes of a decision's id as its text; raises `ValueError` for others."""
    if len(data) != 16:  # noqa: PLR2004 - what a UUID has
        raise ValueError("a decision's id has 16 bytes")
    text = data.hex()  # what `str(UUID(…))` gives, in a fifth of the time
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def schema() -> dict[str, object]:
    """Give the JSON Schema of records, version 1. `prefixItems` are in the order of the array."""
    member = msgspec.json.schema(Entry)["$defs"]["Entry"]
    names = Entry.__struct_fields__
    items = [{"title": name, **one} for name, one in zip(names, member["prefixItems"], strict=True)]
    items[names.index("mark")] = {"title": "mark", "enum": list(get_args(Mark))}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "a record of rolecall's audit log",
        "description": " ".join((Entry.__doc__ or "").split()),
        "type": "array",
        "prefixItems": items,
        "items": False,
        "minItems": len(names),
        "maxItems": len(names),
    }
