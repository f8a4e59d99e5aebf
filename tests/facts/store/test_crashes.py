"""Whatever ends a writer in the middle, and however many there are: what is held is what some change describes wholly."""

import random
import threading
import time

import pytest
import stores
from nursery import Nursery
from rolecall import FactsError
from rolecall.facts.store import AnotherSync, Store
from sqlalchemy import event
from stores import twins, write

SCHOOL = {"id": "k1", "district": "d1"}


def begin(store):
    stores.full_read(store, {"schools": [SCHOOL], "users": twins(0)}, "d1", cursor="e0")
    return store


def schools_of(store, change=None):
    roster = store.roster(change)
    return [roster.users[one].schools["staff"] for one in ("left", "right")]


def check(store):
    """Check that what is held is whole: the log, the cursor, the records and their past agree."""
    change, cursor = store.look(0).change, store.feed("d1").last_event
    log = store.changes(range(change + 2))
    assert [one.number for one in log] == list(range(1, change + 1))
    events = [one.event for one in log if one.what == "event"]
    assert events == [f"e{number:07d}" for number in range(1, len(events) + 1)]
    assert cursor == (events[-1] if events else "e0")
    assert len(events) % 2 == 0
    assert schools_of(store) == [(f"k{len(events) // 2}",)] * 2
    return len(events)


@pytest.mark.parametrize("kills", [6, pytest.param(60, marks=pytest.mark.full)])
def test_a_writer_killed_at_any_moment_leaves_a_whole_state(url, kills):
    """`kill -9`: either a page of events is there with its cursor, or nothing of it."""
    begin(Store.open(url)).close()
    rng = random.Random(kills)
    applied = [0]
    with Nursery() as nursery:
        for _ in range(kills):
            writer = nursery.start("stores:write", url, 10**6)
            for _ in range(rng.randint(1, 5)):
                writer.line()
            time.sleep(rng.random() / 50)
            assert not writer.kill()
            store = Store.open(url, create=False)
            applied.append(check(store))
            store.close()
    assert applied == sorted(set(applied))


def test_a_full_disk_is_an_error_and_leaves_everything_as_it_was(tmp_path):
    """Nothing is half done, what there was can be read, and with room again it goes on."""
    store = begin(Store.open(tmp_path / "x.db"))
    limit = [0]
    event.listen(
        store._database.engine,
        "connect",
        lambda connection, _: connection.execute(f"PRAGMA max_page_count={limit[0] or 2**30}").close(),
    )
    used = (tmp_path / "x.db").stat().st_size // 4096
    store.close()
    limit[0] = used + 2
    feed = stores.Feed(store)
    large = [feed.event("user", "created", {"id": f"u{n}", "district": "d1", "n": "x" * 999}) for n in range(999)]
    before = store.feed("d1")
    with pytest.raises(FactsError, match="is full"):
        store.apply("d1", large, cursor_was="e0", now=1, complete=True)
    assert (store.feed("d1"), len(store.roster().users)) == (before, 2)
    reading = store.begin("d1", "e5", "me", 1)
    with pytest.raises(FactsError, match="make room and go on"):
        store.stage(reading, stores.items({"users": [one["data"]["object"] for one in large]}, "d1"), 1)
    store.close()
    limit[0] = 0
    store.apply("d1", large, cursor_was="e0", now=1, complete=True)
    assert len(store.roster().users) == 1001
    store.close()


def test_two_writers_never_apply_an_event_twice(url):
    """Whoever is quicker wins; the other has lost the race and reads anew."""
    store = begin(Store.open(url))
    lost = []

    def follow():
        mine = Store.open(url)
        while (cursor := int(mine.feed("d1").last_event[1:])) < 60:
            feed = stores.Feed(mine)
            feed.numbers = iter((cursor + 1, cursor + 2))
            events = [feed.event("user", "updated", one) for one in twins(cursor // 2 + 1)]
            try:
                mine.apply("d1", events, cursor_was=f"e{cursor:07d}" if cursor else "e0", now=1, complete=True)
            except AnotherSync:
                lost.append(cursor)
        mine.close()

    threads = [threading.Thread(target=follow) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert check(store) == 60
    store.close()


def test_a_reader_sees_one_state_while_others_write(url):
    """Whatever is committed in the middle of a read is not seen by it."""
    store = begin(Store.open(url))
    done = threading.Event()
    writer = threading.Thread(target=lambda: (write(url, 40), done.set()))
    writer.start()
    seen = set()
    while not done.is_set():
        left, right = schools_of(store)
        assert left == right
        look = store.look(0)
        part = store.read(look.change, users=["left", "right"]).users
        assert part["left"].schools == part["right"].schools or look.change % 2 == 0
        seen.add(left)
    writer.join()
    assert len(seen) > 2
    assert check(store) == 80
    store.close()
