"""`kill -9` at any moment of a full read or of following: nothing half done is ever seen, nothing lost, nothing doubled."""

import random
import time

import pytest
from nursery import Nursery
from rolecall.facts.around import KINDS
from rolecall.facts.store import Store
from rolecall.facts.store.incoming import encode
from rolecall.testing import FakeClever, demo_district
from rolecall.testing.fake import Fault
from syncs import DISTRICT, applied, on_both, same

KILLS = [pytest.param(6), pytest.param(40, marks=pytest.mark.full)]
"""The table of faults (`tests/faults`) has 200 of a kind; here each is followed by a look at all that is stored."""


class Victims:
    """Syncs in processes of their own, each killed after a while."""

    def __init__(self, fake, url, server, nurseries):
        self.fake, self.url, self.server, self.nurseries = fake, url, server, nurseries
        self.longest = 0.4  # how long one lives at most, which is cut where it is quicker

    def start(self, *more, nursery=0):
        """Start one, and wait until it has begun."""
        return self.nurseries[nursery].start(
            "sync_child:main", self.url, self.server.url, "fake-token", DISTRICT, *more
        )

    def kill(self, share, *more):
        """Start one and kill it, after a share of the longest time; say whether it was quicker."""
        victim = self.start(*more)
        time.sleep(share * self.longest)
        quicker = victim.kill()
        self.longest *= 0.7 if quicker else 1.02
        return quicker

    def finish(self, *more):
        """Let one come to its end, and say how it went."""
        return ended(self.start(*more))


def ended(victim):
    """Wait for the end of one, and say how it went."""
    code, (said,) = victim.end()
    assert code == 0
    return said


@pytest.fixture
def victims(url):
    fake = FakeClever(demo_district(users=100))
    fake.change("course", {"id": "c0", "district": DISTRICT})
    Store.open(url).close()
    with fake.serve() as server, Nursery() as one, Nursery() as other:
        yield Victims(fake, url, server, [one, other])


def states(store):
    """What the store holds at each change, of every kind: whole states, to be compared with those of Clever."""
    return {
        change: {kind: dict(store.records(change, kind, DISTRICT)) for kind in KINDS}
        for change in range(store.look(0).change + 1)
    }


def world(fake):
    """All that Clever has of the district, in the form of `states`."""
    return {
        kind: {
            one["id"]: encode(one, kind)
            for one in fake.world[f"{kind}s"]
            if (one["id"] if kind == "district" else one["district"]) == DISTRICT
        }
        for kind in KINDS
    }


@on_both
@pytest.mark.parametrize("kills", KILLS)
def test_a_full_read_killed_at_any_moment_is_never_seen_half_done(victims, kills):
    """It goes on where it was, whatever is changed in the meantime, and at its end the store is what Clever is."""
    rng, fake, finished = random.Random(kills), victims.fake, 0
    store = Store.open(victims.url)
    known = [world(fake)]
    users = [one["id"] for one in fake.world["users"] if one["district"] == DISTRICT]
    for _ in range(kills):
        finished += victims.kill(rng.random(), "--full")
        held = states(store)
        assert held.pop(0) == {kind: {} for kind in KINDS}
        assert all(one in known for one in held.values())
        user = fake.record("user", rng.choice(users))
        fake.change("user", user | {"email": f"{rng.random()}@d.example"})
        known.append(world(fake))
    assert victims.finish() in ("read", "followed")
    assert same(store, fake) > 100
    assert finished < kills
    assert store.feed(DISTRICT).last_event == fake.events()[-1]["id"]
    store.close()


@on_both
@pytest.mark.parametrize("kills", KILLS)
def test_following_killed_at_any_moment_loses_and_doubles_no_event(victims, kills):
    """Each event is one change, in order, with its cursor: whatever was committed before the kill."""
    rng, fake = random.Random(kills), victims.fake
    assert victims.finish() == "read"
    store = Store.open(victims.url)
    fake.fault(Fault.slow(0.002), path="/v3.0/events")
    users = [one for one in fake.world["users"] if one["district"] == DISTRICT]
    events, before = [], 0
    for number in range(kills):
        events += [fake.change("user", one | {"email": f"{number}@d.example"}) for one in rng.sample(users, 40)]
        victims.kill(rng.random())
        done = applied(store)
        assert done == events[: len(done)]
        assert len(done) >= before
        assert store.feed(DISTRICT).last_event == (done[-1] if done else fake.events()[0]["id"])
        before = len(done)
    assert victims.finish() == "followed"
    assert applied(store) == events
    assert same(store, fake) > 100
    store.close()


@on_both
def test_two_processes_at_once_do_not_disturb_each_other(victims):
    """One of them reads, the other says that it is busy; or both follow, and each event is applied once."""
    both = [victims.start("--full", nursery=number) for number in (0, 1)]
    assert sorted(map(ended, both)) in (["busy", "read"], ["read", "read"])
    store = Store.open(victims.url)
    assert same(store, victims.fake) > 100
    users = [one for one in victims.fake.world["users"] if one["district"] == DISTRICT][:30]
    events = [victims.fake.change("user", one | {"email": "x"}) for one in users]
    assert [ended(one) for one in [victims.start(nursery=number) for number in (0, 1)]] == ["followed"] * 2
    assert applied(store) == events
    store.close()
