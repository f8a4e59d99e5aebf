"""A token, kept so that nothing prints it."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from hmac import compare_digest
from typing import Final, NoReturn
from urllib.parse import unquote

_VISIBLE: Final = re.compile(r"[!-~]+", re.ASCII)


class Token:
    """What a request is authorised with. Its text is in `header()` and nowhere else; equal texts make equal tokens."""

    __slots__ = ("_scheme", "_text")

    def __init__(self, text: str, scheme: str = "Bearer") -> None:
        """Take a token; raises `ValueError`, which does not hold it, for what can be none."""
        self._text, self._scheme = text.strip() if isinstance(text, str) else "", scheme
        # A line break in a header's value is refused further down, by an error that quotes the value.
        if not _VISIBLE.fullmatch(self._text):
            raise ValueError("a token must be visible ASCII characters without a space: see that it was copied whole")

    @classmethod
    def basic(cls, user: str, password: str) -> Token:
        """Make one of a client's id and secret."""
        return cls(b64encode(f"{user}:{password}".encode()).decode(), "Basic")

    def header(self) -> str:
        """Give the value of `Authorization`."""
        return f"{self._scheme} {self._text}"

    def within(self, text: str) -> bool:
        """Say whether a text holds the token."""
        return self._text in text or self._text in unquote(text)

    def __repr__(self) -> str:
        return "Token(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and compare_digest(self.header(), other.header())

    def __hash__(self) -> int:
        return hash(sha256(self.header().encode()).digest())

    def __reduce__(self) -> NoReturn:
        raise TypeError("a token is not to be written anywhere")
