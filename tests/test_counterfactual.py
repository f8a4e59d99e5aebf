"""What would change an answer, told: who can do it, what else it does, and what is not known."""

import sys

import pytest
from demo import POLICIES, assignment, at, grade, note, pdp, snapshot, table, who
from msgspec.structs import replace
from rolecall import Resource, Snapshot
from rolecall.counterfactual import Change, Count, Elsewhere, counterfactuals, elsewhere
from rolecall.loader import load_policy
from rolecall.testing import demo_district

TEACHER = who("multi_role_teacher")
ALGEBRA = at("algebra_class")
POLICY = load_policy(POLICIES)
LEGACY = next(u["roles"]["teacher"]["legacy_id"] for u in demo_district(users=100)["users"] if u["id"] == TEACHER)


def sought(user, thing, permission, *, policy=POLICY, roster=True, **more):
    decision = pdp().authorize(user, thing, permission, **more)
    return counterfactuals(decision, table(), policy=policy, roster=snapshot() if roster else None)


def changes(found):
    return [one.changes for one in found.suggestions]


def test_each_suggestion_says_who_can_make_it():
    """The school, the district, the product's staff, the person, whoever keeps the policy."""
    makers = {
        one.changes[0].kind: one.makers
        for found in (
            sought(TEACHER, assignment(locked=True), "edit"),
            sought(TEACHER, ALGEBRA, "edit", acting_as=["staff"]),
            sought(who("nobody"), ALGEBRA, "view"),
            sought(who("principal"), ALGEBRA, "support"),
            sought(who("past_teacher"), at("past_class"), "edit"),
            sought(who("co_teacher"), note("child_high", None), "edit"),
            sought(who("teacher"), grade("child_high", "covered_class"), "edit"),
        )
        for one in found.suggestions
    }
    assert makers == {
        "attribute": ("product",), "acting": ("person",), "gain": ("district",), "designations": ("district",),
        "term": ("district",), "owner": ("product",), "listed": ("school",), "max-adds": ("policy",),
        "max-dropped": ("policy",), "max-unless": ("policy",), "min-adds": ("policy",),
    }  # fmt: skip
    by_role = {one.changes[0].role: one.makers for one in sought(who("nobody"), ALGEBRA, "view").suggestions}
    assert by_role["substitute"] == ("product",)
    assert by_role["teacher"] == by_role["guardian"] == by_role["staff"] == ("school",)


def test_what_does_least_else_comes_first():
    """Counted here, on other things, and for other people."""
    for found in (sought(who("nobody"), ALGEBRA, "view"), sought(TEACHER, ALGEBRA, "edit")):
        sizes = [one.elsewhere.size for one in found.suggestions]
        assert sizes == sorted(sizes)


def test_what_else_is_what_asking_about_everything_gives():
    """A principal who taught the class: the counts are those of a district in which they do."""
    found = sought(who("principal"), ALGEBRA, "edit")
    (taught,) = [one for one in found.suggestions if one.changes[0].kind == "gain"]
    assert taught.changes == (Change("gain", "teacher", "section", ALGEBRA.id),)
    raw = demo_district(users=100)
    section = next(one for one in raw["sections"] if one["id"] == ALGEBRA.id)
    section["teachers"].append(who("principal"))
    next(one for one in raw["users"] if one["id"] == who("principal"))["roles"]["teacher"] = {}
    before, after = pdp(), pdp(facts=Snapshot.read(raw))
    students = [
        one["id"] for one in raw["users"] if "student" in one["roles"] and one["district"] == raw["districts"][0]["id"]
    ]
    notes = sum(
        "write_note"
        in after.permissions(who("principal"), Resource("student", one))
        - before.permissions(who("principal"), Resource("student", one))
        for one in students
    )
    assert Count("student", "write_note", "student", notes) in taught.elsewhere.counts


def test_without_a_roster_nothing_is_counted_and_that_is_said():
    """Not counted is not nothing."""
    found = sought(who("principal"), ALGEBRA, "edit", roster=False)
    assert found.notes == ("what it would open elsewhere is not counted, because no roster is at hand",)
    assert all(one.elsewhere.why for one in found.suggestions if "policy" in one.makers)


def test_facts_that_are_not_the_decisions_are_not_counted_on():
    """What the roster says of the person has changed since the decision."""
    raw = demo_district(users=100)
    next(one for one in raw["users"] if one["id"] == who("principal"))["roles"] = {"teacher": {}}
    decision = pdp().authorize(who("principal"), ALGEBRA, "edit")
    found = counterfactuals(decision, table(), policy=POLICY, roster=Snapshot.read(raw))
    assert found.notes == (
        "what it would open elsewhere is not counted, because the facts have changed since, or come from elsewhere",
    )
    assert changes(found)[0] == (Change("gain", "teacher", "section", ALGEBRA.id),)


def test_another_policy_is_no_ground():
    """A decision made with one policy is not explained by another."""
    decision = pdp().authorize(who("principal"), ALGEBRA, "edit")
    other = replace(decision, grounds=replace(decision.grounds, digest="sha256:0"))
    assert counterfactuals(other, table()).notes == (
        "it is not known what would change it, because the policy is another now",
    )


def test_of_every_permission_none_is_sought_where_some_are_held():
    """Where none is held, any would do."""
    assert sought(TEACHER, ALGEBRA, None).suggestions == ()
    assert "ask about one permission" in sought(TEACHER, ALGEBRA, None).notes[0]
    assert sought(who("nobody"), ALGEBRA, None).wanted == "allow"
    assert sought(who("nobody"), ALGEBRA, None).suggestions


@pytest.mark.parametrize("roster", [True, False])
def test_a_legacy_id_has_a_successor(roster):
    """Verified where the facts are at hand; told where they are not, or where it would not help."""
    found = sought(LEGACY, ALGEBRA, "edit", roster=roster)
    if roster:
        assert changes(found) == [(Change("identifier", value=TEACHER),)]
        assert sought(LEGACY, ALGEBRA, "support").notes[0].endswith("The answer would still be no.")
    else:
        assert found.notes[0].endswith("What they may do is not known from this decision.")


def test_what_is_missing_is_not_known_rather_than_no():
    """Unknown people and places, and facts that cannot be had."""
    for found in (
        sought("ca5700000000000000000099", ALGEBRA, "edit"),
        sought(TEACHER, Resource("section", "5ec000000000000000000099"), "edit"),
        sought(TEACHER, Resource("assignment", "a", {"section": "5ec000000000000000000099"}), "edit"),
    ):
        assert (found.wanted, found.suggestions) == ("", ())
        assert found.notes[0].startswith("it is not known what")
    decision = pdp(assignments=lambda _: 1 / 0).authorize(TEACHER, ALGEBRA, "edit")
    (said,) = counterfactuals(decision, table()).notes
    assert (
        said
        == "it is not known what would change it, because the assignments port failed (ZeroDivisionError). Once that is put right, ask again"
    )


def test_a_search_that_is_cut_off_says_so(monkeypatch):
    """Bounded work, and no silent end."""
    monkeypatch.setattr(sys.modules["rolecall.counterfactual.search"], "MOST_TRIED", 3)
    found = sought(TEACHER, ALGEBRA, "edit", policy=None)
    assert found.cut_off.startswith("not every change was tried: ")


def test_nothing_that_would_do_is_said_too():
    """Three changes at most are tried together."""
    found = sought(who("child_high"), note("child_high", ""), "edit", policy=None)
    assert found.suggestions or found.cut_off or found.notes


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (Elsewhere(), "nothing else"),
        (Elsewhere(("view",), ("edit",)), "+view, -edit here too"),
        (Elsewhere(counts=(Count("section", "edit", "section", 214),)), "+edit on 214 other sections"),
        (Elsewhere(counts=(Count("grade", "view", "student+section", 1, 2),)), "+view on the grades of 1 other student in a section, -view on the grades of 2 other students in a section"),
        (Elsewhere(people=1, things=1, type="section", within="section"), "the same for 1 other person"),
        (Elsewhere(people=2, things=3, type="note", within="student"), "the same for 2 other people, on the notes of 3 students"),
        (Elsewhere(why="not counted: …"), "not counted: …"),
    ],
)  # fmt: skip
def test_what_else_reads_plainly(one, said):
    """A sign, a permission, a number, a thing."""
    assert elsewhere(one) == said
