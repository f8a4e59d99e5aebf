"""Single flight: of many who want the same thing at once, one fetches it and all get the answer, or the failure.

Threads and tasks of any event loop may share one. The term is Go's (`golang.org/x/sync/singleflight`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TookTooLong
from threading import Lock, get_ident
from typing import Generic, TypeVar

import msgspec

from rolecall.calls import Call, Failed

T = TypeVar("T")


class _Abandoned(msgspec.Struct, frozen=True):
    """Whoever was fetching it was stopped: a cancelled task."""


class _Raised(msgspec.Struct, frozen=True):
    """A fault of ours while fetching: those who waited hear its class."""

    error: str


class _Ours(msgspec.Struct, frozen=True):
    """Whoever is fetching it is a task that this thread runs: to wait for it would be to wait for oneself."""


_ABANDONED, _OURS = _Abandoned(), _Ours()


class _Flight(Generic[T]):
    """One fetch: what will come of it, and the thread that is at it."""

    def __init__(self) -> None:
        self.thread = get_ident()
        self.future: Future[T | _Abandoned | _Raised] = Future()
        self.future.set_running_or_notify_cancel()  # a waiter that is cancelled must not cancel it for all


class Flights(Generic[T]):
    """What is being fetched just now, by key. Nobody waits longer than `patience` seconds for another's fetch."""

    def __init__(self, name: str, patience: float) -> None:
        """Begin with nothing in the air; `name` is what a failure calls whoever is asked."""
        self._name, self._patience = name, patience
        self._flying: dict[Hashable, _Flight[T]] = {}
        self._lock = Lock()

    def join(
        self, key: Hashable, fetch: Callable[[], Generator[Call, object, T]]
    ) -> Generator[Call, object, T | Failed]:
        """Fetch, or wait for who is fetching already. What `fetch` raises is raised to the one who fetches.

        Whoever begins just after a fetch has ended fetches again: `fetch` looks whether there is still something to do.
        """
        while True:
            with self._lock:
                flight = self._flying.get(key)
                leading = flight is None
                if flight is None:
                    flight = self._flying[key] = _Flight()
            if leading:
                return (yield from self._lead(key, flight, fetch))
            answer = yield Call(self._name, self._wait, flight, self._await)
            if isinstance(answer, _Ours):
                return (yield from fetch())
            if isinstance(answer, _Raised):
                return Failed(self._name, answer.error)
            if not isinstance(answer, _Abandoned):
                return answer  # type: ignore[return-value]  # the future's T, or the driver's `Failed`

    def _lead(
        self, key: Hashable, flight: _Flight[T], fetch: Callable[[], Generator[Call, object, T]]
    ) -> Generator[Call, object, T]:
        outcome: T | _Abandoned | _Raised = _ABANDONED
        try:
            outcome = result = yield from fetch()
        except Exception as error:
            outcome = _Raised(type(error).__name__)
            raise
        else:
            return result
        finally:
            with self._lock:
                del self._flying[key]
            flight.future.set_result(outcome)

    def _wait(self, flight: _Flight[T]) -> object:
        if flight.thread == get_ident() and not flight.future.done():
            return _OURS
        try:
            return flight.future.result(self._patience)
        except TookTooLong:
            return Failed(self._name, "somebody else's fetch took too long")

    async def _await(self, flight: _Flight[T]) -> object:
        try:
            import asyncio  # noqa: PLC0415 - at hand wherever something is awaited; others need not wait for it

            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(flight.future)), self._patience)
        except TimeoutError:
            return Failed(self._name, "somebody else's fetch took too long")
