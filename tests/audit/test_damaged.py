"""Rows and lines of another kind than anybody writes: `verify` names them, in their place; nothing ends in a traceback."""

import json
import random
import re
import shutil
import sqlite3
import sys
from pathlib import Path
from time import time_ns
from unittest import mock

import demo
import logs
import postgres
import pytest
from rolecall.audit import open_store, rebuild
from rolecall.audit.checkpoints import make_head
from rolecall.audit.export import csv_lines, ocsf_lines
from rolecall.audit.reading import Log, Wanted
from rolecall.audit.replay import Replay, replay
from rolecall.audit.signing import read_public
from rolecall.audit.stats import count
from rolecall.audit.verify import verify
from rolecall.audit.whatif import WhatIf, what_if
from rolecall.errors import AuditError
from rolecall.vocabulary.identity import short_code

sys.path.insert(0, str(Path(__file__).parent))
from held import HeldSqlite, changed, held_postgres

VALUES = [None, "text", b"\xff\xfe", 2**63 - 1, -(2**63), 1.5, "CAST(x'ff61' AS TEXT)"]
TABLES = ("writer", "name", "blob", "segment", "checkpoint", "decision")
MEMBERS = [None, "text", 5, -1, 10**30, 1.5, True, [], {}, [[]], "\ud800", "[" * 5000 + "]" * 5000, b"\xff"]


@pytest.fixture(scope="module", autouse=True)
def tables():
    """A policy is put in force again once, and not for each change."""
    made, table_of = {}, rebuild.table_of

    def once(blob):
        key = json.dumps(blob)
        if key not in made:
            made[key] = table_of(blob)
        return made[key]

    with mock.patch.object(rebuild, "table_of", once):
        yield


class Small:
    """A log of eight records: what is kept of it elsewhere."""

    def __init__(self, folder, url):
        key = logs.key(folder)
        logs.made(url, writers=1, records=8, segment=4, signing_key=key, every=2, pruned=False)
        self.store = open_store(url)
        self.public, self.head = read_public(key), make_head(self.store, time_ns())

    def findings(self, store):
        return verify(store, key=self.public, head=self.head).findings


def read_everything(store):
    """What every verb reads; whatever cannot be told is an `AuditError`, or among the unreadable."""
    log = Log(store)
    try:
        ids = [one.id for one in log.entries()]
        [*csv_lines(log.entries(), log.blobs)], [*ocsf_lines(log.entries(), log.blobs)], count(log.entries(), log.blobs)
        [*replay(log.entries(), log.blobs, Replay())]
        [*what_if(log.entries(), log.blobs, demo.table(), WhatIf())]
        for wanted in (Wanted(user="u"), Wanted(outcome="allow"), Wanted(rule="r"), Wanted(student="s")):
            [*log.found(wanted)]
        log.by_id(ids[0] if ids else "x" * 36), log.by_code(short_code(ids[0]) if ids else "RC-00000000")
        log.store.count()
    except AuditError:
        pass


@pytest.fixture(scope="module")
def loose(tmp_path_factory):
    """A log in SQLite whose tables take anything."""
    folder = tmp_path_factory.mktemp("loose")
    small = Small(folder, str(folder / "audit.db"))
    small.store.close()
    small.store = HeldSqlite((folder / "audit.db").read_bytes())
    db = sqlite3.connect(":memory:", isolation_level=None)
    for name, statement in small.store.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall():
        db.execute(re.sub(r"\)[A-Z ,]*$", ")", statement.replace("NOT NULL", "")))
        rows = small.store.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608 - ours
        db.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(rows[0]))})", rows)  # noqa: S608 - ours
    db.text_factory, small.store.db, small.store.execute = small.store.db.text_factory, db, db.execute
    assert small.findings(small.store) == []
    return small


def columns(store):
    return [
        (table, row[1]) for table in TABLES for row in store.execute(f"PRAGMA table_info({table})").fetchall()
    ]  # fmt: skip


def spoilt(store, table, column, value):
    """Put a value where it never stands; gives the row that it was in, or nothing where it stays what it is."""
    rows = store.execute(f"SELECT rowid, {column}, * FROM {table}").fetchall()  # noqa: S608 - ours
    row, old = rows[len(rows) // 2][:2]
    sign = value if isinstance(value, str) and value.startswith("CAST") else "?"
    store.execute(f"UPDATE {table} SET {column} = {sign} WHERE rowid = ?", ([] if sign != "?" else [value]) + [row])  # noqa: S608 - ours
    new = store.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", (row,)).fetchone()  # noqa: S608 - ours
    return None if new is None or (type(new[0]), new[0]) == (type(old), old) else rows[len(rows) // 2]


def check_rows(small, cases):
    for table, column, value in cases:
        done = []

        def make(store, table=table, column=column, value=value, done=done):
            try:
                done.append(spoilt(store, table, column, value))
            except (sqlite3.IntegrityError, OverflowError):
                done.append(None)
            return done

        with changed(small.store, make):
            if done[0] is None:
                continue
            found = small.findings(small.store)
            assert found, (table, column, value)
            if table == "decision" and column not in ("writer", "seq"):
                assert done[0][3] in {one.seq for one in found}, (table, column, value, [str(one) for one in found])
            read_everything(small.store)


def test_no_row_of_another_kind_ends_the_reading(loose):
    """A value of another kind in each column of each table, in SQLite."""
    rng = random.Random(5)
    check_rows(loose, [(*one, value) for one in columns(loose.store) for value in rng.sample(VALUES, 2)])


@pytest.mark.full
def test_no_row_of_any_kind_ends_the_reading(loose):
    """Every kind in each column."""
    check_rows(loose, [(*one, value) for one in columns(loose.store) for value in VALUES])


@pytest.mark.parametrize("table", TABLES)
def test_a_table_that_is_gone_is_found(loose, table):
    """Whatever else is there is verified; what cannot be is named."""
    with changed(loose.store, lambda store: [store.execute(f"DROP TABLE {table}")]):
        assert loose.findings(loose.store)
        read_everything(loose.store)


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    """A log of JSON lines."""
    folder = tmp_path_factory.mktemp("lines")
    small = Small(folder, f"jsonl:{folder / 'log'}")
    small.folder = folder / "log"
    return small


def spoilt_lines(folder):
    """Each place of each kind of line, once a kind: the file, the line's number, and where in it."""
    seen = set()
    for file in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(file.read_bytes().splitlines()):
            row = json.loads(line)
            places = [(at,) for at in range(len(row))]
            places += [(at, inner) for at, one in enumerate(row) if isinstance(one, list) for inner in range(len(one))]
            for place in places:
                if (row[0], place) not in seen and number > 3:
                    seen.add((row[0], place))
                    yield file, number, place
    file = min(folder.glob("*.jsonl"))
    yield from ((file, 0, place) for place in ((0,), (1,), *((1, inner) for inner in range(6))))


def check_lines(small, cases):
    for file, number, place, value in cases:
        data = file.read_bytes()
        rows = data.splitlines(keepends=True)
        row = json.loads(rows[number])
        inner = row
        for at in place[:-1]:
            inner = inner[at]
        if inner[place[-1]] == value:
            continue
        inner[place[-1]] = "\0" if isinstance(value, bytes) or (isinstance(value, str) and value[0] == "[") else value
        text = json.dumps(row, separators=(",", ":")).encode()
        if isinstance(value, bytes):
            text = text.replace(b"\\u0000", value)
        elif isinstance(value, str) and value[0] == "[":
            text = text.replace(b'"\\u0000"', value.encode())
        rows[number] = text + b"\n"
        file.write_bytes(b"".join(rows))
        try:
            assert small.findings(small.store), (file.name, number, place, str(value)[:30])
            read_everything(small.store)
        finally:
            file.write_bytes(data)


def test_no_line_of_another_kind_ends_the_reading(lines):
    """A value of another kind in each place of each kind of line."""
    rng = random.Random(5)
    check_lines(lines, [(*one, value) for one in spoilt_lines(lines.folder) for value in rng.sample(MEMBERS, 1)])


@pytest.mark.full
def test_no_line_of_any_kind_ends_the_reading(lines):
    """Every kind in each place."""
    check_lines(lines, [(*one, value) for one in spoilt_lines(lines.folder) for value in MEMBERS])


def test_what_is_no_file_of_ours_is_told(lines, tmp_path):
    """A folder among the files, a file of nothing, one of noise."""
    copy = tmp_path / "log"
    shutil.copytree(lines.folder, copy)
    (copy / "noise.jsonl").write_bytes(random.Random(1).randbytes(3000) + b"\n")
    (copy / "empty.jsonl").write_bytes(b"")
    store = open_store(f"jsonl:{copy}")
    assert {one.writer for one in lines.findings(store)} == {"noise"}
    read_everything(store)
    (copy / "folder.jsonl").mkdir()
    with pytest.raises(AuditError, match=r"folder\.jsonl"):
        lines.findings(store)


IN_POSTGRESQL = (
    "ALTER TABLE decision ALTER hash TYPE text USING encode(hash, 'hex')",
    "ALTER TABLE decision ALTER hash DROP NOT NULL; UPDATE decision SET hash = NULL WHERE seq = 3",
    "ALTER TABLE decision ALTER time_ns DROP NOT NULL; UPDATE decision SET time_ns = NULL WHERE seq = 3",
    "ALTER TABLE segment ALTER header DROP NOT NULL; UPDATE segment SET header = NULL WHERE number = 2",
    "ALTER TABLE blob ALTER kind DROP NOT NULL; UPDATE blob SET kind = NULL",
    "ALTER TABLE blob ALTER body TYPE text USING encode(body, 'hex')",
    "UPDATE decision SET time_ns = 9223372036854775807 WHERE seq = 3",
    "UPDATE decision SET person = place WHERE seq = 3",
    "UPDATE decision SET seq = 9223372036854775807 WHERE seq = 3",
    "ALTER TABLE decision ALTER seq TYPE numeric; UPDATE decision SET seq = 3.5 WHERE seq = 3",
)


@pytest.fixture(scope="module")
def in_postgresql(tmp_path_factory):
    """A log in PostgreSQL."""
    url = postgres.new_database()
    small = Small(tmp_path_factory.mktemp("postgresql"), url)
    small.url = url
    yield small
    small.store.close()


def test_no_row_of_another_kind_ends_the_reading_in_postgresql(in_postgresql):
    """Columns of another kind, empty, or with a number that nobody writes."""
    held = held_postgres(in_postgresql.url)
    for statements in IN_POSTGRESQL:
        with changed(held, lambda store, all_=statements: [store.execute(one) for one in all_.split("; ")]):
            found = in_postgresql.findings(held)
            assert found, statements
            if "WHERE seq = 3" in statements:
                assert 3 in {one.seq for one in found}, [str(one) for one in found]
            read_everything(held)
    held.close()


@pytest.mark.parametrize("table", TABLES)
def test_a_table_that_is_gone_is_found_in_postgresql(in_postgresql, table):
    """As in SQLite."""
    postgres.execute(in_postgresql.url, f"ALTER TABLE {table} RENAME TO gone")
    assert in_postgresql.findings(in_postgresql.store)
    read_everything(in_postgresql.store)
    postgres.execute(in_postgresql.url, f"ALTER TABLE gone RENAME TO {table}")
