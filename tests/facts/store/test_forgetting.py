"""A district that has left: what was held of it ends with one change, nobody waits for it, and what was stays known."""

import random
from copy import deepcopy

import demo
import pytest
import stores
from demo import who
from rolecall import Authorizer, FactsError, Resource
from rolecall.facts.roster_store import RosterStore
from rolecall.facts.store import AnotherSync, StillHeld
from rolecall.facts.timeline import timeline
from rolecall.testing import demo_district
from rosters import changed, spoken, world
from stores import SECOND
from syncs import DAY, DISTRICT, OTHER, Town, same

HOUR = 3600 * SECOND
TEACHER, ALGEBRA = who("multi_role_teacher"), Resource("section", who("algebra_class"))
PRINCIPAL = who("principal")
SNAPSHOT = demo_district(users=100)
FIRST = 1_792_000_000 * SECOND


class Play:
    """Two districts in a store, a clock that is put by hand, and decisions by it."""

    def __init__(self, store):
        self.store, self.now = store, FIRST
        self.read(OTHER, "e1")
        self.read(DISTRICT, "e1")
        self.pdp = Authorizer(demo.table(), facts=RosterStore(store), clock=lambda: self.now)

    def read(self, district, cursor):
        return stores.full_read(self.store, SNAPSHOT, district, now=self.now, cursor=cursor)

    def confirm(self, *districts):
        """Let a second pass, after which these districts are known to be current."""
        self.now += SECOND
        for one in districts:
            self.store.confirm(one, self.now)

    def forget(self, **more):
        self.now += SECOND
        return self.store.forget(DISTRICT, "me", self.now, **{"accept": True, **more})

    def code(self, user=TEACHER, resource=ALGEBRA, pdp=None):
        found = (pdp or self.pdp).authorize(user, resource, "view")
        return "allowed" if found.allowed else "indeterminate" if found.indeterminate else found.code

    def code_at(self, moment, user=TEACHER):
        """What was so at a time, as `--at` asks."""
        facts = RosterStore(self.store).at(moment)
        return self.code(user, pdp=Authorizer(demo.table(), facts=facts, clock=lambda: moment))


@pytest.fixture
def play(store):
    return Play(store)


def test_nothing_is_forgotten_before_somebody_says_yes(play):
    """A district that was read has records, which the error counts."""
    change = play.store.look(0).change
    with pytest.raises(StillHeld, match=rf"1 district, 4 schools.* say `rolecall sync --forget {DISTRICT} --accept`"):
        play.forget(accept=False)
    assert (play.store.look(0).change, play.code()) == (change, "allowed")
    with pytest.raises(FactsError, match="does not know of a district `d9`"):
        play.store.forget("d9", "me", play.now, accept=True)


def test_it_ends_with_one_change_and_nobody_of_it_is_allowed_anything(play):
    """At once for whoever looks next, and not as something that might still be."""
    assert play.code() == "allowed"
    held = {kind: len(stores.ids(play.store, kind)) for kind in ("district", "school", "section", "term", "user")}
    number = play.store.look(0).change
    ended = play.forget()
    assert {kind: held[kind] - len(stores.ids(play.store, kind)) for kind in held} == ended
    assert min(ended.values()) > 0
    assert (play.store.look(number).change, play.store.look(number).touched) == (number + 1, None)
    assert play.store.districts() == (OTHER,)
    play.confirm(OTHER)
    for user in [one["id"] for one in SNAPSHOT["users"] if one["district"] == DISTRICT]:
        assert play.code(user) == "subject-not-found"
    assert play.store.roster().as_of == play.now


def test_nobody_waits_for_it(play):
    """A day later those who are unknown are unknown, where the others are current."""
    play.forget()
    play.now += 25 * HOUR
    assert play.code() == "indeterminate"
    play.confirm(OTHER)
    assert (play.code(), play.code("nobody")) == ("subject-not-found", "subject-not-found")


def test_a_store_with_no_other_district_decides_nothing(store):
    """It is as it was before anything was read."""
    stores.full_read(store, SNAPSHOT, DISTRICT, now=FIRST, cursor="e1")
    pdp = Authorizer(demo.table(), facts=RosterStore(store), clock=lambda: FIRST + SECOND)
    store.forget(DISTRICT, "me", FIRST, accept=True)
    assert "is empty" in pdp.authorize(TEACHER, ALGEBRA, "view").indeterminate


def test_what_was_before_is_answered_as_it_was(play):
    """`--at` a time before it left, while it was gone, and after it came back; whoever is unknown likewise."""
    play.confirm(OTHER, DISTRICT)
    before = play.now
    play.forget()
    gone = play.now
    play.now += 25 * HOUR
    play.confirm(OTHER)
    later = play.now
    for _ in range(2):
        assert [play.code_at(one) for one in (FIRST, before)] == ["allowed", "allowed"]
        assert [play.code_at(one) for one in (gone, later)] == ["subject-not-found"] * 2
        assert [play.code_at(one, "nobody") for one in (before, gone, later)] == ["subject-not-found"] * 3
        play.now += HOUR
        play.store.expect([DISTRICT])  # a token is there again, and the second time a full read
        assert play.code() == "indeterminate"
    play.read(DISTRICT, "e1")
    play.confirm(OTHER)
    assert [play.code(), play.code_at(play.now)] == ["allowed", "allowed"]
    assert [play.code_at(one) for one in (before, gone, later)] == ["allowed", *["subject-not-found"] * 2]


def test_the_persons_history_says_so(play):
    """By what the roles ended, and that they came back."""
    play.forget()
    play.now += DAY * SECOND
    play.read(DISTRICT, "e7")
    found = timeline(play.store, PRINCIPAL, now=play.now)
    assert [str(one.cause) for one in found.moments] == [
        "the first full read",
        "the district was forgotten: `rolecall sync --forget`",
        "a full read",
    ]
    assert found.moments[1].differences[0].text.startswith("not held any more")


def test_nobody_adds_to_what_has_ended(play):
    """Neither the events of another sync nor a full read that was under way; one that is alive is not cut off."""
    reading = play.store.begin(DISTRICT, "e1", "another", play.now)
    with pytest.raises(AnotherSync, match="another sync is reading it in full"):
        play.forget()
    assert play.code() == "allowed"
    play.store.release(reading)
    play.forget()
    with pytest.raises(FactsError, match="was never read in full"):
        play.store.apply(DISTRICT, (), cursor_was="e1", now=play.now, complete=True)
    for late in (
        lambda: play.store.stage(reading, [], play.now),
        lambda: play.store.finish(reading, play.now, was="e1"),
    ):
        with pytest.raises(AnotherSync):
            late()
    assert play.store.unfinished() == ()


def test_an_assignment_gives_nothing_there(play):
    """The application's own stay in the list, as those of anybody who is not held."""
    play.store.assign(TEACHER, "substitute", "section", ALGEBRA.id, by="office", why="covers", now=play.now)
    play.forget()
    play.confirm(OTHER)
    assert (play.code(), len(play.store.assignments(TEACHER))) == ("subject-not-found", 1)


def test_a_token_that_is_back_reads_it_anew(store):
    """Everything, and then its events: nothing is left of the place in the feed."""
    town = Town(store)
    assert town.sync().how == "read"
    town.alter(3)
    assert town.sync().how == "followed"
    store.forget(DISTRICT, "me", town.time.nanoseconds(), accept=True)
    town.time.pass_(40 * DAY)
    town.alter(2)
    assert (town.sync().why, town.is_same()) == ("it was never read before", same(store, town.fake))
    town.alter(1, start=5)
    assert (town.sync().how, town.is_same() > 0) == ("followed", True)
    town.clever.close()


@pytest.mark.parametrize("worlds", [4, pytest.param(40, marks=pytest.mark.full)])
def test_of_random_rosters_just_that_district_ends(worlds, store):
    """Every state before is as it was, and after it the store says what it would if the district had never been."""
    ended = 0
    for seed in range(worlds):
        rng, snapshot = random.Random(seed), world(seed)
        stores.filled(store, snapshot)
        feeds = {district: stores.Feed(store, district) for district in store.districts()}
        for step in range(1, 4):
            for district, kind, verb, raw in changed(rng, snapshot, set(feeds)):
                feeds[district].apply(feeds[district].event(kind, verb, raw), now=(1000 + step) * SECOND)
        numbers = range(1, store.look(0).change + 1)
        before = {number: spoken(store.roster(number), snapshot) for number in numbers}
        gone = rng.choice(sorted(feeds))
        ended += sum(store.forget(gone, "me", 2000 * SECOND, accept=True).values())
        assert {number: spoken(store.roster(number), snapshot) for number in numbers} == before
        rest = deepcopy(snapshot)
        for kind in ("districts", "schools", "terms", "sections", "users"):
            rest[kind] = [one for one in rest[kind] if one.get("id" if kind == "districts" else "district") != gone]
        now = spoken(store.roster(), snapshot)
        stores.emptied(store)
        assert now == spoken(stores.filled(store, rest).roster(), snapshot)
        stores.emptied(store)
    assert ended > worlds
