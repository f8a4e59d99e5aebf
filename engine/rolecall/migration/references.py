"""What refers to accounts, and what a merge would break: rows that would meet under one unique key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from rolecall.migration.model import Clash, Reference


class Referring(msgspec.Struct, frozen=True):
    """A table that names accounts: in which columns, and its unique keys that hold one of those.

    `alike` are all columns of a table without any key that names a row: of two rows that became alike nobody could
    tell which is which, and so they clash as those do that meet under a unique key.
    """

    table: str
    columns: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]
    clash: str = "hold"
    alike: tuple[str, ...] = ()


class Tables(Protocol):
    """The tables around accounts."""

    referring: tuple[Referring, ...]
    warnings: tuple[str, ...]

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[Sequence[object]]:
        """Give these columns of every row of a table."""
        ...  # a Protocol's body


class Found(msgspec.Struct):
    """What merges meet: per survivor the clashes, per table how many rows would come to name another account."""

    clashes: dict[str, list[tuple[Clash, bool]]]
    moved: Counter[str]


def look(tables: Tables, survivors: Mapping[str, str], told: Callable[[int], None] = lambda _: None) -> Found:
    """Read every referring table once. `survivors` maps the key of each account of a merge to that which stays."""
    found, seen = Found({}, Counter()), 0
    known: dict[object, str] = {}
    for name, to in survivors.items():
        known[name] = to
        if name.isdecimal() and str(int(name)) == name:
            known[int(name)] = to
    for one in tables.referring:
        seen += _look(tables, one, known, found)
        told(seen)
    return found


def _look(tables: Tables, one: Referring, known: Mapping[object, str], found: Found) -> int:
    """Read one table; give how many rows it has."""
    named = (*one.keys, one.alike) if one.alike else one.keys
    columns = tuple(dict.fromkeys((*one.columns, *(name for key in named for name in key))))
    names = [columns.index(name) for name in one.columns]
    keys = [[columns.index(name) for name in key] for key in named]
    met: list[Counter[tuple[object, ...]]] = [Counter() for _ in keys]
    whole: set[tuple[object, ...]] = set()
    seen = moved = 0
    for row in tables.rows(one.table, columns):
        seen += 1
        merged: dict[int, str] = {}
        for at in names:
            value = row[at]
            stays = None if value is None else known.get(value if value.__class__ is int else _key(value))
            if stays is not None:
                merged[at] = stays
        if not merged:
            continue
        moved += any(to != _key(row[at]) for at, to in merged.items())
        for counter, key, what in zip(met, keys, named, strict=True):
            held = tuple([merged.get(at, row[at]) for at in key])
            if not any(at in merged for at in key):
                continue
            if what is one.alike:  # rows that were alike before stay so, and are no clash
                same = tuple(map(_hashable, row))
                counter[tuple(map(_hashable, held))] += same not in whole
                whole.add(same)
            elif None not in held:  # to SQL, what is null equals nothing
                counter[held] += 1
    found.moved[one.table] = moved
    for what, places, counter in zip(named, keys, met, strict=True):
        _keep(found, one, what, [number for number, place in enumerate(places) if place in names], counter)
    return seen


def _hashable(value: object) -> Hashable:
    return value if isinstance(value, Hashable) else repr(value)


def _key(value: object) -> str:
    """Give a key as an account's is given: bytes in hexadecimal digits, and none of the space that `CHAR` adds."""
    return value.hex() if isinstance(value, bytes) else str(value).strip()


def _keep(
    found: Found, table: Referring, key: tuple[str, ...], at: Iterable[int], met: Counter[tuple[object, ...]]
) -> None:
    """Keep, for each survivor, how many rows are too many."""
    at, extra = list(at), Counter[str]()
    for value, number in met.items():
        if number > 1:
            for survivor in {str(value[place]) for place in at}:
                extra[survivor] += number - 1
    for survivor, rows in sorted(extra.items()):
        found.clashes.setdefault(survivor, []).append((Clash(table.table, key, rows), table.clash == "hold"))


def of_settings(
    declared: Iterable[Reference], reflected: Iterable[Reference], default: str
) -> dict[str, list[Reference]]:
    """Give the references by table: those found by reflection, and those that the migration file adds or speaks of."""
    by: dict[tuple[str, str], Reference] = {(one.table, one.column): one for one in reflected}
    by = {key: msgspec.structs.replace(one, clash=default) for key, one in by.items()}
    by |= {(one.table, one.column): one for one in declared}
    found: dict[str, list[Reference]] = {}
    for one in sorted(by.values(), key=lambda one: (one.table, one.column)):
        found.setdefault(one.table, []).append(one)
    return found
