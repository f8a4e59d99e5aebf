"""What is recorded, by whom, in which order."""

import asyncio
import os
import re
import sys
import threading
from datetime import timedelta
from pathlib import Path
from time import time_ns

import demo
import pytest
from rolecall.audit import Audit, open_store
from rolecall.audit.choice import in_share
from rolecall.audit.signing import is_signed, read_public, read_statement
from rolecall.audit.stores.base import Query
from rolecall.audit.verify import verify
from rolecall.errors import AuditError, RequestError
from rolecall.instants import DAY

sys.path.insert(0, str(Path(__file__).parent))
import logs
from chains import walk
from logs_of import STORES, ask, opened, pdp, url_of


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("write", ["durable", "batched"])
def test_every_decision_is_recorded_as_it_was(store, write, tmp_path):
    """All ways of asking, in order, marked, with what they rested on."""
    url = url_of(store, tmp_path)
    audit, one = opened(url, write=write)
    decisions = [ask(one), ask(one, "guardian", None)]
    decisions += one.authorize_many(demo.who("teacher"), [demo.at("algebra_class"), demo.assignment()], "edit")
    decisions.append(asyncio.run(one.aauthorize("no-such-user", demo.grade("child_high", "algebra_class"), "view")))
    decisions.append(one.authorize(demo.who("teacher"), demo.assignment(visibility="odd"), acting_as=["teacher"]))
    audit.close()
    opened_again = open_store(url)
    entries = walk(opened_again, audit.writer)
    assert [entry.id for entry in entries] == [decision.id for decision in decisions]
    assert [entry.mark for entry in entries] == ["decision", "decision", "batch", "batch", "decision", "decision"]
    for entry, decision in zip(entries, decisions, strict=True):
        assert entry.code == decision.code
        assert entry.permission == decision.permission
        assert entry.allowed == (None if decision.permission is None else decision.allowed)
        assert entry.detail == decision.detail
        assert entry.as_of_ns == decision.feed.as_of
        assert [one.seq for one in opened_again.by_id(decision.id)] == [
            one.seq for one in opened_again.by_code(decision.short_code)
        ]
    assert entries[-1].properties == {"locked": False, "section": demo.who("algebra_class"), "visibility": None}
    assert entries[-1].acting_as == ["teacher"]
    assert opened_again.count() == len(entries)


@pytest.mark.parametrize("store", STORES)
def test_searches_find_what_they_ask_for(store, tmp_path):
    """By user, resource, permission, outcome, rule, mark and time; newest first."""
    url = url_of(store, tmp_path)
    audit = Audit.open(url)
    decisions = logs.record(audit, logs.requests(120))
    audit.close()
    kept = open_store(url)
    rule = next(one.cell.given[0][0].id for one in decisions if one.cell.given)

    def given(one):
        return one.allowed if one.permission is not None else bool(one.permissions)

    middle = decisions[60].nanoseconds
    cases = [
        (Query(), lambda _: True),
        (Query(user=decisions[3].subject), lambda one: one.subject == decisions[3].subject),
        (Query(type="section"), lambda one: one.resource.type == "section"),
        (Query(resource=decisions[3].resource.id), lambda one: one.resource.id == decisions[3].resource.id),
        (Query(permission="view", outcome="allowed"), lambda one: one.permission == "view" and given(one)),
        (Query(outcome="denied"), lambda one: not given(one)),
        (Query(outcome="no-rule"), lambda one: one.code == "no-rule"),
        (Query(rule=rule), lambda one: any(r.id == rule for r, _ in (*one.cell.given, *one.cell.capped))),
        (Query(mark="batch"), lambda _: False),
        (Query(since=middle), lambda one: one.nanoseconds >= middle),
        (Query(until=middle), lambda one: one.nanoseconds < middle),
    ]
    for query, wanted in cases:
        found = [one.entry.id for one in kept.search(query)]
        assert found == [one.id for one in reversed(decisions) if wanted(one)], query
    assert len(list(kept.search(Query(limit=7)))) == 7


def test_a_share_of_what_is_allowed_can_be_chosen_again(tmp_path):
    """All denials, the share by id of what was allowed, and what is always recorded."""
    audit = Audit.open(tmp_path / "audit.db", allows=0.3, always=["section.edit"])
    decisions = logs.record(audit, logs.requests(600))
    audit.close()
    recorded = {entry.id for entry in walk(audit.store, audit.writer)}

    def wanted(one):
        asked = one.permission
        if one.resource.type == "section" and (asked == "edit" or (asked is None and "edit" in one.permissions)):
            return True
        allowed = one.allowed if asked is not None else bool(one.permissions)
        return not allowed or in_share(one.id, 0.3)

    assert recorded == {one.id for one in decisions if wanted(one)}
    assert 0 < len(recorded) < len(decisions)


def test_nothing_may_be_recorded_at_all(tmp_path):
    """Neither denials nor allows."""
    audit = Audit.open(tmp_path / "audit.db", allows=0, denials=False)
    logs.record(audit, logs.requests(50))
    audit.close()
    assert audit.store.count() == 0


@pytest.mark.parametrize("store", STORES)
def test_many_threads_make_one_chain(store, tmp_path):
    """Whatever the order, nothing is missing and nothing is there twice."""
    audit, one = opened(url_of(store, tmp_path), segment=100)
    found = []

    def work():
        found.extend([ask(one).id for _ in range(200)])

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    audit.close()
    assert sorted(entry.id for entry in walk(audit.store, audit.writer)) == sorted(found)
    assert [one.number for one in audit.store.segments()] == list(range(1, 13))


def test_many_tasks_wait_for_the_disk_and_not_for_each_other(tmp_path):
    """Durable, in one event loop: all are given, all are there."""
    audit, one = opened(tmp_path / "audit.db", write="durable", bound=timedelta(seconds=5))

    async def everybody():
        asked = (one.aauthorize(demo.who("teacher"), demo.at("algebra_class"), "view") for _ in range(100))
        return await asyncio.gather(*asked)

    decisions = asyncio.run(everybody())
    assert {one.id for one in decisions} == {entry.id for entry in walk(audit.store, audit.writer)}
    audit.close()


@pytest.mark.parametrize("store", STORES)
def test_checkpoints_are_signed(store, tmp_path):
    """Each says what the hash was; the last one covers the last record."""
    key = logs.key(tmp_path)
    url = url_of(store, tmp_path)
    logs.made(url, writers=1, records=50, every=10, signing_key=key, pruned=False)
    kept = open_store(url)
    hashes = {one.seq: one.hash.hex() for one in kept.entries(kept.writers()[0])}
    signs = list(kept.checkpoints())
    assert [one.seq for one in signs] == [10, 20, 30, 40, 50]
    for one in signs:
        said = read_statement(one.body)
        assert (said.writer, said.hash) == (one.writer, hashes[one.seq])
        assert is_signed(one.body, one.signature, read_public(key))
        assert not is_signed(one.body + b" ", one.signature, read_public(key))


@pytest.mark.parametrize("store", STORES)
def test_what_is_too_old_goes_by_whole_segments(store, tmp_path):
    """Headers and last hashes remain, what remains verifies, and what nobody names any more is gone."""
    url = url_of(store, tmp_path)
    audit = Audit.open(url, segment=10)
    old = [(f"old-{number}", demo.at("algebra_class"), "view", None) for number in range(25)]
    logs.record(audit, old)
    audit.flush()
    kept = open_store(url)
    last = {one.seq: one.hash for one in kept.entries(audit.writer)}
    before = next(one.entry.time_ns for one in kept.entries(audit.writer) if one.seq == 21)
    assert kept.prune(before, time_ns()) == 0  # somebody may still write there
    assert kept.prune(before, time_ns() + 2 * DAY) == 2
    assert kept.prune(before, time_ns() + 2 * DAY) == 0
    first, second, third = kept.segments()
    assert (first.last_seq, second.last_seq, third.last_seq) == (10, 20, None)
    assert second.last_hash == last[20]
    assert third.read.previous == last[20].hex()
    assert [one.seq for one in kept.entries(audit.writer)] == [21, 22, 23, 24, 25]
    people = [one for one in kept.all_blobs() if one.kind == "person"]
    assert len(people) == 5
    logs.record(audit, old[:3])  # what was swept away is written again
    audit.close()
    entries = [one.entry for one in kept.entries(audit.writer)]
    assert len(kept.blobs([one.person for one in entries])) == 8
    assert [one.subject for one in entries[-3:]] == ["old-0", "old-1", "old-2"]
    kept.close()
    assert b"old-7" not in stored_bytes(tmp_path)


@pytest.mark.parametrize("store", STORES)
def test_the_oldest_segments_go_first(store, tmp_path):
    """Where a clock was put back, what is older by it waits for what was written before: the chain stays proven."""
    audit = Audit.open(url := url_of(store, tmp_path), segment=10)
    asked = [(f"u-{number}", demo.at("algebra_class"), "view", None) for number in range(10)]
    logs.record(audit, asked, begin=1000)
    logs.record(audit, asked)
    logs.record(audit, asked[:1], begin=2000)
    audit.close()
    kept, later = open_store(url), time_ns() + 2 * DAY
    newest = [max(one.entry.time_ns for one in kept.entries(audit.writer) if one.seq <= last) for last in (10, 21)]
    assert kept.prune(newest[0] - 500 * 10**9, later) == 0
    assert kept.prune(newest[0] + 1, later) == 2
    assert verify(kept).findings == []
    kept.close()


def test_a_file_is_replaced_by_one_that_is_on_the_disk(tmp_path, monkeypatch):
    """Retention in files: where the disk does not take what remains of a segment, the segment stays as it was."""
    audit = Audit.open(url := f"jsonl:{tmp_path / 'audit'}", segment=10)
    logs.record(audit, [("u", demo.at("algebra_class"), "view", None)] * 15)
    audit.close()
    kept, before = open_store(url), {file: file.read_bytes() for file in (tmp_path / "audit").iterdir()}

    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched, pytest.raises(AuditError, match="cannot be deleted: No space left"):
        patched.setattr(os, "fsync", full)
        kept.prune(time_ns() + 3 * DAY, time_ns() + 2 * DAY)
    assert {file: file.read_bytes() for file in (tmp_path / "audit").iterdir()} == before
    assert kept.prune(time_ns() + 3 * DAY, time_ns() + 2 * DAY) == 2
    assert verify(kept).findings == []


@pytest.mark.parametrize("store", STORES)
def test_what_is_written_between_two_steps_of_retention_keeps_what_it_names(store, tmp_path):
    """Though nobody named it any more when the texts were looked through."""
    audit = Audit.open(url := url_of(store, tmp_path), segment=10)
    old = [(f"old-{number}", demo.at("algebra_class"), "view", None) for number in range(20)]
    logs.record(audit, [*old, ("new", demo.at("algebra_class"), "view", None)])
    audit.flush()
    kept, gone = open_store(url), 0
    before = next(one.entry.time_ns for one in kept.entries(audit.writer) if one.seq == 21)
    for number, deleted in enumerate(kept.pruning(before, time_ns() + 2 * DAY)):
        gone += deleted
        logs.record(audit, [old[number % 20]])
        assert audit.flush()
    audit.close()
    assert gone == 2
    for one in kept.entries(audit.writer):
        assert not one.problem
        assert len(kept.blobs([one.entry.person, one.entry.cell, one.entry.policy])) == 3
    kept.close()


def stored_bytes(folder):
    """All bytes of the store's files."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_line_that_was_being_written_is_none(tmp_path):
    """What has no newline at its end nobody was told of; a file may end before its header does."""
    audit, one = opened(f"jsonl:{tmp_path}")
    ask(one)
    audit.close()
    (file,) = tmp_path.glob("*.jsonl")
    with file.open("ab") as lines:
        lines.write(b'["entry",2,"ab')
    (tmp_path / f"{'0' * 32}.000001.jsonl").write_bytes(b'["segment",[1')
    kept = open_store(f"jsonl:{tmp_path}")
    assert len(walk(kept, audit.writer)) == kept.count() == 1
    assert walk(kept, "0" * 32) == []
    assert len(list(kept.segments())) == 1


def test_what_cannot_be_opened_says_why(tmp_path):
    """A store that is none, or that nobody made."""
    (tmp_path / "text").write_text("no database, whatever it is called" * 50)
    for where, why in [
        (str(tmp_path / "missing.db"), "there is no audit log"),
        (str(tmp_path / "text"), "is no audit log"),
        (f"jsonl:{tmp_path / 'missing'}", "there is no folder"),
        ("mysql://host/db", "`mysql` is not one of them"),
        ("sqlite://", "SQLite needs a file"),
        ("", "an audit log is"),
        ("jsonl:", "an audit log is"),
        (":memory:", "an audit log is"),
        ("sqlite:///:memory:", "SQLite needs a file"),
        (tmp_path / "no" / "folder.db", "there is no audit log"),
    ]:
        with pytest.raises(AuditError, match=why):
            open_store(where)
    with pytest.raises(AuditError, match="there is no folder"):
        open_store(tmp_path / "no" / "folder.db", create=True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "maybe"},
        {"write": "never"},
        {"every": timedelta()},
        {"allows": 2},
        {"allows": "all"},
        {"always": ["export"]},
        {"pseudonym_key": b"short"},
        {"keep": timedelta(days=1)},
    ],
)
def test_what_makes_no_sense_is_refused_at_once(wrong, tmp_path):
    """At start-up, not at the first decision."""
    with pytest.raises(ValueError, match=r"."):
        Audit.open(tmp_path / "audit.db", **wrong)


@pytest.mark.parametrize("name", ["every", "late", "bound", "keep"])
def test_a_span_has_to_be_one(name, tmp_path):
    """A number does not say of what."""
    with pytest.raises(TypeError, match=f"`{name}` must be a timedelta"):
        Audit.open(tmp_path / "audit.db", **{name: 5})


@pytest.mark.parametrize(
    ("always", "said"),
    [
        ("section.edt", "`section` has no permission `edt`; did you mean `edit`?"),
        ("secton.edit", "did you mean `section`?"),
    ],
)
def test_what_is_always_to_be_recorded_must_be_known(always, said, tmp_path):
    """A typo would record nothing, and nobody would notice before the records are asked for."""
    audit = Audit.open(tmp_path / "audit.db", allows=0, always=[always])
    with pytest.raises(RequestError, match=re.escape(said)):
        pdp(audit)
    audit.close()


def test_a_log_that_is_closed_gives_nothing(tmp_path):
    """Neither does one whose file was deleted under it."""
    audit, one = opened(tmp_path / "audit.db")
    audit.close()
    assert "closed" in ask(one).indeterminate
    other = Audit.open(tmp_path / "other.db")
    two = pdp(other)
    ask(two)
    other.close()


PAD = {
    "sqlite": ["CREATE TRIGGER pad BEFORE INSERT ON checkpoint BEGIN SELECT RAISE(IGNORE); END"],
    "postgresql": [
        "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER pad BEFORE INSERT ON checkpoint FOR EACH ROW EXECUTE FUNCTION nothing()",
    ],
}


@pytest.mark.parametrize("store", PAD)
def test_a_trigger_that_somebody_added_is_found(store, tmp_path):
    """It may keep every checkpoint from being written: then the chain could be made anew from there on."""
    url, key = url_of(store, tmp_path), logs.key(tmp_path)
    logs.made(url, writers=1, records=20, signing_key=key, pruned=False)
    kept = open_store(url)
    assert verify(kept).findings == []
    with kept._writing() as connection:
        for statement in PAD[store]:
            connection.execute(statement)
    logs.made(url, writers=1, records=20, signing_key=key, pruned=False)
    said = "the store: somebody added the trigger `pad` to the tables"
    assert [str(one) for one in verify(kept).findings] == [said]
    kept.close()


def test_long_texts_may_be_there_twice(tmp_path):
    """PostgreSQL looks up no long ones: each process writes them anew, and nothing is wrong with that."""
    url = url_of("postgresql", tmp_path)
    audit = Audit.open(url)
    logs.record(audit, logs.requests(3))
    audit.close()
    kept = open_store(url)
    with kept._writing() as connection:
        for _ in range(2):
            connection.execute("INSERT INTO name (text) VALUES (%s)", ("y" * 600,))
    assert verify(kept).findings == []
    kept.close()
