"""Where a store is, what it says where it cannot be opened, and what it never says."""

import os
import sqlite3
import subprocess
import sys
import threading

import postgres
import pytest
import stores
from rolecall import FactsError
from rolecall.facts.store import Store
from sqlalchemy import text


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}", "path"])
def test_a_file_is_named_by_its_path_or_address(tmp_path, form):
    """All forms name the same store."""
    file = tmp_path / "roster.db"
    store = Store.open(file if form == "path" else form.format(file))
    store.assign("u", "coach", "school", "k", by="", why="", now=1)
    store.close()
    again = Store.open(file, create=False)
    assert again.look(0).change == 1
    assert again.name == str(file)
    again.close()


def test_postgresql_is_named_by_its_address():
    """However the scheme is spelled."""
    address = postgres.new_database()
    for form in (address, address.replace("postgresql:", "postgres:"), address.replace("ql:", "ql+psycopg:")):
        store = Store.open(form)
        assert store.look(0).change == 0
        store.close()


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("mysql://root:hunter2@localhost/db", "`mysql` is not one of them: a roster store is `sqlite:///rolecall.db`"),
        ("sqlite://", "SQLite needs a file here"),
        ("sqlite:///:memory:", "SQLite needs a file here"),
        ("://", "this is no address of a roster store"),
        ("", "a roster store is"),
        ("sqlite:////no/such/folder/x.db", "there is no folder `/no/such/folder`"),
        ("postgresql://me:hunter2@127.0.0.1:1/db", "does PostgreSQL run there"),
        ("postgresql://me:hunter2@/db?host=/no/such/folder", "does PostgreSQL run there"),
    ],
)
def test_a_store_that_cannot_be_is_refused_with_a_fix(where, said):
    """No message holds a password."""
    with pytest.raises(FactsError) as raised:
        Store.open(where)
    assert said in str(raised.value)
    assert "hunter2" not in f"{raised.value!r} {raised.value.__cause__} {raised.value.__context__}"


def test_a_store_that_is_not_there_is_not_made_by_who_only_reads(tmp_path):
    """Nor is an empty file left behind."""
    with pytest.raises(FactsError, match=r"there is no roster store .*`rolecall sync` makes one"):
        Store.open(tmp_path / "none.db", create=False)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FactsError, match="there is no roster store in"):
        Store.open(postgres.new_database(), create=False)


def test_a_file_that_is_something_else_is_refused(tmp_path):
    """It is left as it was."""
    file = tmp_path / "notes.txt"
    file.write_text("these are notes, and no database, and there are enough of them to fill a page. " * 99)
    with pytest.raises(FactsError, match="the file is something else"):
        Store.open(file)
    assert file.read_text().startswith("these are notes")
    with pytest.raises(FactsError, match="unable to open database file"):
        Store.open(tmp_path)


def test_a_store_of_another_version_is_refused(url):
    """Its tables are not guessed at."""
    store = Store.open(url)
    with store._database.writing() as connection:
        connection.execute(text("UPDATE rolecall_meta SET value = 99 WHERE key = 'schema'"))
    store.close()
    with pytest.raises(FactsError, match="has tables of version 99, and this rolecall reads version 1"):
        Store.open(url)


def test_many_may_make_the_same_store_at_once(url):
    """The tables are made once."""
    opened, errors = [], []

    def make():
        try:
            opened.append(Store.open(url))
        except FactsError as error:
            errors.append(error)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for number, store in enumerate(opened, 1):
        assert store.assign("u", "coach", "school", "k", by="", why="", now=1) == number
        store.close()


def test_an_error_of_the_database_says_nothing_of_anybody(url):
    """Neither the statement nor what was to be written is in the message."""
    store = Store.open(url)
    stores.full_read(store, {"users": [{"id": "u1", "district": "d1", "email": "secret@d1.example"}]}, "d1")
    feed = stores.Feed(store)
    with store._database.writing() as connection:
        connection.execute(text("DROP TABLE rolecall_link"))
    event = feed.event("section", "updated", {"id": "s1", "district": "d1", "school": "secret", "students": ["u1"]})
    with pytest.raises(FactsError) as raised:
        feed.apply(event)
    assert "rolecall_link" in str(raised.value)
    assert "secret" not in f"{raised.value!r} {raised.value.__cause__}"
    assert (store.look(0).change, store.feed("d1").last_event) == (1, "")
    store.close()


def test_sqlite_is_set_up_to_outlive_a_power_cut(tmp_path):
    """What is committed is on the disk, and readers do not wait for writers."""
    store = Store.open(tmp_path / "x.db")
    with store._database.reading() as connection:
        found = [connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "busy_timeout")]
    assert found == ["wal", 2, 30_000]
    store.close()
    with sqlite3.connect(tmp_path / "x.db") as connection:
        assert connection.execute("SELECT count(*) FROM rolecall_meta").fetchone() == (5,)
    connection.close()


def test_a_forked_child_makes_its_own_connections(store):
    """On one that two processes read, each gets the other's answers; and the child closes none of its parent's."""
    store.close()  # whoever asks next makes a connection, and the pool holds no other
    with store._database.reading() as connection:
        mine = connection.connection.dbapi_connection
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with store._database.reading() as connection:
                own = connection.connection.dbapi_connection is not mine
            look = store.look(0)
            store.close()
            os.write(writing, f"{own} {look.change}".encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        assert answer.read() == "True 0"
    with store._database.reading() as connection:
        assert connection.connection.dbapi_connection is mine
        assert connection.scalar(text("SELECT 1")) == 1


def test_a_child_that_uses_nothing_closes_nothing_of_its_parents(store):
    """A worker that ends at once."""
    store.close()  # whoever asks next makes a connection, and the pool holds no other
    with store._database.reading() as connection:
        mine = connection.connection.dbapi_connection
    child = os.fork()
    if child == 0:
        try:
            store.close()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    with store._database.reading() as connection:
        assert connection.connection.dbapi_connection is mine
        assert connection.scalar(text("SELECT 1")) == 1


def test_rolecall_itself_needs_no_database_library():
    """Who only decides on snapshots installs and imports none."""
    code = "import sys, rolecall; print(sorted({'sqlalchemy', 'psycopg', 'httpx', 'cachetools'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
