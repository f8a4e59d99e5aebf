"""One question to Clever and its answer, in sync and async code: ports that never raise."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from http import HTTPStatus
from typing import Final

import httpx
import msgspec

from rolecall.calls import Call
from rolecall.facts.clever.base import Base
from rolecall.facts.clever.budget import Spent
from rolecall.facts.clever.clock import Clock
from rolecall.facts.clever.errors import Unavailable
from rolecall.facts.clever.lanes import Closed, Lanes, Settings
from rolecall.facts.clever.patience import EXCHANGE, Exchange, Patient
from rolecall.facts.clever.secret import Token
from rolecall.facts.clever.transport import why
from rolecall.json_text import NotJson, read_json

_LARGE: Final = 128 << 10
"""From this size on, in bytes, async code reads an answer in a thread: the event loop has others to serve."""

_CLEAR: Final = frozenset({200, 400, 401, 403, 404, 410, 413})
"""Statuses that say something about what was asked; what they say depends on the question."""


class Ask(msgspec.Struct, frozen=True):
    """A question: on which lane, where, with which token, until when (ticks)."""

    lane: str
    url: str
    token: Token
    until: float


class Answer(msgspec.Struct, frozen=True):
    """An answer that is whole: its status, and what a 200 says."""

    status: int
    content: object


class Trouble(msgspec.Struct, frozen=True):
    """No answer: why, and when to ask again in seconds since 1970, where that is known."""

    why: str
    retry_at: float | None = None


class Wire:
    """Sends questions."""

    def __init__(self, settings: Settings) -> None:
        """Begin without a connection."""
        self.clock = settings.clock
        self.lanes = Lanes(settings)
        self._per_minute = settings.per_minute

    def ask(self, ask: Ask) -> Answer | Trouble:
        """Ask in sync code."""
        exchange = Exchange(self.clock, ask.until)
        try:
            client = self.lanes.client(ask.lane)
            response = client.send(_request(client, ask, exchange))
            return _read(response.content) if response.status_code == HTTPStatus.OK else _other(response, exchange)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is no answer, and its text may hold a secret
            return self._trouble(error)

    async def aask(self, ask: Ask) -> Answer | Trouble:
        """Ask in async code."""
        exchange = Exchange(self.clock, ask.until)
        try:
            client = await self.lanes.aclient(ask.lane)
            response = await client.send(_request(client, ask, exchange))
            if response.status_code != HTTPStatus.OK:
                return _other(response, exchange)
            if len(response.content) > _LARGE:
                return await asyncio.to_thread(_read, response.content)
            return _read(response.content)
        except Exception as error:  # noqa: BLE001 - as in `ask`
            return self._trouble(error)

    def _trouble(self, error: Exception) -> Trouble:
        if isinstance(error, Spent):
            said = f"the budget of {self._per_minute:,} requests a minute is used up"
            return Trouble(said, self.clock.now() + error.wait)
        if isinstance(error, Closed):
            return Trouble("the client was closed")
        return Trouble(f"Clever cannot be asked: {why(error)}")


class Asking:
    """What may be asked until one deadline: `get` for the client, and for whoever has to ask for tokens."""

    def __init__(self, wire: Wire, base: Base, patience: float) -> None:
        """Let `patience` (seconds) begin now. `base` is where the API is."""
        self._wire, self.base = wire, base
        self.clock: Clock = wire.clock
        self.until = wire.clock.ticks() + patience

    def get(self, district: str, url: str, what: str, token: Token) -> Generator[Call, object, Answer]:
        """Ask for one URL, on the lane of a district (an empty text: of none); `what` names it in errors.

        Gives an answer with status 200, 400, 401, 403, 404, 410 or 413; raises `Unavailable` where there is none.
        """
        answer = yield Call("Clever", self._wire.ask, Ask(district, url, token, self.until), self._wire.aask)
        if isinstance(answer, Answer):
            return answer
        if isinstance(answer, Trouble):
            raise Unavailable(district, f"{answer.why} (`{what}`)", answer.retry_at)
        raise Unavailable(district, f"Clever cannot be asked (`{what}`)")


def _request(client: httpx.Client | httpx.AsyncClient, ask: Ask, exchange: Exchange) -> httpx.Request:
    extensions = {EXCHANGE: exchange, "retry": Patient(exchange)}
    return client.build_request("GET", ask.url, headers={"Authorization": ask.token.header()}, extensions=extensions)


def _read(body: bytes) -> Answer | Trouble:
    """Read the body of a 200; its text is nobody's business, so that an error quotes nothing of it."""
    try:
        return Answer(HTTPStatus.OK, read_json(body))
    except NotJson:
        page = body.lstrip()[:1] == b"<"
        return Trouble("Clever answers with a web page" if page else "Clever's answer is no JSON, or doubtful JSON")


def _other(response: httpx.Response, exchange: Exchange) -> Answer | Trouble:
    """Give any other status as it is, where it says something."""
    status = response.status_code
    if status in _CLEAR:
        return Answer(status, None)
    tries = f", also when asked {exchange.tries} times" if exchange.tries > 1 else ""
    redirect = ", and a redirect is not followed" if status // 100 == 3 else ""  # noqa: PLR2004 - redirects
    return Trouble(f"Clever answers {status}{tries}{redirect}", exchange.retry_at)
