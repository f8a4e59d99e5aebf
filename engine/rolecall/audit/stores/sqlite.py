"""The audit log in a file of SQLite, in WAL mode: many processes write, each batch waits for the disk."""

from __future__ import annotations

import sqlite3

# ruff: noqa: S608 - statements are put together from names of this package
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from rolecall.audit.stores.base import Batch, Damaged
from rolecall.audit.stores.rows import COLUMNS
from rolecall.audit.stores.sql import VERSION, SqlStore
from rolecall.errors import AuditError

# How long, in seconds, a writer waits for another one.
_PATIENCE: Final = 10
_CHUNK: Final = 500
_APPLICATION: Final = 0x52436175  # "RCau", in the file's header
# What does not pass: an error in a statement of ours (a table is gone), a file that is damaged, or none.
_DAMAGED: Final = frozenset((sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FORMAT))
# A text that is no UTF-8 is a finding in its place, and nothing that ends the reading.
_text: Final = partial(str, encoding="utf-8", errors="surrogateescape")

_TABLES: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE writer (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE name (number INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE blob (
    number INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, kind TEXT NOT NULL, body BLOB NOT NULL
) STRICT;
CREATE TABLE segment (
    writer INTEGER NOT NULL, number INTEGER NOT NULL, first INTEGER NOT NULL, header BLOB NOT NULL,
    last_seq INTEGER, last_hash BLOB, pruned_ns INTEGER, PRIMARY KEY (writer, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoint (
    writer INTEGER NOT NULL, seq INTEGER NOT NULL, body BLOB NOT NULL, signature BLOB NOT NULL,
    PRIMARY KEY (writer, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE decision (
    writer INTEGER NOT NULL, seq INTEGER NOT NULL, id BLOB NOT NULL, time_ns INTEGER NOT NULL, mark INTEGER NOT NULL,
    subject INTEGER NOT NULL, type INTEGER NOT NULL, resource INTEGER NOT NULL, permission INTEGER, acting_as INTEGER,
    code INTEGER NOT NULL, allowed INTEGER, properties INTEGER NOT NULL, detail INTEGER NOT NULL,
    policy INTEGER NOT NULL, person INTEGER NOT NULL, place INTEGER, cell INTEGER NOT NULL, as_of_ns INTEGER,
    event INTEGER NOT NULL, pseudonymised INTEGER NOT NULL, short INTEGER NOT NULL, hash BLOB NOT NULL,
    v INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX decision_by_writer ON decision (writer, seq);
CREATE INDEX decision_by_subject ON decision (subject, time_ns);
CREATE INDEX decision_by_resource ON decision (resource, time_ns);
CREATE INDEX decision_by_time ON decision (time_ns);
CREATE INDEX decision_by_short ON decision (short);
"""

# A forked child must not close these under its parent's feet.
_abandoned: Final[list[sqlite3.Connection]] = []


class SqliteStore(SqlStore):
    """A store in SQLite."""

    _ADDED = "SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'view') ORDER BY name"

    def __init__(self, path: Path, *, create: bool) -> None:
        """Open a file, or make it; raises `AuditError`."""
        super().__init__(str(path))
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._inherited = False
        if not path.exists() and not create:
            raise AuditError(f"there is no audit log `{path}`")
        if not path.parent.is_dir():
            raise AuditError(f"the audit log `{path}` cannot be made: there is no folder `{path.parent}`")
        with self._told():
            self._settle(create=create)

    def _settle(self, *, create: bool) -> None:
        connection = self._connect() if create else self._connect_to_read()
        try:
            version = _version(connection)
            if version == 0 and create:
                connection.execute("PRAGMA journal_mode=WAL").close()
                connection.execute("BEGIN IMMEDIATE")
                if _version(connection) == 0:
                    for statement in _TABLES.split(";\n"):
                        connection.execute(statement)
                    connection.execute("INSERT INTO meta VALUES ('generation', 0)")
                    connection.execute(f"PRAGMA application_id={_APPLICATION}")
                    connection.execute(f"PRAGMA user_version={VERSION}")
                connection.execute("COMMIT")
                version = _version(connection)
            ours = connection.execute("PRAGMA application_id").fetchone()[0] == _APPLICATION
            if version == 0 or not ours:
                raise AuditError(f"`{self.name}` is no audit log; name another file")
            if version != VERSION:
                raise AuditError(
                    f"the audit log `{self.name}` has tables of version {version}, and this rolecall reads version "
                    f"{VERSION}: use the rolecall that made it"
                )
        finally:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_PATIENCE, check_same_thread=False, isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL").close()
        connection.execute("PRAGMA secure_delete=ON").close()
        return connection

    def _connect_to_read(self) -> sqlite3.Connection:
        """Connect, also to a copy that nobody may write to: SQLite makes files beside it even to read, if it can."""
        try:
            connection = self._connect()
            _version(connection)
        except sqlite3.Error as error:
            waiting = self._path.with_name(f"{self._path.name}-wal")
            if getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_READONLY_DIRECTORY or waiting.exists():
                raise
            lying = f"{self._path.absolute().as_uri()}?mode=ro&immutable=1"  # nobody has it open: it is all there is
            return sqlite3.connect(lying, uri=True, check_same_thread=False, isolation_level=None)
        return connection

    @contextmanager
    def _told(self) -> Generator[None]:
        """Turn the database's errors into sentences."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code == sqlite3.SQLITE_NOTADB:
                raise Damaged(f"`{self.name}` is no audit log, or its first page is damaged") from None
            kind = Damaged if code in _DAMAGED else AuditError
            raise kind(f"the audit log `{self.name}` failed: {error}") from None

    @contextmanager
    def _writing(self) -> Generator[sqlite3.Connection]:
        """Give the connection, in a transaction of its own; after an error it is opened anew."""
        with self._told():
            if self._inherited:
                raise AuditError(f"the audit log `{self.name}` was being written while the process forked")
            if self._connection is None:
                if not self._path.exists():  # SQLite would make an empty one in its place
                    raise AuditError(f"the audit log `{self.name}` is gone")
                self._connection = self._connect()
            connection = self._connection
            try:
                connection.execute("BEGIN IMMEDIATE").close()
                yield connection
                connection.execute("COMMIT").close()
            except BaseException:
                self._connection = None
                with suppress(sqlite3.Error):
                    connection.rollback()
                with suppress(sqlite3.Error):
                    connection.close()
                raise

    @contextmanager
    def _reading(self) -> Generator[sqlite3.Connection]:
        with self._told():
            if not self._path.exists():
                raise AuditError(f"the audit log `{self.name}` is gone")
            connection = self._connect_to_read()
            connection.text_factory = _text
            try:
                connection.execute("BEGIN").close()
                yield connection
            finally:
                connection.close()

    def _run(self, connection: sqlite3.Connection, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        return connection.execute(statement, values)

    def _insert_rows(self, connection: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> None:
        signs = ", ".join("?" * len(COLUMNS))
        connection.executemany(f"INSERT INTO decision ({', '.join(COLUMNS)}) VALUES ({signs})", rows)

    def _number_names(self, connection: sqlite3.Connection, texts: list[str]) -> dict[str, int]:
        connection.executemany("INSERT OR IGNORE INTO name (text) VALUES (?)", [(one,) for one in texts])
        found: dict[str, int] = {}
        for begin in range(0, len(texts), _CHUNK):
            chunk = texts[begin : begin + _CHUNK]
            signs = ", ".join("?" * len(chunk))
            found.update(connection.execute(f"SELECT text, number FROM name WHERE text IN ({signs})", chunk))
        return found

    def _number_blobs(self, connection: sqlite3.Connection, wanted: list[str], batch: Batch) -> dict[str, int]:
        found: dict[str, int] = {}
        for digest in wanted:
            key = bytes.fromhex(digest)
            there = connection.execute("SELECT number FROM blob WHERE digest = ?", (key,)).fetchone()
            if there is None:
                blob = batch.blob(digest)
                made = connection.execute(
                    "INSERT INTO blob (digest, kind, body) VALUES (?, ?, ?)", (key, blob.kind, blob.body)
                )
                found[digest] = int(made.lastrowid or 0)
            else:
                found[digest] = there[0]
        return found

    def _lock_writers_out(self, connection: sqlite3.Connection) -> None:
        """Do nothing: who writes in SQLite writes alone."""

    def pruning(self, before_ns: int, now_ns: int) -> Iterator[int]:
        """Delete, and let nothing of it stay behind in the write-ahead log, unless somebody reads just now."""
        gone = 0
        for one in super().pruning(before_ns, now_ns):
            gone += one
            yield one
        if gone and self._connection is not None:
            with self._told():
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()

    def integrity(self) -> list[str]:
        """Give what SQLite finds wrong with its file, indices too, and the rows that belong to no chain."""
        with self._reading() as connection:
            found = [str(one) for (one,) in connection.execute("PRAGMA integrity_check")]
        return [*([] if found == ["ok"] else found), *super().integrity()]

    def rest(self) -> None:
        """Close the writer's connection: SQLite's locks are the process's, and a child with an open one has none."""
        self.close()

    def abandon(self) -> None:
        """Let go of the connection: it is the parent's. SQLite would go on as if its locks were the child's too."""
        if self._connection is not None:
            _abandoned.append(self._connection)
            self._connection, self._inherited = None, True

    def close(self) -> None:
        """Close the writer's connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()


def _version(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return found
