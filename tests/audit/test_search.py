"""What is searched for is found, on an index, whatever else there is."""

import random
import sqlite3
from unittest import mock

import logs
import pytest
from rolecall.audit import Audit, reading
from rolecall.audit.reading import Log, Wanted
from rolecall.audit.rows import outcome
from rolecall.audit.stores.sqlite import SqliteStore
from rolecall.audit.verify import verify
from rolecall.errors import AuditError


@pytest.fixture(scope="module", params=["sqlite", "jsonl"])
def log(tmp_path_factory, request):
    folder = tmp_path_factory.mktemp("search")
    url = str(folder / "audit.db") if request.param == "sqlite" else f"jsonl:{folder / 'audit'}"
    audit = Audit.open(url)
    logs.record(audit, logs.requests(300))
    audit.close()
    return Log.open(url)


def wants(wanted, entry, blobs):
    """Whether a record is wanted, said plainly."""
    cell = blobs[entry.cell]
    return (
        wanted.user in (None, entry.subject)
        and wanted.type in (None, entry.type)
        and wanted.resource in (None, entry.resource)
        and wanted.permission in (None, entry.permission)
        and wanted.outcome in (None, outcome(entry))
        and (wanted.rule is None or wanted.rule in [one[0] for one in (*cell["given"], *cell["capped"])])
        and (wanted.since is None or entry.time_ns >= wanted.since)
        and (wanted.until is None or entry.time_ns < wanted.until)
    )


def test_each_search_finds_what_is_wanted_newest_first(log):
    """By person, resource, permission, outcome, rule and time, each and together."""
    rng, every = random.Random(5), [*log.entries()]
    rules = [one[0] for entry in every for one in log.blobs[entry.cell]["given"]]
    for number in range(60):
        like = rng.choice(every)
        parts = {
            "user": like.subject,
            "type": like.type,
            "resource": like.resource,
            "permission": like.permission,
            "outcome": outcome(like),
            "rule": rng.choice(rules),
            "since": like.time_ns,
            "until": rng.choice(every).time_ns,
        }
        names = rng.sample(sorted(parts), k=1 if number < 30 else 2)
        wanted = Wanted(**{name: parts[name] for name in names})
        found = [*log.found(wanted)]
        assert sorted(one.id for one in found) == sorted(one.id for one in every if wants(wanted, one, log.blobs)), (
            names
        )
        times = [one.time_ns for one in found]
        assert times == sorted(times, reverse=True)


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Wanted(user="u1"), "decision_by_subject"),
        (Wanted(user="u1", since=1, outcome="deny", permission="view"), "decision_by_subject"),
        (Wanted(type="section", resource="s1"), "decision_by_resource"),
        (Wanted(since=1, until=2), "decision_by_time"),
        (Wanted(), "decision_by_time"),
        (Wanted(permission="view", rule="r"), "decision_by_time"),
    ],
)
def test_a_search_walks_along_an_index(tmp_path, wanted, index, monkeypatch):
    """However many records there are: a person's, a thing's, a time's; and nothing is sorted but what has one time."""
    store, asked = SqliteStore(tmp_path / "audit.db", create=True), []
    plain = SqliteStore._run
    monkeypatch.setattr(
        SqliteStore,
        "_run",
        lambda self, db, text, values=(): (asked.append((text, values)), plain(self, db, text, values))[1],
    )
    assert [*Log(store).found(wanted)] == []
    statement, values = asked[-1]
    db = sqlite3.connect(tmp_path / "audit.db")
    plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
    db.close()
    assert any(f"INDEX {index}" in step for step in plan), plan
    assert not any(step in ("SCAN d", "USE TEMP B-TREE FOR ORDER BY") for step in plan), plan


@pytest.mark.parametrize("what", ["id", "code"])
def test_a_decision_is_found_by_its_id_and_its_code(tmp_path, what):
    """Along the index of short codes."""
    store = SqliteStore(tmp_path / "audit.db", create=True)
    db = sqlite3.connect(tmp_path / "audit.db")
    plan = [row[3] for row in db.execute("EXPLAIN QUERY PLAN SELECT 1 FROM decision d WHERE d.short = 7")]
    db.close()
    assert any("decision_by_short" in step for step in plan)
    log = Log(store)
    assert (log.by_id("0" * 8) if what == "id" else log.by_code("RC-ABCDEFGH")) == []


def test_little_room_for_what_is_shared_loses_nothing(log):
    """What is read for a batch of records is at hand until they are told, however little is kept."""
    every = [one.id for one in log.entries()]
    small = Log(log.store)
    with mock.patch.object(reading, "MAX_KEPT", 5), mock.patch.object(reading, "_BATCH", 7):
        assert [one.id for one in small.entries()] == every
    assert small.unreadable == []


def test_a_copy_that_nobody_may_write_to_is_read(tmp_path, monkeypatch):
    """As it lies: SQLite would make files beside it. Where a write-ahead log lies beside it, it is not all there is."""
    file = tmp_path / "audit #1.db"
    audit = Audit.open(file)
    logs.record(audit, logs.requests(20))
    audit.close()
    connect = sqlite3.connect

    def refused(where, *arguments, uri=False, **more):
        if uri:
            return connect(where, *arguments, uri=uri, **more)
        error = sqlite3.OperationalError("attempt to write a readonly database")
        error.sqlite_errorcode = sqlite3.SQLITE_READONLY_DIRECTORY
        raise error

    monkeypatch.setattr(sqlite3, "connect", refused)
    found = Log.open(str(file))
    assert len([*found.entries()]) == 20
    assert verify(found.store).sound
    with pytest.raises(AuditError, match="readonly"):
        Audit.open(file)
    file.with_name("audit #1.db-wal").touch()
    with pytest.raises(AuditError, match="readonly"):
        Log.open(str(file))


def test_an_id_that_is_no_text_is_nobodys(log):
    """A terminal may give bytes that are no UTF-8."""
    assert log.by_id("\udcff") == []


@pytest.mark.parametrize("store", ["sqlite", "jsonl"])
def test_what_cannot_be_read_is_told_by_a_search(tmp_path, store):
    """Nobody knows whether it is meant: it is never passed over as if it were not there."""
    url = str(tmp_path / "audit.db") if store == "sqlite" else f"jsonl:{tmp_path / 'audit'}"
    audit = Audit.open(url)
    decisions = logs.record(audit, logs.requests(5))
    audit.close()
    if store == "sqlite":
        db = sqlite3.connect(tmp_path / "audit.db")
        db.execute("UPDATE decision SET pseudonymised = 7 WHERE seq = 3")
        db.commit()
        db.close()
    else:
        (file,) = (tmp_path / "audit").glob("*.jsonl")
        file.write_bytes(file.read_bytes().replace(b'["entry",3,', b'["entry",3, '))
    for ask in (lambda log: [*log.found(Wanted(since=1))], lambda log: log.by_id(decisions[2].id)):
        log = Log.open(url)
        assert decisions[2].id not in [one.id for one in ask(log)]
        assert len(log.unreadable) == 1
        log.close()
