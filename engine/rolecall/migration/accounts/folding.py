"""Unique keys that take texts for equal though they are written otherwise: a plan cannot see all that meets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from sqlalchemy import Connection, Inspector, Table, text

from rolecall.migration.accounts.foreign_keys import MYSQLS, quoted
from rolecall.migration.references import Referring

_MYSQL: Final = text(
    "SELECT COLUMN_NAME, COLLATION_NAME FROM information_schema.COLUMNS "
    "WHERE TABLE_SCHEMA = COALESCE(:schema, DATABASE()) AND TABLE_NAME = :name AND COLLATION_NAME IS NOT NULL"
)
_POSTGRESQL: Final = text(
    "SELECT a.attname FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid "
    "LEFT JOIN pg_collation c ON c.oid = a.attcollation WHERE a.attrelid = to_regclass(:full) AND a.attnum > 0 "
    "AND (t.typname = 'citext' OR NOT coalesce(c.collisdeterministic, true))"
)
_SQLITE: Final = text(
    "SELECT DISTINCT x.name FROM pragma_index_list(:name) AS i, pragma_index_xinfo(i.name) AS x "
    "WHERE i.\"unique\" AND x.key AND x.name IS NOT NULL AND x.coll <> 'BINARY'"
)


def folded(looked: Inspector, table: Table, one: Referring) -> Iterator[str]:
    """Warn of unique keys, which hold a column that names accounts, with columns that are compared so.

    What MariaDB takes for equal is read in the plan: there only rows that a merge would drop are in question.
    """
    kind = looked.dialect.name
    if not one.keys or not isinstance(looked.bind, Connection) or (kind in MYSQLS and one.clash == "hold"):
        return
    columns = {*_columns(looked.bind, kind, table)}
    for key in one.keys:
        alike = [f"`{name}`" for name in key if name in columns and name not in one.columns]
        if alike:
            yield (
                f"`{one.table}` has a unique key ({', '.join(key)}) that takes texts in {', '.join(alike)} for equal "
                "though they are written otherwise, as `Art` and `art`: where rows meet so, `apply` leaves that person"
            )


def _columns(connection: Connection, kind: str, table: Table) -> Iterable[str]:
    """Give a table's columns in which texts that are written otherwise may be equal."""
    if kind in MYSQLS:
        rows = connection.execute(_MYSQL, {"schema": table.schema, "name": table.name})
        return [name for name, collation in rows if not collation.endswith("_bin") and collation != "binary"]
    if kind == "postgresql":
        full = quoted(connection.dialect, table)
        return connection.scalars(_POSTGRESQL, {"full": full})
    return connection.scalars(_SQLITE, {"name": table.name}) if kind == "sqlite" else ()
