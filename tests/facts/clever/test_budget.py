"""The budget: never more than so many requests in any minute, in order, and each district its own."""

import asyncio
import random
import threading
from datetime import timedelta

import pytest
from facts.clever.peer import DISTRICT, Hands, client, record
from rolecall.calls import run, run_async
from rolecall.facts.clever import Unavailable
from rolecall.facts.clever.budget import Budget, Spent

GOOD = record(id="u1")


def busiest(times):
    """The most that lie in any minute."""
    times = sorted(times)
    return max(sum(1 for later in times if start <= later < start + 60 - 1e-6) for start in times)


@pytest.mark.parametrize("seed", range(20))
def test_no_minute_has_more_than_the_budget(seed):
    """Whenever the requests come, wherever the minute begins."""
    rng = random.Random(seed)
    hands = Hands()
    budget = Budget(limit := rng.choice([1, 2, 7, 50]), hands.clock())
    turns = []
    for _ in range(300):
        hands.ticks += rng.choice([0, 0, 0, 0.1, 1, 20])
        try:
            turns.append(hands.ticks + budget.take(rng.choice([0, 5, 300])))
        except Spent as spent:
            assert spent.wait > 0
        if rng.random() < 0.02:
            budget.shut(rng.choice([0, 3, 60]))
    assert busiest(turns) <= limit
    assert turns == sorted(turns)


def test_whoever_is_refused_takes_nothing():
    """The place goes to the next one who can wait."""
    hands = Hands()
    budget = Budget(1, hands.clock())
    assert budget.take(0) == 0
    for _ in range(100):
        with pytest.raises(Spent):
            budget.take(5)
    assert budget.take(60) == 60


def test_a_429_closes_it_for_those_who_wait_already():
    """Nobody sends before the reset, and nobody waits for one that is too far."""
    hands = Hands()
    budget = Budget(10, hands.clock())
    budget.shut(30)
    budget.shut(10)
    assert budget.closed(60) == 30
    with pytest.raises(Spent):
        budget.closed(5)
    assert budget.take(60) == 30
    hands.ticks += 30
    assert budget.closed(0) == 0


def test_twenty_threads_share_it():
    """All who can wait get their turn, on a clock that they move themselves; no minute has too many."""
    hands = Hands()
    budget = Budget(50, hands.clock())
    turns, refused = [], []

    def work(number):
        for _ in range(15):
            try:
                with hands._lock:
                    now = hands.ticks
                turns.append(now + budget.take(600 if number % 2 else 0))
            except Spent:
                refused.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert busiest(turns) == 50
    assert len(turns) + len(refused) == 300
    assert len(turns) >= 150
    assert not any(number % 2 for number in refused)


def test_threads_and_tasks_share_one_budget():
    """Twenty threads and a hundred tasks at once: exactly as many requests as the budget has."""
    clever = client(GOOD, per_minute=50)
    outcomes = []

    def one():
        try:
            outcomes.append(run(clever.one(DISTRICT, "users/u1")))
        except Unavailable as error:
            assert error.retry_at is not None
            outcomes.append(None)

    async def aone():
        try:
            outcomes.append(await run_async(clever.one(DISTRICT, "users/u1")))
        except Unavailable:
            outcomes.append(None)

    async def main():
        threads = [threading.Thread(target=one) for _ in range(20)]
        for thread in threads:
            thread.start()
        await asyncio.gather(*(aone() for _ in range(100)))
        for thread in threads:
            await asyncio.to_thread(thread.join)
        assert await run_async(clever.one("d2", "users/u1")) == {"id": "u1"}
        await clever.aclose()

    asyncio.run(main())
    assert len(outcomes) == 120
    assert sum(one is not None for one in outcomes) == 50
    assert clever.requests == 51


def test_waiting_for_the_budget_does_not_hold_up_another_district():
    """Fifty tasks wait for one district's budget; another district's are served meanwhile."""
    hands = Hands()
    order = []

    async def asleep(seconds):
        await asyncio.sleep(0.05)
        hands.ticks += seconds

    hands.asleep = asleep
    clever = client(GOOD, hands=hands, per_minute=1, patience=timedelta(hours=2))

    async def aone(district):
        await run_async(clever.one(district, "users/u1"))
        order.append(district)

    async def main():
        await aone(DISTRICT)
        waiting = [asyncio.ensure_future(aone(DISTRICT)) for _ in range(50)]
        await asyncio.sleep(0)
        await aone("d2")
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await clever.aclose()

    asyncio.run(main())
    assert order == [DISTRICT, "d2"]
