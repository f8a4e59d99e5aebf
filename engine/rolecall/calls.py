"""Waiting, written once: logic that asks is a generator of calls; `run` answers it in sync code, `run_async` in async.

A port that raises is `Failed`, which the authoriser makes an indeterminate decision: never a yes, never a plain no.
"""

from __future__ import annotations

import contextvars
import inspect
import os
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

import msgspec

from rolecall.errors import AsyncPort

T = TypeVar("T")

_WORKERS: Final = 32


class _Threads:
    """The threads in which sync ports run for async code.

    Not the event loop's own: the application may have filled those with threads that wait for this very answer.
    """

    def __init__(self) -> None:
        self.renew()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.renew)  # threads do not outlive a fork

    def renew(self) -> None:
        self.pool = ThreadPoolExecutor(_WORKERS, "rolecall")


_THREADS: Final = _Threads()


class Call(msgspec.Struct, frozen=True):
    """A port to be asked: `port(argument)`; `name` is what an error calls it.

    `aport` is the same port for async code, to be awaited; where there is none, `port` is awaited, or runs in a thread.
    """

    name: str
    port: Callable[[Any], object]
    argument: object
    aport: Callable[[Any], Awaitable[object]] | None = None


class Failed(msgspec.Struct, frozen=True):
    """A port that raised: which one, and the exception's class (its text may hold what no log should)."""

    name: str
    error: str

    def __str__(self) -> str:
        """Give the reason for an indeterminate decision."""
        return f"{self.name} failed ({self.error})"


def _answer(call: Call) -> object:
    """Ask a sync port, all in one thread: what it raises (a future cannot carry a `StopIteration`), and what is lazy in
    its answer, which may be a query still to be made.
    """  # noqa: D205 - one sentence too long for a line
    try:
        answer = call.port(call.argument)
        if isinstance(answer, Mapping | list | tuple | str | bytes | frozenset) or inspect.isawaitable(answer):
            return answer
        return list(answer) if isinstance(answer, Iterable) else answer
    except Exception as error:  # noqa: BLE001 - whatever a port raises makes the decision indeterminate
        return Failed(call.name, type(error).__name__)


def run(calls: Generator[Call, object, T]) -> T:
    """Answer the calls one after the other; raises `AsyncPort` for a port that has to be awaited."""
    answer: object = None
    try:
        while True:
            try:
                call = calls.send(answer)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]  # the generator's T
            answer = _answer(call)
            if inspect.isawaitable(answer):
                if inspect.iscoroutine(answer):
                    answer.close()
                said = "use `aauthorize`, `acheck`, `aauthorize_many` or `apermissions`"
                raise AsyncPort(f"{call.name} is async: {said}")
    finally:  # whoever waits for what it was about to learn must hear that it will not
        calls.close()


async def run_async(calls: Generator[Call, object, T]) -> T:
    """Answer the calls; a sync port runs in a thread, so that it never blocks the event loop."""
    answer: object = None
    try:
        while True:
            try:
                call = calls.send(answer)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]  # the generator's T
            answer = await _await_answer(call)
    finally:  # cancelled tasks too
        calls.close()


async def _await_answer(call: Call) -> object:
    """Ask a port in async code."""
    try:
        if call.aport is not None:
            return await call.aport(call.argument)
        if inspect.iscoroutinefunction(call.port):
            return await call.port(call.argument)
        context = contextvars.copy_context()
        import asyncio  # noqa: PLC0415 - at hand wherever something is awaited; others need not wait for it

        there = asyncio.get_running_loop().run_in_executor(_THREADS.pool, lambda: context.run(_answer, call))
        answer = await there
        return await answer if inspect.isawaitable(answer) else answer
    except Exception as error:  # noqa: BLE001 - whatever a port raises makes the decision indeterminate
        return Failed(call.name, type(error).__name__)
