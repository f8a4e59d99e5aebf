"""Facts from a roster store, kept folded in memory: changes are seen with one look, and two states never mix."""

import asyncio
from datetime import timedelta

import pytest
import stores
from demo import assignment, at, grade, note, pdp, who
from facts.sources import emptied, time_of, told
from facts.stages import HOUR, INSTANT, MINUTE, SECOND, district, found, store_stage
from rolecall import FactsError
from rolecall.facts.roster_store import RosterStore
from rolecall.facts.store import Store
from rolecall.facts.store.errors import MassChange
from rolecall.instants import nanoseconds

TEACHER, PRINCIPAL, GUARDIAN = who("multi_role_teacher"), who("principal"), who("guardian")
ALGEBRA, CHILD = at("algebra_class"), at("child_high")
UNTAUGHT = {"teacher": None, "teachers": []}


@pytest.fixture(params=stores.ENGINES)
def stage(request, tmp_path):
    """The demo district in a store of each kind."""
    url = stores.new_url(request.param, tmp_path)
    with store_stage(url=url) as found:
        yield found


# how fresh facts are


def test_between_two_looks_nobody_is_asked(stage):
    """A warm decision costs nothing, and a look costs one question, whoever is decided about."""
    pdp = stage.pdp()
    for _ in range(3):
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        assert pdp.authorize(PRINCIPAL, ALGEBRA, "view").allowed
        assert pdp.authorize(TEACHER, grade("child_high", "algebra_class"), "edit").allowed
    assert (stage.watched.looks, stage.watched.reads) == (1, 3)
    stage.after(SECOND)
    assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
    assert (stage.watched.looks, stage.watched.reads) == (2, 3)


def test_a_change_is_seen_with_the_next_look_and_not_before(stage):
    """`every` is by how much a decision may be behind the store; the decision names the last event applied."""
    pdp = stage.pdp()
    assert pdp.authorize(TEACHER, ALGEBRA, "edit").feed.event == ""
    stage.change("section", who("algebra_class"), **UNTAUGHT)
    stage.after(SECOND - INSTANT)
    assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
    stage.after(INSTANT)
    decision = pdp.authorize(TEACHER, ALGEBRA, "edit")
    assert (decision.allowed, decision.feed.event) == (False, "e000000001")
    stage.change("section", who("algebra_class"), teacher=TEACHER, teachers=[TEACHER])
    stage.after(SECOND)
    assert asyncio.run(pdp.aauthorize(TEACHER, ALGEBRA, "edit")).allowed


def test_who_and_what_is_deleted_is_gone_with_the_next_look(stage):
    """A student, a section, the subject: not found, and whatever rests on them is gone."""
    pdp = stage.pdp()
    asked = [(TEACHER, CHILD), (GUARDIAN, CHILD), (GUARDIAN, ALGEBRA), (TEACHER, grade("child_high", "algebra_class"))]
    before = [pdp.authorize(*one).permissions for one in asked]
    assert all(before)
    stage.delete("user", who("child_high"))
    stage.after(SECOND)
    assert [pdp.authorize(*one).code for one in asked] == [
        "resource-not-found", "resource-not-found", "no-rule", "place-not-found",
    ]  # fmt: skip
    stage.delete("section", who("algebra_class"))
    stage.delete("user", PRINCIPAL)
    stage.after(SECOND)
    assert pdp.authorize(TEACHER, ALGEBRA).code == "resource-not-found"
    assert pdp.authorize(PRINCIPAL, at("high")).code == "subject-not-found"


CHANGES = [
    (
        "a role is lost",
        lambda stage: stage.change("user", TEACHER, roles={"staff": {"schools": [who("academy")]}}),
    ),
    (
        "a class is moved to another school",
        lambda stage: stage.change("section", who("algebra_class"), school=who("academy")),
    ),
    ("a class has another term", lambda stage: stage.change("section", who("algebra_class"), term_id=who("past_term"))),
    ("a term has other dates", lambda stage: stage.change("term", who("current_term"), end_date="2026-09-01")),
    ("a class lists nobody", lambda stage: stage.change("section", who("algebra_class"), students=[])),
    ("a class is new", lambda stage: stage.apply(stage.event("section", NEW_CLASS))),
    ("a school is gone", lambda stage: stage.delete("school", who("high"))),
    ("a child is gone", lambda stage: stage.delete("user", who("child_high"))),
    ("a child is no student", lambda stage: stage.change("user", who("child_high"), roles={})),
    (
        "a child is at another school",
        lambda stage: stage.change(
            "user", who("child_high"), roles={"student": {"school": who("middle"), "schools": [who("middle")]}}
        ),
    ),
    ("a district is gone", lambda stage: stage.delete("district", who("district"))),
    (
        "a substitute is assigned",
        lambda stage: stage.store.assign(
            PRINCIPAL, "substitute", "section", who("algebra_class"), by="t", why="t", now=stage.now
        ),
    ),
    (
        "a substitute is unassigned",
        lambda stage: stage.store.unassign(
            stage.store.assignments(who("substitute"))[0].number, by="t", why="t", now=stage.now
        ),
    ),
    ("the covered class is gone", lambda stage: stage.delete("section", who("covered_class"))),
    ("nothing that matters", lambda stage: stage.change("user", TEACHER, name={"first": "Another"})),
]
NEW_CLASS = {
    "id": "5ec0ffffffffffffffffffff",
    "district": who("district"),
    "school": who("high"),
    "teacher": who("co_teacher"),
    "teachers": [who("co_teacher")],
    "students": [who("child_high")],
}


def every_question():
    """Questions about the cast whose answers rest on all kinds of records."""
    people = ("multi_role_teacher", "co_teacher", "principal", "guardian", "child_high", "district_admin", "substitute")
    things = [
        ALGEBRA, at("covered_class"), at("past_class"), CHILD, at("high"), at("academy"), at("district"), assignment(),
        assignment("covered_class"), grade("child_high", "algebra_class"), note("child_high"),
        type(ALGEBRA)("section", NEW_CLASS["id"]),
    ]  # fmt: skip
    return [(who(name), thing) for name in people for thing in things]


@pytest.mark.parametrize("ported", [False, True])
@pytest.mark.parametrize(("change"), [one for _, one in CHANGES], ids=[name for name, _ in CHANGES])
def test_whatever_changes_a_warm_answer_is_todays(change, ported):
    """What is kept of people and places is forgotten where it matters, and only there; a port changes nothing."""
    with store_stage() as stage:
        assigned = {one["user"]: [one] for one in stage.snapshot["assignments"]}
        options = {"assignments": lambda user: assigned.get(user, [])} if ported else {}
        engine = stage.pdp(**options)
        for one in every_question():
            engine.authorize(*one)
        change(stage)
        stage.after(SECOND)
        assert engine.authorize(who("nobody"), at("district")).permissions == frozenset()  # which looks
        stage.after(INSTANT)
        fresh = stage.pdp(**options)
        got = {one: engine.authorize(*one) for one in map(tuple, every_question())}
        for one, decision in got.items():
            assert told(decision) == told(fresh.authorize(*one)), one
        if not ported:
            truth = stage.truth()
            for one, decision in got.items():
                assert (decision.permissions, decision.code) == (
                    truth.authorize(*one).permissions,
                    truth.authorize(*one).code,
                )


def test_only_what_was_touched_is_read_again(stage):
    """A change of one class leaves the others and their people where they are."""
    pdp = stage.pdp()
    for user, resource in [(TEACHER, ALGEBRA), (who("teacher"), at("covered_class")), (PRINCIPAL, at("high"))]:
        pdp.authorize(user, resource)
    reads = stage.watched.reads
    stage.change("section", who("algebra_class"), **UNTAUGHT)
    stage.change("user", who("child_elementary"), name={"first": "Another"})
    stage.after(SECOND)
    pdp.authorize(who("teacher"), at("covered_class"))
    pdp.authorize(PRINCIPAL, at("high"))
    assert stage.watched.reads == reads
    pdp.authorize(TEACHER, ALGEBRA)
    assert stage.watched.reads == reads + 1


# facts that are too old


def test_a_feed_that_stands_still_is_too_old_after_max_stale(stage):
    """However warm the people are, and without any change; and current again with the next poll."""
    engine = stage.pdp(max_stale=HOUR)
    assert engine.authorize(TEACHER, ALGEBRA, "edit").allowed
    stage.after(HOUR)
    assert engine.authorize(TEACHER, ALGEBRA, "edit").allowed
    stage.after(INSTANT)
    for _ in range(2):
        assert "are older than the 1 hour" in engine.authorize(TEACHER, ALGEBRA, "edit").indeterminate
    assert asyncio.run(engine.aauthorize(TEACHER, ALGEBRA, "edit")).code == "indeterminate"
    stage.poll()
    stage.after(SECOND)
    decision = engine.authorize(TEACHER, ALGEBRA, "edit")
    assert decision.allowed
    assert decision.feed.as_of == stage.now - 10**9


def test_a_stale_district_beside_a_fresh_one():
    """One district's feed says nothing of another's. Whom no district has might be in the one that is stale."""
    with store_stage() as stage:
        engine = stage.pdp(max_stale=HOUR)
        assert engine.authorize(who("other_teacher"), at("other_class"), "edit").allowed
        stage.after(HOUR + INSTANT)
        stage.apply(stage.event("term", found(stage.snapshot["terms"], who("current_term"))), district=who("district"))
        for _ in range(2):
            stage.after(INSTANT)
            assert engine.authorize(TEACHER, ALGEBRA, "edit").allowed
            assert engine.authorize(who("other_teacher"), at("other_class")).code == "indeterminate"
            assert engine.authorize(who("other_teacher"), ALGEBRA).code == "indeterminate"
            assert engine.authorize(TEACHER, at("other_class")).code == "other-district"
            assert engine.authorize("nobody-at-all", ALGEBRA).code == "indeterminate"
        assert "the facts" in engine.authorize("nobody-at-all", ALGEBRA).indeterminate
        stage.poll()
        stage.after(SECOND)
        assert engine.authorize("nobody-at-all", ALGEBRA).code == "subject-not-found"
        assert engine.authorize(who("other_teacher"), at("other_class"), "edit").allowed


def test_a_store_without_a_district_knows_nothing():
    """It is no roster without people: of nobody can be said that they are not there."""
    for max_stale in (HOUR, None):
        with store_stage() as stage:
            emptied(stage.store)
            engine = stage.pdp(max_stale=max_stale)
            why = engine.authorize(TEACHER, ALGEBRA).indeterminate
            assert why == f"the roster store ({stage.store.name}) is empty: `rolecall sync` fills it"
            fresh = stage.store.begin(who("district"), None, "test", stage.now)
            stage.after(SECOND)
            assert "not hold district" in engine.authorize(TEACHER, ALGEBRA).indeterminate
            fresh = stage.store.stage(fresh, stores.items(stage.snapshot, who("district")), stage.now)
            stage.after(SECOND)
            assert engine.authorize(TEACHER, ALGEBRA).code == "indeterminate"
            stage.store.finish(fresh, stage.now, was=None)
            stage.after(SECOND)
            assert engine.authorize(TEACHER, ALGEBRA, "edit").allowed
            assert engine.authorize("nobody-at-all", ALGEBRA).code == "subject-not-found"


@pytest.mark.parametrize("how", ["being read", "expected"])
def test_a_district_that_is_not_read_yet_may_have_whoever_is_missing(how):
    """Beside one that is complete; whose people are decided about as ever."""
    with store_stage() as stage:
        engine = stage.pdp(max_stale=None)
        assert engine.authorize("nobody-at-all", ALGEBRA).code == "subject-not-found"
        if how == "expected":
            stage.store.expect([*stage.store.districts(), "d-new"])
        else:
            stage.store.begin("d-new", None, "test", stage.now)
        stage.after(SECOND)
        assert "does not hold district `d-new` yet" in engine.authorize("nobody-at-all", ALGEBRA).indeterminate
        assert engine.authorize(TEACHER, ALGEBRA, "edit").allowed


@pytest.mark.parametrize("state", ["paused", "error"])
def test_a_paused_district_is_as_old_as_its_last_sync(state):
    """Its decisions say so while it is young enough, warm ones too, and are indeterminate after that."""
    with store_stage() as stage:
        engine = stage.pdp(max_stale=HOUR)
        assert engine.authorize(TEACHER, ALGEBRA, "edit").held.notes == ()
        paused = {"state": state, "last_sync": "2026-10-14T14:30:00Z"}
        stage.change("district", who("district"), district=who("district"), **paused)
        stage.after(SECOND)
        for _ in range(2):
            decision = engine.authorize(TEACHER, ALGEBRA, "edit")
            assert decision.allowed
            assert decision.feed.as_of == stage.now - (30 * 60 + 1) * 10**9
            assert any("paused or in error" in one for one in decision.held.notes)
        stage.after(30 * MINUTE)
        stage.poll()
        stage.after(SECOND)
        assert "paused or in error" in engine.authorize(TEACHER, ALGEBRA).indeterminate
        stage.change("district", who("district"), district=who("district"), state="running")
        stage.after(SECOND)
        decision = engine.authorize(TEACHER, ALGEBRA, "edit")
        assert (decision.allowed, decision.held.notes) == (True, ())
        stage.change("district", who("district"), district=who("district"), state=state, last_sync=None)
        stage.after(SECOND)
        assert "do not say how old" in engine.authorize(TEACHER, ALGEBRA).indeterminate
        assert stage.pdp(max_stale=None).authorize(TEACHER, ALGEBRA, "edit").allowed


def test_a_feed_that_is_held_says_so_with_every_decision():
    """Its facts decide until they are too old, warm and cold; and are good again when somebody says yes."""
    with store_stage() as stage:
        engine = stage.pdp(max_stale=HOUR)
        assert engine.authorize(TEACHER, ALGEBRA, "edit").allowed
        others = [one for one in stage.snapshot["users"] if not one["id"].startswith("ca57")]
        gone = [stage.event("user", one, "deleted") for one in others]
        with pytest.raises(MassChange) as held:
            stage.store.apply(who("district"), gone, cursor_was=None, now=stage.now, complete=True)
        stage.after(SECOND)
        for user in (TEACHER, TEACHER, PRINCIPAL):
            assert engine.authorize(user, ALGEBRA, "view").held.notes == (str(held.value),)
        stage.after(HOUR)
        assert engine.authorize(TEACHER, ALGEBRA).indeterminate.endswith(str(held.value))
        stage.apply(*gone)
        stage.after(SECOND)
        assert engine.authorize(TEACHER, ALGEBRA, "edit").held.notes == ()


# when the store cannot be asked


def test_a_look_that_fails_leaves_the_last_facts_until_max_stale(stage):
    """Every decision says so, warm ones too; whoever is not at hand is indeterminate; then nobody can be told of."""
    engine = stage.pdp(max_stale=HOUR)
    assert engine.authorize(TEACHER, ALGEBRA, "edit").held.notes == ()
    stage.watched.broken = "the roster store `x` failed: it is away"
    stage.after(SECOND)
    for _ in range(3):
        decision = engine.authorize(TEACHER, ALGEBRA, "edit")
        assert decision.allowed
        assert decision.held.notes == (f"the facts are older than they should be: {stage.watched.broken}",)
    looks = stage.watched.looks
    assert engine.authorize(PRINCIPAL, ALGEBRA).indeterminate == stage.watched.broken
    assert stage.watched.looks == looks
    stage.watched.broken = ""
    stage.change("section", who("algebra_class"), **UNTAUGHT)
    stage.after(SECOND)
    decision = engine.authorize(TEACHER, ALGEBRA, "edit")
    assert (decision.allowed, decision.held.notes) == (False, ())
    stage.watched.broken = "away"
    stage.after(HOUR)
    assert "are older than the 1 hour" in engine.authorize(TEACHER, ALGEBRA, "edit").indeterminate


def test_a_store_that_was_never_reached_knows_nothing():
    """There are no last facts to stand in."""
    with store_stage() as stage:
        stage.watched.broken = "away"
        engine = stage.pdp(max_stale=None)
        assert engine.authorize(TEACHER, ALGEBRA).indeterminate == "away"
        stage.watched.broken = ""
        stage.after(SECOND)
        assert engine.authorize(TEACHER, ALGEBRA, "edit").allowed


def test_another_store_in_its_place_is_read_anew():
    """A store that was restored, or made anew, has fewer changes: nothing of the former one is kept."""
    with store_stage() as stage:
        engine = stage.pdp()
        stage.change("user", TEACHER, roles={})
        assert engine.authorize(PRINCIPAL, ALGEBRA, "view").allowed
        change = engine._view.change
        emptied(stage.store)
        snapshot = district()
        found(snapshot["users"], PRINCIPAL)["roles"] = {}
        stores.filled(stage.store, snapshot, now=stage.now)
        assert stage.store.look(0).change < change
        stage.after(SECOND)
        assert engine.authorize(PRINCIPAL, ALGEBRA).code == "no-role"


# clocks


def test_a_clock_that_is_put_back_keeps_nobody_from_looking(stage):
    """The time until the next look is not made longer by it."""
    engine = stage.pdp()
    stage.after(10 * HOUR)
    stage.poll()
    stage.after(-10 * HOUR)
    assert engine.authorize(TEACHER, ALGEBRA).code == "indeterminate"  # what was polled in the future is of no age
    stage.poll()
    stage.after(SECOND)
    assert engine.authorize(TEACHER, ALGEBRA, "edit").allowed
    for _ in range(5):  # the look is what the clock is put back behind, the change lies before
        stage.after(SECOND)
        assert engine.authorize(TEACHER, ALGEBRA, "edit").allowed
    stage.after(-3 * SECOND)
    stage.change("section", who("algebra_class"), **UNTAUGHT)
    assert not engine.authorize(TEACHER, ALGEBRA, "edit").allowed


def test_facts_of_a_time_to_come_are_of_unknown_age(stage):
    """By some minutes two clocks may differ; by more, one of them is wrong."""
    engine = stage.pdp()
    stage.after(-4 * MINUTE)
    assert engine.authorize(TEACHER, ALGEBRA, "edit").allowed
    stage.after(-2 * MINUTE)
    assert "a clock is wrong" in engine.authorize(TEACHER, ALGEBRA).indeterminate
    stage.after(6 * MINUTE)
    assert engine.authorize(TEACHER, ALGEBRA, "edit").allowed


def test_a_jump_ahead_is_time_that_has_passed(stage):
    """The facts are too old until the clock is right again, or somebody polls."""
    engine = stage.pdp()
    assert engine.authorize(TEACHER, ALGEBRA, "edit").allowed
    stage.after(25 * HOUR)
    assert engine.authorize(TEACHER, ALGEBRA, "edit").code == "indeterminate"
    stage.after(-25 * HOUR)
    assert engine.authorize(TEACHER, ALGEBRA, "edit").allowed


# the past


def test_the_store_at_a_time_of_the_past(stage):
    """Decisions are those of then, whatever came later; and as old as the last poll before."""
    began = stage.now
    stage.after(HOUR)
    stage.change("section", who("algebra_class"), **UNTAUGHT)
    changed = stage.now
    stage.after(HOUR)
    stage.change("section", who("algebra_class"), teacher=PRINCIPAL, teachers=[PRINCIPAL])
    stage.change("user", PRINCIPAL, roles={"teacher": {"schools": [who("high")]}})
    stage.after(HOUR)

    def at_time(moment, **options):
        return pdp(facts=stage.facts.at(moment), clock=lambda: moment, **options)

    for moment, teaches, principal in [
        (began, True, False),
        (changed - 1, True, False),
        (changed, False, False),
        (stage.now, False, True),
    ]:
        then = at_time(moment)
        for _ in range(2):
            assert then.authorize(TEACHER, ALGEBRA, "edit").allowed is teaches
            assert then.authorize(PRINCIPAL, ALGEBRA, "edit").allowed is principal
    assert at_time(changed - 1).authorize(TEACHER, ALGEBRA).feed.as_of == began
    assert at_time(changed - 1, max_stale=MINUTE).authorize(TEACHER, ALGEBRA).code == "indeterminate"
    assert at_time(changed - 1, max_stale=None).authorize(TEACHER, ALGEBRA, "edit").allowed
    looks = stage.watched.looks
    then = at_time(began, max_stale=None)
    reads = stage.watched.reads
    assert then.authorize(TEACHER, ALGEBRA, "edit").allowed
    assert then.authorize(TEACHER, ALGEBRA, "edit").allowed
    assert (stage.watched.looks, stage.watched.reads) == (looks + 1, reads + 1)


def test_before_the_first_read_there_was_nothing(stage):
    """That is said at start-up, and never a roster without people."""
    with pytest.raises(FactsError, match="knows nothing of 2026-10-14T14:59"):
        pdp(facts=stage.facts.at(stage.now - 10**9))


# memory


def test_made_up_ids_leave_nothing_behind(stage):
    """Nobody and nothing that is not held is kept."""
    engine = stage.pdp()
    assert engine.authorize(TEACHER, ALGEBRA, "edit").allowed
    view = engine._view
    shelf = view._shelf

    def sizes():
        kept = (view.held, *view.locations.values(), shelf.people, shelf.schools, shelf._rests_on)
        return [len(one) for one in (*kept, view._flights._flying)]

    before = sizes()
    for number in range(40):
        engine.authorize(f"u{number}", ALGEBRA)
        engine.authorize(TEACHER, type(ALGEBRA)("section", f"s{number}"))
        engine.authorize(TEACHER, type(ALGEBRA)("grade", "g", {"student": f"u{number}", "section": f"s{number}"}))
    assert sizes() == before
    assert len(view._recent) <= 16


@pytest.mark.parametrize("ported", [False, True])
def test_what_is_kept_is_bounded(monkeypatch, ported):
    """What does not fit is read again, and the answers are the same."""
    for name in ("MAX_HELD", "MAX_PAIRS"):
        monkeypatch.setattr(f"rolecall.facts.view.{name}", 2)
    monkeypatch.setattr("rolecall.facts.tray.MAX_HELD", 2)
    with store_stage() as stage:
        assigned = {one["user"]: [one] for one in stage.snapshot["assignments"]}
        options = {"assignments": lambda user: assigned.get(user, [])} if ported else {}
        engine, truth = stage.pdp(**options), stage.truth()
        for user, resource in every_question() * 2:
            assert engine.authorize(user, resource).permissions == truth.authorize(user, resource).permissions
        view = engine._view
        kept = (view.held, *view.locations.values(), view._shelf.people, view._shelf._rests_on)
        assert max(map(len, kept)) <= 4


# its arguments


@pytest.mark.parametrize("every", [1, None, timedelta(), timedelta(seconds=-1)])
def test_an_interval_that_is_none_is_refused(every):
    """At start-up, not in a request."""
    with pytest.raises(TypeError, match="`every` must be a timedelta"):
        RosterStore(None, every=every)


def test_a_store_is_opened_by_its_address(tmp_path):
    """As the front door of live facts promises; it does not look before it is asked."""
    snapshot = district()
    stores.filled(Store.open(tmp_path / "r.db"), snapshot, now=time_of(snapshot))
    facts = RosterStore.open(f"sqlite:///{tmp_path}/r.db")
    assert pdp(facts=facts).authorize(TEACHER, ALGEBRA, "edit").allowed
    assert facts.source.endswith("r.db")
    assert nanoseconds(pdp(facts=facts).authorize(TEACHER, ALGEBRA).time) == time_of(snapshot)
    facts.store.close()
