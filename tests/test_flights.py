"""Of many who want the same at once, one fetches it: threads, tasks, and both; and nobody waits for ever."""

import asyncio
import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import uptime
from demo import at, pdp, who
from facts.stages import SECOND, direct_stage, store_stage
from rolecall import Assignments
from rolecall.calls import Call, Failed, run, run_async
from rolecall.flights import Flights
from rolecall.testing.fake.faults import Fault

TEACHER, ALGEBRA = who("multi_role_teacher"), at("algebra_class")
MANY = 1000


def together(count, ask):
    """Ask in so many threads at the same moment; give what each got."""
    barrier = threading.Barrier(count, timeout=60)

    def one(number):
        barrier.wait()
        return ask(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count), timeout=120))


def in_tasks(count, ask):
    """Ask in so many tasks of one event loop."""

    async def all_of_them():
        return await asyncio.gather(*(ask(number) for number in range(count)))

    return asyncio.run(asyncio.wait_for(all_of_them(), 120))


def in_both(threads, tasks, ask, aask):
    """Ask in threads, and at the same time in tasks of two event loops."""
    begin = threading.Barrier(threads + 2, timeout=60)

    def loop():
        begin.wait()
        return in_tasks(tasks, aask)

    def one(number):
        begin.wait()
        return [ask(number)]

    with ThreadPoolExecutor(threads + 2) as pool:
        asked = [pool.submit(one, number) for number in range(threads)] + [pool.submit(loop) for _ in range(2)]
        return [found for future in asked for found in future.result(timeout=120)]


class Well:
    """Something that takes a moment to fetch, and counts how often it was."""

    def __init__(self, *, fails=0, wait=0.05):
        self.flights = Flights("the well", 10)
        self.fetched, self.fails, self.wait = 0, fails, wait
        self.water = None

    def port(self, _):
        self.fetched += 1
        time.sleep(self.wait)
        if self.fetched <= self.fails:
            raise LookupError
        return "water"

    async def aport(self, _):
        self.fetched += 1
        await asyncio.sleep(self.wait)
        if self.fetched <= self.fails:
            raise LookupError
        return "water"

    def fetch(self):
        if self.water is None:
            self.water = yield Call("the well", self.port, None, self.aport)
        return self.water

    def draw(self, _=None):
        return run(self.flights.join("water", self.fetch))

    def adraw(self, _=None):
        return run_async(self.flights.join("water", self.fetch))


# by themselves


def test_many_at_once_are_one_fetch():
    """In threads, in tasks, and in both: everybody gets what one of them fetched, and nothing is left behind."""
    for ask in (
        lambda well: together(200, well.draw),
        lambda well: in_tasks(MANY, well.adraw),
        lambda well: in_both(100, 450, well.draw, well.adraw),
    ):
        well = Well()
        found = ask(well)
        assert {*found} == {"water"}
        assert well.fetched == 1
        assert well.flights._flying == {}


def test_different_keys_do_not_wait_for_each_other():
    """Whoever wants something else fetches it, at the same time."""
    well = Well(wait=0.2)
    began = uptime.seconds()

    def fetch():
        return (yield Call("the well", well.port, None, well.aport))

    found = together(8, lambda number: run(well.flights.join(number, fetch)))
    assert found == ["water"] * 8
    assert uptime.seconds() - began < 8 * 0.2


def test_a_failure_is_everybodys_and_is_not_repeated():
    """A port that raises is one failure for all who waited."""
    for ask in (lambda well: together(50, well.draw), lambda well: in_tasks(MANY, well.adraw)):
        well = Well(fails=1)
        found = ask(well)
        failed = [one for one in found if isinstance(one, Failed)]
        assert well.fetched == 1
        assert {str(one) for one in failed} == {"the well failed (LookupError)"}
        assert len(failed) == len(found)
        assert well.flights._flying == {}


def test_a_fault_of_ours_is_raised_to_whoever_fetched_and_told_to_the_others():
    """Nobody waits for an answer that will not come."""
    flights = Flights("the well", 10)
    begun, raised = threading.Event(), []

    def slow(_):
        begun.set()
        time.sleep(0.1)

    def fetch():
        yield Call("the well", slow, None)
        raise ZeroDivisionError

    def lead():
        with pytest.raises(ZeroDivisionError):
            run(flights.join("k", fetch))
        raised.append(True)

    leader = threading.Thread(target=lead)
    leader.start()
    begun.wait(5)
    assert run(flights.join("k", fetch)) == Failed("the well", "ZeroDivisionError")
    leader.join()
    assert raised
    assert flights._flying == {}


def test_when_whoever_fetches_is_cancelled_another_goes_on():
    """A cancelled task, or a question that is thrown away, leaves its place to one of those who wait."""

    async def ask():
        well = Well(wait=0.1)
        tasks = [asyncio.ensure_future(well.adraw()) for _ in range(20)]
        await asyncio.sleep(0.02)
        for one in tasks[:3]:
            one.cancel()
        found = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
        assert [type(one) for one in found[:3]] == [asyncio.CancelledError] * 3
        assert found[3:] == ["water"] * 17
        assert well.fetched == 2
        return well.flights._flying

    assert asyncio.run(ask()) == {}


def test_a_waiter_that_is_cancelled_disturbs_nobody():
    """Neither the fetch nor the others."""

    async def ask():
        well = Well(wait=0.1)
        tasks = [asyncio.ensure_future(well.adraw()) for _ in range(20)]
        await asyncio.sleep(0.02)
        for one in tasks[5:15]:
            one.cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert found[:5] + found[15:] == ["water"] * 10
        return well.fetched

    assert asyncio.run(ask()) == 1


def test_a_question_that_is_thrown_away_leaves_nothing():
    """A generator that nobody runs to its end is closed, and its flight with it."""
    well = Well()
    asked = well.flights.join("water", well.fetch)
    assert isinstance(next(asked), Call)
    assert len(well.flights._flying) == 1
    del asked
    gc.collect()
    assert well.flights._flying == {}
    assert well.draw() == "water"


def test_a_loop_that_ends_leaves_nothing():
    """A task whose event loop is gone fetches no more; a thread that waited goes on."""
    well = Well(wait=0.3)
    begun = threading.Event()

    async def short():
        task = asyncio.ensure_future(well.adraw())
        await asyncio.sleep(0.05)
        begun.set()
        await asyncio.sleep(0.05)
        assert not task.done()

    thread = threading.Thread(target=lambda: asyncio.run(short()))
    thread.start()
    begun.wait(5)
    assert well.draw() == "water"
    thread.join()
    assert well.flights._flying == {}


def test_nobody_waits_longer_than_the_patience():
    """Where another's fetch takes too long, that is what one hears."""
    flights = Flights("the well", 0.05)
    begun, over = threading.Event(), threading.Event()

    def slow(_):
        begun.set()
        over.wait(10)

    def fetch():
        return (yield Call("the well", slow, None))

    thread = threading.Thread(target=lambda: run(flights.join("k", fetch)))
    thread.start()
    begun.wait(5)
    late = Failed("the well", "somebody else's fetch took too long")
    assert run(flights.join("k", fetch)) == late
    assert asyncio.run(run_async(flights.join("k", fetch))) == late
    over.set()
    thread.join()


def test_nobody_waits_for_a_task_of_their_own_thread():
    """Sync code called in an event loop would keep the very task from going on that it waits for: it fetches itself."""

    async def ask():
        well = Well(wait=0.1)
        task = asyncio.ensure_future(well.adraw())
        await asyncio.sleep(0.02)
        began = uptime.seconds()
        assert well.draw() == "water"
        assert uptime.seconds() - began < 5
        assert await task == "water"
        return well.flights._flying

    assert asyncio.run(ask()) == {}


def test_threads_that_wait_do_not_take_those_that_fetching_needs():
    """An application may fill its event loop's threads with sync questions; a task's sync port has threads of its own."""
    well = Well(wait=0.1)

    def fetch():
        if well.water is None:
            yield Call("the well", well.port, None, lambda _: asyncio.sleep(0.2))
            well.water = yield Call("the well", well.port, None)
        return well.water

    async def ask():
        task = asyncio.ensure_future(run_async(well.flights.join("water", fetch)))
        await asyncio.sleep(0.05)
        others = [asyncio.to_thread(run, well.flights.join("water", fetch)) for _ in range(64)]
        return await asyncio.wait_for(asyncio.gather(task, *others), 8)

    assert {*asyncio.run(ask())} == {"water"}
    assert well.fetched == 1


# as they are used


def at_once(way, pdp, *asked, threads=200, tasks=MANY):
    """Ask one question many times at once, in threads, in tasks of an event loop, or in threads and two loops."""

    def ask(_):
        return pdp.authorize(*asked)

    def aask(_):
        return pdp.aauthorize(*asked)

    if way == "threads":
        return together(threads, ask)
    return in_tasks(tasks, aask) if way == "tasks" else in_both(threads, tasks // 2, ask, aask)


WAYS = pytest.mark.parametrize("way", ["threads", "tasks", "both"])


@WAYS
@pytest.mark.parametrize("threads", [200, pytest.param(MANY, marks=pytest.mark.full)])
def test_a_thousand_questions_at_once_ask_clever_once(way, threads):
    """Each request that a decision needs is made once, however many ask; and each gets the same decision."""
    with direct_stage() as stage, stage.fake.fault(Fault.slow(0.02)):
        found = at_once(way, stage.pdp(), TEACHER, ALGEBRA, "edit", threads=threads)
        assert all(one.allowed for one in found)
        asked = stage.asked
        assert len(asked) == len({*asked}) == 5
        assert stage.facts._flights._flying == {}


@pytest.mark.parametrize("fails", [False, True])
def test_whoever_looked_just_before_an_answer_came_does_not_ask_again(fails):
    """Between their look and their turn to ask, somebody else has asked: that answer, or that failure, is theirs."""
    with direct_stage() as stage:
        pdp, records = stage.pdp(), stage.facts.records
        real = records.resting

        def meanwhile(*given):
            records.resting = real
            found = real(*given)
            assert pdp.authorize(TEACHER, ALGEBRA).code == ("indeterminate" if fails else "granted")
            return found

        records.resting = meanwhile
        with stage.fake.fault(Fault.json([]), times=2 if fails else 0):
            assert pdp.authorize(TEACHER, ALGEBRA).code == ("indeterminate" if fails else "granted")
        asked = stage.asked
        assert asked == [f"users/{TEACHER}"] * 2 if fails else len(asked) == len({*asked}) == 5


@WAYS
def test_a_failing_request_is_not_repeated_by_everybody_who_waited(way):
    """All of them are indeterminate after one try."""
    with direct_stage() as stage, stage.fake.fault(Fault.json([])):  # which is not tried again
        found = at_once(way, stage.pdp(), TEACHER, ALGEBRA)
        assert {one.code for one in found} == {"indeterminate"}
        assert stage.asked == [f"users/{TEACHER}"] * 2  # in each of the two districts
        assert stage.facts._flights._flying == {}


@WAYS
def test_a_thousand_questions_at_once_read_the_store_once(way):
    """One look and one read."""
    with store_stage() as stage:
        pdp, real = stage.pdp(), stage.watched.read

        def slowly(*given):
            time.sleep(0.05)
            return real(*given)

        stage.watched.read = slowly
        assert all(one.allowed for one in at_once(way, pdp, TEACHER, ALGEBRA, "edit"))
        assert (stage.watched.looks, stage.watched.reads) == (1, 1)
        assert pdp._view._flights._flying == {}


@WAYS
@pytest.mark.parametrize("bound", [{"max_age": timedelta(minutes=1)}, {"version": lambda _: 1}])
def test_a_thousand_questions_at_once_ask_the_assignments_port_once(way, bound):
    """Where its answer may be kept."""
    asked = []

    def port(user):
        asked.append(user)
        time.sleep(0.05)
        return []

    kept = Assignments(port, **bound)
    assert all(one.allowed for one in at_once(way, pdp(assignments=kept), TEACHER, ALGEBRA, "edit", threads=100))
    assert asked == [TEACHER]
    assert kept._flights._flying == {}


def test_a_cancelled_question_leaves_its_fetch_to_the_next():
    """A web request whose client has gone takes nobody with it."""
    with direct_stage() as stage, stage.fake.fault(Fault.slow(0.05)):

        async def ask():
            pdp = stage.pdp()
            tasks = [asyncio.ensure_future(pdp.aauthorize(TEACHER, ALGEBRA, "edit")) for _ in range(50)]
            await asyncio.sleep(0.02)
            for number in range(0, 50, 7):
                tasks[number].cancel()
            found = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 30)
            assert all(one.allowed for number, one in enumerate(found) if number % 7)

        asyncio.run(ask())
        assert stage.facts._flights._flying == {}


def test_sync_questions_in_an_event_loop_come_to_an_end():
    """They hold it up, and should not be asked there; but they wait for nobody who waits for them."""
    with store_stage() as stage:

        async def ask():
            pdp = stage.pdp()
            tasks = [asyncio.ensure_future(pdp.aauthorize(TEACHER, ALGEBRA, "edit")) for _ in range(5)]
            await asyncio.sleep(0)
            began = uptime.seconds()
            assert pdp.authorize(TEACHER, ALGEBRA, "edit").allowed
            assert uptime.seconds() - began < 5
            stage.after(SECOND)
            assert all(one.allowed for one in await asyncio.gather(*tasks))

        asyncio.run(ask())
