"""Connections of sync code that keep to one deadline for the whole of a try.

A socket's own time-out begins anew with every byte, so that a peer that drips could hold a thread for hours. (Async
code needs none of this: a task is cancelled.)
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx

_until: ContextVar[float | None] = ContextVar("until", default=None)


@contextmanager
def within(seconds: float) -> Generator[None]:
    """Let every connection that this thread uses here be done within so many seconds."""
    token = _until.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _until.reset(token)


def _left(timeout: float | None) -> float | None:
    until = _until.get()
    if until is None:
        return timeout
    left = until - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time for this try is over")
    return left if timeout is None else min(left, timeout)


class _Stream(httpcore.NetworkStream):
    """A connection that asks before each wait how long it may."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's word
        return self._inner.get_extra_info(info)


class _Backend(httpcore.SyncBackend):
    """Connects to one of a host's addresses after the other, within one deadline for all of them."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        options = list(socket_options or ())
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        for number, address in enumerate(addresses, 1):
            try:
                return _Stream(super().connect_tcp(address, port, _left(timeout), local_address, options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(addresses):
                    raise
        raise httpcore.ConnectError("the host has no address")


class TimedTransport(httpx.HTTPTransport):
    """httpx's own transport for sync code, on such connections."""

    def __init__(self, verify: ssl.SSLContext | bool, limits: httpx.Limits, proxy: str | None) -> None:
        """Take what `httpx.HTTPTransport` takes."""
        super().__init__(verify=verify, limits=limits, proxy=proxy, trust_env=False)
        # httpx has no other way to hand httpcore its connections; a test with a peer that drips sees that it works.
        self._pool._network_backend = _Backend()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
