"""`rolecall sync`: what it says, to whom, and its exit codes; against the fake on a socket."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from itertools import takewhile

import pytest
import shell
from demo import POLICIES
from rolecall.facts.sync import Progress
from rolecall.testing import CAST, FakeClever, demo_district
from rolecall.testing.fake import Fault
from rolecall_cli.syncing import Bar
from syncs import DISTRICT, OTHER

NO_PAGE = "its answer is no page of a list"
ME = "district d15700000000000000000001"


@pytest.fixture
def fake():
    """A small district whose feed has had an event."""
    made = FakeClever(demo_district(users=100))
    made.change("course", {"id": "c0", "district": DISTRICT})
    return made


@pytest.fixture
def sync(fake, tmp_path, monkeypatch):
    """`rolecall sync` with a token, an address and a store of its own in the environment."""
    for name in [name for name in os.environ if name.startswith(("ROLECALL_", "CLEVER_"))]:
        monkeypatch.delenv(name)
    with fake.serve() as server:
        monkeypatch.setenv("ROLECALL_CLEVER_URL", server.url)
        monkeypatch.setenv("ROLECALL_CLEVER_TOKEN", fake.tokens[DISTRICT])
        monkeypatch.setenv("ROLECALL_STORE", str(tmp_path / "roster.db"))
        yield lambda *arguments: shell.run("sync", *arguments)


def delete_many(fake):
    for one in [one["id"] for one in fake.world["users"] if one["district"] == DISTRICT][:25]:
        fake.delete("user", one)


def test_the_first_sync_reads_everything_and_the_next_ones_follow(sync, fake):
    """Each says what it did, and as of when the facts are complete."""
    first = sync()
    assert first.code == 0
    assert re.fullmatch(
        rf"{ME}: read in full, because it was never read before: 132 records new, changed or gone; "
        r"complete as of \d{4}-\d\d-\d\d \d\d:\d\d UTC\n",
        first.out,
    )
    assert f"{ME}: reading users, 132 records so far" in first.err.splitlines()
    assert sync().out.startswith(f"{ME}: nothing new; complete as of ")
    fake.change("user", fake.record("user", CAST["teacher"].id) | {"roles": {}})
    second = sync()
    assert second.out.startswith(f"{ME}: 1 record changed; complete as of ")
    assert second.err == ""


def test_what_it_did_can_be_read_by_a_program(sync, fake):
    """One object a line, for each district."""
    sync()
    event = fake.change("user", fake.record("user", CAST["teacher"].id) | {"roles": {}})
    ran = sync("--format", "json")
    (said,) = map(json.loads, ran.out.splitlines())
    assert said.pop("as_of").endswith("Z")
    assert said == {
        "schema": 1,
        "district": DISTRICT,
        "outcome": "followed",
        "why": None,
        "altered": 1,
        "change": 2,
        "state": "following",
        "last_event": event,
        "note": None,
        "reports": [],
    }


def test_the_store_it_makes_is_decided_on(sync):
    """`explain` with the same store knows what Clever says."""
    sync()
    ran = shell.run(
        *("explain", "--policies", shell.POLICIES, "--user", CAST["teacher"].id),
        *("--resource", f"section:{CAST['covered_class'].id}", "--permission", "edit"),
    )
    assert ran.code == 0, ran


def test_a_district_without_events_is_told_what_that_means(sync, fake):
    """Each sync has to read it in full."""
    fake.expire_events("~")
    fake.events_on = False
    for _ in range(2):
        ran = sync()
        assert "No event ever came for this district" in ran.out
    assert "because it never had an event, so that only this tells what has changed" in ran.out


def test_a_paused_district_is_told_what_that_means(sync, fake):
    """Its facts are as old as its last sync."""
    fake.pause(last_sync="2026-06-20T10:00:00.000Z")
    ran = sync()
    assert "complete as of 2026-06-20 10:00 UTC" in ran.out
    assert "its data stands still. Decisions go on with older facts until those are too old" in ran.out


def test_what_is_left_out_is_said(sync, fake):
    """The first ten such records by name."""
    for number in range(12):
        fake.change("school", {"id": f"5c5c{number:02}"}, district=DISTRICT)
    ran = sync()
    assert ran.code == 0
    assert "note: school `5c5c00` is left out: it has no `district`" in ran.err
    assert "note: … and 2 more records like these" in ran.err


def test_a_mass_change_is_held_until_accepted(sync, fake):
    """Exit code 1 asks for a yes; `--accept` gives it."""
    sync()
    delete_many(fake)
    ran = sync()
    assert (ran.code, ran.out) == (1, "")
    assert "25 of 97 users are gone at once, more than 10% of a kind. Nothing of it is applied" in ran.err
    assert json.loads(sync("--format", "json").out)["outcome"] == "held"
    ran = sync("--accept")
    assert (ran.code, "25 records changed" in ran.out) == (0, True)


def test_a_failing_event_is_told_and_gone_round(sync, fake):
    """Exit code 4; `--full` reads anew."""
    sync()
    fake.emit("users.updated", {"id": "u", "district": DISTRICT, "roles": {"teacher": {"schools": 7}}})
    ran = sync()
    assert (ran.code, ran.out) == (4, "")
    assert "cannot be applied: user `u`: `roles.teacher.schools` must be a list of ids" in ran.err
    assert json.loads(sync("--format", "json").out)["outcome"] == "stopped"
    assert sync("--full").code == 0


def test_clever_away_is_told_with_what_it_means(sync, fake):
    """Exit code 4, and the other districts go on."""
    sync()
    fake.fault(Fault.status(401))
    ran = sync()
    assert ran.code == 4
    assert "Clever refuses the token" in ran.err
    assert "Decisions go on with older facts until those are too old, and are indeterminate then." in ran.err


def test_every_district_with_a_token_is_synced(sync, fake, monkeypatch, tmp_path):
    """A file of tokens; `--district` for some of them; one that fails keeps no other waiting."""
    file = tmp_path / "tokens.json"
    file.write_text(json.dumps({DISTRICT: "wrong", OTHER: fake.tokens[OTHER]}))
    monkeypatch.delenv("ROLECALL_CLEVER_TOKEN")
    monkeypatch.setenv("ROLECALL_CLEVER_TOKENS", str(file))
    ran = sync()
    assert (ran.code, ran.out.count("read in full")) == (4, 1)
    assert ran.out.startswith(f"district {OTHER}: read in full")
    assert sync("--district", OTHER).code == 0


def test_a_district_without_a_token_grows_older_and_that_is_said(sync, fake, monkeypatch):
    """It is in the store, but nobody can ask about it any more."""
    sync()
    monkeypatch.setenv("ROLECALL_CLEVER_TOKEN", fake.tokens[OTHER])
    assert f"note: district {DISTRICT} is in the store, but there is no token for it" in sync().err


def test_a_misspelt_district_leaves_no_trace(sync):
    """Were it waited for, nobody could be told any more that they are unknown."""
    assert sync().code == 0
    wrong = sync("--district", "d1")
    assert (wrong.code, wrong.out) == (4, "")
    assert "district `d1`: the token is that of district `d15700000000000000000001`" in wrong.err
    asked = ("--store", os.environ["ROLECALL_STORE"], "--user", "u1", "--resource", "section:s1")
    assert "subject-not-found" in shell.run("explain", "--policies", str(POLICIES), *asked).out


def test_a_district_that_never_came_is_forgotten(sync, fake, monkeypatch, tmp_path):
    """Until then whoever is unknown might be there: one that was misspelt among the tokens must not stay for ever."""
    tokens = tmp_path / "tokens.json"
    tokens.write_text(json.dumps({DISTRICT: fake.tokens[DISTRICT], "d1": fake.tokens[OTHER]}))
    monkeypatch.delenv("ROLECALL_CLEVER_TOKEN")
    monkeypatch.setenv("ROLECALL_CLEVER_TOKENS", str(tokens))
    assert sync().code == 4
    asked = ("--store", os.environ["ROLECALL_STORE"], "--user", "u1", "--resource", "section:s1")
    assert "does not hold district `d1` yet" in shell.run("explain", "--policies", str(POLICIES), *asked).out
    monkeypatch.delenv("ROLECALL_CLEVER_TOKENS")
    said = "district d1: forgotten; nothing was held of it, and it is no longer waited for\n"
    assert sync("--forget", "d1").out == said
    assert "subject-not-found" in shell.run("explain", "--policies", str(POLICIES), *asked).out
    again = sync("--forget", "d1")
    assert (again.code, "does not know of a district `d1`" in again.err) == (4, True)
    assert sync("--forget", "d1", "--full").code == 2


def test_a_district_that_has_left_is_forgotten_once_its_token_is_gone_and_somebody_says_yes(
    sync, fake, monkeypatch, tmp_path
):
    """Until then nothing changes; after it the past is known, and a token that is back reads it anew."""
    tokens = tmp_path / "tokens.json"
    tokens.write_text(json.dumps({DISTRICT: fake.tokens[DISTRICT], OTHER: fake.tokens[OTHER]}))
    monkeypatch.delenv("ROLECALL_CLEVER_TOKEN")
    monkeypatch.setenv("ROLECALL_CLEVER_TOKENS", str(tokens))
    assert sync().code == 0
    given = sync("--forget", DISTRICT, "--accept")
    assert (given.code, "a token for it is still given, and the next sync would read it" in given.err) == (4, True)
    tokens.write_text(json.dumps({OTHER: fake.tokens[OTHER]}))
    assert f"Where it has left for good: `rolecall sync --forget {DISTRICT}`" in sync().err
    asked, machine = sync("--forget", DISTRICT), sync("--forget", DISTRICT, "--format", "json")
    assert (asked.code, f"say `rolecall sync --forget {DISTRICT} --accept`" in asked.err) == (1, True)
    assert (machine.code, json.loads(machine.out)["held"]["district"]) == (1, 1)
    before = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))
    time.sleep(1.5)
    teacher = CAST["multi_role_teacher"].id
    facts = ("--store", os.environ["ROLECALL_STORE"], "--policies", str(POLICIES))
    question = ("explain", *facts, "--user", teacher, "--resource", f"section:{CAST['algebra_class'].id}")
    assert shell.run(*question, "--permission", "edit").code == 0
    done = sync("--forget", DISTRICT, "--accept")
    assert (done.code, done.err) == (0, "")
    assert re.fullmatch(rf"{ME}: forgotten; 1 district, .*, 97 users ended as of now, what was stays known\n", done.out)
    now, then = (shell.run(*question, "--permission", "edit", *at) for at in ((), ("--at", before)))
    assert (now.code, "subject-not-found" in now.out, then.code) == (1, True, 0)
    assert "the district was forgotten: `rolecall sync --forget`" in shell.run("history", teacher).out
    tokens.write_text(json.dumps({DISTRICT: fake.tokens[DISTRICT], OTHER: fake.tokens[OTHER]}))
    assert f"{ME}: read in full, because it was never read before: 132 records" in sync().out
    assert shell.run(*question, "--permission", "edit").code == 0


def test_a_district_is_not_forgotten_where_nobody_knows_whether_it_has_a_token(sync, fake):
    """The token that is given may be its own, and is no longer taken; or Clever is away."""
    assert sync().code == 0
    with fake.fault(Fault.status(401), path="/v3.0/districts"):
        away = sync("--forget", DISTRICT, "--accept")
    assert (away.code, "take it out of the environment first; else try again later" in away.err) == (4, True)


def test_swapped_tokens_are_refused(sync, fake, monkeypatch, tmp_path):
    """Each district would be told another's news, and never again its own."""
    tokens = tmp_path / "tokens.json"
    tokens.write_text(json.dumps({DISTRICT: fake.tokens[OTHER], OTHER: fake.tokens[DISTRICT]}))
    monkeypatch.delenv("ROLECALL_CLEVER_TOKEN")
    monkeypatch.setenv("ROLECALL_CLEVER_TOKENS", str(tokens))
    ran = sync()
    assert (ran.code, ran.out) == (4, "")
    assert f"district `{DISTRICT}`: the token is that of district `{OTHER}`" in ran.err


def test_verify_lists_differences(sync, fake, monkeypatch):
    """Exit code 1, ids and field names, and nobody's data."""
    monkeypatch.setattr(sys.modules["rolecall.facts.sync.verify"], "_PAUSE", 0)
    sync()
    assert sync("--verify").out == f"{ME}: 132 records compared with Clever: the store says the same\n"
    fake.events_on = False
    fake.change("user", fake.record("user", CAST["teacher"].id) | {"email": "secret@d.example"})
    fake.delete("section", CAST["past_class"].id)
    ran = sync("--verify")
    assert ran.code == 1
    assert ran.out.splitlines() == [
        f"{ME}: 131 records compared with Clever: 2 differ, 1 of them so that decisions can be others",
        f"  section {CAST['past_class'].id} is in the store, not in Clever",
        f"  user {CAST['teacher'].id} is different (email)",
        "`rolecall sync --full` reads the district anew.",
    ]
    said = json.loads(sync("--verify", "--format", "json").out)
    assert (said["outcome"], len(said["differences"]), said["compared"]) == ("verified", 2, 131)


@pytest.mark.parametrize("more", ["--watch", "--full", "--accept"])
def test_verify_goes_with_nothing_that_changes(sync, more):
    """Wrong usage."""
    ran = sync("--verify", more)
    assert (ran.code, "--verify only compares" in ran.err) == (2, True)


def test_verify_makes_no_store(sync):
    """What is not there cannot be compared."""
    ran = sync("--verify")
    assert (ran.code, "`rolecall sync` makes one" in ran.err) == (4, True)


def test_without_a_token_it_says_where_to_put_one(sync, monkeypatch):
    """Wrong usage, and no token is ever an argument."""
    monkeypatch.delenv("ROLECALL_CLEVER_TOKEN")
    ran = sync()
    assert (ran.code, "ROLECALL_CLEVER_TOKEN" in ran.err) == (2, True)


def test_an_address_that_is_none_is_told_by_the_name_of_its_variable(sync, monkeypatch):
    """Several variables say how Clever is asked."""
    monkeypatch.setenv("ROLECALL_CLEVER_URL", "127.0.0.1:4020")
    ran = sync()
    assert (ran.code, "ROLECALL_CLEVER_URL: this is no base URL" in ran.err) == (2, True)


@pytest.mark.usefixtures("sync")
def test_watch_stays_on_until_it_is_stopped(fake):
    """It tells what changes, says each trouble once, and ends well on SIGTERM."""
    command = [sys.executable, "-m", "rolecall_cli", "sync", "--watch", "--every", "0.1"]
    watch = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines, told = iter(watch.stdout.readline, ""), iter(watch.stderr.readline, "")
    assert "read in full" in next(lines)
    fake.change("user", fake.record("user", CAST["teacher"].id) | {"roles": {}})
    assert "1 record changed" in next(lines)
    fault = fake.fault(Fault.json({}), path="/v3.0/events")
    before = list(takewhile(lambda line: NO_PAGE not in line, _while(fault, told)))
    assert any("following Clever every 0.1 seconds" in line for line in before)
    assert "nothing new" in next(lines)
    watch.send_signal(signal.SIGTERM)
    out, err = watch.communicate(timeout=20)
    assert (watch.returncode, out, NO_PAGE in err) == (0, "", False)
    assert err.endswith("the next sync goes on from there\n")


def _while(fault, lines):
    """Give lines until one tells of the fault, and remove it then."""
    for line in lines:
        if NO_PAGE in line:
            time.sleep(0.5)  # a few more polls, which say nothing new
            fault.remove()
        yield line


def test_a_fault_of_our_own_is_told_in_a_watch_and_it_goes_on(sync, monkeypatch):
    """With what somebody needs to report it."""
    calls = []

    def broken(*_given, **_more):
        calls.append(True)
        if len(calls) > 2:
            os.kill(os.getpid(), signal.SIGINT)
        raise ZeroDivisionError("of our own")

    monkeypatch.setattr("rolecall.facts.sync.watch.sync_district", broken)
    ran = sync("--watch", "--every", "0.1")
    assert (ran.code, ran.err.count("this is a fault of rolecall's own")) == (0, 1)
    assert "ZeroDivisionError: of our own" in ran.err


def test_a_bar_is_drawn_on_a_terminal(monkeypatch):
    """And lines elsewhere."""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    with Bar("d1") as bar:
        bar(Progress("d1", "looking", "event", 3))
        for number in range(3):
            bar(Progress("d1", "reading", "user", 1000 * number))
        bar(Progress("d1", "comparing", "", 2000))
        bar(Progress("d1", "following", "event", 9))
    assert "district d1: reading users, 2,000 records  [######--]" in sys.stderr.getvalue()
    assert "district d1: comparing, 2,000 records  [########]" in sys.stderr.getvalue()
