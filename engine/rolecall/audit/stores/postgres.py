"""The audit log in PostgreSQL.

Needs the extra `postgres`.
"""

from __future__ import annotations

# ruff: noqa: S608 - statements are put together from names of this package
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg

from rolecall.audit.stores.base import Batch, Damaged
from rolecall.audit.stores.rows import COLUMNS
from rolecall.audit.stores.sql import VERSION, SqlStore
from rolecall.audit.stores.sql_reading import SHORT
from rolecall.errors import AuditError

# Arbitrary numbers among PostgreSQL's advisory locks: the tables are being made; a log is written to, or cleared out.
_MAKING: Final = 7_265_636_102
_WRITING: Final = 7_265_636_103
_CONNECT: Final = 5
# How long a statement may take before the writer gives it up and tries again, in milliseconds.
_PATIENCE: Final = 30_000
# Texts longer than `SHORT` are not looked up, for an index cannot hold them: each process writes them anew.
_ADD_NAMES: Final[Any] = (
    f"INSERT INTO name (text) SELECT unnest(%s::text[]) ON CONFLICT (text) WHERE length(text) <= {SHORT} DO NOTHING"
)
_READ_NAMES: Final[Any] = f"SELECT text, number FROM name WHERE text = ANY(%s) AND length(text) <= {SHORT}"

_TABLES: Final[Any] = f"""
CREATE TABLE meta (key text PRIMARY KEY, value bigint NOT NULL);
CREATE TABLE writer (number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE name (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL);
CREATE UNIQUE INDEX name_by_text ON name (text) WHERE length(text) <= {SHORT};
CREATE TABLE blob (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, digest bytea NOT NULL UNIQUE, kind text NOT NULL,
    body bytea NOT NULL
);
CREATE TABLE segment (
    writer integer NOT NULL, number integer NOT NULL, first bigint NOT NULL, header bytea NOT NULL,
    last_seq bigint, last_hash bytea, pruned_ns bigint, PRIMARY KEY (writer, number)
);
CREATE TABLE checkpoint (
    writer integer NOT NULL, seq bigint NOT NULL, body bytea NOT NULL, signature bytea NOT NULL,
    PRIMARY KEY (writer, seq)
);
CREATE TABLE decision (
    writer integer NOT NULL, seq bigint NOT NULL, id bytea NOT NULL, time_ns bigint NOT NULL, mark bigint NOT NULL,
    subject bigint NOT NULL, type bigint NOT NULL, resource bigint NOT NULL, permission bigint, acting_as bigint,
    code bigint NOT NULL, allowed smallint, properties bigint NOT NULL, detail bigint NOT NULL,
    policy bigint NOT NULL, person bigint NOT NULL, place bigint, cell bigint NOT NULL, as_of_ns bigint,
    event bigint NOT NULL, pseudonymised smallint NOT NULL, short bigint NOT NULL, hash bytea NOT NULL,
    v smallint NOT NULL, PRIMARY KEY (writer, seq)
);
CREATE INDEX decision_by_subject ON decision (subject, time_ns);
CREATE INDEX decision_by_resource ON decision (resource, time_ns);
CREATE INDEX decision_by_time ON decision (time_ns);
CREATE INDEX decision_by_short ON decision (short);
INSERT INTO meta VALUES ('generation', 0), ('version', {VERSION});
"""

_OURS: Final = """
SELECT oid FROM pg_class WHERE pg_table_is_visible(oid) AND
relname IN ('meta', 'writer', 'name', 'blob', 'segment', 'checkpoint', 'decision')
"""

# What does not pass: a table or a column is gone, or a page is damaged.
_DAMAGED: Final = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.DataCorrupted)

_abandoned: Final[list[Any]] = []


class PostgresStore(SqlStore):
    """A store in PostgreSQL."""

    _ADDED = f"""
SELECT 'trigger', tgname::text FROM pg_trigger WHERE NOT tgisinternal AND tgrelid IN ({_OURS})
UNION ALL SELECT 'rule', rulename::text FROM pg_rewrite WHERE ev_class IN ({_OURS}) ORDER BY 2
"""

    def __init__(self, url: str, *, create: bool) -> None:
        """Open a database's log, or make its tables; raises `AuditError`."""
        parts = urlsplit(url)
        super().__init__(f"postgresql://{parts.hostname or ''}{parts.path}")
        self._url = url
        self._connection: psycopg.Connection[Any] | None = None
        with self._told(), self._connect() as connection:
            version = _version(connection)
            if version is None and create:
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MAKING,))
                if _version(connection) is None:
                    connection.execute(_TABLES)
                version = _version(connection)
        if version is None:
            raise AuditError(f"there is no audit log in `{self.name}`")
        if version != VERSION:
            raise AuditError(
                f"the audit log `{self.name}` has tables of version {version}, and this rolecall reads version "
                f"{VERSION}: use the rolecall that made it"
            )

    def _connect(self) -> psycopg.Connection[Any]:
        connection = psycopg.connect(self._url, connect_timeout=_CONNECT, autocommit=False)
        connection.execute("SELECT set_config('statement_timeout', %s, false)", (str(_PATIENCE),))
        # A server may be set not to wait for its disk; one that waits for others too is let be.
        connection.execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
        connection.commit()
        return connection

    @contextmanager
    def _told(self) -> Generator[None]:
        """Turn the database's errors into sentences: without its password, statements or anybody's data."""
        try:
            yield
        except (psycopg.Error, OSError) as error:
            said = getattr(getattr(error, "diag", None), "message_primary", None) or str(error)
            line = said.strip().partition("\n")[0] or type(error).__name__
            damaged = isinstance(error, _DAMAGED)
            raise (Damaged if damaged else AuditError)(f"the audit log `{self.name}` failed: {line}") from None

    @contextmanager
    def _writing(self) -> Generator[psycopg.Connection[Any]]:
        """Give the connection, in a transaction of its own; after an error it is opened anew."""
        with self._told():
            if self._connection is None or self._connection.closed:
                self._connection = self._connect()
            connection = self._connection
            try:
                connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", (_WRITING,))
                yield connection
                connection.commit()
            except BaseException:
                self._connection = None
                with suppress(psycopg.Error):
                    connection.close()
                raise

    @contextmanager
    def _reading(self) -> Generator[psycopg.Connection[Any]]:
        with self._told():
            connection = self._connect()
            try:
                connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                connection.read_only = True
                connection.execute("SET statement_timeout = 0")
                yield connection
            finally:
                connection.close()

    def _run(self, connection: psycopg.Connection[Any], statement: str, values: Sequence[Any] = ()) -> Any:  # noqa: ANN401
        turned: Any = statement.replace("?", "%s")
        if statement.startswith("SELECT") and connection.read_only:
            cursor = connection.cursor("reading")  # on the server: a log may not fit into memory
            cursor.itersize = 5_000
            try:
                return cursor.execute(turned, values)
            except psycopg.Error:
                cursor.close()
                raise
        return connection.execute(turned, values)

    def _insert_rows(self, connection: psycopg.Connection[Any], rows: list[tuple[Any, ...]]) -> None:
        statement: Any = f"COPY decision ({', '.join(COLUMNS)}) FROM STDIN"
        with connection.cursor().copy(statement) as copy:
            for one in rows:
                copy.write_row(one)

    def _number_names(self, connection: psycopg.Connection[Any], texts: list[str]) -> dict[str, int]:
        short = [one for one in texts if len(one) <= SHORT]
        connection.execute(_ADD_NAMES, (short,))
        found: dict[str, int] = dict(connection.execute(_READ_NAMES, (short,)).fetchall())
        for one in texts:
            if len(one) > SHORT:
                made = connection.execute("INSERT INTO name (text) VALUES (%s) RETURNING number", (one,)).fetchone()
                found[one] = made[0] if made else 0
        return found

    def _number_blobs(self, connection: psycopg.Connection[Any], wanted: list[str], batch: Batch) -> dict[str, int]:
        keys = [bytes.fromhex(one) for one in wanted]
        query = "SELECT digest, number FROM blob WHERE digest = ANY(%s)"
        found = {bytes(one).hex(): number for one, number in connection.execute(query, (keys,))}
        missing = [batch.blob(one) for one in wanted if one not in found]
        if missing:
            with connection.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO blob (digest, kind, body) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                    [(bytes.fromhex(one.digest), one.kind, one.body) for one in missing],
                )
            found = {bytes(one).hex(): number for one, number in connection.execute(query, (keys,))}
        return found

    def _lock_writers_out(self, connection: psycopg.Connection[Any]) -> None:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_WRITING,))

    def abandon(self) -> None:
        """Let go of the connection: it is the parent's."""
        if self._connection is not None:
            _abandoned.append(self._connection)
            self._connection = None

    def close(self) -> None:
        """Close the writer's connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()


def _version(connection: psycopg.Connection[Any]) -> int | None:
    # Not `to_regclass`: what that once did not find it never finds in the same transaction, whoever made it meanwhile.
    there = connection.execute(
        "SELECT count(*) FROM pg_class WHERE relname IN ('meta', 'decision') AND relkind = 'r' AND "
        "pg_table_is_visible(oid)"
    )
    if there.fetchone() != (2,):
        return None
    found = connection.execute("SELECT value FROM meta WHERE key = 'version'").fetchone()
    return None if found is None else int(found[0])
