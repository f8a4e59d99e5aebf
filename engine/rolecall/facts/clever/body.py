"""An answer's body, gathered whole: bounded as it is unpacked, and never taken for whole when it was cut."""

from __future__ import annotations

import zlib
from http import HTTPStatus
from typing import Final

import httpx

from rolecall.facts.clever.errors import Unfit

_GZIP: Final = 31
"""zlib's word for: a gzip header, and the largest window."""


_DIGITS: Final = 20
"""More digits than any length has."""

_REMAINDER: Final = 64 << 10
"""So much of an error's body is passed over to keep its connection, in bytes."""


class Body:
    """The bytes of one answer; at most `maximum` of them, counted after unpacking.

    Only the body of a 200 is `wanted`; any other is passed over, whatever it is.
    """

    def __init__(self, response: httpx.Response, maximum: int) -> None:
        """Raise `Unfit` for a body that is announced too large, or packed in a way that was not asked for."""
        self.status = response.status_code
        self.wanted = self.status == HTTPStatus.OK
        self._maximum = maximum
        self._received = 0
        self._data = bytearray()
        length = response.headers.get("content-length", "").strip()
        self._expected = int(length) if length.isascii() and length.isdigit() and len(length) < _DIGITS else None
        packed = response.headers.get("content-encoding", "").strip().lower()
        if self.wanted and packed not in ("", "identity", "gzip", "x-gzip"):
            raise Unfit("its answer is packed in a way that was not asked for")
        if self.wanted and self._expected is not None and self._expected > maximum:
            raise self._too_large()
        self._unpack = zlib.decompressobj(_GZIP) if packed.endswith("gzip") else None

    @property
    def enough(self) -> bool:
        """Whether the rest need not be read."""
        return not self.wanted and self._received > _REMAINDER

    def add(self, chunk: bytes) -> None:
        """Take the next bytes as they come; raises `Unfit` as soon as there are too many."""
        self._received += len(chunk)
        if not self.wanted:
            return
        if self._unpack is not None:
            try:
                # One byte more than there is room for shows that it is too large, and no more is unpacked.
                chunk = self._unpack.decompress(chunk, self._maximum - len(self._data) + 1)
            except zlib.error:
                raise Unfit("its answer cannot be unpacked") from None
            if self._unpack.unused_data:
                raise Unfit("its answer goes on behind its end")
        if len(self._data) + len(chunk) > self._maximum:
            raise self._too_large()
        self._data += chunk

    def whole(self) -> bytes:
        """Give the body; one that ended too early is an error of the connection."""
        short = self._expected is not None and self._received != self._expected
        if self.wanted and (short or (self._unpack is not None and not self._unpack.eof)):
            raise httpx.RemoteProtocolError("the body ended too early")
        return bytes(self._data)

    def _too_large(self) -> Unfit:
        limit = self._maximum
        shown = f"{limit >> 20:,} MiB" if limit >= 1 << 20 and not limit & ((1 << 20) - 1) else f"{limit:,} bytes"
        return Unfit(f"its answer is larger than {shown}: ask for smaller pages, or raise `max_body`")
