"""Who someone is and where things are: DESIGN section 3, one row of its table after the other."""

import pytest
from rolecall import Snapshot

PLACES = {
    "districts": [{"id": "d1"}, {"id": "d2"}],
    "schools": [
        {"id": "k1", "district": "d1"},
        {"id": "k2", "district": "d1"},
        {"id": "k9", "district": "d2"},
    ],
}
S1 = {"id": "s1", "district": "d1", "school": "k1"}
S2 = {"id": "s2", "district": "d1", "school": "k2"}
S9 = {"id": "s9", "district": "d2", "school": "k9"}
PUPIL = {
    "id": "pupil",
    "district": "d1",
    "roles": {"student": {"school": "k1", "schools": ["k1", "k2"]}},
}
STRANGER = {"id": "stranger", "district": "d2", "roles": {"student": {"school": "k9"}}}


def roster(roles, *others, sections=(), district="d1"):
    """A snapshot of the places above with one user, `u`, who has these roles."""
    user = {"id": "u", "district": district, "roles": roles}
    return Snapshot.read({**PLACES, "sections": list(sections), "users": [user, *others]})


def held(facts, user="u"):
    """Each role as `role scope id`, with `?` at the end where it is doubtful."""
    found = facts.person(user).roles
    assert len(set(found)) == len(found)
    return {f"{one.role} {one.scope} {one.id}{'?' if one.doubt else ''}" for one in found}


def test_a_teacher_is_one_at_their_schools_and_where_a_section_names_them():
    """A teacher is held at `school`, at `schools`, at each section that names them and at that section's school."""
    facts = roster(
        {"teacher": {"school": "k1", "schools": ["k1"]}},
        sections=[S1 | {"teacher": "x", "teachers": ["x"]}, S2 | {"teacher": "x", "teachers": ["x", "u"]}],
    )
    assert held(facts) == {
        "teacher anywhere d1",
        "teacher school k1",
        "teacher section s2",
        "teacher school k2",
    }


def test_the_first_teacher_is_primary_too():
    """Where `teacher` is the user they are primary there, at the section's school and anywhere, even if `teachers` omits them."""
    facts = roster({"teacher": {}}, sections=[S1 | {"teacher": "u", "teachers": ["x"]}])
    assert held(facts) == {
        "teacher anywhere d1",
        "teacher section s1",
        "teacher school k1",
        "primary_teacher anywhere d1",
        "primary_teacher section s1",
        "primary_teacher school k1",
    }


def test_a_section_makes_nobody_a_teacher():
    """A section that names a user without `roles.teacher` changes nothing, and the person's notes say so."""
    facts = roster({"staff": {"schools": ["k2"], "roles": ["PortalOnly"]}}, sections=[S1 | {"teacher": "u"}])
    assert held(facts) == {
        "staff anywhere d1",
        "staff school k2",
        "PortalOnly anywhere d1",
        "PortalOnly school k2",
    }
    assert facts.person("u").notes == ("section `s1` names them as a teacher, but they have no role `teacher`",)


def test_staff_of_one_school_who_teach_at_another_are_staff_only_there():
    """Each role is read from its own object: a teacher's schools make nobody staff, nor the other way round."""
    facts = roster(
        {"teacher": {"schools": ["k2"]}, "staff": {"schools": ["k1"], "roles": ["SchoolTechLead"]}},
        sections=[S2 | {"teachers": ["u"]}],
    )
    assert held(facts) == {
        "teacher anywhere d1",
        "teacher school k2",
        "teacher section s2",
        "staff anywhere d1",
        "staff school k1",
        "SchoolTechLead anywhere d1",
        "SchoolTechLead school k1",
    }


@pytest.mark.parametrize("staff", [{"schools": []}, {"schools": None}, {}, {"schools": ["k9", "gone", ""]}])
def test_staff_without_schools_that_count_are_staff_nowhere_in_particular(staff):
    """Empty `staff.schools` is no place at all, but the role is held anywhere; `school` is not read for staff."""
    facts = roster({"staff": {"school": "k1", "roles": ["PortalOnly"], **staff}})
    assert held(facts) == {"staff anywhere d1", "PortalOnly anywhere d1"}


@pytest.mark.parametrize(
    ("designations", "lead", "portal"),
    [
        (["SchoolTechLead"], "", None),
        (["SchoolTechLead", "PortalOnly"], "", ""),
        (["PortalOnly"], None, ""),
        (["PortalOnly", "School Tech-Lead"], "?", ""),
        (["school_tech_lead"], "?", "?"),
        (["portal only"], None, "?"),
        (["Principal"], None, "?"),
        (["Principal", "SchoolTechLead"], "", None),
        ([], None, "?"),
        (None, None, "?"),
        ([None, ""], None, "?"),
    ],
)
def test_designations_are_sure_only_to_the_letter(designations, lead, portal):
    """Nearly a designation is a doubtful one, and PortalOnly is doubtful where none is exactly known."""
    facts = roster({"staff": {"schools": ["k1"], "roles": designations}})
    expected = {"staff anywhere d1", "staff school k1"}
    for name, doubt in (("SchoolTechLead", lead), ("PortalOnly", portal)):
        if doubt is not None:
            expected |= {f"{name} anywhere d1{doubt}", f"{name} school k1{doubt}"}
    assert held(facts) == expected


def test_a_district_admin_is_one_at_the_district():
    """A district administrator is held at the district, which needs no record of its own, and anywhere."""
    user = {"id": "u", "district": "dx", "roles": {"district_admin": {}}}
    assert held(Snapshot.read({"users": [user]})) == {"district_admin anywhere dx", "district_admin district dx"}


def test_a_student_is_one_at_themself_their_schools_and_their_sections():
    """A student is held at themself, `school`, `schools`, each section that lists them and that section's school."""
    facts = roster({"student": {"school": "k1"}}, sections=[S2 | {"students": ["u"]}, S1 | {"students": ["x"]}])
    assert held(facts) == {
        "student anywhere d1",
        "student student u",
        "student school k1",
        "student section s2",
        "student school k2",
    }


def test_a_contact_is_one_around_their_student():
    """A contact is held at the student and the student's places; with `Parent/Guardian` they are a guardian likewise."""
    around = ["student pupil", "school k1", "school k2", "section s2"]
    tie = {"student": "pupil", "type": "Parent/Guardian"}
    facts = roster({"contact": {"student_relationships": [tie]}}, PUPIL, sections=[S2 | {"students": ["pupil"]}])
    assert held(facts) == {"contact anywhere d1", "guardian anywhere d1"} | {
        f"{role} {place}" for role in ("contact", "guardian") for place in around
    }


@pytest.mark.parametrize("type_", ["Emergency", "Family", "parent/guardian", "", None])
def test_another_relationship_is_no_guardians(type_):
    """Only `Parent/Guardian`, to the letter, makes a guardian."""
    facts = roster({"contact": {"student_relationships": [{"student": "pupil", "type": type_}]}}, PUPIL)
    assert {one.role for one in facts.person("u").roles} == {"contact"}


def test_a_contact_of_nobody_held_is_a_contact_anywhere_and_no_guardian():
    """A tie to a student of another district, to no student or to nobody is none."""
    ties = [{"student": one, "type": "Parent/Guardian"} for one in ("stranger", "t", "gone", "", None)]
    teacher = {"id": "t", "district": "d1", "roles": {"teacher": {}}}
    facts = roster({"contact": {"student_relationships": [*ties, None]}}, STRANGER, teacher)
    assert held(facts) == {"contact anywhere d1"}


def test_places_of_another_district_never_count():
    """Schools and sections of another district, or that the facts do not hold, give no role, and are noted."""
    facts = roster(
        {"teacher": {"school": "k9", "schools": ["gone"]}, "staff": {"schools": ["k9"], "roles": ["SchoolTechLead"]}},
        sections=[S9 | {"teacher": "u"}],
    )
    assert held(facts) == {"teacher anywhere d1", "staff anywhere d1", "SchoolTechLead anywhere d1"}
    assert "section `s9` of another district names them; that counts for nothing" in facts.person("u").notes
    assert "`roles.staff` names the school `k9`, which their district does not have here" in facts.person("u").notes


@pytest.mark.parametrize("school", ["k9", "gone", "", None])
def test_a_section_without_a_school_of_its_district_is_not_held(school):
    """A section whose school is not held, or lies in another district, is left out and reported."""
    facts = roster({"teacher": {}}, sections=[S1 | {"school": school, "teacher": "u"}])
    assert held(facts) == {"teacher anywhere d1"}
    assert facts.location("section", "s1") is None
    assert facts.reports == (f"section `s1` is left out: its school `{school or ''}` is not held in its district",)


IMPOSSIBLE = [
    ("student", ["contact", "teacher", "staff", "district_admin"]),
    ("contact", ["teacher", "staff", "district_admin"]),
]


@pytest.mark.parametrize(("beside", "role"), [(one, role) for one, roles in IMPOSSIBLE for role in roles])
def test_a_role_that_clever_never_gives_beside_another_is_doubtful(beside, role):
    """Beside a student or a contact the other roles are doubtful, with what lies inside them; the student is not."""
    tie = {"student": "pupil", "type": "Parent/Guardian"}
    full = {
        "contact": {"student_relationships": [tie]},
        "teacher": {"school": "k1"},
        "staff": {"schools": ["k1"], "roles": ["SchoolTechLead"]},
        "district_admin": {},
        "student": {"school": "k1"},
    }
    facts = roster({beside: full[beside], role: full[role]}, PUPIL, sections=[S1 | {"teacher": "u"}])
    inside = {"teacher": {"primary_teacher"}, "staff": {"SchoolTechLead"}, "contact": {"guardian"}}
    doubtful = {one.role for one in facts.person("u").roles if one.doubt}
    assert doubtful == {role} | inside.get(role, set())
    sure = {one.role for one in facts.person("u").roles if not one.doubt}
    assert sure == {beside} | inside.get(beside, set())
    assert f"`roles.{role}` is doubtful: Clever never gives a {beside} this role" in facts.person("u").notes


def test_employee_roles_are_not_doubtful_beside_each_other():
    """Teacher, staff and district administrator meet in one person without doubt."""
    facts = roster({"teacher": {}, "staff": {"roles": ["PortalOnly"]}, "district_admin": {}})
    assert not any(one.doubt for one in facts.person("u").roles)


def test_locations_go_from_near_to_far():
    """A district is in itself, a school in itself, a section also in its school, a student also in all their places."""
    facts = roster({}, PUPIL, sections=[S1 | {"students": ["pupil"]}, S9 | {"students": ["pupil"]}])
    for kind, identifier, keys in [
        ("district", "d1", ()),
        ("school", "k1", ("school:k1",)),
        ("section", "s1", ("section:s1", "school:k1")),
        ("student", "pupil", ("student:pupil", "section:s1", "school:k1", "school:k2")),
    ]:
        found = facts.location(kind, identifier)
        assert (found.keys, found.district) == (keys, "d1")


@pytest.mark.parametrize(
    ("kind", "identifier"),
    [("district", "d3"), ("school", "s1"), ("section", "k1"), ("student", "u"), ("student", "gone"), ("school", "")],
)
def test_what_the_facts_do_not_hold_has_no_location(kind, identifier):
    """An id of another kind is not held, and a user without the role student is no student."""
    assert roster({"teacher": {}}, sections=[S1]).location(kind, identifier) is None


def test_a_user_who_is_not_held_is_nobody():
    """There is no person for an id that the facts do not hold, legacy or not."""
    facts = roster({"teacher": {"legacy_id": "old"}, "staff": {"legacy_id": "older"}, "student": {"legacy_id": "u"}})
    assert facts.person("old") is None
    assert (facts.successor("old"), facts.successor("older"), facts.successor("u")) == ("u", "u", None)
