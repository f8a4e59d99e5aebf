"""A clock that is put back makes nothing young again, not even if it then says the very same time once more."""

import time
from datetime import timedelta

import pytest
from demo import at, pdp, who
from facts.stages import direct_stage, store_stage
from rolecall import Assignments
from rolecall.facts.steady import SLACK, ever_since, steady
from rolecall.instants import SECOND
from rolecall.testing import Fault

HOUR = 3600 * SECOND
AGE, MINUTE = timedelta(minutes=5), timedelta(minutes=1)
TEACHER, ALGEBRA = who("multi_role_teacher"), at("algebra_class")


class Clocks:
    """The machine's clock, which is set, and the one that is not."""

    def __init__(self):
        self.wall, self.ticks = 1_792_000_000 * SECOND, 77 * SECOND

    def pass_(self, nanoseconds):
        self.wall, self.ticks = self.wall + nanoseconds, self.ticks + nanoseconds


@pytest.fixture
def clocks(monkeypatch):
    found = Clocks()
    monkeypatch.setattr(time, "monotonic_ns", lambda: found.ticks)
    return found


def test_a_clock_tells_when_it_is_put_back(clocks):
    """It tells once for each time, and not when both go on, when it is set ahead, or for less than the slack."""
    told = []
    read = steady(lambda: clocks.wall, lambda: told.append(clocks.wall))
    clocks.pass_(HOUR)
    assert (read(), told) == (clocks.wall, [])
    clocks.wall += HOUR
    assert (read(), told) == (clocks.wall, [])
    clocks.wall -= SLACK
    assert (read(), told) == (clocks.wall, [])
    clocks.wall -= 1
    assert (read(), told) == (clocks.wall, [clocks.wall])
    clocks.pass_(HOUR)
    assert (read(), len(told)) == (clocks.wall, 1)


def test_a_clock_that_stands_is_not_put_back(clocks):
    """A test's; once it goes on, it is behind."""
    told = []
    read = steady(lambda: clocks.wall, lambda: told.append(1))
    clocks.ticks += HOUR
    assert (read(), told) == (clocks.wall, [])
    clocks.pass_(1)
    assert (read(), told) == (clocks.wall, [1])


def test_small_steps_back_add_up(clocks):
    """Whoever puts a clock back by half a second at a time is noticed like anybody else."""
    told = []
    read = steady(lambda: clocks.wall, lambda: told.append(1))
    for _ in range(4):
        clocks.wall -= SLACK // 2
        read()
    assert told == [1]


def test_an_age_is_told_by_the_clock_that_makes_it_older(clocks):
    """A clock that was put back makes nothing younger; where the two agree it is as it was written down."""
    at, ticks = clocks.wall, clocks.ticks
    clocks.pass_(HOUR)
    assert ever_since(at, ticks, clocks.wall) == at
    clocks.wall -= HOUR // 2
    assert clocks.wall - ever_since(at, ticks, clocks.wall) == HOUR


@pytest.fixture
def later(monkeypatch):
    """Let time pass of which the machine's clock knows nothing: it was put back by as much."""
    ahead, real = [0], time.monotonic_ns
    monkeypatch.setattr(time, "monotonic_ns", lambda: real() + ahead[0])

    def pass_(nanoseconds):
        ahead[0] += nanoseconds

    return pass_


def test_the_same_moment_again_is_a_later_one_to_facts_asked_of_clever(later):
    """An hour has passed, and the clock says what it said before: Clever is asked again, and has to answer."""
    with direct_stage(max_age=AGE) as stage:
        pdp = stage.pdp(max_stale=timedelta(minutes=30))
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        later(HOUR)
        stage.now += 1
        with stage.fake.fault(Fault.status(503)):
            assert pdp.authorize(TEACHER, ALGEBRA, "edit").code == "indeterminate"
        later(HOUR)
        stage.after(timedelta(seconds=2))  # for which what could not be had is not asked for again
        stage.fake.delete("user", TEACHER)
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").code == "subject-not-found"


def test_what_is_folded_after_the_clock_was_put_back_is_not_good_for_longer(later):
    """The records were asked for four minutes ago, not one: they are young for one minute more, not for four."""
    with direct_stage(max_age=AGE) as stage:
        pdp = stage.pdp()
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        stage.after(MINUTE)
        later(4 * 60 * SECOND)
        assert stage.asked
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        assert stage.asked == []
        stage.after(MINUTE)
        later(60 * SECOND)
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        assert stage.asked


def test_the_same_moment_again_is_a_later_one_to_a_store(later):
    """What was changed meanwhile counts, though the clock says that the store was looked at within the last second."""
    with store_stage() as stage:
        pdp = stage.pdp()
        stage.now += 1
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
        stage.delete("user", TEACHER)
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed  # it was looked at a moment ago
        later(2 * SECOND)
        stage.now += 1
        assert pdp.authorize(TEACHER, ALGEBRA, "edit").code == "subject-not-found"


def test_the_same_moment_again_is_a_later_one_to_assignments(later):
    """What the port said an hour ago is not good for another half minute."""
    asked = []

    def port(_):
        asked.append(1)
        return [{"role": "substitute", "scope": "section", "id": ALGEBRA.id}] if len(asked) == 1 else []

    moment = [pdp()._clock()]
    found = pdp(assignments=Assignments(port, max_age=timedelta(seconds=30)), max_stale=None, clock=lambda: moment[0])
    assert found.authorize(who("principal"), ALGEBRA, "take_attendance").allowed
    later(HOUR)
    moment[0] += 1
    assert not found.authorize(who("principal"), ALGEBRA, "take_attendance").allowed
    assert len(asked) == 2


def test_an_answer_about_assignments_is_not_good_for_longer_after_the_clock_was_put_back(later):
    """It was given twenty seconds ago, not ten: after another ten it is asked for anew."""
    moment, asked = [pdp()._clock()], []
    found = pdp(
        assignments=Assignments(lambda _: asked.append(1) or [], max_age=timedelta(seconds=30)),
        max_stale=None,
        clock=lambda: moment[0],
    )
    for wall, hidden, times in ((0, 0, 1), (10, 10, 1), (9, 0, 1), (2, 0, 2)):
        moment[0] += wall * SECOND
        later((wall + hidden) * SECOND)
        found.authorize(who("principal"), ALGEBRA)
        assert len(asked) == times
