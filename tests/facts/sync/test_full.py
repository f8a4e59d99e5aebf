"""A full read: whole or not at all, whatever happens on the way, and it goes on where it was."""

from datetime import timedelta

import pytest
from rolecall import FactsError
from rolecall.facts.clever import CleverError, NotShared, TokenRefused, Unavailable
from rolecall.facts.store import BadEvent, BadRecord
from rolecall.testing import CAST
from rolecall.testing.fake import Fault
from syncs import DAY, DISTRICT, HOUR, OTHER, SECOND, Town, on_both, same

SERVER_ERROR = Fault.status(503)


@on_both
def test_everything_is_read_and_in_force_at_once(town):
    """The store then holds just what Clever does, as of the time at which the feed's end was asked for."""
    synced = town.sync()
    assert (synced.how, synced.why, synced.change) == ("read", "it was never read before", 1)
    assert synced.altered == town.is_same() > 120
    assert (town.feed().state, town.feed().why, town.age()) == ("following", "", 0)
    assert town.feed().last_event == town.fake.events()[-1]["id"]
    assert town.store.look(0).touched is None


def test_only_the_one_district_is_read(town):
    """Each with its own token."""
    town.sync()
    assert town.store.districts() == (DISTRICT,)
    town.sync(OTHER)
    assert same(town.store, town.fake, OTHER) == 7
    assert town.is_same()


def test_how_far_it_is_is_told(town):
    """Every stage, each kind of record, and how many."""
    town.sync()
    assert [one.stage for one in town.seen] == sorted(
        (one.stage for one in town.seen), key=lambda one: "lrc".index(one[0])
    )
    told = [one for one in town.seen if one.stage == "reading"]
    assert list(dict.fromkeys(one.kind for one in told)) == ["district", "school", "term", "section", "user"]
    assert told[-1].records == town.is_same()


@on_both
@pytest.mark.parametrize("skip", range(0, 15, 3))
def test_a_read_that_is_interrupted_goes_on_where_it_was(town, skip):
    """Whichever request fails: what was read is kept, nothing is seen of it, and no page is asked for twice."""
    fault = town.fake.fault(SERVER_ERROR, skip=skip)
    with pytest.raises(Unavailable):
        town.sync()
    assert (town.store.look(0).change, town.store.roster().users) == (0, {})
    fault.remove()
    town.fake.requests.clear()
    assert town.sync().how == "read"
    assert town.is_same()
    asked = [one.path + one.query for one in town.fake.requests if "events" not in one.path]
    if skip == 0:  # whose token it is, was not known yet
        assert asked.pop(0) == "/v3.0/districts"
    assert len(asked) == len(set(asked)) <= 13 - max(skip - 3, 0)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.status(401), TokenRefused),
        (Fault.status(404), NotShared),
        (Fault.status(429), Unavailable),
        (Fault.html(), Unavailable),
        (Fault.broken_json(), Unavailable),
        (Fault.cut(), Unavailable),
        (Fault.dns(), Unavailable),
        (Fault.repeated_next(), Unavailable),
        (Fault.foreign_next(), Unavailable),
        (Fault.oversized(), Unavailable),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_nothing_is_concluded_from_half_a_list(town, fault, error):
    """Whatever goes wrong on the second page of users, nothing is in force; with the fault gone it is read to its end."""
    placed = town.fake.fault(fault, path="/v3.0/users", skip=1)
    with pytest.raises(error) as raised:
        town.sync()
    assert isinstance(raised.value, CleverError)
    assert (town.store.look(0).change, town.feed().as_of) == (0, None)
    placed.remove()
    town.sync()
    assert town.is_same()


@pytest.mark.parametrize("fault", [Fault.missing_next(), Fault.overlap()], ids=["missing", "overlap"])
@pytest.mark.parametrize("path", ["/v3.0/users", "/v3.0/sections"])
def test_a_list_ends_where_nothing_comes_after_its_last_record(town, fault, path):
    """A page without a link to the next one is not believed to be the last, and a record that comes twice is one."""
    town.fake.fault(fault, path=path)
    town.sync()
    assert town.is_same()


@on_both
def test_what_changes_while_it_is_read_is_in_it(town):
    """Before each request something is created, changed or deleted: the end is what Clever says at the end."""
    users = [one["id"] for one in town.fake.world["users"] if one["district"] == DISTRICT]
    steps = iter(
        [
            lambda: town.fake.delete("user", users[0]),
            lambda: town.fake.change("user", {"id": "0" * 24, "district": DISTRICT, "roles": {"staff": {}}}),
            lambda: town.fake.delete("user", users[-1]),
            lambda: town.alter(1, "section"),
            lambda: town.fake.restore("user", users[0]),
            lambda: town.fake.change("user", {"id": "f" * 24, "district": DISTRICT, "roles": {"staff": {}}}),
            lambda: town.alter(3, "user", 40),
            lambda: town.fake.delete("user", users[50]),
            lambda: town.fake.delete("section", CAST["algebra_class"].id),
        ]
    )
    town.fake.fault(Fault.call(lambda asked: "events" not in asked.path and next(steps, lambda: None)()))
    town.sync()
    assert town.is_same()
    assert next(steps, None) is None
    assert town.feed().last_event == town.fake.events()[-1]["id"]
    assert town.sync().altered == 0


def test_a_record_without_district_or_id_is_left_out_and_reported(store):
    """It is in Clever's list, and nobody guesses whose it is."""
    town = Town(store)
    school = {"id": "5c5c", "name": "whose?"}
    town.fake.change("school", school, district=DISTRICT)
    town.fake.change("user", {"district": DISTRICT, "roles": {"staff": {}}}, district=DISTRICT)
    town.fake.change("user", {"id": "aaaa", "district": OTHER}, district=DISTRICT)
    assert town.sync().reports == (
        "school `5c5c` is left out: it has no `district`",
        f"user `aaaa` is left out: it is of district `{OTHER}`",
        "a user is left out: it has no `id`",
    )
    assert "5c5c" not in town.store.roster().schools
    town.clever.close()


def test_a_record_that_would_be_guessed_at_stops_the_read(town):
    """Nothing is in force; once the record is well, the read goes on from that page."""
    broken = town.user() | {"roles": {"teacher": {"schools": "k1"}}}
    well = town.user()
    town.fake.change("user", broken)
    with pytest.raises(BadRecord, match=r"`roles\.teacher\.schools` must be a list of ids"):
        town.sync()
    assert (town.feed().state, town.store.look(0).change) == ("stopped", 0)
    assert "must be a list of ids" in town.feed().why
    town.fake.change("user", well)
    assert town.sync().why == "a full read was left half done"
    assert town.is_same()


def test_an_event_during_a_read_that_would_be_guessed_at_stops_it(town):
    """What was gathered is dropped: only a read that begins after the event can go round it."""
    broken = town.user() | {"roles": {"teacher": {"schools": "k1"}}}
    town.fake.fault(Fault.call(lambda _: town.fake.emit("users.updated", broken)), path="/v3.0/users", times=1)
    with pytest.raises(BadEvent, match="must be a list of ids"):
        town.sync()
    assert (town.feed().state, town.store.look(0).change) == ("stopped", 0)
    assert town.sync().why == "it was never read before"
    assert town.is_same()


@pytest.mark.parametrize("events_on", [True, False])
def test_a_feed_without_events_makes_facts_as_old_as_the_reads_beginning(store, events_on):
    """Its silence says nothing: each sync reads anew, or as often as it is told."""
    town = Town(store, events=False, events_on=events_on)
    town.fake.fault(Fault.call(lambda _: town.time.pass_(10)))
    began = town.time.now
    town.sync()
    assert 0 < town.feed().as_of // SECOND - began <= 20  # the first request asks whose token it is
    assert town.age() > 100
    assert town.sync().how == "read"
    before = town.feed().as_of
    again = town.sync(silent=timedelta(hours=1))
    assert (again.how, again.altered, town.feed().as_of) == ("followed", 0, before)
    town.clever.close()


def test_events_that_are_switched_off_are_no_error(store):
    """Clever may say 404 for the feed itself."""
    town = Town(store, events=False)
    town.fake.fault(Fault.status(404), path="/v3.0/events")
    town.sync()
    assert town.is_same()
    assert town.feed().last_event == ""
    town.clever.close()


def test_the_first_event_of_all_means_another_full_read(store):
    """What changed before events were switched on is not told by those after it: neither later nor during the read."""
    town = Town(store, events=False, events_on=False)
    town.sync()
    town.alter(1)
    town.fake.events_on = True
    town.alter(1, start=5)
    synced = town.sync(silent=timedelta(hours=1))
    assert synced.why.startswith("its first events have come")
    assert town.is_same()
    town.clever.close()


def test_an_event_that_comes_during_a_read_without_events_begins_it_anew(store):
    """The second time it begins behind that event."""
    town = Town(store, events=False)
    town.fake.fault(Fault.call(lambda _: town.alter(1)), path="/v3.0/users", times=1)
    town.sync()
    assert town.is_same()
    assert town.feed().as_of == town.time.nanoseconds()
    town.clever.close()


def test_an_unknown_event_during_a_read_begins_it_anew(town):
    """Only what is read after it can tell what it changed."""
    town.fake.fault(Fault.call(lambda _: town.fake.emit("badges.created", {"id": "b"})), path="/v3.0/users", times=1)
    town.sync()
    assert town.is_same()
    town.fake.fault(Fault.call(lambda _: town.fake.emit("badges.created", {"id": "b"})), path="/v3.0/users")
    with pytest.raises(
        FactsError, match=r"of the unknown type `badges.created` came while it was read, time and again"
    ):
        town.sync(full=True)


def test_a_read_that_was_left_too_long_ago_begins_anew(town):
    """Its first pages may be a day old; without events even an hour is too long."""
    placed = town.fake.fault(SERVER_ERROR, path="/v3.0/users")
    with pytest.raises(Unavailable):
        town.sync()
    placed.remove()
    town.time.pass_(2 * DAY)
    town.fake.requests.clear()
    town.sync()
    assert [one.path for one in town.fake.requests][:2] == ["/v3.0/events", "/v3.0/events"]
    assert "/v3.0/sections" in {one.path for one in town.fake.requests}
    silent = Town(town.store, events=False, snapshot={"districts": [{"id": "d9"}], "users": []})
    assert silent.sync("d9").altered == 1
    silent.clever.close()


def test_a_full_read_can_be_asked_for(town):
    """It finds what events never told."""
    town.sync()
    town.fake.events_on = False
    town.alter(2)
    assert town.sync().altered == 0
    synced = town.sync(full=True)
    assert (synced.how, synced.altered, synced.why) == ("read", 2, "that was asked for")
    assert town.is_same()


def test_a_clock_that_jumps_back_begins_anew(town):
    """A read that seems to have begun in the future is not gone on with."""
    placed = town.fake.fault(SERVER_ERROR, path="/v3.0/users")
    with pytest.raises(Unavailable):
        town.sync()
    placed.remove()
    town.time.pass_(-HOUR)
    town.sync()
    assert town.is_same()
