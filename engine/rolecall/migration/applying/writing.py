"""What was changed in memory, written: in the order in which keys allow it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from rolecall.migration.applying.around import Around
from rolecall.migration.applying.guarding import Guard
from rolecall.migration.applying.images import encode
from rolecall.migration.applying.journal import Entry
from rolecall.migration.applying.rows import Record, Rows, Values
from rolecall.migration.applying.writer import Writer

Changed = tuple[int, int, Record, Values | None, Values | None]
"""A row that a step changed: the step, which one of its rows, the row, its values before and after."""


def carry_out(connection: Connection, around: Around, rows: Rows) -> None:
    """Write the changes of people: rows that make room first, accounts go once nothing names them any more."""
    writer, guard = Writer(connection), Guard(connection, around, rows)
    guard.before_changing()
    accounts, others = _apart(around, rows)
    named = _naming(around)
    gone = [one for one in accounts if one.first is not None and one.now is None]
    _let_go(gone, named, around.settings.accounts.key)
    writer.delete(one for one in others if one.first is not None and one.now is None)
    writer.update(one for one in others if one.now is not None)
    writer.update(accounts, lambda _, column: column in named)
    guard.before_deleting(around.accounts.name)
    writer.delete(gone)
    writer.update(one for one in accounts if one.now is not None)
    guard.afterwards()


def put_back(connection: Connection, around: Around, rows: Rows) -> None:
    """Write the changes that undo those of people: in the opposite order."""
    writer, guard = Writer(connection), Guard(connection, around, rows)
    guard.before_changing()
    accounts, others = _apart(around, rows)
    named = _naming(around)
    key = around.settings.accounts.key
    there = [one for one in accounts if one.first is not None]
    gone = [one for one in accounts if one.first is None and one.now is not None]
    writer.update(there, lambda _, column: column not in named)
    # An account may name one that is put back after it: for a moment it names itself.
    writer.insert(gone, lambda one: {name: (one.now or {})[key] for name in named if (one.now or {})[name] is not None})
    writer.update([*there, *gone])
    writer.update(one for one in others if one.first is not None)
    writer.insert(one for one in others if one.first is None and one.now is not None)
    guard.afterwards()


def entries_of(run: int, changed: Sequence[Changed], held: Mapping[Record, Values]) -> Iterator[Entry]:
    """Write down what became of rows, as the database holds them: the columns that changed, or all of one that went."""
    for step, n, record, before, now in changed:
        table = record.table
        old, new = (_as_held(one, record, held) for one in (before, now))
        if new is None:
            yield Entry(run, step, n, table.name, encode([*table.of(old or {})]), encode(old), None, record.many)
            continue
        names = [one for one in table.columns if new[one] != (old or {})[one]]
        if names:
            was, after = ({one: values[one] for one in names} for values in (old or {}, new))
            yield Entry(run, step, n, table.name, encode([*table.of(new)]), encode(was), encode(after), record.many)


def _as_held(values: Values | None, record: Record, held: Mapping[Record, Values]) -> Values | None:
    """Give a row's values with those that were made as the database holds them."""
    there, meant = held.get(record), record.now or {}
    if values is None or there is None:
        return values
    return values | {name: value for name, value in there.items() if values[name] == meant[name]}


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
