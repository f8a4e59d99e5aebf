"""What was changed in memory, written: many rows at a time, in the order in which keys allow it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam

from rolecall.migration.applying.around import Around
from rolecall.migration.applying.database import Refused
from rolecall.migration.applying.images import encode
from rolecall.migration.applying.journal import Entry
from rolecall.migration.applying.rows import Record, Rows, Values
from rolecall.migration.applying.stored import Stored


class Writer:
    """Writes differences of rows, many at a time; whatever was not as it was read is `Refused`."""

    def __init__(self, connection: Connection) -> None:
        """Write over this connection."""
        self._connection = connection

    def update(self, records: Iterable[Record], wanted: Callable[[Record, str], bool] | None = None) -> None:
        """Write the wanted columns that differ from how the row stands there now."""
        grouped: dict[tuple[str, tuple[str, ...]], list[tuple[Record, Values]]] = {}
        for record in records:
            first, now = record.first, record.now or record.was
            if first is None or now is None:
                continue
            differing = {
                one: now[one]
                for one in record.table.columns
                if now[one] != first[one] and (wanted is None or wanted(record, one))
            }
            if differing:
                grouped.setdefault((record.table.name, tuple(differing)), []).append((record, differing))
        for (_, columns), some in sorted(grouped.items(), key=lambda item: item[0]):
            self._update(some[0][0].table, columns, some)

    def _update(self, table: Stored, columns: Sequence[str], some: list[tuple[Record, Values]]) -> None:
        target = table.table
        said = target.update().where(*self._named(table))
        setting = [target.c[one] for one in columns]
        said = said.values({one: bindparam(f"s{at}", type_=one.type) for at, one in enumerate(setting)})
        rows = []
        for record, differing in some:
            names = {f"w{at}": one for at, one in enumerate(table.of(record.first or {}))}
            rows.append(names | {f"s{at}": differing[one] for at, one in enumerate(columns)})
            record.first = (record.first or {}) | differing
        self._run(table, said, rows, sum(record.had for record, _ in some))

    def delete(self, records: Iterable[Record]) -> None:
        """Delete rows."""
        grouped: dict[str, list[Record]] = {}
        for record in records:
            grouped.setdefault(record.table.name, []).append(record)
        for some in grouped.values():
            table = some[0].table
            rows = [{f"w{at}": one for at, one in enumerate(table.of(record.first or {}))} for record in some]
            said = table.table.delete().where(*self._named(table))
            self._run(table, said, rows, sum(record.had for record in some))

    def recount(self, records: Iterable[Record]) -> None:
        """Write rows that nothing tells apart, and of which there are more or fewer now: all of them anew."""
        some = [one for one in records if one.now is not None and one.many != one.had]
        self.delete(one for one in some if one.first is not None)
        for one in some:
            one.first = None
        self.insert(some)

    def insert(self, records: Iterable[Record], instead: Callable[[Record], Values] | None = None) -> None:
        """Put rows back; `instead` are values that must stand there for a moment, until `update`."""
        grouped: dict[str, list[Record]] = {}
        for record in records:
            grouped.setdefault(record.table.name, []).append(record)
        for some in grouped.values():
            table, rows = some[0].table, []
            for record in some:
                record.first = (record.now or {}) | (instead(record) if instead is not None else {})
                rows += [table.inserted(self._connection, record.first)] * record.many
                record.had = record.many
            self._connection.execute(table.insertion(self._connection), rows)

    @staticmethod
    def _named(table: Stored) -> list[Any]:
        columns = [(table.table.c[one], f"w{at}") for at, one in enumerate(table.identity)]
        if table.named:
            return [column == bindparam(name, type_=column.type) for column, name in columns]
        return [column.is_not_distinct_from(bindparam(name, type_=column.type)) for column, name in columns]

    def _run(self, table: Stored, said: Any, rows: list[Values], wanted: int) -> None:  # noqa: ANN401 - SQLAlchemy's
        met = self._connection.execute(said, rows).rowcount
        if met not in (wanted, -1):
            raise Refused(f"{abs(wanted - met)} rows of `{table.name}` are not as they were read")


def carry_out(connection: Connection, around: Around, rows: Rows) -> None:
    """Write the changes of people: rows that make room first, accounts go once nothing names them any more."""
    writer = Writer(connection)
    accounts, others = _apart(around, rows)
    named = _naming(around)
    gone = [one for one in accounts if one.first is not None and one.now is None]
    _let_go(gone, named, around.settings.accounts.key)
    writer.delete(one for one in others if one.first is not None and one.now is None)
    writer.update(one for one in others if one.now is not None and one.many == one.had)
    writer.recount(others)
    writer.update(accounts, lambda _, column: column in named)
    writer.delete(gone)
    writer.update(one for one in accounts if one.now is not None)


def put_back(connection: Connection, around: Around, rows: Rows) -> None:
    """Write the changes that undo those of people: in the opposite order."""
    writer = Writer(connection)
    accounts, others = _apart(around, rows)
    named = _naming(around)
    key = around.settings.accounts.key
    there = [one for one in accounts if one.first is not None]
    gone = [one for one in accounts if one.first is None and one.now is not None]
    writer.update(there, lambda _, column: column not in named)
    # An account may name one that is put back after it: for a moment it names itself.
    writer.insert(gone, lambda one: {name: (one.now or {})[key] for name in named if (one.now or {})[name] is not None})
    writer.update([*there, *gone])
    writer.delete(one for one in others if one.first is not None and one.now is None)
    writer.update(one for one in others if one.first is not None and one.many == one.had)
    writer.recount(others)


def entry(run: int, step: int, n: int, record: Record, before: Values | None, many: int) -> Entry:
    """Write down what became of a row: the columns that changed, or all of one that was deleted."""
    old, new, table = before or {}, record.now or record.became, record.table
    if new is None:
        name, was, now = table.of(old), old, None
    else:
        changed = [one for one in table.columns if new[one] != old[one]]
        name, was = table.of(new), {one: old[one] for one in changed}
        now = encode({one: new[one] for one in changed})
    return Entry(run, step, n, table.name, encode([*name]), encode(was), now, many)


def _let_go(gone: list[Record], named: tuple[str, ...], key: str) -> None:
    """Have accounts that go name none that goes as well: one of them goes first. For a moment they name themselves."""
    keys = {(one.first or {})[key] for one in gone} if named else set[Any]()
    for one in gone if named else ():
        last = one.was or {}
        one.was = last | {name: last[key] for name in named if last[name] in keys}


def _apart(around: Around, rows: Rows) -> tuple[list[Record], list[Record]]:
    """Give the accounts, and the other rows."""
    accounts = [one for one in rows.every if one.table is around.accounts]
    return accounts, [one for one in rows.every if one.table is not around.accounts]


def _naming(around: Around) -> tuple[str, ...]:
    """Give the columns in which accounts name accounts."""
    found = around.referring.get(around.accounts.name)
    return found[1] if found is not None else ()
