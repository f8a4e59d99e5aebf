"""A district's events: in the order of their ids, the oldest gone after a while, some not published yet."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Final

import msgspec

from rolecall.testing.fake.shelf import Entry, Key
from rolecall.testing.fake.wire import decode, encode, instant

_MACHINE: Final = "fa4ec1e7e4"
_ADDED: Final = None
"""What `previous_attributes` says of a key that was not there before."""


class Event(msgspec.Struct, frozen=True, gc=False):
    """An event as a list sends it, `{"data":{"id":…}}`, with what it can be filtered by."""

    id: str
    type: str
    item: bytes
    keys: tuple[Key, ...]


class Draft(msgspec.Struct, frozen=True):
    """An event that has no id yet: `record` is the whole object as JSON."""

    district: str
    type: str
    record: bytes
    keys: tuple[Key, ...] = ()
    previous: dict[str, object] | None = None


def event_ids(clock: Callable[[], float]) -> Iterator[str]:
    """Yield ids of 24 hex characters, each above the one before whatever the clock does: time, machine, number."""
    newest = 0
    for number in count(1):
        newest = max(newest, int(clock()))
        yield f"{newest + (number >> 24):08x}{_MACHINE}{number & 0xFFFFFF:06x}"


def draft(district: str, what: str, entry: Entry, old: Entry | None = None) -> Draft:
    """Draft the event for an entry that was created, updated (from `old`) or deleted."""
    previous = _previous(decode(old.json), decode(entry.json)) if old else None
    return Draft(district, what, entry.json, entry.keys, previous)


def _previous(before: Any, now: Any) -> dict[str, object]:  # noqa: ANN401 - records are what they are
    """Give each top-level key that changed with its value before."""
    if not isinstance(before, dict) or not isinstance(now, dict):
        return {}
    absent = object()
    changed = [key for key in before | now if before.get(key, absent) != now.get(key, absent)]
    return {key: before.get(key, _ADDED) for key in changed}


class Feed:
    """The published events of one district. `expired` is the id of the newest event that is no longer kept."""

    def __init__(self) -> None:
        self.events: dict[str, Event] = {}
        self.expired = ""
        self._ids: list[str] = []

    def publish(self, draft: Draft, one: str, now: float) -> None:
        """Append an event under an id above every other."""
        data: dict[str, object] = {"id": one, "type": draft.type, "created": instant(now)}
        data["data"] = {"object": msgspec.Raw(draft.record)}
        if draft.previous is not None:
            data["previous_attributes"] = msgspec.Raw(encode(draft.previous))
        self.events[one] = Event(one, draft.type, encode({"data": data}), draft.keys)
        self._ids.append(one)

    def ids(self, school: str | None = None, types: list[str] | None = None) -> list[str]:
        """Give the ids in order: of all, or of those that touch a school, or are of some record types (`users`)."""
        if school is None and not types:
            return self._ids
        found = (self.events[one] for one in self._ids)
        return [
            event.id
            for event in found
            if (school is None or ("school", school) in event.keys)
            and (not types or event.type.partition(".")[0] in types)
        ]

    def expire(self, before: str) -> int:
        """Forget the events before an id; give how many they were."""
        gone = bisect_left(self._ids, before)
        for one in self._ids[:gone]:
            del self.events[one]
            self.expired = one
        del self._ids[:gone]
        return gone
