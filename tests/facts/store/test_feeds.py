"""How current a district is: what was confirmed, since when its data stands still, and how much may be gone at once."""

import pytest
import stores
from rolecall.facts.store import MassChange
from stores import SECOND

HOUR = 3600 * SECOND
SCHOOL = {"id": "k1", "district": "d1"}


def world(users=100, state="running", **more):
    """A district of so many staff, at one school."""
    people = [{"id": f"u{n:03}", "district": "d1", "roles": {"staff": {"schools": ["k1"]}}} for n in range(users)]
    return {"districts": [{"id": "d1", "state": state, **more}], "schools": [SCHOOL], "users": people}


def begin(store, snapshot=None, **more):
    stores.full_read(store, snapshot or world(), "d1", **{"cursor": "e0", "now": 1000 * SECOND, **more})
    return stores.Feed(store)


def person(number):
    return {"id": f"u{number:03}", "district": "d1", "roles": {}}


def test_a_poll_that_reaches_the_end_confirms_all_up_to_it(store):
    """A page in the middle of a feed confirms nothing yet."""
    feed = begin(store)
    assert store.feed("d1").as_of == 1000 * SECOND
    feed.put("user", person(1), now=1010 * SECOND, complete=False)
    assert store.feed("d1").as_of == 1000 * SECOND
    feed.put("user", person(2), now=1011 * SECOND)
    assert (store.feed("d1").as_of, store.feed("d1").polled) == (1011 * SECOND, 1011 * SECOND)
    store.confirm("d1", 1020 * SECOND)
    assert (store.feed("d1").as_of, store.feed("d1").state) == (1020 * SECOND, "following")
    assert store.look(0).feeds["d1"] == store.feed("d1")


def test_what_was_known_at_a_time_is_the_newest_moment_at_which_all_was_here(store):
    """Between two polls all was here if the second found nothing, else only at each of them."""
    feed = begin(store)
    store.confirm("d1", 1010 * SECOND)
    feed.put("user", person(1), now=1020 * SECOND, complete=False)
    store.confirm("d1", 1021 * SECOND)
    store.confirm("d1", 1030 * SECOND)
    known = {999: None, 1000: 1000, 1005: 1005, 1010: 1010, 1015: 1010, 1020: 1010, 1021: 1021, 1025: 1025, 1099: 1030}
    for asked, expected in known.items():
        found = store.confirmed_at("d1", asked * SECOND)
        assert found == (None if expected is None else expected * SECOND), asked
    assert store.confirmed_at("d2", 1099 * SECOND) is None


def test_a_clock_that_was_put_back_takes_back_what_it_confirmed(store):
    """Nothing is known of the time to come; changes never fall back in time, and spans never overlap."""
    feed = begin(store)
    store.confirm("d1", 9000 * SECOND)
    store.confirm("d1", 1010 * SECOND)
    assert store.confirmed_at("d1", 2000 * SECOND) == 1010 * SECOND
    assert store.feed("d1").as_of == 1010 * SECOND
    store.confirm("d1", 500 * SECOND)
    assert store.confirmed_at("d1", 2000 * SECOND) == 1010 * SECOND
    feed.put("user", person(1), now=600 * SECOND)
    assert store.changes([2])[0].time_ns == 1000 * SECOND
    assert store.change_at(999 * SECOND) is None
    assert store.change_at(1000 * SECOND) == 2


def test_the_silence_of_a_feed_that_never_had_an_event_confirms_nothing(store):
    """Events may be switched off: the facts are as old as the beginning of the full read."""
    reading = store.begin("d1", None, "me", 1000 * SECOND)
    store.stage(reading, stores.items(world(), "d1"), 1500 * SECOND)
    store.finish(reading, 2000 * SECOND, was=None)
    store.confirm("d1", 3000 * SECOND)
    state = store.feed("d1")
    assert (state.as_of, state.polled, state.read) == (1000 * SECOND, 3000 * SECOND, 1000 * SECOND)
    assert store.confirmed_at("d1", 3000 * SECOND) == 1000 * SECOND


@pytest.mark.parametrize("state", ["paused", "error"])
@pytest.mark.parametrize(
    ("last_sync", "as_of"),
    [("1970-01-01T00:05:00.000Z", 300), (None, None), ("soon", None), ("2070-01-01T00:00:00Z", 1011)],
)
def test_a_district_that_stands_still_is_as_old_as_its_last_sync(store, state, last_sync, as_of):
    """However often it is polled; where Clever does not say since when, that is unknown."""
    feed = begin(store)
    feed.put("district", {"id": "d1", "state": state, "last_sync": last_sync}, now=1010 * SECOND)
    store.confirm("d1", 1011 * SECOND)
    found = store.feed("d1")
    assert found.as_of == (None if as_of is None else as_of * SECOND)
    assert found.polled == 1011 * SECOND
    assert "paused or in error" in found.why
    feed.put("district", {"id": "d1", "state": "running"}, now=1020 * SECOND)
    assert (store.feed("d1").as_of, store.feed("d1").why) == (1020 * SECOND, "")


def test_a_paused_district_is_read_in_full_as_of_its_last_sync(store):
    """The first read does not make old data new."""
    begin(store, world(state="paused", last_sync="1970-01-01T00:01:00Z"))
    assert store.feed("d1").as_of == 60 * SECOND
    assert store.confirmed_at("d1", 1000 * SECOND) == 60 * SECOND


def gone(feed, numbers, **more):
    return feed.apply(*(feed.event("user", "deleted", person(number)) for number in numbers), **more)


def users(store):
    return len(store.roster().users)


def test_a_mass_deletion_is_held_for_a_yes(store):
    """Nothing of the page is applied, the feed says how many of which kind; with a yes it is."""
    feed = begin(store, world(250))
    with pytest.raises(MassChange) as raised:
        gone(feed, range(26), now=2 * HOUR)
    assert "26 of 250 users are gone at once, more than 10% of a kind" in str(raised.value)
    assert dict(raised.value.counts) == {"user": 26}
    state = store.feed("d1")
    assert (state.state, state.last_event, users(store)) == ("held", "e0", 250)
    assert "rolecall sync --accept" in state.why
    gone(feed, range(26), now=2 * HOUR, accept=True)
    assert (store.feed("d1").state, users(store)) == ("following", 224)


def test_a_few_may_always_go_whatever_their_share(store):
    """Below twenty nobody is asked."""
    feed = begin(store, world(30))
    gone(feed, range(19))
    assert users(store) == 11


def test_what_goes_little_by_little_within_a_day_is_held_too(store):
    """Deletions of 24 hours are counted together, and a yes begins anew."""
    feed = begin(store, world(200))
    for hour in range(4):
        gone(feed, range(hour * 5, hour * 5 + 5), now=hour * HOUR)
    with pytest.raises(MassChange, match="21 of 200 users"):
        gone(feed, [20], now=5 * HOUR)
    gone(feed, [20], now=5 * HOUR, accept=True)
    gone(feed, [21], now=6 * HOUR)
    assert users(store) == 178


def test_each_kind_is_weighed_for_itself(store):
    """What went of one kind before is nothing against another that goes now."""
    feed = begin(store, world(300))
    gone(feed, range(25))
    feed.delete("school", "k1")
    assert store.feed("d1").state == "following"
    with pytest.raises(MassChange, match="31 of 300 users"):
        gone(feed, range(25, 31))


def test_what_went_more_than_a_day_ago_does_not_count(store):
    """Twenty today and one tomorrow are no mass."""
    feed = begin(store, world(200))
    gone(feed, range(20), now=HOUR)
    gone(feed, [20], now=26 * HOUR)
    assert users(store) == 179


def test_what_comes_back_in_the_same_page_was_not_gone(store):
    """Clever may delete and create anew."""
    feed = begin(store)
    both = [feed.event("user", verb, person(number)) for number in range(50) for verb in ("deleted", "created")]
    feed.apply(*both)
    assert users(store) == 100


def test_a_full_read_that_lacks_many_is_held_and_can_be_accepted(store):
    """What was gathered stays until somebody says yes."""
    begin(store)
    reading = store.begin("d1", "e1", "me", 2000 * SECOND)
    store.stage(reading, stores.items(world(79), "d1"), 2000 * SECOND, cursor="e1")
    with pytest.raises(MassChange, match="21 of 100 users"):
        store.finish(reading, 2000 * SECOND, was="e0")
    assert (users(store), store.feed("d1").state) == (100, "held")
    reading = store.take("d1", "me", 3000 * SECOND)
    store.finish(reading, 3000 * SECOND, was="e0", accept=True)
    assert (users(store), store.feed("d1").state, store.feed("d1").last_event) == (79, "following", "e1")
