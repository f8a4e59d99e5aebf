"""The records of one kind in one district: as JSON ready to send, in the order of their ids, found by what they name.

A list of Clever's is a slice of a sorted list of ids, so that the last page of 100,000 users costs what the first does.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from rolecall.testing.fake.wire import encode

Key = tuple[str, ...]
"""What a record can be found by: `("role", "teacher")`, `("school", ID)`, `("school", ID, "staff")`, …"""

ALL: Final[Key] = ()
ROLES: Final = ("contact", "district_admin", "staff", "student", "teacher")
AT_SCHOOL: Final = ("staff", "student", "teacher")


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A record as a list sends it, `{"data":{…}}`; `id` is empty where the record has none that is text."""

    id: str
    item: bytes
    keys: tuple[Key, ...]

    @property
    def json(self) -> bytes:
        """The record alone."""
        return self.item[len(b'{"data":') : -1]

    def named(self, *words: str) -> list[str]:
        """Give the ids under these keys: `named("teacher")` of a section are those who teach it."""
        return [key[1] for key in self.keys if len(key) == 1 + len(words) and (key[0], *key[2:]) == words]


class Shelf:
    """Entries by id, a sorted list of ids for each key, those without an id, and what was deleted."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.nameless: list[Entry] = []
        self.deleted: dict[str, Entry] = {}
        self._lists: dict[Key, list[str]] = {ALL: []}

    def fill(self, records: Iterable[Entry]) -> None:
        """Take many entries into an empty shelf; the last of several with one id stays."""
        for entry in records:
            if entry.id:
                self.entries[entry.id] = entry
            else:
                self.nameless.append(entry)
        for one in sorted(self.entries):
            for key in (ALL, *self.entries[one].keys):
                self._lists.setdefault(key, []).append(one)

    def put(self, entry: Entry) -> Entry | None:
        """Take an entry in; give the one that it replaces."""
        if not entry.id:
            self.nameless.append(entry)
            return None
        old = self.take(entry.id)
        self.entries[entry.id] = entry
        self.deleted.pop(entry.id, None)
        for key in (ALL, *entry.keys):
            insort(self._lists.setdefault(key, []), entry.id)
        return old

    def take(self, one: str) -> Entry | None:
        """Take an entry out, where it is here."""
        old = self.entries.pop(one, None)
        for key in (ALL, *old.keys) if old else ():
            ids = self._lists[key]
            del ids[bisect_left(ids, one)]
        return old

    def ids(self, key: Key = ALL) -> list[str]:
        """Give the sorted ids of all, or of those found by a key; not to be changed."""
        return self._lists.get(key, [])

    def loose(self, key: Key = ALL) -> list[bytes]:
        """Give those without an id, of all or of those found by a key, as a list sends them."""
        return [entry.item for entry in self.nameless if key == ALL or key in entry.keys]


def entry(kind: str, record: object, shared: dict[Key, Key]) -> Entry:
    """Make an entry of a record; `shared` keeps equal keys one object."""
    item = b'{"data":' + encode(record) + b"}"
    if not isinstance(record, Mapping):
        return Entry("", item, ())
    found = dict.fromkeys(_KEYS[kind](record)) if kind in _KEYS else {}
    return Entry(_text(record.get("id")), item, tuple(shared.setdefault(key, key) for key in found))


def _user(record: Mapping[str, Any]) -> Iterator[Key]:
    """By role, by school (of any role, and of each), by primary school, and a contact by child."""
    for role, held in _mapping(record.get("roles")).items():
        if role not in ROLES or not isinstance(held, Mapping):
            continue
        yield ("role", role)
        if role in AT_SCHOOL:
            primary = _text(held.get("school"))
            for school in [primary] * bool(primary) + _texts(held.get("schools")):
                yield ("school", school)
                yield ("school", school, role)
            if primary:
                yield ("primary", primary)
                yield ("primary", primary, role)
        if role == "contact":
            related = held.get("student_relationships")
            for one in related if isinstance(related, list) else []:
                if child := _text(_mapping(one).get("student")):
                    yield ("child", child)


def _section(record: Mapping[str, Any]) -> Iterator[Key]:
    """By who teaches and attends it, and by its places."""
    for teacher in [_text(record.get("teacher")), *_texts(record.get("teachers"))]:
        if teacher:
            yield ("teacher", teacher)
    for student in _texts(record.get("students")):
        yield ("student", student)
    for key, field in (("school", "school"), ("term", "term_id"), ("course", "course")):
        if place := _text(record.get(field)):
            yield (key, place)


def _school(record: Mapping[str, Any]) -> Iterator[Key]:
    if own := _text(record.get("id")):
        yield ("school", own)


_KEYS: Final = {"user": _user, "section": _section, "school": _school}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str) and one] if isinstance(value, list) else []


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
