"""What refers to accounts, and what a merge would break: rows that would meet under one unique key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from rolecall.migration.model import Clash, Reference


class Referring(msgspec.Struct, frozen=True):
    """A table that names accounts: in which columns, and its unique keys that hold one of those.

    `only` says of a column in which rows it names accounts: where other columns have these values.
    """

    table: str
    columns: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]
    clash: str = "hold"
    only: dict[str, dict[str, str]] = {}

    def needed(self) -> tuple[str, ...]:
        """Give the columns that say what a row names, each once."""
        return tuple(dict.fromkeys((*self.columns, *(name for only in self.only.values() for name in only))))

    def names(self, column: str, row: Mapping[str, object]) -> bool:
        """Say whether a column of a row names an account, and not something else."""
        return all(_key(row[name]) == value for name, value in self.only.get(column, {}).items())


class Tables(Protocol):
    """The tables around accounts."""

    referring: tuple[Referring, ...]
    warnings: tuple[str, ...]
    slow: tuple[str, ...]

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
    columns = tuple(dict.fromkeys((*one.needed(), *(name for key in one.keys for name in key))))
    names = [columns.index(name) for name in one.columns]
    keys = [[columns.index(name) for name in key] for key in one.keys]
    met: list[Counter[tuple[object, ...]]] = [Counter() for _ in keys]
    seen = moved = 0
    for row in tables.rows(one.table, columns):
        seen += 1
        merged: dict[int, str] = {}
        for at in names:
            value = row[at]
            stays = None if value is None else known.get(value if value.__class__ is int else _key(value))
            if stays is not None and (not one.only or one.names(columns[at], dict(zip(columns, row, strict=True)))):
                merged[at] = stays
        if not merged:
            continue
        moved += any(to != _key(row[at]) for at, to in merged.items())
        for counter, key in zip(met, keys, strict=True):
            held = tuple([merged.get(at, row[at]) for at in key])
            if None not in held and any(at in merged for at in key):  # to SQL, what is null equals nothing
                counter[held] += 1
    found.moved[one.table] = moved
    for named, places, counter in zip(one.keys, keys, met, strict=True):
        _keep(found, one, named, [number for number, place in enumerate(places) if place in names], counter)
    return seen


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
