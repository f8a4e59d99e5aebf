"""The fake as an ASGI 3 application: waits, drips and breaks as the answer says, and no framework."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from rolecall.testing.fake.wire import Response

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def send_answer(
    respond: Callable[[str, str, str, Iterable[tuple[str, str]]], Response],
    sleep: Callable[[float], None] | None,
    scope: Message,
    receive: Receive,
    send: Send,
) -> None:
    """Answer one HTTP request, or take part in a server's start and stop.

    A connection that is to break raises `ConnectionAbortedError`, which makes a server close it; what comes before the
    headers (a host not found, a connection refused) breaks right after them, since a server is already there.
    """
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    if scope["type"] != "http":
        raise ValueError(f"the fake Clever answers http, not {scope['type']}")
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    answer = respond(scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers)
    await _wait(sleep, answer.delay)
    head = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.head]
    if answer.broken:
        head = [(b"content-length", b"1")]
    await send({"type": "http.response.start", "status": answer.status, "headers": head})
    if answer.broken:
        raise ConnectionAbortedError(f"the fake Clever was told to break here ({answer.broken})")
    sent = 0
    for wait, piece in answer.pieces():
        await _wait(sleep, wait)
        sent += len(piece)
        await send({"type": "http.response.body", "body": piece, "more_body": sent < answer.size})
    if answer.cut is not None:
        raise ConnectionAbortedError("the fake Clever was told to break here (cut)")
    if not answer.size:
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _wait(sleep: Callable[[float], None] | None, seconds: float) -> None:
    if seconds > 0:
        if sleep is None:
            await asyncio.sleep(seconds)
        else:
            sleep(seconds)


async def _live(receive: Receive, send: Send) -> None:
    """Say yes to a server that starts, and to one that stops."""
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return
