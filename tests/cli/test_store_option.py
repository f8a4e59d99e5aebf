"""`--store` beside `--snapshot`: decisions on a roster store, now and as it stood, and never on facts too old."""

import json
import sys
import time
from copy import deepcopy
from datetime import UTC, datetime

import pytest
import stores
from demo import POLICIES, who
from rolecall.facts.store import Store
from rolecall.testing import demo_district
from shell import demo_file, facts, lines, run
from stores import SECOND, Feed

TEACHER, SECTION = who("traveling_teacher"), who("termless_class")  # a class without a term: every day is alike
ASKED = ("--user", TEACHER, "--resource", f"section:{SECTION}", "--permission", "edit")
POLICY = ("--policies", POLICIES)
HOUR = 3600 * SECOND
EDIT = {
    "subject": {"type": "user", "id": TEACHER},
    "action": {"name": "edit"},
    "resource": {"type": "section", "id": SECTION},
}


def ago(hours):
    """A time so many hours ago, as nanoseconds and as one types it."""
    at = time.time_ns() - int(hours * HOUR)
    return at, datetime.fromtimestamp(at // SECOND, UTC).isoformat().replace("+00:00", "Z")


@pytest.fixture
def made(tmp_path):
    """Make the demo district's store as it was read in full some hours ago; more of its past comes from events."""
    opened = []

    def make(hours):
        store = Store.open(tmp_path / "roster.db")
        opened.append(store)
        return stores.filled(store, demo_district(users=100), now=ago(hours)[0], cursor="e")

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def file(made, tmp_path):
    """A store that is five minutes old."""
    made(1 / 12)
    return tmp_path / "roster.db"


def edited(hours, feed):
    """Let the teacher lose the class so many hours ago."""
    section = deepcopy(next(one for one in demo_district(users=100)["sections"] if one["id"] == SECTION))
    feed.put("section", section | {"teacher": None, "teachers": []}, now=ago(hours)[0])


def test_a_store_is_asked_like_a_snapshot(file):
    """The three commands take it; a file and an address are alike."""
    for store in (file, f"sqlite:///{file}"):
        assert run("explain", *POLICY, "--store", store, *ASKED).code == 0
        ran = run("decide", *POLICY, "--store", store, stdin=lines(EDIT))
        assert (ran.code, json.loads(ran.out)["decision"], ran.err) == (0, True, "")
        ran = run("permissions", *POLICY, "--store", store, "--user", TEACHER)
        assert (ran.code, ran.err) == (0, "")
        assert f"  section: view, edit, take_attendance\n    {SECTION}" in ran.out


def test_exactly_one_of_the_two_is_given(file, monkeypatch):
    """None, both, and both of them only in the environment: each is said in its own words."""
    monkeypatch.delenv("ROLECALL_STORE", raising=False)
    monkeypatch.delenv("ROLECALL_SNAPSHOT", raising=False)
    for command, more in (("explain", ASKED), ("decide", ()), ("permissions", ("--user", TEACHER))):
        ran = run(command, *POLICY, *more)
        assert (ran.code, ran.out) == (2, "")
        assert "there are no facts to decide on: give `--snapshot FILE` or `--store URL`, or set ROLECALL_" in ran.err
        ran = run(command, *facts(), "--store", file, *more)
        assert (ran.code, ran.out) == (2, "")
        assert "facts come from one place: give a snapshot or a roster store, not both" in ran.err
    monkeypatch.setenv("ROLECALL_STORE", str(file))
    monkeypatch.setenv("ROLECALL_SNAPSHOT", str(demo_file()))
    ran = run("explain", *POLICY, *ASKED)
    assert ran.code == 2
    assert "ROLECALL_SNAPSHOT and ROLECALL_STORE are both set: unset one of them, or type the one" in ran.err


def test_what_is_typed_precedes_the_environment(file, monkeypatch):
    """Whoever has one of them set for good can still ask the other."""
    monkeypatch.setenv("ROLECALL_STORE", str(file))
    monkeypatch.setenv("ROLECALL_SNAPSHOT", str(demo_file()))
    assert f"according to {file}" in run("explain", *POLICY, "--store", file, *ASKED).out
    assert f"according to {file}" not in run("explain", *facts(), *ASKED).out
    monkeypatch.delenv("ROLECALL_STORE")
    assert f"according to {file}" in run("explain", *POLICY, "--store", file, *ASKED).out
    monkeypatch.setenv("ROLECALL_STORE", str(file))
    monkeypatch.delenv("ROLECALL_SNAPSHOT")
    assert f"according to {file}" in run("explain", *POLICY, *ASKED).out


def test_explain_says_how_old_the_facts_are_and_the_last_event(made, tmp_path):
    """In a line for a person, and in `facts` for a program."""
    feed = Feed(made(5), who("district"))
    feed.put("user", {"id": "new", "district": who("district"), "roles": {}}, now=ago(2)[0])
    at, _ = ago(2)
    ran = run("explain", *POLICY, "--store", tmp_path / "roster.db", *ASKED)
    (line,) = [line.strip() for line in ran.out.splitlines() if line.startswith("  according to ")]
    when = datetime.fromtimestamp(at // SECOND, UTC)
    assert line.startswith(f"according to {tmp_path}/roster.db, as of {when:%Y-%m-%d %H}:")
    assert line.endswith("2 hours before the decision; the last of Clever's events in it: e0000001")
    data = json.loads(run("explain", *POLICY, "--store", tmp_path / "roster.db", *ASKED, "--format", "json").out)
    assert data["facts"]["event"] == "e0000001"
    assert 7190 < data["facts"]["age_seconds"] < 7300


def test_facts_older_than_a_day_decide_nothing(made, tmp_path):
    """The exit code is 4; how old they are, what brings them up to date, and how to ask about then, is said."""
    made(31)
    store = ("--store", tmp_path / "roster.db")
    asked = [
        run("explain", *POLICY, *store, *ASKED),
        run("decide", *POLICY, *store, stdin=lines(EDIT)),
        run("permissions", *POLICY, *store, "--user", TEACHER),
        run("permissions", *POLICY, *store, "--user", "nobody"),
    ]
    for ran in asked:
        assert ran.code == 4
        assert f"note: district `{who('district')}`: the facts are 31 hours old, and 24 hours are allowed;" in ran.err
        assert "`rolecall sync` brings them up to date, `rolecall doctor` says what is in the way" in ran.err
    assert asked[0].out.startswith(f"Nobody can tell now whether user {TEACHER} has edit permission for section")
    assert json.loads(asked[1].out)["context"]["permissions"] == []
    assert (asked[2].out, asked[3].out) == ("", "")
    then = asked[0].err.partition("`--at ")[2].partition("`")[0]
    assert run("explain", *POLICY, *store, *ASKED, "--at", then).code == 0


def test_a_feed_that_is_stopped_says_why_its_facts_are_old(made, tmp_path):
    """What stands in the way is said instead of what would not help."""
    made(31).mark(who("district"), "held", "23 of 30 sections are gone at once")
    ran = run("explain", *POLICY, "--store", tmp_path / "roster.db", *ASKED)
    assert ran.code == 4
    assert "24 hours are allowed; the feed is held: 23 of 30 sections are gone at once. `--at " in ran.err


def test_many_districts_that_are_old_are_named_ten_at_most(tmp_path):
    """And the others are counted."""
    world = {"districts": [{"id": f"d{number}"} for number in range(12)]}
    store = stores.filled(Store.open(tmp_path / "many.db"), world, now=ago(31)[0])
    store.close()
    ran = run("explain", *POLICY, "--store", tmp_path / "many.db", *ASKED)
    assert (ran.code, ran.err.count("note: district"), "and 2 more districts" in ran.err) == (4, 10, True)


def test_at_asks_what_was_decided_then(made, tmp_path):
    """The facts are those of the time, and so is the clock: before and after a change the answers differ."""
    edited(10, Feed(made(20), who("district")))
    store = ("--store", tmp_path / "roster.db")
    for hours, code in ((1, 1), (9, 1), (10.5, 0), (19, 0)):
        ran = run("explain", *POLICY, *store, *ASKED, "--at", ago(hours)[1])
        assert (ran.code, ran.err) == (code, "")
        ran = run("decide", *POLICY, *store, "--at", ago(hours)[1], stdin=lines(EDIT))
        assert (ran.code, json.loads(ran.out)["decision"]) == (0, code == 0)
        ran = run("permissions", *POLICY, *store, "--user", TEACHER, "--at", ago(hours)[1], "--format", "json")
        places = [place for one in json.loads(ran.out)["holdings"] for place in one["places"]]
        assert (SECTION in places) is (code == 0)
    then = ago(19)[1]
    data = json.loads(run("explain", *POLICY, *store, *ASKED, "--at", then, "--format", "json").out)
    assert data["time"][:16] == then[:16]
    assert data["facts"]["age_seconds"] == pytest.approx(
        3600, abs=300
    )  # the two moments were taken one after the other


def test_what_was_too_old_then_is_not_decided_on(made, tmp_path):
    """A day after the last time at which the facts were complete there was no answer, and there is none now."""
    edited(10, Feed(made(60.01), who("district")))
    store = ("--store", tmp_path / "roster.db")
    for command, more in (("explain", ASKED), ("permissions", ("--user", TEACHER))):
        ran = run(command, *POLICY, *store, *more, "--at", ago(20)[1])
        assert ran.code == 4
        assert "the facts are 40 hours old, and 24 hours are allowed" in ran.err


def test_nothing_is_known_of_the_time_before_the_first_read(made, tmp_path):
    """The exit code is 4, and it is said since when something is known."""
    at, _ = ago(20)
    made(20)
    ran = run("explain", *POLICY, "--store", tmp_path / "roster.db", *ASKED, "--at", ago(21)[1])
    assert (ran.code, ran.out) == (4, "")
    when = datetime.fromtimestamp(at // SECOND, UTC)
    assert f"roster.db knows nothing of {ago(21)[1][:10]}" in ran.err
    assert f": its first full read was made at {when:%Y-%m-%dT%H}:" in ran.err


def test_a_time_to_come_is_asked_of_todays_facts(file):
    """An assignment that begins tomorrow can be tried today: it is said that nobody knows what changes until then."""
    store = Store.open(file)
    asked = ("--user", who("staff_nowhere"), "--resource", f"section:{SECTION}", "--permission", "take_attendance")
    store.assign(
        who("staff_nowhere"), "substitute", "section", SECTION, starts=ago(-24)[0], by="a", why="b", now=ago(0)[0]
    )
    store.close()
    assert run("explain", *POLICY, "--store", file, *asked).code == 1
    ran = run("explain", *POLICY, "--store", file, *asked, "--at", ago(-900)[1])
    assert ran.code == 0
    said = "note: the time asked about lies ahead: this is what today's facts say of it, if none of them changes\n"
    assert ran.err == said


def test_a_time_without_a_zone_is_told_what_it_lacks(file):
    """With the likely one written out."""
    for text, lacks, likely in [
        ("2026-10-14", "a time of day and a zone", "2026-10-14T00:00:00Z"),
        ("2026-10-14T15:00:00", "a zone", "2026-10-14T15:00:00Z"),
        ("2026-10-14 15:00", "seconds and a zone", "2026-10-14T15:00:00Z"),
    ]:
        ran = run("explain", *POLICY, "--store", file, *ASKED, "--at", text)
        assert (ran.code, ran.out) == (2, "")
        assert f"`{text}` is no RFC 3339 time with a zone, for it lacks {lacks}: write {likely} for UTC" in ran.err


def test_assignments_kept_in_the_store_count_wherever_they_are(file):
    """Also where the question is about another place than the one they are at."""
    store = Store.open(file)
    substitute = who("substitute")
    store.assign(substitute, "substitute", "section", SECTION, by="a", why="b", now=ago(0)[0])
    store.close()
    ran = run(
        "explain", *POLICY, "--store", file, "--user", substitute, "--resource", f"section:{who('algebra_class')}"
    )
    assert "ignored" not in ran.out
    ran = run("permissions", *POLICY, "--store", file, "--user", substitute)
    assert f"  section: view, take_attendance\n    {SECTION}" in ran.out


def test_permissions_say_what_an_unknown_id_may_be(file):
    """A legacy id, a class's, or nobody's."""
    roles = next(one["roles"] for one in demo_district(users=100)["users"] if one["id"] == who("principal"))
    for user, said in [
        ("gone", "is not held by these facts."),
        (roles["staff"]["legacy_id"], f"the legacy id, from before Clever's API 3.0, of {who('principal')}."),
        (SECTION, "is not held by these facts: it is the id of a section."),
        (who("high"), "is not held by these facts: it is the id of a school."),
        (who("nobody"), "may do nothing here: they have no role."),
    ]:
        ran = run("permissions", *POLICY, "--store", file, "--user", user)
        assert (ran.code, ran.err) == (1, "")
        assert ran.out.endswith(said + "\n")


def test_a_store_that_cannot_be_had_is_4(tmp_path):
    """None there, something else, or empty: each is said with a fix."""
    other = tmp_path / "other.db"
    other.write_text("no database, " * 100)
    Store.open(tmp_path / "empty.db").close()
    for store, said in [
        (tmp_path / "none.db", "none.db`; `rolecall sync` makes one, `--store` names another"),
        (other, "the file is something else; name another with `--store`"),
        ("mysql://x", "`mysql` is not one of them: a roster store is `sqlite:///rolecall.db`"),
    ]:
        ran = run("explain", *POLICY, "--store", store, *ASKED)
        assert (ran.code, ran.out) == (4, "")
        assert said in ran.err
    ran = run("explain", *POLICY, "--store", tmp_path / "empty.db", *ASKED)
    assert ran.code == 4
    assert "`rolecall sync` fills it" in ran.out
    ran = run("explain", *POLICY, "--store", tmp_path / "empty.db", *ASKED, "--at", ago(1)[1])
    assert (ran.code, "it is empty" in ran.err) == (4, True)


def test_without_the_extra_the_line_to_type_is_said(monkeypatch, file):
    """A snapshot needs none of it."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "sqlalchemy" or ".store" in name]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("rolecall.live", "rolecall.facts.roster_store", "rolecall.facts.store_view", "rolecall.facts.tray"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    ran = run("explain", *POLICY, "--store", file, *ASKED)
    assert (ran.code, ran.out) == (2, "")
    assert "`pip install 'rolecall[live]'`" in ran.err
    assert run("explain", *facts(), *ASKED).code == 0
