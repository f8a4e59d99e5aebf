"""Facts asked of Clever itself, when somebody or something is not at hand: the few records that lie around them.

Records are kept by district and id. One that is younger than `max_age` is used as it is; an older one is asked for
anew, and stands in for the answer while Clever cannot give one, as long as the authoriser's `max_stale` allows.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from datetime import timedelta
from threading import Lock
from time import monotonic_ns
from typing import Final, Protocol, runtime_checkable
from weakref import WeakSet

from rolecall.calls import Call, Failed
from rolecall.facts.clever.errors import CleverError, NotShared, TokenRefused
from rolecall.facts.direct_view import DirectView
from rolecall.facts.records import Malformed, SectionRecord
from rolecall.facts.remembered import Kept, Key, Remembered, Trouble, Wanted
from rolecall.facts.view import Frame
from rolecall.flights import Flights
from rolecall.instants import SECOND

MAX_AGE: Final = timedelta(minutes=5)
_PATIENCE: Final = 60.0


@runtime_checkable
class Client(Protocol):
    """What is asked of Clever's client (`rolecall.facts.clever.Clever`)."""

    def districts(self) -> Generator[Call, object, tuple[str, ...]]:
        """Give the districts that there are tokens for."""
        ...  # a Protocol's body

    def one(self, district: str, path: str) -> Generator[Call, object, Mapping[str, object] | None]:
        """Give one object, or None for a 404."""
        ...  # a Protocol's body

    def listed(
        self, district: str, path: str, **query: str
    ) -> Generator[Call, object, list[Mapping[str, object]] | None]:
        """Give a complete list, or None for a 404."""
        ...  # a Protocol's body


class Direct:
    """Facts from Clever's API, fetched as they are needed. Safe to share between threads, event loops and policies.

    `max_age` is how old a record may be before it is asked for anew. With several districts, `district_of` gives the
    district of a user's id (or None), so that not each has to be tried; `size` is how many records are kept. Each
    record is true as of the time it was asked for; records of two moments, `max_age` apart at most, may meet.
    """

    source: Final = "Clever"

    def __init__(
        self,
        clever: Client,
        *,
        max_age: timedelta = MAX_AGE,
        district_of: Callable[[str], str | None] | None = None,
        size: int = 1 << 18,
    ) -> None:
        """Begin with nothing at hand; nothing is asked before the first question."""
        if not isinstance(max_age, timedelta) or max_age < timedelta():
            raise TypeError("`max_age` must be a timedelta such as `timedelta(minutes=5)`")
        if not isinstance(clever, Client):
            raise TypeError(f"`clever` must be a client such as `Clever(…)`, not a `{type(clever).__name__}`")
        self.clever, self.district_of = clever, district_of
        self.max_age = max_age // timedelta(microseconds=1) * 1000
        self.records = Remembered(size)
        self._flights: Flights[Kept | Trouble] = Flights("Clever", _PATIENCE)
        self._views: WeakSet[DirectView] = WeakSet()
        self._lock = Lock()  # of the set of views, which must not change while it is read

    def view(self, frame: Frame) -> DirectView:
        """Make the view of one policy."""
        found = DirectView(self, frame)
        with self._lock:
            self._views.add(found)
        return found

    def keep(self, key: Key, found: Kept, now: int) -> None:
        """Keep what Clever said. What rests on what it has not, or says otherwise now, is dropped from every view.

        So two versions of one record never meet in a decision.
        """
        (district, path), before = key, self.records.keep(key, found, now)
        was = None if before is None else before.value
        named, earlier = _people(found.value), _people(was)
        self.records.name(district, named - earlier, path)
        # A term is read with its class, and a district's state with each question: other versions they do not meet.
        alone = path.startswith(("terms/", "districts/"))
        stale = {path: named ^ earlier} if found.value is None or not (was in (None, found.value) or alone) else {}
        if path.endswith("/sections"):
            listed = {one.id for one in found.value or ()}
            for one, kept in self.naming(district, path.split("/")[1]):
                if one not in listed and not found.at <= kept.at <= now:
                    self.records.drop((district, f"sections/{one}"), kept)
                    stale[f"sections/{one}"] = frozenset()
        with self._lock:
            views = list(self._views) if stale or named - earlier else []
        for view in views:
            for one, people in stale.items():
                view.forget(district, one, known=before is not None or one != path, named=people)
            if before is None:
                view.met(path, named)

    def naming(self, district: str, user: str) -> Iterator[tuple[str, Kept]]:
        """Give the classes at hand that name a person, by their ids. Those that a newer list lacked are not at hand."""
        for path in self.records.naming(district, user):
            kept = self.records.get((district, path))
            if kept is not None and user in kept.value.people:
                yield path.removeprefix("sections/"), kept

    def fetch(self, key: Key, wanted: Wanted) -> Generator[Call, object, Kept | Trouble]:
        """Ask Clever, once for all who want the same.

        Whoever waited for another's question gets the same answer, or the same trouble; so does whoever saw less than
        what is at hand now.
        """
        trouble = self.records.resting(key, wanted.clock())
        if trouble is not None:
            return trouble
        found = yield from self._flights.join(key, lambda: self._ask(key, wanted))
        return Trouble(str(found), 0) if isinstance(found, Failed) else found

    def _ask(self, key: Key, wanted: Wanted) -> Generator[Call, object, Kept | Trouble]:
        (district, path), clock, at, ticks = key, wanted.clock, wanted.clock(), monotonic_ns()
        since = self.records.resting(key, at) or self.records.get(key)
        if isinstance(since, Trouble) or (since is not None and since is not wanted.seen):
            return since  # somebody has asked since
        try:
            asked = self.clever.listed(district, path) if wanted.whole else self.clever.one(district, path)
            answer: object = yield from asked
            found = Kept(None if answer is None else wanted.read(answer), at, ticks)
        except NotShared:
            found = Kept(None, at, ticks)
        except CleverError as error:
            # The whole district rests where its token or its budget is what is wrong.
            of_all = error.retry_at is not None or isinstance(error, TokenRefused)
            retry_at = None if error.retry_at is None else int(error.retry_at * SECOND)
            why = f"Clever cannot be asked now: {error}"
            return self.records.rest((district, "") if of_all else key, why, clock(), retry_at)
        except Malformed as error:
            return self.records.rest(key, f"Clever's answer cannot be read: {error}", clock(), None)
        self.keep(key, found, clock())
        return found


def _people(record: object) -> frozenset[str]:
    """Give whom a section names; of any other record nobody."""
    return record.people if isinstance(record, SectionRecord) else frozenset()
