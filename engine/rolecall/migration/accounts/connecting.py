"""A connection to any SQL database: its URL, its rows without holding them all, its errors without the password."""

from __future__ import annotations

import logging
import re
from collections.abc import Generator, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from rolecall.errors import FactsError

_AT_ONCE: Final = 5_000
_DRIVERS: Final = {
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
_EXTRAS: Final = {"psycopg": "postgres", "pymysql": "mysql"}
_SHORT: Final = 3
_NO_URL: Final = "this is no database's URL; one is, for example, `sqlite:///app.db`"
_ESCAPED: Final = "an `@` in a URL's user name or password is written `%40`, a `/` `%2F`, a `:` `%3A`"
# Whoever asks, planning or carrying out, is told the same of a value: times in UTC, nothing shortened.
_POSTGRESQL: Final = (
    "SET timezone = 'UTC'",
    "SET datestyle = 'ISO, YMD'",
    "SET intervalstyle = 'postgres'",
    "SET bytea_output = 'hex'",
    "SET extra_float_digits = 1",
)
# Strict: what does not fit is an error. A key of 0 and a date of zeros, which there may be, are put back as they were.
_MYSQL: Final = (
    "SET time_zone = '+00:00', "
    "sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'"
)
# Where databases quote a value in what they say. It may be somebody's name or address.
_QUOTED: Final = (
    (re.compile(r"Duplicate entry '.*' for key", re.DOTALL), "Duplicate entry for key"),
    (re.compile(r"( value):? '.*'(?= for |$)", re.DOTALL), r"\1"),
    (re.compile(r"""(: |\bwith text )(".*"|'.*')$""", re.DOTALL), ""),
)
_SECRETS: Final = ("password", "passwd", "pwd", "sslpassword", "ssl_password")

# Of several statements sent at once psycopg logs that the rest was not done. We say that ourselves, and why.
logging.getLogger("psycopg").addHandler(logging.NullHandler())


def engine_of(url: str, *, write: bool = False) -> Engine:
    """Give the engine for a URL, of SQLite one that only reads unless it is to `write`. Nothing is opened yet.

    No message holds the URL, for it holds a password.
    """
    try:
        made = _made(url, write=write)
        found = create_engine(made, poolclass=NullPool, hide_parameters=True, connect_args=_connecting(made))
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get(str(error.name))
        more = f", which comes with `pip install 'rolecall[{extra}]'`" if extra else ""
        raise FactsError(f"the database's driver `{error.name}` is not installed{more}") from None
    except (ArgumentError, NoSuchModuleError, ValueError, TypeError):
        raise FactsError(_NO_URL) from None
    if found.dialect.name == "postgresql":
        event.listen(found, "connect", _prepare)
    return found


def _connecting(made: URL) -> dict[str, Any]:
    """Give what the driver is to send first: before SQLAlchemy asks how names are quoted."""
    return {"init_command": _MYSQL} if made.drivername.partition("+")[2] in ("pymysql", "mysqldb") else {}


def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's
    with connection.cursor() as cursor:
        for statement in _POSTGRESQL:
            cursor.execute(statement)
    connection.commit()


def _made(url: str, *, write: bool) -> URL:
    made = make_url(url)
    if made.drivername.partition("+")[0] == "sqlite":
        if not write and made.drivername == "sqlite" and made.database not in (None, "", ":memory:"):
            made = made.set(database=f"file:{made.database}", query={"mode": "ro", "uri": "true"})
        return made
    # An `@` too many is a password's; what stands behind it is taken for the host or the database, which are told.
    if any("@" in str(part or "") for part in (made.host, made.database, *made.query)):
        raise FactsError(_ESCAPED)
    return made.set(drivername=_DRIVERS.get(made.drivername, made.drivername))


def name_of(engine: Engine) -> str:
    """Give the database's URL as it may be told: without the password and without options."""
    url, kind = engine.url.set(query={}), engine.dialect.name
    if kind == "sqlite" and url.database is not None:  # told as it was given, not as it is opened
        url = url.set(database=url.database.removeprefix("file:"))
    return url.render_as_string(hide_password=True)


def connected(engine: Engine) -> Connection:
    """Open a connection. Rows that PostgreSQL hides from this login (row-level security) are an error, not left out."""
    try:
        connection = engine.connect()
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET row_security = off")
        return connection  # noqa: TRY300 - what opening it raises is meant
    except Exception as error:  # noqa: BLE001 - drivers tell of options, and of what they lack, in errors of any kind
        raise failed(name_of(engine), error, engine.url) from None


def failed(name: str, error: Exception, url: URL | None = None) -> FactsError:
    """Say that something cannot be read, and why in the database's own words, but never its password."""
    why = str(getattr(error, "orig", None) or error)
    first = without_values(why.splitlines()[0]) if why else type(error).__name__
    return FactsError(f"`{name}` cannot be read: {scrubbed(first, url)}")


def without_values(said: str) -> str:
    """Give what a database said without the values of rows that it quotes; names of columns and keys stay."""
    for pattern, instead in _QUOTED:
        said = pattern.sub(instead, said)
    return said


def scrubbed(said: str, url: URL | None) -> str:
    """Give what a driver said without the URL's password."""
    for secret in _secrets(url) if url is not None else ():
        # A few letters are also in other words: they are hidden where they stand by themselves.
        where = re.escape(secret) if len(secret) > _SHORT else rf"(?<!\w){re.escape(secret)}(?!\w)"
        said = re.sub(where, "***", said)
    return said


def _secrets(url: URL) -> Iterator[str]:
    found = [str(url.password)] if url.password else []
    for name in _SECRETS:
        value = url.query.get(name, ())
        found += [value] if isinstance(value, str) else value
    yield from sorted(filter(None, found), key=len, reverse=True)


def stream(connection: Any, query: Any) -> Generator[Sequence[object]]:  # noqa: ANN401 - SQLAlchemy's
    """Give rows without holding them all. Whoever needs no more of them may close this early."""
    result = connection.execution_options(stream_results=True, yield_per=_AT_ONCE).execute(query)
    whole = False
    try:
        for many in result.partitions(_AT_ONCE):
            yield from many
        whole = True
    finally:
        if not whole and connection.dialect.driver == "pymysql":
            _leave(connection, result)


def _leave(connection: Any, result: Any) -> None:  # noqa: ANN401 - as above
    """Close a connection whose rows are not all read.

    MySQL's protocol cannot be told to stop. PyMySQL would read the rest, however many, and warn about it.
    """
    unread = getattr(result.cursor, "_result", None)
    if unread is not None and hasattr(unread, "unbuffered_active"):
        unread.unbuffered_active = False
    connection.invalidate()


__all__ = ["connected", "engine_of", "failed", "name_of", "scrubbed", "stream", "without_values"]
