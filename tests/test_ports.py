"""The application's side of a decision, in sync calls: its role assignments and the loaders of its resources."""

from datetime import UTC, datetime, timedelta

import pytest
from demo import NOW, assignment, at, pdp, snapshot, who
from rolecall import AsyncPort, Indeterminate, RequestError, Resource, Snapshot, UnknownResourceType, UnknownRole
from rolecall.facts.assignments import AssignmentRecord
from rolecall.testing import demo_district

TEACHER = who("multi_role_teacher")
PRINCIPAL = who("principal")
COVERED = who("covered_class")
ALGEBRA = at("algebra_class")
SUBSTITUTE = {"role": "substitute", "scope": "section", "id": who("algebra_class")}


class Lost(Exception):
    """The application's database is away, which an error message should not tell a person."""


def fails(_):
    raise Lost("password=hunter2")


def loading(loader):
    return pdp(resources={"assignment": loader})


def assigning(port):
    return pdp(assignments=port)


def test_a_loader_is_asked_by_id_and_what_was_passed_is_ignored():
    """Properties that a client smuggled in change nothing: the place and the state are the loader's word."""
    asked = []

    def loader(identifier):
        asked.append(identifier)
        return {"section": who("algebra_class"), "locked": True}

    engine = loading(loader)
    for passed in ({}, {"section": COVERED, "locked": False}, {"section": 7}):
        decision = engine.authorize(TEACHER, Resource("assignment", "a1", passed), "edit")
        assert (decision.code, decision.allowed) == ("capped", False)
        assert decision.resource.properties == {"section": who("algebra_class"), "locked": True}
    assert asked == ["a1"] * 3
    assert engine.authorize(TEACHER, ALGEBRA, "edit").allowed
    assert asked == ["a1"] * 3


def test_what_cannot_be_known_of_the_person_comes_before_what_the_application_has_not():
    """Facts that are too old, or an end that nobody can read, make this decision indeterminate like every other."""
    late = pdp(resources={"assignment": lambda _: None}, clock=lambda: NOW + timedelta(days=2))
    assert late.authorize(TEACHER, assignment()).code == "indeterminate"
    wrong = {**SUBSTITUTE, "until": "soon"}
    for loader in (lambda _: None, fails):
        engine = pdp(resources={"assignment": loader}, assignments=lambda _: [wrong])
        assert engine.authorize(TEACHER, assignment()).indeterminate.startswith("their assignment as `substitute`")


def test_a_resource_that_the_application_has_not_is_not_found():
    """None from a loader is a no that says so, whatever was passed."""
    decision = loading(lambda _: None).authorize(TEACHER, assignment(), "edit")
    assert (decision.allowed, decision.code) == (False, "resource-not-found")
    assert decision.detail == "the application has no assignment `a1`"
    assert decision.resource.properties == {}


@pytest.mark.parametrize(
    ("loader", "why"),
    [
        (fails, "Lost"),
        (lambda _: next(iter(())), "StopIteration"),
        (lambda _: [], "gave list, not a mapping"),
        (lambda _: (), "gave tuple, not a mapping"),
        (lambda _: "section", "gave str, not a mapping"),
        (lambda _: False, "gave bool, not a mapping"),
        (lambda _: {}, "the properties of `assignment` must name the section it lies in: `section: …`"),
        (lambda _: {"section": 7}, "the properties of `assignment` must name the section it lies in: `section: …`"),
        (lambda _: {"section": COVERED, "owner": 7}, "`owner` must be a user's id, an empty text for nobody, or null"),
    ],
)
def test_a_loader_that_fails_makes_the_decision_indeterminate(loader, why):
    """Whatever a loader raises, or gives that is no use, is neither a yes nor a no; its own words stay with it."""
    engine = loading(loader)
    decision = engine.authorize(TEACHER, assignment(), "edit")
    assert decision.indeterminate == f"the loader of `assignment` failed ({why})"
    assert decision.permissions == frozenset()
    with pytest.raises(Indeterminate) as caught:
        engine.check(TEACHER, assignment(), "edit")
    assert "hunter2" not in str(caught.value)
    many = engine.authorize_many(TEACHER, [assignment(), ALGEBRA], "edit")
    assert [one.code for one in many] == ["indeterminate", "granted"]


def test_a_loader_is_for_a_type_that_the_policy_has():
    """A typo in `resources` raises at start-up, not in a request."""
    with pytest.raises(UnknownResourceType, match="did you mean `assignment`"):
        pdp(resources={"asignment": fails})


@pytest.mark.parametrize(
    "ask",
    [
        lambda engine: engine.authorize(TEACHER, Resource("nothing", "x")),
        lambda engine: engine.authorize(TEACHER, assignment(), "edti"),
        lambda engine: engine.authorize(TEACHER, Resource("note", "n")),
        lambda engine: engine.authorize(7, assignment()),
        lambda engine: engine.authorize(TEACHER, assignment(), acting_as=["owner"]),
        lambda engine: engine.authorize_many(TEACHER, [assignment(), Resource("note", "n")], acting_as=["teacher"]),
    ],
)
def test_a_malformed_question_costs_nobody_a_call(ask):
    """A question is checked before any port is asked."""
    asked = []
    engine = pdp(resources={"assignment": asked.append}, assignments=asked.append)
    with pytest.raises(RequestError):
        ask(engine)
    assert asked == []


def test_an_unknown_role_is_refused_whatever_the_loader_says():
    """Acting as nothing known is a malformed question, with a resource or without."""
    for loader in (lambda _: None, fails, lambda _: {"section": COVERED}):
        with pytest.raises(UnknownRole):
            loading(loader).authorize(TEACHER, assignment(), acting_as=["techer"])


def test_assignments_come_from_the_port_instead_of_the_snapshot():
    """What the port says replaces what came with the facts, even where it says nothing."""
    place = at("covered_class")
    assert pdp().authorize(who("substitute"), place, "take_attendance").allowed
    assert not assigning(lambda _: []).authorize(who("substitute"), place, "take_attendance").allowed
    engine = assigning(lambda user: [SUBSTITUTE | {"user": user}] if user == PRINCIPAL else ())
    decision = engine.authorize(PRINCIPAL, ALGEBRA, "take_attendance")
    assert decision.allowed
    role = next(one for one in decision.roles if one.role == "substitute")
    assert (role.scope, role.id, role.source) == ("section", who("algebra_class"), "asserted")
    assert not engine.authorize(who("substitute"), ALGEBRA, "take_attendance").allowed


def test_assignments_are_asked_anew_for_each_decision():
    """A role that was taken away is gone with the next question."""
    held = [[SUBSTITUTE], []]
    engine = assigning(lambda _: held.pop(0))
    assert engine.authorize(PRINCIPAL, ALGEBRA, "take_attendance").allowed
    assert not engine.authorize(PRINCIPAL, ALGEBRA, "take_attendance").allowed


def lazily(_):
    yield SUBSTITUTE
    raise Lost("password=hunter2")


@pytest.mark.parametrize(
    ("port", "why"),
    [
        (fails, "Lost"),
        (lazily, "Lost"),
        (lambda _: None, "gave NoneType, not a list of assignments"),
        (lambda _: 7, "gave int, not a list of assignments"),
        (lambda _: "substitute", "gave str, not a list of assignments"),
        (lambda _: SUBSTITUTE, "gave dict, not a list of assignments"),
        (lambda _: ["substitute"], "assignment 0 must be an object"),
        (lambda _: [SUBSTITUTE, SUBSTITUTE | {"id": 7}], "assignment 1: `id` must be a text, not a number"),
        (lambda _: [SUBSTITUTE | {"user": "another"}], "assignment 0 is of another user, `another`"),
        (
            lambda _: [AssignmentRecord("another", "substitute", "section", who("algebra_class"))],
            "assignment 0 is of another user, `another`",
        ),
    ],
)
def test_an_assignments_port_that_fails_makes_every_decision_indeterminate(port, why):
    """Even one that a role of Clever's would allow: a `max` might ask for what cannot be had."""
    decision = assigning(port).authorize(TEACHER, ALGEBRA, "edit")
    assert decision.indeterminate == f"the assignments port failed ({why})"
    assert (decision.allowed, decision.subject) == (False, TEACHER)


@pytest.mark.parametrize("key", ["from", "until"])
@pytest.mark.parametrize(
    "value", ["", "soon", "2026-10-14", "2026-10-14T15:00:00", 7, True, [], datetime(2026, 10, 14)]  # noqa: DTZ001
)  # fmt: skip
def test_a_from_or_until_that_is_no_instant_makes_everything_indeterminate(key, value):
    """An end that nobody can read might have passed, for every decision about that user and about no other."""
    wrong = {"role": "no-such-role", "scope": "nowhere", "id": "x", key: value}
    engine = assigning(lambda user: [wrong] if user == TEACHER else [])
    for thing in (ALGEBRA, at("high"), Resource("section", "nowhere")):
        assert engine.authorize(TEACHER, thing).indeterminate == (
            f"their assignment as `no-such-role` has in `{key}` no time with a zone, such as 2026-10-31T00:00:00-05:00"
        )
    assert engine.authorize(who("co_teacher"), ALGEBRA, "edit").allowed
    nobody = assigning(lambda _: [wrong]).authorize("gone", ALGEBRA)
    assert nobody.code == "indeterminate"


def test_the_same_holds_for_assignments_of_a_snapshot():
    """Facts from a file say no more than a port about an end that is none."""
    record = {**SUBSTITUTE, "user": TEACHER, "from": None, "until": "31 October"}
    facts = Snapshot.read({**demo_district(users=100), "assignments": [record]})
    assert pdp(facts=facts).authorize(TEACHER, ALGEBRA, "edit").code == "indeterminate"


BEGIN, END = NOW, NOW + timedelta(days=2)


@pytest.mark.parametrize("zone", [UTC, None])
@pytest.mark.parametrize("way", ["snapshot", "port"])
def test_an_assignment_is_held_from_its_beginning_until_its_end(way, zone):
    """From the first instant on, and at the second no longer, as the clock moves to and fro."""
    begin, end = (one if zone else one.isoformat() for one in (BEGIN, END))
    record = {**SUBSTITUTE, "user": PRINCIPAL, "from": begin, "until": end}
    other = {**SUBSTITUTE, "user": PRINCIPAL, "from": (END + timedelta(days=1)).isoformat()}
    clock = [NOW]
    options = (
        {"assignments": lambda _: [record, other]}
        if way == "port"
        else {"facts": Snapshot.read({**demo_district(users=100), "assignments": [record, other]})}
    )
    engine = pdp(clock=lambda: clock[0], max_stale=None, **options)
    tick = timedelta(microseconds=1)
    for moment, held in [
        (BEGIN - tick, False), (BEGIN, True), (BEGIN, True), (END - tick, True), (END, False), (END + tick, False),
        (BEGIN, True), (END + timedelta(days=1), True), (BEGIN - tick, False), (END, False), (END - tick, True),
    ]:  # fmt: skip
        clock[0] = moment
        assert engine.authorize(PRINCIPAL, ALGEBRA, "take_attendance").allowed is held


def test_assignments_that_the_policy_does_not_know_are_ignored_and_reported():
    """A role, a scope or a place that does not count gives nothing, and the decision's notes say why."""
    ignored = [
        ({"role": "coach"}, "the policy declares no such role"),
        ({"role": "teacher"}, "the policy declares no such role"),
        ({"scope": "school", "id": who("high")}, "the policy does not let the role be assigned at this scope"),
        ({"id": who("other_class")}, "their district does not have this place here"),
        ({"id": "gone"}, "their district does not have this place here"),
    ]
    for change, why in ignored:
        decision = assigning(lambda _, change=change: [SUBSTITUTE | change]).authorize(PRINCIPAL, ALGEBRA)
        assert not any(one.source == "asserted" for one in decision.roles)
        assert any(note.endswith(f"is ignored: {why}") for note in decision.held.notes)


async def later(_):
    return []


class Later:
    async def __call__(self, _):
        return []


class Promise:
    """Awaitable, but no coroutine."""

    def __await__(self):
        yield

    def __iter__(self):
        raise AssertionError


@pytest.mark.parametrize("port", [later, Later(), lambda _: Promise()])
def test_an_async_port_in_a_sync_call_is_a_clear_error(port):
    """The error names the port and the calls that await; nothing is left unawaited."""
    for engine, name in [
        (assigning(port), "the assignments port"),
        (loading(port), "the loader of `assignment`"),
    ]:
        for ask in (engine.authorize, engine.check):
            with pytest.raises(AsyncPort, match=f"{name} is async: use `aauthorize`, `acheck`"):
                ask(TEACHER, assignment(), "edit")


def test_ports_do_not_bend_staleness():
    """Facts that are too old decide nothing, however fresh the application's own are."""
    engine = pdp(assignments=lambda _: [], clock=lambda: NOW + timedelta(days=2))
    assert engine.authorize(TEACHER, ALGEBRA).indeterminate.startswith("the facts (demo.json) are older")
    assert snapshot().as_of is not None
