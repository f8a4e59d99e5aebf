"""A full read: gathered where nobody sees it, set in force at once, and resumed where it was killed."""

import threading

import pytest
import stores
from rolecall.facts.store import AnotherSync
from rolecall.facts.store.staging import STALE, owner
from stores import SECOND

NOW = 1000 * SECOND
SCHOOL = {"id": "k1", "district": "d1"}


def user(identifier, **more):
    return {"id": identifier, "district": "d1", "roles": {"staff": {"schools": ["k1"]}}, **more}


def world(*users):
    return {"districts": [{"id": "d1"}], "schools": [SCHOOL], "users": list(users)}


def gather(store, snapshot, cursor="e0", name="me", now=NOW):
    reading = store.begin("d1", cursor, name, now)
    return store.stage(reading, stores.items(snapshot, "d1"), now)


def test_nobody_sees_what_is_being_gathered(store):
    """Before the end nothing has changed; after it everything is there with one change."""
    reading = gather(store, world(user("u1")))
    assert (store.look(0).change, store.districts(), store.feed("d1").as_of) == (0, ("d1",), None)
    assert (store.feed("d1").state, store.change_at(2 * NOW)) == ("reading", None)
    assert store.read(0, users=["u1"]).users == {}
    assert store.finish(reading, NOW, was=None).change == 1
    assert store.read(1, users=["u1"]).users["u1"].district == "d1"
    assert store.read(0, users=["u1"]).users == {}
    assert (store.look(0).touched, store.change_at(NOW)) == (None, 1)


def test_a_second_full_read_changes_only_what_is_another(store):
    """Equal records stay as they were, those that are missing end, and readers forget just that."""
    store.finish(gather(store, world(user("u1"), user("u2"), user("u3"))), NOW, was=None)
    changed = world(user("u1"), user("u2", roles={"staff": {}}), user("u4"), user("u5", email="x"))
    store.finish(gather(store, changed, cursor="e5"), 2 * NOW, was="e0")
    assert store.look(1).touched == {"user:u2", "user:u3", "user:u4", "user:u5"}
    assert (stores.ids(store, "user", 1), stores.ids(store, "user")) == (["u1", "u2", "u3"], ["u1", "u2", "u4", "u5"])
    store.finish(gather(store, changed, cursor="e5"), 3 * NOW, was="e5")
    look = store.look(2)
    assert (look.change, look.touched, look.feeds["d1"].as_of) == (3, frozenset(), 3 * NOW)


def test_a_record_that_stands_in_two_pages_is_there_once_as_it_stood_last(store):
    """Lists may change while they are paged through."""
    reading = gather(store, world(user("u1", roles={}), user("u1")))
    reading = store.stage(reading, stores.items(world(user("u1", roles={"district_admin": {}})), "d1"), NOW)
    store.finish(reading, NOW, was=None)
    assert store.roster().users["u1"].roles == {"district_admin"}


def test_what_is_gone_meanwhile_is_taken_out_of_what_was_gathered(store):
    """Events that arrive during the read are applied to it."""
    reading = gather(store, world(user("u1"), user("u2")))
    reading = store.stage(reading, [], NOW, gone=[("user", "u1"), ("user", "never"), ("section", "u2")], cursor="e7")
    store.finish(reading, NOW, was=None)
    assert (stores.ids(store, "user"), store.feed("d1").last_event) == (["u2"], "e7")


def test_a_read_that_was_killed_goes_on_where_it_was(store):
    """Its pages and notes are kept; after a minute without a sign of life another takes over."""
    first = store.begin("d1", "e0", "one:1:a", NOW)
    store.stage(first, stores.items(world(user("u1")), "d1"), NOW, progress="users, page 2", cursor="e3")
    with pytest.raises(AnotherSync, match="another sync is reading it in full"):
        store.take("d1", "two", NOW + STALE - 1)
    with pytest.raises(AnotherSync, match="another sync is reading it in full"):
        store.begin("d1", "e9", "two", NOW + STALE - 1)
    taken = store.take("d1", "two", NOW + STALE)
    assert (taken.progress, taken.cursor, taken.first_cursor, taken.began) == ("users, page 2", "e3", "e0", NOW)
    for late in (
        lambda: store.stage(first, [], NOW + STALE),
        lambda: store.finish(first, NOW + STALE, was=None),
        lambda: store.abandon(first, NOW),
    ):
        with pytest.raises(AnotherSync, match="another sync has taken over"):
            late()
    store.finish(store.stage(taken, stores.items(world(user("u2")), "d1"), 2 * NOW), 2 * NOW, was=None)
    assert stores.ids(store, "user") == ["u1", "u2"]
    assert store.take("d1", "three", 3 * NOW) is None


def test_of_two_that_begin_at_once_one_is_refused(store):
    """However close they are."""
    outcomes = []

    def begin(name):
        try:
            outcomes.append(store.begin("d1", None, name, NOW).owner)
        except AnotherSync:
            outcomes.append("refused")

    threads = [threading.Thread(target=begin, args=(f"reader {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes)[1:] == ["refused"] * 7


def test_the_read_of_a_process_that_is_no_more_is_taken_over_at_once(store):
    """On the same machine nobody has to wait for the minute to pass."""
    host, number, _ = owner().split(":")
    gather(store, world(), name=f"{host}:{2**22 - 3}:a")
    assert store.take("d1", owner(), NOW + 1) is not None
    gather(store, world(), name=f"{host}:{number}:b", now=2 * NOW)
    with pytest.raises(AnotherSync):
        store.take("d1", owner(), 2 * NOW + 1)


def test_a_read_begun_anew_drops_what_another_had_gathered(store):
    """Nothing of two reads is mixed."""
    gather(store, world(user("u1")))
    reading = store.begin("d1", "e1", "me", NOW)
    assert (reading.cursor, reading.progress) == ("e1", "")
    store.finish(store.stage(reading, stores.items(world(user("u2")), "d1"), NOW), NOW, was=None)
    assert stores.ids(store, "user") == ["u2"]


def test_an_abandoned_read_leaves_nothing(store):
    """As if it had never begun."""
    reading = gather(store, world(user("u1")))
    store.abandon(reading, NOW)
    assert store.take("d1", "two", NOW) is None


def test_a_read_never_puts_back_what_was_followed_meanwhile(store):
    """Where the feed went on during the read, it cannot end before the events since are gathered, too."""
    store.finish(gather(store, world(user("u1"), user("u2"))), NOW, was=None)
    reading = gather(store, world(user("u1"), user("u2")), cursor="e0", now=2 * NOW)
    feed = stores.Feed(store)
    feed.delete("user", "u1", now=2 * NOW)
    with pytest.raises(AnotherSync, match="followed its feed further"):
        store.finish(reading, 3 * NOW, was="e0")
    assert stores.ids(store, "user") == ["u2"]
    reading = store.stage(reading, [], 3 * NOW, gone=[("user", "u1")], cursor="e0000001")
    store.finish(reading, 3 * NOW, was="e0000001")
    assert (stores.ids(store, "user"), store.look(0).change) == (["u2"], 3)
    with pytest.raises(AnotherSync):
        store.apply("d1", [], cursor_was="e0", now=4 * NOW, complete=True)


def test_reading_one_district_leaves_the_others_alone(store):
    """Each district has its own feed, records and reads."""
    both = world(user("u1")) | {
        "users": [user("u1"), user("v1", district="d2")],
        "districts": [{"id": "d1"}, {"id": "d2"}],
    }
    stores.filled(store, both)
    store.finish(gather(store, world(user("u3")), cursor="e9"), 2 * NOW, was=None)
    assert stores.ids(store, "user") == ["u3", "v1"]
    assert store.look(2).touched == {"user:u1", "user:u3"}
    assert store.feed("d2").last_event == ""
    assert store.districts() == ("d1", "d2")


def test_large_reads_are_compared_in_pieces(store, monkeypatch):
    """However the pieces fall, the outcome is the same."""
    for module in ("finishing", "writing", "reading"):
        monkeypatch.setattr(f"rolecall.facts.store.{module}.CHUNK", 3)
    first = [user(f"u{n:02}") for n in range(20)]
    store.finish(gather(store, world(*first)), NOW, was=None)
    second = [user(f"u{n:02}", roles={} if n % 3 else {"staff": {}}) for n in range(0, 30, 2)]
    store.finish(gather(store, world(*second)), 2 * NOW, was="e0", accept=True)
    assert stores.ids(store, "user") == [one["id"] for one in second]
    assert {one.id for one in store.roster().users.values() if one.roles} == {f"u{n:02}" for n in range(0, 30, 6)}
