"""Triggers of tables that a run changes: what they write is not in the journal, so a plan tells of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, Table, text

from rolecall.migration.accounts.foreign_keys import quoted

_POSTGRESQL: Final = """
SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass(:full) AND NOT tgisinternal AND tgenabled <> 'D'
ORDER BY tgname
"""
_SQLITE: Final = (
    "SELECT name FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = lower(:name) ORDER BY name"
)
_MYSQL: Final = """
SELECT TRIGGER_NAME FROM information_schema.TRIGGERS
WHERE EVENT_OBJECT_SCHEMA = COALESCE(:schema, DATABASE()) AND EVENT_OBJECT_TABLE = :name ORDER BY TRIGGER_NAME
"""
_ASKED: Final = {"postgresql": _POSTGRESQL, "sqlite": _SQLITE, "mysql": _MYSQL, "mariadb": _MYSQL}


def triggers_of(connection: Connection, table: Table) -> Sequence[str]:
    """Give the names of a table's triggers, where the kind of database is known."""
    asked = _ASKED.get(connection.dialect.name)
    if asked is None:
        return ()
    full = quoted(connection.dialect, table)
    given = {"full": full, "name": table.name, "schema": table.schema}
    used = {one: value for one, value in given.items() if f":{one}" in asked}
    return [str(name) for name in connection.scalars(text(asked), used)]
