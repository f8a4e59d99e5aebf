"""What the fake answers: lists and their pages, single objects, what leads from one to another, and refusals."""

import pytest
from clever_fake import OAKVALE, PINE_HOLLOW, ask, fake, ids, link, pages, who
from rolecall.testing import demo_district, demo_records


@pytest.fixture(scope="module")
def clever():
    return fake()


@pytest.fixture(scope="module")
def snapshot():
    return demo_district(users=100)


def listed(clever, target, token=None):
    """The records of a list that has one page."""
    (records,) = pages(clever, target, token)
    return records


@pytest.mark.parametrize("kind", ["schools", "terms", "sections", "users"])
@pytest.mark.parametrize("limit", [1, 7, 50, 10_000])
def test_the_pages_of_a_list_hold_every_record_of_the_district_once(clever, snapshot, kind, limit):
    """By rising id, as the snapshot has them, and none of another district."""
    found = pages(clever, f"/v3.0/{kind}?limit={limit}")
    own = sorted((one for one in snapshot[kind] if one["district"] == OAKVALE), key=lambda one: one["id"])
    assert [one for page in found for one in page] == own
    assert all(len(page) == limit for page in found[:-1])


def test_a_page_holds_100_unless_told(clever):
    """And as many as the limit says, up to 10,000."""
    assert len(ask(fake(demo_records(400)), "/v3.0/users").json["data"]) == 100
    assert len(ask(clever, "/v3.0/users?limit=3").json["data"]) == 3


def test_the_page_after_a_full_one_may_be_empty(clever, snapshot):
    """A page that is full has a next link, even where nothing is left."""
    count = sum(one["district"] == OAKVALE for one in snapshot["schools"])
    assert [len(page) for page in pages(clever, f"/v3.0/schools?limit={count}")] == [count, 0]
    assert [len(page) for page in pages(clever, f"/v3.0/schools?limit={count + 1}")] == [count]


def test_links_are_paths_that_keep_the_filter_and_the_limit(clever):
    """Relative to the host, with the version; `prev` leads back to the page before, `self` here."""
    first = ask(clever, "/v3.0/users?role=teacher&limit=2").json
    last = first["data"][-1]["data"]["id"]
    assert link(first, "self") == "/v3.0/users?role=teacher&limit=2"
    assert link(first, "next") == f"/v3.0/users?role=teacher&limit=2&starting_after={last}"
    assert link(first, "prev") is None
    second = ask(clever, link(first, "next")).json
    assert ask(clever, link(second, "prev")).json["data"] == first["data"]
    assert link(ask(clever, "/v3.0/users?starting_after=0").json, "prev") == (
        f"/v3.0/users?ending_before={ids(one['data'] for one in ask(clever, '/v3.0/users').json['data'])[0]}"
    )


def test_a_list_can_be_gone_through_backwards(clever):
    """`ending_before` gives the records just before, in rising order; following `prev` reaches the beginning."""
    forward = [one for page in pages(clever, "/v3.0/users?limit=9") for one in page]
    backward, target = [], "/v3.0/users?limit=9&ending_before=~"
    while target:
        page = ask(clever, target).json
        backward = [one["data"] for one in page["data"]] + backward
        target = link(page, "prev")
    assert backward == forward


def test_before_the_first_and_after_the_last_there_is_nothing(clever):
    """Such a page is empty, not an error."""
    for query, back in (("ending_before=0", None), ("starting_after=~", "/v3.0/users?ending_before=~")):
        page = ask(clever, f"/v3.0/users?{query}").json
        assert (page["data"], link(page, "next"), link(page, "prev")) == ([], None, back)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=0", 400),
        ("limit=-1", 400),
        ("limit=ten", 400),
        ("limit=", 400),
        ("limit=²", 400),
        ("limit=10001", 413),
        ("limit=99999999999999999999", 413),
        ("limit=1&limit=2", 400),
        ("starting_after=a&ending_before=b", 400),
        ("role=school_admin", 400),
        ("role=teacher&role=staff", 400),
        ("show_links=true", 200),
        ("count=true", 200),
        ("updated_since=2026", 200),
    ],
)
def test_wrong_parameters_are_refused_and_unknown_ones_passed_over(clever, query, status):
    """With a message."""
    got = ask(clever, f"/v3.0/users?{query}")
    assert got.status == status
    assert ("message" in got.json) == (status != 200)


@pytest.mark.parametrize("role", ["contact", "district_admin", "staff", "student", "teacher"])
def test_a_role_filters_users_and_strips_nothing(clever, snapshot, role):
    """Whoever has the role comes with every role, so the same person is in several lists."""
    own = sorted(
        (one for one in snapshot["users"] if one["district"] == OAKVALE and role in one["roles"]),
        key=lambda one: one["id"],
    )
    assert listed(clever, f"/v3.0/users?role={role}") == own


def test_a_token_sees_its_own_district_only(clever):
    """One's list of districts has one entry; whatever else there is, is not found."""
    own, other = clever.tokens[OAKVALE], clever.tokens[PINE_HOLLOW]
    assert ids(listed(clever, "/v3.0/districts", own)) == [OAKVALE]
    assert ids(listed(clever, "/v3.0/districts", other)) == [PINE_HOLLOW]
    for token, status in ((own, 404), (other, 200)):
        assert ask(clever, f"/v3.0/users/{who('other_teacher')}", token).status == status
        assert ask(clever, f"/v3.0/users/{who('other_teacher')}/sections", token).status == status
        assert ask(clever, f"/v3.0/districts/{PINE_HOLLOW}", token).status == status
    assert ids(listed(clever, "/v3.0/sections", other)) == [who("other_class")]


def test_one_object_is_wrapped_once(clever, snapshot):
    """`{"data": {…}, "links": […]}`."""
    record = next(one for one in snapshot["users"] if one["id"] == who("teacher"))
    target = f"/v3.0/users/{who('teacher')}"
    assert ask(clever, target).json == {"data": record, "links": [{"rel": "self", "uri": target}]}


RELATIONS = {
    ("sections", "multi_role_teacher"): ["algebra_class", "future_class"],
    ("sections", "co_teacher"): ["algebra_class", "leaderless_class"],
    ("sections", "student_in_several"): ["algebra_class", "past_class", "future_class", "leaderless_class"],
    ("sections", "rostered_non_teacher"): ["mismatched_class"],
    ("sections", "principal"): [],
    ("schools", "multi_role_teacher"): ["academy", "high"],
    ("schools?primary=true", "multi_role_teacher"): ["high"],
    ("schools", "traveling_teacher"): ["elementary"],
    ("schools", "staff_nowhere"): [],
    ("schools", "district_admin"): [],
    ("mystudents", "guardian"): ["child_elementary", "child_high"],
    ("mystudents", "teaching_tech_lead"): ["child_high"],
    ("myteachers", "child_high"): ["multi_role_teacher", "co_teacher", "teaching_tech_lead"],
    ("mycontacts", "child_elementary"): ["guardian", "emergency_contact"],
    ("mycontacts", "teacher"): [],
}


@pytest.mark.parametrize(("name", "user"), RELATIONS)
def test_what_lies_around_a_user(clever, name, user):
    """Sections taught and attended alike, schools of any role, a teacher's students, a student's people."""
    found = ids(listed(clever, f"/v3.0/users/{who(user)}/{name}"))
    named = {who(one) for one in RELATIONS[name, user]}
    assert found == sorted(found)
    if name == "mystudents" or user == "multi_role_teacher":
        found = [one for one in found if one in named or one[:3] != "66b"]  # classmates from the crowd
    assert set(found) & {who(one) for one in RELATIONS[name, user]} == named
    if not named:
        assert found == []


def test_what_lies_around_a_section(clever, snapshot):
    """Everybody, or the people of one sort, and the places it names."""
    section = next(one for one in snapshot["sections"] if one["id"] == who("algebra_class"))
    at = f"/v3.0/sections/{who('algebra_class')}"
    assert ids(listed(clever, f"{at}/users?role=teacher")) == sorted(section["teachers"])
    assert ids(listed(clever, f"{at}/users?role=student")) == sorted(section["students"])
    assert ids(listed(clever, f"{at}/users")) == sorted(section["teachers"] + section["students"])
    assert ask(clever, f"{at}/users?role=staff").status == 400
    for name, place in (("school", "high"), ("term", "current_term"), ("district", "district")):
        assert ask(clever, f"{at}/{name}").json["data"]["id"] == who(place)
    assert ask(clever, f"{at}/course").status == 404
    assert ask(clever, f"/v3.0/sections/{who('termless_class')}/term").status == 404


def test_what_lies_around_a_school_and_a_term(clever, snapshot):
    """People associated with a school in any role but contact, its sections, and their terms."""
    high = who("high")
    at = f"/v3.0/schools/{high}"

    def people(*roles, field="schools"):
        held = [(one["id"], one["roles"].get(role)) for one in snapshot["users"] for role in roles]
        return sorted({one for one, role in held if role and high in (role.get(field) or [])})

    assert ids(listed(clever, f"{at}/users?limit=1000")) == people("staff", "student", "teacher")
    assert ids(listed(clever, f"{at}/users?role=staff")) == people("staff")
    assert ids(listed(clever, f"{at}/users?role=teacher&primary=true")) == people("teacher", field="school")
    assert ask(clever, f"{at}/users?primary=false").status == 400
    assert ask(clever, f"{at}/users?role=contact").status == 400
    sections = [one for one in snapshot["sections"] if one["school"] == high]
    assert ids(listed(clever, f"{at}/sections")) == sorted(one["id"] for one in sections)
    assert ids(listed(clever, f"{at}/terms")) == sorted({one["term_id"] for one in sections} - {None})
    assert who("past_class") in ids(listed(clever, f"/v3.0/terms/{who('past_term')}/sections"))
    assert high in ids(listed(clever, f"/v3.0/terms/{who('past_term')}/schools"))


@pytest.mark.parametrize(
    "target",
    [
        "/v3.0/classes",
        "/v3.0",
        "/v3.0/",
        "/v3.1/users",
        "/users",
        "/",
        "/v3.0/users/",
        "/v3.0//users",
        "/v3.0/users/a/b/c",
    ],
)
def test_an_address_that_does_not_exist_is_a_page_of_html(clever, target):
    """As Clever's documentation warns."""
    got = ask(clever, target)
    assert (got.status, got.headers["content-type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize("target", ["/v3.0/users/x/friends", "/v3.0/users/x/sections/y", "/v3.0/events/x/y"])
def test_a_relation_that_does_not_exist_is_not_found(clever, target):
    """Whether the object before it does or not."""
    assert ask(clever, target).status == 404


def test_only_get_is_answered(clever):
    """Nothing can be written."""
    assert ask(clever, "/v3.0/users", method="POST").status == 405


def test_records_are_served_whatever_they_lack():
    """Nulls, absent keys, wrong kinds: nothing is repaired; without an id, a record is in the list all the same."""
    odd = [
        {"id": "1"},
        {"id": "2", "district": None, "roles": None},
        {"id": "3", "district": OAKVALE, "roles": {"teacher": None, "staff": {"schools": None}, "juggler": {}}},
        {
            "id": "4",
            "district": OAKVALE,
            "roles": {"student": {"schools": "x", "school": 5}, "contact": {"student_relationships": {}}},
        },
        {"district": OAKVALE, "roles": {"teacher": {}}},
        {"id": None, "district": OAKVALE},
        {"id": 17, "district": OAKVALE, "name": "\ud800", "big": 2**80},
        "no object at all",
        None,
    ]
    sections = [
        {"id": "5", "district": OAKVALE, "teachers": None, "students": [None, 5, "4"], "term_id": "gone"},
        {"id": "6"},
    ]
    clever = fake({"districts": [{"id": OAKVALE}, {"name": "no id"}], "users": odd, "sections": sections})
    assert [one for page in pages(clever, "/v3.0/users") for one in page] == odd
    assert [len(page) for page in pages(clever, "/v3.0/users?limit=2")] == [2, 2, 5]
    assert pages(clever, "/v3.0/users?role=teacher") == [[odd[4]]]
    assert ids(listed(clever, "/v3.0/users/4/sections")) == ["5"]
    assert ask(clever, "/v3.0/sections/5/term").status == 404
    assert ask(clever, "/v3.0/users/17").status == 404
    assert clever.world["users"] == odd


def test_a_large_district_is_listed_page_by_page_without_going_through_it():
    """The last page costs what the first does: here, 20,000 users in pages of 1,000."""
    clever = fake(("user", {"id": f"{number:024x}", "district": OAKVALE}) for number in range(20_000))
    found = pages(clever, "/v3.0/users?limit=1000")
    assert [len(page) for page in found] == [1000] * 20 + [0]
