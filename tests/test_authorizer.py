"""The PDP in Python: what it answers, what it raises, and how old facts may be."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from demo import NOW, POLICIES, assignment, at, pdp, snapshot, who
from rolecall import (
    Authorizer,
    Indeterminate,
    PermissionDenied,
    PolicyError,
    Refusal,
    Snapshot,
    UnknownPermission,
)
from rolecall.testing import CAST, demo_district

TEACHER = who("multi_role_teacher")
ALGEBRA = at("algebra_class")


def test_a_decision_answers_what_was_asked():
    """With a permission asked a decision is true or false, and has all permissions besides."""
    engine = pdp()
    yes, no = engine.authorize(TEACHER, ALGEBRA, "edit"), engine.authorize(TEACHER, ALGEBRA, "support")
    assert (bool(yes), yes.allowed, yes.code, yes.detail) == (True, True, "granted", "")
    assert (bool(no), no.allowed, no.code) == (False, False, "no-rule")
    assert yes.permissions == no.permissions == {"view", "report", "edit", "take_attendance"}
    assert [rule.id for rule in yes.given_by("edit")] == ["teachers-edit-the-classrooms-they-teach"]
    assert (yes.subject, yes.resource, yes.permission, yes.acting_as) == (TEACHER, ALGEBRA, "edit", None)
    assert (yes.time, yes.indeterminate) == (NOW, "")


def test_a_decision_about_everything_has_no_truth_value():
    """`if pdp.authorize(user, resource):` raises: it would pass by accident."""
    decision = pdp().authorize(TEACHER, ALGEBRA)
    for ask in (bool, lambda one: one.allowed):
        with pytest.raises(TypeError, match="no permission was asked"):
            ask(decision)
    assert (decision.code, "edit" in decision.permissions) == ("granted", True)


def test_check_gives_the_decision_or_raises_it():
    """`check` returns a yes, and raises a no that is 403 and carries the decision."""
    engine = pdp()
    assert engine.check(TEACHER, ALGEBRA, "edit").allowed
    with pytest.raises(PermissionDenied) as caught:
        engine.check(TEACHER, at("termless_class"), "edit")
    error = caught.value
    assert not isinstance(error, OSError)  # whoever handles files must not swallow a denial
    assert isinstance(error, Refusal)
    assert not isinstance(error, Indeterminate)
    assert (error.status, error.decision.code, error.decision.subject) == (403, "no-rule", TEACHER)
    assert f"`{TEACHER}` may not `edit` on section `{who('termless_class')}`" in str(error)
    assert error.decision.id in str(error)


def test_indeterminate_is_no_kind_of_no():
    """Where facts cannot be had `check` raises a sibling of `PermissionDenied`: 503."""
    engine = pdp(clock=lambda: NOW + timedelta(days=2))
    with pytest.raises(Indeterminate) as caught:
        engine.check(TEACHER, ALGEBRA, "edit")
    error = caught.value
    assert not isinstance(error, PermissionDenied)
    assert isinstance(error, Refusal)
    assert (error.status, error.decision.code) == (503, "indeterminate")
    assert str(error).startswith("cannot be decided now: the facts (demo.json) are older than the 24 hours")
    assert "may not" not in str(error)


@pytest.mark.parametrize(
    ("age", "max_stale", "fresh"),
    [
        (timedelta(0), timedelta(hours=24), True),
        (timedelta(hours=24), timedelta(hours=24), True),
        (timedelta(hours=24, microseconds=1), timedelta(hours=24), False),
        (timedelta(minutes=6), timedelta(minutes=5), False),
        (timedelta(0), timedelta(0), True),
        (timedelta(days=30), None, True),
        (timedelta(minutes=-4), timedelta(hours=24), True),
        (timedelta(hours=-1), timedelta(hours=24), False),
    ],
)
def test_facts_older_than_max_stale_decide_nothing(age, max_stale, fresh):
    """Up to the bound facts are good; past it, or before they were taken, everything is indeterminate, warm or not."""
    times = [NOW, NOW, NOW + age]
    engine = pdp(max_stale=max_stale, clock=lambda: times.pop(0))
    assert engine.authorize(TEACHER, ALGEBRA, "edit").allowed
    assert engine.authorize(TEACHER, ALGEBRA, "edit").allowed
    decision = engine.authorize(TEACHER, ALGEBRA, "edit")
    assert (decision.allowed, decision.code) == ((True, "granted") if fresh else (False, "indeterminate"))
    assert decision.permissions == ({"view", "report", "edit", "take_attendance"} if fresh else frozenset())


def test_by_default_a_day_is_the_bound_and_the_clock_is_the_systems():
    """The demo district's facts are of 2026-10-14 for ever, so the system's clock finds facts of now only."""
    now = {**demo_district(users=100), "as_of": datetime.now(UTC).isoformat()}
    assert Authorizer.load(POLICIES, facts=Snapshot.read(now)).check(TEACHER, at("algebra_class"), "view")
    old = {**now, "as_of": (datetime.now(UTC) - timedelta(hours=25)).isoformat()}
    with pytest.raises(Indeterminate, match="older than the 24 hours that are allowed"):
        Authorizer.load(POLICIES, facts=Snapshot.read(old)).check(TEACHER, at("algebra_class"), "view")


def test_facts_of_unknown_age_decide_nothing():
    """Without `as_of` nobody knows how stale the facts are; None for `max_stale` says that this is well."""
    facts = Snapshot.read({**demo_district(users=100), "as_of": None}, "ageless.json")
    decision = pdp(facts=facts).authorize(TEACHER, ALGEBRA, "edit")
    assert decision.indeterminate == "the facts (ageless.json) do not say how old they are"
    assert pdp(facts=facts, max_stale=None).authorize(TEACHER, ALGEBRA, "edit").allowed


def test_permissions_gives_a_set_or_raises():
    """An empty set is a no; what cannot be known raises."""
    assert pdp().permissions(TEACHER, ALGEBRA, acting_as=["staff"]) == frozenset()
    assert "edit" in pdp().permissions(TEACHER, ALGEBRA)
    with pytest.raises(Indeterminate):
        pdp(clock=lambda: NOW + timedelta(days=2)).permissions(TEACHER, ALGEBRA)


def test_many_are_decided_at_one_instant_and_read_as_any_or_all():
    """A thing that lies in several sections is asked about once for each; of none, neither any nor all is true."""
    ticks = iter(range(1000))
    engine = pdp(clock=lambda: NOW + timedelta(seconds=next(ticks)))
    taught, other = assignment("algebra_class"), assignment("covered_class")
    for things, any_allowed, all_allowed in [
        ([taught, other], True, False),
        ([taught, taught], True, True),
        ([other], False, False),
        ([], False, False),
    ]:
        found = engine.authorize_many(TEACHER, iter(things), "edit")
        assert (found.any_allowed, found.all_allowed) == (any_allowed, all_allowed)
        assert [one.resource for one in found] == things
        assert len({one.time for one in found}) <= 1
    with pytest.raises(TypeError, match="no permission was asked"):
        _ = engine.authorize_many(TEACHER, [taught]).any_allowed
    with pytest.raises(UnknownPermission):
        engine.authorize_many(TEACHER, [taught, ALGEBRA], "take_attendance")


def test_a_clock_must_know_its_zone():
    """Any zone will do; none raises, for nobody can tell which was meant."""
    zoned = NOW.astimezone(timezone(timedelta(hours=-5)))
    assert pdp(clock=lambda: zoned).authorize(TEACHER, ALGEBRA, "edit").time == NOW
    with pytest.raises(ValueError, match="has no time zone"):
        pdp(clock=lambda: NOW.replace(tzinfo=None)).authorize(TEACHER, ALGEBRA)
    with pytest.raises(TypeError, match=r"`1\.5` is no time"):
        pdp(clock=lambda: 1.5).authorize(TEACHER, ALGEBRA)


def test_an_audit_log_must_be_one():
    """Its address is none: `Audit.open` makes one of it."""
    with pytest.raises(TypeError, match="`audit` must be an audit log such as"):
        pdp(audit="audit.db")
    with pytest.raises(TypeError, match="`audit` must be an audit log such as"):
        Authorizer.load(POLICIES, facts=snapshot(), audit="audit.db")


def test_load_raises_what_is_wrong_with_the_policy(tmp_path):
    """A policy that is not there, or not right, is never put in force."""
    with pytest.raises(PolicyError, match="there is no file or folder"):
        Authorizer.load(tmp_path / "none", facts=snapshot())
    (tmp_path / "p.yaml").write_text("rolecall: 1\napplication: x\nrules: 7\n", "utf-8")
    with pytest.raises(PolicyError, match=r"p\.yaml:3"):
        Authorizer.load(tmp_path, facts=snapshot())


def test_every_one_of_the_cast_is_somebody():
    """The cast's people are held, each with a sentence about them."""
    assert all(snapshot().person(one.id) for one in CAST.values() if one.id.startswith("ca57"))
