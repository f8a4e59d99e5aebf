"""What a transaction will write, gathered in memory: versions of records that end and begin, links, keys, changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection, Table, Update, bindparam, delete, insert, select, update

from rolecall.facts.store import schema
from rolecall.facts.store.incoming import Item, parsed
from rolecall.facts.store.keys import EVERYTHING, Link, keys, links
from rolecall.facts.store.schema import FOREVER
from rolecall.facts.store.values import Change

# How many rows go to the database at a time, and how many ids a query names.
CHUNK: Final = 1000
# A change that touches more than so many keys touches everything.
MOST_KEYS: Final = 10_000
# Keys of changes older than so many are forgotten, and whoever is further behind forgets everything.
KEPT_CHANGES: Final = 100_000

_close_record: Final = (
    update(schema.record)
    .where(
        schema.record.c.district == bindparam("of_district"),
        schema.record.c.kind == bindparam("of_kind"),
        schema.record.c.id == bindparam("of_id"),
        schema.record.c.until == FOREVER,
    )
    .values(until=bindparam("number"))
)
_close_link: Final = (
    update(schema.link)
    .where(
        schema.link.c.a == bindparam("of_a"),
        schema.link.c.kind == bindparam("of_kind"),
        schema.link.c.until == FOREVER,
        schema.link.c.b == bindparam("of_b"),
        schema.link.c.district == bindparam("of_district"),
    )
    .values(until=bindparam("number"))
)


_LOCK: Final = select(schema.meta.c.value).where(schema.meta.c.key == "counter").with_for_update()
_META: Final = select(schema.meta.c.key, schema.meta.c.value)


def meta(connection: Connection) -> dict[str, int]:
    """Give the store's numbers: `schema`, `counter`, `clock`, `pruned`."""
    return {row.key: row.value for row in connection.execute(_META)}


def lock(connection: Connection) -> None:
    """Let every other writer wait until this transaction ends."""
    connection.execute(_LOCK).all()


class Clock:
    """The store's counter and time, locked by whoever writes: changes have numbers without gaps, in commit order."""

    def __init__(self, connection: Connection, now: int) -> None:
        """Lock the counter. Time never falls, whatever the machine's clock says."""
        lock(connection)
        values = meta(connection)
        self.first = self.number = values["counter"]
        self.time = max(now, values["clock"])

    def next(self) -> int:
        """Give the next change's number."""
        self.number += 1
        return self.number

    def save(self, connection: Connection) -> None:
        """Keep the counter, and forget keys that are very old."""
        if self.number == self.first:
            return
        _set(connection, "counter", self.number)
        _set(connection, "clock", self.time)
        if self.first // CHUNK != self.number // CHUNK and self.number > KEPT_CHANGES:
            last = self.number - KEPT_CHANGES
            connection.execute(delete(schema.touched).where(schema.touched.c.change <= last))
            _set(connection, "pruned", last)


def _set(connection: Connection, key: str, value: int) -> None:
    connection.execute(update(schema.meta).where(schema.meta.c.key == key).values(value=value))


def stored(kind: str, identifier: str, text: str) -> Item:
    """Give a record as the store holds it."""
    return Item(kind, identifier, text, parsed(kind, text))


def current(connection: Connection, district: str, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Item]:
    """Give the current records among those wanted, by kind and id."""
    by_kind: dict[str, list[str]] = {}
    for kind, identifier in dict.fromkeys(wanted):
        by_kind.setdefault(kind, []).append(identifier)
    found: dict[tuple[str, str], Item] = {}
    columns = schema.record.c
    for kind, ids in by_kind.items():
        query = select(columns.id, columns.data).where(
            columns.district == district, columns.kind == kind, columns.until == FOREVER
        )
        for chunk in chunks(ids):
            for identifier, text in connection.execute(query.where(columns.id.in_(chunk))):
                found[kind, identifier] = stored(kind, identifier, text)
    return found


def chunks(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    """Cut a list of ids into lists that a query can name."""
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))


class Ledger:
    """What one district's transaction writes. Every change of one record is put here in its order."""

    def __init__(self, district: str) -> None:
        """Begin empty."""
        self.district = district
        self._changes: list[dict[str, object]] = []
        self._touched: dict[int, set[str]] = {}
        self._ended: list[dict[str, object]] = []
        self._begun: list[dict[str, object]] = []
        self._open: dict[tuple[str, str], dict[str, object]] = {}
        self._links_ended: list[dict[str, object]] = []
        self._links_begun: list[dict[str, object]] = []
        self._open_links: dict[Link, dict[str, object]] = {}

    def change(self, change: Change) -> None:
        """Write a line of the change log."""
        self._changes.append({name: getattr(change, name) for name in change.__struct_fields__})

    def touch(self, number: int, found: Iterable[str]) -> None:
        """Note keys that readers must forget with a change; too many are everything."""
        mine = self._touched.setdefault(number, set())
        mine.update(found)
        if EVERYTHING in mine or len(mine) > MOST_KEYS:
            self._touched[number] = {EVERYTHING}

    def put(self, number: int, key: tuple[str, str], old: Item | None, new: Item | None, event: str = "") -> None:
        """Let a record (None: there is none) become another, with a change."""
        before, after = old.record if old else None, new.record if new else None
        if EVERYTHING not in self._touched.get(number, ()):
            self.touch(number, keys(*key, self.district, before, after))
        if old is not None:
            begun = self._open.pop(key, None)
            if begun is not None:
                begun["until"] = number
            else:
                self._ended.append({"of_district": self.district, "of_kind": key[0], "of_id": key[1], "number": number})
        if new is not None:
            row: dict[str, object] = {
                "district": self.district,
                "kind": key[0],
                "id": key[1],
                "since": number,
                "until": FOREVER,
                "data": new.text,
                "event": event,
            }
            self._open[key] = row
            self._begun.append(row)
        self._relink(number, links(before), links(after))

    def _relink(self, number: int, before: frozenset[Link], after: frozenset[Link]) -> None:
        for link in before - after:
            begun = self._open_links.pop(link, None)
            if begun is not None:
                begun["until"] = number
            else:
                kind, a, b = link
                row: dict[str, object] = {"of_a": a, "of_kind": kind, "of_b": b, "of_district": self.district}
                self._links_ended.append(row | {"number": number})
        for link in after - before:
            kind, a, b = link
            row = {"kind": kind, "a": a, "b": b, "since": number, "until": FOREVER, "district": self.district}
            self._open_links[link] = row
            self._links_begun.append(row)

    @property
    def size(self) -> int:
        """How many versions of records wait to be written."""
        return len(self._begun) + len(self._ended)

    def flush(self, connection: Connection) -> None:
        """Write what was gathered, and begin anew; the touched keys wait for `close`."""
        _many(connection, _close_record, self._ended)
        _many(connection, _close_link, self._links_ended)
        _rows(connection, schema.record, self._begun)
        _rows(connection, schema.link, self._links_begun)
        for gathered in (self._ended, self._begun, self._links_ended, self._links_begun):
            gathered.clear()
        self._open.clear()
        self._open_links.clear()

    def close(self, connection: Connection) -> None:
        """Write what is left, the change log and the touched keys."""
        self.flush(connection)
        _rows(connection, schema.change, self._changes)
        touched: list[dict[str, object]] = [
            {"change": number, "key": key} for number, found in self._touched.items() for key in sorted(found)
        ]
        _rows(connection, schema.touched, touched)


def _rows(connection: Connection, table: Table, rows: list[dict[str, object]]) -> None:
    for start in range(0, len(rows), CHUNK):
        connection.execute(insert(table), rows[start : start + CHUNK])


def _many(connection: Connection, statement: Update, rows: list[dict[str, object]]) -> None:
    for start in range(0, len(rows), CHUNK):
        connection.execute(statement, rows[start : start + CHUNK])
