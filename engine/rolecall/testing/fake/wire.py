"""What goes over the wire: a request as it was asked, an answer as it will be sent, JSON, and instants."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, Literal
from urllib.parse import parse_qs

import msgspec

JSON: Final = "application/json; charset=utf-8"
HTML: Final = "text/html; charset=utf-8"
_PIECE: Final = 262_144


class Asked(msgspec.Struct, frozen=True):
    """A request: the path decoded, the query as it came, header names in lower case, `at` in seconds since 1970."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    at: float

    @property
    def params(self) -> dict[str, list[str]]:
        """Every query parameter with its values, empty ones too."""
        return parse_qs(self.query, keep_blank_values=True)

    @property
    def target(self) -> str:
        """The path with the query, as a link names it."""
        return f"{self.path}?{self.query}" if self.query else self.path


class Logged(msgspec.Struct, frozen=True):
    """A request that was answered: with which status (0: the connection broke before one), and by which faults.

    `district` is whose token it carried, "" for none that is known; `host` is the host that it was sent to.
    """

    method: str
    path: str
    query: str
    status: int
    district: str
    host: str
    at: float
    faults: tuple[str, ...] = ()


class Response(msgspec.Struct, frozen=True):
    """An answer, and how it travels: nothing here waits or breaks by itself, whoever sends it does.

    Times are in seconds. `padding` spaces follow the body (JSON does not mind them). `broken` says that there is no
    answer at all.
    """

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = (("content-type", JSON),)
    padding: int = 0
    declared: bool = True  # whether a Content-Length is sent
    delay: float = 0.0  # before the status line
    drip: tuple[int, float] | None = None  # how many bytes at a time, with how long a wait before each
    cut: int | None = None  # how many bytes of the body arrive before the connection breaks
    broken: Literal["", "dns", "refused", "hang up"] = ""

    @property
    def size(self) -> int:
        """The length of the whole body in bytes, sent or not."""
        return len(self.body) + self.padding

    @property
    def head(self) -> list[tuple[str, str]]:
        """The headers to send, with the Content-Length where it is declared."""
        return [*self.headers, ("content-length", str(self.size))] if self.declared else list(self.headers)

    def pieces(self) -> Iterator[tuple[float, bytes]]:
        """Yield the body up to the cut, piece by piece, each with the wait before it."""
        size, wait = self.drip or (_PIECE, 0.0)
        end = self.size if self.cut is None else min(self.cut, self.size)
        for start in range(0, end, size):
            stop = min(start + size, end)
            piece = self.body[start:stop]
            yield wait, piece + b" " * (stop - start - len(piece))


def encode(value: object) -> bytes:
    """Write JSON; text that is no Unicode and numbers of any size are written as escapes and digits."""
    try:
        return msgspec.json.encode(value)
    except (UnicodeEncodeError, OverflowError):
        return json.dumps(value, separators=(",", ":")).encode()


def decode(text: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    """Read what `encode` wrote."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return json.loads(text)


def message(status: int, text: str) -> Response:
    """Give an error as Clever's API words it: `{"message": "…"}`."""
    return Response(status, encode({"message": text}))


def html(status: int, title: str) -> Response:
    """Give an error page, as a proxy or a web site answers."""
    page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Response(status, page.encode(), (("content-type", HTML),))


def instant(seconds: float) -> str:
    """Write an instant as Clever does: `2026-10-14T11:30:00.000Z`."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"
