"""A lane for each district: its own budget and its own connections, so that no district waits for another."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncGenerator, Callable
from threading import Lock
from typing import Final
from urllib.request import getproxies, proxy_bypass

import httpx
import msgspec
from httpx_retries import RetryTransport

from rolecall.facts.clever.budget import Budget
from rolecall.facts.clever.clock import Clock
from rolecall.facts.clever.timed import TimedTransport
from rolecall.facts.clever.transport import Lent, Terms, Transport, Whole

_ONE: Final = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=30.0)
_HEADERS: Final = {"User-Agent": "rolecall", "Accept": "application/json", "Accept-Encoding": "gzip"}


class Closed(Exception):
    """The client was closed."""


class Settings(msgspec.Struct, frozen=True):
    """What all lanes share: `timeout` in seconds, `max_body` in bytes; a `transport` given is its giver's to close.

    `host` is whose proxy to look for in the environment, if it is asked over HTTPS; else an empty text.
    """

    host: str
    transport: Transport | None
    timeout: float
    max_body: int
    per_minute: int
    clock: Clock


class _Loop:
    """The connections of one event loop, by lane. They are closed in their loop, at the latest when it ends."""

    def __init__(self) -> None:
        self.clients: dict[str, httpx.AsyncClient] = {}
        self.keeper = self._keep()

    async def _keep(self) -> AsyncGenerator[None]:
        """Close the connections when the loop closes its generators, which `asyncio.run` sees to at its end."""
        try:
            yield
        finally:
            clients, self.clients = list(self.clients.values()), {}
            for client in clients:
                await client.aclose()


class _Held:
    """What one process holds: two must never read from one connection, so a fork begins without any."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.lock = Lock()
        self.terms: dict[str, Terms] = {}
        self.clients: dict[str, httpx.Client] = {}
        self.loops: dict[asyncio.AbstractEventLoop, _Loop] = {}


class Lanes:
    """Every lane of one `Clever`, made where it is first needed. Safe under threads."""

    def __init__(self, settings: Settings) -> None:
        """Begin without lanes."""
        self.requests = 0
        self._settings = settings
        # The certificates to trust: read once for all lanes, for they are large, and now, for that takes time.
        self._tls: ssl.SSLContext | bool = httpx.create_ssl_context() if settings.transport is None else True
        self._closed = False
        self._own = _Held()

    def client(self, lane: str) -> httpx.Client:
        """Give a lane's client for sync code; raises `Closed`."""
        held = self._held()
        with held.lock:
            if self._closed:
                raise Closed
            if lane not in held.clients:
                transport = self._retrying(held, lane, self._connect)
                held.clients[lane] = httpx.Client(
                    transport=transport, headers=_HEADERS, trust_env=False, follow_redirects=False
                )
            return held.clients[lane]

    async def aclient(self, lane: str) -> httpx.AsyncClient:
        """Give a lane's client for the running event loop; raises `Closed`."""
        held, loop = self._held(), asyncio.get_running_loop()
        with held.lock:
            if self._closed:
                raise Closed
            for ended in [one for one in held.loops if one.is_closed()]:
                del held.loops[ended]
            known = loop in held.loops
            if not known:
                held.loops[loop] = _Loop()
            here = held.loops[loop]
            if lane not in here.clients:
                transport = self._retrying(held, lane, self._aconnect)
                here.clients[lane] = httpx.AsyncClient(
                    transport=transport, headers=_HEADERS, trust_env=False, follow_redirects=False
                )
            client = here.clients[lane]
        if not known:
            await anext(here.keeper)
        return client

    def close(self) -> None:
        """Close the connections of sync code; those of event loops are closed by `aclose`, or with their loop."""
        held = self._held()
        with held.lock:
            self._closed = True
            clients, held.clients = list(held.clients.values()), {}
        for client in clients:
            client.close()

    async def aclose(self) -> None:
        """Close the connections of sync code, and those of the running event loop."""
        self.close()
        held = self._held()
        with held.lock:
            here = held.loops.pop(asyncio.get_running_loop(), None)
        if here is not None:
            await here.keeper.aclose()

    def _held(self) -> _Held:
        if self._own.process != os.getpid():
            self._own = _Held()
        return self._own

    def _connect(self) -> Transport:
        """Make one connection for sync code."""
        given = self._settings.transport
        return TimedTransport(self._tls, _ONE, self._proxy()) if given is None else Lent(given)

    def _aconnect(self) -> Transport:
        """Make one connection for the running event loop."""
        given = self._settings.transport
        if given is not None:
            return Lent(given)
        return httpx.AsyncHTTPTransport(verify=self._tls, limits=_ONE, proxy=self._proxy(), trust_env=False)

    def _retrying(self, held: _Held, lane: str, make: Callable[[], Transport]) -> RetryTransport:
        if lane not in held.terms:
            set_to = self._settings
            budget = Budget(set_to.per_minute, set_to.clock)
            held.terms[lane] = Terms(set_to.timeout, set_to.max_body, budget, self._count)
        return RetryTransport(Whole(make, held.terms[lane]))

    def _count(self) -> None:
        with self._held().lock:
            self.requests += 1

    def _proxy(self) -> str | None:
        """Give the proxy that the environment names for HTTPS, if the host is not one to be reached without."""
        named, host = getproxies(), self._settings.host
        return named.get("https", named.get("all")) if host and not proxy_bypass(host) else None
