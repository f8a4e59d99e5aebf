"""The application's side of a decision: its role assignments, and the loaders of its resources. Sync or async."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from datetime import timedelta
from threading import Lock
from time import monotonic_ns
from typing import Final

from msgspec.structs import replace

from rolecall.calls import Call, Failed
from rolecall.facts.assignments import AssignmentRecord, read_assignment
from rolecall.facts.records import Malformed
from rolecall.facts.steady import ever_since
from rolecall.facts.view import Assigned, room
from rolecall.flights import Flights
from rolecall.vocabulary.facts import ALWAYS

AssignmentsPort = Callable[[str], "Iterable[object] | Awaitable[Iterable[object]]"]
"""`(user id) -> the application's role assignments`: mappings with `role`, `scope`, `id`, maybe `from` and `until`."""

Loader = Callable[[str], "Mapping[str, object] | None | Awaitable[Mapping[str, object] | None]"]
"""`(resource id) -> its properties`, or None where there is no such resource."""

MAX_KEPT: Final = 1 << 16
"""Of how many people the answers of the assignments port are kept."""

_Kept = tuple[Assigned, int, int, object]
"""An answer, since when it is good by two clocks (see `facts.steady`), and the version it is of."""

_NAME: Final = "the assignments port"
_PATIENCE: Final = 30.0


class Assignments:
    """The assignments port with a time to live, or a version: then it is not asked at each decision.

    An answer is kept for `max_age`. With `version` (a function from a user's id to anything hashable, sync or async) it
    is kept as long as the version is the same as before the port was asked. A failure is never kept, and never covered
    by an older answer.
    """

    def __init__(
        self,
        port: AssignmentsPort,
        *,
        max_age: timedelta | None = None,
        version: Callable[[str], object] | None = None,
    ) -> None:
        """Wrap a port; without `max_age` and `version` it is asked at each decision."""
        if not callable(port) or not (version is None or callable(version)):
            raise TypeError("`Assignments` takes a function from a user's id to their assignments")
        if not (max_age is None or (isinstance(max_age, timedelta) and max_age > timedelta())):
            raise TypeError("`max_age` must be a timedelta such as `timedelta(seconds=30)`, or None")
        self._port, self._version = port, version
        self._max_age = None if max_age is None else max_age // timedelta(microseconds=1) * 1000
        self._kept: dict[str, _Kept] = {}
        self._flights: Flights[Assigned] = Flights(_NAME, _PATIENCE)
        self._lock = Lock()

    @property
    def folded(self) -> bool:
        """Whether what rests on an answer may be kept until the answer is too old, without asking anybody."""
        return self._max_age is not None and self._version is None

    def ask(self, user: str, clock: Callable[[], int]) -> Generator[Call, object, Assigned]:
        """Give what the port says of a user, asking it where its last answer is not good any more."""
        if self._max_age is None and self._version is None:
            return (yield from self._fetch(user, ALWAYS[0]))
        version: object = None
        if self._version is not None:
            version = yield Call(_NAME, self._version, user)
            if isinstance(version, Failed):
                return Assigned(problem=str(version))
            try:
                hash(version)
            except TypeError:
                return Assigned(problem=f"{_NAME}'s `version` gave {type(version).__name__}, which cannot be compared")
        now = clock()
        kept = self._kept.get(user)
        found: Assigned | Failed | None = None if kept is None else self._good(kept, now, version)
        if found is None:
            found = yield from self._flights.join((user, version), lambda: self._anew(user, now, version, kept))
        if isinstance(found, Failed):
            return Assigned(problem=str(found))
        return found if self.folded else Assigned(found.records, problem=found.problem)

    def _good(self, kept: _Kept, now: int, version: object) -> Assigned | None:
        found, since, ticks, of_version = kept
        if now < since or of_version != version:
            return None
        if self._max_age is None:
            return found
        until = ever_since(since, ticks, now) + self._max_age
        return replace(found, until=until) if now < until else None

    def _anew(self, user: str, now: int, version: object, seen: _Kept | None) -> Generator[Call, object, Assigned]:
        kept = self._kept.get(user)
        if kept is not None and kept is not seen and kept[-1] == version:  # somebody has asked since
            return kept[0]
        ticks = monotonic_ns()
        found = yield from self._fetch(user, ALWAYS[0] if self._max_age is None else now + self._max_age)
        if not found.problem:
            with self._lock:
                room(self._kept, MAX_KEPT)[user] = (found, now, ticks, version)
        return found

    def _fetch(self, user: str, until: int) -> Generator[Call, object, Assigned]:
        answer = yield Call(_NAME, self._port, user)
        read = answer if isinstance(answer, Failed) else read_assignments(answer, user)
        return Assigned(problem=str(read)) if isinstance(read, Failed) else Assigned(read, until)


def read_assignments(answer: object, user: str) -> tuple[AssignmentRecord, ...] | Failed:
    """Read what the assignments port answered; what would have to be guessed at is a failure."""
    if not isinstance(answer, Iterable) or isinstance(answer, str | bytes | Mapping):
        return Failed(_NAME, f"gave {type(answer).__name__}, not a list of assignments")
    try:
        return tuple(read_assignment(one, f"assignment {number}", user) for number, one in enumerate(answer))
    except Malformed as error:
        return Failed(_NAME, str(error))
    except Exception as error:  # noqa: BLE001 - a list that is made while it is read can fail like the port itself
        return Failed(_NAME, type(error).__name__)
