"""The rows around some people, read and locked in a few statements, however many people there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Column, Connection, select, type_coerce

from rolecall.migration.accounts.foreign_keys import holds_bytes
from rolecall.migration.applying.around import Around
from rolecall.migration.applying.images import decode
from rolecall.migration.applying.journal import Entry
from rolecall.migration.applying.rows import Rows
from rolecall.migration.applying.stored import AsText
from rolecall.migration.model import AccountStep, PersonStep, placed_in

_AT_ONCE: Final = 200
_DIGITS: Final = 30
_GREATEST: Final = 1 << 63  # SQLite holds no greater number


def read_around(
    connection: Connection, around: Around, steps: Sequence[PersonStep | AccountStep]
) -> tuple[Rows, dict[str, str]]:
    """Read what these steps may change, and the fingerprints of the accounts as they are now, by key."""
    rows = Rows(connection, around.indexed())
    columns, accounts = around.settings.accounts, around.accounts
    keys = [one.key for step in steps for one in placed_in(step)]
    if not keys:
        return rows, {}
    rows.fetch(accounts, columns.key, forms(connection, around, columns.key, keys))
    prints = _prints(connection, around, keys)
    people = [step for step in steps if isinstance(step, PersonStep)]
    ids = [one for step in people for one in (step.person, *(old for _, _, old in step.olds))]
    rows.fetch(accounts, columns.id, forms(connection, around, columns.id, ids))
    merging = [step for step in people if step.survivor]
    for table, names in around.referring.values():
        # A survivor's own rows matter where the others' may meet them.
        meeting = bool(table.keys)
        wanted = [one.key for step in merging for one in step.accounts if meeting or one.key != step.survivor]
        found = {(row.now or {})[columns.key] for key in wanted for row in rows.having(accounts, columns.key, key)}
        for column in names if wanted else ():
            rows.fetch(table, column, {*found, *_written(connection, wanted)})
    return rows, prints


def read_changed(connection: Connection, around: Around, rows: Rows, entries: Iterable[Entry]) -> None:
    """Read the rows that were changed, as they are now. A row whose table has another key since is not found."""
    by: dict[str, list[tuple[Any, ...]]] = {}
    for one in entries:
        by.setdefault(one.tbl, []).append(tuple(decode(one.identity)))
    for name, names in by.items():
        table = around.table(connection, name)
        rows.fetch_named(table, [one for one in names if len(one) == len(table.identity)])


def _prints(connection: Connection, around: Around, keys: Sequence[str]) -> dict[str, str]:
    """Read the accounts as the plan did, and take their fingerprints."""
    maker, key = around.maker(), around.settings.accounts.key
    column = type_coerce(around.seen.c[key], around.accounts.table.c[key].type)
    query, found = select(*(around.seen.c[one] for one in maker.wanted)), dict[str, str]()
    values = forms(connection, around, key, keys)
    for at in range(0, len(values), _AT_ONCE):
        for row in connection.execute(query.where(column.in_(values[at : at + _AT_ONCE]))):
            account = maker.account(row, lambda _: True)
            found[account.key] = account.print
    return found


def forms(connection: Connection, around: Around, column: str, values: Iterable[str]) -> list[Any]:
    """Give values that a plan has as text in the forms in which the accounts' table may hold them."""
    found = forms_of(around.seen.c[column], connection.dialect.name, values)
    as_text = isinstance(around.accounts.table.c[column].type, AsText)
    return [f"\\x{one.hex()}" if as_text and isinstance(one, bytes) else one for one in found]


def forms_of(column: Column[Any], kind: str, values: Iterable[str]) -> list[Any]:
    """Give texts in the forms in which a column may hold them: as bytes, and in SQLite as any that it may hold."""
    texts = [*dict.fromkeys(values)]
    binary = holds_bytes(column)
    found: list[Any] = [] if binary and kind != "sqlite" else [*texts]
    if kind == "sqlite":
        found += [int(one) for one in texts if _whole(one)]
    if binary:
        found += [one for one in map(as_bytes, texts) if one is not None]
    return found


def as_bytes(value: str) -> bytes | None:
    """Give the bytes that a text stands for; None where it stands for none, so that no row has it."""
    try:
        found = bytes.fromhex(value)
    except ValueError:
        return None
    return found if found.hex() == value else None


def _whole(value: str) -> bool:
    return value.isascii() and value.isdecimal() and str(int(value[:_DIGITS])) == value and int(value) < _GREATEST


def _written(connection: Connection, values: Iterable[str]) -> list[Any]:
    """Give texts, and for SQLite, which may hold either, the numbers that they are too."""
    found: list[Any] = [*dict.fromkeys(values)]
    return [*found, *(int(one) for one in found if _whole(one))] if connection.dialect.name == "sqlite" else found
