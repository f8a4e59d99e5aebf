"""What goes wrong around the answers: changes while paging, clocks, tokens, a paused district, and the feed of events."""

import time
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from rolecall import ports
from rolecall.facts import direct, gathering, steady, store_view
from rolecall.facts.clever import ClientTokens
from rolecall.facts.store.guard import Guard
from rolecall.testing import Fault

from faults.accounts import settle
from faults.benches import MAX_AGE, MAX_STALE, DirectBench, StoreBench, pool
from faults.kinds import EVENTS, LAST, LISTED
from faults.world import DISTRICT, DISTRICTS, SECOND

DAY, HOUR = 86_400, 3600


def rounds(size, few=3, many=24):
    """How often a scenario goes through its fault."""
    return many if size.full else few


def well(bench, stage, number=0, *, change=True):
    """Two rounds while all is well, with a change between them."""
    bench.refresh(max(bench.asked // 2, 1))
    bench.round(stage, asynchronous=number % 2 == 1)
    if change:
        bench.change()
        bench.time.pass_(MAX_AGE / 2)
        bench.round(asynchronous=number % 2 == 1)


# nothing wrong


def changes_asked_directly(tally, size):
    """Nothing is wrong, but records change, and what was asked for at different times meets."""
    with DirectBench(tally, size.seed, asked=size.asked) as bench:
        for number in range(rounds(size, 6, 150)):
            bench.refresh(bench.asked)
            near = [one for one in pool() if one.resource.properties == bench.current[0].resource.properties]
            bench.current += [one for one in near if one.resource.id == bench.current[0].resource.id][:4]
            bench.round("before" if number < 2 else "after")
            bench.change()
            tally.injected["changes"] += 1
            for step, seconds in enumerate(bench.rng.uniform(0, MAX_AGE) for _ in range(3)):
                bench.time.pass_(seconds)
                bench.round(asynchronous=step == 1)
            bench.time.pass_(MAX_AGE + 1)


def changes_in_a_store(tally, size):
    """Nothing is wrong, but records change, and the store is polled now and then."""
    with StoreBench(tally, size.seed, asked=size.asked * 2) as bench:
        assert bench.sync()
        bench.settle()
        for number in range(rounds(size, 6, 60)):
            bench.change(bench.rng.randrange(1, 6))
            tally.injected["changes"] += 1
            bench.time.pass_(bench.rng.uniform(0, MAX_AGE))
            bench.round("before" if number < 2 else "after", asynchronous=number % 2 == 1)
            assert bench.sync()
            bench.round()
            bench.refresh()
        settle(tally, bench.store, bench.truth)


# changes while paging


def changed_while_asked(tally, size):
    """A record changes just before the second page, or the second question, is answered."""
    with DirectBench(tally, size.seed, page=1, asked=size.asked) as bench:
        bench.settle()
        for number in range(rounds(size)):
            bench.time.pass_(MAX_STALE + MAX_AGE)
            well(bench, "before", number, change=False)
            bench.time.pass_(MAX_STALE + MAX_AGE)
            call = Fault.call(lambda _: bench.changes.one(bench.current))
            with bench.truth.fake.fault(call, skip=bench.rng.randrange(5), times=1) as placed:
                bench.round("during", asynchronous=number % 2 == 0)
            tally.injected["between two requests"] += placed.hits
            bench.time.pass_(MAX_AGE)
            bench.refresh()
            bench.round("after")


def changed_while_read(tally, size):
    """Records are changed, created and deleted between the pages of lists and of events."""
    with StoreBench(tally, size.seed, page=10, asked=size.asked * 2) as bench:
        assert bench.sync()
        bench.settle()
        for number in range(rounds(size)):
            well(bench, "before", number)
            call = Fault.call(lambda _: bench.changes.any())
            full = number % 2 == 0
            with bench.truth.fake.fault(call, chance=0.3, times=12, district=DISTRICT) as placed:
                bench.sync(full=full)
                bench.round("during", asynchronous=full)
            tally.injected["a full read" if full else "events"] += placed.hits
            assert bench.sync()
            bench.refresh()
            bench.round("after")
        settle(tally, bench.store, bench.truth)


# clocks


@contextmanager
def steadily(moment, *modules):
    """Let the clock that nobody puts back go by the true time."""
    with ExitStack() as stack:
        for one in (steady.time, *modules):
            stack.enter_context(patch.object(one, "monotonic_ns", lambda: moment.true))
        yield


def clock_asked_directly(tally, size):
    """The machine's clock jumps a day forward, back, an hour back, back and forth; half of it while Clever is away.

    Ages are told by a clock that nobody puts back, too: here it goes by the true time.
    """
    with DirectBench(tally, size.seed, asked=size.asked) as bench:
        bench.blind = True
        with steadily(bench.time, direct, gathering, ports):
            bench.restart()
            bench.settle()
            for number in range(rounds(size, 2, 12)):
                away = number % 2 == 1
                bench.time.pass_(MAX_STALE + MAX_AGE)
                well(bench, "before", number)
                bench.time.pass_(MAX_STALE + MAX_AGE)
                bench.round()
                placed = bench.truth.fake.fault(Fault.status(503), chance=1.0 if away else 0.1)
                bench.faulty = True
                for step, shift in enumerate((DAY, DAY, 0, -HOUR, HOUR, 0, -HOUR, -HOUR + MAX_STALE / 2, 0)):
                    tally.injected["jumps while Clever is away" if away else "jumps"] += 1
                    bench.time.shift = int(shift * SECOND)
                    if step == 2:
                        bench.change()
                    bench.round("during", asynchronous=step % 2 == 1)
                    bench.time.pass_(MAX_AGE + 1)
                bench.time.pass_(HOUR)
                bench.time.shift = -(HOUR + MAX_STALE // 2) * SECOND  # now it seems to be about as late as it was
                bench.round(asynchronous=number % 2 == 1)
                placed.remove()
                bench.time.shift, bench.faulty = 0, False
                bench.time.pass_(MAX_AGE)
                well(bench, "after", number, change=False)


def clock_of_a_store(tally, size):
    """The same for the machine that keeps a store and decides with it."""
    with StoreBench(tally, size.seed, asked=size.asked * 2) as bench, steadily(bench.time, store_view):
        bench.blind = True
        bench.restart()
        assert bench.sync()
        bench.settle()
        for number in range(rounds(size, 2, 12)):
            away = number % 2 == 1
            bench.sync()
            well(bench, "before", number)
            bench.sync()
            placed = bench.truth.fake.fault(Fault.status(503), chance=1.0 if away else 0.1)
            for step, shift in enumerate((DAY, DAY, 0, -HOUR, HOUR, 0, -HOUR, -HOUR + MAX_STALE / 2, 0)):
                tally.injected["jumps while Clever is away" if away else "jumps"] += 1
                bench.time.shift = int(shift * SECOND)
                bench.round("during", asynchronous=step % 2 == 1)
                bench.sync()
                if step % 3 == 0:
                    bench.change(2)
                bench.round()
                bench.time.pass_(MAX_AGE)
            bench.time.pass_(HOUR)
            bench.time.shift = -(HOUR + MAX_STALE // 2) * SECOND
            bench.round()
            placed.remove()
            bench.time.shift = 0
            bench.time.pass_(MAX_AGE)
            assert bench.sync()
            well(bench, "after", number, change=False)
        settle(tally, bench.store, bench.truth)


# tokens, and a paused district


def token_rotated(tally, size):
    """The old token is refused; the application is given the new one some time later."""
    with DirectBench(tally, size.seed, asked=size.asked) as bench:
        bench.settle()
        for number in range(rounds(size, 2, 12)):
            bench.time.pass_(MAX_STALE + MAX_AGE)
            well(bench, "before", number)
            bench.time.pass_(MAX_STALE + MAX_AGE)
            bench.round()
            bench.truth.fake.rotate(DISTRICT)
            bench.truth.fake.requests.clear()
            bench.faulty = True
            for step, seconds in enumerate((1, MAX_AGE, MAX_AGE, MAX_STALE / 2, MAX_STALE / 2)):
                bench.time.pass_(seconds)
                if step == 2:
                    bench.change()
                bench.round("during", asynchronous=step % 2 == 1)
            tally.injected["401"] += sum(one.status == 401 for one in bench.truth.fake.requests)
            bench.tokens.replace(bench.truth.fake.tokens)
            bench.time.pass_(MAX_AGE + 1)
            bench.faulty = False
            well(bench, "after", number, change=False)


def token_found_anew(tally, size):
    """Clever lists the new token to whoever has the client id and secret; now and then it does not answer."""
    tokens = ClientTokens("fake-client", "fake-secret")
    with DirectBench(tally, size.seed, asked=size.asked, tokens=tokens) as bench:
        bench.settle()
        for number in range(rounds(size, 2, 12)):
            bench.time.pass_(MAX_STALE + MAX_AGE)
            well(bench, "before", number)
            bench.time.pass_(MAX_STALE + MAX_AGE)
            bench.round()
            bench.truth.fake.rotate(DISTRICT)
            bench.truth.fake.requests.clear()
            bench.faulty = True
            with bench.truth.fake.fault(Fault.status(503), path="/oauth/tokens", chance=number % 2):
                bench.time.pass_(MAX_AGE + 1)
                bench.round("during", asynchronous=number % 2 == 1)
            bench.time.pass_(MAX_AGE + 1)
            bench.round(asynchronous=number % 2 == 1)
            tally.injected["401"] += sum(one.status == 401 for one in bench.truth.fake.requests)
            bench.time.pass_(MAX_AGE + 1)
            bench.faulty = False
            well(bench, "after", number, change=False)


def token_of_a_sync(tally, size):
    """A sync has the old token for a while."""
    with StoreBench(tally, size.seed, asked=size.asked * 2) as bench:
        assert bench.sync()
        bench.settle()
        for number in range(rounds(size, 2, 12)):
            well(bench, "before", number)
            bench.sync()
            bench.truth.fake.rotate(DISTRICT)
            for step, seconds in enumerate((1, MAX_STALE / 2, MAX_STALE / 2, MAX_AGE)):
                bench.change(2)
                bench.time.pass_(seconds)
                tally.injected["401"] += not bench.sync(full=step == 2)
                bench.round("during", asynchronous=step % 2 == 1)
            bench.tokens.replace(bench.truth.fake.tokens)
            assert bench.sync()
            bench.refresh()
            bench.round("after")
        settle(tally, bench.store, bench.truth)


def paused(bench, tally, size):
    """A district is paused: its facts are as old as its last sync, however often they are asked for."""
    bench.settle()
    store = isinstance(bench, StoreBench)
    for number in range(rounds(size, 2, 12)):
        bench.time.pass_(MAX_STALE + MAX_AGE)
        assert not store or bench.sync()
        well(bench, "before", number)
        bench.time.pass_(MAX_STALE + MAX_AGE)
        last_sync = bench.time.seconds()
        bench.time.pass_(5)
        for one in DISTRICTS:
            bench.truth.fake.pause(one, last_sync=_moment(last_sync))
        for step in range(5):
            bench.time.pass_(MAX_STALE / 4)
            assert not store or bench.sync()
            bench.round("during", asynchronous=step % 2 == 1)
        tally.injected["paused"] += 1
        for one in DISTRICTS:
            bench.truth.fake.resume(one)
        bench.time.pass_(MAX_AGE + 1)
        assert not store or bench.sync()
        well(bench, "after", number, change=False)


def _moment(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


def paused_asked_directly(tally, size):
    """Facts asked of Clever."""
    with DirectBench(tally, size.seed, asked=size.asked) as bench:
        paused(bench, tally, size)


def paused_in_a_store(tally, size):
    """Facts of a store."""
    with StoreBench(tally, size.seed, asked=size.asked * 2) as bench:
        paused(bench, tally, size)
        settle(tally, bench.store, bench.truth)


# the feed


def _spoilt(_, page):
    """Let the first event of a page tell of somebody whose roles are none."""
    for item in page["data"][:1]:
        item["data"]["data"]["object"] |= {"id": 7}
    return page if page["data"] else None


FEED = {
    "a bad event": lambda fake: fake.emit("users.updated", {"id": 7, "district": DISTRICT}, district=DISTRICT),
    "an event spoilt on its way": lambda fake: fake.fault(Fault.edit_page("spoilt", _spoilt), path=EVENTS["events"]),
    "an unknown type": lambda fake: fake.emit("badges.created", {"id": "b1"}, district=DISTRICT),
    "events expired": lambda fake: fake.expire_events("g", district=DISTRICT),
    "the last event gone": lambda fake: fake.fault(Fault.status(404), path=LAST),
    "the last event not to be had": lambda fake: fake.fault(Fault.status(503), path=LAST),
}
"""What can be wrong with the feed. After an hour without a poll it is asked for the last event, `events/ID`."""


def feed_troubled(tally, size):
    """Events that cannot be applied, of an unknown type, and a cursor that is no longer known."""
    with StoreBench(tally, size.seed, asked=size.asked * 2) as bench:
        assert bench.sync()
        bench.settle()
        for number, kind in enumerate([*FEED] * rounds(size, 1, 4)):
            well(bench, "before", number)
            bench.sync()
            bench.change(2)
            made = FEED[kind](bench.truth.fake)
            bench.change(2)
            for step, seconds in enumerate((2 * HOUR if "last" in kind else 1, MAX_STALE / 2, MAX_STALE / 2 + 1)):
                bench.time.pass_(seconds)
                bench.sync()
                bench.round("during", asynchronous=step % 2 == 1)
            tally.injected[kind] += getattr(made, "hits", 1)
            bench.truth.fake.clear_faults()
            assert bench.sync(full=kind == "a bad event")
            bench.refresh()
            bench.round("after")
        settle(tally, bench.store, bench.truth)


def half_a_list(tally, size):
    """A list of one page is cut short and looks whole: nobody can tell, but that so much is gone is held for a yes."""
    with StoreBench(tally, size.seed, page=1000, asked=size.asked * 2) as bench:
        bench.store.guard = Guard()
        assert bench.sync()
        bench.settle()
        for number, kind in enumerate(("users", "sections") * rounds(size, 1, 6)):
            well(bench, "before", number)
            bench.sync()
            bench.change(2)
            cut = Fault.edit_page("half", lambda _, page: page | {"data": page["data"][: len(page["data"]) // 5]})
            onward = Fault.edit_page("no more", lambda _, page: page | {"data": []})
            fake = bench.truth.fake
            in_large = {"path": LISTED[kind], "district": DISTRICT}  # what the other one has is too little to be held
            with fake.fault(cut, times=1, **in_large) as placed, fake.fault(onward, skip=1, **in_large):
                bench.sync(full=True)
                bench.round("during")
                bench.time.pass_(MAX_STALE + 1)
                bench.round()
            tally.injected[kind] += placed.hits
            bench.time.pass_(DAY)  # what was gathered is not gone on with for longer
            assert bench.sync(full=True)
            bench.refresh()
            bench.round("after")
        settle(tally, bench.store, bench.truth)


def scenarios():
    """Each by its name."""
    return {
        "nothing wrong, but changes: asked directly": changes_asked_directly,
        "nothing wrong, but changes: a store": changes_in_a_store,
        "changes while paging: asked directly": changed_while_asked,
        "changes while paging: lists and events of a store": changed_while_read,
        "a clock that jumps: asked directly": clock_asked_directly,
        "a clock that jumps: a store": clock_of_a_store,
        "token rotated: asked directly": token_rotated,
        "token rotated, and listed by Clever: asked directly": token_found_anew,
        "token rotated: a store": token_of_a_sync,
        "paused district: asked directly": paused_asked_directly,
        "paused district: a store": paused_in_a_store,
        "bad, spoilt, unknown and expired events: a store": feed_troubled,
        "half a list that looks whole: a store": half_a_list,
    }
