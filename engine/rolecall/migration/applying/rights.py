"""What PostgreSQL lets a login do, asked before a run begins: one that cannot go on would stand there half done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from sqlalchemy import Connection, text

from rolecall.errors import FactsError
from rolecall.migration.accounts.foreign_keys import quoted
from rolecall.migration.applying.around import Around
from rolecall.migration.applying.stored import Stored

# A right to some columns may do, which only the run itself can tell. Without a right to any of them it cannot.
_MAY: Final = text("SELECT has_any_column_privilege(to_regclass(:full)::oid, :right)")
_MAY_DELETE: Final = text("SELECT has_table_privilege(to_regclass(:full)::oid, 'DELETE')")
_HIDES: Final = text("SELECT row_security_active(to_regclass(:full)::oid)")
_CHANGING: Final = ("merged", "rekeyed", "separate", "archived")


def check_rights(connection: Connection, around: Around, outcomes: Mapping[str, int]) -> None:
    """Raise `FactsError` where a plan with these outcomes needs what this login must not do."""
    if connection.dialect.name != "postgresql" or not any(outcomes.get(one) for one in _CHANGING):
        return
    for table, rights in _needed(around, merging=bool(outcomes.get("merged"))):
        full = quoted(connection.dialect, table.table)
        for right in rights:
            asked = {"full": full} if right == "DELETE" else {"full": full, "right": right}
            if connection.scalar(_MAY_DELETE if right == "DELETE" else _MAY, asked) is False:
                raise FactsError(
                    f"this login may not {right} in `{table.name}`: `GRANT {right} ON {full} TO …` lets it"
                )
        if connection.scalar(_HIDES, {"full": full}):
            raise FactsError(
                f"row-level security hides rows of `{table.name}` from this login, and a run must see all of them: use "
                "one with BYPASSRLS, or the table's owner"
            )


def _needed(around: Around, *, merging: bool) -> Iterator[tuple[Stored, tuple[str, ...]]]:
    """Give the tables that a run changes, with the rights that it takes."""
    yield around.accounts, ("SELECT", "UPDATE", "DELETE") if merging else ("SELECT", "UPDATE")
    for table, _ in around.referring.values() if merging else ():
        if table is not around.accounts:
            yield table, ("SELECT", "UPDATE")
