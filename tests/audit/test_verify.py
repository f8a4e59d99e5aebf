"""What a store shows by itself, and what only a head shows; no bit of its file changes unseen."""

import json
import random
import sqlite3
from time import time_ns

import logs
import pytest
from msgspec.structs import replace
from rolecall.audit import open_store
from rolecall.audit.chain import read_header, step
from rolecall.audit.checkpoints import make_head, read_head
from rolecall.audit.reading import Log
from rolecall.audit.signing import read_public
from rolecall.audit.stores.rows import SELECT, read
from rolecall.audit.verify import verify
from rolecall.errors import AuditError

RECORDS, WRITERS, SEGMENT = 30, 2, 12


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A log as it was written, its head, its key, and another one."""
    folder = tmp_path_factory.mktemp("kept")
    key = logs.key(folder)
    logs.made(str(folder / "audit.db"), writers=WRITERS, records=RECORDS, segment=SEGMENT, signing_key=key)
    store = open_store(str(folder / "audit.db"))
    head = read_head(json.dumps(make_head(store, time_ns(), key).data()).encode())
    store.close()
    return Kept((folder / "audit.db").read_bytes(), head, read_public(key))


class Kept:
    def __init__(self, data, head, key):
        self.data, self.head, self.key = data, head, key

    def copy(self, file):
        """The log as it was, in a file."""
        for one in file.parent.glob(f"{file.name}*"):
            one.unlink()
        file.write_bytes(self.data)
        return file


def looked_at(file, kept, **more):
    log = Log.open(str(file))
    try:
        return verify(log.store, **{"key": kept.key, "head": kept.head, **more})
    finally:
        log.close()


def test_what_nobody_touched_is_sound(kept, tmp_path):
    """Every record counts, checkpoints and the head cover each chain to its end."""
    found = looked_at(kept.copy(tmp_path / "audit.db"), kept)
    assert found.findings == []
    assert (found.records, found.segments) == (WRITERS * RECORDS - SEGMENT, WRITERS * 3)
    assert [(end.last, end.proven) for end in found.ends] == [(RECORDS, RECORDS)] * WRITERS
    assert sum(end.pruned for end in found.ends) == SEGMENT


def content(file):
    """What a log's tables hold that somebody could be deceived by; None where the file is no database any more."""
    db = sqlite3.connect(file)
    try:
        tables = ("writer", "name", "blob", "checkpoint", "decision")
        found = [db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables]  # noqa: S608 - ours
        proven = "writer, number, first, last_seq, last_hash, pruned_ns IS NULL"
        found.append(db.execute(f"SELECT {proven} FROM segment WHERE pruned_ns IS NOT NULL").fetchall())  # noqa: S608
        found.append(db.execute("SELECT * FROM segment WHERE pruned_ns IS NULL").fetchall())
    except sqlite3.DatabaseError:
        return None
    finally:
        db.close()
    return found


def check_bits(kept, folder, seeds):
    file = folder / "changed.db"
    whole = content(kept.copy(file))
    for seed in seeds:
        rng = random.Random(seed)
        data = bytearray(kept.data)
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        kept.copy(file).write_bytes(data)
        try:
            Log.open(str(file)).close()
        except AuditError:
            continue  # it is no log any more
        assert not looked_at(file, kept).sound or content(file) == whole, seed


def test_no_bit_of_the_file_changes_unseen(kept, tmp_path):
    """A bit of the file the other way: it cannot be opened, or something is found, or nothing says otherwise."""
    check_bits(kept, tmp_path, range(40))


@pytest.mark.full
@pytest.mark.parametrize("part", range(4))
def test_no_bit_of_the_file_changes_unseen_in_full(kept, tmp_path, part):
    """As above, with other seeds."""
    check_bits(kept, tmp_path, range(1000 + part * 500, 1500 + part * 500))


def test_only_a_head_shows_a_cut_off_end(kept, tmp_path):
    """A store that lacks its newest records, or is as it once was, is sound by itself; the head names what is gone."""
    file = kept.copy(tmp_path / "audit.db")
    db = sqlite3.connect(file)
    for table, column in (("decision", "seq"), ("segment", "first"), ("checkpoint", "seq")):
        db.execute(f"DELETE FROM {table} WHERE {column} > 20")  # noqa: S608 - ours
    db.commit()
    db.close()
    assert looked_at(file, kept, head=None).sound
    found = looked_at(file, kept)
    assert {(one.what, one.seq) for one in found.findings} == {("cut-off", 21), ("checkpoint", 30)}


def test_a_checkpoint_shows_what_was_cut_off_before_it(kept, tmp_path):
    """Where the records are gone and the signed checkpoint is not, no head is needed."""
    file = kept.copy(tmp_path / "audit.db")
    db = sqlite3.connect(file)
    db.execute("DELETE FROM decision WHERE seq > 25")
    db.commit()
    db.close()
    found = looked_at(file, kept, head=None)
    assert {(one.what, one.seq) for one in found.findings} == {("cut-off", 26)}


def test_a_chain_that_is_written_to_meanwhile_is_sound(tmp_path):
    """Records, segments and deletions that come while it is verified are no findings."""
    from rolecall.audit import Audit  # noqa: PLC0415 - only here

    audit = Audit.open(tmp_path / "audit.db", segment=7)
    logs.record(audit, logs.requests(20))
    assert audit.flush()
    store = open_store(tmp_path / "audit.db")
    told = []

    def write(_):
        if len(told) in (3, 19):
            logs.record(audit, logs.requests(15, seed=len(told)), begin=1000)
            assert audit.flush()
        told.append(1)

    assert verify(store, progress=write).findings == []
    audit.close()
    assert verify(store).records == 50
    store.close()


def test_what_is_changed_before_a_segment_that_is_said_to_be_deleted_is_found(kept, tmp_path):
    """Without its records nothing shows that a segment followed what was made anew before it: the oldest go first."""
    file = kept.copy(tmp_path / "audit.db")
    db = sqlite3.connect(file)
    writer, last, closing = db.execute(
        "SELECT writer, seq, hash FROM decision WHERE seq = 24 ORDER BY writer DESC"
    ).fetchone()
    proof = db.execute("SELECT hash FROM decision WHERE writer = ? AND seq = 10", (writer,)).fetchone()[0]
    db.execute("UPDATE decision SET time_ns = time_ns + 1 WHERE writer = ? AND seq = 11", (writer,))
    rows = db.execute(f"{SELECT} WHERE d.writer = ? AND d.seq IN (11, 12) ORDER BY d.seq", (writer,)).fetchall()
    for stored in read(rows):
        proof = step(proof, stored.data)
        db.execute("UPDATE decision SET hash = ? WHERE writer = ? AND seq = ?", (proof, writer, stored.seq))
    db.execute("DELETE FROM decision WHERE writer = ? AND seq BETWEEN 13 AND 24", (writer,))
    header = db.execute("SELECT header FROM segment WHERE writer = ? AND number = 2", (writer,)).fetchone()[0]
    header = replace(read_header(header), previous=proof.hex()).encode()
    db.execute(
        "UPDATE segment SET header = ?, last_seq = ?, last_hash = ?, pruned_ns = 1 WHERE writer = ? AND number = 2",
        (header, last, closing, writer),
    )
    db.commit()
    db.close()
    found = looked_at(file, kept)
    assert [(one.what, one.seq) for one in found.findings] == [("removed", 13)]
    assert "the older segment 1 is not" in found.findings[0].message
    assert found.ends[-1].proven == 10


def test_a_text_that_is_there_twice_is_found(kept, tmp_path):
    """Tables that let a text be there twice hide records from a search by it, and no chain shows that."""
    file = kept.copy(tmp_path / "audit.db")
    db = sqlite3.connect(file)
    db.execute("CREATE TABLE other (number INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT")
    db.execute("INSERT INTO other SELECT number, text FROM name")
    db.execute("DROP TABLE name")
    db.execute("ALTER TABLE other RENAME TO name")
    subject = db.execute("SELECT subject FROM decision LIMIT 1").fetchone()[0]
    twin = db.execute("INSERT INTO name (text) SELECT text FROM name WHERE number = ?", (subject,)).lastrowid
    db.execute("UPDATE decision SET subject = ? WHERE subject = ?", (twin, subject))
    db.commit()
    db.close()
    found = looked_at(file, kept)
    assert [str(one) for one in found.findings] == [
        f"the store: the text of number {subject} is there twice: a search misses records"
    ]
