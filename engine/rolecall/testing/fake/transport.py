"""The fake in process: one transport for `httpx.Client` and `httpx.AsyncClient`, without a socket.

What a network would do is done as httpx would report it: a time-out, a break in the body, a host that is not found.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING

try:
    import httpx
except ModuleNotFoundError:
    raise ModuleNotFoundError("this is a transport for httpx: `pip install 'rolecall[live]'`") from None

from rolecall.testing.fake.wire import Response

if TYPE_CHECKING:
    from rolecall.testing.fake.clever import FakeClever

Sleep = Callable[[float], None]


class FakeTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Asks the fake, whatever the scheme and host."""

    def __init__(self, fake: FakeClever) -> None:
        self._fake = fake

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer for `httpx.Client`."""
        answer, patience = self._asked(request)
        if _patient(answer.delay, patience, self._fake.sleep):
            (self._fake.sleep or time.sleep)(answer.delay)
        return _response(answer, patience, self._fake.sleep)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer for `httpx.AsyncClient`, under asyncio."""
        answer, patience = self._asked(request)
        if _patient(answer.delay, patience, self._fake.sleep):
            await _async_sleep(self._fake.sleep, answer.delay)
        return _response(answer, patience, self._fake.sleep)

    def _asked(self, request: httpx.Request) -> tuple[Response, float | None]:
        """The answer, and how long the client waits for something to read."""
        url = request.url
        answer = self._fake.respond(request.method, url.path, url.query.decode("ascii"), request.headers.items())
        if answer.broken == "dns":
            raise httpx.ConnectError("[Errno -2] Name or service not known")
        if answer.broken == "refused":
            raise httpx.ConnectError("[Errno 111] Connection refused")
        if answer.broken:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        return answer, request.extensions.get("timeout", {}).get("read")


class _Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that comes as the answer says: all at once, in drips, not to its end."""

    def __init__(self, answer: Response, patience: float | None, sleep: Sleep | None) -> None:
        self._answer = answer
        self._patience = patience
        self._sleep = sleep

    def __iter__(self) -> Iterator[bytes]:
        for wait, piece in self._answer.pieces():
            if _patient(wait, self._patience, self._sleep):
                (self._sleep or time.sleep)(wait)
            yield piece
        self._break()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for wait, piece in self._answer.pieces():
            if _patient(wait, self._patience, self._sleep):
                await _async_sleep(self._sleep, wait)
            yield piece
        self._break()

    def _break(self) -> None:
        cut, size = self._answer.cut, self._answer.size
        if cut is not None:
            raise httpx.RemoteProtocolError(
                f"peer closed connection without sending complete message body (received {cut} bytes, expected {size})"
            )


def _response(answer: Response, patience: float | None, sleep: Sleep | None) -> httpx.Response:
    return httpx.Response(answer.status, headers=answer.head, stream=_Body(answer, patience, sleep))


def _patient(seconds: float, patience: float | None, sleep: Sleep | None) -> bool:
    """Say whether there is a wait to be waited out; `ReadTimeout` where the client will not wait for so long.

    The time until then passes only on a clock that can be moved (`sleep`), so that no test waits for a time-out.
    """
    if patience is not None and seconds > patience:
        if sleep:
            sleep(patience)
        raise httpx.ReadTimeout("The read operation timed out")
    return seconds > 0


async def _async_sleep(sleep: Sleep | None, seconds: float) -> None:
    if sleep:
        sleep(seconds)
    else:
        await asyncio.sleep(seconds)
