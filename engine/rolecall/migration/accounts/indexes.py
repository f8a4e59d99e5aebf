"""Indexes and keys that a run needs and tables do not have: each told with the statement that makes it."""

from __future__ import annotations

import re
from typing import Any, Final

from sqlalchemy import Column, Index, Inspector, LargeBinary, MetaData, Table, Text
from sqlalchemy.schema import CreateIndex

from rolecall.migration.accounts.foreign_keys import MYSQLS, quietly, quoted, unique_keys

# They begin with a column, and are no help in finding the rows that hold a value in it.
_NO_HELP: Final = ("brin", "bloom")
_LONGEST: Final = 60
_PREFIX: Final = 64
_NUMBERED: Final = {
    "postgresql": "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    **dict.fromkeys(MYSQLS, "BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY"),
}


def without_index(looked: Inspector, table: Table, name: str, column: str, *, accounts: bool = False) -> str:
    """Warn where no key and no index begins with a column in which rows are looked for, else give "".

    `name` is what the table is called in messages. `accounts` says that the column is the Clever id of these.
    """
    if column in _first_columns(looked, table):
        return ""
    what = "names accounts, and no index begins with it" if not accounts else "is at the beginning of no index"
    when = "every account" if not accounts else "every few people, and at every login"
    made = _index(looked, table, column)
    return f"`{name}.{column}` {what}: the whole table is looked through for {when}. Before a great run: `{made}`"


def without_key(looked: Inspector, table: Table, name: str) -> str:
    """Warn where nothing names a row of a table: neither a primary key nor a unique one that is never null."""
    never_null = {one.name for one in table.c if not one.nullable}
    with quietly():
        primary = looked.get_pk_constraint(table.name, table.schema)["constrained_columns"]
    if primary or any({*one} <= never_null for one in unique_keys(looked, table)):
        return ""
    said = f"`{name}` has no primary key: rows that a merge moves are found by all of their columns, one by one"
    kind = _NUMBERED.get(looked.dialect.name)
    if kind is None:
        return f"{said}. Before a great run: make the table anew with one"
    quote = looked.dialect.identifier_preparer
    there = {one.lower() for one in table.c.keys()}  # noqa: SIM118 - not a dict
    free = next(one for one in ("id", "row_id", *(f"row_id_{n}" for n in range(len(there) + 1))) if one not in there)
    full = quoted(looked.dialect, table)
    return f"{said}. Before a great run: `ALTER TABLE {full} ADD COLUMN {quote.quote(free)} {kind}`"


def _first_columns(looked: Inspector, table: Table) -> set[str | None]:
    """Give the columns that a key or an index begins with, of those that the database can look rows up by."""
    kind = looked.dialect.name
    more = {"include_auto_indexes": True} if kind == "sqlite" else {}
    with quietly():
        keys: list[Any] = [looked.get_pk_constraint(table.name, table.schema)["constrained_columns"]]
        keys += [one["column_names"] for one in looked.get_unique_constraints(table.name, table.schema)]
        indexes = looked.get_indexes(table.name, table.schema, **more)
    helping = (one["column_names"] for one in indexes if _helps(one["column_names"][0], one, kind))
    return {one[0] for one in (*keys, *helping) if one}


def _helps(first: str | None, index: Any, kind: str) -> bool:  # noqa: ANN401 - SQLAlchemy's
    """Say whether rows can be found by an index's first column: it is whole, and not one of words."""
    options = index.get("dialect_options", {})
    if options.get(f"{kind}_using") in _NO_HELP or options.get(f"{kind}_prefix") or options.get(f"{kind}_invalid"):
        return False
    some = options.get(f"{kind}_where")
    # Null names no account, so an index of all that is not null is as good.
    full = rf"""[("`\[]*{re.escape(str(first))}[)"`\]]* IS NOT NULL\)*"""
    return some is None or bool(re.fullmatch(full, str(some).strip(), re.IGNORECASE))


def _index(looked: Inspector, table: Table, column: str) -> str:
    """Give the statement that makes an index, in the database's own quotes."""
    of, kind = table.c[column], looked.dialect.name
    bare = Table(table.name, MetaData(), Column(column, of.type), schema=table.schema)
    # MariaDB wants to know of a long text how much of it.
    long = kind in MYSQLS and isinstance(of.type, Text | LargeBinary) and getattr(of.type, "length", None) is None
    options: dict[str, Any] = {f"{kind}_length": _PREFIX} if long else {}
    made = Index(f"rolecall_{table.name}_{column}"[:_LONGEST], bare.c[column], **options)
    return " ".join(str(CreateIndex(made).compile(dialect=looked.dialect)).split()).replace("%%", "%")
