"""Staying on: once an interval, each district for itself, whatever happens to the others or to the database."""

import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import postgres
from rolecall import FactsError
from rolecall.facts.clever import TokenRefused, Unavailable
from rolecall.facts.store import MassChange, Store
from rolecall.facts.sync import Watch
from rolecall.testing.fake import Fault
from syncs import DISTRICT, OTHER, Town, applied, same

SOON = 10.0


class Watched:
    """A watch in a thread, and what it has told."""

    def __init__(self, town, **options):
        self.town, self.outcomes, self.stop = town, [], threading.Event()
        options = {"every": timedelta(seconds=0.05), "clock": town.time.nanoseconds, **options}
        self.watch = Watch(town.clever, town.store, told=self.outcomes.append, stop=self.stop, **options)
        self.thread = threading.Thread(target=self.watch.run)

    def until(self, condition):
        """Wait until something is so."""
        deadline = time.monotonic() + SOON
        while not condition():
            assert time.monotonic() < deadline, self.outcomes[-3:]
            time.sleep(0.005)

    def errors(self, district=DISTRICT):
        return [one.error for one in self.outcomes if one.district == district and one.error]

    def polls(self, district=DISTRICT):
        return len([one for one in self.outcomes if one.district == district and one.synced])


@contextmanager
def watching(town, **options):
    watched = Watched(town, **options)
    watched.thread.start()
    try:
        yield watched
    finally:
        watched.stop.set()
        watched.thread.join(SOON)
        assert not watched.thread.is_alive()


def test_what_is_published_is_applied_within_an_interval(town):
    """And every poll keeps the facts fresh."""
    with watching(town) as watched:
        watched.until(lambda: watched.polls() > 1)
        events = town.alter(3)
        watched.until(lambda: applied(town.store) == events)
        town.time.pass_(100)
        watched.until(lambda: town.age() == 0)
    assert town.is_same()


def test_every_district_with_a_token_is_watched(town):
    """Each is read in full first."""
    with watching(town) as watched:
        watched.until(lambda: watched.polls() and watched.polls(OTHER))
    assert same(town.store, town.fake, OTHER)


def test_only_the_named_districts_are_watched(town):
    """The others are left alone."""
    with watching(town, districts=[OTHER]) as watched:
        watched.until(lambda: watched.polls(OTHER) > 2)
    assert town.store.districts() == (OTHER,)


def test_a_district_without_a_token_is_told_and_not_waited_for(town):
    """Nobody's absence could be known before it is read, which it never is."""
    with watching(town, districts=[OTHER, "d1"]) as watched:
        watched.until(lambda: watched.polls(OTHER) and watched.errors("d1"))
    assert town.store.districts() == (OTHER,)


def test_an_interval_lies_between_two_polls(town):
    """Not more often, and hardly less."""
    town.sync()
    town.fake.requests.clear()
    with watching(town, districts=[DISTRICT], every=timedelta(seconds=0.2)) as watched:
        time.sleep(1.1)
    assert 1 <= watched.polls() <= 6


def test_a_district_that_fails_or_hangs_keeps_no_other_waiting(town):
    """One is refused, the other goes on; and one that takes very long is not waited for."""
    release = threading.Event()
    town.fake.fault(Fault.call(lambda _: release.wait(SOON)), district=DISTRICT)
    with watching(town) as watched:
        watched.until(lambda: watched.polls(OTHER) > 3)
        assert watched.polls() == 0
        release.set()
        watched.until(watched.polls)
        fault = town.fake.fault(Fault.status(401), district=DISTRICT)
        before = watched.polls(OTHER)
        watched.until(lambda: watched.errors() and watched.polls(OTHER) > before + 3)
        fault.remove()
    assert isinstance(watched.errors()[0], TokenRefused)
    assert watched.errors(OTHER) == []


def test_what_clever_mends_is_gone_on_with(town):
    """Errors are told, and the next poll asks again."""
    town.sync()
    with watching(town, districts=[DISTRICT]) as watched:
        fault = town.fake.fault(Fault.status(503))
        watched.until(lambda: len(watched.errors()) > 1)
        events = town.alter(2)
        fault.remove()
        watched.until(lambda: applied(town.store) == events)
    assert {type(one) for one in watched.errors()} == {Unavailable}


def test_what_somebody_has_to_mend_is_not_asked_for_all_the_time(town):
    """A mass change is held, told once, and looked at again after a minute."""
    town.sync()
    for one in [one["id"] for one in town.fake.world["users"] if one["district"] == DISTRICT][:25]:
        town.fake.delete("user", one)
    with watching(town) as watched:
        watched.until(lambda: watched.errors() and watched.polls(OTHER) > 4)
        assert len(watched.errors()) == 1
        assert isinstance(watched.errors()[0], MassChange)
    with watching(town, accept=True) as watched:
        watched.until(lambda: watched.polls() > 1)
    assert town.is_same()


def test_a_full_read_stops_where_it_is(town):
    """What it has gathered is kept for the next one."""
    reached = threading.Event()
    town.fake.fault(Fault.call(lambda _: reached.set()), path="/v3.0/sections", times=1)
    with watching(town, districts=[DISTRICT]) as watched:
        town.fake.fault(Fault.call(lambda _: reached.is_set() and watched.stop.set()))
        watched.thread.join(SOON)
    assert watched.outcomes == []
    town.fake.requests.clear()
    town.fake.clear_faults()
    assert town.sync().why == "a full read was left half done"
    assert "/v3.0/schools" not in {one.path for one in town.fake.requests}
    assert town.is_same()


def test_a_list_of_districts_that_cannot_be_had_is_told(town, monkeypatch):
    """And asked for again."""
    monkeypatch.setattr("rolecall.facts.sync.watch._LISTED", 0.05)
    monkeypatch.setattr("rolecall.facts.sync.watch._PAUSE", 0.05)
    calls = iter([Unavailable("", "Clever is away"), FactsError("away")])
    given = town.clever.districts

    def districts():
        error = next(calls, None)
        if error:
            raise error
        return given()

    monkeypatch.setattr(town.clever, "districts", districts)
    with watching(town) as watched:
        watched.until(watched.polls)
    assert [str(one) for one in watched.errors("")] == ["Clever is away", "away"]


def test_a_fault_of_our_own_is_told_and_the_others_go_on(town, monkeypatch):
    """Whatever it is."""
    real = Store.left

    def left(self, district, now):
        if district == DISTRICT:
            raise ZeroDivisionError
        return real(self, district, now)

    monkeypatch.setattr(Store, "left", left)
    with watching(town) as watched:
        watched.until(lambda: watched.errors() and watched.polls(OTHER) > 2)
    assert isinstance(watched.errors()[0], ZeroDivisionError)


def test_postgresql_may_be_restarted_under_a_watch():
    """Polls fail while it is away, and go on when it is back; no event is lost or doubled."""
    server = postgres.server()
    town = Town(Store.open(postgres.new_database()))
    with watching(town, districts=[DISTRICT]) as watched:
        watched.until(watched.polls)
        events = town.alter(2)
        watched.until(lambda: len(applied(town.store)) == 2)
        server.stop()
        try:
            events += town.alter(3, start=5)
            watched.until(watched.errors)
        finally:
            server.start()
        watched.until(lambda: town.feed().last_event == events[-1])
    assert applied(town.store) == events
    assert town.is_same()
    assert all("the roster store" in str(one) for one in watched.errors())
    town.store.close()
    town.clever.close()
