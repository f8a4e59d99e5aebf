"""`rolecall explain` and the audit log: what is explained is recorded; what is recorded is explained, with what was then."""

import json
import sqlite3
from datetime import timedelta
from time import time_ns
from unittest import mock

import demo
import logs
import pytest
import stores
from rolecall import Resource
from rolecall.audit import Audit
from rolecall.facts.store import Store
from rolecall.testing import demo_district
from shell import demo_file, run
from stores import SECOND

ASKED = (
    "--policies", demo.POLICIES, "--user", demo.who("principal"), "--resource", f"section:{demo.who('algebra_class')}",
    "--permission", "edit",
)  # fmt: skip
NAMES = ("Pat Okafor", "oakvale.example")


@pytest.fixture
def log(tmp_path):
    """A log of one denial."""
    audit = Audit.open(tmp_path / "audit.db")
    thing = Resource("section", demo.who("algebra_class"))
    logs.record(audit, [(demo.who("principal"), thing, "edit", None)])
    audit.close()
    return tmp_path / "audit.db"


def explain(*arguments, facts=True):
    return run("explain", *(("--snapshot", demo_file()) if facts else ()), *arguments)


def recorded(log):
    ran = run("audit", "search", "--audit", log, "--format", "json")
    return [json.loads(line) for line in ran.out.splitlines()]


def test_what_is_explained_is_recorded(log):
    """Where a log is named, with the mark `explain`; else nowhere."""
    assert explain(*ASKED).code == 1
    assert len(recorded(log)) == 1
    ran = explain(*ASKED, "--audit", log)
    assert (ran.code, ran.err) == (1, "")
    assert sorted(one["kind"] for one in recorded(log)) == ["decision", "explain"]
    other = explain("--policies", demo.POLICIES, *ASKED[4:], "--compare", demo.who("teacher"), ASKED[3], "--audit", log)
    assert other.code == 1
    assert [one["kind"] for one in recorded(log)].count("explain") == 3
    assert run("audit", "replay", "--audit", log).code == 0


def test_no_log_is_made_by_a_typing_error(tmp_path):
    """And nothing is explained."""
    ran = explain(*ASKED, "--audit", tmp_path / "audti.db")
    assert (ran.code, ran.out) == (4, "")
    assert "there is no audit log" in ran.err
    assert not (tmp_path / "audti.db").exists()


def test_names_are_shown_only_where_that_is_recorded(log):
    """In every format; without them there is no name in any."""
    for shape in ("text", "markdown", "html", "json"):
        plain = explain(*ASKED, "--format", shape, "--audit", log).out
        assert not [name for name in NAMES if name in plain]
        shown = explain(*ASKED, "--format", shape, "--audit", log, "--names").out
        assert all(name in shown for name in NAMES)
    assert [one["kind"] for one in recorded(log)].count("names") == 4
    ran = explain(*ASKED, "--names")
    assert (ran.code, ran.out) == (2, "")
    assert "name the audit log with `--audit URL`" in ran.err
    both = explain(
        "--policies", demo.POLICIES, *ASKED[4:], "--compare", demo.who("teacher"), ASKED[3], "--names", "--audit", log
    )
    assert NAMES[0] in both.out
    assert not any(name in json.dumps(recorded(log)) for name in NAMES)


def test_what_cannot_be_recorded_is_not_shown(log):
    """Nobody sees a name, or an explanation, without the record of it."""
    db = sqlite3.connect(log)
    db.execute("CREATE TRIGGER full BEFORE INSERT ON decision BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
    db.commit()
    db.close()
    for more, said in ((("--names",), "no names are shown"), ((), "nothing is explained")):
        with (
            mock.patch("rolecall_cli.audit.keeping._PATIENCE", timedelta(seconds=0.4)),
            mock.patch("rolecall.audit.writing._PATIENCE", 0.2),
        ):
            ran = explain(*ASKED, "--audit", log, *more)
        assert (ran.code, ran.out) == (4, "")
        assert f"{said}, because it cannot be recorded" in ran.err
        assert "the disk is full" in ran.err


@pytest.mark.parametrize(
    "more", [("--permission", "view"), ("--as", "staff"), ("--compare", "u1", "u2"), ("--at", "2026-10-14T15:00:00Z")]
)
def test_nothing_else_is_asked_of_a_recorded_decision(log, more):
    """What would not be answered is wrong usage, and not passed over."""
    (one,) = recorded(log)
    ran = explain("--code", one["code"], "--audit", log, *more, facts=False)
    assert (ran.code, ran.out) == (2, "")
    assert f"Invalid value for {more[0]}: a recorded decision is explained as it was made" in ran.err


def test_a_recorded_decision_is_explained_by_the_policy_of_then(log):
    """Whichever else is named."""
    (one,) = recorded(log)
    ran = explain("--code", one["code"], "--audit", log, "--policies", demo.POLICIES)
    assert (ran.code, "and `--policies` is not asked" in ran.err) == (1, True)


def test_a_recorded_decision_says_what_would_have_changed_it(log):
    """From the policy and the facts of then; what was not recorded is said to be unknown, not to be nothing."""
    (one,) = recorded(log)
    ran = explain("--code", one["code"], "--audit", log, facts=False)
    assert (ran.code, ran.err) == (1, "")
    assert "What would allow it, least first:" in ran.out
    assert f"Give them the role teacher, and name them as a teacher of section {demo.who('algebra_class')}." in ran.out
    assert "Add `edit` to the `min` of rule `administrators-view-their-schools`" in ran.out
    assert "This is what would have changed it then" in ran.out
    assert "Not known, because it was not recorded: other people and other things" in ran.out
    assert "not known, because a record is of one moment" in ran.out
    live = json.loads(explain(*ASKED, "--format", "json").out)["explanation"]["changes"]["suggestions"]
    then = explain("--decision", one["decision"], "--audit", log, "--format", "json", facts=False)
    changes = json.loads(then.out)["explanation"]["changes"]
    assert {row["sentence"] for row in changes["suggestions"]} == {row["sentence"] for row in live}
    assert len(recorded(log)) == 1  # nothing was decided


def test_names_beside_a_recorded_decision(log):
    """Out of facts that are given, for the log holds none; the look is recorded beside the decision."""
    (one,) = recorded(log)
    ran = explain("--policies", demo.POLICIES, "--code", one["code"], "--names", "--audit", log)
    assert ran.code == 1
    assert all(name in ran.out for name in NAMES)
    assert [(row["decision"], row["kind"]) for row in recorded(log)].count((one["decision"], "names")) == 1
    assert run("audit", "verify", "--audit", log).code == 0
    ran = explain("--code", one["code"], "--names", "--audit", log, facts=False)
    assert (ran.code, ran.out) == (2, "")
    assert "there are no facts" in ran.err


def test_hidden_ids_stay_hidden(tmp_path):
    """To a log with pseudonyms nothing is added without their key, and no name belongs to one."""
    (tmp_path / "key").write_bytes(b"k" * 32)
    audit = Audit.open(tmp_path / "audit.db", pseudonym_key=b"k" * 32)
    thing = Resource("section", demo.who("algebra_class"))
    logs.record(audit, [(demo.who("principal"), thing, "edit", None)])
    audit.close()
    ran = explain(*ASKED, "--audit", tmp_path / "audit.db")
    assert (ran.code, ran.out) == (4, "")
    assert "give `--pseudonym-key FILE`" in ran.err
    assert explain(*ASKED, "--audit", tmp_path / "audit.db", "--pseudonym-key", tmp_path / "key").code == 1
    kept = recorded(tmp_path / "audit.db")
    assert len({one["user"] for one in kept}) == 1
    assert demo.who("principal") not in json.dumps(kept)
    code = next(one["code"] for one in kept if one["kind"] == "decision")
    plain = explain("--code", code, "--audit", tmp_path / "audit.db", facts=False)
    assert "the ids of people here are pseudonyms" in plain.out
    more = ("--policies", demo.POLICIES, "--names", "--pseudonym-key", tmp_path / "key")
    ran = explain("--code", code, "--audit", tmp_path / "audit.db", *more)
    assert (ran.code, ran.out) == (4, "")
    assert "belong to no name" in ran.err


def test_names_come_out_of_a_roster_store_too(log, tmp_path):
    """As they stood at the time that is asked about."""
    store = Store.open(tmp_path / "roster.db")
    stores.filled(store, demo_district(users=100), now=time_ns() - 300 * SECOND, cursor="e")
    store.close()
    ran = explain(*ASKED, "--store", tmp_path / "roster.db", "--audit", log, "--names", facts=False)
    assert ran.code == 1
    assert all(name in ran.out for name in NAMES)
