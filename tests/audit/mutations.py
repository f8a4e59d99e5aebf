# ruff: noqa: S608 - every name in a statement is one of ours
"""Single changes to a log in SQLite or PostgreSQL, as whoever can write there makes them; each says where it has to be found.

A place is a writer's name and a sequence number. Some changes have several right places: what cannot be told apart.
"""

from msgspec.structs import replace
from rolecall.audit.chain import read_header, start, step
from rolecall.audit.signing import Signer
from rolecall.audit.stores.rows import BLOBS, COLUMNS, NAMES, SELECT, read


def flip(rng, data):
    """One bit of some bytes the other way."""
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def pick(rng, db, statement, *values):
    rows = db.execute(statement, values).fetchall()
    return rng.choice(rows) if rows else None


def a_record(rng, db):
    """Writer's number and name, sequence number, row id."""
    return pick(rng, db, "SELECT w.number, w.name, d.seq, d.rowid FROM decision d JOIN writer w ON w.number = d.writer")


def last_of(db, writer):
    return db.execute("SELECT max(seq) FROM decision WHERE writer = ?", (writer,)).fetchone()[0]


def naming(db, where, *values):
    """The first record of each writer that names something: one of these is the right place."""
    rows = db.execute(
        f"SELECT w.name, min(d.seq) FROM decision d JOIN writer w ON w.number = d.writer WHERE {where} GROUP BY w.name",
        values,
    )
    return set(rows.fetchall())


def other_value(rng, db, column, value):
    """Another value for a column, as like the old one as may be."""
    if column in ("id", "hash"):
        return flip(rng, value)
    if column in NAMES or column in BLOBS:
        table = "name" if column in NAMES else "blob"
        others = [one for (one,) in db.execute(f"SELECT number FROM {table}") if one != value]
        return rng.choice([*others, max(others) + 7])
    if column == "allowed":
        return rng.choice([one for one in (None, 0, 1, 2) if one != value])
    if column == "pseudonymised":
        return rng.choice([1 - value, 7])
    if value is None:
        return rng.randrange(1 << 40)
    return value ^ 1 << rng.randrange(40)


def a_value(rng, db):
    """One column of one record."""
    _, name, seq, row = a_record(rng, db)
    column = rng.choice([one for one in COLUMNS if one not in ("writer", "seq")])
    value = db.execute(f"SELECT {column} FROM decision WHERE rowid = ?", (row,)).fetchone()[0]
    db.execute(f"UPDATE decision SET {column} = ? WHERE rowid = ?", (other_value(rng, db, column, value), row))
    return {(name, seq)}


def a_text(rng, db):
    """A character of a text that records share."""
    number, text = pick(rng, db, "SELECT number, text FROM name WHERE text <> ''")
    at = rng.randrange(len(text))
    changed = text[:at] + chr(ord(text[at]) ^ 1 << rng.randrange(5)) + text[at + 1 :]
    if db.execute("SELECT 1 FROM name WHERE text = ?", (changed,)).fetchone():
        return None
    db.execute("UPDATE name SET text = ? WHERE number = ?", (changed, number))
    return naming(db, " OR ".join(f"d.{one} = {number}" for one in NAMES))


def a_lost_text(rng, db):
    """A text that records share is removed."""
    (number,) = pick(rng, db, "SELECT number FROM name")
    db.execute("DELETE FROM name WHERE number = ?", (number,))
    return naming(db, " OR ".join(f"d.{one} = {number}" for one in NAMES))


def a_blob(rng, db):
    """A byte of what records share, of its kind, or of its digest; or all of it is removed."""
    number, digest, kind, body = pick(rng, db, "SELECT number, digest, kind, body FROM blob")
    found = naming(db, " OR ".join(f"d.{one} = {number}" for one in BLOBS))
    match rng.randrange(5):
        case 0:
            db.execute("DELETE FROM blob WHERE number = ?", (number,))
        case 1:
            db.execute("UPDATE blob SET digest = ? WHERE number = ?", (flip(rng, digest), number))
        case 2:
            kinds = [one for one in BLOBS if one != kind]
            db.execute("UPDATE blob SET kind = ? WHERE number = ?", (rng.choice(kinds), number))
        case _:
            db.execute("UPDATE blob SET body = ? WHERE number = ?", (flip(rng, body), number))
    return found


def a_removed_record(rng, db):
    """A record is removed, from the middle or from an end."""
    _, name, seq, row = a_record(rng, db)
    db.execute("DELETE FROM decision WHERE rowid = ?", (row,))
    return {(name, seq)}


def a_closed_gap(rng, db):
    """A record is removed, and those after it in its segment are numbered anew."""
    writer, name, seq, row = a_record(rng, db)
    last = last_of(db, writer)
    db.execute("DELETE FROM decision WHERE rowid = ?", (row,))
    for one in range(seq + 1, last + 1):
        db.execute("UPDATE decision SET seq = seq - 1 WHERE writer = ? AND seq = ?", (writer, one))
    return {(name, seq)}


def an_inserted_record(rng, db):
    """A copy of some record is put in between, and those after it are numbered anew."""
    writer, name, seq, _ = a_record(rng, db)
    _, _, _, row = a_record(rng, db)
    for one in range(last_of(db, writer), seq - 1, -1):
        db.execute("UPDATE decision SET seq = seq + 1 WHERE writer = ? AND seq = ?", (writer, one))
    columns = ", ".join(one for one in COLUMNS if one not in ("writer", "seq"))
    db.execute(
        f"INSERT INTO decision (writer, seq, {columns}) SELECT ?, ?, {columns} FROM decision WHERE rowid = ?",
        (writer, seq, row),
    )
    # Of two copies side by side nobody can say which is the second.
    copied = db.execute("SELECT writer, seq FROM decision WHERE rowid = ?", (row,)).fetchone()
    twin = {(name, copied[1])} if copied in ((writer, seq - 1), (writer, seq + 1)) else set()
    return {(name, seq)} | twin


def a_swap(rng, db):
    """Two records of a writer change places."""
    writer, name, seq, row = a_record(rng, db)
    other, there = pick(rng, db, "SELECT seq, rowid FROM decision WHERE writer = ? AND seq <> ?", writer, seq)
    for new, which in ((-1, row), (seq, there), (other, row)):
        db.execute("UPDATE decision SET seq = ? WHERE rowid = ?", (new, which))
    return {(name, min(seq, other))}


def a_cut(rng, db):
    """The end of a chain is cut off: records, the segments that begin there, and the checkpoints."""
    writer, name, seq, _ = a_record(rng, db)
    db.execute("DELETE FROM decision WHERE writer = ? AND seq >= ?", (writer, seq))
    db.execute("DELETE FROM segment WHERE writer = ? AND first >= ?", (writer, seq))
    db.execute("DELETE FROM checkpoint WHERE writer = ? AND seq >= ?", (writer, seq))
    return {(name, seq)}


def a_stray_number(rng, db):
    """A record gets another number, or another writer."""
    writer, name, seq, row = a_record(rng, db)
    to = pick(rng, db, "SELECT number FROM writer")[0] if rng.random() < 0.3 else writer
    number = rng.choice([0, seq + 1000, seq ^ 1 << rng.randrange(8)])
    if to == writer and number == seq:
        return None
    if db.execute("SELECT 1 FROM decision WHERE writer = ? AND seq = ?", (to, number)).fetchone():
        return None
    db.execute("UPDATE decision SET writer = ?, seq = ? WHERE rowid = ?", (to, number, row))
    return {(name, seq), (name, number)} if number < seq else {(name, seq)}


def a_header(rng, db):
    """A byte of a header, its number or first record as the store says them; or it is removed."""
    writer, name, number, first, header, pruned, last, proof = pick(
        rng,
        db,
        "SELECT s.writer, w.name, s.number, s.first, s.header, s.pruned_ns, s.last_seq, s.last_hash "
        "FROM segment s JOIN writer w ON w.number = s.writer",
    )
    key = (writer, number)
    # Of a segment that was deleted by age only the next header tells, or the head.
    found = {(name, first)} if pruned is None else {(name, first), (name, last + 1)}
    # When a segment began that is deleted by now, only the store says: there is no record left that would show it.
    shown = len(header) if pruned is None else header.rindex(b",")
    changes = [
        ("header", flip(rng, header[:shown]) + header[shown:]),
        ("first", first ^ 1 << rng.randrange(5)),
        ("number", number + 40),
        None,
    ]
    if pruned is None:
        changes += [("last_seq", first + 3), ("last_hash", b"x" * 32), ("pruned_ns", 1)]
    else:
        changes += [("last_seq", last ^ 1 << rng.randrange(5)), ("last_hash", flip(rng, proof)), ("pruned_ns", None)]
        changes += [("last_seq", None), ("last_hash", None)]
    change = rng.choice(changes)
    if change is None:
        db.execute("DELETE FROM segment WHERE writer = ? AND number = ?", key)
    else:
        db.execute(f"UPDATE segment SET {change[0]} = ? WHERE writer = ? AND number = ?", (change[1], *key))
        if change[0] == "first":
            found |= {(name, change[1])}
        if change[0] == "last_seq" and change[1] is not None:
            found |= {(name, change[1] + 1)}
    return found


def a_checkpoint(rng, db, other_key):
    """A byte of a checkpoint, its number; it is removed, or replaced by another writer's, an older one, another key's."""
    writer, name, seq, body, signature = pick(
        rng,
        db,
        "SELECT c.writer, w.name, c.seq, c.body, c.signature FROM checkpoint c JOIN writer w ON w.number = c.writer",
    )
    key = (writer, seq)
    found = {(name, seq)}
    match rng.randrange(6):
        case 0:
            db.execute("UPDATE checkpoint SET body = ? WHERE writer = ? AND seq = ?", (flip(rng, body), *key))
        case 1:
            changed = flip(rng, signature)
            db.execute("UPDATE checkpoint SET signature = ? WHERE writer = ? AND seq = ?", (changed, *key))
        case 2:
            db.execute("UPDATE checkpoint SET seq = seq + 1 WHERE writer = ? AND seq = ?", key)
            found |= {(name, seq + 1)}
        case 3:
            db.execute("DELETE FROM checkpoint WHERE writer = ? AND seq = ?", key)
            found |= {(name, 0)}
        case 4:
            other = pick(rng, db, "SELECT body, signature FROM checkpoint WHERE NOT (writer = ? AND seq = ?)", *key)
            db.execute("UPDATE checkpoint SET body = ?, signature = ? WHERE writer = ? AND seq = ?", (*other, *key))
        case _:
            proof = db.execute("SELECT hash FROM decision WHERE writer = ? AND seq = ?", key).fetchone()
            forged = Signer(other_key).checkpoint(name, seq, proof[0] if proof else b"\0" * 32, 1)
            db.execute(
                "UPDATE checkpoint SET body = ?, signature = ? WHERE writer = ? AND seq = ?",
                (forged.body, forged.signature, *key),
            )
    return found


def a_writer(rng, db):
    """A writer gets another name: nothing of what is there is theirs."""
    number, name = pick(rng, db, "SELECT number, name FROM writer")
    changed = flip(rng, name.encode()).decode("latin-1")
    db.execute("UPDATE writer SET name = ? WHERE number = ?", (changed, number))
    return {(name, 1)}


def a_lost_chain(rng, db):
    """All of a writer is removed, or only their name: no record is theirs any more."""
    number, name = pick(rng, db, "SELECT number, name FROM writer")
    if rng.random() < 0.5:
        for table in ("decision", "segment", "checkpoint"):
            db.execute(f"DELETE FROM {table} WHERE writer = ?", (number,))
    db.execute("DELETE FROM writer WHERE number = ?", (number,))
    return {(name, 1)}


def an_older_state(rng, db):
    """The store is as it once was: the newest writers are not there yet, and one of them has not yet got so far."""
    numbers = [one for (one,) in db.execute("SELECT number FROM writer ORDER BY number").fetchall()]
    now = rng.choice(numbers)
    cut = pick(rng, db, "SELECT seq FROM decision WHERE writer = ?", now)[0]
    rows = db.execute("SELECT number, name FROM writer WHERE number >= ?", (now,)).fetchall()
    found = set()
    for number, name in rows:
        first = cut if number == now else 1
        for table, column in (("decision", "seq"), ("segment", "first"), ("checkpoint", "seq")):
            db.execute(f"DELETE FROM {table} WHERE writer = ? AND {column} >= ?", (number, first))
        if first == 1:
            db.execute("DELETE FROM writer WHERE number = ?", (number,))
        found.add((name, first))
    return found


def a_rewritten_end(rng, db):
    """A record is changed, and all hashes and headers after it are made anew as a writer would make them."""
    writer, name, seq, row = a_record(rng, db)
    db.execute("UPDATE decision SET time_ns = time_ns + 1 WHERE rowid = ?", (row,))
    proof, headers = b"", {}
    for number, first, header, last, closing in db.execute(
        "SELECT number, first, header, last_seq, last_hash FROM segment WHERE writer = ? ORDER BY number", (writer,)
    ):
        headers[first] = (number, header)
        if last is not None:
            proof = closing
    rows = db.execute(f"{SELECT} WHERE d.writer = ? ORDER BY d.seq", (writer,)).fetchall()
    for stored in read(rows):
        if stored.seq in headers:
            number, header = headers[stored.seq]
            made = replace(read_header(header), previous=proof.hex()).encode()
            db.execute("UPDATE segment SET header = ? WHERE writer = ? AND number = ?", (made, writer, number))
            proof = start(made)
        proof = step(proof, stored.data)
        db.execute("UPDATE decision SET hash = ? WHERE writer = ? AND seq = ?", (proof, writer, stored.seq))
    # What was signed before the change still fits: the first that does not shows it.
    before = db.execute(
        "SELECT max(seq) FROM checkpoint WHERE writer = ? AND seq < ? AND seq IN (SELECT seq FROM decision WHERE writer = ?)",
        (writer, seq, writer),
    ).fetchone()[0]
    return {(name, (before or 0) + 1)}


EVERY = (
    a_value, a_value, a_value, a_value, a_text, a_lost_text, a_blob, a_blob, a_removed_record, a_closed_gap,
    an_inserted_record, a_swap, a_cut, a_stray_number, a_header, a_header, a_checkpoint, a_writer, a_rewritten_end,
    a_lost_chain, an_older_state,
)  # fmt: skip
