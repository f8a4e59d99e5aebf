"""Foreign keys that refer to accounts, from wherever in the database, and the unique keys of a table."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from sqlalchemy import Column, Connection, Dialect, Engine, Inspector, MetaData, String, Table, func, inspect, text
from sqlalchemy.exc import NoSuchTableError, SAWarning
from sqlalchemy.types import LargeBinary, NullType

from rolecall.errors import FactsError, did_you_mean


class ForeignKey(msgspec.Struct, frozen=True):
    """A foreign key to accounts. `schema` is None where the table stands in the schema of accounts.

    `pairs` are its columns, each with the column of accounts that it refers to.
    """

    schema: str | None
    table: str
    pairs: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """The table as plans and messages name it."""
        return f"{self.schema}.{self.table}" if self.schema else self.table


# PostgreSQL's own catalogue, for the table that the search path means. A partition's foreign key is its parent's.
_POSTGRESQL: Final = """
SELECT k.oid, n.nspname, c.relname, a.attname, b.attname, pg_table_is_visible(c.oid)
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS u (here, there, place)
JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.here
JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = u.there
WHERE k.contype = 'f' AND k.conparentid = 0 AND k.confrelid = to_regclass(:name)
AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY n.nspname, c.relname, k.conname, u.place
"""

# Who may read all tables sees all foreign keys. Where the privilege comes with a role, the warning is one too many.
_MYSQL_SEES: Final = """
SELECT COUNT(*) FROM information_schema.USER_PRIVILEGES
WHERE PRIVILEGE_TYPE = 'SELECT' AND GRANTEE = CONCAT("'", REPLACE(CURRENT_USER(), '@', "'@'"), "'")
"""

# MariaDB and MySQL compare these names as if case did not matter, though it may: that is looked at afterwards.
_MYSQL: Final = """
SELECT CONSTRAINT_NAME, TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, REFERENCED_COLUMN_NAME,
    REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME
FROM information_schema.KEY_COLUMN_USAGE
WHERE REFERENCED_TABLE_SCHEMA = :schema AND REFERENCED_TABLE_NAME = :name
AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
ORDER BY TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION
"""

_BINARY: Final = ("BINARY", "VARBINARY")
MYSQLS: Final = ("mysql", "mariadb")

_Cell = tuple[
    object, str | None, str, str, str
]  # the key's name, the schema, the table, a column, the accounts' column


def referring_to(looked: Inspector, accounts: Table) -> list[ForeignKey]:
    """Give every foreign key to accounts: on SQLite, PostgreSQL, MariaDB and MySQL wherever it stands."""
    look = _LOOKS.get(looked.dialect.name)
    if look is None:
        return sorted(_reflected(looked, accounts), key=lambda one: (one.table, one.pairs))
    found: dict[tuple[object, str | None, str], list[tuple[str, str]]] = {}
    for key, schema, table, column, other in look(_connection(looked), accounts):
        found.setdefault((key, schema, table), []).append((column, other))
    made = (ForeignKey(schema, table, tuple(pairs)) for (_, schema, table), pairs in found.items())
    return sorted(made, key=lambda one: (one.schema or "", one.table, one.pairs))


def _connection(looked: Inspector) -> Connection:
    if not isinstance(looked.bind, Connection):
        raise TypeError("what is looked at must be one connection's, for each of its own takes a handshake")
    return looked.bind


def not_looked_at(looked: Inspector) -> str:
    """Say, in a sentence, where foreign keys to accounts may stand and not be found, or ""."""
    kind = looked.dialect.name
    if kind in MYSQLS:
        if _connection(looked).scalar(text(_MYSQL_SEES)):
            return ""
        return (
            "this login may not read all databases, and foreign keys of tables that it does not see are not found: "
            "use one with `SELECT` on `*.*`"
        )
    if kind in _LOOKS or kind == "sqlite":  # SQLite knows no foreign keys from another file
        return ""
    return (
        f"in `{kind}`, foreign keys are looked for in the schema of accounts alone: what refers to accounts from "
        "another one is to be named under `references`"
    )


def _of_postgresql(connection: Connection, accounts: Table) -> Iterator[_Cell]:
    name = quoted(connection.dialect, accounts)
    for key, schema, table, column, other, visible in connection.execute(text(_POSTGRESQL), {"name": name}):
        own = schema == accounts.schema if accounts.schema else visible
        yield key, None if own else schema, table, column, other


def _of_mysql(connection: Connection, accounts: Table) -> Iterator[_Cell]:
    sensitive = connection.scalar(text("SELECT @@lower_case_table_names")) == 0
    same: Callable[[str], str] = str if sensitive else str.lower
    own = str(accounts.schema or connection.scalar(text("SELECT DATABASE()")))
    rows = connection.execute(text(_MYSQL), {"schema": own, "name": accounts.name})
    for key, schema, table, column, other, to_schema, to_table in rows:
        if (same(to_schema), same(to_table)) == (same(own), same(accounts.name)):
            yield key, None if same(schema) == same(own) else schema, table, column, _as_written(accounts, other)


def _as_written(accounts: Table, column: str) -> str:
    """Give a column as accounts have it, where a foreign key may have written it in another case."""
    return {name.lower(): name for name in accounts.c.keys()}.get(column.lower(), column)  # noqa: SIM118 - not a dict


def _reflected(looked: Inspector, accounts: Table) -> Iterator[ForeignKey]:
    """Look in the schema of accounts alone, in any database. SQLite takes names in any case."""
    schema, lite = accounts.schema, looked.dialect.name == "sqlite"
    same: Callable[[str], str] = str.lower if lite else str
    for name in looked.get_table_names(schema):
        for one in looked.get_foreign_keys(name, schema):
            if same(one["referred_table"]) == same(accounts.name) and one.get("referred_schema") in (None, schema):
                there = [_as_written(accounts, column) if lite else column for column in one["referred_columns"]]
                yield ForeignKey(None, name, tuple(zip(one["constrained_columns"], there, strict=True)))


_LOOKS: Final[dict[str, Callable[[Connection, Table], Iterator[_Cell]]]] = {
    "postgresql": _of_postgresql,
    **dict.fromkeys(MYSQLS, _of_mysql),
}


def reflect(looked: Inspector, schema: str | None, table: str) -> Table:
    """Give a table as it is; `FactsError` where there is none.

    SQLite's values come as they are stored: it keeps what it is given, whatever the column is declared to be.
    """
    try:
        with quietly():
            found = Table(table, MetaData(), autoload_with=looked.bind, schema=schema, resolve_fks=False)
    except NoSuchTableError:
        there = looked.get_table_names(schema)
        name = f"{schema}.{table}" if schema else table
        raise FactsError(f"the database has no table `{name}`; {did_you_mean(table, there)}") from None
    for column in found.c if looked.dialect.name == "sqlite" else ():
        column.info["bytes"] = isinstance(column.type, LargeBinary | NullType)
        column.type = NullType()
    return found


@contextmanager
def quietly() -> Generator[None]:
    """Look at tables without SQLAlchemy's warnings: types and indexes that it does not know are nothing to us."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        yield


def holds_bytes(column: Column[Any]) -> bool:
    """Say whether a column may hold ids as bytes."""
    binary = isinstance(column.type, LargeBinary) or getattr(column.type, "__visit_name__", "") in _BINARY
    return bool(column.info.get("bytes")) or binary


def table_of(where: Engine | Connection, name: str) -> Table:
    """Give a table, named `table` or `schema.table`, whose values come as the application would see them."""
    schema, _, table = name.rpartition(".")
    return reflect(inspect(where), schema or None, table)


def quoted(dialect: Dialect, table: Table) -> str:
    """Give a table's full name in the database's own quotes, as it is said: in a statement SQLAlchemy doubles `%`."""
    return dialect.identifier_preparer.format_table(table).replace("%%", "%")


def place_of(looked: Inspector, name: str) -> tuple[str | None, str]:
    """Give the schema (None: the connection's own) and the table that a name means: a table's own may have a dot."""
    schema, _, table = name.rpartition(".")
    if not schema or not looked.has_table(name):
        return schema or None, table
    if looked.has_table(table, schema):
        said = (
            f"`{name}` may be the table `{table}` of the schema `{schema}`, or a table that is called so with its dot"
        )
        raise FactsError(f"{said}: rename that one")
    return None, name


def unique_keys(looked: Inspector, table: Table) -> list[tuple[str, ...]]:
    """Give every key that is unique: the primary one, constraints, and unique indexes of columns alone.

    An index of some rows only is none of them: two rows may well meet under it.
    """
    # SQLAlchemy does not see `x VARCHAR(9) UNIQUE` in SQLite's own words, only the index behind it.
    more = {"include_auto_indexes": True} if looked.dialect.name == "sqlite" else {}
    with quietly():
        found = [tuple(looked.get_pk_constraint(table.name, table.schema)["constrained_columns"])]
        found += [tuple(one["column_names"]) for one in looked.get_unique_constraints(table.name, table.schema)]
        indexes = looked.get_indexes(table.name, table.schema, **more)
    partly = f"{looked.dialect.name}_where"
    found += [
        tuple(name for name in one["column_names"] if name is not None)
        for one in indexes
        if one["unique"] and None not in one["column_names"] and one.get("dialect_options", {}).get(partly) is None
    ]
    return [*dict.fromkeys(one for one in found if one)]


def as_compared(column: Column[Any], dialect: str) -> Any:  # noqa: ANN401 - SQLAlchemy's
    """Give a column as a unique key compares it: on MySQL and MariaDB mostly without regard to case or accents."""
    if dialect in MYSQLS and isinstance(column.type, String):
        return func.hex(func.weight_string(func.rtrim(column)))
    return column


def without_transactions(looked: Inspector, table: Table) -> str:
    """Give the storage engine of a table of MySQL's or MariaDB's that is not InnoDB, else ""."""
    if looked.dialect.name not in MYSQLS:
        return ""
    with quietly():
        kept = looked.get_table_options(table.name, table.schema).get(f"{looked.dialect.name}_engine", "")
    return "" if str(kept).lower() == "innodb" else str(kept) or "an unknown engine"


__all__ = [
    "MYSQLS",
    "ForeignKey",
    "as_compared",
    "holds_bytes",
    "not_looked_at",
    "place_of",
    "quietly",
    "quoted",
    "referring_to",
    "reflect",
    "table_of",
    "unique_keys",
    "without_transactions",
]
