"""One record at a time: lenient with what is optional, strict with what would change a decision."""

import pytest
from rolecall import FactsError, Snapshot

SCHOOL = {"id": "k1", "district": "d1"}
SECTION = {"id": "s1", "district": "d1", "school": "k1"}


def user(roles, **more):
    return {"users": [{"id": "u", "district": "d1", "roles": roles, **more}], "schools": [SCHOOL]}


@pytest.mark.parametrize("role", ["teacher", "staff", "district_admin", "student", "contact"])
@pytest.mark.parametrize("value", [None, "absent"])
def test_a_role_that_is_null_or_absent_is_not_held(role, value):
    """Absent and null say the same: the person has not got the role, and nothing is odd about it."""
    person = Snapshot.read(user({} if value == "absent" else {role: None})).person("u")
    assert (person.roles, person.notes) == ((), ())


@pytest.mark.parametrize("role", ["teacher", "staff", "district_admin", "student", "contact"])
@pytest.mark.parametrize("value", [True, 1, "teacher", [], [{}]])
def test_a_role_that_is_no_object_is_not_held_and_reported(role, value):
    """Whatever is neither an object nor null is not the role."""
    person = Snapshot.read(user({role: value})).person("u")
    assert person.roles == ()
    assert person.notes == (f"`roles.{role}` is no object, so the role is not held",)


@pytest.mark.parametrize("role", ["teacher", "staff", "district_admin", "student", "contact"])
def test_a_role_that_is_an_empty_object_is_held_anywhere(role):
    """Clever's five are held anywhere in the district even where they have no place."""
    roles = Snapshot.read(user({role: {}})).person("u").roles
    assert (role, "anywhere", "d1", "") in {(one.role, one.scope, one.id, one.doubt) for one in roles}


@pytest.mark.parametrize("roles", [[], "teacher", 7])
def test_roles_that_are_no_object_are_no_roles(roles):
    """A user whose `roles` is something else has none, and the person's notes say so."""
    person = Snapshot.read(user(roles)).person("u")
    assert (person.roles, person.notes) == ((), ("`roles` is no object, so no role is known",))


@pytest.mark.parametrize("roles", [None, {}, {"nurse": {}, "user": {}}])
def test_a_user_without_a_role_that_clever_has_is_held_all_the_same(roles):
    """Unknown roles are no roles; the user is a person without any."""
    person = Snapshot.read(user(roles)).person("u")
    assert (person.roles, person.notes) == ((), ())


@pytest.mark.parametrize(
    ("designation", "note"),
    [
        ("Principal", "the designation `Principal` is unknown and counts for nothing"),
        (7, "the designation that is no text is unknown and counts for nothing"),
        (
            "school tech_lead",
            "the designation `school tech_lead` is not `SchoolTechLead` to the letter, and counts only where it takes away",
        ),
    ],
)
def test_a_designation_that_is_not_known_is_reported(designation, note):
    """Support can see why a designation gave nothing."""
    assert Snapshot.read(user({"staff": {"roles": [designation]}})).person("u").notes == (note,)


@pytest.mark.parametrize(
    "content",
    [
        {"users": [{"id": 7, "district": "d1"}]},
        {"users": [{"id": "u", "district": ["d1"]}]},
        {"users": [{"id": {"$oid": "u"}, "district": "d1"}]},
        {"users": [7]},
        {"users": [None]},
        {"users": ["u"]},
        {"users": {"u": {}}},
        {"districts": [{"id": True}]},
        {"schools": [{"id": "k1", "district": 7}]},
        {"terms": [{"id": 1.5, "district": "d1"}]},
        {"sections": [SECTION | {"school": 7}]},
        {"sections": [SECTION | {"term_id": {}}]},
        {"sections": [SECTION | {"teacher": ["u"]}]},
        {"sections": [SECTION | {"teachers": "u"}]},
        {"sections": [SECTION | {"teachers": [7]}]},
        {"sections": [SECTION | {"students": {"u": 1}}]},
        {"sections": [SECTION | {"students": [{"id": "u"}]}]},
        user({"teacher": {"school": 7}}),
        user({"teacher": {"schools": "k1"}}),
        user({"staff": {"schools": ["k1", 7]}}),
        user({"staff": {"roles": "PortalOnly"}}),
        user({"student": {"schools": {}}}),
        user({"contact": {"student_relationships": {}}}),
        user({"contact": {"student_relationships": ["u"]}}),
        user({"contact": {"student_relationships": [{"student": 7}]}}),
        {"assignments": [{"user": 7, "role": "substitute", "scope": "section", "id": "s1"}]},
        {"assignments": [{"user": "u", "role": ["substitute"], "scope": "section", "id": "s1"}]},
        {"assignments": [{"user": "u", "role": "substitute", "scope": "section", "id": 1}]},
        {"assignments": [{"role": "substitute", "scope": "section", "id": "s1"}]},
        {"assignments": ["u"]},
    ],
)
def test_what_would_have_to_be_guessed_at_is_an_error(content):
    """A mistyped id or list is never read as something else: the whole snapshot is refused."""
    with pytest.raises(FactsError):
        Snapshot.read({"schools": [SCHOOL]} | content)


def test_the_error_names_the_record_and_the_member():
    """A person can find what to correct."""
    content = user({"staff": {"schools": ["k1", 7]}})
    with pytest.raises(FactsError) as caught:
        Snapshot.read(content, "snap.json")
    assert str(caught.value) == ("snap.json: an id in users[0] `u`: `roles.staff.schools` must be a text, not a number")


@pytest.mark.parametrize("kind", ["districts", "schools", "terms", "sections", "users"])
@pytest.mark.parametrize("identifier", [None, "", "absent"])
def test_a_record_without_an_id_is_left_out_and_reported(kind, identifier):
    """Null, absent and empty are alike: there is no id."""
    record = {"id": identifier, "district": "d1"}
    if identifier == "absent":
        del record["id"]
    assert Snapshot.read({kind: [record]}).reports == (f"{kind}[0] is left out: it has no `id`",)


@pytest.mark.parametrize("kind", ["schools", "terms", "sections", "users"])
@pytest.mark.parametrize("district", [None, "", "absent"])
def test_a_record_without_a_district_is_left_out_and_reported(kind, district):
    """A record that says of no district is of none."""
    record = {"id": "x", "district": district}
    if district == "absent":
        del record["district"]
    assert Snapshot.read({kind: [record]}).reports == (f"{kind}[0] `x` is left out: it has no `district`",)


@pytest.mark.parametrize("kind", ["districts", "schools", "terms", "sections", "users"])
def test_two_records_of_one_kind_with_the_same_id_are_an_error(kind):
    """Even two that say the same, and even where one of them would be left out."""
    record = {"id": "x", "district": "d1"}
    for other in (record, {"id": "x"}, {"id": "x", "district": "d2"}):
        with pytest.raises(FactsError, match=f"there are two {kind[:-1]} records with the id `x`"):
            Snapshot.read({kind: [record, other]})


def test_records_of_different_kinds_may_share_an_id():
    """A school and a user with the same id are two things."""
    facts = Snapshot.read({"schools": [SCHOOL], "users": [{"id": "k1", "district": "d1"}]})
    assert facts.person("k1") is not None
    assert facts.location("school", "k1") is not None


def test_assignments_are_no_records():
    """The same assignment twice is no error: it has no id of its own."""
    one = {"user": "u", "role": "substitute", "scope": "section", "id": "s1"}
    assert len(Snapshot.read({"assignments": [one, one]}).application_assignments("u")) == 2


@pytest.mark.parametrize("value", [7, True, [], {"date": "2026-01-01"}])
def test_a_term_date_that_is_no_text_is_no_date(value):
    """A term without both dates is unknown, and no reason to refuse the facts."""
    term = {"id": "t", "district": "d1", "start_date": value, "end_date": "2026-01-01"}
    facts = Snapshot.read({"schools": [SCHOOL], "terms": [term], "sections": [SECTION | {"term_id": "t"}]})
    assert facts.location("section", "s1").term.start is None


@pytest.mark.parametrize("legacy", [7, None, "", ["x"]])
def test_a_legacy_id_that_is_no_text_is_none(legacy):
    """A legacy id only ever helps to say what is wrong with a question."""
    assert Snapshot.read(user({"teacher": {"legacy_id": legacy}})).legacy == {}


def test_unknown_members_of_a_record_are_passed_over():
    """Clever adds members to its records; they change nothing."""
    facts = Snapshot.read(user({"teacher": {"shoe_size": 43}}, zodiac="ram"))
    assert (facts.reports, facts.person("u").notes) == ((), ())
