"""Following: each event once, in order, with the cursor; and where events cannot tell, a full read."""

from datetime import timedelta

import pytest
from rolecall import FactsError
from rolecall.facts.clever import TokenRefused, Unavailable
from rolecall.facts.store import BadEvent, MassChange
from rolecall.testing import CAST
from rolecall.testing.fake import Fault
from sqlalchemy import text
from syncs import DAY, DISTRICT, HOUR, Town, applied, on_both


@pytest.fixture
def town(town):
    """A district that was read in full."""
    town.sync()
    town.time.pass_(60)
    return town


@on_both
def test_every_event_is_applied_once_and_in_order(town, monkeypatch):
    """However many pages they come in, and however often it is asked."""
    monkeypatch.setattr("rolecall.facts.sync.job._EVENTS", 7)
    events = town.alter(30) + town.alter(20, "section")
    synced = town.sync()
    assert (synced.how, synced.altered, synced.feed.last_event) == ("followed", 50, events[-1])
    assert town.sync().altered == 0
    assert applied(town.store) == events
    assert town.is_same()
    assert town.age() == 0


def test_a_poll_that_finds_nothing_keeps_the_facts_fresh(town):
    """One request, and they are as old as it."""
    town.fake.requests.clear()
    assert town.age() == 60
    synced = town.sync()
    assert (synced.altered, town.age(), len(town.fake.requests)) == (0, 0, 1)


def test_a_role_that_is_lost_is_gone(town):
    """A key that is missing in the event's object is not kept from before."""
    user = town.user("multi_role_teacher")
    del user["roles"]["teacher"]
    town.fake.change("user", user)
    town.sync()
    assert "teacher" not in {one.role for one in town.store.roster().person(user["id"]).roles}


def test_what_is_deleted_and_comes_back_is_held_again(town):
    """`deleted` is also how Clever says that something is no longer shared."""
    one = CAST["algebra_class"].id
    town.fake.delete("section", one)
    town.sync()
    assert one not in town.store.roster().sections
    town.fake.restore("section", one)
    town.sync()
    assert town.is_same()


@on_both
def test_an_interruption_loses_nothing_and_doubles_nothing(town, monkeypatch):
    """Whichever page fails, what came before it is applied, and the next sync goes on behind it."""
    monkeypatch.setattr("rolecall.facts.sync.job._EVENTS", 5)
    events, as_of = town.alter(23), town.feed().as_of
    for pages in (0, 1, 0, 2):
        fault = town.fake.fault(Fault.status(503), skip=pages)
        with pytest.raises(Unavailable):
            town.sync()
        assert town.feed().as_of == as_of
        fault.remove()
    assert applied(town.store) == events[:15]
    town.sync()
    assert applied(town.store) == events


@pytest.mark.parametrize("status", [404, 400, 410])
def test_a_cursor_that_clever_no_longer_knows_means_a_full_read(town, status):
    """What was between is found there."""
    town.fake.expired_cursor = status
    town.alter(5)
    newest = town.alter(1, start=9)[0]
    town.fake.expire_events(newest)
    synced = town.sync()
    assert (synced.how, synced.why, synced.altered) == ("read", "Clever no longer knows the last event", 6)
    assert town.is_same()
    assert town.sync().how == "followed"


def test_a_cursor_that_expired_without_a_word_means_a_full_read(town):
    """Clever may go on from the oldest event that it keeps: after an hour it is asked for the last one itself."""
    town.fake.expired_cursor = None
    town.alter(5)
    town.fake.expire_events(town.alter(1, start=9)[0])
    town.time.pass_(HOUR)
    assert town.sync().why == "Clever no longer knows the last event"
    assert town.is_same()


def test_a_feed_that_was_not_followed_for_weeks_means_a_full_read(town):
    """Clever keeps events for thirty days: some may be gone after twenty-five, whatever it says."""
    town.time.pass_(24 * DAY)
    assert town.sync().how == "followed"
    town.time.pass_(25 * DAY)
    synced = town.sync()
    assert synced.why == "its events were not followed for 25 days, and Clever keeps them for 30 days"


@pytest.mark.parametrize("told", ["badges.created", "users.merged"])
def test_an_event_of_an_unknown_type_means_a_full_read(town, told):
    """What it changed is found there, and the cursor stands behind it."""
    town.alter(2)
    unknown = town.fake.emit(told, {"id": "b"})
    town.fake.events_on = False
    town.alter(1, start=7)
    synced = town.sync()
    assert synced.why == f"event `{unknown}` is of the unknown type `{told}`"
    assert town.is_same()
    assert town.feed().last_event == unknown
    assert town.sync().how == "followed"


def test_a_failing_event_stops_the_feed_and_is_never_passed_over(town):
    """What came before it is applied, the facts grow older, and a full read goes round it."""
    before = town.alter(2)
    bad = town.fake.emit("users.updated", {"id": "u", "district": DISTRICT, "roles": {"teacher": {"schools": 7}}})
    town.alter(1, start=9)
    for _ in range(2):
        with pytest.raises(BadEvent, match=f"event `{bad}` cannot be applied"):
            town.sync()
        assert (town.feed().state, town.feed().last_event, applied(town.store)) == ("stopped", before[-1], before)
    assert town.age() == 60
    assert town.sync(full=True).altered == 1
    assert (town.feed().state, town.is_same() > 100, town.age()) == ("following", True, 0)


def test_a_mass_change_is_held_until_somebody_says_yes(town):
    """Nothing of the page is applied, the facts grow older, and a yes applies it."""
    gone = [one["id"] for one in town.fake.world["users"] if one["district"] == DISTRICT][:25]
    for one in gone:
        town.fake.delete("user", one)
    for _ in range(2):
        with pytest.raises(MassChange, match="25 of 97 users"):
            town.sync()
    assert (town.feed().state, town.age(), len(town.store.roster().users)) == ("held", 60, 97)
    synced = town.sync(accept=True)
    assert (synced.altered, town.feed().state, town.is_same() > 100) == (25, "following", True)


def test_a_full_read_that_lacks_many_is_held_and_gone_on_with(town):
    """A yes sets in force what was gathered, with what has happened since; the lists are not read again."""
    town.fake.events_on = False
    for one in [one["id"] for one in town.fake.world["users"] if one["district"] == DISTRICT][:25]:
        town.fake.delete("user", one)
    with pytest.raises(MassChange, match="25 of 97 users"):
        town.sync(full=True)
    assert (town.feed().state, len(town.store.roster().users)) == ("held", 97)
    with pytest.raises(MassChange):
        town.sync()
    town.fake.events_on = True
    town.alter(1, start=30)
    town.fake.requests.clear()
    town.sync(accept=True)
    assert not [one.path for one in town.fake.requests if one.path == "/v3.0/sections"]
    assert town.is_same()


def test_a_paused_district_is_as_old_as_its_last_sync(town):
    """However often it is polled."""
    town.fake.pause(last_sync="2026-06-20T00:00:00.000Z")
    synced = town.sync()
    assert town.age() > 100 * DAY
    assert "paused or in error" in synced.feed.why
    town.fake.resume()
    town.sync()
    assert (town.age(), town.feed().why) == (0, "")


def test_a_token_that_was_rotated_is_a_fault_that_can_be_mended(town):
    """Nothing is lost meanwhile."""
    events = town.alter(3)
    town.fake.rotate()
    with pytest.raises(TokenRefused):
        town.sync()
    assert town.age() == 60
    town.tokens.replace(town.fake.tokens)
    assert town.sync().altered == 3
    assert applied(town.store) == events


def test_events_that_come_again_after_later_ones_are_not_applied(town):
    """They would undo what came since: a proxy that answers with old pages is no Clever."""
    town.alter(1)
    old = town.fake.respond("GET", "/v3.0/events", "limit=1000", {"authorization": "Bearer fake-token"}).body
    town.sync()
    town.alter(1, start=3)
    town.sync()
    held = applied(town.store)
    town.fake.fault(Fault.body(old), path="/v3.0/events")
    with pytest.raises(Unavailable):
        town.sync()
    assert applied(town.store) == held
    assert town.is_same()


def test_an_empty_page_that_is_not_the_end_is_no_answer(town):
    """Nothing is confirmed by it, and nothing is lost behind it."""
    events, as_of = town.alter(12), town.feed().as_of
    fault = town.fake.fault(Fault.edit_page("empty, and on", _emptied), path="/v3.0/events")
    with pytest.raises(Unavailable):
        town.sync()
    assert (applied(town.store), town.feed().as_of) == ([], as_of)
    fault.remove()
    town.sync()
    assert applied(town.store) == events


def _emptied(asked, _page):
    """Take the records of the first page out, with a link to what comes after."""
    if "hidden" in asked.query:
        return None
    return {"data": [], "links": [{"rel": "next", "uri": f"/v3.0/events?{asked.query}&hidden=1"}]}


def test_a_feed_that_never_rests_is_followed_all_the_same(town):
    """With something new at every look, the facts are as old as the last look, and the sync comes to an end."""
    counter = iter(range(10**6))

    def more(_):
        town.time.pass_(1)
        town.alter(1, start=next(counter) % 60)
        town.fake.change("user", town.user() | {"email": f"{next(counter)}@d.example"})

    fault = town.fake.fault(Fault.call(more), path="/v3.0/events")
    town.sync()
    assert town.age() <= 1
    fault.remove()
    town.sync()
    assert town.is_same()
    assert applied(town.store) == sorted(set(applied(town.store)))


def test_a_store_that_cannot_be_written_is_an_error_like_any_other(town):
    """The sentence says so, and nothing is lost."""
    town.alter(1)
    with town.store._database.writing() as connection:
        connection.execute(text("ALTER TABLE rolecall_touched RENAME TO elsewhere"))
    with pytest.raises(FactsError, match=r"the roster store .* failed"):
        town.sync()
    with town.store._database.writing() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO rolecall_touched"))
    assert town.sync().altered == 1


def test_a_silent_feed_is_read_as_often_as_it_is_told(store):
    """Between two reads it only looks for a first event."""
    town = Town(store, events=False)
    town.sync()
    town.time.pass_(HOUR - 1)
    assert town.sync(silent=timedelta(hours=1)).how == "followed"
    town.time.pass_(1)
    assert town.sync(silent=timedelta(hours=1)).how == "read"
    town.clever.close()


def test_another_districts_token_says_nothing_of_this_one(town):
    """Its events would leave the facts as they are, and call them new: nothing is applied, and they grow older."""
    other, before = CAST["other_district"].id, town.feed()
    town.tokens.replace({DISTRICT: town.fake.tokens[other], other: town.fake.tokens[DISTRICT]})
    town.alter()
    for ask in (town.sync, town.verify, lambda: town.sync(full=True)):
        with pytest.raises(TokenRefused, match=f"the token is that of district `{other}`"):
            ask()
    assert (town.feed(), town.age()) == (before, 60)
    town.tokens.replace(town.fake.tokens)
    assert town.sync().altered == 1


def test_a_district_that_is_misspelt_among_the_tokens_is_never_complete(store):
    """Else nobody would be known in it, and be told so as a plain no."""
    town = Town(store)
    town.tokens.replace({"d1": town.fake.tokens[DISTRICT]})
    with pytest.raises(TokenRefused, match=f"the token is that of district `{DISTRICT}`"):
        town.sync("d1")
    assert store.districts() == ()
    town.clever.close()
