"""`rolecall permissions`: everything somebody may do in their district, grouped by role and place."""

import json
from collections import defaultdict

import pytest
from demo import pdp, who
from rolecall import Resource
from rolecall.testing import CAST, demo_district
from shell import facts, run

TEACHER = who("multi_role_teacher")


def permissions(user, *options, snapshot=None):
    return run("permissions", *facts(snapshot), "--user", user, *options)


def test_what_is_nearest_comes_first():
    """The classes they teach, then the school where they are staff; with the roles and some of the places."""
    ran = permissions(TEACHER)
    assert (ran.code, ran.err) == (0, "")
    groups = ran.out.split("\nas ")
    assert groups[1].startswith("teacher at section, primary_teacher at section, staff elsewhere")
    assert "  section: view, report, edit, take_attendance\n    " + who("algebra_class") in groups[1]
    assert "  assignment: view, lock; depending on its state or owner: edit\n" in groups[1]
    assert "  note: view; depending on its state or owner: edit\n" in groups[1]
    assert [group.splitlines()[0].split()[0] for group in groups[1:]] == ["teacher", "staff", "teacher"]
    assert "  school: view, report\n    " + who("academy") in groups[2]


@pytest.mark.parametrize("name", ["multi_role_teacher", "principal", "guardian", "past_teacher", "substitute"])
def test_a_program_gets_what_the_pdp_says_of_each_place(name):
    """`always` and `sometimes` hold in each place named, and a built-in place not named allows nothing."""
    ran = permissions(who(name), "--format", "json")
    data = json.loads(ran.out)
    assert (data["schema"], data["user"]) == (1, who(name))
    engine, said = pdp(), defaultdict(dict)
    for one in data["holdings"]:
        assert set(one) == {"type", "roles", "always", "sometimes", "places"}
        said[one["type"]] |= dict.fromkeys(one["places"], (one["always"], one["sometimes"]))
    district = demo_district(users=100)
    for kind in ("school", "section", "student"):
        for record in district["users" if kind == "student" else f"{kind}s"]:
            if kind == "student" and "student" not in record["roles"]:
                continue
            always, sometimes = said[kind].get(record["id"], ([], []))
            assert engine.permissions(who(name), Resource(kind, record["id"])) == set(always)
            assert sometimes == []


def test_somebody_who_may_do_nothing_is_told_so():
    """The exit code is 1, and a person who is not held is told apart from one who has nothing."""
    ran = permissions(who("nobody"))
    assert (ran.code, ran.out) == (1, f"User {who('nobody')} may do nothing here: they have no role.\n")
    ran = permissions("gone")
    assert (ran.code, ran.out) == (1, "User gone is not held by these facts.\n")
    roles = next(user["roles"] for user in demo_district(users=100)["users"] if user["id"] == TEACHER)
    said = (
        f"is not held by these facts: it is the legacy id, from before Clever's API 3.0, of {who('multi_role_teacher')}"
    )
    assert permissions(roles["staff"]["legacy_id"]).out == f"User {roles['staff']['legacy_id']} {said}.\n"
    data = json.loads(permissions("gone", "--format", "json").out)
    assert data == {"schema": 1, "user": "gone", "holdings": []}


@pytest.mark.parametrize("format_", ["text", "json"])
def test_somebody_about_whom_nothing_can_be_decided_is_no_no(tmp_path, format_):
    """The exit code is 4, and the reason is on standard error: facts could not be had."""
    wrong = {"user": TEACHER, "role": "coach", "scope": "school", "id": "x", "until": "soon"}
    file = tmp_path / "doubted.json"
    file.write_text(json.dumps({**demo_district(users=100), "assignments": [wrong]}))
    ran = permissions(TEACHER, "--format", format_, snapshot=file)
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.startswith("rolecall: cannot be decided now: their assignment as `coach` has in `until` no time")


def test_at_is_the_time_of_the_decisions():
    """When the substitute's time is over there is nothing left."""
    assert permissions(who("substitute")).code == 0
    assert permissions(who("substitute"), "--at", "2026-10-31T05:00:00Z").code == 1


def test_nobody_has_anything_in_another_district():
    """No place of Pine Hollow is in what anybody of Oakvale may do, nor the other way round."""
    theirs = {cast.id for name, cast in CAST.items() if name.startswith("other_")}
    for name in ("district_admin", "other_staff"):
        held = json.loads(permissions(who(name), "--format", "json").out)["holdings"]
        places = {place for one in held for each in one["places"] for place in each.split(" in ")}
        assert len(places) > 3 if name == "district_admin" else places == theirs & places
        assert bool(places & theirs) is (name == "other_staff")


def test_wrong_usage_and_facts_that_cannot_be_had():
    """2 without a user, 4 without facts."""
    assert run("permissions", *facts()).code == 2
    assert run("permissions", *facts("none.json"), "--user", TEACHER).code == 4
