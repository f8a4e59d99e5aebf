"""Accounts from any SQL database: the table reflected, read in the order of its key, and whatever refers to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from msgspec.structs import replace
from sqlalchemy import Connection, Engine, Inspector, Table, func, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from rolecall.errors import FactsError, did_you_mean
from rolecall.migration.accounts.beside import beside
from rolecall.migration.accounts.connecting import connected, engine_of, failed, name_of, stream
from rolecall.migration.accounts.folding import folded
from rolecall.migration.accounts.foreign_keys import (
    as_compared,
    not_looked_at,
    place_of,
    referring_to,
    reflect,
    table_of,
    unique_keys,
    without_transactions,
)
from rolecall.migration.accounts.indexes import without_index, without_key
from rolecall.migration.accounts.making import Maker
from rolecall.migration.accounts.triggers import triggers_of
from rolecall.migration.model import Account, Reference, Settings
from rolecall.migration.references import Referring, of_settings


class SqlAccounts:
    """Accounts of a database. Nothing is written: not even a temporary table."""

    def __init__(self, url: str, settings: Settings) -> None:
        """Reflect the table that the migration file names; `FactsError` says what is not as it says."""
        self._settings, self._columns, self.notes = settings, settings.accounts, list[str]()
        if not self._columns.table:
            raise FactsError("which table of the database holds accounts? Say it in the migration file (`--config`)")
        self._engine = engine_of(url)
        self.name = name_of(self._engine)
        self._maker, self.digest = Maker(settings), ""
        try:
            with connected(self._engine) as connection:
                looked = inspect(connection)
                self._table = table_of(connection, self._columns.table)
                self._check(looked)
                self._tables = SqlTables(self._engine, self._table, settings, looked)
        except FactsError:
            self._engine.dispose()
            raise
        except SQLAlchemyError as error:
            self._engine.dispose()
            raise failed(self.name, error, self._engine.url) from None

    def _check(self, looked: Inspector) -> None:
        for name in self._maker.wanted:
            if name not in self._table.c:
                raise FactsError(
                    f"the table `{self._table.name}` has no column `{name}`; {did_you_mean(name, self._table.c.keys())}"
                )
        key = (self._columns.key,)
        if key not in unique_keys(looked, self._table):
            raise FactsError(f"`{self._table.name}.{key[0]}` is not unique, so it cannot be the accounts' key")

    def read(self, keep: Callable[[str], bool]) -> Iterator[Account]:
        """Give every account, in the order of the key."""
        table, make = self._table, self._maker.account
        query = select(*(table.c[one] for one in self._maker.wanted)).order_by(table.c[self._columns.key])
        try:
            with connected(self._engine) as connection, closing(stream(connection, query)) as rows:
                for row in rows:
                    yield make(row, keep)
        except SQLAlchemyError as error:
            raise failed(self.name, error, self._engine.url) from None
        self.digest = self._maker.digest()

    def count(self) -> int | None:
        """Count the rows."""
        try:
            with connected(self._engine) as connection:
                return connection.scalar(select(func.count()).select_from(self._table))
        except SQLAlchemyError as error:
            raise failed(self.name, error, self._engine.url) from None

    def tables(self) -> SqlTables:
        """Give the tables that refer to accounts."""
        return self._tables

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


class SqlTables:
    """The tables around accounts, with their foreign and unique keys.

    `others` are foreign keys to accounts that a merge does not follow, each a table, its column, and the column of
    accounts that it refers to: an account that such a row names cannot be removed. `without_transactions` are tables
    in which nothing can be undone. `slow` are sentences about indexes and keys that a great run needs.
    """

    def __init__(self, engine: Engine, accounts: Table, settings: Settings, looked: Inspector | None = None) -> None:
        """Find them by reflection, over one connection, and add those that the migration file declares."""
        self._engine, self._accounts, self._key = engine, accounts, settings.accounts.key
        self._warnings: list[str] = []
        self._by: dict[str, Table] = {}
        self._places: dict[str, tuple[str | None, str]] = {}
        if looked is not None:
            self._look(looked, settings)
        else:
            with connected(engine) as connection:
                self._look(inspect(connection), settings)

    def _look(self, looked: Inspector, settings: Settings) -> None:
        reflected = self._reflected(looked)
        own = self._accounts.schema or looked.default_schema_name
        declared = [replace(one, table=self._declared(looked, one.table, own)) for one in settings.references]
        by = of_settings(declared, reflected, settings.clash)
        self.referring = tuple(self._referring(looked, name, ones) for name, ones in by.items())
        self._names = {one.table: one.needed() for one in self.referring}
        self.without_transactions = tuple(self._unsafe(looked))
        merging = any(one.do == "consolidate" for one in (settings.choice, *settings.districts.values()))
        self.slow = tuple(filter(None, self._slow(looked, settings.accounts.id, merging=merging)))
        if merging:
            named = {(one.table, one.column) for one in declared}
            self._warnings += beside(looked, self._accounts, self._key, named)
            for one in self.referring:
                self._warnings += folded(looked, self._by[one.table], one)
        identifier = (settings.accounts.id,)
        apart = any(one.do == "separate" for one in (settings.choice, *settings.districts.values()))
        if apart and identifier in unique_keys(looked, self._accounts):
            self._warnings.append(
                f"`{self._accounts.name}.{identifier[0]}` is unique, so two accounts of one person cannot both carry "
                "the v3.0 id: make it unique together with the role, or keep the v3.0 id elsewhere"
            )
        self.warnings = tuple(self._warnings)

    def _slow(self, looked: Inspector, identifier: str, *, merging: bool) -> Iterator[str]:
        """Say what a run, or a merge, would look for in a whole table; "" for what it finds at once."""
        name = self._accounts.name
        yield without_index(looked, self._accounts, name, identifier, accounts=True)
        for one in self.referring if merging else ():
            table = self._by[one.table]
            yield from (without_index(looked, table, one.table, column) for column in one.columns)
            if one.table != name:  # which have a key
                yield without_key(looked, table, one.table)

    def _reflected(self, looked: Inspector) -> list[Reference]:
        """Give the columns that refer to accounts by their key, and keep those that refer otherwise."""
        found, others, key = list[Reference](), list[tuple[str, str, str]](), self._key
        for foreign in referring_to(looked, self._accounts):
            by = [here for here, there in foreign.pairs if there == key]
            others += [(foreign.name, here, there) for here, there in foreign.pairs if there != key]
            said = f"`{foreign.name}` refers to accounts by `{', '.join(there for _, there in foreign.pairs)}`"
            if not by:
                self._warnings.append(f"{said}, not by `{key}`: it is not looked at")
                continue
            if len(foreign.pairs) > 1:
                self._warnings.append(f"{said} together: its rows can go to an account only that has the same")
            place = foreign.schema or self._accounts.schema, foreign.table
            if "." in foreign.table and place != place_of(looked, foreign.name):
                raise FactsError(
                    f"`{foreign.name}` has a dot in its own name and stands in a schema that is named: rename it"
                )
            self._places[foreign.name] = place
            found.append(Reference(foreign.name, by[0]))
        unseen = not_looked_at(looked)
        self._warnings += [unseen] if unseen else []
        self.others = tuple(dict.fromkeys(others))
        return found

    def _declared(self, looked: Inspector, name: str, own: str | None) -> str:
        """Give the name by which a table of the migration file is known here, and keep where it stands."""
        if name in self._places:
            return name
        schema, table = place_of(looked, name)
        if schema and schema != own:
            self._places[name] = schema, table
            return name
        self._places[table] = self._accounts.schema, table
        return table

    def _referring(self, looked: Inspector, name: str, ones: Sequence[Reference]) -> Referring:
        table = self._by[name] = reflect(looked, *self._places[name])
        columns = tuple(one.column for one in ones)
        for column in (*columns, *(name for one in ones for name in one.only)):
            if column not in table.c:
                hint = did_you_mean(column, table.c.keys())
                raise FactsError(f"`references`: the table `{name}` has no column `{column}`; {hint}")
        keys = tuple(sorted(one for one in unique_keys(looked, table) if set(one) & set(columns)))
        only = {one.column: one.only for one in ones if one.only}
        return Referring(name, columns, keys, "hold" if any(one.clash == "hold" for one in ones) else "keep", only)

    def _unsafe(self, looked: Inspector) -> Iterator[str]:
        """Give the tables in which nothing can be undone, and warn of these and of what else is not undone."""
        for name, table in {self._accounts.name: self._accounts, **self._by}.items():
            triggers = triggers_of(looked.bind, table) if isinstance(looked.bind, Connection) else ()
            if triggers:
                named = ", ".join(f"`{one}`" for one in triggers)
                self._warnings.append(
                    f"`{name}` has triggers ({named}): what they write when rows change is not in the journal, and "
                    "`rollback` does not take it back"
                )
            kept = without_transactions(looked, table)
            if kept:
                self._warnings.append(f"`{name}` is kept by {kept}: not transactional, so `apply` will refuse it")
                yield name

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[Sequence[object]]:
        """Give these columns of every row of a table.

        Columns that name accounts are given as they are, all others so that two are equal where a unique key says so.
        """
        found, names = self._by[table], self._names[table]
        kind = self._engine.dialect.name
        asked = [found.c[one] if one in names else as_compared(found.c[one], kind) for one in columns]
        try:
            with connected(self._engine) as connection, closing(stream(connection, select(*asked))) as rows:
                yield from rows
        except SQLAlchemyError as error:
            raise failed(table, error, self._engine.url) from None


__all__ = ["SqlAccounts", "SqlTables", "engine_of", "table_of"]
