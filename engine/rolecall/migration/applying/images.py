"""Stored values as JSON and back, to the last bit; and the digest of a state, in whatever order its rows come."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from rolecall.errors import FactsError

_PLAIN: Final = (str, int, type(None))
_MASK: Final = (1 << 256) - 1


def encode(values: object) -> str:
    """Write values (a mapping or a list of them) as JSON; what JSON does not know is `{"$": kind, "v": …}`."""
    return _ENCODER.encode(_out(values))


def decode(text: str | None) -> Any:  # noqa: ANN401 - whatever was written
    """Read what `encode` wrote; None where nothing was."""
    return None if text is None else _DECODER.decode(text)


def _out(value: object) -> object:
    if isinstance(value, bool) or value.__class__ in _PLAIN:
        return value
    if isinstance(value, Mapping):
        return {str(name): _out(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_out(one) for one in value]
    if isinstance(value, float):
        return {"$": "float", "v": value.hex()}
    if isinstance(value, bytes | bytearray | memoryview):
        return {"$": "bytes", "v": bytes(value).hex()}
    for name, (kind, write, _) in _KINDS.items():
        if type(value) is kind:
            return {"$": name, "v": write(value)}
    raise FactsError(f"a value of the kind `{type(value).__name__}` cannot be kept in the journal")


def _span(value: timedelta) -> list[int]:
    return [value.days, value.seconds, value.microseconds]


def _unspan(parts: list[int]) -> timedelta:
    return timedelta(days=parts[0], seconds=parts[1], microseconds=parts[2])


_KINDS: Final[dict[str, tuple[type, Any, Any]]] = {
    "datetime": (datetime, datetime.isoformat, datetime.fromisoformat),
    "date": (date, date.isoformat, date.fromisoformat),
    "time": (time, time.isoformat, time.fromisoformat),
    "decimal": (Decimal, str, Decimal),
    "uuid": (UUID, str, UUID),
    "span": (timedelta, _span, _unspan),
}


def _back(found: dict[str, Any]) -> object:
    kind = found.get("$")
    if kind is None or len(found) != len(("$", "v")):
        return found
    if kind == "float":
        return float.fromhex(found["v"])
    if kind == "bytes":
        return bytes.fromhex(found["v"])
    return _KINDS[kind][2](found["v"])


# Made once: `json.dumps` and `json.loads` would make one for each row.
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_DECODER: Final = json.JSONDecoder(object_hook=_back)


class Digest:
    """The digest of a table: how many rows, and a sum over them that no order changes."""

    def __init__(self) -> None:
        """Begin with no rows."""
        self.rows, self._sum = 0, 0

    def add(self, rows: Iterable[Sequence[object]]) -> None:
        """Take rows."""
        for row in rows:
            self.rows += 1
            made = hashlib.sha256(encode([*row]).encode()).digest()
            self._sum = (self._sum + int.from_bytes(made, "big")) & _MASK

    def text(self) -> str:
        """Give it as text."""
        return f"sha256-sum:{self._sum:064x}"
