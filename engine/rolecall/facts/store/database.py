"""The database under a roster store: SQLite or PostgreSQL, its transactions, and its errors as sentences."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, Pool

from rolecall.errors import FactsError
from rolecall.facts.store import schema

# How long a writer waits for another one, and a connection for its turn, in seconds.
_PATIENCE: Final = 30
# An arbitrary number that says "the tables of a roster store are being made" among PostgreSQL's advisory locks.
_MAKING: Final = 7_265_636_101
_FORMS: Final = "`sqlite:///rolecall.db`, the path of a file, or `postgresql://user@host/database`"

# A forked child must neither use its parent's connections nor close them under its feet.
_inherited: Final[list[Pool]] = []


class Database:
    """A database with a store's tables, made by `Database.open`. Safe to share between threads.

    `name` is how messages call it: no password is in it.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        """Keep the engine."""
        self.engine, self.name, self._process = engine, name, os.getpid()
        self.is_sqlite = engine.dialect.name == "sqlite"

    @classmethod
    def open(cls, where: str | Path, *, create: bool) -> Database:
        """Open a store, and make its tables where there are none and `create` says so; `FactsError` where it cannot."""
        url = _url(where)
        name = url.database or ""
        if url.drivername != "sqlite":  # what follows the `?` may be a password, too
            name = url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)
        if url.drivername == "sqlite":
            _file(url, name, create=create)
        database = cls(_engine(url), name)
        try:
            database._settle(create=create)
        except BaseException:
            database.engine.dispose()
            raise
        return database

    def _settle(self, *, create: bool) -> None:
        """Make the tables, or see that they are those of this version."""
        with self.reading() as connection:
            version = self._version(connection)
        if version is None:
            if not create:
                raise FactsError(f"there is no roster store in `{self.name}`; `rolecall sync` makes one")
            with self.writing() as connection:
                if not self.is_sqlite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MAKING})
                version = self._version(connection)
                if version is None:
                    schema.metadata.create_all(connection)
                    values = {"schema": schema.VERSION, "counter": 0, "clock": 0, "pruned": 0}
                    values["identity"] = secrets.randbits(62)
                    rows = [{"key": key, "value": value} for key, value in values.items()]
                    connection.execute(insert(schema.meta), rows)
                    version = schema.VERSION
        if version != schema.VERSION:
            raise FactsError(
                f"the roster store `{self.name}` has tables of version {version}, and this rolecall reads version "
                f"{schema.VERSION}: make a new store with `rolecall sync --store`, or use the rolecall that made it"
            )

    @staticmethod
    def _version(connection: Connection) -> int | None:
        if not inspect(connection).has_table(schema.meta.name):
            return None
        return connection.scalar(select(schema.meta.c.value).where(schema.meta.c.key == "schema"))

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """Give a connection on which all reads see one and the same state."""
        options: dict[str, Any] = (
            {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        )
        with self._told(), self._connect() as connection:
            yield connection.execution_options(**options)

    @contextmanager
    def writing(self) -> Generator[Connection]:
        """Give a connection whose changes are all kept at the end, or none of them."""
        with self._told(), self._connect() as connection, _writer(connection).begin():
            yield connection

    def _connect(self) -> Connection:
        self._see_process()
        return self.engine.connect()

    def _see_process(self) -> None:
        """Begin without connections in a forked child: where two processes read one, each gets the other's answers."""
        if self._process != os.getpid():
            _inherited.append(self.engine.pool)
            self.engine.dispose(close=False)
            self._process = os.getpid()

    @contextmanager
    def _told(self) -> Generator[None]:
        """Turn the database's errors into sentences: without its password, statements or anybody's data."""
        module: Any = self.engine.dialect.loaded_dbapi
        try:
            yield
        except (SQLAlchemyError, module.Error, OSError) as error:
            raise FactsError(f"the roster store `{self.name}` failed: {_said(error)}") from None

    def close(self) -> None:
        """Close every connection."""
        self._see_process()
        self.engine.dispose()


def _writer(connection: Connection) -> Connection:
    return connection.execution_options(rolecall_writes=True)


def _said(error: Exception) -> str:
    """Give the first line of what the database itself said, with what can be done about it."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    diagnosis = getattr(cause, "diag", None)
    said = getattr(diagnosis, "message_primary", None) or str(cause)
    line = said.strip().partition("\n")[0].rstrip(".") or type(cause).__name__
    for part, fix in _FIXES.items():
        if part in line:
            return f"{line} ({fix})"
    return line


_FIXES: Final = {
    "database or disk is full": "nothing of the last change was kept; make room and go on",
    "No space left on device": "nothing of the last change was kept; make room and go on",
    "database is locked": "another process writes for very long; try again",
    "not a database": "the file is something else; name another with `--store`",
    "unable to open database file": "does its folder exist, and may this user write there?",
    "readonly database": "may this user write there? SQLite has to, even to read, unless somebody else has it open",
    "connection to server": "does PostgreSQL run there, and are user and password right?",
}


def _url(where: str | Path) -> URL:
    """Read where the store is; `FactsError` with the known forms where it is somewhere else."""
    if isinstance(where, Path) or "://" not in where:
        if not str(where):
            raise FactsError(f"a roster store is {_FORMS}")
        return URL.create("sqlite", database=str(where))
    try:
        url = make_url(where)
    except ArgumentError:
        raise FactsError(f"this is no address of a roster store, which is {_FORMS}") from None
    if url.drivername == "sqlite" and url.database not in (None, "", ":memory:"):
        return url
    if url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    said = "SQLite needs a file here" if url.drivername == "sqlite" else f"`{url.drivername}` is not one of them"
    raise FactsError(f"{said}: a roster store is {_FORMS}")


def _file(url: URL, name: str, *, create: bool) -> None:
    """See that SQLite's file is there, or can be: SQLite would make an empty one wherever it is asked to look."""
    file = Path(url.database or "")
    if not file.exists() and not create:
        raise FactsError(f"there is no roster store `{name}`; `rolecall sync` makes one, `--store` names another")
    if not create and _is_anothers(file):  # which must not be written to, and `_prepare` would
        raise FactsError(f"there is no roster store in `{name}`; `rolecall sync` makes one")
    if not file.parent.is_dir():
        raise FactsError(f"the roster store `{name}` cannot be made: there is no folder `{file.parent}`")


def _is_anothers(file: Path) -> bool:
    """Say whether a file is a database without our tables; one that cannot be read says so when it is opened."""
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE)) as found:
            asked = "SELECT COUNT(*), SUM(name = ?) FROM sqlite_master"
            tables, ours = found.execute(asked, (schema.meta.name,)).fetchone()
    except sqlite3.Error:
        return False
    return bool(tables) and not ours


def _engine(url: URL) -> Engine:
    if url.drivername == "sqlite":
        engine = create_engine(
            url, hide_parameters=True, connect_args={"timeout": _PATIENCE, "check_same_thread": False}
        )
        event.listen(engine, "connect", _prepare)
        there = _There(url.database or "")
        event.listen(engine, "connect", there.connected)
        event.listen(engine, "checkout", there.taken)
        event.listen(engine, "begin", _begin)
        return engine
    try:
        return create_engine(
            url,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_timeout=_PATIENCE,
            connect_args={"connect_timeout": 10},
        )
    except ModuleNotFoundError:
        raise FactsError("a roster store in PostgreSQL needs `pip install 'rolecall[postgres]'`") from None


class _There:
    """Which file is there. A connection to one that was deleted, or replaced by another, is replaced by a new one."""

    def __init__(self, path: str) -> None:
        self._path = path

    def connected(self, _connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        """Note which file a new connection is to."""
        record.info["file"] = self._which()

    def taken(self, _connection: sqlite3.Connection, record: ConnectionPoolEntry, _proxy: object) -> None:
        """See that it is still there."""
        if record.info.get("file") != self._which():
            raise DisconnectionError

    def _which(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._path)  # noqa: PTH116 - each transaction asks, and this takes the least time
        except OSError:
            return None
        return found.st_dev, found.st_ino


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    """Set a new SQLite connection up: we begin transactions ourselves; what is committed outlives a power cut."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    """Begin: who will write takes the lock at once, or would find the state changed under its feet."""
    writes = connection.get_execution_options().get("rolecall_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
