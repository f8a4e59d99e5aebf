"""Every record of every district, as a snapshot gives them: changed one at a time, kept apart by district."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from rolecall.testing.fake.shelf import Entry, Key, Shelf, entry
from rolecall.testing.fake.wire import decode

KINDS: Final = {
    "district": "districts",
    "school": "schools",
    "term": "terms",
    "course": "courses",
    "section": "sections",
    "user": "users",
    "resource": "resources",
}
"""What one record is called, and the list that it is in: in a snapshot, in a path, and in an event's type."""
KIND: Final = {plural: kind for kind, plural in KINDS.items()}

Snapshot = Mapping[str, Any] | Iterable[tuple[str, Any]]


def kind_of(word: str) -> str:
    """Give the kind that a word in the singular or plural names; `ValueError` for another word."""
    kind = KIND.get(word, word)
    if kind not in KINDS:
        raise ValueError(f"`{word}` is no kind of record that Clever has: say one of {', '.join(KINDS)}")
    return kind


class World:
    """Shelves by district and kind.

    A record lies where it is put, or in the district that it names; else where its id lay before; else in the first
    district. So a record that names no district, or a wrong one, can be served.
    """

    def __init__(self, snapshot: Snapshot, districts: Iterable[str] = ()) -> None:
        self.districts: list[str] = list(districts)
        self.assignments: list[Any] = []
        self._shelves: dict[tuple[str, str], Shelf] = {}
        self._shared: dict[Key, Key] = {}
        self._fill(_records(snapshot))

    def shelf(self, district: str, kind: str) -> Shelf:
        """Give the shelf for a kind in a district, empty where there was none."""
        return self._shelves.setdefault((district, kind), Shelf())

    def put(self, kind: str, record: object, district: str | None = None) -> tuple[str, Entry, Entry | None]:
        """Take a record in. Give where it lies, the new entry, and the one that it replaced."""
        new = entry(kind, record, self._shared)
        at = self._known(district or self._owner(kind, record, new.id) or self.holder(kind, new.id))
        return at, new, self.shelf(at, kind).put(new)

    def remove(self, kind: str, one: str, district: str | None = None) -> tuple[str, Entry]:
        """Delete a record, to be restored perhaps; `KeyError` where there is none."""
        at = district or self.holder(kind, one)
        shelf = self.shelf(at, kind)
        old = shelf.take(one)
        if old is None:
            raise KeyError(f"there is no {kind} `{one}` to delete")
        shelf.deleted[one] = old
        return at, old

    def restore(self, kind: str, one: str, district: str | None = None) -> tuple[str, Entry]:
        """Put a deleted record back as it was; `KeyError` where none was deleted."""
        for at in [district] if district else self.districts:
            shelf = self.shelf(at, kind)
            if one in shelf.deleted:
                old = shelf.deleted[one]
                shelf.put(old)
                return at, old
        raise KeyError(f"no {kind} `{one}` was deleted, so there is nothing to restore")

    def record(self, kind: str, one: str, district: str | None = None) -> Any:  # noqa: ANN401 - a record is what it is
        """Give a record as it is now; None where there is none."""
        found = self.shelf(district or self.holder(kind, one), kind).entries.get(one)
        return decode(found.json) if found else None

    def records(self, kind: str) -> Iterator[Any]:
        """Yield every record of a kind: by district, then by id, then those without."""
        for district in self.districts:
            shelf = self.shelf(district, kind)
            for one in shelf.ids():
                yield decode(shelf.entries[one].json)
            for loose in shelf.nameless:
                yield decode(loose.json)

    def _fill(self, records: Iterable[tuple[str, Any]]) -> None:
        sorted_out: dict[tuple[str, str], list[Entry]] = defaultdict(list)
        for word, record in records:
            if word in {"assignment", "assignments"}:
                self.assignments.append(record)
                continue
            kind = kind_of(word)
            new = entry(kind, record, self._shared)
            sorted_out[self._owner(kind, record, new.id), kind].append(new)
        for district, _ in sorted_out:
            if district:
                self._known(district)
        for kind in KINDS:
            sorted_out[self._first(), kind] += sorted_out.pop(("", kind), [])
        for (district, kind), entries in sorted_out.items():
            self.shelf(district, kind).fill(entries)

    def _owner(self, kind: str, record: object, one: str) -> str:
        """The district that a record names, "" where it names none."""
        if kind == "district":
            return one
        named = record.get("district") if isinstance(record, Mapping) else None
        return named if isinstance(named, str) else ""

    def holder(self, kind: str, one: str) -> str:
        """The district where an id lies, the first one where it lies nowhere."""
        found = (at for at in self.districts if one in self.shelf(at, kind).entries)
        return next(found, self._first())

    def _first(self) -> str:
        if not self.districts:
            raise ValueError("neither the snapshot nor `tokens` names a district: a token belongs to one")
        return self.districts[0]

    def _known(self, district: str) -> str:
        if district not in self.districts:
            self.districts.append(district)
        return district


def _records(snapshot: Snapshot) -> Iterator[tuple[str, Any]]:
    """A snapshot as (kind, record), districts first."""
    if not isinstance(snapshot, Mapping):
        yield from snapshot
        return
    lists: dict[Any, Any] = dict(snapshot)
    for name in (*KIND, "assignments"):
        records = lists.get(name, [])
        if not isinstance(records, Iterable) or isinstance(records, str | bytes | Mapping):
            raise ValueError(f"`{name}` of the snapshot is no list: give records, as `demo_district()` does")  # noqa: TRY004 - a value, not a program, is wrong
        for record in records:
            yield name, record
