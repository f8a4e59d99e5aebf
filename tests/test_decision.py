"""What a decision carries (DESIGN section 7): reasons and facts, each with its source, and nothing else."""

from datetime import timedelta

import pytest
from demo import NOW, pdp
from rolecall import RequestError, Resource
from rolecall.authzen import response
from rolecall.record import record
from rolecall.testing import CAST

TEACHER, ALGEBRA = CAST["multi_role_teacher"].id, CAST["algebra_class"].id


def test_one_reason_for_what_was_asked():
    """With a permission asked there is one reason, with the rules behind it."""
    (reason,) = pdp().authorize(TEACHER, Resource("section", ALGEBRA), "edit").reasons
    assert (reason.permission, reason.code) == ("edit", "granted")
    assert [rule.id for rule in reason.given_by] == ["teachers-edit-the-classrooms-they-teach"]
    assert reason.cut_by == ()


def test_a_reason_for_each_permission_where_none_was_asked():
    """Without one, each permission of the type has its reason, in the policy's order."""
    reasons = pdp().authorize(TEACHER, Resource("section", ALGEBRA)).reasons
    assert [reason.permission for reason in reasons] == ["view", "report", "edit", "take_attendance", "support"]
    assert [reason.code for reason in reasons] == ["granted"] * 4 + ["no-rule"]


def test_a_capped_permission_names_what_gave_it_and_what_cut_it():
    """Both sides of the arithmetic are there."""
    past = Resource("section", CAST["past_class"].id)
    (reason,) = pdp().authorize(CAST["past_teacher"].id, past, "edit").reasons
    assert reason.code == "capped"
    assert [rule.id for rule in reason.given_by] == ["teachers-edit-the-classrooms-they-teach"]
    assert [rule.id for rule in reason.cut_by] == ["past-classes-are-read-only"]


def test_one_reason_for_everything_where_the_table_was_not_asked():
    """What is not held is the one reason, in a sentence."""
    (reason,) = pdp().authorize("nobody-at-all", Resource("section", ALGEBRA), "edit").reasons
    assert (reason.permission, reason.code) == (None, "subject-not-found")
    assert reason.message == "the facts hold no user `nobody-at-all`"


def test_each_fact_tells_its_source():
    """Roles and the term are Clever's word; places, owner and attributes are the application's assertion."""
    note = {"student": CAST["child_high"].id, "owner": TEACHER}
    facts = pdp().authorize(TEACHER, Resource("note", "n1", note), "edit").facts
    asserted = {fact.name: fact.value for fact in facts if fact.source == "asserted"}
    assert asserted == {"owner at resource": "n1", "student": note["student"], "owner": TEACHER}
    assert ("teacher at section", ALGEBRA, "clever") in {(fact.name, fact.value, fact.source) for fact in facts}


def test_the_term_is_a_fact():
    """A decision about a class says which term state it was decided in."""
    past = pdp().authorize(CAST["past_teacher"].id, Resource("section", CAST["past_class"].id), "edit")
    assert [(fact.value, fact.source) for fact in past.facts if fact.kind == "term"] == [("past", "clever")]
    assert record(past)["facts"]["term"] == "past"
    undated = pdp().authorize(TEACHER, Resource("section", CAST["termless_class"].id), "view")
    assert record(undated)["facts"]["term"] == "unknown"


@pytest.mark.parametrize("published", ["yes", 1, "Ada Lovelace", ["true"]])
def test_a_value_that_the_policy_does_not_know_is_not_kept(published):
    """An attribute's other values, and other properties, may be anybody's name: the record has neither."""
    properties = {"student": CAST["child_high"].id, "section": ALGEBRA, "published": published, "title": "Ada's grade"}
    decision = pdp().authorize(TEACHER, Resource("grade", "g1", properties), "view")
    kept = record(decision)["facts"]["asserted"]
    assert kept == {"student": properties["student"], "section": ALGEBRA, "published": None}


def test_facts_from_the_future_decide_nothing_until_it_comes():
    """An `as_of` ahead of the clock by more than the skew that clocks have is of unknown age."""
    times = [NOW - timedelta(minutes=6), NOW - timedelta(minutes=4), NOW]
    engine = pdp(max_stale=timedelta(hours=1), clock=lambda: times.pop(0))
    early = engine.authorize(TEACHER, Resource("section", ALGEBRA), "edit")
    assert "a time to come" in early.indeterminate
    assert not early.permissions
    assert engine.authorize(TEACHER, Resource("section", ALGEBRA), "edit").allowed
    assert engine.authorize(TEACHER, Resource("section", ALGEBRA), "edit").allowed


def test_what_the_application_did_not_tell_is_named():
    """A misspelt or missing attribute stands in the decision, its record and the response, for it may cost something."""
    decision = pdp().authorize(TEACHER, Resource("assignment", "a1", {"section": ALGEBRA, "lockd": False}), "edit")
    assert (decision.code, decision.unknown) == ("capped", ("visibility", "locked"))
    assert record(decision)["facts"]["unknown"] == ["visibility", "locked"]
    assert response(decision)["context"]["unknown"] == ["visibility", "locked"]
    told = {"section": ALGEBRA, "locked": False, "visibility": "draft"}
    assert pdp().authorize(TEACHER, Resource("assignment", "a1", told), "edit").unknown == ()


def test_several_decisions_have_no_truth_value():
    """A list of denials is not a yes."""
    many = pdp().authorize_many(TEACHER, [Resource("section", ALGEBRA)], "support")
    with pytest.raises(TypeError, match="any_allowed"):
        bool(many)
    assert not many.any_allowed


def test_a_decision_is_shown_in_a_line():
    """In a log or a traceback it is ids and an answer, not the policy."""
    shown = repr(pdp().authorize(TEACHER, Resource("section", ALGEBRA), "support"))
    assert shown.startswith(f"<Decision {TEACHER} support section:{ALGEBRA}: not allowed (no-rule) 01")
    assert len(shown) < 160


def test_a_permission_that_the_type_lacks_is_no_silent_no():
    """Reading a typo off a decision raises, as asking for it does."""
    decision = pdp().authorize(TEACHER, Resource("section", ALGEBRA))
    with pytest.raises(RequestError, match="`section` has no permission `edti`"):
        decision.code_of("edti")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"facts": "demo.json"}, "`facts` must be facts"),
        ({"max_stale": 24}, "`max_stale` must be a timedelta"),
        ({"max_stale": timedelta(hours=-1)}, "`max_stale` must be a timedelta"),
        ({"resources": {"assignment": {}}}, "`resources` must map"),
        ({"assignments": []}, "`assignments` must be a function"),
        ({"clock": NOW}, "`clock` must be a function"),
    ],
)
def test_what_could_not_work_is_refused_at_start_up(wrong, says):
    """A wrong argument is told when the PDP is made, not at the first decision."""
    with pytest.raises(TypeError, match=says):
        pdp(**wrong)
