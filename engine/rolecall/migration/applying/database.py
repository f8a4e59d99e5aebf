"""The application's database, written to by one run at a time."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from rolecall.errors import FactsError
from rolecall.migration.accounts.connecting import engine_of, name_of, scrubbed, without_values

_PATIENCE: Final = 30
_TRIES: Final = 5
# An arbitrary number that says "a migration is running" among PostgreSQL's advisory locks.
_RUNNING: Final = 7_265_636_107
_MYSQL: Final = ("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",)
_SETTINGS: Final = {
    "postgresql": ("SET row_security = off",),
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "sqlite": (),
}
# What is wrong with the statement, the login or the server, not with the rows: classes of PostgreSQL's states.
_NOT_ROWS: Final = ("08", "0A", "25", "28", "3D", "3F", "40", "42", "53", "55", "57", "58", "XX")
# MariaDB's numbers, among those that may mean anything: what a trigger says, a CHECK, a value that cannot be read.
_ROWS: Final = (1292, 1644, 3819, 4025)

T = TypeVar("T")


class Refused(Exception):
    """What a step would change must not be changed, and why; nothing of the step is."""


class Target:
    """The database, opened for writing. `locked` says that nobody else carries anything out; `looking` only reads."""

    def __init__(self, url: str) -> None:
        """Open it."""
        self.engine: Engine = engine_of(url, write=True)
        self.looking: Engine = engine_of(url)
        self.kind = self.engine.dialect.name
        if self.kind not in _SETTINGS:
            raise FactsError(f"plans are carried out in SQLite, PostgreSQL and MariaDB, and this is `{self.kind}`")
        self.name = name_of(self.engine)
        _file(self.engine.url)
        event.listen(self.engine, "connect", self._prepare)
        event.listen(self.engine, "begin", self._begin)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.dispose()
        self.looking.dispose()

    @contextmanager
    def connected(self, *, read: bool = False) -> Generator[Connection]:
        """Give a connection, which may be there to `read` only; what the database says against it is a `FactsError`."""
        with self.told(), self._opened() as connection:
            yield connection.execution_options(rolecall_reads=read)

    @contextmanager
    def locked(self) -> Generator[Connection]:
        """Give a connection while no other run is carried out or undone; `FactsError` where one is.

        The lock is the session's own, so that it ends with the process, however that ends.
        """
        with ExitStack() as stack:
            if self.kind == "sqlite":
                stack.enter_context(self._lock_file())
            connection = stack.enter_context(self.connected())
            if self.kind != "sqlite":
                asked = {
                    "postgresql": f"SELECT pg_try_advisory_lock({_RUNNING})",
                    "mysql": "SELECT GET_LOCK(CONCAT('rolecall:', LEFT(SHA1(DATABASE()), 40)), 0)",
                }
                with connection.begin():
                    taken = connection.execute(text(asked["postgresql" if self.kind == "postgresql" else "mysql"]))
                    if not taken.scalar():
                        raise self._busy()
            yield connection

    def _busy(self) -> FactsError:
        return FactsError(f"another run is being carried out in `{self.name}`: wait until it ends, or end it")

    @contextmanager
    def _lock_file(self) -> Generator[None]:
        """Hold SQLite's own lock on a file beside the database, which the system lets go when the process ends."""
        lock = sqlite3.connect(f"{_path(self.engine.url)}.rolecall-lock", timeout=0, isolation_level=None)
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            lock.close()
            raise self._busy() from None
        try:
            yield
        finally:
            lock.close()

    @contextmanager
    def told(self) -> Generator[None]:
        """Turn the database's errors into sentences, without anybody's data."""
        try:
            yield
        except SQLAlchemyError as error:
            raise FactsError(f"`{self.name}`: {scrubbed(said(error), self.engine.url)}") from None
        except Refused as error:  # not of somebody's rows, but of rolecall's own
            raise FactsError(f"`{self.name}`: {scrubbed(str(error), self.engine.url)}") from None

    def _opened(self) -> Connection:
        try:
            return self.engine.connect()
        except Exception as error:  # noqa: BLE001 - drivers tell of options, and of what they lack, in errors of any kind
            raise FactsError(f"`{self.name}`: {scrubbed(said(error), self.engine.url)}") from None

    def attempt(self, connection: Connection, work: Callable[[], T], *, keep: bool = True) -> T:
        """Do work in a transaction, which is taken back where it fails, or `keep` is false; again where others meddled.

        What the database itself refuses (a unique key, a trigger, a value that does not fit) is `Refused`.
        """
        for left in reversed(range(_TRIES)):
            transaction = connection.begin()
            try:
                found = work()
                if keep:
                    transaction.commit()
                else:
                    if self.kind == "postgresql":  # what is put off until a transaction is kept would never be tried
                        connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
                    transaction.rollback()
            except DBAPIError as error:
                with suppress(SQLAlchemyError):
                    transaction.rollback()
                if _refusal(error):
                    raise Refused(said(error)) from None
                if not left or error.connection_invalidated or not _passing(error):
                    raise
                time.sleep(0.05 * (_TRIES - left))
            except BaseException:
                with suppress(SQLAlchemyError):
                    transaction.rollback()
                raise
            else:
                return found
        raise AssertionError("the last try ends it")

    def _prepare(self, connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's
        """Set a new connection up: nothing is hidden; we begin transactions ourselves."""
        if self.kind == "sqlite":
            connection.isolation_level = None
            connection.execute(f"PRAGMA busy_timeout={_PATIENCE * 1000}").close()
            return
        with connection.cursor() as cursor:
            for statement in _SETTINGS[self.kind]:
                cursor.execute(statement)
        connection.commit()

    def _begin(self, connection: Connection) -> None:
        if self.kind == "sqlite":
            read = connection.get_execution_options().get("rolecall_reads")
            connection.exec_driver_sql("BEGIN" if read else "BEGIN IMMEDIATE")


def said(error: Exception) -> str:
    """Give the first line of what the database itself said, without the values that it quotes."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    diagnosis = getattr(cause, "diag", None)
    numbered = cause.args[1] if len(getattr(cause, "args", ())) > 1 and isinstance(cause.args[1], str) else None
    line = getattr(diagnosis, "message_primary", None) or numbered or str(cause)
    return without_values(line.strip().partition("\n")[0].rstrip(".")) or type(cause).__name__


def _refusal(error: DBAPIError) -> bool:
    """Say whether the database refused these very rows, so that others may still pass."""
    if error.connection_invalidated:
        return False
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return not state.startswith(_NOT_ROWS)
    said: tuple[object, ...] = getattr(error.orig, "args", ())
    return isinstance(error, IntegrityError | DataError) or bool(said and said[0] in _ROWS)


def _passing(error: DBAPIError) -> bool:
    """Say whether trying again may help: two that wait for each other, a lock that was held for long."""
    state = getattr(error.orig, "sqlstate", None)
    number = getattr(error.orig, "args", (None,))[0]
    return state in ("40001", "40P01", "55P03") or number in (1205, 1213) or "locked" in str(error.orig)


def _path(url: URL) -> str:
    return (url.database or "").removeprefix("file:")


def _file(url: URL) -> None:
    """See that SQLite's file is there: SQLite would make an empty one."""
    if url.drivername.startswith("sqlite") and _path(url) in ("", ":memory:"):
        raise FactsError("a database in memory is nobody else's; one in a file is, for example, `sqlite:///app.db`")
    if url.drivername.startswith("sqlite") and not Path(_path(url)).is_file():
        raise FactsError(f"there is no file `{_path(url)}`")
