"""Which ids a record shows: those of the form that ids have; users' as pseudonyms where a key is given. Nothing else.

Whatever has not the form of an id (an e-mail address that an application uses as one, a name) is replaced by a digest
of it: two that were equal stay equal, so that a decision can be made again.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from typing import Final

from rolecall.vocabulary.roles import BUILT_IN_ROLES, BUILT_IN_TYPES, DESIGNATIONS, SCOPES

MIN_KEY: Final = 16
"""How many bytes a key for pseudonyms has at least."""

_KEPT: Final = 1 << 17
_ID: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.:+/-]{0,127}|")
_TOKEN: Final = re.compile(r"`([^`]*)`")
_DATE: Final = re.compile(r"[0-9][0-9A-Za-z:.+-]{0,39}")
_DESIGNATION: Final = "the designation "
_EXACT: Final = {one.casefold() for one in DESIGNATIONS}
_SIGNS: Final = re.compile(r"[\s_-]")
_WORDS: Final = frozenset((*BUILT_IN_ROLES, *BUILT_IN_TYPES, *SCOPES, "roles", "from", "until", "from and until"))


class Masks:
    """How one log shows ids. Safe to share between threads."""

    def __init__(self, key: bytes | None = None) -> None:
        """`key` makes users' ids pseudonyms."""
        if key is not None and len(key) < MIN_KEY:
            raise ValueError(f"a key for pseudonyms has {MIN_KEY} bytes or more, such as `secrets.token_bytes(32)`")
        self.key = key
        # What was shown before, to be looked up directly where speed matters; without pseudonyms users are ids.
        self.ids: dict[str, str] = {}
        self.users: dict[str, str] = self.ids if key is None else {}

    @property
    def pseudonymises(self) -> bool:
        """Whether users' ids are pseudonyms."""
        return self.key is not None

    def id(self, identifier: str) -> str:
        """Give an id as it is recorded."""
        found = self.ids.get(identifier)
        if found is None:
            plain = str.__str__(identifier)
            found = plain if _ID.fullmatch(plain) else self._digest(plain)
            _room(self.ids)[plain] = found
        return found

    def user(self, identifier: str) -> str:
        """Give a user's id as it is recorded; search by this."""
        if self.key is None or not identifier:
            return self.id(identifier)
        found = self.users.get(identifier)
        if found is None:
            plain = str.__str__(identifier)
            message = b"rolecall user\0" + plain.encode("utf-8", "surrogatepass")
            found = "u~" + _short(hmac.digest(self.key, message, "sha256"))
            _room(self.users)[plain] = found
        return found

    def place(self, kind: str, identifier: str) -> str:
        """Give the id of a place or a student as it is recorded."""
        return self.user(identifier) if kind == "student" else self.id(identifier)

    def key_of(self, key: str) -> str:
        """Give a place's key (`section:5f…`) as it is recorded."""
        kind, _, identifier = key.partition(":")
        return f"{kind}:{self.place(kind, identifier)}"

    def text(self, text: str, known: frozenset[str] = frozenset()) -> str:
        """Give a sentence with what stands between back-ticks shown as ids are.

        With pseudonyms, only `known` ids (of places) and the words of the language are shown. What a record of Clever
        has as a designation is shown only where it is nearly one.
        """
        if "`" not in text:
            return text if text.isprintable() else self._digest(text)

        def shown(match: re.Match[str]) -> str:
            token = match[1]
            if text[: match.start()].endswith(_DESIGNATION):
                alike = _SIGNS.sub("", token).casefold() in _EXACT
                return f"`{token}`" if alike and token.isprintable() else f"`{self._digest(token)}`"
            if self.key is None or token in known or token in _WORDS or token.startswith("roles."):
                return f"`{self.id(token)}`"
            return f"`{self.user(token)}`"

        outside = _TOKEN.sub(shown, text)
        return outside if outside.isprintable() else self._digest(text)

    def date(self, text: str | None) -> str | None:
        """Give a date as Clever wrote it; what has not the form of one is replaced, and stays none."""
        return text if text is None or _DATE.fullmatch(text) else self._digest(text)

    def _digest(self, text: str) -> str:
        data = text.encode("utf-8", "surrogatepass")
        found = hashlib.sha256(data).digest() if self.key is None else hmac.digest(self.key, data, "sha256")
        return "~" + _short(found)


def _short(digest: bytes) -> str:
    """Give 128 bits as 22 characters."""
    return urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


def _room(kept: dict[str, str]) -> dict[str, str]:
    if len(kept) >= _KEPT:
        kept.clear()
    return kept
