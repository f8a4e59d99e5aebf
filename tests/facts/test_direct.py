"""Facts asked of Clever as they are needed: how few requests they cost, how fresh they are, and what ends them."""

import asyncio
import gc
import re
import time
from datetime import timedelta

import pytest
from demo import assignment, at, grade, note, who
from facts.stages import HOUR, INSTANT, MINUTE, SECOND, direct_stage, district, found
from rolecall import Resource
from rolecall.facts.clever import Clever, StaticTokens, Unavailable
from rolecall.facts.direct import Direct
from rolecall.instants import render_instant
from rolecall.testing.fake.faults import Fault

TEACHER, PRINCIPAL, GUARDIAN = who("multi_role_teacher"), who("principal"), who("guardian")
ALGEBRA, CHILD = at("algebra_class"), at("child_high")
AGE = timedelta(minutes=5)
FAULTS = {
    "429": Fault.status(429),
    "429 for a while": Fault.status(429, reset_in=30),
    "500": Fault.status(500),
    "503 for a while": Fault.status(503, retry_after="20"),
    "401": Fault.status(401),
    "403": Fault.status(403),
    "html": Fault.html(),
    "html error": Fault.html(502),
    "no JSON": Fault.broken_json(),
    "another shape": Fault.json([]),
    "cut": Fault.cut(),
    "hang up": Fault.hang_up(),
    "DNS": Fault.dns(),
    "refused": Fault.refused(),
    "slow": Fault.slow(60),
    "too large": Fault.oversized(65 << 20),
}
"""Whatever may go wrong with an answer, so that nothing can be concluded from it."""


# what a question costs


def cold(user, resource, permission, *, warmed=()):
    """What is asked of Clever for a decision, after others were made."""
    with direct_stage() as stage:
        pdp = stage.pdp()
        for one in warmed:
            pdp.authorize(*one)
        assert stage.asked or not warmed
        assert pdp.authorize(user, resource, permission).allowed
        return stage.asked


EARLIER = (who("nobody"), at("high"))
"""Somebody who shares nothing with the others; but the district's state and schools are at hand then."""


@pytest.mark.parametrize(
    ("user", "resource", "permission", "first", "then"),
    [
        (TEACHER, ALGEBRA, "edit", 5, 3),
        (PRINCIPAL, ALGEBRA, "view", 6, 4),
        (who("district_admin"), ALGEBRA, "view", 6, 4),
        (PRINCIPAL, at("high"), "report", 4, 2),
        (who("district_admin"), at("district"), "view", 4, 2),
        (TEACHER, CHILD, "view", 6, 4),
        (PRINCIPAL, CHILD, "view", 6, 4),
        (TEACHER, grade("child_high", "algebra_class"), "edit", 7, 5),
        (TEACHER, assignment(), "edit", 5, 3),
        (GUARDIAN, CHILD, "view", 3 + 2 * 2, 1 + 2 * 2),
        (who("child_high"), CHILD, "view", 4, 2),
        (who("child_high"), ALGEBRA, "view", 5, 3),
    ],
)
def test_what_a_cold_decision_asks_for(user, resource, permission, first, then):
    """The first one of a district asks for its state and its schools, too; whoever follows does not."""
    asked = cold(user, resource, permission)
    assert len(asked) == len({*asked}) == first
    assert {one.partition("/")[0] for one in asked} <= {"users", "sections", "terms", "schools", "districts"}
    assert len(cold(user, resource, permission, warmed=[EARLIER])) == then


def test_a_warm_decision_asks_for_nothing():
    """Nor does another permission, another resource there, or a second policy over the same facts."""
    with direct_stage() as stage:
        pdp = stage.pdp()
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        assert stage.asked
        assert pdp.authorize(TEACHER, ALGEBRA, "report").allowed
        assert pdp.authorize(TEACHER, assignment(), "edit").allowed
        assert pdp.authorize_many(TEACHER, [ALGEBRA, at("high")], "view").any_allowed
        assert stage.pdp().authorize(TEACHER, ALGEBRA, "edit").allowed
        assert asyncio.run(pdp.aauthorize(TEACHER, ALGEBRA, "edit")).allowed
        assert stage.asked == []


# how fresh facts are


def test_a_change_is_seen_when_max_age_is_over():
    """Until then the answer stands as it was right; then it is asked anew."""
    with direct_stage(max_age=AGE) as stage:
        pdp = stage.pdp()
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        stage.change("section", who("algebra_class"), teacher=who("co_teacher"), teachers=[who("co_teacher")])
        stage.after(AGE - INSTANT)
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        stage.after(INSTANT)
        decision = pdp.authorize(TEACHER, ALGEBRA, "edit")
        assert not decision.allowed
        assert decision.feed.as_of == stage.now
        assert pdp.authorize(who("co_teacher"), ALGEBRA, "edit").allowed


def test_a_person_is_asked_for_anew_however_fresh_the_place_is():
    """Others may have asked about it since."""
    with direct_stage(max_age=AGE) as stage:
        pdp = stage.pdp()
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        stage.change("user", TEACHER, roles={})
        stage.after(AGE)
        assert pdp.authorize(PRINCIPAL, ALGEBRA, "view").allowed
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").code == "no-role"


def test_without_an_age_every_decision_asks():
    """`max_age` of nothing is an answer of its own for each question."""
    with direct_stage(max_age=timedelta()) as stage:
        pdp = stage.pdp()
        for _ in range(3):
            assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
            assert len(stage.asked) == 5
            stage.after(INSTANT)


def test_the_smaller_of_max_age_and_max_stale_counts():
    """What may be an hour old is asked anew after a minute where no facts may be older."""
    with direct_stage(max_age=HOUR) as stage:
        pdp = stage.pdp(max_stale=MINUTE)
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        stage.change("section", who("algebra_class"), teacher=None, teachers=[])
        stage.after(MINUTE)
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        stage.after(INSTANT)
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").code == "no-rule"


def test_the_age_of_a_decision_is_that_of_its_oldest_record():
    """A section asked for later than the person makes nothing younger."""
    with direct_stage(max_age=AGE) as stage:
        pdp, began = stage.pdp(), stage.now
        assert pdp.authorize(TEACHER, at("high"), "view").feed.as_of == began
        stage.after(3 * MINUTE)
        assert pdp.authorize(TEACHER, at("covered_class")).feed.as_of == began
        stage.after(2 * MINUTE)
        assert pdp.authorize(TEACHER, at("high"), "view").feed.as_of == stage.now


# what Clever has no longer


def all_about(pdp):
    """What is said of questions whose answers rest on a student or a class, near or far: permissions and roles."""
    asked = [
        (who("child_high"), ALGEBRA),
        (GUARDIAN, ALGEBRA),
        (GUARDIAN, CHILD),
        (GUARDIAN, at("high")),
        (TEACHER, CHILD),
        (TEACHER, ALGEBRA),
        (TEACHER, grade("child_high", "algebra_class")),
        (PRINCIPAL, grade("child_high", "algebra_class")),
        (TEACHER, note("child_high")),
        (who("traveling_teacher"), at("academy")),
    ]
    decisions = {(user, resource.type): pdp.authorize(user, resource) for user, resource in asked}
    return {key: (one.permissions, frozenset(one.roles)) for key, one in decisions.items()}


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize(
    ("kind", "name"), [("user", "child_high"), ("section", "algebra_class"), ("section", "termless_class")]
)
def test_a_404_drops_what_rests_on_it_at_once(kind, name, asynchronous):
    """Whoever notices, notices for everybody: nothing that is younger than `max_age` keeps it alive, in any policy."""
    with direct_stage() as stage:
        first, second = stage.pdp(), stage.pdp()
        noticing = stage.pdp(fresh_within={"section.view": timedelta(), "student.view": timedelta()})
        before = all_about(first)
        assert before == all_about(second) == all_about(stage.truth())
        stage.fake.delete(kind, who(name))
        assert all_about(first) == before
        stage.after(INSTANT)
        if asynchronous:
            gone = asyncio.run(noticing.aauthorize(PRINCIPAL, at(name)))
        else:
            gone = noticing.authorize(PRINCIPAL, at(name))
        assert gone.code == "resource-not-found"
        assert all_about(first) == all_about(second) == all_about(stage.truth()) != before


def test_a_person_who_is_gone_is_gone_at_once():
    """A 404 for the subject is a no that says so, and no policy keeps them."""
    with direct_stage() as stage:
        pdp, noticing = stage.pdp(), stage.pdp(fresh_within={"section.view": timedelta()})
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        stage.fake.delete("user", TEACHER)
        stage.after(INSTANT)
        assert noticing.authorize(TEACHER, ALGEBRA).code == "subject-not-found"
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").code == "subject-not-found"
        stage.fake.restore("user", TEACHER)
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed


def test_what_is_gone_while_it_is_gathered_is_not_kept():
    """A 404 that another question gets meanwhile counts for what this one was about to keep."""
    with direct_stage() as stage:
        pdp, noticing = stage.pdp(), stage.pdp(fresh_within={"school.view": timedelta()})
        assert pdp.authorize(PRINCIPAL, ALGEBRA, "view").allowed  # so that the class is at hand

        def meanwhile(asked):
            if asked.path.endswith(f"/sections/{who('past_class')}"):
                stage.fake.on_request = None
                stage.fake.delete("user", TEACHER)
                stage.after(INSTANT)
                assert noticing.authorize(TEACHER, at("high")).code == "subject-not-found"

        stage.fake.on_request = meanwhile
        assert pdp.authorize(TEACHER, at("past_class")).code != "subject-not-found"
        assert stage.fake.on_request is None
        assert pdp.authorize(TEACHER, ALGEBRA).code == "subject-not-found"


def test_an_id_that_another_district_lacks_is_no_news():
    """That a district answers 404 for another's student forgets nothing of the student."""
    with direct_stage() as stage:
        pdp = stage.pdp()
        assert pdp.authorize(who("other_teacher"), at("other_student")).code != "resource-not-found"
        assert pdp.authorize(who("other_student"), at("other_student"), "view").allowed
        assert stage.asked
        noticing = stage.pdp(fresh_within={"student.view": timedelta()})
        stage.after(INSTANT)
        assert noticing.authorize(TEACHER, at("other_student")).code == "resource-not-found"
        assert stage.asked
        assert who("other_student") in pdp._view.held
        assert pdp.authorize(who("other_student"), at("other_student"), "view").allowed
        assert stage.asked == []


# when Clever cannot be asked


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("name", FAULTS)
def test_what_cannot_be_had_is_never_a_yes_nor_a_plain_no(name, asynchronous):
    """Whichever request fails, a decision for which it is needed is indeterminate, and says why."""

    def ask(pdp, *asked):
        return asyncio.run(pdp.aauthorize(*asked)) if asynchronous else pdp.authorize(*asked)

    paths = ["users", f"users/{TEACHER}/sections", "sections", "terms", "schools", "districts"]
    for path in paths:
        with direct_stage() as stage, stage.fake.fault(FAULTS[name], path=f"/v3.0/{path}") as placed:
            decision = ask(stage.pdp(), TEACHER, at("termless_class") if path == "sections" else ALGEBRA, "edit")
            assert placed.hits, path
            assert decision.code == "indeterminate", (path, decision.code)
            assert "Clever" in decision.indeterminate
            assert "token-of" not in decision.indeterminate


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("name", FAULTS)
def test_the_last_complete_facts_stand_in_until_max_stale(name, asynchronous):
    """They do so with a warning, for whoever is asked about; after that nothing can be told, until Clever answers."""

    def ask(pdp, *asked):
        return asyncio.run(pdp.aauthorize(*asked)) if asynchronous else pdp.authorize(*asked)

    with direct_stage(max_age=AGE) as stage:
        pdp, began = stage.pdp(max_stale=HOUR), stage.now
        assert ask(pdp, TEACHER, ALGEBRA, "edit").held.notes == ()
        with stage.fake.fault(FAULTS[name]):
            stage.after(AGE)
            for _ in range(2):  # the second one is warm
                decision = ask(pdp, TEACHER, ALGEBRA, "edit")
                assert decision.allowed
                assert decision.feed.as_of == began
                (note,) = decision.held.notes
                assert note.startswith("the facts are older than they should be: Clever cannot be asked now")
            assert ask(pdp, PRINCIPAL, ALGEBRA, "view").code == "indeterminate"
            stage.now = began
            stage.after(HOUR)
            assert ask(pdp, TEACHER, ALGEBRA, "edit").allowed
            stage.after(INSTANT)
            assert ask(pdp, TEACHER, ALGEBRA, "edit").code == "indeterminate"
        stage.after(MINUTE)
        decision = ask(pdp, TEACHER, ALGEBRA, "edit")
        assert decision.allowed
        assert decision.held.notes == ()


def test_facts_that_stand_in_are_soon_asked_for_again():
    """As soon as Clever answers, two seconds later at the most, the answer is today's."""
    with direct_stage(max_age=AGE) as stage:
        pdp = stage.pdp()
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        stage.after(AGE)
        with stage.fake.fault(Fault.status(500)):
            assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        stage.change("section", who("algebra_class"), teacher=None, teachers=[])
        stage.after(2 * SECOND)
        decision = pdp.authorize(TEACHER, ALGEBRA, "edit")
        assert (decision.allowed, decision.held.notes) == (False, ())


def test_a_place_that_cannot_be_had_spoils_no_other():
    """Of several resources only the one whose section cannot be asked for is indeterminate."""
    with direct_stage() as stage:
        pdp = stage.pdp()
        assert pdp.authorize(PRINCIPAL, at("high"), "view").allowed
        with stage.fake.fault(Fault.status(500), path=f"/v3.0/sections/{who('algebra_class')}"):
            things = [ALGEBRA, at("past_class"), CHILD, grade("child_high", "algebra_class"), at("high")]
            many = pdp.authorize_many(PRINCIPAL, things)
            assert [one.code for one in many] == ["indeterminate", "granted", "granted", "granted", "granted"]
        stage.after(2 * SECOND)
        assert pdp.authorize(PRINCIPAL, ALGEBRA, "view").allowed


def test_what_failed_is_not_asked_for_again_at_once():
    """For two seconds everybody hears the same; where Clever says when to come back, the district rests till then."""
    with direct_stage() as stage:
        pdp = stage.pdp()
        with stage.fake.fault(Fault.status(500)):
            assert pdp.authorize(TEACHER, ALGEBRA).code == "indeterminate"
            assert stage.asked
            assert pdp.authorize(TEACHER, at("high")).code == "indeterminate"
            assert stage.asked == []
            stage.after(2 * SECOND)
            assert pdp.authorize(TEACHER, ALGEBRA).code == "indeterminate"
            assert stage.asked  # with how many tries, is the client's business
        with stage.fake.fault(Fault.status(429, reset_in=30), times=1):
            stage.after(2 * SECOND)
            assert pdp.authorize(TEACHER, ALGEBRA).code == "indeterminate"
        asked = [one.district for one in stage.fake.requests]
        assert asked == [who("district"), who("other_district"), who("other_district")]  # whose token it is, besides
        stage.after(29 * SECOND)
        assert stage.asked
        assert pdp.authorize(PRINCIPAL, ALGEBRA).code == "indeterminate"
        assert pdp.authorize(who("other_teacher"), at("other_class"), "edit").allowed
        assert {one.district for one in stage.fake.requests} == {who("other_district")}
        stage.after(SECOND)
        assert pdp.authorize(PRINCIPAL, ALGEBRA, "view").allowed


def test_one_failure_is_waited_for_once():
    """While Clever is away a question with old facts at hand waits for one request, not for each that it would need."""
    with direct_stage(max_age=AGE) as stage:
        pdp = stage.pdp()
        assert pdp.authorize(TEACHER, grade("child_high", "algebra_class"), "edit").allowed
        stage.after(AGE)
        assert stage.asked
        with stage.fake.fault(Fault.dns()):
            assert pdp.authorize(TEACHER, grade("child_high", "algebra_class"), "edit").allowed
            assert len({*stage.asked}) == 1


@pytest.mark.parametrize(
    ("where", "spoil"),
    [
        ("users", lambda one: one["data"].update(roles={"teacher": {"schools": 7}})),
        ("users", lambda one: one["data"].update(id=7)),
        ("users", lambda one: one["data"].update(district=[])),
        ("sections", lambda one: one["data"].update(students="everybody")),
        ("schools", lambda one: one["data"][0]["data"].update(id=7)),
    ],
)
def test_what_would_have_to_be_guessed_at_is_not_known(where, spoil):
    """A record that cannot be read is no record, and no 404 either."""

    def spoilt(_, document):
        spoil(document)
        return document

    with direct_stage() as stage, stage.fake.fault(Fault.edit(spoilt), path=f"/v3.0/{where}"):
        stage.fake.fault(Fault.status(500), path=f"/v3.0/users/{TEACHER}/nothing")
        resource = ALGEBRA if where != "sections" else at("past_class")
        decision = stage.pdp().authorize(PRINCIPAL if where == "sections" else TEACHER, resource)
        assert decision.code == "indeterminate"


def test_another_record_than_was_asked_for_is_none():
    """Somebody else's record, or nobody's, is no answer; one of another district, or of none, is as if it were not there."""
    for fields, code in [
        ({"id": who("co_teacher")}, "indeterminate"),
        ({"id": None}, "indeterminate"),
        ({"district": who("other_district")}, "subject-not-found"),
        ({"district": None}, "subject-not-found"),
    ]:

        def other(_, document, fields=fields):
            return {**document, "data": {**document["data"], **fields}}

        with direct_stage() as stage, stage.fake.fault(Fault.edit(other), path=f"/v3.0/users/{TEACHER}", times=9):
            decision = stage.pdp().authorize(TEACHER, ALGEBRA)
            assert (decision.code, decision.permissions) == (code, frozenset()), fields


def test_sections_of_another_district_in_a_list_count_for_nothing():
    """A list of sections, or of schools, that holds another district's makes nobody anything there."""
    for path in (re.compile("/users/[^/]+/sections"), "/v3.0/schools"):

        def foreign(_, document):
            for one in document["data"]:
                one["data"]["district"] = who("other_district")
            return document

        with direct_stage() as stage, stage.fake.fault(Fault.edit(foreign), path=path):
            decision = stage.pdp().authorize(TEACHER, CHILD)
            assert stage.truth().authorize(TEACHER, CHILD).permissions
            assert {one.scope for one in decision.held.roles} <= (
                {"anywhere"} if path == "/v3.0/schools" else {"anywhere", "school"}
            )
            assert decision.permissions == frozenset()


# paused districts


def test_a_paused_district_is_as_old_as_its_last_sync():
    """Within `max_stale` its facts decide, with a warning; a moment later they do not, however warm they are."""
    with direct_stage() as stage:
        pdp = stage.pdp(max_stale=HOUR)
        stage.fake.pause(who("district"), last_sync=stage_time(stage, -59 * MINUTE))
        decision = pdp.authorize(TEACHER, ALGEBRA, "edit")
        assert decision.allowed
        assert decision.feed.as_of == stage.now - 59 * 60 * 10**9
        assert decision.held.notes == ("Clever says that the district is paused or in error: its data stands still",)
        stage.after(MINUTE)
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        stage.after(INSTANT)
        for _ in range(2):
            why = pdp.authorize(TEACHER, ALGEBRA, "edit").indeterminate
            assert why.startswith("the facts (Clever) are older than the 1 hour")
            assert "paused" in why
        assert pdp.authorize(who("other_teacher"), at("other_class"), "edit").allowed
        stage.fake.resume(who("district"))
        stage.after(AGE)
        decision = pdp.authorize(TEACHER, ALGEBRA, "edit")
        assert (decision.allowed, decision.held.notes) == (True, ())


def stage_time(stage, span):
    """An instant so far from a stage's time, as Clever writes it."""
    return render_instant(stage.now + span // INSTANT * 1000)


@pytest.mark.parametrize("state", ["paused", "error"])
def test_a_district_that_does_not_say_since_when_it_stands_still(state):
    """Its facts are of unknown age, which is enough only where any age will do and no bound is asked for."""
    snapshot = district()
    found(snapshot["districts"], who("district")).update(state=state, last_sync=None)
    with direct_stage(snapshot) as stage:
        assert "do not say how old" in stage.pdp().authorize(TEACHER, ALGEBRA).indeterminate
        pdp = stage.pdp(max_stale=None, fresh_within={"section.view": HOUR})
        assert pdp.authorize(TEACHER, assignment(), "edit").allowed
        assert pdp.authorize(TEACHER, ALGEBRA, "view").code == "indeterminate"
        stage.change("district", who("district"), state="running")
        stage.after(AGE - SECOND)
        assert pdp.authorize(TEACHER, at("past_class"), "view").code == "indeterminate"
        anew = stage.pdp(fresh_within={"section.view": timedelta()})
        assert anew.authorize(PRINCIPAL, ALGEBRA, "view").allowed
        assert pdp.authorize(PRINCIPAL, ALGEBRA, "view").allowed
        decision = pdp.authorize(TEACHER, ALGEBRA, "view")  # the place is of known age now, the person is not
        assert (decision.allowed, decision.held.notes) == (True, ())


# clocks


def test_a_clock_that_is_put_back_makes_nothing_fresh():
    """What was asked in what is now the future is of unknown age: it is asked for anew, and kept anew."""
    with direct_stage(max_age=AGE) as stage:
        pdp = stage.pdp()
        stage.after(HOUR)
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        stage.after(-HOUR)
        stage.change("section", who("algebra_class"), teacher=None, teachers=[])
        assert stage.asked
        assert not pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        assert stage.asked
        assert not pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        assert stage.asked == []
        stage.after(HOUR)
        stage.change("section", who("algebra_class"), teacher=TEACHER, teachers=[TEACHER])
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed


def test_a_404_counts_whatever_the_clock_says():
    """What was dropped while the clock was put back does not come to life when its time comes again."""
    with direct_stage(max_age=AGE) as stage:
        pdp = stage.pdp()
        stage.after(HOUR)
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        stage.after(-HOUR)
        stage.fake.delete("user", TEACHER)
        assert pdp.authorize(TEACHER, ALGEBRA).code == "subject-not-found"
        stage.after(HOUR)
        assert pdp.authorize(TEACHER, ALGEBRA).code == "subject-not-found"


def test_a_clock_that_jumps_ahead_makes_everything_old():
    """It is asked for anew; where it cannot be had, the jump counts as time that has passed."""
    with direct_stage(max_age=AGE) as stage:
        pdp = stage.pdp()
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        stage.after(25 * HOUR)
        with stage.fake.fault(Fault.status(500)):
            assert pdp.authorize(TEACHER, ALGEBRA, "edit").code == "indeterminate"
        stage.after(-25 * HOUR)
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed


def test_a_clock_put_back_does_not_stretch_max_stale(monkeypatch):
    """Another clock, which nobody puts back, counts too."""
    ticks, real = [0], time.monotonic_ns
    monkeypatch.setattr("time.monotonic_ns", lambda: real() + ticks[0])
    with direct_stage(max_age=AGE) as stage:
        pdp = stage.pdp(max_stale=HOUR)
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        stage.after(AGE)
        ticks[0] += 10**9 * 3601
        with stage.fake.fault(Fault.status(500)):
            assert pdp.authorize(TEACHER, ALGEBRA, "edit").code == "indeterminate"


# several districts


def test_a_user_is_looked_for_where_they_are_known_to_be():
    """The first question tries district after district; from then on one is enough."""
    with direct_stage(max_age=AGE) as stage:
        pdp = stage.pdp()
        assert pdp.authorize(who("other_teacher"), at("other_class"), "edit").allowed
        asked = stage.asked
        assert asked.count(f"users/{who('other_teacher')}") == 2
        stage.after(AGE)
        assert pdp.authorize(who("other_teacher"), at("other_class"), "edit").allowed
        assert stage.asked.count(f"users/{who('other_teacher')}") == 1


def test_the_application_may_say_where_a_user_is():
    """`district_of` spares the search; whom it does not know, nobody does; where it fails, nothing is known."""
    homes = {TEACHER: who("district"), who("other_teacher"): who("other_district"), PRINCIPAL: who("other_district")}
    with direct_stage(district_of=homes.get) as stage:
        pdp = stage.pdp()
        assert pdp.authorize(who("other_teacher"), at("other_class"), "edit").allowed
        assert stage.asked.count(f"users/{who('other_teacher')}") == 1
        assert pdp.authorize(GUARDIAN, CHILD).code == "subject-not-found"
        assert stage.asked == []
        assert pdp.authorize(PRINCIPAL, ALGEBRA).code == "subject-not-found"
    with direct_stage(district_of=lambda user: homes[user]) as stage:
        assert stage.pdp().authorize(GUARDIAN, CHILD).indeterminate == "`district_of` failed (KeyError)"
    with direct_stage(district_of=lambda _: "no-such-district") as stage:
        assert stage.pdp().authorize(TEACHER, ALGEBRA).code == "indeterminate"


def test_who_may_be_where_nobody_can_look_is_not_missing():
    """A district that cannot be asked may have the user; one that has them is enough."""
    with direct_stage() as stage, stage.fake.fault(Fault.status(500), district=who("district")):
        pdp = stage.pdp()
        assert pdp.authorize("nobody", ALGEBRA).code == "indeterminate"
        assert pdp.authorize(who("other_teacher"), at("other_class"), "edit").allowed


def test_where_home_cannot_be_asked_no_other_district_is():
    """An id stays in its district: to try the others would only cost requests."""
    with direct_stage(max_age=AGE) as stage:
        pdp = stage.pdp(max_stale=MINUTE)
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        stage.after(HOUR)
        assert stage.asked
        with stage.fake.fault(Fault.status(500), district=who("district")):
            assert pdp.authorize(TEACHER, ALGEBRA).code == "indeterminate"
            assert {one.district for one in stage.fake.requests} == {who("district")}


def test_when_the_list_of_districts_cannot_be_had_known_people_are_still_known():
    """Only whoever has not been asked about before is indeterminate."""

    class Listed(StaticTokens):
        away = False

        def districts(self, asking):
            if self.away:
                raise Unavailable("", "the list of tokens cannot be had")
            return (yield from super().districts(asking))

    snapshot = district()
    tokens = Listed({who(name): f"token-of-{who(name)}" for name in ("district", "other_district")})
    with direct_stage(snapshot, tokens=tokens, max_age=AGE) as stage:
        pdp = stage.pdp()
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        tokens.away = True
        stage.after(AGE)
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        assert pdp.authorize(PRINCIPAL, ALGEBRA).indeterminate.startswith("Clever cannot be asked now")


# what it says otherwise than a snapshot


def test_nobody_is_unknown_by_the_word_of_another_districts_token():
    """It says 404 for everybody: which person is nobody, only a token of their own district can tell."""
    here, there = who("district"), who("other_district")
    swapped = StaticTokens({here: f"token-of-{there}", there: f"token-of-{here}"})
    with direct_stage(tokens=swapped) as stage:
        decision = stage.pdp().authorize(TEACHER, ALGEBRA, "edit")
        assert (decision.code, "for this token" in decision.detail) == ("indeterminate", True)


def test_what_another_district_holds_is_not_held():
    """A snapshot says that it lies elsewhere; so does Clever only where its own people have asked about it."""
    with direct_stage() as stage:
        pdp, truth = stage.pdp(), stage.truth()
        for resource, code in [(at("other_class"), "resource-not-found"), (note("other_student"), "place-not-found")]:
            assert truth.authorize(TEACHER, resource).code == "other-district"
            decision = pdp.authorize(TEACHER, resource)
            assert (decision.code, decision.permissions) == (code, frozenset())
        assert pdp.authorize(who("other_teacher"), at("other_class"), "edit").allowed
        assert pdp.authorize(TEACHER, at("other_class")).code == "other-district"


def test_legacy_ids_are_not_known():
    """A snapshot names whose it is; Clever cannot be asked for that."""
    record = found(district()["users"], TEACHER)
    old = record["roles"]["teacher"]["legacy_id"]
    with direct_stage() as stage:
        assert TEACHER in stage.truth().authorize(old, ALGEBRA).detail
        assert stage.pdp().authorize(old, ALGEBRA).detail == f"the facts hold no user `{old}`"


@pytest.mark.parametrize("odd", ["", " ", "a b", "../users", "x/y", "a?b", "%2e", "ü", "x" * 65, "\n"])
def test_what_no_address_can_carry_is_not_asked_for(odd):
    """It is nobody's id, and no request is made for it."""
    with direct_stage() as stage:
        pdp = stage.pdp()
        assert pdp.authorize(odd, ALGEBRA).code == "subject-not-found"
        assert stage.asked == []
        assert pdp.authorize(TEACHER, Resource("section", odd)).code == "resource-not-found"
        assert len(stage.asked) == 4


# memory


def test_made_up_ids_leave_nothing_behind():
    """Neither records nor people nor places grow by questions about what does not exist."""
    with direct_stage() as stage:
        pdp = stage.pdp()
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        assert pdp.authorize("u", ALGEBRA, "edit").code == "subject-not-found"
        view, records = pdp._view, stage.facts.records

        def sizes():
            kept = (view.held, view._homes, view.terms, *view.locations.values(), records._kept, records._resting)
            return [len(one) for one in (*kept, stage.facts._flights._flying)]

        before = sizes()
        for number in range(40):
            pdp.authorize(f"u{number}", ALGEBRA)
            pdp.authorize(TEACHER, Resource("section", f"s{number}"))
            pdp.authorize(TEACHER, Resource("grade", "g", {"student": f"u{number}", "section": f"s{number}"}))
        assert sizes() == before
        with stage.fake.fault(Fault.status(500)):
            for number in range(5000):
                stage.facts.records.rest(("d", f"users/{number}"), "away", stage.now, None)
        assert len(records._resting) <= 4096


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_whoever_does_not_fit_into_memory_is_still_told_whole(size):
    """However few records are kept, a person has all their classes: what was pushed out is asked for again."""
    with direct_stage(size=size) as stage:
        pdp, truth = stage.pdp(), stage.truth()
        for user in (TEACHER, who("student_in_several"), GUARDIAN):
            for resource in (ALGEBRA, at("past_class"), CHILD, at("high")):
                assert pdp.authorize(user, resource).permissions == truth.authorize(user, resource).permissions
        assert len(stage.facts.records._kept) <= size


def test_the_views_caches_are_bounded(monkeypatch):
    """What does not fit is worked out again, and the answers are the same."""
    monkeypatch.setattr("rolecall.facts.view.MAX_HELD", 2)
    monkeypatch.setattr("rolecall.facts.view.MAX_PAIRS", 1)
    monkeypatch.setattr("rolecall.facts.direct_view.MAX_HELD", 2)
    with direct_stage() as stage:
        pdp, truth = stage.pdp(), stage.truth()
        things = [ALGEBRA, at("past_class"), CHILD, grade("child_high", "algebra_class"), at("high")]
        for user in (TEACHER, PRINCIPAL, who("student_in_several"), GUARDIAN) * 2:
            for resource in things:
                assert pdp.authorize(user, resource).permissions == truth.authorize(user, resource).permissions
                many = pdp.authorize_many(user, things)
                assert [one.permissions for one in many] == [truth.authorize(user, one).permissions for one in things]
        view = pdp._view
        assert max(len(one) for one in (view.held, view._homes, view.terms, *view.locations.values())) <= 2


# its arguments


@pytest.mark.parametrize("age", [5, None, timedelta(seconds=-1)])
def test_an_age_that_is_none_is_refused(age):
    """At start-up, not in a request."""
    with pytest.raises(TypeError, match="`max_age` must be a timedelta"):
        Direct(None, max_age=age)


def test_a_client_and_its_tokens_must_be_some():
    """A token is not yet tokens: at start-up, not in a request."""
    with pytest.raises(TypeError, match="`clever` must be a client"):
        Direct(None)
    with pytest.raises(TypeError, match="`tokens` must be tokens such as"):
        Clever("a-token")


def test_views_come_and_go_while_questions_are_asked():
    """A policy that is loaded anew has a view of its own, and a view that nobody has any more is not kept."""
    with direct_stage() as stage:
        for _ in range(5):
            pdp = stage.pdp()
            assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        del pdp
        gc.collect()
        assert len(stage.facts._views) == 0
