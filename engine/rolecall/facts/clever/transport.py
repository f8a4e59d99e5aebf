"""Under httpx: one try, its body read whole, inside the retries.

A client sends through `RetryTransport` (httpx-retries), which asks `Patient` whether and how long to wait, and sends
each try through `Whole`, which keeps the budget, the deadline and the size.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus
from threading import Semaphore
from typing import Final, cast

import httpx
import msgspec

from rolecall.facts.clever.body import Body
from rolecall.facts.clever.budget import Budget
from rolecall.facts.clever.errors import Unfit
from rolecall.facts.clever.patience import EXCHANGE, Exchange
from rolecall.facts.clever.timed import within

CONNECTIONS: Final = 20
"""So many requests of one district are under way at once; for async code, in one event loop."""

Transport = httpx.BaseTransport | httpx.AsyncBaseTransport


class Terms(msgspec.Struct, frozen=True):
    """What every request keeps to: `timeout` in seconds for one try, `max_body` in bytes, the district's budget."""

    timeout: float
    max_body: int
    budget: Budget
    count: Callable[[], None]


class Whole(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """One try: within the budget, answered whole by its deadline, or an error.

    The answer it gives has a status and a body, unpacked, and no headers: no cookie is kept and no redirect followed.
    """

    def __init__(self, make: Callable[[], Transport], terms: Terms) -> None:
        """Send through transports that `make` makes, each for one request at a time.

        httpx's own pool of many connections takes longer with each request that waits, which here is none.
        """
        self._make, self._terms = make, terms
        self._places, self._aplaces = Semaphore(CONNECTIONS), asyncio.Semaphore(CONNECTIONS)
        self._made: list[Transport] = []
        self._idle: list[Transport] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one try in sync code."""
        exchange: Exchange = request.extensions[EXCHANGE]
        body = None
        with self._place(exchange) as inner:
            wait = self._terms.budget.take(exchange.left())
            while wait > 0:
                exchange.clock.sleep(wait)
                wait = self._terms.budget.closed(exchange.left())
            try:
                with within(self._begin(request, exchange)):
                    response = cast("httpx.BaseTransport", inner).handle_request(request)
                    try:
                        body = self._heard(response, exchange)
                        for chunk in cast("httpx.SyncByteStream", response.stream):
                            body.add(chunk)
                            exchange.check()
                            if body.enough:
                                break
                    finally:
                        response.close()
            except httpx.TransportError:
                if body is None or body.wanted:
                    raise
        return _given(body)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one try in async code; the same, but that waiting lets other tasks run."""
        exchange: Exchange = request.extensions[EXCHANGE]
        body = None
        async with self._aplace(exchange) as inner:
            wait = self._terms.budget.take(exchange.left())
            while wait > 0:
                await exchange.clock.asleep(wait)
                wait = self._terms.budget.closed(exchange.left())
            try:
                async with asyncio.timeout(self._begin(request, exchange)):
                    response = await cast("httpx.AsyncBaseTransport", inner).handle_async_request(request)
                    try:
                        body = self._heard(response, exchange)
                        async for chunk in cast("httpx.AsyncByteStream", response.stream):
                            body.add(chunk)
                            exchange.check()
                            if body.enough:
                                break
                    finally:
                        await response.aclose()
            except TimeoutError:
                if body is None or body.wanted:
                    raise httpx.ReadTimeout("no whole answer in time") from None
            except httpx.TransportError:
                if body is None or body.wanted:
                    raise
        return _given(body)

    @contextmanager
    def _place(self, exchange: Exchange) -> Generator[Transport]:
        """Take a connection, the one that was used last, or a new one."""
        if not self._places.acquire(timeout=exchange.left()):
            raise httpx.PoolTimeout("no connection came free in time")
        inner = self._take()
        try:
            yield inner
        finally:
            self._idle.append(inner)
            self._places.release()

    @asynccontextmanager
    async def _aplace(self, exchange: Exchange) -> AsyncGenerator[Transport]:
        try:
            async with asyncio.timeout(exchange.left()):
                await self._aplaces.acquire()
        except TimeoutError:
            raise httpx.PoolTimeout("no connection came free in time") from None
        inner = self._take()
        try:
            yield inner
        finally:
            self._idle.append(inner)
            self._aplaces.release()

    def _take(self) -> Transport:
        try:
            return self._idle.pop()
        except IndexError:
            made = self._make()
            self._made.append(made)
            return made

    def _begin(self, request: httpx.Request, exchange: Exchange) -> float:
        """Begin a try: give its seconds, which hold for every step of it too."""
        seconds = exchange.begin(self._terms.timeout)
        request.extensions["timeout"] = httpx.Timeout(seconds).as_dict()
        self._terms.count()
        return seconds

    def _heard(self, response: httpx.Response, exchange: Exchange) -> Body:
        """Take note of an answer's headers, and make ready for its body."""
        exchange.check()
        exchange.heard(response)
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS and exchange.asked:
            self._terms.budget.shut(exchange.asked)
        return Body(response, self._terms.max_body)

    def close(self) -> None:
        """Close every connection."""
        for one in self._made:
            if isinstance(one, httpx.BaseTransport):
                one.close()

    async def aclose(self) -> None:
        """Close every connection."""
        for one in self._made:
            if isinstance(one, httpx.AsyncBaseTransport):
                await one.aclose()


class Lent(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Somebody else's transport, which stays open when the client is closed."""

    def __init__(self, inner: Transport) -> None:
        """Send through `inner`."""
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send in sync code."""
        return cast("httpx.BaseTransport", self._inner).handle_request(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send in async code."""
        return await cast("httpx.AsyncBaseTransport", self._inner).handle_async_request(request)


def _given(body: Body | None) -> httpx.Response:
    """Give the answer on; raises where its body ended too early."""
    if body is None:
        raise httpx.ReadError("no answer came")
    return httpx.Response(body.status, content=body.whole())


def why(error: Exception) -> str:
    """Say in words what went wrong with a request; the error's own text may hold what no log should."""
    if isinstance(error, Unfit):
        return str(error)
    if isinstance(error, httpx.TimeoutException):
        return "no whole answer came in time"
    causes = _causes(error)
    if any(isinstance(one, socket.gaierror) for one in causes):
        return "its name cannot be resolved: see to the network, or to the base URL"
    if any(isinstance(one, ssl.SSLError) for one in causes):
        return "no safe connection can be made: see to the certificates that this machine trusts"
    if isinstance(error, httpx.ConnectError):
        return "no connection can be made"
    if isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError):
        return "the connection was cut before the answer was whole"
    return "the request could not be made"


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    while len(found) < 10 and error not in found:  # noqa: PLR2004 - deeper than any
        found.append(error)
        error = error.__cause__ or error.__context__ or error
    return found
