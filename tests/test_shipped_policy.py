"""The shipped policy says what Clever's migration guide says, person by person of the demo district's cast."""

from datetime import datetime

import pytest
from demo import POLICIES, assignment, at, grade, note, pdp, table, who
from rolecall import Resource, Snapshot
from rolecall.compiler import compile_policy
from rolecall.loader import read_policy
from rolecall.testing import CAST, demo_district

THINGS = {
    "algebra": at("algebra_class"),
    "past": at("past_class"),
    "covered": at("covered_class"),
    "termless": at("termless_class"),
    "robotics": at("tech_leads_class"),
    "debate": at("district_admins_class"),
    "mismatched": at("mismatched_class"),
    "high": at("high"),
    "academy": at("academy"),
    "elementary": at("elementary"),
    "district": at("district"),
    "hugo": at("child_high"),
    "elsa": at("child_elementary"),
    "task": assignment(),
    "draft": assignment(visibility="draft"),
    "locked": assignment(locked=True),
    "covered task": assignment("covered_class"),
    "past task": assignment("past_class"),
    "mark": grade("child_high", "algebra_class"),
    "hidden mark": grade("child_high", "algebra_class", published=False),
    "past mark": grade("student_in_several", "past_class"),
    "note": note("child_high"),
}
SEES_HIGH = {
    "algebra": "view report", "past": "view report", "robotics": "view report", "high": "view report", "hugo": "view",
    "task": "view", "draft": "view", "locked": "view", "past task": "view",
}  # fmt: skip
SEES_GRADES = {"mark": "view", "hidden mark": "view", "past mark": "view", "note": "view"}
SEES_ALL = {
    **SEES_HIGH, **SEES_GRADES, "covered": "view report", "termless": "view report", "debate": "view report",
    "mismatched": "view report", "academy": "view report", "elementary": "view report", "district": "view report",
    "elsa": "view", "covered task": "view",
}  # fmt: skip
TEACHES_ALGEBRA = {
    "algebra": "view edit take_attendance", "high": "view", "hugo": "view write_note", "task": "view edit lock",
    "draft": "view edit lock", "locked": "view lock", "mark": "view edit", "hidden mark": "view edit", "note": "view",
}  # fmt: skip
MAY = {
    "multi_role_teacher": TEACHES_ALGEBRA | {
        "algebra": "view report edit take_attendance", "termless": "view report", "debate": "view report",
        "academy": "view report",
    },
    "co_teacher": TEACHES_ALGEBRA,
    "teacher": {
        "covered": "view edit take_attendance", "elementary": "view", "elsa": "view write_note",
        "covered task": "view edit lock",
    },
    "principal": SEES_HIGH | SEES_GRADES,
    "tech_lead": SEES_HIGH | {
        "algebra": "view report support", "robotics": "view report support", "hugo": "view reset_login",
    },
    "teaching_tech_lead": SEES_HIGH | {
        "algebra": "view report support", "robotics": "view report edit take_attendance support",
        "hugo": "view write_note reset_login", "note": "view",
    },
    "csv_tech_lead": SEES_HIGH,
    "past_teacher": {"past": "view", "high": "view", "past task": "view", "past mark": "view"},
    "district_admin": SEES_ALL,
    "teaching_district_admin": SEES_ALL | {"debate": "view report edit take_attendance"},
    "traveling_teacher": {"termless": "view edit take_attendance", "academy": "view", "elementary": "view"},
    "rostered_non_teacher": {"mismatched": "view report"},
    "undesignated_staff": {"mismatched": "view report"},
    "staff_nowhere": {},
    "substitute": {"covered": "view take_attendance", "elsa": "view", "covered task": "view edit"},
    "former_substitute": {},
    "guardian": {
        "algebra": "view", "covered": "view", "robotics": "view", "high": "view", "elementary": "view", "hugo": "view",
        "elsa": "view", "task": "view", "locked": "view", "covered task": "view", "mark": "view",
    },
    "emergency_contact": {},
    "child_high": {
        "algebra": "view", "robotics": "view", "high": "view", "hugo": "view", "task": "view hand_in", "locked": "view",
        "mark": "view",
    },
    "child_elementary": {"covered": "view", "elementary": "view", "elsa": "view", "covered task": "view hand_in"},
    "student_in_several": {
        "algebra": "view", "past": "view", "high": "view", "task": "view hand_in", "locked": "view", "past task": "view",
        "past mark": "view",
    },
    "teaching_student": {"mismatched": "view"},
    "nobody": {},
    "other_teacher": {},
    "other_staff": {},
    "other_student": {},
}  # fmt: skip


def may(user, thing, **options):
    """Everything that somebody of the cast may do to a thing."""
    return pdp().permissions(who(user), thing, **options)


def test_it_loads_without_an_error_or_a_warning():
    """Even `check --strict` is content."""
    policy, findings = read_policy(POLICIES)
    assert list(findings) == []
    assert [one.code for one in compile_policy(policy).findings if one.severity != "note"] == []


@pytest.mark.parametrize("name", MAY)
def test_each_of_the_cast_may_do_this_and_nothing_else(name):
    """The whole table of people, things and permissions."""
    engine = pdp()
    found = {}
    for thing, resource in THINGS.items():
        held = engine.permissions(who(name), resource)
        if held:
            found[thing] = " ".join(one for one in table().types[resource.type].permissions if one in held)
    assert found == MAY[name]


def test_everybody_of_the_cast_is_in_the_table():
    """Nobody is forgotten."""
    assert set(MAY) == {name for name, cast in CAST.items() if cast.id.startswith("ca57")}


def test_a_teacher_edits_the_classrooms_they_teach_and_no_others():
    """The guide: "A teacher should have edit permissions for their classrooms"."""
    district = demo_district(users=100)
    engine = pdp(facts=Snapshot.read(district))
    teachers = {
        user["id"] for user in district["users"] if "teacher" in user["roles"] and "student" not in user["roles"]
    }
    ended = {who("past_term")}
    for section in district["sections"]:
        teaching = teachers & {*section["teachers"]}
        for teacher in teachers:
            edits = "edit" in engine.permissions(teacher, Resource("section", section["id"]))
            assert edits is (teacher in teaching and section["term_id"] not in ended)


def test_staff_view_everything_at_their_schools_and_edit_nothing():
    """The guide: "An administrator should have view-all access to their associated school sites"."""
    district = demo_district(users=100)
    engine = pdp(facts=Snapshot.read(district))
    only_staff = [user for user in district["users"] if set(user["roles"]) == {"staff"}]
    assert len(only_staff) > 8
    for user in only_staff:
        for section in district["sections"]:
            found = engine.permissions(user["id"], Resource("section", section["id"]))
            theirs = section["school"] in user["roles"]["staff"]["schools"]
            assert {"view", "report"} <= found or not theirs
            assert "edit" not in found
            assert theirs or not found or found == {"view", "take_attendance"}  # a substitute's class


def test_a_teacher_who_is_staff_keeps_staff_level_in_their_classrooms():
    """The guide: "a teacher who is also a staff member should be assigned staff-level permissions", wherever they are staff."""
    staff_level = may("principal", at("algebra_class"))
    for user, section in (("multi_role_teacher", "algebra_class"), ("teaching_tech_lead", "tech_leads_class")):
        assert staff_level < may(user, at(section))
    assert "report" not in may("co_teacher", at("algebra_class"))


def test_becoming_staff_takes_nothing_from_a_teacher():
    """Whatever designation the staff role comes with, a teacher has at least what they had in their class."""
    before = may("co_teacher", at("algebra_class")), may("co_teacher", grade("child_high", "algebra_class"))
    for designations in (["PortalOnly"], ["SchoolTechLead"], [], None, ["school tech lead"]):
        for school in ("high", "academy"):
            district = demo_district(users=100)
            (user,) = (one for one in district["users"] if one["id"] == who("co_teacher"))
            user["roles"]["staff"] = {"schools": [who(school)], "roles": designations}
            engine = pdp(facts=Snapshot.read(district))
            after = (
                engine.permissions(user["id"], at("algebra_class")),
                engine.permissions(user["id"], grade("child_high", "algebra_class")),
            )
            assert before[0] < after[0]
            assert before[1] <= after[1]


def test_tech_leads_get_support_which_portal_only_staff_do_not():
    """The guide: "additional access or permissions not afforded to PortalOnly staff"."""
    assert "support" in may("tech_lead", at("algebra_class"))
    assert "reset_login" in may("tech_lead", at("child_high"))
    for user in ("principal", "csv_tech_lead", "multi_role_teacher", "district_admin"):
        assert not {"support", "reset_login"} & (may(user, at("algebra_class")) | may(user, at("child_high")))


def test_principals_are_not_locked_out():
    """PortalOnly is what Clever gives every member of staff, so it takes nothing away."""
    assert may("principal", grade("child_high", "algebra_class")) == {"view"}


def test_students_and_guardians_reach_only_themselves_or_their_child():
    """No student or contact may do anything about another student, nor to another's grades or notes."""
    district = demo_district(users=100)
    engine = pdp(facts=Snapshot.read(district))
    users = {user["id"]: user for user in district["users"]}
    students = [one for one, user in users.items() if "student" in user["roles"]]
    families = [one for one, user in users.items() if {"student", "contact"} & set(user["roles"])]
    sections = {one: [s["id"] for s in district["sections"] if one in s["students"]] for one in students}
    assert len(students) > 30
    for person in families:
        ties = users[person]["roles"].get("contact", {}).get("student_relationships", [])
        theirs = {tie["student"] for tie in ties if tie["type"] == "Parent/Guardian"} | {person}
        for student in students:
            found = engine.permissions(person, Resource("student", student))
            assert found == ({"view"} if student in theirs else set())
            assert engine.permissions(person, Resource("note", "n", {"student": student, "owner": person})) == set()
            for section in sections[student][:2]:
                thing = Resource("grade", "g", {"student": student, "section": section, "published": True})
                assert engine.permissions(person, thing) == ({"view"} if student in theirs else set())


def test_nothing_is_shown_of_which_the_state_is_unknown():
    """A grade that may be unpublished, and an assignment that may be a draft or locked, are treated as if they were."""
    child, section = who("child_high"), who("algebra_class")
    for published in ({}, {"published": None}, {"published": 1}, {"published": "true"}):
        thing = Resource("grade", "g", {"student": child, "section": section, **published})
        assert may("guardian", thing) == may("child_high", thing) == frozenset()
    assert may("child_high", Resource("assignment", "a", {"section": section})) == frozenset()
    assert may("co_teacher", Resource("assignment", "a", {"section": section})) == {"view", "lock"}


def test_a_substitute_covers_a_class_until_the_end():
    """Their assignment ends by the clock, and nothing of it is left."""
    thing = at("covered_class")
    for time, held in (
        ("2026-10-05T04:59:59Z", False),
        ("2026-10-05T05:00:00Z", True),
        ("2026-10-31T04:59:59Z", True),
        ("2026-10-31T05:00:00Z", False),
    ):
        moment = datetime.fromisoformat(time)
        engine = pdp(clock=lambda moment=moment: moment, max_stale=None)
        assert bool(engine.permissions(who("substitute"), thing)) is held


def test_a_class_whose_term_has_ended_is_read_only_for_everybody():
    """Nobody in either district may change anything about it."""
    for name, cast in CAST.items():
        if cast.id.startswith("ca57"):
            assert may(name, at("past_class")) <= {"view", "report"}
            assert may(name, assignment("past_class")) <= {"view"}
            assert may(name, grade("student_in_several", "past_class")) <= {"view"}


def test_a_note_is_changed_by_whoever_wrote_it_while_they_teach_the_student():
    """Having written it is not enough, nor is teaching the student."""
    assert may("co_teacher", note("child_high", who("co_teacher"))) == {"view", "edit"}
    assert may("co_teacher", note("child_high", who("principal"))) == {"view"}
    assert may("principal", note("child_high", who("principal"))) == {"view"}
    assert may("teacher", note("child_high", who("teacher"))) == frozenset()


def test_acting_as_one_role_narrows():
    """A login that toggles between experiences never gives more than both together, and each its own."""
    section, school = at("algebra_class"), at("academy")
    whole = may("multi_role_teacher", section)
    teaching = may("multi_role_teacher", section, acting_as=["teacher"])
    assert teaching == whole - {"report"}
    assert may("multi_role_teacher", section, acting_as=["staff"]) == frozenset()
    assert may("multi_role_teacher", school, acting_as=["teacher"]) == frozenset()
    assert may("multi_role_teacher", school, acting_as=["staff"]) == {"view", "report"}
    assert may("multi_role_teacher", section, acting_as=["staff", "teacher"]) == whole
    assert may("tech_lead", grade("child_high", "algebra_class"), acting_as=["staff"]) == frozenset()
