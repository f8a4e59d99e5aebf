"""Stores read by the connection that changes them: a change is verified and then rolled back, so that many take no time."""

import sqlite3
from contextlib import contextmanager

from rolecall.audit.stores.sql import SqlStore
from rolecall.audit.stores.sqlite import SqliteStore, _text


class Held:
    """Reads by its own connection, `db`, as it changes."""

    @contextmanager
    def _reading(self):
        with self._told():
            yield self.db

    def close(self):
        self.db.close()


class HeldSqlite(Held, SqliteStore):
    """A log in SQLite, in memory: the bytes of a file that nobody writes to any more."""

    refused = (sqlite3.IntegrityError, OverflowError)

    def __init__(self, data):
        SqlStore.__init__(self, "held")
        data = bytearray(data)
        data[18:20] = b"\1\1"  # what is in memory has no write-ahead log
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.deserialize(bytes(data))
        self.db.text_factory = _text
        self.execute = self.db.execute


def held_postgres(url):
    """A log in PostgreSQL, in a transaction that never ends. Its records get a row id, as SQLite's have one."""
    import psycopg  # noqa: PLC0415 - an extra
    from rolecall.audit.stores.postgres import PostgresStore  # noqa: PLC0415 - an extra

    class HeldPostgres(Held, PostgresStore):
        refused = (psycopg.IntegrityError, psycopg.DataError)

        def __init__(self):
            super().__init__(url, create=False)
            self.db = psycopg.connect(url)
            self.db.execute("ALTER TABLE decision ADD COLUMN rowid bigint GENERATED ALWAYS AS IDENTITY")

        def execute(self, statement, values=()):
            return self.db.execute(statement.replace("?", "%s"), values)

    return HeldPostgres()


@contextmanager
def changed(store, make):
    """Have something changed, and put back afterwards; gives what `make` gives, again until that is something."""
    while True:
        store.execute("BEGIN" if isinstance(store, HeldSqlite) else "SAVEPOINT one")
        try:
            found = make(store)
        except store.refused:
            found = None
        try:
            if found is not None:
                yield found
                return
        finally:
            store.execute("ROLLBACK" if isinstance(store, HeldSqlite) else "ROLLBACK TO one")
