"""The past: at every change and time the store says what was true then."""

import random
from copy import deepcopy

import pytest
import stores
from rolecall import Snapshot
from rosters import changed, people, said_of_person, spoken, world
from stores import SECOND


@pytest.mark.parametrize("worlds", [3, pytest.param(25, marks=pytest.mark.full)])
def test_every_past_state_is_still_there(worlds, store):
    """After random changes, and full reads among them, the store says at each time what the snapshot of then said."""
    compared = 0
    for seed in range(worlds):
        rng, snapshot = random.Random(seed), world(seed)
        stores.filled(store, snapshot)
        feeds = {district: stores.Feed(store, district) for district in store.districts()}
        past = [(store.look(0).change, 1000 * SECOND, deepcopy(snapshot))]
        for step in range(1, 6):
            now = (1000 + step) * SECOND
            events = changed(rng, snapshot, set(feeds))
            if rng.random() < 0.3:
                for district in feeds:
                    stores.full_read(store, snapshot, district, now=now, cursor=store.feed(district).last_event or None)
            else:
                for district, kind, verb, raw in events:
                    feeds[district].apply(feeds[district].event(kind, verb, raw), now=now)
            past.append((store.look(0).change, now, deepcopy(snapshot)))
        for change, now, then in past:
            assert store.change_at(now) == change or store.changes([change])[0].time_ns < now
            for asked in {change, store.change_at(now)}:
                assert spoken(store.roster(asked), then) == spoken(Snapshot.read(then), then)
                compared += 1
            for user in people(then)[:3]:
                part = store.read(change, users=[user]).roster(None, "part")
                assert said_of_person(part, user) == said_of_person(store.roster(change), user)
        stores.emptied(store)
    assert compared > 4 * worlds


def test_before_the_first_full_read_nothing_was_known(store):
    """A time before it has no change."""
    assert store.change_at(0) is None
    stores.full_read(store, world(1), "d1", now=1000 * SECOND)
    assert (store.change_at(1000 * SECOND - 1), store.change_at(1000 * SECOND)) == (None, 1)
    assert store.roster().as_of == 1000 * SECOND
    assert store.roster(1).as_of == 1000 * SECOND


def test_numbers_that_are_none_have_no_change(store):
    """Only those that are there are given."""
    stores.full_read(store, world(1), "d1")
    assert [one.number for one in store.changes([0, 1, 2, -1])] == [1]
    assert store.changes([]) == []
