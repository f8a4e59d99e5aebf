"""`fresh_within`: for chosen permissions facts must be younger than for the others, wherever they come from."""

import asyncio
from datetime import timedelta

import pytest
from demo import NOW, assignment, at, pdp, who
from facts.stages import HOUR, INSTANT, MINUTE, SECOND, direct_stage, store_stage
from rolecall import Indeterminate, UnknownPermission, UnknownResourceType
from rolecall.testing.fake.faults import Fault

TEACHER, ALGEBRA = who("multi_role_teacher"), at("algebra_class")
BOUND = {"section.edit": MINUTE}
UNTAUGHT = {"teacher": None, "teachers": []}


# what it speaks of


@pytest.fixture
def late():
    """A PDP over a snapshot that is two minutes old, where the bound is one minute."""
    return pdp(clock=lambda: NOW + 2 * MINUTE, fresh_within=BOUND)


def test_it_holds_for_the_permission_that_it_names(late):
    """Other permissions, and other types, may be decided on older facts."""
    decision = late.authorize(TEACHER, ALGEBRA, "edit")
    assert decision.indeterminate == "the facts (demo.json) are older than the 1 minute that `section.edit` allows"
    assert decision.permissions == frozenset()
    assert late.authorize(TEACHER, ALGEBRA, "view").allowed
    assert late.authorize(TEACHER, assignment(), "edit").allowed
    with pytest.raises(Indeterminate):
        late.check(TEACHER, ALGEBRA, "edit")


def test_it_holds_where_no_permission_is_asked(late):
    """All of them are told then, this one too."""
    assert late.authorize(TEACHER, ALGEBRA).code == "indeterminate"
    with pytest.raises(Indeterminate):
        late.permissions(TEACHER, ALGEBRA)
    assert late.authorize(TEACHER, assignment()).permissions
    assert asyncio.run(late.aauthorize(TEACHER, ALGEBRA)).code == "indeterminate"


def test_it_holds_for_all_that_are_asked_about_together(late):
    """One instant, one age: the smallest bound of those that are asked about."""
    assert [one.code for one in late.authorize_many(TEACHER, [assignment(), at("high")])] == ["granted", "granted"]
    assert {one.code for one in late.authorize_many(TEACHER, [assignment(), ALGEBRA])} == {"indeterminate"}
    assert {one.code for one in late.authorize_many(TEACHER, [ALGEBRA, assignment()], "view")} == {"granted"}


def test_the_smallest_bound_counts():
    """Of several for a type, where none is asked; and `max_stale`, where it is smaller."""
    bounds = {"section.edit": 3 * MINUTE, "section.view": MINUTE, "section.report": HOUR}
    engine = pdp(clock=lambda: NOW + 2 * MINUTE, fresh_within=bounds)
    assert "`section.view` allows" in engine.authorize(TEACHER, ALGEBRA).indeterminate
    assert engine.authorize(TEACHER, ALGEBRA, "edit").allowed
    engine = pdp(clock=lambda: NOW + 2 * MINUTE, fresh_within={"section.edit": HOUR}, max_stale=MINUTE)
    assert "that are allowed" in engine.authorize(TEACHER, ALGEBRA, "edit").indeterminate
    engine = pdp(clock=lambda: NOW + 2 * MINUTE, fresh_within=BOUND, max_stale=None)
    assert engine.authorize(TEACHER, ALGEBRA, "edit").code == "indeterminate"


def test_at_the_very_bound_facts_are_fresh():
    """And a microsecond later they are not; from the future they are of unknown age."""
    for span, code in [
        (MINUTE, "granted"), (MINUTE + INSTANT, "indeterminate"), (-4 * MINUTE, "granted"), (-6 * MINUTE, "indeterminate"),
    ]:  # fmt: skip
        engine = pdp(clock=lambda span=span: NOW + span, fresh_within=BOUND, max_stale=None)
        assert engine.authorize(TEACHER, ALGEBRA, "edit").code == code


def test_it_holds_for_types_that_are_loaded():
    """A loader says where a thing is, and nothing of how old the facts are."""
    loader = {"assignment": lambda _: {"section": who("algebra_class"), "locked": False}}
    engine = pdp(clock=lambda: NOW + HOUR, fresh_within={"assignment.edit": MINUTE}, resources=loader)
    assert engine.authorize(TEACHER, assignment(), "edit").code == "indeterminate"
    assert engine.authorize(TEACHER, assignment(), "view").allowed


@pytest.mark.parametrize(
    ("bounds", "error", "said"),
    [
        ({"sectoin.edit": MINUTE}, UnknownResourceType, "did you mean `section`"),
        ({"section.edti": MINUTE}, UnknownPermission, "did you mean `edit`"),
        ({"section": MINUTE}, UnknownPermission, "section"),
        ({"section.edit": 60}, TypeError, "maps `TYPE.PERMISSION` to a timedelta"),
        ({"section.edit": timedelta(-1)}, TypeError, "maps `TYPE.PERMISSION` to a timedelta"),
        ({7: MINUTE}, TypeError, "maps `TYPE.PERMISSION` to a timedelta"),
        ([MINUTE], TypeError, "must be a mapping such as"),
    ],
)
def test_a_bound_for_nothing_is_refused(bounds, error, said):
    """A typo raises at start-up: a bound that silently held for nothing would be worse than none."""
    with pytest.raises(error, match=said):
        pdp(fresh_within=bounds)


# over facts that are fetched


def asking(stage, **options):
    """A PDP with the bound, and one way to ask it."""
    engine = stage.pdp(fresh_within=BOUND, **options)
    return lambda permission="edit": engine.authorize(TEACHER, ALGEBRA, permission)


def test_clever_is_asked_anew_for_what_must_be_fresh():
    """For the others its last answer is good for `max_age`; what was asked anew is good for them, too."""
    with direct_stage() as stage:
        ask = asking(stage)
        assert ask("view").allowed
        assert len(stage.asked) == 5
        stage.after(MINUTE)
        assert ask("edit").allowed
        assert stage.asked == []
        stage.change("section", who("algebra_class"), **UNTAUGHT)
        stage.after(INSTANT)
        assert ask("view").allowed
        assert stage.asked == []
        assert not ask("edit").allowed
        assert len(stage.asked) == 6  # it is no longer in the list of the teacher's classes
        assert not ask("view").allowed
        assert stage.asked == []


def test_what_cannot_be_asked_anew_is_indeterminate_though_others_are_not():
    """The last facts stand in where they may be as old, and not where they may not."""
    with direct_stage() as stage:
        ask = asking(stage)
        assert ask("edit").allowed
        with stage.fake.fault(Fault.status(500)):
            stage.after(MINUTE)
            assert ask("edit").allowed
            stage.after(INSTANT)
            assert ask("edit").code == "indeterminate"
            assert ask("view").allowed
            assert ask("edit").code == "indeterminate"
            stage.after(HOUR)
            assert ask("edit").code == "indeterminate"
            assert ask("view").allowed
        stage.after(2 * SECOND)
        assert ask("edit").allowed


def test_a_bound_of_nothing_asks_each_time():
    """Whatever was asked since the question was put is fresh enough, however long Clever took."""
    with direct_stage() as stage:
        engine = stage.pdp(fresh_within={"section.edit": timedelta()})
        stage.fake.on_request = lambda _: stage.after(SECOND)
        for _ in range(3):
            assert engine.authorize(TEACHER, ALGEBRA, "edit").allowed
            assert len(stage.asked) == 5


def test_a_bound_below_max_age_is_none_for_facts_of_a_paused_district():
    """They are as old as its last sync, and cannot be had younger."""
    with direct_stage() as stage:
        stage.fake.pause(who("district"), last_sync="2026-10-14T14:58:00Z")
        ask = asking(stage)
        why = ask("edit").indeterminate
        assert why.startswith("the facts (Clever) are older than the 1 minute that `section.edit` allows; Clever says")
        assert ask("view").allowed


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_store_is_as_fresh_as_its_feed(asynchronous):
    """It cannot be made fresher by asking: the next poll makes it so."""
    with store_stage() as stage:
        engine = stage.pdp(fresh_within=BOUND)

        def ask(permission):
            if asynchronous:
                return asyncio.run(engine.aauthorize(TEACHER, ALGEBRA, permission))
            return engine.authorize(TEACHER, ALGEBRA, permission)

        stage.after(MINUTE)
        assert ask("edit").allowed
        stage.after(INSTANT)
        for _ in range(2):
            assert ask("view").allowed
            assert "that `section.edit` allows" in ask("edit").indeterminate
        stage.poll()
        stage.after(SECOND)
        assert ask("edit").allowed
        assert ask("view").allowed


def test_of_a_stores_districts_the_subjects_counts():
    """Another district's feed may be as old as it likes."""
    with store_stage() as stage:
        engine = stage.pdp(fresh_within=BOUND)
        stage.after(2 * MINUTE)
        term = next(one for one in stage.snapshot["terms"] if one["district"] == who("district"))
        stage.apply(stage.event("term", term))
        assert engine.authorize(TEACHER, ALGEBRA, "edit").allowed
        assert engine.authorize(who("other_teacher"), at("other_class"), "edit").code == "indeterminate"
        assert engine.authorize(who("other_teacher"), at("other_class"), "view").allowed
        assert engine.authorize("nobody-at-all", ALGEBRA, "edit").code == "indeterminate"
        assert engine.authorize("nobody-at-all", ALGEBRA, "view").code == "subject-not-found"
