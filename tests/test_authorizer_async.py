"""The same decisions where ports may have to be awaited; the event loop is never blocked."""

import asyncio
import functools
import threading
import time

import pytest
from demo import assignment, at, pdp, who
from rolecall import Indeterminate, PermissionDenied, UnknownPermission, UnknownRole

TEACHER = who("multi_role_teacher")
ALGEBRA = at("algebra_class")
SUBSTITUTE = {"role": "substitute", "scope": "section", "id": who("algebra_class")}
HERE = {"section": who("algebra_class"), "locked": False}


async def unlocked(_):
    await asyncio.sleep(0)
    return HERE


async def nothing(_):
    return None


async def fails(_):
    raise LookupError("password=hunter2")


class Callable:
    """An object whose call is async."""

    async def __call__(self, _):
        return HERE


@pytest.mark.parametrize(
    "loader",
    [unlocked, Callable(), functools.partial(unlocked), lambda _: HERE, lambda _: unlocked("a1")],
)
def test_loaders_of_every_kind_are_awaited(loader):
    """An async function, an object, a partial, a sync function, one that gives an awaitable: all are asked."""
    engine = pdp(resources={"assignment": loader})
    decision = asyncio.run(engine.acheck(TEACHER, assignment(section="covered_class"), "edit"))
    assert decision.allowed
    assert decision.resource.properties == HERE


@pytest.mark.parametrize(
    ("loader", "code"),
    [
        (nothing, "resource-not-found"),
        (lambda _: None, "resource-not-found"),
        (fails, "indeterminate"),
        (lambda _: 1 / 0, "indeterminate"),
        (lambda _: next(iter(())), "indeterminate"),
        (lambda _: (), "indeterminate"),
    ],
)
def test_loaders_that_have_nothing_or_fail(loader, code):
    """No resource is a no; a failure, a `StopIteration` in a thread too, is indeterminate."""
    engine = pdp(resources={"assignment": loader})
    decision = asyncio.run(asyncio.wait_for(engine.aauthorize(TEACHER, assignment(), "edit"), 10))
    assert (decision.allowed, decision.code) == (False, code)
    assert "hunter2" not in decision.detail
    error = Indeterminate if code == "indeterminate" else PermissionDenied
    with pytest.raises(error):
        asyncio.run(engine.acheck(TEACHER, assignment(), "edit"))


@pytest.mark.parametrize("asynchronous", [True, False])
def test_assignments_are_awaited(asynchronous):
    """The application's assignments may come from an async port or a sync one."""

    async def port(_):
        return [SUBSTITUTE]

    engine = pdp(assignments=port if asynchronous else lambda _: [SUBSTITUTE])
    assert asyncio.run(engine.acheck(who("principal"), ALGEBRA, "take_attendance")).allowed


@pytest.mark.parametrize("port", [fails, nothing, lambda _: [7]])
def test_assignments_that_cannot_be_had_are_indeterminate(port):
    """A port that raises, gives nothing or gives what is no assignment decides nothing."""
    with pytest.raises(Indeterminate, match="the assignments port failed"):
        asyncio.run(pdp(assignments=port).acheck(TEACHER, ALGEBRA, "edit"))


def test_without_ports_the_async_calls_answer_like_the_sync_ones():
    """Each async call gives what its sync twin gives."""
    engine = pdp()

    async def ask():
        return (
            (await engine.aauthorize(TEACHER, ALGEBRA, "edit", acting_as=["teacher"])).permissions,
            await engine.apermissions(TEACHER, ALGEBRA),
            [one.allowed for one in await engine.aauthorize_many(TEACHER, iter([ALGEBRA, at("past_class")]), "edit")],
        )

    assert asyncio.run(ask()) == (
        engine.authorize(TEACHER, ALGEBRA, "edit", acting_as=["teacher"]).permissions,
        engine.permissions(TEACHER, ALGEBRA),
        [one.allowed for one in engine.authorize_many(TEACHER, [ALGEBRA, at("past_class")], "edit")],
    )


def test_apermissions_raises_what_cannot_be_known():
    """An empty set is never given for facts that cannot be had."""
    with pytest.raises(Indeterminate):
        asyncio.run(pdp(assignments=fails).apermissions(TEACHER, ALGEBRA))


def test_a_malformed_question_raises():
    """A typo raises before anything is awaited."""
    engine = pdp(resources={"assignment": fails})
    with pytest.raises(UnknownPermission):
        asyncio.run(engine.aauthorize(TEACHER, assignment(), "edti"))
    with pytest.raises(UnknownRole):
        asyncio.run(engine.acheck(TEACHER, assignment(), "edit", acting_as=["principal"]))


def test_a_sync_port_does_not_block_the_event_loop():
    """A slow sync loader runs in another thread, while other tasks go on."""
    threads = []

    def slow(_):
        threads.append(threading.current_thread())
        time.sleep(0.2)
        return HERE

    async def ask():
        engine, ticks = pdp(resources={"assignment": slow}), 0
        asked = asyncio.ensure_future(engine.aauthorize(TEACHER, assignment(), "edit"))
        while not asked.done():
            await asyncio.sleep(0.01)
            ticks += 1
        return (await asked).allowed, ticks

    allowed, ticks = asyncio.run(ask())
    assert allowed
    assert ticks >= 5
    assert threads[0] is not threading.main_thread()


def test_a_lazy_answer_is_read_where_the_port_runs():
    """A generator, or a query that is made when somebody reads it, does not come back to the event loop unread."""
    threads = []

    class Query:
        def __iter__(self):
            threads.append(threading.current_thread())
            yield SUBSTITUTE

    def lazily(_):
        yield from Query()

    for port in (lazily, lambda _: Query()):
        engine = pdp(assignments=port)
        assert asyncio.run(engine.acheck(who("principal"), ALGEBRA, "take_attendance")).allowed
    assert len(threads) == 2
    assert threading.main_thread() not in threads


def test_decisions_asked_together_do_not_mix():
    """A hundred tasks at once each get the answer about their own user and resource."""

    async def port(user):
        await asyncio.sleep(0.001)
        return [SUBSTITUTE] if user == who("principal") else []

    async def loader(identifier):
        await asyncio.sleep(0.001)
        return {"section": who("algebra_class"), "locked": identifier == "locked"}

    async def ask():
        engine = pdp(assignments=port, resources={"assignment": loader})
        people = [who(name) for name in ("principal", "tech_lead", "multi_role_teacher", "substitute")]
        asked = [(user, identifier) for user in people for identifier in ("locked", "open")] * 12
        things = [engine.aauthorize(user, assignment(), "edit") if one == "open" else engine.aauthorize(
            user, type(assignment())("assignment", "locked"), "edit") for user, one in asked]  # fmt: skip
        return asked, await asyncio.gather(*things)

    asked, answers = asyncio.run(ask())
    for (user, identifier), decision in zip(asked, answers, strict=True):
        assert decision.subject == user
        assert decision.allowed is (identifier == "open" and user in (who("principal"), TEACHER))


def test_a_cancelled_question_is_cancelled():
    """Cancelling a task is no failure of a port: nobody gets an answer."""

    async def forever(_):
        await asyncio.sleep(60)

    async def ask():
        asked = asyncio.ensure_future(pdp(assignments=forever).aauthorize(TEACHER, ALGEBRA))
        await asyncio.sleep(0.01)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked

    asyncio.run(ask())
