"""Which districts there are, and with which token each is asked. Tokens rotate, a district's id does not."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Final, Protocol, runtime_checkable

from rolecall.calls import Call
from rolecall.facts.clever.base import Base, read_base
from rolecall.facts.clever.errors import CleverError, TokenRefused, Unavailable, Unfit
from rolecall.facts.clever.pages import Page, Record, Trail, read_page
from rolecall.facts.clever.secret import Token
from rolecall.facts.clever.single import Single
from rolecall.facts.clever.wire import Answer, Asking

_NO_TOKEN: Final = "there is no token for this district: see that Clever's dashboard lists it for this application"  # noqa: S105 - a sentence
_PAUSE: Final = 10.0
"""For so many seconds a list of tokens is not asked for again by those whom it does not help."""


@runtime_checkable
class Tokens(Protocol):
    """The port for tokens. What has to wait yields a `Call`; both raise `CleverError`.

    A port that has nothing to wait for is a generator all the same: `return x` and, never reached, a `yield`.
    """

    def districts(self, asking: Asking) -> Generator[Call, object, tuple[str, ...]]:
        """Give the ids of the districts that there are tokens for."""
        ...  # a Protocol's body

    def token(self, district: str, refused: Token | None, asking: Asking) -> Generator[Call, object, Token]:
        """Give a district's token. `refused` is the one that Clever has just refused, where it has: find a newer."""
        ...  # a Protocol's body


class StaticTokens:
    """Tokens that the application knows: by district id. `replace` is for when they rotate."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        """Take the tokens; raises `ValueError` for what can be none."""
        self._tokens: dict[str, Token] = {}
        self.replace(tokens)

    def __repr__(self) -> str:
        return f"StaticTokens({', '.join(self._tokens)})"

    def replace(self, tokens: Mapping[str, str]) -> None:
        """Take other tokens in place of all; raises `ValueError`, and keeps what there is, for what can be none."""
        self._tokens = {district: _token(text, f"district `{district}`") for district, text in tokens.items()}

    def districts(self, asking: Asking) -> Generator[Call, object, tuple[str, ...]]:  # noqa: ARG002 - of the port
        """Give the districts."""
        yield from ()
        return tuple(self._tokens)

    def token(self, district: str, refused: Token | None, asking: Asking) -> Generator[Call, object, Token]:  # noqa: ARG002 - of the port
        """Give the token."""
        yield from ()
        if district not in self._tokens:
            raise TokenRefused(district, _NO_TOKEN)
        return self._tokens[district]


class OneToken:
    """One token of one district; which one, Clever says when it is first asked."""

    def __init__(self, token: str) -> None:
        """Take the token; raises `ValueError` for what can be none."""
        self._token = _token(token, "the district")
        self._own: tuple[str, ...] | None = None
        self._single: Single[tuple[str, ...]] = Single("the list of districts", self._learn)

    def __repr__(self) -> str:
        return f"OneToken({', '.join(self._own or ('…',))})"

    def districts(self, asking: Asking) -> Generator[Call, object, tuple[str, ...]]:
        """Give the district."""
        return (yield from self._single.ask(lambda: self._own, asking)) or ()

    def token(self, district: str, refused: Token | None, asking: Asking) -> Generator[Call, object, Token]:  # noqa: ARG002 - of the port
        """Give the token, if it is this district's."""
        own = yield from self.districts(asking)
        if district not in own:
            raise TokenRefused(district, f"the token is that of district `{', '.join(own)}`, and there is no other")
        return self._token

    def _learn(self, asking: Asking) -> Generator[Call, object, None]:
        url = asking.base.url(asking.base.link("districts", {}))
        page = _page((yield from asking.get("", url, "districts", self._token)), asking.base)
        ids = [record.get("id") for record in page.records]
        if len(ids) != 1 or not isinstance(ids[0], str) or not ids[0]:
            raise Unavailable("", "Clever does not say which one district the token is for")
        self._own = (ids[0],)


class ClientTokens:
    """The tokens that Clever lists for an application's client id and secret; asked for anew after a 401."""

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        *,
        url: str = "https://clever.com/oauth/tokens",
        max_age: timedelta = timedelta(hours=1),
    ) -> None:
        """Take the application's own id and secret. After `max_age` the districts are listed anew."""
        if not client_id.strip() or not client_secret.strip():
            raise ValueError("a client id and its secret are needed: Clever's dashboard shows both")
        self._secret = Token.basic(client_id.strip(), client_secret.strip())
        self._base = read_base(url, "/oauth/tokens")
        self._max_age = max_age.total_seconds()
        self._tokens: dict[str, Token] = {}
        self._listed = float("-inf")
        self._single: Single[Mapping[str, Token]] = Single("the list of tokens", self._list)

    def __repr__(self) -> str:
        return f"ClientTokens({self._base.url(self._base.path)})"

    def districts(self, asking: Asking) -> Generator[Call, object, tuple[str, ...]]:
        """Give the districts that have a token."""
        known = yield from self._single.ask(lambda: self._held(asking, self._max_age), asking)
        return tuple(known or ())

    def token(self, district: str, refused: Token | None, asking: Asking) -> Generator[Call, object, Token]:
        """Give the district's newest token."""

        def known() -> Mapping[str, Token] | None:
            if self._tokens.get(district, refused) != refused:
                return self._tokens
            return self._held(asking, _PAUSE)

        try:
            found = (yield from self._single.ask(known, asking)) or self._tokens
        except CleverError as error:
            raise type(error)(district, error.why, error.retry_at) from None
        if district not in found:
            raise TokenRefused(district, _NO_TOKEN)
        return found[district]

    def _held(self, asking: Asking, seconds: float) -> Mapping[str, Token] | None:
        """Give what was listed, while it is not older than so many seconds."""
        return self._tokens if asking.clock.ticks() - self._listed < seconds else None

    def _list(self, asking: Asking) -> Generator[Call, object, None]:
        """List all tokens, every page."""
        found: dict[str, tuple[str, Token]] = {}
        trail = Trail("")
        link: str | None = self._base.link("", {"owner_type": "district"})
        while link is not None:
            answer = yield from asking.get("", self._base.url(link), "oauth/tokens", self._secret)
            page = _page(answer, self._base, wrapped=False)
            trail.add(page)
            for record in page.records:
                if (read := _listed(record)) is not None:
                    district, created, token = read
                    if district not in found or created >= found[district][0]:
                        found[district] = created, token
            link = page.next
        self._tokens = {district: token for district, (_, token) in found.items()}
        self._listed = asking.clock.ticks()


def _listed(record: Record) -> tuple[str, str, Token] | None:
    """Read an entry: its district, when it was made, its token; None for one that is no district's."""
    owner, text, created = record.get("owner"), record.get("access_token"), record.get("created")
    if not isinstance(owner, Mapping) or owner.get("type") != "district":
        return None
    district = owner.get("id")
    if not isinstance(district, str) or not district or not isinstance(text, str) or not text:
        return None
    try:
        return district, created if isinstance(created, str) else "", Token(text)
    except ValueError:
        return None


def _page(answer: Answer, base: Base, *, wrapped: bool = True) -> Page:
    """Read a list, as everything here does that asks before it knows a district."""
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        said = "the token" if wrapped else "the client id or its secret"
        raise TokenRefused("", f"Clever refuses {said} ({answer.status}): see that it was copied whole")
    if answer.status != HTTPStatus.OK:
        raise Unavailable(
            "", f"Clever answers {answer.status} to the question for {'districts' if wrapped else 'tokens'}"
        )
    try:
        return read_page(answer.content, base, wrapped=wrapped)
    except Unfit as error:
        raise Unavailable("", f"Clever cannot be understood: {error}") from None


def _token(text: str, whose: str) -> Token:
    try:
        return Token(text)
    except ValueError as error:
        raise ValueError(f"{whose}: {error}") from None
