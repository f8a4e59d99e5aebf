"""Two syncs of one district at once, in threads: nothing is doubled, nothing lost, and the loser says so."""

import threading

import pytest
import stores
from rolecall.facts.store import AnotherSync, Store
from rolecall.testing.fake import Fault
from syncs import DISTRICT, Town, applied, on_both


@pytest.fixture
def town(town, monkeypatch):
    monkeypatch.setattr("rolecall.facts.sync.job._EVENTS", 5)
    return town


def at_once(*tasks):
    """Run them in threads; give what they returned or raised."""
    found = [None] * len(tasks)

    def run(number, task):
        try:
            found[number] = task()
        except Exception as error:  # noqa: BLE001 - to be looked at
            found[number] = error

    threads = [threading.Thread(target=run, args=one) for one in enumerate(tasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@on_both
def test_one_reads_in_full_and_the_other_says_so(town):
    """Nothing is changed by the one that comes second."""
    seen = []

    def meanwhile(_):
        if not seen:
            seen.append(True)
            with pytest.raises(AnotherSync, match="another sync is reading it in full; nothing was changed here"):
                town.sync(full=True)

    town.fake.fault(Fault.call(meanwhile), path="/v3.0/users")
    assert town.sync().how == "read"
    assert seen
    assert town.is_same()


@on_both
def test_both_may_follow_and_each_event_is_applied_once(town, engine):
    """Whoever loses the race for a page looks again, and goes on behind it."""
    town.sync()
    events = town.alter(60)
    others = [Store.open(stores.lasting_url(engine)) for _ in range(3)]
    found = at_once(*(lambda store=store: town.sync(store=store) for store in others))
    assert [one.how for one in found] == ["followed"] * 3
    assert applied(town.store) == events
    assert town.is_same()
    for one in others:
        one.close()


@on_both
def test_a_full_read_never_puts_back_what_another_has_followed_meanwhile(town):
    """The other applies events during the read, and after its lists; the end is newer than both."""
    town.sync()
    seen = set()

    def follow(asked):
        if asked.path not in seen:
            seen.add(asked.path)
            town.alter(1, start=len(seen))
            town.sync()

    for path in ("/v3.0/districts", "/v3.0/users", "/v3.0/sections"):
        town.fake.fault(Fault.call(follow), path=path)
    synced = town.sync(full=True)
    assert (synced.how, len(seen)) == ("read", 3)
    assert town.is_same()
    assert town.store.feed(DISTRICT).last_event == town.fake.events()[-1]["id"]


def test_a_feed_that_another_moves_all_the_time_is_given_up(town, monkeypatch):
    """After many rounds it says why, and what it has gathered stays."""
    town.sync()
    finish = Store.finish

    def late(self, *given, **more):
        town.alter(1, start=late.count)
        late.count += 1
        Town.sync(town)
        return finish(self, *given, **more)

    late.count = 0
    monkeypatch.setattr(Store, "finish", late)
    with pytest.raises(AnotherSync, match="follows its feed faster than it can be read in full"):
        town.sync(full=True)
    monkeypatch.undo()
    assert town.sync().why == "a full read was left half done"
    assert town.is_same()
