"""`rolecall assign` and `unassign`: the application's own roles, kept in the store; nonsense is refused unwritten."""

import json
import shutil
import time

import pytest
import stores
from demo import POLICIES, who
from rolecall.facts.store import Store
from rolecall.testing import demo_district
from shell import run
from stores import SECOND, Feed

DAY = 86_400 * SECOND
USER, CLASS, SCHOOL = who("staff_nowhere"), f"section:{who('termless_class')}", f"school:{who('academy')}"
SIGNED = ("--by", "ana", "--why", "covers for R. Ito")


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    """A store with the demo district, read in full a minute ago."""
    file = tmp_path_factory.mktemp("assign") / "roster.db"
    now = time.time_ns() - 60 * SECOND
    stores.filled(Store.open(file), demo_district(users=100), now=now, cursor="e").close()
    return file


@pytest.fixture
def store(filled, tmp_path, monkeypatch):
    """A copy of it, which the environment names, beside the shipped policy."""
    monkeypatch.setenv("ROLECALL_STORE", str(shutil.copy(filled, tmp_path / "roster.db")))
    monkeypatch.setenv("ROLECALL_POLICIES", str(POLICIES))
    monkeypatch.chdir(tmp_path)
    opened = Store.open(tmp_path / "roster.db")
    yield opened
    opened.close()


def assign(*what, signed=SIGNED):
    return run("assign", *(what or (USER, "substitute", CLASS)), *signed)


def unassign(*what):
    return run("unassign", *what, "--by", "bob", "--why", "back at work")


def allowed(user=USER, place=CLASS):
    """Whether the user may take attendance there."""
    ran = run("explain", "--user", user, "--resource", place, "--permission", "take_attendance")
    assert ran.code in (0, 1)
    return ran.code == 0


def test_what_is_assigned_counts_and_what_is_unassigned_no_longer(store):
    """From one decision to the next; the number is told, and who and why is kept."""
    assert not allowed()
    ran = assign()
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"assignment 3: user {USER} is assigned as substitute at section {who('termless_class')}\n"
    assert allowed()
    ran = unassign("3")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"assignment 3 is ended: user {USER} as substitute at section {who('termless_class')}\n"
    assert not allowed()
    (one,) = store.assignments(USER, ended=True)
    assert (one.by, one.why, one.ended_by, one.ended_why) == ("ana", "covers for R. Ito", "bob", "back at work")


def test_an_assignment_can_begin_and_end_by_itself(store):
    """Times are RFC 3339 with any zone; before the first and from the second on nothing is held."""
    ran = assign(USER, "substitute", CLASS, "--from", "2126-01-01T00:00:00-05:00", "--until", "2126-02-01T00:00:00Z")
    assert ran.out.endswith(" from 2126-01-01 05:00 UTC until 2126-02-01 00:00 UTC\n")
    assert not allowed()
    (one,) = store.assignments(USER)
    assert (one.record.starts, one.record.ends) == (4_922_917_200 * SECOND, 4_925_577_600 * SECOND)


def refused(*what, signed=SIGNED):
    """Assign, and see that it is refused as wrong usage with nothing written; give what was said."""
    ran = assign(*what, signed=signed)
    assert (ran.code, ran.out) == (2, "")
    return ran.err.partition("Invalid value for ")[2].rstrip()


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ((USER, "substitue", CLASS), "declares no role `substitue`; did you mean `substitute`?"),
        ((USER, "helper", CLASS), "declares no role `helper`; known: "),
        ((USER, "teacher", CLASS), "ROLE: the role `teacher` comes from Clever, and is changed there: assigned are"),
        ((USER, "PortalOnly", SCHOOL), "the role `PortalOnly` comes from Clever"),
        ((USER, "owner", CLASS), "the role `owner` comes with a thing"),
        (
            (USER, "substitute", SCHOOL),
            "SCOPE:ID: the policy lets `substitute` be assigned at a section, not at a school",
        ),
        ((USER, "substitute", "sectoin:x"), "a role is not assigned at a `sectoin`; did you mean `section`?"),
        ((USER, "substitute", "student:x"), "a role is not assigned at a `student`; known: "),
        ((USER, "substitute", who("termless_class")), "is not SCOPE:ID, such as section:5f…"),
        ((USER, "substitute", "section:"), "`section:` is not SCOPE:ID"),
        ((USER, "substitute"), "USER: say who, which role and where: USER ROLE SCOPE:ID"),
        (("--ended",), "--ended: `--ended` goes with `--list`"),
    ],
)
def test_a_role_or_place_that_the_policy_does_not_know_is_refused(store, what, said):
    """With the likely one where there is one."""
    assert said in refused(*what)
    assert store.assignments(ended=True) == ()


def test_a_user_or_place_that_the_store_does_not_hold_is_refused(store):
    """An id that is mistyped, one from before API 3.0, one of another kind, a place of another district."""
    principal = next(one for one in demo_district(users=100)["users"] if one["id"] == who("principal"))
    for what, said in [
        (("gone", "substitute", CLASS), "USER: the roster store "),
        (("gone", "substitute", CLASS), "holds no user `gone`: the id is mistyped, or Clever does not share them, or not"),
        ((principal["roles"]["staff"]["legacy_id"], "substitute", CLASS), f"the legacy id, from before Clever's API 3.0, of {who('principal')}"),
        ((who("high"), "substitute", CLASS), f"holds no user `{who('high')}`: it is the id of a school"),
        ((USER, "substitute", "section:gone"), "holds no section `gone`: the id is mistyped, or Clever does not share it"),
        ((USER, "substitute", f"section:{who('high')}"), f"holds no section `{who('high')}`: it is the id of a school"),
        (
            (USER, "substitute", f"section:{who('other_class')}"),
            f"belongs to district `{who('other_district')}`, user `{USER}` to district `{who('district')}`: nothing of",
        ),
    ]:  # fmt: skip
        assert said in refused(*what)
    Feed(store, who("district")).delete("school", who("academy"))
    assert "the school that the section names is not held" in refused(USER, "substitute", CLASS)
    assert store.assignments(ended=True) == ()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--until", "2126-12-24"), "--until: `2126-12-24` is no RFC 3339 time with a zone, for it lacks a time of day"),
        (("--from", "2126-12-24T08:00:00"), "--from: `2126-12-24T08:00:00` is no RFC 3339 time with a zone, for it lacks a zone"),
        (("--until", "2020-01-01T00:00:00Z"), "`2020-01-01T00:00:00Z` is over already: the role would never be held"),
        (
            ("--from", "2126-01-02T00:00:00Z", "--until", "2126-01-02T00:00:00Z"),
            "`2126-01-02T00:00:00Z` is not after `--from 2126-01-02T00:00:00Z`",
        ),
    ],
)  # fmt: skip
def test_times_that_make_no_sense_are_refused(store, options, said):
    """Without a zone, over before they begin, or all in the past."""
    assert said in refused(USER, "substitute", CLASS, *options)
    assert store.assignments(ended=True) == ()


@pytest.mark.parametrize(
    ("signed", "said"),
    [
        ((), "--by: say who assigns it: the store keeps it with the assignment"),
        (("--by", "ana"), "--why: say why it is assigned"),
        (("--by", " ", "--why", "x"), "--by: say who assigns it"),
        (("--by", "ana", "--why", "\x1b[2J"), "--why: only characters that can be shown, please"),
    ],
)
def test_who_and_why_must_be_said(store, signed, said):
    """In characters that can be shown, in one line."""
    assert said in refused(USER, "substitute", CLASS, signed=signed)
    assert store.assignments(ended=True) == ()
    assert assign(USER, "substitute", CLASS, signed=("--by", "ana", "--why", "one\n two")).code == 0
    assert store.assignments()[0].why == "one two"


@pytest.mark.usefixtures("store")
def test_the_same_again_is_not_written_twice():
    """Whoever repeats a command is told the number; another time for the same role is told beside it."""
    assert assign().code == 0
    ran = assign()
    assert (ran.code, ran.out) == (0, "assignment 3 by ana says the same already; nothing was written\n")
    ran = assign(USER, "substitute", CLASS, "--until", "2126-01-01T00:00:00Z")
    assert (ran.code, ran.out.startswith("assignment 4: ")) == (0, True)
    assert ran.err == f"note: assignment 3 by ana stands as well: substitute at section {who('termless_class')}\n"


def test_a_role_that_no_rule_asks_for_is_written_with_a_warning(store, tmp_path):
    """It changes nothing until a rule does."""
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        "rolecall: 1\napplication: x\nroles: {coach: {scopes: [school]}}\nresources: {school: {permissions: [view]}}\n"
        "rules: [{id: r, because: B., when: {teacher: school}, min: all}]\n"
    )
    ran = assign(USER, "coach", SCHOOL, "--policies", policy)
    assert ran.code == 0
    assert (
        ran.err
        == "note: no rule of the policy asks for `coach` at a school, or anywhere: the assignment changes nothing\n"
    )
    assert len(store.assignments()) == 1


def test_the_policy_is_checked_where_there_is_one(store, tmp_path, monkeypatch):
    """Without one it is said that nobody checks; one that is named and not there, or has errors, is 3."""
    monkeypatch.delenv("ROLECALL_POLICIES")
    ran = assign(USER, "anything", CLASS)
    assert ran.code == 0
    assert ran.err.startswith("note: there is no policy in `policies`, so nobody checks whether it knows the role")
    assert assign(USER, "substitute", CLASS, "--policies", tmp_path / "none").code == 3
    (tmp_path / "bad.yaml").write_text("rolecall: 1\nrules: 7\n")
    assert assign(USER, "substitute", CLASS, "--policies", tmp_path / "bad.yaml").code == 3
    assert len(store.assignments()) == 1
    said = refused(USER, "data_officer", f"district:{who('other_district')}")
    assert f"user `{USER}` belongs to district `{who('district')}`, and nothing of another district counts" in said


def test_all_that_is_assigned_can_be_listed(store):
    """To everybody or to one; with when it is in force, by whom and why; with `--ended` what was ended, too."""
    assert run("assign", "--list").out == f"Nothing is assigned to anybody in {store.source}.\n"
    past = time.time_ns() - 30 * DAY
    store.assign(USER, "substitute", "section", "s", ends=past + DAY, by="ana", why="before", now=past)
    assign()
    assign(who("nobody"), "substitute", CLASS, "--from", "2126-01-01T00:00:00Z")
    unassign("4")
    rows = run("assign", "--list").out.splitlines()
    assert rows[0].startswith(f"3  over  user {USER}: substitute at section s until ")
    assert rows[2] == (
        f"5  to begin  user {who('nobody')}: substitute at section {who('termless_class')} from 2126-01-01 00:00 UTC"
    )
    assert rows[3].startswith("    assigned 20")
    assert rows[3].endswith(" by ana: covers for R. Ito")
    rows = run("assign", "--list", USER, "--ended").out.splitlines()
    assert rows[2] == f"4  ended  user {USER}: substitute at section {who('termless_class')}"
    assert rows[4].endswith(" by bob: back at work")
    assert run("assign", "--list", "x").out == f"Nothing is assigned to user x in {store.source}.\n"
    assert "`--list` takes a user at most" in run("assign", "--list", USER, "substitute").err


@pytest.mark.usefixtures("store")
def test_a_program_gets_all_of_it():
    """Of what was made, of what was ended, and of the list."""
    made = json.loads(assign(USER, "substitute", CLASS, "--until", "2126-01-01T00:00:00Z", "--format", "json").out)
    assert (made["schema"], made["made"], made["number"], made["state"]) == (1, True, 3, "in force")
    assert (made["from"], made["until"]) == (None, "2126-01-01T00:00:00.000Z")
    again = json.loads(assign(USER, "substitute", CLASS, "--until", "2126-01-01T00:00:00Z", "--format", "json").out)
    assert again == made | {"made": False}
    (listed,) = json.loads(run("assign", "--list", "--format", "json").out)["assignments"]
    assert listed == {key: made[key] for key in made if key not in ("schema", "made")}
    ended = json.loads(unassign("3", "--format", "json").out)
    assert (ended["state"], ended["ended_by"], ended["ended_why"]) == ("ended", "bob", "back at work")
    assert ended["ended"] >= ended["assigned"]


def test_an_assignment_can_be_named_by_what_it_says(store):
    """Where two are alike, the number is asked for; what still stands afterwards is told."""
    assign()
    assign(USER, "substitute", CLASS, "--until", "2126-01-01T00:00:00Z")
    ran = unassign(USER, "substitute", CLASS)
    assert (ran.code, ran.out) == (2, "")
    assert "there are 2 of them, say which by its number: 3, substitute at section" in ran.err
    ran = unassign("4")
    assert ran.err == f"note: assignment 3 by ana still stands: substitute at section {who('termless_class')}\n"
    ran = unassign(USER, "substitute", CLASS)
    assert (ran.code, ran.err) == (0, "")
    assert store.assignments() == ()


def test_an_assignment_of_somebody_who_is_gone_can_be_ended(store):
    """Neither user nor place nor policy has to be there."""
    assign()
    Feed(store, who("district")).delete("user", USER)
    assert unassign(USER, "substitute", CLASS).code == 0


def test_what_is_not_assigned_cannot_be_ended(store):
    """Another number, one that was ended before, another role: each is said, and nothing is written."""
    assign()
    for what, said in [
        (("99",), "there is no assignment 99; `rolecall assign --list` shows those that there are"),
        (
            (USER, "coach", CLASS),
            f"nothing like that is assigned to user `{USER}`; `rolecall assign --list {USER}` shows",
        ),
        ((USER,), "name the assignment by its number, or by whose it is, its role and its place"),
        (("3", "4"), "name the assignment by its number"),
        ((USER, "substitute", "x"), "`x` is not SCOPE:ID"),
    ]:
        ran = unassign(*what)
        assert (ran.code, ran.out) == (2, "")
        assert said in ran.err
    assert "say who ends it" in run("unassign", "3", "--why", "x").err
    unassign("3")
    ran = unassign("3")
    assert (ran.code, "assignment 3 was ended before, by bob: back at work" in ran.err) == (2, True)
    assert len(store.assignments(ended=True)) == 1


def test_without_a_store_nothing_is_assigned(tmp_path, monkeypatch):
    """4, with what makes one: `assign` never does."""
    monkeypatch.delenv("ROLECALL_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    for ran in (assign(), unassign("3"), run("assign", "--list")):
        assert (ran.code, ran.out) == (4, "")
        assert "there is no roster store `rolecall.db`; `rolecall sync` makes one" in ran.err
    assert list(tmp_path.iterdir()) == []
