"""What is asked once for all who want it at the same time: a list of tokens, the district of a token."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Final, Generic, TypeVar

from rolecall.calls import Call, Failed
from rolecall.facts.clever.errors import CleverError, Unavailable
from rolecall.facts.clever.wire import Asking
from rolecall.flights import Flights

T = TypeVar("T")

_PATIENCE: Final = 10.0
"""For so many seconds another's asking is waited for; it began earlier, so that its own patience ends sooner."""


class Single(Generic[T]):
    """Something to be found out, by one asking at a time."""

    def __init__(self, name: str, work: Callable[[Asking], Generator[Call, object, None]]) -> None:
        """`work` finds it out, and keeps it; `name` is what an error calls it."""
        self._name, self._work = name, work
        self._flights: Flights[CleverError | None] = Flights(name, _PATIENCE)

    def ask(self, known: Callable[[], T | None], asking: Asking) -> Generator[Call, object, T | None]:
        """Give what is `known`, after asking where nothing is, or None where asking does not help.

        Raises `CleverError`, to all who waited. Whoever joined an asking that had begun before them, and does not find
        what they want in its answer, asks once more.
        """
        mine = False

        def fetch() -> Generator[Call, object, CleverError | None]:
            nonlocal mine
            mine = True
            try:
                if known() is None:  # nobody has found it a moment ago
                    yield from self._work(asking)
            except CleverError as error:
                return error
            return None

        for _ in range(2):
            if mine or known() is not None:
                break
            outcome = yield from self._flights.join((), fetch)
            if isinstance(outcome, CleverError):
                raise type(outcome)(outcome.district, outcome.why, outcome.retry_at)
            if isinstance(outcome, Failed):
                raise Unavailable("", f"{self._name} did not answer in time")
        return known()
