"""Who a token belongs to: a district, or a person who signed on; how many requests it has made this minute."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from hashlib import sha256
from typing import Final

import msgspec

from rolecall.testing.fake.wire import Asked, Response, encode, instant, message

_MINUTE: Final = 60
_SCOPES: Final = ("read:district_admins", "read:sis", "read:user_id")


class Holder(msgspec.Struct, frozen=True):
    """Whose a token is. `user` is empty for a district's own, and who signed on for the other sort."""

    district: str
    token: str
    user: str = ""


class Tokens:
    """One current token a district, the single sign-on tokens, and the application's client id and secret."""

    def __init__(self, tokens: dict[str, str], client: tuple[str, str]) -> None:
        self.current: dict[str, str] = {}
        self._client = client
        self._holders: dict[str, Holder] = {}
        self._made = 0
        self._used: dict[str, tuple[int, int]] = {}
        for district, token in tokens.items():
            self.give(district, token)

    def give(self, district: str, token: str) -> None:
        """Make a token the district's current one."""
        self.current[district] = token
        self._holders[token] = Holder(district, token)

    def rotate(self, district: str, keep_old: bool) -> str:
        """Give the district a new token; the one before is refused from now on, unless it is kept."""
        old = self.current[district]
        self._made += 1
        self.give(district, f"{old.partition('.')[0]}.{self._made}")
        if not keep_old:
            del self._holders[old]
        return self.current[district]

    def sign_on(self, district: str, user: str) -> str:
        """Give a token to a person who signs on."""
        self._made += 1
        token = f"il-fake-{self._made}"
        self._holders[token] = Holder(district, token, user)
        return token

    def holder(self, asked: Asked) -> Holder | None:
        """Give whose bearer token the request carries; None for none, or one that is refused."""
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        return self._holders.get(token.strip()) if scheme.lower() == "bearer" else None

    def over(self, holder: Holder, limit: int, now: float) -> int | None:
        """Count a request. Give the end of the minute, in seconds since 1970, where it is one too many."""
        minute = int(now // _MINUTE)
        begun, used = self._used.get(holder.token, (minute, 0))
        used = used + 1 if begun == minute else 1
        self._used[holder.token] = (minute, used)
        return (minute + 1) * _MINUTE if used > limit else None

    def listed(self, asked: Asked) -> Response:
        """Answer `/oauth/tokens?owner_type=district`, which wants the client's id and secret."""
        if not self._is_client(asked.headers.get("authorization", "")):
            return message(401, "client id and secret do not match")
        if asked.params.get("owner_type") != ["district"]:
            return message(400, "owner_type must be district")
        only = asked.params.get("district")
        tokens = [
            {
                "id": sha256(token.encode()).hexdigest()[:24],
                "created": instant(asked.at),
                "owner": {"type": "district", "id": district},
                "access_token": token,
                "scopes": _SCOPES,
            }
            for district, token in self.current.items()
            if only is None or district in only
        ]
        return Response(body=encode({"data": tokens, "links": [{"rel": "self", "uri": asked.target}]}))

    def _is_client(self, header: str) -> bool:
        scheme, _, rest = header.partition(" ")
        try:
            said = b64decode(rest, validate=True).decode()
        except (Error, UnicodeDecodeError):
            return False
        return scheme.lower() == "basic" and said == ":".join(self._client)
