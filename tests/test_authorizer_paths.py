"""The quick way to a decision and the careful way agree: cold and warm, whatever is passed, from many threads."""

import os
import re
import threading
import uuid
from collections import ChainMap, defaultdict
from datetime import UTC, datetime, timedelta
from random import Random
from types import MappingProxyType, SimpleNamespace

import pytest
from demo import NOW, assignment, at, grade, note, pdp, who
from rolecall import (
    RequestError,
    Resource,
    RolecallError,
    Snapshot,
    UnknownPermission,
    UnknownResourceType,
    UnknownRole,
)
from rolecall.testing import demo_district, demo_requests

TEACHER = who("multi_role_teacher")
ALGEBRA = at("algebra_class")


def seen(decision):
    """What a decision says, but for its id."""
    return (
        decision.code,
        decision.permissions,
        decision.roles,
        decision.doubts,
        decision.acting_as,
        decision.cell,
        decision.detail,
    )


@pytest.mark.parametrize(
    ("ask", "error", "said"),
    [
        (lambda e: e.authorize(TEACHER, ALGEBRA, "edti"), UnknownPermission, "did you mean `edit`?"),
        (lambda e: e.authorize(TEACHER, ALGEBRA, "hand_in"), UnknownPermission, "`section` has no permission `hand_in`"),
        (lambda e: e.authorize(TEACHER, ALGEBRA, ""), UnknownPermission, "known: `edit`"),
        (lambda e: e.authorize(TEACHER, ALGEBRA, ["edit"]), UnknownPermission, "has no permission"),
        (lambda e: e.authorize(TEACHER, Resource("sectoin", "s")), UnknownResourceType, "did you mean `section`?"),
        (lambda e: e.authorize(TEACHER, Resource("", "s")), UnknownResourceType, "known: `assignment`"),
        (lambda e: e.authorize(TEACHER, ALGEBRA, acting_as=["techer"]), UnknownRole, "did you mean `teacher`?"),
        (lambda e: e.authorize(TEACHER, ALGEBRA, acting_as=["PortalOnly"]), UnknownRole, "no role to log in with"),
        (lambda e: e.authorize(TEACHER, ALGEBRA, acting_as=["teacher", "owner"]), UnknownRole, "`owner`"),
        (lambda e: e.authorize(TEACHER, ALGEBRA, acting_as=[["teacher"]]), UnknownRole, "no role"),
        (lambda e: e.authorize(TEACHER, ALGEBRA, acting_as="teacher"), RequestError, "must be a list of roles"),
        (lambda e: e.authorize(TEACHER, ALGEBRA, acting_as=""), RequestError, "must be a list of roles"),
        (lambda e: e.authorize(TEACHER, ALGEBRA, acting_as={"teacher"}), RequestError, "must be a list of roles"),
        (lambda e: e.authorize(TEACHER, ALGEBRA, acting_as=iter(["teacher"])), RequestError, "must be a list of roles"),
        (lambda e: e.authorize(TEACHER, ALGEBRA, acting_as=7), RequestError, "must be a list of roles"),
        (lambda e: e.authorize(None, ALGEBRA), RequestError, "the user must be a v3.0 id"),
        (lambda e: e.authorize(7, ALGEBRA), RequestError, "not a `int`"),
        (lambda e: e.authorize(SimpleNamespace(clever_id=None), ALGEBRA), RequestError, "whose `clever_id` is one"),
        (lambda e: e.authorize([], ALGEBRA), RequestError, "not a `list`"),
        (lambda e: e.authorize(TEACHER, "section:s1"), RequestError, "must be a `rolecall.Resource`"),
        (lambda e: e.authorize(TEACHER, None), RequestError, "not a `NoneType`"),
        (lambda e: e.authorize(TEACHER, Resource("assignment", "a")), RequestError, "must name the section"),
        (lambda e: e.authorize(TEACHER, Resource("assignment", "a", {"section": None})), RequestError, "must name the section"),
        (lambda e: e.authorize(TEACHER, Resource("assignment", "a", {"section": [1]})), RequestError, "must name the section"),
        (lambda e: e.authorize(TEACHER, Resource("grade", "g", {"section": "s"})), RequestError, "must name the student"),
        (lambda e: e.authorize(TEACHER, Resource("grade", "g", {"student": "s"})), RequestError, "must name the section"),
        (lambda e: e.authorize(TEACHER, Resource("section", 7)), RequestError, "id must be a text"),
        (lambda e: e.authorize(TEACHER, Resource(None, "s")), RequestError, "type must be a text"),
        (lambda e: e.authorize(TEACHER, Resource("section", "s", None)), RequestError, "must be a mapping"),
        (lambda e: e.authorize(TEACHER, Resource("section", "s", [])), RequestError, "must be a mapping"),
        (lambda e: e.authorize(TEACHER, Resource("section", "s", {"owner": 7})), RequestError, "`owner` must be"),
        (lambda e: e.authorize(TEACHER, note("child_high", owner=["x"])), RequestError, "`owner` must be"),
    ],
)  # fmt: skip
def test_a_malformed_question_raises_cold_and_warm(ask, error, said):
    """A typo is never a silent no, whether or not the engine has met the person and the place before."""
    engine = pdp()
    for _ in range(2):
        with pytest.raises(error, match=re.escape(said)) as caught:
            ask(engine)
        assert isinstance(caught.value, RolecallError | ValueError)
        engine.authorize(TEACHER, ALGEBRA, "edit", acting_as=["teacher"])
        engine.authorize(TEACHER, ALGEBRA, acting_as=[])
        engine.authorize(TEACHER, assignment(), "edit")
        engine.authorize(TEACHER, grade("child_high", "algebra_class"))


def test_a_user_may_be_an_object_with_a_clever_id():
    """An application's own user object is asked for its `clever_id`, and a text is an id whatever its class."""
    engine = pdp()
    for user in (SimpleNamespace(clever_id=TEACHER), type("Id", (str,), {})(TEACHER)):
        for _ in range(2):
            assert engine.check(user, ALGEBRA, "edit").subject == TEACHER


@pytest.mark.parametrize("acting_as", [["teacher"], ("teacher",), ["staff"], [], ["staff", "teacher", "staff"]])
def test_acting_as_is_kept_as_it_was_asked(acting_as):
    """A list and a tuple are alike, and the decision says as what the person acted."""
    engine = pdp()
    for _ in range(2):
        decision = engine.authorize(TEACHER, ALGEBRA, "edit", acting_as=acting_as)
        assert decision.acting_as == tuple(acting_as)
        assert decision.allowed is ("teacher" in acting_as)


class Thing(Resource, frozen=True):
    """A subclass of an application's."""


@pytest.mark.parametrize(
    "wrap",
    [
        dict,
        MappingProxyType,
        lambda found: ChainMap({}, found),
        lambda found: defaultdict(lambda: who("algebra_class"), found),
        type("Own", (dict,), {}),
    ],
)
@pytest.mark.parametrize("resource", [Resource, Thing])
def test_the_careful_way_and_the_quick_way_agree(resource, wrap):
    """Asked cold, asked warm, with another mapping or a subclass: 400 requests get the same answers."""
    warm = pdp(facts=Snapshot.read(demo_district(users=150), "demo.json"))
    for one in demo_requests(demo_district(users=150), 400, seed=11):
        asked, thing = one["subject"]["id"], one["resource"]
        properties = {key: value for key, value in thing["properties"].items() if value is not None}
        acting_as = one.get("context", {}).get("acting_as")
        plain = Resource(thing["type"], thing["id"], properties)
        fancy = resource(thing["type"], thing["id"], wrap(properties))
        answers = [
            warm.authorize(asked, each, one["action"]["name"], acting_as=acting_as) for each in (plain, fancy, plain)
        ]
        assert seen(answers[0]) == seen(answers[1]) == seen(answers[2])


def test_no_two_resources_share_their_properties():
    """Whoever writes into the properties of one, against its type, changes no other."""
    written = Resource("assignment", "a1")
    written.properties["section"] = who("algebra_class")
    assert Resource("assignment", "a2").properties == {}
    with pytest.raises(RequestError, match="must name the section"):
        pdp().authorize(TEACHER, Resource("assignment", "a2"), "edit")


def test_a_resource_keeps_its_own_copy_of_the_properties():
    """Evidence does not change when the application's dictionary does, nor is a default of it asked."""
    properties = {"section": who("algebra_class"), "locked": False}
    thing = Resource("assignment", "a1", properties)
    decision = pdp().authorize(TEACHER, thing, "edit")
    properties["section"] = "elsewhere"
    assert decision.resource.properties == {"section": who("algebra_class"), "locked": False}
    with pytest.raises(RequestError, match="must name the section"):
        pdp().authorize(TEACHER, Resource("assignment", "a1", defaultdict(lambda: who("algebra_class"))))


def test_ids_are_version_7_and_sort_by_time():
    """Each decision has an id of its own, a UUIDv7 of its time; within one millisecond too they sort as decided."""
    moments = [NOW + timedelta(microseconds=100 * number) for number in range(500)]
    waiting = iter(moments)
    engine = pdp(clock=lambda: next(waiting))
    ids = [engine.authorize(TEACHER, ALGEBRA).id for _ in moments]
    assert ids == sorted(set(ids))
    for moment, text in zip(moments, ids, strict=True):
        parsed = uuid.UUID(text)
        assert (str(parsed), parsed.version, parsed.variant) == (text, 7, uuid.RFC_4122)
        assert parsed.int >> 80 == (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    still = pdp()
    assert len({still.authorize(TEACHER, ALGEBRA).id for _ in range(1000)}) == 1000


def test_a_forked_child_counts_with_bits_of_its_own():
    """A pre-forking server's workers never give two decisions the same id."""
    engine = pdp()
    engine.authorize(TEACHER, ALGEBRA)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, "".join(f"{engine.authorize(TEACHER, ALGEBRA).id}\n" for _ in range(20)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as answers:
        theirs = set(answers.read().split())
    mine = {engine.authorize(TEACHER, ALGEBRA).id for _ in range(20)}
    assert (len(mine), len(theirs), mine & theirs) == (20, 20, set())


def test_eight_threads_get_the_answers_of_one():
    """One authoriser, hammered by threads that start cold together, says what it says to one."""
    district = demo_district(users=150)
    asked = [
        (one["subject"]["id"], Resource(one["resource"]["type"], one["resource"]["id"], one["resource"]["properties"]))
        for one in demo_requests(district, 1500, seed=5)
    ]
    facts = Snapshot.read(district)
    alone = [pdp(facts=facts).authorize(*one).permissions for one in asked[:300]]
    single = pdp(facts=facts)
    expected = [single.authorize(*one).permissions for one in asked]
    assert alone == expected[:300]
    shared, start, wrong = pdp(facts=facts), threading.Barrier(8), []

    def hammer(seed):
        order = list(range(len(asked)))
        Random(seed).shuffle(order)
        start.wait()
        wrong.extend(one for one in order if shared.authorize(*asked[one]).permissions != expected[one])

    threads = [threading.Thread(target=hammer, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_made_up_ids_and_roles_fill_no_memory():
    """What the facts do not hold is not kept, and of lists of roles only short ones are, and not too many."""
    engine = pdp()
    for number in range(3000):
        engine.authorize(f"nobody-{number}", Resource("section", f"nowhere-{number}"))
        engine.authorize(TEACHER, ALGEBRA, acting_as=["teacher"] * (number % 50))
    assert (len(engine._view.held), len(engine._view.locations["section"])) == (1, 1)
    assert all(len(roles) <= 6 for roles in engine._acting)
