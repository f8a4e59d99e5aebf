"""How long the client waits, and for what: on a clock that moves only when somebody waits."""

import asyncio
import time
from datetime import timedelta
from email.utils import formatdate

import httpx
import pytest
import uptime
from facts.clever.peer import DISTRICT, Hands, answer, ask, client, fails, record
from rolecall.calls import run, run_async
from rolecall.facts.clever import Unavailable

MODES = ["sync", "async"]
NOW = 1_000_000_000.0
GOOD = record(id="u1")


def limited(**headers):
    return answer(429, b"", {name.replace("_", "-"): str(value) for name, value in headers.items()})


def refused(mode, clever):
    with pytest.raises(Unavailable) as caught:
        ask(mode, clever.one(DISTRICT, "users/u1"))
    return caught.value


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("fault", "waited"),
    [
        (limited(x_ratelimit_reset=NOW + 3), 3),
        (limited(x_ratelimit_reset=int(NOW + 4)), 4),
        (limited(retry_after=2), 2),
        (limited(retry_after=2, x_ratelimit_reset=NOW + 3), 3),
        (limited(retry_after=4, x_ratelimit_reset=NOW + 3), 4),
        (limited(retry_after=4, x_ratelimit_reset="soon"), 4),
        (answer(503, b"", {"retry-after": "2"}), 2),
    ],
)
def test_the_wait_that_clever_asks_for(fault, waited, mode):
    """It is what is waited, no less and no more."""
    hands = Hands(NOW)
    assert ask(mode, client(fault, GOOD, hands=hands).one(DISTRICT, "users/u1")) == {"id": "u1"}
    assert hands.slept == [pytest.approx(waited)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("fault", "ahead"),
    [
        (limited(x_ratelimit_reset=NOW + 30), 30),
        (limited(x_ratelimit_reset=NOW + 5), 5),
        (limited(x_ratelimit_reset=NOW + 1e9), 60),
        (limited(x_ratelimit_reset="inf"), 60),
        (limited(retry_after=30), 30),
        (limited(retry_after=999_999), 3600),
        (limited(retry_after="9" * 400), 3600),
        (answer(500, b"", {"retry-after": "60"}), 60),
    ],
)
def test_a_wait_longer_than_the_patience_is_not_begun(fault, ahead, mode):
    """The client gives up at once, and says when to ask again; a reset or a wait beyond all reason is capped."""
    hands = Hands(NOW)
    clever = client(fault, hands=hands)
    assert refused(mode, clever).retry_at == pytest.approx(NOW + ahead)
    assert hands.slept == []
    assert len(clever.peer.requests) == 1


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "fault",
    [
        limited(x_ratelimit_reset=NOW - 100),
        limited(x_ratelimit_reset=30),
        limited(x_ratelimit_reset="nan"),
        limited(x_ratelimit_reset="-inf"),
        limited(x_ratelimit_reset="soon", retry_after="later"),
        limited(retry_after="-5"),
        limited(retry_after=0),
        answer(503, b"", {"x-ratelimit-reset": str(NOW + 4)}),
        limited(),
    ],
)
def test_a_wait_that_makes_no_sense_is_our_own(fault, mode):
    """A clock that is wrong, a header that is none: the usual back-off, and no time to ask again is told."""
    hands = Hands(NOW)
    clever = client(fault, hands=hands)
    assert refused(mode, clever).retry_at is None
    assert 3 <= len(clever.peer.requests) <= 7
    assert hands.ticks < 5
    assert all(0.1 <= slept <= 4 for slept in hands.slept)


def test_a_date_is_a_wait_too():
    """`Retry-After` may be an HTTP date."""
    hands = Hands(time.time())
    error = refused("sync", client(limited(retry_after=formatdate(time.time() + 100, usegmt=True)), hands=hands))
    assert 90 < error.retry_at - hands.ahead <= 101


@pytest.mark.parametrize("mode", MODES)
def test_patience_is_given_by_whoever_asks(mode):
    """With minutes of it, the same wait is waited for."""
    hands = Hands(NOW)
    clever = client(limited(x_ratelimit_reset=NOW + 40), GOOD, hands=hands, patience=timedelta(minutes=5))
    assert ask(mode, clever.one(DISTRICT, "users/u1")) == {"id": "u1"}
    assert hands.ticks == pytest.approx(40)


@pytest.mark.parametrize("mode", MODES)
def test_patience_ends(mode):
    """Minutes of faults end after the minutes, and not before they have been used."""
    hands = Hands(NOW)
    clever = client(answer(503), hands=hands, patience=timedelta(minutes=3))
    error = refused(mode, clever)
    assert 150 < hands.ticks <= 180
    assert f"also when asked {len(clever.peer.requests)} times" in str(error)


@pytest.mark.parametrize("mode", MODES)
def test_every_try_counts_for_the_budget(mode):
    """A district whose Clever fails does not get more requests for it."""
    hands = Hands(NOW)
    clever = client(answer(503), hands=hands, per_minute=2)
    error = refused(mode, clever)
    assert len(clever.peer.requests) == 2
    assert "the budget of 2 requests a minute is used up" in str(error)
    assert error.retry_at == pytest.approx(NOW + 60, abs=1)


@pytest.mark.parametrize("mode", MODES)
def test_a_429_empties_the_budget_of_its_district_alone(mode):
    """Until the reset nobody asks for this district; another is asked as ever."""
    hands = Hands(NOW)
    clever = client(limited(x_ratelimit_reset=NOW + 50), GOOD, hands=hands)
    refused(mode, clever)
    for _ in range(3):
        assert refused(mode, clever).retry_at == pytest.approx(NOW + 50)
    assert len(clever.peer.requests) == 1
    assert ask(mode, clever.one("d2", "users/u1")) == {"id": "u1"}
    hands.sleep(46)
    assert ask(mode, clever.one(DISTRICT, "users/u1")) == {"id": "u1"}
    assert hands.slept == [46, pytest.approx(4)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("jump", [-1e9, -3600, 3600, 1e9])
def test_a_clock_that_jumps_makes_nobody_wait(jump, mode):
    """The time of day is for reading a reset alone; waiting goes by a clock that does not jump."""
    hands = Hands(NOW)

    def jumps(_):
        hands.ahead += jump
        return httpx.Response(503)

    clever = client(jumps, jumps, GOOD, hands=hands)
    assert ask(mode, clever.one(DISTRICT, "users/u1")) == {"id": "u1"}
    assert hands.ticks < 2


def test_an_answer_that_takes_longer_than_it_may_is_none_in_sync_code():
    """A transport that cannot be stopped is told afterwards."""
    hands = Hands(NOW)

    def slow(_):
        hands.ticks += 11
        return httpx.Response(200, content=b'{"data":{"id":"u1"}}')

    clever = client(slow, hands=hands, patience=timedelta(seconds=60))
    assert "no whole answer came in time" in str(refused("sync", clever))
    assert 4 <= len(clever.peer.requests) <= 6


def test_an_answer_that_takes_longer_than_it_may_is_given_up_in_async_code():
    """The try is cancelled at its time-out, and tried again while there is patience."""
    waiting = []

    def slow(_):
        waiting.append(1)
        return asyncio.sleep(30)

    clever = client(slow, timeout=timedelta(seconds=0.05), patience=timedelta(seconds=0.4))
    began = uptime.seconds()
    assert "no whole answer came in time" in str(refused("async", clever))
    assert uptime.seconds() - began < 0.6
    assert len(waiting) == 2


def test_a_task_that_is_cancelled_stays_cancelled():
    """Somebody else's cancelling is not taken for a time-out."""

    async def main():
        clever = client(lambda _: asyncio.sleep(30))
        task = asyncio.ensure_future(run_async(clever.one(DISTRICT, "users/u1")))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await clever.aclose()

    asyncio.run(main())


def test_a_token_asked_anew_uses_up_the_same_patience():
    """Two requests for one question do not have twice the time."""
    hands = Hands(NOW)

    def refuse(_):
        hands.ticks += 4
        clever._tokens.replace({DISTRICT: "another"})
        return httpx.Response(401)

    clever = client(refuse, fails(httpx.ConnectError), hands=hands)
    with pytest.raises(Unavailable):
        run(clever.one(DISTRICT, "users/u1"))
    assert hands.ticks <= 5
