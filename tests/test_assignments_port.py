"""The assignments port with a time to live or a version: when it is asked, and what a failure of it means."""

import asyncio
import threading
from datetime import datetime, timedelta

import pytest
from demo import NOW, at, pdp, who
from facts.stages import HOUR, INSTANT, SECOND, direct_stage, store_stage
from rolecall import Assignments

PRINCIPAL, ALGEBRA = who("principal"), at("algebra_class")
SUBSTITUTE = {"role": "substitute", "scope": "section", "id": who("algebra_class")}
AGE = timedelta(seconds=30)


class Office:
    """The application's own record of who stands in for whom, and of how often it was asked."""

    def __init__(self, *held, version=0):
        self.held, self.version = list(held), version
        self.asked, self.versions, self.broken = [], 0, False

    def port(self, user):
        self.asked.append(user)
        if self.broken:
            raise LookupError("password=hunter2")
        return list(self.held)

    async def aport(self, user):
        await asyncio.sleep(0)
        return self.port(user)

    def edition(self, _):
        self.versions += 1
        if self.broken == "version":
            raise LookupError("password=hunter2")
        return self.version

    async def aedition(self, user):
        return self.edition(user)


class Day:
    """A clock for `pdp`, and one way to ask."""

    def __init__(self, *, asynchronous=False, facts=None, **options):
        self.now = NOW
        if facts is not None:
            options["facts"] = facts
        self.pdp = pdp(clock=lambda: self.now, max_stale=None, **options)
        self.asynchronous = asynchronous

    def ask(self, user=PRINCIPAL, resource=ALGEBRA, permission="take_attendance"):
        if self.asynchronous:
            return asyncio.run(self.pdp.aauthorize(user, resource, permission))
        return self.pdp.authorize(user, resource, permission)


ASYNC = pytest.mark.parametrize("asynchronous", [False, True])


def kept(office, *, asynchronous=False, age=None, version=False):
    """The office as a port."""
    edition = (office.aedition if asynchronous else office.edition) if version else None
    return Assignments(office.aport if asynchronous else office.port, max_age=age, version=edition)


# when it is asked


@ASYNC
def test_an_answer_is_good_for_its_age(asynchronous):
    """Until then the port is not asked, whatever is decided about that user; then it is, and its new answer counts."""
    office = Office(SUBSTITUTE)
    day = Day(asynchronous=asynchronous, assignments=kept(office, asynchronous=asynchronous, age=AGE))
    assert day.ask().allowed
    office.held.clear()
    day.now += AGE - INSTANT
    assert day.ask().allowed
    assert day.ask(resource=at("covered_class")).code == "no-rule"
    assert office.asked == [PRINCIPAL]
    day.now += INSTANT
    assert not day.ask().allowed
    assert office.asked == [PRINCIPAL] * 2
    assert day.ask(user=who("teacher")).code == "no-rule"
    assert office.asked[2:] == [who("teacher")]


@ASYNC
def test_an_answer_is_good_for_its_version(asynchronous):
    """The version is asked for each decision, the port when there is another one, however old its answer is."""
    office = Office(SUBSTITUTE)
    day = Day(asynchronous=asynchronous, assignments=kept(office, asynchronous=asynchronous, version=True))
    for number in range(3):
        assert day.ask().allowed
        assert (office.versions, len(office.asked)) == (number + 1, 1)
        day.now += timedelta(days=1)
    office.held.clear()
    assert day.ask().allowed
    office.version += 1
    assert not day.ask().allowed
    assert len(office.asked) == 2
    office.version -= 1  # an older one is another one, too
    office.held.append(SUBSTITUTE)
    assert day.ask().allowed
    assert len(office.asked) == 3


@ASYNC
def test_with_both_an_answer_is_good_while_both_say_so(asynchronous):
    """The same version again after the age is asked for anew."""
    office = Office(SUBSTITUTE)
    day = Day(asynchronous=asynchronous, assignments=kept(office, asynchronous=asynchronous, age=AGE, version=True))
    assert day.ask().allowed
    day.now += AGE - INSTANT
    assert day.ask().allowed
    assert len(office.asked) == 1
    day.now += INSTANT
    assert day.ask().allowed
    assert len(office.asked) == 2
    office.version += 1
    assert day.ask().allowed
    assert len(office.asked) == 3


def test_what_changed_while_the_port_was_asked_is_not_kept_as_the_new_version():
    """The version is that of before: whatever came meanwhile is asked for with the next question."""
    office = Office()

    def port(user):
        office.asked.append(user)
        if len(office.asked) == 1:
            office.version += 1
            return []
        return [SUBSTITUTE]

    day = Day(assignments=Assignments(port, version=office.edition))
    assert not day.ask().allowed
    assert day.ask().allowed


@pytest.mark.parametrize("version", [1, "etag", None, (1, 2), frozenset({1}), 1.5, datetime(2026, 1, 1), b"x"])  # noqa: DTZ001
@ASYNC
def test_a_version_may_be_anything_that_can_be_compared(version, asynchronous):
    """In sync code and in async code alike."""
    office = Office(SUBSTITUTE, version=version)
    day = Day(asynchronous=asynchronous, assignments=kept(office, asynchronous=asynchronous, version=True))
    assert day.ask().allowed
    assert day.ask().allowed
    assert len(office.asked) == 1


@pytest.mark.parametrize("version", [[], {}, {1}])
@ASYNC
def test_a_version_that_cannot_be_compared_is_a_failure(version, asynchronous):
    """What would have to be guessed at decides nothing."""
    office = Office(SUBSTITUTE, version=version)
    day = Day(asynchronous=asynchronous, assignments=kept(office, asynchronous=asynchronous, version=True))
    assert "which cannot be compared" in day.ask().indeterminate
    assert office.asked == []


def test_without_either_it_is_asked_for_each_decision():
    """As a bare function is; the sync hot path goes round it too."""
    for port in (lambda office: office.port, lambda office: Assignments(office.port)):
        office = Office(SUBSTITUTE)
        day = Day(assignments=port(office))
        for number in range(3):
            assert day.ask().allowed
            assert len(office.asked) == number + 1


def test_a_question_about_several_resources_asks_once():
    """One user, one instant, one answer."""
    office = Office(SUBSTITUTE)
    many = Day(assignments=office.port).pdp.authorize_many(PRINCIPAL, [ALGEBRA, at("covered_class")], "take_attendance")
    assert [one.allowed for one in many] == [True, False]
    assert len(office.asked) == 1


# failures


@ASYNC
@pytest.mark.parametrize("what", ["port", "version"])
def test_a_failure_is_indeterminate_and_not_kept(what, asynchronous):
    """An older answer does not stand in for it, and the next question asks again."""
    office = Office(SUBSTITUTE)
    day = Day(asynchronous=asynchronous, assignments=kept(office, asynchronous=asynchronous, version=True))
    assert day.ask().allowed
    office.broken = what
    office.version += 1
    for _ in range(2):
        decision = day.ask()
        assert decision.indeterminate == "the assignments port failed (LookupError)"
        assert decision.permissions == frozenset()
    office.broken = False
    assert day.ask().allowed


@ASYNC
def test_a_failure_after_the_age_is_not_covered_by_the_old_answer(asynchronous):
    """Until then the answer is good, and the port's state is nobody's concern."""
    office = Office(SUBSTITUTE)
    day = Day(asynchronous=asynchronous, assignments=kept(office, asynchronous=asynchronous, age=AGE))
    assert day.ask().allowed
    office.broken = True
    day.now += AGE - INSTANT
    assert day.ask().allowed
    day.now += INSTANT
    assert day.ask().code == "indeterminate"
    office.broken = False
    assert day.ask().allowed


@pytest.mark.parametrize(
    "answer", [None, 7, "x", {}, [7], [SUBSTITUTE | {"user": "another"}], [SUBSTITUTE | {"id": 7}]]
)
def test_an_answer_that_is_none_is_a_failure(answer):
    """However it is kept."""
    for bound in ({"max_age": AGE}, {"version": lambda _: 1}, {}):
        day = Day(assignments=Assignments(lambda _: answer, **bound))
        assert day.ask().indeterminate.startswith("the assignments port failed")


# clocks


def test_a_clock_that_is_put_back_keeps_no_answer():
    """One of what is now the future is of unknown age."""
    office = Office(SUBSTITUTE)
    day = Day(assignments=kept(office, age=AGE))
    assert day.ask().allowed
    office.held.clear()
    day.now -= HOUR
    assert not day.ask().allowed
    office.held.append(SUBSTITUTE)
    day.now += HOUR
    assert day.ask().allowed


def test_assignments_begin_and_end_while_an_answer_is_kept():
    """The clock decides that, not the port."""
    begin, end = (NOW + span for span in (timedelta(seconds=10), timedelta(seconds=20)))
    office = Office({**SUBSTITUTE, "from": begin, "until": end})
    day = Day(assignments=kept(office, age=AGE))
    for moment, held in [
        (NOW, False), (begin - INSTANT, False), (begin, True), (end - INSTANT, True), (end, False), (begin, True), (NOW, False),
    ]:  # fmt: skip
        day.now = moment
        assert day.ask().allowed is held
    assert len(office.asked) == 1


# over facts that are fetched


@ASYNC
@pytest.mark.parametrize("stage", [direct_stage, store_stage])
def test_over_live_facts_it_counts_in_place_of_what_they_hold(stage, asynchronous):
    """Kept or not, folded or not: with the right age, over Clever itself and over a roster store."""
    with stage() as world:
        for bound in ({}, {"age": AGE}, {"version": True}):
            office = Office(SUBSTITUTE)
            engine = world.pdp(assignments=kept(office, asynchronous=asynchronous, **bound), max_stale=None)

            def ask(user, resource, permission="take_attendance", engine=engine):
                if asynchronous:
                    return asyncio.run(engine.aauthorize(user, resource, permission))
                return engine.authorize(user, resource, permission)

            for _ in range(2):
                assert ask(PRINCIPAL, ALGEBRA).allowed
            office.held[0] = {**SUBSTITUTE, "id": who("covered_class")}
            office.version += 1
            world.after(AGE)
            for _ in range(2):
                assert not ask(PRINCIPAL, ALGEBRA).allowed
                assert ask(PRINCIPAL, at("covered_class")).allowed
            assert not ask(who("substitute"), ALGEBRA).allowed


@pytest.mark.parametrize("stage", [direct_stage, store_stage])
def test_an_assignment_that_begins_while_facts_are_fetched_counts(stage):
    """Whether its place is held is asked before it begins."""
    with stage() as world:
        begin = world.now + 1000

        def moving(_):
            return [{**SUBSTITUTE, "id": who("covered_class"), "from": datetime.fromtimestamp(0, NOW.tzinfo) + timedelta(
                microseconds=begin // 1000)}]  # fmt: skip

        engine = world.pdp(assignments=Assignments(moving, max_age=HOUR))
        if stage is store_stage:
            real = world.watched.read
            world.watched.read = lambda *given: (world.after(INSTANT), real(*given))[1]
        else:  # where the class is at hand before, and is not asked for because of the question
            assert engine.authorize(who("teacher"), at("covered_class"), "view").allowed
            world.fake.on_request = lambda _: world.after(INSTANT)
        engine.authorize(PRINCIPAL, ALGEBRA)
        world.after(SECOND)
        assert engine.authorize(PRINCIPAL, at("covered_class"), "take_attendance").allowed


def test_a_substitute_costs_the_store_no_read_for_each_decision():
    """Where the port is asked each time, whether its places are held is kept like any other fact."""
    with store_stage() as world:
        office = Office({**SUBSTITUTE, "id": who("covered_class")})
        engine = world.pdp(assignments=office.port)
        for _ in range(3):
            assert engine.authorize(PRINCIPAL, at("covered_class"), "take_attendance").allowed
            assert not engine.authorize(PRINCIPAL, ALGEBRA, "take_attendance").allowed
        assert len(office.asked) == 6
        assert world.watched.reads == 2
        world.delete("section", who("covered_class"))
        world.after(SECOND)
        decision = engine.authorize(PRINCIPAL, ALGEBRA)
        assert any(one.endswith("their district does not have this place here") for one in decision.held.notes)


# sharing and memory


def test_policies_may_share_it():
    """What one asked, another need not."""
    office = Office(SUBSTITUTE)
    shared = kept(office, age=AGE)
    for _ in range(2):
        assert Day(assignments=shared).ask().allowed
    assert len(office.asked) == 1


def test_made_up_ids_do_not_fill_the_memory(monkeypatch):
    """What is kept is bounded, and what was pushed out is asked for again."""
    monkeypatch.setattr("rolecall.ports.MAX_KEPT", 10)
    office = Office(SUBSTITUTE)
    port = kept(office, age=AGE)
    day = Day(assignments=port)
    assert day.ask().allowed
    for number in range(100):
        assert day.ask(user=f"u{number}").code == "subject-not-found"
        assert len(port._kept) <= 10
    assert day.ask().allowed
    assert day.pdp._view.held.keys() == {PRINCIPAL}
    assert port._flights._flying == {}


def test_threads_get_their_own_users_answer():
    """Many users at once, in few threads, over one port."""
    office = Office()

    def port(user):
        return [SUBSTITUTE] if user == PRINCIPAL else []

    day = Day(assignments=Assignments(port, max_age=AGE))
    people = [who(name) for name in ("principal", "tech_lead", "staff_nowhere", "undesignated_staff")]
    wrong = []

    def ask(number):
        for turn in range(100):
            user = people[(number + turn) % len(people)]
            decision = day.ask(user=user)
            if decision.subject != user or decision.allowed is not (user == PRINCIPAL):
                wrong.append(decision)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not wrong
    assert office.asked == []


# its arguments


@pytest.mark.parametrize(
    "bound", [{"max_age": 30}, {"max_age": timedelta()}, {"max_age": timedelta(-1)}, {"version": 1}]
)
def test_a_bound_that_is_none_is_refused(bound):
    """At start-up, not in a request."""
    with pytest.raises(TypeError):
        Assignments(lambda _: [], **bound)


def test_what_cannot_be_called_is_refused():
    """A list is no port."""
    with pytest.raises(TypeError, match="takes a function"):
        Assignments([])
    with pytest.raises(TypeError, match="`assignments` must be a function"):
        pdp(assignments=[])
