"""Records as rows of a database: short texts and blobs by number, each kept once; and rows as records again.

No column repeats what another one says but `short`, so that what a search finds is what the chain hashed.
"""

from __future__ import annotations

# ruff: noqa: S608 - statements are put together from names of this module
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from rolecall.audit.entry import Wire, encode, id_bytes, id_text
from rolecall.audit.stores.base import Record, Stored
from rolecall.audit.stores.values import as_bytes, as_number, as_text
from rolecall.vocabulary.identity import short_number

COLUMNS: Final = (
    "writer", "seq", "id", "time_ns", "mark", "subject", "type", "resource", "permission", "acting_as", "code",
    "allowed", "properties", "detail", "policy", "person", "place", "cell", "as_of_ns", "event", "pseudonymised",
    "short", "hash", "v",
)  # fmt: skip
"""Of the table `decision`."""

NAMES: Final = (
    "mark", "subject", "type", "resource", "permission", "acting_as", "code", "properties", "detail", "event",
)  # fmt: skip
"""The columns that hold the number of a text."""

BLOBS: Final = ("policy", "person", "place", "cell")
"""The columns that hold the number of a blob."""

_NULLABLE: Final = frozenset(("permission", "acting_as", "place"))
_TRUTH: Final[dict[object, bool | None]] = {None: None, 0: False, 1: True}

SELECT: Final = (
    "SELECT w.name AS writer, d.seq, d.id, d.time_ns, d.allowed, d.as_of_ns, d.pseudonymised, d.short, d.hash, d.v, "
    + ", ".join(f"d.{name} AS {name}_number, {name}_.text AS {name}" for name in NAMES)
    + ", "
    + ", ".join(f"d.{name} AS {name}_number, {name}_.digest AS {name}" for name in BLOBS)
    + " FROM decision d JOIN writer w ON w.number = d.writer "
    + " ".join(f"LEFT JOIN name {name}_ ON {name}_.number = d.{name}" for name in NAMES)
    + " "
    + " ".join(f"LEFT JOIN blob {name}_ ON {name}_.number = d.{name}" for name in BLOBS)
)  # fmt: skip
"""All of a record, with its texts and digests."""

_FIRST: Final = 10
_NUMBER: Final = (int,)
_MAYBE: Final = (int, type(None))
# What each column of SELECT is, in order; of what is no such thing nobody knows what it was.
_KINDS: Final[tuple[tuple[str, tuple[type, ...]], ...]] = (
    ("writer", (str,)), ("seq", _NUMBER), ("id", (bytes,)), ("time_ns", _NUMBER), ("allowed", _MAYBE),
    ("as_of_ns", _MAYBE), ("pseudonymised", _NUMBER), ("short", _NUMBER), ("hash", (bytes,)), ("v", _NUMBER),
    *(pair for name in NAMES for pair in ((name, _MAYBE), (name, (str, type(None))))),
    *(pair for name in BLOBS for pair in ((name, _MAYBE), (name, (bytes, type(None))))),
)  # fmt: skip
_MOST: Final = 1000
_seen: Final[set[tuple[type, ...]]] = set()


class Texts(msgspec.Struct, frozen=True, gc=False):
    """A record beside the texts of it that are JSON of their own."""

    record: Record
    entry: Wire
    properties: str
    acting_as: str | None

    @classmethod
    def of(cls, record: Record) -> Texts:
        """Take them as they were written."""
        entry = record.entry
        acting, properties = bytes(entry.acting_as).decode(), bytes(entry.properties).decode()
        return cls(record, entry, properties, None if acting == "null" else acting)

    def names(self) -> tuple[str | None, ...]:
        """Give the texts that are kept by number."""
        one = self.entry
        return (
            one.mark, one.subject, one.type, one.resource, one.permission, self.acting_as, one.code,
            self.properties, one.detail, one.event,
        )  # fmt: skip

    def digests(self) -> tuple[str, ...]:
        """Give the digests of what it names."""
        one = self.entry
        shared = (one.policy, one.person, one.cell)
        return shared if one.place is None else (*shared, one.place)


def row(one: Texts, writer: int, names: dict[str, int], blobs: dict[str, int]) -> tuple[Any, ...]:
    """Give the row of a record, in the order of `COLUMNS`."""
    entry, record = one.entry, one.record
    return (
        writer,
        record.seq,
        id_bytes(entry.id),
        entry.time_ns,
        names[entry.mark],
        names[entry.subject],
        names[entry.type],
        names[entry.resource],
        None if entry.permission is None else names[entry.permission],
        None if one.acting_as is None else names[one.acting_as],
        names[entry.code],
        None if entry.allowed is None else int(entry.allowed),
        names[one.properties],
        names[entry.detail],
        blobs[entry.policy],
        blobs[entry.person],
        None if entry.place is None else blobs[entry.place],
        blobs[entry.cell],
        entry.as_of_ns,
        names[entry.event],
        int(entry.pseudonymised),
        short_number(entry.id),
        record.hash,
        entry.v,
    )


def read(rows: Iterable[Sequence[Any]]) -> Iterator[Stored]:
    """Make records of the rows that `SELECT` gives. A row that is none is told as a `problem`, in its place."""
    last = 0
    for found in rows:
        try:
            data = encode(_wire(found))
        except (ValueError, msgspec.MsgspecError) as error:
            last = found[1] if isinstance(found[1], int) else last + 1
            yield Stored(as_text(found[0]), last, b"", as_bytes(found[8]), as_number(found[7]), str(error))
        else:
            last = found[1]
            yield Stored(found[0], last, data, found[8], found[7])


def _check(found: Sequence[Any]) -> None:
    """Raise `ValueError` where a column holds what it never should. The kinds of a row are looked at once."""
    kinds = tuple(map(type, found))
    if kinds in _seen:
        return
    for (name, right), value in zip(_KINDS, found, strict=True):
        if not isinstance(value, right) or isinstance(value, bool):
            raise ValueError(f"the record's `{name}` is not what it should be")  # noqa: TRY004 - as for what else is none
    if len(_seen) < _MOST:
        _seen.add(kinds)


def _wire(found: Sequence[Any]) -> Wire:
    """Make the record of a row; raises `ValueError` for what no writer writes."""
    _check(found)
    texts: dict[str, Any] = {}
    for number, name in enumerate((*NAMES, *BLOBS)):
        key, value = found[_FIRST + 2 * number], found[_FIRST + 2 * number + 1]
        if (key is None and name not in _NULLABLE) or (key is not None and value is None):
            raise ValueError(f"the store has lost the record's `{name}`")
        texts[name] = value
    for name in BLOBS:
        if texts[name] is not None:
            texts[name] = texts[name].hex()
    if found[4] not in _TRUTH or found[6] not in (0, 1):
        raise ValueError("the row holds what is neither true nor false")
    acting = texts["acting_as"]
    return Wire(
        v=found[9],
        id=id_text(found[2]),
        time_ns=found[3],
        mark=texts["mark"],
        subject=texts["subject"],
        type=texts["type"],
        resource=texts["resource"],
        permission=texts["permission"],
        acting_as=msgspec.Raw(b"null" if acting is None else acting.encode()),
        code=texts["code"],
        allowed=_TRUTH[found[4]],
        properties=msgspec.Raw(texts["properties"].encode()),
        detail=texts["detail"],
        policy=texts["policy"],
        person=texts["person"],
        place=texts["place"],
        cell=texts["cell"],
        as_of_ns=found[5],
        event=texts["event"],
        pseudonymised=bool(found[6]),
    )
