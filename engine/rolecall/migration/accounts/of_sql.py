"""Accounts from any SQL database: the table reflected, read in the order of its key, and whatever refers to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, func, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, NoSuchTableError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from rolecall.errors import FactsError, did_you_mean
from rolecall.migration.accounts.making import Maker
from rolecall.migration.model import Account, Reference, Settings
from rolecall.migration.references import Referring, of_settings

_AT_ONCE: Final = 5_000


class SqlAccounts:
    """Accounts of a database. Nothing is written: not even a temporary table."""

    def __init__(self, url: str, settings: Settings) -> None:
        """Reflect the table that the migration file names; `FactsError` says what is not as it says."""
        self._settings, self._columns, self.notes = settings, settings.accounts, list[str]()
        if not self._columns.table:
            raise FactsError("which table of the database holds accounts? Say it in the migration file (`--config`)")
        self._engine = engine_of(url)
        self.name = self._engine.url.set(query={}).render_as_string(hide_password=True)
        self._maker, self.digest = Maker(settings), ""
        try:
            self._table = table_of(self._engine, self._columns.table)
            self._check()
            self._tables = SqlTables(self._engine, self._table, settings)
        except SQLAlchemyError as error:
            raise _failed(self.name, error) from None
        except FactsError:
            self._engine.dispose()
            raise

    def _check(self) -> None:
        for name in self._maker.wanted:
            if name not in self._table.c:
                raise FactsError(
                    f"the table `{self._table.name}` has no column `{name}`; {did_you_mean(name, self._table.c.keys())}"
                )
        key = (self._columns.key,)
        if key not in _unique(self._engine, self._table):
            raise FactsError(f"`{self._table.name}.{key[0]}` is not unique, so it cannot be the accounts' key")

    def read(self, keep: Callable[[str], bool]) -> Iterator[Account]:
        """Give every account, in the order of the key."""
        table, make = self._table, self._maker.account
        query = select(*(table.c[one] for one in self._maker.wanted)).order_by(table.c[self._columns.key])
        try:
            with self._engine.connect() as connection:
                for row in _stream(connection, query):
                    yield make(row, keep)
        except SQLAlchemyError as error:
            raise _failed(self.name, error) from None
        self.digest = self._maker.digest()

    def count(self) -> int | None:
        """Count the rows."""
        with self._engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(self._table))

    def tables(self) -> SqlTables:
        """Give the tables that refer to accounts."""
        return self._tables

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


class SqlTables:
    """The tables around accounts, with their foreign and unique keys."""

    def __init__(self, engine: Engine, accounts: Table, settings: Settings) -> None:
        """Find them by reflection, and add those that the migration file declares."""
        self._engine, key = engine, settings.accounts.key
        schema = accounts.schema
        looked, reflected, warnings = inspect(engine), list[Reference](), list[str]()
        for name in sorted(looked.get_table_names(schema)):
            for foreign in looked.get_foreign_keys(name, schema):
                if foreign["referred_table"] != accounts.name or foreign.get("referred_schema") not in (None, schema):
                    continue
                if key not in foreign["referred_columns"]:
                    other = ", ".join(foreign["referred_columns"])
                    warnings.append(f"`{name}` refers to accounts by `{other}`, not by `{key}`: it is not looked at")
                    continue
                column = foreign["constrained_columns"][foreign["referred_columns"].index(key)]
                reflected.append(Reference(name, column))
        self._by: dict[str, Table] = {}
        found = []
        for name, ones in of_settings(settings.references, reflected, settings.clash).items():
            table = self._by[name] = table_of(engine, f"{schema}.{name}" if schema else name)
            columns = tuple(one.column for one in ones)
            for column in columns:
                if column not in table.c:
                    hint = did_you_mean(column, table.c.keys())
                    raise FactsError(f"`references`: the table `{name}` has no column `{column}`; {hint}")
            keys = tuple(sorted(one for one in _unique(engine, table) if set(one) & set(columns)))
            clash = "hold" if any(one.clash == "hold" for one in ones) else "keep"
            found.append(Referring(name, columns, keys, clash))
        self.referring = tuple(found)
        identifier = (settings.accounts.id,)
        apart = any(one.do in ("link", "separate") for one in (settings.choice, *settings.districts.values()))
        if apart and identifier in _unique(engine, accounts):
            warnings.append(
                f"`{accounts.name}.{identifier[0]}` is unique, so two accounts of one person cannot both carry the "
                "v3.0 id: make it unique together with the role, or keep the v3.0 id elsewhere"
            )
        self.warnings = tuple(warnings)

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[Sequence[object]]:
        """Give these columns of every row of a table."""
        found = self._by[table]
        try:
            with self._engine.connect() as connection:
                yield from _stream(connection, select(*(found.c[one] for one in columns)))
        except SQLAlchemyError as error:
            raise _failed(table, error) from None


def _stream(connection: Any, query: Any) -> Iterator[Sequence[object]]:  # noqa: ANN401 - SQLAlchemy's
    """Give rows without holding them all."""
    result = connection.execution_options(stream_results=True, yield_per=_AT_ONCE).execute(query)
    for many in result.partitions():
        yield from many


def engine_of(url: str, *, write: bool = False) -> Engine:
    """Give an engine for a URL; of SQLite one that only reads, unless it is to `write`."""
    try:
        made = make_url(url)
        if not write and made.drivername == "sqlite" and made.database not in (None, "", ":memory:"):
            made = made.set(database=f"file:{made.database}", query={"mode": "ro", "uri": "true"})
        if made.drivername == "postgresql":
            made = made.set(drivername="postgresql+psycopg")
        return create_engine(made, poolclass=NullPool, hide_parameters=True)
    except ModuleNotFoundError as error:
        raise FactsError(f"the database's driver `{error.name}` is not installed") from None
    except (ArgumentError, NoSuchModuleError):
        raise FactsError("this is no database's URL; one is, for example, `sqlite:///app.db`") from None


def table_of(engine: Engine | Connection, name: str) -> Table:
    """Give a table, named `table` or `schema.table`, whose values come as the application would see them."""
    schema, _, table = name.rpartition(".")
    try:
        return Table(table, MetaData(), autoload_with=engine, schema=schema or None, resolve_fks=False)
    except NoSuchTableError:
        there = inspect(engine).get_table_names(schema or None)
        raise FactsError(f"the database has no table `{name}`; {did_you_mean(name, there)}") from None


def _unique(engine: Engine, table: Table) -> list[tuple[str, ...]]:
    """Give every key that is unique: the primary one, constraints, and unique indexes of columns alone."""
    looked = inspect(engine)
    # SQLAlchemy does not see `x VARCHAR(9) UNIQUE` in SQLite's own words, only the index behind it.
    more = {"include_auto_indexes": True} if engine.dialect.name == "sqlite" else {}
    found = [tuple(looked.get_pk_constraint(table.name, table.schema)["constrained_columns"])]
    found += [tuple(one["column_names"]) for one in looked.get_unique_constraints(table.name, table.schema)]
    found += [
        tuple(name for name in one["column_names"] if name is not None)
        for one in looked.get_indexes(table.name, table.schema, **more)
        if one["unique"] and None not in one["column_names"]
    ]
    return [*dict.fromkeys(one for one in found if one)]


def _failed(name: str, error: SQLAlchemyError) -> FactsError:
    why = getattr(error, "orig", None) or error
    return FactsError(f"`{name}` cannot be read: {str(why).splitlines()[0] if str(why) else type(why).__name__}")
