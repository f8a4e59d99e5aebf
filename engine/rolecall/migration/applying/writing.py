"""What was changed in memory, written: in the order in which keys allow it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from rolecall.migration.applying.around import Around
from rolecall.migration.applying.guarding import Guard
from rolecall.migration.applying.images import encode
from rolecall.migration.applying.journal import Entry
from rolecall.migration.applying.rows import Record, Rows, Values
from rolecall.migration.applying.writer import Writer


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


def entry(run: int, step: int, n: int, record: Record, before: Values | None) -> Entry:
    """Write down what became of a row: the columns that changed, or all of one that was deleted."""
    old, new, table = before or {}, record.now, record.table
    if new is None:
        name, was, now = table.of(old), old, None
    else:
        changed = [one for one in table.columns if new[one] != old[one]]
        name, was = table.of(new), {one: old[one] for one in changed}
        now = encode({one: new[one] for one in changed})
    return Entry(run, step, n, table.name, encode([*name]), encode(was), now, record.many)


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
