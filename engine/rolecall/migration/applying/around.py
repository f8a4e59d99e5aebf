"""The accounts' table and what is around it, as a run needs to know it; read anew from the database each time."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, Table

from rolecall.errors import FactsError
from rolecall.migration.accounts.making import Maker
from rolecall.migration.accounts.of_sql import SqlTables, table_of
from rolecall.migration.applying.database import Target
from rolecall.migration.applying.stored import Pointing, Stored, pointing, stored
from rolecall.migration.model import Settings
from rolecall.migration.references import Referring


class Around(msgspec.Struct):
    """The accounts, the tables that name them (with the columns in which they do), and who names rows of those.

    `seen` is the accounts' table as the application sees it, for fingerprints. `naming` says, by table, which
    rows name accounts, and what becomes of one whose place is taken.
    """

    settings: Settings
    seen: Table
    accounts: Stored
    referring: dict[str, tuple[Stored, tuple[str, ...]]]
    naming: dict[str, Referring]
    pointing: dict[str, list[Pointing]]
    tables: dict[str, Stored]

    def table(self, connection: Connection, name: str) -> Stored:
        """Give a table by its name."""
        found = self.tables.get(name)
        if found is None:
            found = self.tables[name] = stored(connection, name)
        return found

    def full(self, name: str) -> str:
        """Give the name of a table here for how a plan names it."""
        return _full(self.accounts.name, name)

    def maker(self) -> Maker:
        """Give what makes accounts of rows, and so their fingerprints."""
        return Maker(self.settings)

    def indexed(self) -> dict[str, tuple[str, ...]]:
        """Give, by table, in which columns rows are looked for."""
        columns = self.settings.accounts
        found = {name: columns for name, (_, columns) in self.referring.items()}
        name = self.accounts.name
        found[name] = (*dict.fromkeys((columns.key, columns.id, *found.get(name, ()))),)
        return found

    def pointing_elsewhere(self) -> list[Pointing]:
        """Give the foreign keys that name accounts, but not by their key."""
        return [one for one in self.pointing[self.accounts.name] if self.settings.accounts.key not in one.referred]


def look_around(target: Target, connection: Connection, settings: Settings) -> Around:
    """Look at the tables; `FactsError` where a run could not be taken back, or is about no database's table."""
    name = settings.accounts.table
    if not name:
        raise FactsError(
            "the plan is about accounts of a file, and only those in a database are carried over: make it of the "
            "database, with `--accounts URL`"
        )
    seen = table_of(connection, name)
    tables = SqlTables(target.looking, seen, settings)
    accounts = stored(connection, name)
    referring, naming, known = dict[str, tuple[Stored, tuple[str, ...]]](), dict[str, Referring](), {name: accounts}
    for one in tables.referring:
        full = _full(name, one.table)
        table = known.setdefault(full, stored(connection, full))
        referring[full], naming[full] = (table, one.columns), one
    names = [*dict.fromkeys((name, *referring))]
    if tables.without_transactions:
        lost = tables.without_transactions[0]
        raise FactsError(
            f"`{lost}` is no InnoDB table, so nothing could be taken back: `ALTER TABLE {lost} ENGINE=InnoDB`"
        )
    return Around(settings, seen, accounts, referring, naming, pointing(connection, names), known)


def _full(accounts: str, name: str) -> str:
    """Give a table's name with its schema, where accounts are named with theirs; in it are those without."""
    schema = accounts.rpartition(".")[0]
    return name if not schema or "." in name else f"{schema}.{name}"
