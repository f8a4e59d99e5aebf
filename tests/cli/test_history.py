"""`rolecall history`: when somebody's roles, schools and classes changed. What is told is in facts/test_timeline.py."""

import json
from copy import deepcopy

import pytest
import stores
from demo import who
from rolecall.facts.store import Store
from rolecall.testing import demo_district
from shell import run
from stores import SECOND, Feed

DAY = 86_400 * SECOND
T0 = 1_790_000_000 * SECOND  # 2026-09-21 14:13:20 UTC
TEACHER, ALGEBRA = who("multi_role_teacher"), who("algebra_class")
WORLD = demo_district(users=100)


def record(kind, one):
    """A record of the demo district, to be changed."""
    return deepcopy(next(raw for raw in WORLD[f"{kind}s"] if raw["id"] == one))


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    """The demo district read in full; a day later the teacher loses the algebra class, and is deleted on the third."""
    file = tmp_path_factory.mktemp("history") / "roster.db"
    opened = stores.filled(Store.open(file), WORLD, now=T0, cursor="e")
    feed = Feed(opened, who("district"))
    feed.put("section", record("section", ALGEBRA) | {"teacher": None, "teachers": []}, now=T0 + DAY)
    opened.assign(TEACHER, "coach", "school", who("high"), by="ana", why="asked to", now=T0 + 2 * DAY)
    feed.delete("user", TEACHER, now=T0 + 3 * DAY)
    opened.close()
    return file


def history(store, *more, user=TEACHER):
    return run("history", user, "--store", store, *more)


def test_each_line_is_a_time_a_difference_and_what_it_came_by(store):
    """Below a line that says who, since when something is known, and where they belong."""
    ran = history(store)
    head, *rest = ran.out.splitlines()
    assert (ran.code, ran.err) == (0, "")
    assert head == f"User {TEACHER} in the roster store {store} (read in full first at 2026-09-21 14:13 UTC)"
    assert rest[0] == f"2026-09-21 14:13 UTC  + held, in district {who('district')}  (the first full read)"
    assert rest[7] == (
        f"2026-09-22 14:13 UTC  - no longer teaches section {ALGEBRA}, as its primary teacher  (Clever's event e0000001)"
    )
    assert rest[8] == (f"2026-09-23 14:13 UTC  + coach at school {who('high')}  (assignment 4, made by ana: asked to)")
    assert rest[9].startswith("2026-09-24 14:13 UTC  - not held any more: deleted in Clever, or no longer shared")
    assert [line[:20] for line in rest] == sorted(line[:20] for line in rest)
    assert (
        f"User {who('principal')} in the roster store {store} (now in district"
        in history(store, user=who("principal")).out
    )


def test_only_some_time_may_be_asked_about(store):
    """`--since` and `--until` are RFC 3339 times with a zone; whichever it is."""
    ran = history(store, "--since", "2026-09-22T00:00:00Z", "--until", "2026-09-23T10:13:20-04:00")
    assert [line[:22] for line in ran.out.splitlines()[1:]] == ["2026-09-22 14:13 UTC  ", "2026-09-23 14:13 UTC  "]
    ran = history(store, "--since", "2026-10-01T00:00:00Z")
    assert (ran.code, ran.out.splitlines()[1:]) == (0, ["Nothing changed in this time."])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ("--since", "2026-09-22"),
            "--since: `2026-09-22` is no RFC 3339 time with a zone, for it lacks a time of day",
        ),
        (("--until", "2026-09-22T10:00:00"), "it lacks a zone: write 2026-09-22T10:00:00Z for UTC, or the hours of"),
        (
            ("--until", "yesterday"),
            "--until: `yesterday` is no RFC 3339 time with a zone, such as 2026-10-14T15:00:00Z",
        ),
        (
            ("--since", "2026-09-23T00:00:00Z", "--until", "2026-09-22T00:00:00Z"),
            "--until: `2026-09-22T00:00:00Z` lies before `--since 2026-09-23T00:00:00Z`",
        ),
        (("--since", "2126-09-23T00:00:00Z"), "--since: `2126-09-23T00:00:00Z` lies ahead: history is what was"),
        (("--format", "xml"), "'xml' is not one of"),
    ],
)
def test_wrong_usage_is_2_and_says_what_is_meant(store, options, said):
    """A product manager forgets the time zone; nobody guesses it."""
    ran = history(store, *options)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_a_wrong_id_is_told_as_such(store):
    """Nobody's, one from before API 3.0, a class's: the exit code is 1, and it is said what the id may be."""
    legacy = record("user", who("principal"))["roles"]["staff"]["legacy_id"]
    for user, said in [
        (
            "gone",
            "the id is mistyped, or Clever never shared it with this application, or only before 2026-09-21 14:13 UTC",
        ),
        (legacy, f"it is the legacy id, from before Clever's API 3.0, of {who('principal')}."),
        (ALGEBRA, "it is the id of a section."),
        (who("high"), "it is the id of a school."),
        (who("district"), "it is the id of a district."),
        ("\x1b[31m", "the id is mistyped"),
    ]:
        ran = history(store, user=user)
        assert (ran.code, ran.err, "\x1b" in ran.out) == (1, "", False)
        assert "was never held by the roster store" in ran.out
        assert said in ran.out
    data = json.loads(history(store, "--format", "json", user="gone").out)
    assert (data["known"], data["district"], data["changes"]) == (False, None, [])


def test_a_program_gets_times_causes_and_differences(store):
    """Times that `--at` can be asked at: what had changed then has changed at that time."""
    data = json.loads(history(store, "--format", "json").out)
    assert (data["schema"], data["user"], data["known"], data["district"]) == (1, TEACHER, True, None)
    assert data["first_read"] == "2026-09-21T14:13:20.000Z"
    assert [one["by"] for one in data["changes"]] == [
        {"what": "read"},
        {"what": "event", "event": "e0000001", "event_time": "2026-10-14T15:00:00.000Z"},
        {"what": "assignment", "assignment": 4, "verb": "made", "by": "ana", "why": "asked to"},
        {"what": "event", "event": "e0000002", "event_time": "2026-10-14T15:00:00.000Z"},
    ]
    change = data["changes"][1]
    assert (change["time"], change["change"]) == ("2026-09-22T14:13:20.000Z", 3)
    assert change["differences"] == [
        {
            "sign": "-",
            "text": f"no longer teaches section {ALGEBRA}, as its primary teacher",
            "roles": ["teacher", "primary_teacher"],
            "scope": "section",
            "id": ALGEBRA,
            "doubt": None,
        }
    ]


def test_without_a_store_or_without_a_read_there_is_no_history(tmp_path, monkeypatch):
    """4 where there is no store; 1, and what to do, where it is empty."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ROLECALL_STORE", raising=False)
    ran = run("history", TEACHER)
    assert (ran.code, ran.out) == (4, "")
    assert (
        ran.err
        == "rolecall: there is no roster store `rolecall.db`; `rolecall sync` makes one, `--store` names another\n"
    )
    Store.open("rolecall.db").close()
    ran = run("history", TEACHER)
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.endswith("which has not read any district in full yet: `rolecall sync` does.\n")
    monkeypatch.setenv("ROLECALL_STORE", "other.db")
    assert "no roster store `other.db`" in run("history", TEACHER).err
    assert run("history").code == 2


def test_an_id_that_is_no_text_is_nobodys(store):
    """A terminal may give bytes that are no UTF-8."""
    assert history(store, user="\udcff").code == 1


def test_of_the_time_before_the_first_read_nothing_is_known(store):
    """That nothing changed then, nobody can tell."""
    ran = history(store, "--until", "2020-01-01T00:00:00Z")
    assert ran.out.splitlines()[1:] == ["Nothing is known of this time: it lies before the first full read."]
