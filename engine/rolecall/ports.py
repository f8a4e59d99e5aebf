"""The application's side of a decision: its role assignments, and the loaders of its resources. Sync or async.

What has to be asked is written once, as a generator of calls; `run` and `run_async` answer them. A port that fails is
`Failed`, which the authoriser makes an indeterminate decision: never a yes, never a plain no.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from typing import TypeVar

import msgspec

from rolecall.errors import AsyncPort
from rolecall.facts.assignments import AssignmentRecord, read_assignment
from rolecall.facts.records import Malformed

T = TypeVar("T")

Assignments = Callable[[str], "Iterable[object] | Awaitable[Iterable[object]]"]
"""`(user id) -> the application's role assignments`: mappings with `role`, `scope`, `id`, maybe `from` and `until`."""

Loader = Callable[[str], "Mapping[str, object] | None | Awaitable[Mapping[str, object] | None]"]
"""`(resource id) -> its properties`, or None where there is no such resource."""


class Call(msgspec.Struct, frozen=True):
    """A port to be asked: `port(argument)`; `name` is what an error calls it."""

    name: str
    port: Callable[[str], object]
    argument: str


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
        if isinstance(answer, Mapping | list | tuple | str | bytes) or inspect.isawaitable(answer):
            return answer
        return list(answer) if isinstance(answer, Iterable) else answer
    except Exception as error:  # noqa: BLE001 - whatever a port raises makes the decision indeterminate
        return Failed(call.name, type(error).__name__)


def run(calls: Generator[Call, object, T]) -> T:
    """Answer the calls one after the other; raises `AsyncPort` for a port that has to be awaited."""
    answer: object = None
    while True:
        try:
            call = calls.send(answer)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]  # the generator's T
        answer = _answer(call)
        if inspect.isawaitable(answer):
            if inspect.iscoroutine(answer):
                answer.close()
            raise AsyncPort(f"{call.name} is async: use `aauthorize`, `acheck`, `aauthorize_many` or `apermissions`")


async def run_async(calls: Generator[Call, object, T]) -> T:
    """Answer the calls; a sync port runs in a thread, so that it never blocks the event loop."""
    answer: object = None
    while True:
        try:
            call = calls.send(answer)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]  # the generator's T
        try:
            if inspect.iscoroutinefunction(call.port):
                answer = await call.port(call.argument)
            else:
                answer = await asyncio.to_thread(_answer, call)
                if inspect.isawaitable(answer):
                    answer = await answer
        except Exception as error:  # noqa: BLE001 - whatever a port raises makes the decision indeterminate
            answer = Failed(call.name, type(error).__name__)


def read_assignments(answer: object, user: str) -> tuple[AssignmentRecord, ...] | Failed:
    """Read what the assignments port answered; what would have to be guessed at is a failure."""
    if not isinstance(answer, Iterable) or isinstance(answer, str | bytes | Mapping):
        return Failed("the assignments port", f"gave {type(answer).__name__}, not a list of assignments")
    try:
        return tuple(read_assignment(one, f"assignment {number}", user) for number, one in enumerate(answer))
    except Malformed as error:
        return Failed("the assignments port", str(error))
    except Exception as error:  # noqa: BLE001 - a list that is made while it is read can fail like the port itself
        return Failed("the assignments port", type(error).__name__)
