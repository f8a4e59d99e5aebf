"""`rolecall audit`: records shown, searched, exported, counted, replayed, proven; keys and heads made."""

import csv
import io
import json
import shutil
import sqlite3
from unittest import mock

import demo
import logs
import pytest
from rolecall.audit import Audit
from shell import run


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A log of eighty decisions with a checkpoint at the end, its key and a signed head."""
    folder = tmp_path_factory.mktemp("audit")
    key = logs.key(folder)
    audit = Audit.open(folder / "audit.db", signing_key=key)
    logs.record(audit, logs.requests(80))
    audit.close()
    head = run("audit", "head", "--audit", folder / "audit.db", "--sign", key)
    assert head.code == 0
    (folder / "head.json").write_text(head.out)
    return folder


@pytest.fixture
def log(made, tmp_path):
    """A copy of it, to be spoilt."""
    shutil.copytree(made, tmp_path / "log")
    return tmp_path / "log"


def audit(folder, verb, *more):
    return run("audit", verb, *more, "--audit", folder / "audit.db")


def rows(made, *more):
    return [
        json.loads(line) for line in audit(made, "search", "--limit", 1000, "--format", "json", *more).out.splitlines()
    ]


def test_a_decision_is_shown_by_its_id_and_by_its_code(made):
    """Who, what, the answer, the roles, the places, the rules; the code as somebody reads it out."""
    one = next(row for row in rows(made, "--outcome", "allow") if row["permission"])
    by_id = audit(made, "show", one["decision"])
    assert (by_id.code, by_id.err) == (0, "")
    assert one["user"] in by_id.out
    assert f"asked         {one['permission']} on {one['resource_type']} {one['resource']}" in by_id.out
    assert "answer        allow (granted)" in by_id.out
    assert one["given_by"][0] in by_id.out
    assert audit(made, "show", one["code"].lower()).out == by_id.out
    (data,) = json.loads(audit(made, "show", one["code"], "--format", "json").out)
    assert data["cell"]["permissions"] == one["permissions"]
    assert data["person"]["id"] == one["user"]


def test_what_is_not_recorded_is_1(made):
    """And what the id or code may be is said."""
    for text in ("RC-00000000", "00000000-0000-7000-8000-000000000000", "nothing"):
        ran = audit(made, "show", text)
        assert (ran.code, ran.out) == (1, "")
        assert f"No decision `{text}` is recorded" in ran.err
    ran = audit(made, "search", "--user", "nobody")
    assert (ran.code, ran.out) == (1, "No such decision is recorded.\n")


def test_a_search_is_narrowed_by_each_option(made):
    """Newest first, the newest hundred; by person, thing, permission, outcome, rule and time."""
    every = rows(made)
    assert len(every) == 80
    assert [one["time"] for one in every] == sorted((one["time"] for one in every), reverse=True)
    one = next(row for row in every if row["given_by"])
    rule = one["given_by"][0].partition(" ")[0]
    for options, wanted in (
        (("--user", one["user"]), lambda row: row["user"] == one["user"]),
        (
            ("--resource", f"{one['resource_type']}:{one['resource']}"),
            lambda row: (row["resource_type"], row["resource"]) == (one["resource_type"], one["resource"]),
        ),
        (("--permission", "view"), lambda row: row["permission"] == "view"),
        (("--outcome", "deny"), lambda row: row["outcome"] == "deny"),
        (("--since", one["time"]), lambda row: row["time"] >= one["time"]),
        (("--until", one["time"]), lambda row: row["time"] < one["time"]),
    ):
        assert rows(made, *options) == [row for row in every if wanted(row)], options
    assert one in rows(made, "--rule", rule)
    ran = audit(made, "search", "--limit", "5")
    assert len(ran.out.splitlines()) == 5
    assert "there are more than 5" in ran.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("search", "--resource", "section"), "`section` is not TYPE:ID"),
        (("search", "--since", "2026-09-22"), "lacks a time of day"),
        (("search", "--since", "2026-09-23T00:00:00Z", "--until", "2026-09-22T00:00:00Z"), "lies before `--since"),
        (("search", "--outcome", "maybe"), "'maybe' is not one of"),
        (("export", "--format", "parquet"), "Parquet is written to a file: `--out FILE`"),
        (("replay", "--list"), "give `--with POLICIES`"),
        (("retain", "--keep", "1"), "--keep"),
        (("search", "--pseudonym-key", "none.key", "--user", "u"), "cannot read `none.key`"),
    ],
)
def test_wrong_usage_is_2(made, options, said):
    """And says what is meant."""
    ran = audit(made, *options)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_no_store_is_4(tmp_path, monkeypatch):
    """Nothing is made where there is nothing; ROLECALL_AUDIT names the store as `--audit` does."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROLECALL_AUDIT", "other.db")
    for verb in ("verify", "stats", "search", "replay", "head", "export"):
        ran = run("audit", verb)
        assert (ran.code, ran.out) == (4, "")
        assert "`other.db`" in ran.err
    assert [*tmp_path.iterdir()] == []


def test_an_export_is_written_to_a_file_or_out(made, tmp_path):
    """Oldest first, the same as searched for."""
    ran = audit(made, "export")
    found = [*csv.DictReader(io.StringIO(ran.out, newline=""))]
    assert [one["decision"] for one in found] == [one["decision"] for one in rows(made)][::-1]
    file = tmp_path / "out.jsonl"
    assert audit(made, "export", "--format", "jsonl", "--out", file, "--outcome", "deny").out == ""
    assert [json.loads(line) for line in file.read_text().splitlines()] == rows(made, "--outcome", "deny")[::-1]
    student = next(one["student"] for one in rows(made) if one["student"])
    ran = audit(made, "export", "--format", "ocsf", "--student", student)
    assert {json.loads(line)["unmapped"]["student"] for line in ran.out.splitlines()} == {student}
    assert "cannot write" in audit(made, "export", "--out", tmp_path / "no" / "file").err


def test_a_parquet_file_is_written(made, tmp_path):
    """It needs a file, and pyarrow."""
    parquet = pytest.importorskip("pyarrow.parquet")
    assert audit(made, "export", "--format", "parquet", "--out", tmp_path / "out.parquet").code == 0
    assert parquet.read_table(tmp_path / "out.parquet").num_rows == 80
    ran = audit(made, "export", "--format", "parquet", "--out", tmp_path / "no" / "file")
    assert (ran.code, "cannot write" in ran.err) == (2, True)


def test_records_are_counted(made):
    """By outcome, reason, kind, permission, rule, policy and day."""
    data = json.loads(audit(made, "stats", "--format", "json").out)
    assert data["records"] == 80 == sum(data["outcomes"].values()) == sum(data["days"].values())
    assert data["outcomes"]["deny"] == len(rows(made, "--outcome", "deny"))
    assert data["policies"] == {demo.table().digest: 80}
    assert audit(made, "stats").out.startswith("80 records about ")


def test_what_is_sound_is_0(made):
    """With the key and the head nothing is left open; without, it is said what cannot be seen."""
    ran = audit(made, "verify", "--key", made / "key.pem.pub", "--head", made / "head.json")
    assert (ran.code, ran.err) == (0, "")
    assert "Every record is as it was written, in its place." in ran.out
    assert "A checkpoint or the head covers each chain to its end." in ran.out
    assert "Nothing inside a store" not in ran.out
    ran = audit(made, "verify")
    assert "Nothing inside a store can show that its newest records were cut off" in ran.out
    assert "Whether the keys that signed the checkpoints are yours, only `--key` can tell." in ran.out
    data = json.loads(audit(made, "verify", "--format", "json").out)
    assert (data["sound"], data["records"], data["checkpoints"], data["findings"]) == (True, 80, 1, [])


def spoil(folder, *statements):
    db = sqlite3.connect(folder / "audit.db")
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


def test_what_is_wrong_is_1_and_named(log):
    """The writer, the record, the decision, what is wrong with it; what cannot be read is told by every verb."""
    spoil(log, "UPDATE decision SET time_ns = time_ns + 1 WHERE seq = 17")
    ran = audit(log, "verify")
    assert ran.code == 1
    assert "1 thing is wrong; the first:" in ran.out
    assert ", record 17 (decision " in ran.out
    assert ran.out.count("changed: writer") == 1
    (finding,) = json.loads(audit(log, "verify", "--format", "json").out)["findings"]
    assert (finding["what"], finding["record"]) == ("changed", 17)
    spoil(log, "UPDATE decision SET resource = 999999 WHERE seq = 20")
    ran = audit(log, "stats")
    assert ran.code == 1
    assert "record 20 of writer" in ran.err


def test_a_cut_off_end_needs_a_head(log):
    """Without one the rest is sound; with it, the first record that is missing is named."""
    spoil(log, "DELETE FROM decision WHERE seq > 60", "DELETE FROM checkpoint")
    assert audit(log, "verify").code == 0
    ran = audit(log, "verify", "--head", log / "head.json")
    assert ran.code == 1
    assert "cut-off: writer" in ran.out
    assert "record 61: the end was cut off" in ran.out


def test_a_head_that_is_none_is_refused(log, tmp_path):
    """Changed, unsigned, another key's, no head at all."""
    other = logs.key(tmp_path)
    head = log / "head.json"
    ran = audit(log, "verify", "--head", head, "--key", f"{other}.pub")
    assert (ran.code, ran.err) == (4, "rolecall: the head is not signed by this key\n")
    data = json.loads(head.read_text())
    head.write_text(json.dumps(data | {"time": "2027-01-01T00:00:00.000Z"}))
    assert "the head was changed after it was signed" in audit(log, "verify", "--head", head).err
    head.write_text(json.dumps(data | {"key": "", "signature": ""}))
    assert "the head is not signed" in audit(log, "verify", "--head", head, "--key", log / "key.pem.pub").err
    head.write_text("[]")
    assert "the head cannot be read" in audit(log, "verify", "--head", head).err
    head.write_text('{"what": "x", "schema": 1, "time": "2027-01-01T00:00:00.000Z"}')
    assert "is no head of an audit log" in audit(log, "verify", "--head", head).err
    assert "cannot read `none`" in audit(log, "verify", "--head", "none").err


def test_a_key_is_made_once(tmp_path):
    """The private one for its owner alone; neither is ever written over."""
    file = tmp_path / "key.pem"
    ran = run("audit", "keygen", file)
    assert ran.code == 0
    assert file.stat().st_mode & 0o077 == 0
    assert b"PUBLIC KEY" in (tmp_path / "key.pem.pub").read_bytes()
    again = run("audit", "keygen", file)
    assert again.code == 2
    assert "is there already" in again.err
    assert "cannot write" in run("audit", "keygen", tmp_path / "no" / "key.pem").err


def test_history_is_replayed(made, log):
    """0 where all came out the same; 1 where something did not, and what."""
    ran = audit(made, "replay")
    assert (ran.code, ran.out) == (
        0, "80 records decided again, by 1 version of the policy: 80 came out the same\n",
    )  # fmt: skip
    some = audit(made, "replay", "--outcome", "deny", "--format", "json")
    assert json.loads(some.out)["equal"] == len(rows(made, "--outcome", "deny"))
    spoil(log, "UPDATE decision SET cell = (SELECT cell FROM decision WHERE seq = 2) WHERE seq <> 2")
    ran = audit(log, "replay")
    assert ran.code == 1
    assert "are not what was decided:" in ran.out
    spoil(log, "DELETE FROM blob WHERE kind = 'person'")
    assert "cannot" in audit(log, "stats").err


def test_history_is_replayed_under_another_policy(made, tmp_path):
    """Groups by rule, as text and as data; each decision with `--list`; an invalid policy is 3."""
    assert audit(made, "replay", "--with", demo.POLICIES).code == 0
    other = tmp_path / "other"
    shutil.copytree(demo.POLICIES, other)
    file = other / "educators.yaml"
    file.write_text(file.read_text().replace("when: {teacher: section}", "when: {primary_teacher: section}"))
    data = json.loads(audit(made, "replay", "--with", other, "--format", "json").out)
    ran = audit(made, "replay", "--with", other)
    assert ran.code == (1 if data["different"] else 0)
    assert data["records"] == 80 == data["same"] + data["different"]
    assert sum(group["decisions"] for group in data["groups"]) == data["different"]
    listed = audit(made, "replay", "--with", other, "--list").out.splitlines()
    assert len(listed) == data["different"]
    file.write_text("rolecall: 1\nrules: 7\n")
    assert audit(made, "replay", "--with", other).code == 3


def test_old_segments_are_deleted(log):
    """Only whole ones, a day old; what is left is sound."""
    assert audit(log, "retain", "--keep", "30").out.startswith("Nothing to delete")
    from time import time_ns  # noqa: PLC0415 - segments begin by the real clock

    later = time_ns() + 40 * 86_400_000_000_000
    with mock.patch("rolecall_cli.audit.retain.time_ns", lambda: later):
        ran = audit(log, "retain", "--keep", "2", "--format", "json")
    assert json.loads(ran.out)["deleted"] == 80
    ran = audit(log, "verify", "--head", log / "head.json")
    assert ran.code == 0
    assert "80 records deleted by age" in ran.out


def test_the_schema_is_that_of_records(made):
    """A record's bytes are an instance of it."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - takes its time
    from rolecall.audit import open_store  # noqa: PLC0415

    schema = json.loads(run("audit", "schema").out)
    store = open_store(made / "audit.db")
    for stored in store.entries(store.writers()[0]):
        Draft202012Validator(schema).validate(json.loads(stored.data))
    store.close()


def test_people_are_found_by_their_ids_where_these_are_hidden(tmp_path):
    """With the key in a file; without it only by the pseudonym."""
    (tmp_path / "pseudonyms.key").write_bytes(b"k" * 32)
    recorder = Audit.open(tmp_path / "audit.db", pseudonym_key=b"k" * 32)
    user = logs.record(recorder, logs.requests(1))[0].subject
    recorder.close()
    assert audit(tmp_path, "search", "--user", user).code == 1
    found = audit(tmp_path, "search", "--user", user, "--pseudonym-key", tmp_path / "pseudonyms.key")
    assert found.code == 0
    assert user not in found.out
    (tmp_path / "short.key").write_bytes(b"k")
    assert "too short" in audit(tmp_path, "search", "--user", user, "--pseudonym-key", tmp_path / "short.key").err


def test_a_recorded_decision_is_explained(made, log):
    """By its id or its short code, in the words that it would have had then; the exit code is that of the answer."""
    for outcome, code in (("allow", 0), ("deny", 1)):
        one = next(row for row in rows(made, "--outcome", outcome) if row["permission"])
        by_code = run("explain", "--code", one["code"], "--audit", made / "audit.db")
        assert (by_code.code, by_code.err) == (code, "")
        assert f"{one['permission']} permission for {one['resource_type']} {one['resource']}" in by_code.out
        assert f"decision {one['decision']}" in by_code.out
        by_id = run("explain", "--decision", one["decision"], "--audit", made / "audit.db", "--format", "json")
        data = json.loads(by_id.out)
        assert (data["id"], data["code"], data["time"]) == (one["decision"], one["reason"], one["time"])
    spoil(log, "UPDATE decision SET cell = (SELECT cell FROM decision WHERE seq = 2) WHERE seq <> 2")
    other = next(row for row in rows(made) if row["reason"] == "other-district")
    ran = run("explain", "--decision", other["decision"], "--audit", log / "audit.db")
    assert "decided again it comes out otherwise than it is recorded" in ran.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--code", "RC-00000000", "--decision", "x"), "give a decision's id, or its short code"),
        (("--code", "RC-00000000", "--user", "u"), "a recorded decision has its own person and resource"),
        (("--user", "u"), "say who and what, or which recorded decision"),
        (("--resource", "section:s"), "say who and what, or which recorded decision"),
    ],
)
def test_a_recorded_decision_is_asked_for_in_one_way(made, options, said):
    """Anything else is wrong usage."""
    ran = run("explain", "--audit", made / "audit.db", *options)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
