"""What Clever has said, kept by district and path; and what it could not be asked a moment ago."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any, Final

import msgspec
from cachetools import LRUCache

from rolecall.facts.steady import ever_since
from rolecall.instants import SECOND

REST: Final = 2 * SECOND
"""For how long what could not be had is not asked for again: whoever comes meanwhile hears the same at once."""

LONGEST_REST: Final = 60 * SECOND
_RESTING: Final = 4096

Key = tuple[str, str]
"""A district, and the path below it: `("d1…", "users/5f…")`."""


class Kept(msgspec.Struct, frozen=True):
    """What Clever said, read, and when it was asked (nanoseconds since 1970); `value` is None for what it has not.

    `ticks` is when it was asked, too (nanoseconds), on a clock that nobody puts back.
    """

    value: Any
    at: int
    ticks: int

    def within(self, age: int | None, now: int) -> bool:
        """Say whether it is younger than an age; what is from the future is of unknown age."""
        return self.at <= now and (age is None or now - self.since(now) <= age)

    def since(self, now: int) -> int:
        """Say when it was asked, by the clock that makes it older."""
        return ever_since(self.at, self.ticks, now)


class Trouble(msgspec.Struct, frozen=True):
    """Why Clever cannot be asked now, and until when nobody should try again."""

    why: str
    until: int


class Wanted(msgspec.Struct, frozen=True):
    """What is to be asked of Clever: one object or a `whole` list, and what its clock says.

    `read` makes of the answer what is kept, and may raise `Malformed`. `seen` is what was at hand and did not do.
    """

    read: Callable[[Any], object]
    clock: Callable[[], int]
    whole: bool
    seen: Kept | None


class Remembered:
    """Records and troubles, the least recently used forgotten first. Safe between threads."""

    def __init__(self, size: int) -> None:
        """Begin empty; `size` is how many records are kept."""
        self._kept: LRUCache[Key, Kept] = LRUCache(size)
        self._naming: LRUCache[Key, set[str]] = LRUCache(size)
        self._resting: LRUCache[Key, Trouble] = LRUCache(_RESTING)
        self._lock = Lock()  # an LRUCache changes when it is read, and breaks when two threads do

    def get(self, key: Key) -> Kept | None:
        """Give what is kept, of any age."""
        with self._lock:
            return self._kept.get(key)

    def keep(self, key: Key, found: Kept, now: int) -> Kept | None:
        """Keep what Clever said, or drop what it has not, unless something newer is kept; give what was kept before.

        What is from the future was kept before the clock was put back: it is not newer.
        """
        with self._lock:
            before = self._kept.get(key)
            if before is None or not found.at < before.at <= now:
                if found.value is None:
                    self._kept.pop(key, None)
                else:
                    self._kept[key] = found
            return before

    def name(self, district: str, people: Iterable[str], path: str) -> None:
        """Note that what is kept under a path names some people."""
        with self._lock:
            for one in people:
                self._naming.setdefault((district, one), set()).add(path)

    def naming(self, district: str, person: str) -> frozenset[str]:
        """Give the paths under which is, or was, something that names a person."""
        with self._lock:
            return frozenset(self._naming.get((district, person), ()))

    def drop(self, key: Key, found: Kept) -> None:
        """Drop what was found, if that is what is still kept."""
        with self._lock:
            if self._kept.get(key) is found:
                del self._kept[key]

    def rest(self, key: Key, why: str, now: int, retry_at: int | None) -> Trouble:
        """Remember that something could not be had, for a moment or until Clever says that it can be asked again."""
        until = max(now + REST, min(retry_at or 0, now + LONGEST_REST))
        trouble = Trouble(why, until)
        with self._lock:
            self._resting[key] = trouble
        return trouble

    def resting(self, key: Key, now: int) -> Trouble | None:
        """Give the trouble that it, or its district, had a moment ago. A jump of the clock prolongs nothing."""
        with self._lock:
            for one in ((key[0], ""), key):
                trouble = self._resting.get(one)
                if trouble is not None and now < trouble.until <= now + LONGEST_REST:
                    return trouble
        return None
