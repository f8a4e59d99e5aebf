"""The demo district: the same for the same seed, whole, and as its cast says."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from rolecall.testing import CAST, demo_district, demo_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Snapshot = dict[str, Any]
KINDS = ("districts", "schools", "terms", "sections", "users")


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    """The district as it is without arguments."""
    return demo_district()


@pytest.fixture(scope="module")
def record(snapshot: Snapshot) -> Callable[[str], Snapshot]:
    """Look a record of the cast up by its name."""
    by_id = {record["id"]: record for kind in KINDS for record in snapshot[kind]}
    return lambda name: by_id[CAST[name].id]


def ids(*names: str) -> list[str]:
    """The ids of some of the cast."""
    return [CAST[name].id for name in names]


def taught(snapshot: Snapshot, user: str) -> list[str]:
    """The sections that name the user as a teacher."""
    return [section["id"] for section in snapshot["sections"] if user in section["teachers"]]


def attended(snapshot: Snapshot, user: str) -> list[str]:
    """The sections that list the user as a student."""
    return [section["id"] for section in snapshot["sections"] if user in section["students"]]


def references(snapshot: Snapshot) -> Iterator[tuple[str, str, str]]:
    """What sections and users refer to: the kind of record, its id, and the district it should be in."""
    for section in snapshot["sections"]:
        yield "schools", section["school"], section["district"]
        if section["term_id"] is not None:
            yield "terms", section["term_id"], section["district"]
        for user in section["teachers"] + section["students"]:
            yield "users", user, section["district"]
    for user in snapshot["users"]:
        for held in user["roles"].values():
            for school in held.get("schools", ()):
                yield "schools", school, user["district"]
            for relationship in held.get("student_relationships", ()):
                yield "users", relationship["student"], user["district"]


def test_the_same_arguments_give_an_equal_district() -> None:
    """Two calls agree in every byte, and another seed gives another district."""
    assert json.dumps(demo_district(users=150, seed=7)) == json.dumps(demo_district(users=150, seed=7))
    assert demo_district(users=150, seed=7) != demo_district(users=150, seed=8)


@pytest.mark.parametrize("users", [100, 400, 4_321])
def test_a_district_has_as_many_users_as_asked_for(users: int) -> None:
    """The number of users includes the cast, whatever the number."""
    assert len(demo_district(users=users)["users"]) == users  # type: ignore[arg-type]


def test_a_district_smaller_than_its_cast_needs_is_refused() -> None:
    """Fewer than a hundred users would leave schools without people."""
    with pytest.raises(ValueError, match="at least 100 users, not 99"):
        demo_district(users=99)


@pytest.mark.parametrize("users", [100, 5_000])
def test_lines_hold_the_same_as_the_object(users: int) -> None:
    """The JSON-lines form starts with the time and holds the same records in the same order."""
    first, *lines = map(json.loads, demo_lines(users, 3))
    whole = demo_district(users=users, seed=3)
    assert first == {"kind": "snapshot", "as_of": whole.pop("as_of")}
    for name, records in whole.items():
        assert [line["data"] for line in lines if line["kind"] == name[:-1]] == records
    assert {line["kind"] for line in lines} == {name[:-1] for name in whole}


def test_the_cast_keeps_its_ids_whatever_the_seed_and_size() -> None:
    """A command in a document can name somebody of the cast."""
    everything = set(re.findall(r'"id":"(\w+)"', "".join(demo_lines(1_000, 99))))
    assert {cast.id for cast in CAST.values()} <= everything
    assert CAST["multi_role_teacher"].id == "ca5700000000000000000001"


@pytest.mark.parametrize("users", [400, 3_000])
def test_ids_are_well_formed_and_unique(users: int) -> None:
    """Ids are 24 lowercase hex characters, and no two records share one; nor do legacy ids meet any other."""
    snapshot: Snapshot = demo_district(users=users)
    own = [record["id"] for kind in KINDS for record in snapshot[kind]]
    legacy = [
        held["legacy_id"]
        for user in snapshot["users"]
        for role, held in user["roles"].items()
        if role != "student"  # whose id has always been the same
    ]
    assert all(re.fullmatch("[0-9a-f]{24}", each) for each in own + legacy)
    assert len(set(own + legacy)) == len(own) + len(legacy)


@pytest.mark.parametrize("users", [100, 400, 3_000])
def test_references_resolve_within_their_district(users: int) -> None:
    """Every id that a record mentions is a record of the right kind in the same district."""
    snapshot: Snapshot = demo_district(users=users)
    at = {kind: {record["id"]: record.get("district") for record in snapshot[kind]} for kind in KINDS}
    for kind, place, district in references(snapshot):
        assert at[kind][place] == district
    assert {district for kind in KINDS for district in at[kind].values() if district} == set(at["districts"])
    students = {user["id"] for user in snapshot["users"] if "student" in user["roles"]}
    assert students >= {student for section in snapshot["sections"] for student in section["students"]}
    assert all(section["teacher"] in {None, *section["teachers"][:1]} for section in snapshot["sections"])
    for grant in snapshot["assignments"]:
        assert (grant["role"], grant["scope"]) == ("substitute", "section")
        assert at["sections"][grant["id"]] == at["users"][grant["user"]]


def test_only_the_cast_breaks_what_clever_promises(snapshot: Snapshot) -> None:
    """Students and contacts hold no other role, and a section names only teachers, bar two of the cast."""
    users = {user["id"]: user for user in snapshot["users"]}
    mixed = [
        user["id"] for user in users.values() if {"student", "contact"} & set(user["roles"]) and len(user["roles"]) > 1
    ]
    assert mixed == ids("teaching_student")
    teachers = {user for section in snapshot["sections"] for user in section["teachers"]}
    assert [user for user in teachers if "teacher" not in users[user]["roles"]] == ids("rostered_non_teacher")


def test_the_places_are_as_the_cast_says(snapshot: Snapshot, record: Callable[[str], Snapshot]) -> None:
    """Classes have the term, the school and the teachers of their sentence."""
    now = datetime.fromisoformat(snapshot["as_of"])

    def ends(name: str) -> datetime:
        return datetime.fromisoformat(record(name)["end_date"])

    assert record("current_term")["start_date"] < str(now.date()) < record("current_term")["end_date"]
    assert ends("past_term") < now
    assert record("future_term")["start_date"] > str(now.date())
    assert record("undated_term")["start_date"] is record("undated_term")["end_date"] is None
    for name, school, term in [
        ("algebra_class", "high", "current_term"), ("past_class", "high", "past_term"),
        ("future_class", "high", "future_term"), ("covered_class", "elementary", "current_term"),
        ("mismatched_class", "middle", "current_term"), ("leaderless_class", "high", "current_term"),
        ("district_admins_class", "academy", "current_term"), ("tech_leads_class", "high", "current_term"),
        ("other_class", "other_school", "other_term"),
    ]:  # fmt: skip
        assert (record(name)["school"], record(name)["term_id"]) == tuple(ids(school, term))
    assert (record("termless_class")["school"], record("termless_class")["term_id"]) == (
        *ids("academy"),
        None,
    )
    assert record("leaderless_class")["teacher"] is None
    assert record("leaderless_class")["teachers"] == ids("co_teacher")
    assert {record(name)["district"] for name in ("other_school", "other_term", "other_class")} == set(
        ids("other_district")
    )
    assert [school["district"] for school in snapshot["schools"]].count(CAST["other_district"].id) == 1


def test_the_teachers_are_as_the_cast_says(snapshot: Snapshot, record: Callable[[str], Snapshot]) -> None:
    """Teachers teach what their sentence says and hold the roles it says, where it says."""

    def roles(name: str) -> Snapshot:
        held: Snapshot = record(name)["roles"]
        return held

    both = roles("multi_role_teacher")
    assert set(both) == {"teacher", "staff"}
    assert (both["teacher"]["schools"], both["staff"]["schools"]) == (ids("high"), ids("academy"))
    algebra = record("algebra_class")
    assert [algebra["teacher"]] == ids("multi_role_teacher")
    assert algebra["teachers"] == ids("multi_role_teacher", "co_teacher")
    for name, holds, classes in [
        ("co_teacher", {"teacher"}, ["algebra_class", "leaderless_class"]),
        ("teacher", {"teacher"}, ["covered_class"]),
        ("past_teacher", {"teacher"}, ["past_class"]),
        ("teaching_district_admin", {"teacher", "district_admin"}, ["district_admins_class"]),
        ("teaching_tech_lead", {"teacher", "staff"}, ["tech_leads_class"]),
        ("traveling_teacher", {"teacher"}, ["termless_class"]),
        ("rostered_non_teacher", {"staff"}, ["mismatched_class"]),
        ("other_teacher", {"teacher"}, ["other_class"]),
    ]:
        assert set(roles(name)) == holds
        assert taught(snapshot, CAST[name].id) == ids(*classes)
    assert record("mismatched_class")["teachers"] == ids("rostered_non_teacher")
    assert roles("teaching_tech_lead")["staff"]["roles"] == ["SchoolTechLead"]
    assert roles("teaching_tech_lead")["staff"]["schools"] == ids("high")
    assert not {*ids("academy")} & {*roles("traveling_teacher")["teacher"]["schools"]}


def test_the_staff_are_as_the_cast_says(snapshot: Snapshot, record: Callable[[str], Snapshot]) -> None:
    """Staff have the schools and the designations of their sentence, and teach nothing."""
    for name, schools, designations in [
        ("tech_lead", ["high"], ["SchoolTechLead"]),
        ("principal", ["high"], ["PortalOnly"]),
        ("csv_tech_lead", ["high"], ["School Tech Lead"]),
        ("undesignated_staff", ["middle"], None),
        ("staff_nowhere", [], ["PortalOnly"]),
        ("substitute", [], ["PortalOnly"]),
        ("former_substitute", [], ["PortalOnly"]),
        ("other_staff", ["other_school"], ["PortalOnly"]),
    ]:
        roles = record(name)["roles"]
        assert set(roles) == {"staff"}
        assert roles["staff"]["schools"] == ids(*schools)
        assert roles["staff"].get("roles") == designations
        assert not taught(snapshot, CAST[name].id)
    assert set(record("district_admin")["roles"]) == {"district_admin"}
    assert record("nobody")["roles"] == {}


def test_one_substitute_is_assigned_now_and_one_no_more(snapshot: Snapshot) -> None:
    """Both were assigned to the covered class, with an end that has passed for one of them only."""
    now = datetime.fromisoformat(snapshot["as_of"])
    for name, active in [("substitute", True), ("former_substitute", False)]:
        (grant,) = (grant for grant in snapshot["assignments"] if grant["user"] == CAST[name].id)
        since, until = datetime.fromisoformat(grant["from"]), datetime.fromisoformat(grant["until"])
        assert [grant["id"]] == ids("covered_class")
        assert (since <= now < until) is active


def test_the_families_are_as_the_cast_says(snapshot: Snapshot, record: Callable[[str], Snapshot]) -> None:
    """Children are in the classes and schools of their sentence, and contacts related to them as it says."""

    def related(name: str) -> list[tuple[str, str]]:
        contact = record(name)["roles"]["contact"]
        return [(each["student"], each["type"]) for each in contact["student_relationships"]]

    younger, elder = ids("child_elementary", "child_high")
    assert related("guardian") == [(younger, "Parent/Guardian"), (elder, "Parent/Guardian")]
    assert related("emergency_contact") == [(younger, "Emergency")]
    assert record("child_elementary")["roles"]["student"]["schools"] == ids("elementary")
    assert record("child_high")["roles"]["student"]["schools"] == ids("high")
    assert attended(snapshot, younger) == ids("covered_class")
    assert {*ids("algebra_class")} <= {*attended(snapshot, elder)}
    assert attended(snapshot, CAST["student_in_several"].id) == ids(
        "algebra_class", "past_class", "future_class", "leaderless_class"
    )
    assert set(record("teaching_student")["roles"]) == {"student", "teacher"}
    assert attended(snapshot, CAST["other_student"].id) == ids("other_class")
    for name in ("other_teacher", "other_staff", "other_student"):
        assert [record(name)["district"]] == ids("other_district")
