"""Changes to the fake's world, and the events that tell of them."""

import threading
from datetime import UTC, datetime

import pytest
from clever_fake import NOW, OAKVALE, PINE_HOLLOW, ask, fake, ids, pages, who
from rolecall import Snapshot
from rolecall.testing import CAST, FakeClever, demo_district, demo_records


@pytest.fixture
def clever():
    return fake()


def types(clever, district=None):
    return [event["type"] for event in clever.events(district)]


def test_the_world_is_a_snapshot(clever):
    """What the fake serves, in the form that it was given; assignments are kept though Clever has none."""
    given = demo_district(users=100)
    world = clever.world
    for kind in ("districts", "schools", "terms", "sections", "users"):
        assert sorted(map(str, world[kind])) == sorted(map(str, given[kind]))
    assert (world["courses"], world["resources"], world["assignments"]) == ([], [], given["assignments"])
    assert Snapshot.read({"as_of": given["as_of"], **world}, "the fake").reports == ()


def test_a_snapshot_may_come_record_by_record():
    """As `demo_records` yields them, in any order, singular or plural."""
    pairs = [(f"{kind}s" if number % 2 else kind, one) for number, (kind, one) in enumerate(demo_records(100))]
    first = [one for one in pairs if one[0] in {"district", "districts"}]
    backwards = fake([*first, *(one for one in reversed(pairs) if one not in first)])
    assert backwards.world["users"] == fake().world["users"]


@pytest.mark.parametrize(
    ("snapshot", "said"),
    [
        ({"users": {"id": "1"}}, "`users` of the snapshot is no list"),
        ([("pupil", {})], "`pupil` is no kind of record that Clever has: say one of district, school, term"),
        ({}, "neither the snapshot nor `tokens` names a district"),
    ],
)
def test_what_is_no_snapshot_says_why(snapshot, said):
    """Before anything is served."""
    with pytest.raises(ValueError, match=said):
        FakeClever(snapshot)


def test_an_empty_world_can_be_filled():
    """Where the tokens name its district."""
    clever = fake({}, tokens={OAKVALE: "secret"})
    assert pages(clever, "/v3.0/users") == pages(clever, "/v3.0/districts") == [[]]
    clever.change("user", {"id": "1"})
    assert pages(clever, "/v3.0/users") == [[{"id": "1"}]]


def test_a_change_is_seen_at_once_wherever_the_record_is(clever):
    """In the object, the lists, the filters and the relations."""
    one = who("teacher")
    user = clever.record("user", one)
    before = ids(pages(clever, "/v3.0/users?role=teacher")[0])
    del user["roles"]["teacher"]
    user["roles"]["staff"] = {"schools": [who("academy")]}
    clever.change("user", user)
    assert ask(clever, f"/v3.0/users/{one}").json["data"] == user == clever.record("user", one)
    assert ids(pages(clever, "/v3.0/users?role=teacher")[0]) == [other for other in before if other != one]
    assert one in ids(pages(clever, f"/v3.0/schools/{who('academy')}/users?role=staff")[0])
    section = clever.record("section", who("covered_class")) | {"teachers": [], "teacher": None}
    clever.change("section", section)
    assert pages(clever, f"/v3.0/users/{one}/sections") == [[]]


def test_what_is_handed_in_is_copied(clever):
    """Whoever goes on changing their own object changes no answer."""
    user = {"id": "1", "district": OAKVALE, "roles": {}}
    clever.change("user", user)
    user["roles"]["teacher"] = {}
    clever.record("user", "1")["roles"]["staff"] = {}
    assert ask(clever, "/v3.0/users/1").json["data"]["roles"] == {}


def test_each_change_is_an_event_with_the_whole_object(clever):
    """Created, updated with what was there before, deleted with the last object, created again when restored."""
    first, second = (
        {"id": "1", "district": OAKVALE, "email": "a@b.example"},
        {"id": "1", "district": OAKVALE, "name": {}},
    )
    made = [
        clever.change("user", first),
        clever.change("users", second),
        clever.delete("user", "1"),
        clever.restore("user", "1"),
    ]
    events = clever.events()
    assert types(clever) == ["users.created", "users.updated", "users.deleted", "users.created"]
    assert [event["data"]["object"] for event in events] == [first, second, second, second]
    assert [event.get("previous_attributes") for event in events] == [
        None,
        {"email": "a@b.example", "name": None},
        None,
        None,
    ]
    assert {event["created"] for event in events} == {"2026-10-14T17:46:40.250Z"}
    assert ids(events) == made == sorted(made)
    assert all(len(one) == 24 and int(one, 16) for one in made)
    assert clever.record("user", "1") == second


def test_event_ids_rise_whatever_the_clock_does(clever):
    """A clock that jumps back changes no order."""
    made = []
    for jump in (0, 100, -5000, 3, -1):
        clever.clock.now += jump
        made += [clever.change("term", {"id": "1", "district": OAKVALE}) for _ in range(3)]
    assert made == sorted(set(made))


def test_each_district_has_its_own_feed(clever):
    """A token sees the events of its district."""
    clever.change("user", clever.record("user", who("other_teacher")))
    made = clever.change("user", clever.record("user", who("teacher")))
    assert types(clever, PINE_HOLLOW) == ["users.updated"]
    assert [ids(page) for page in pages(clever, "/v3.0/events")] == [[made]]
    other = clever.tokens[PINE_HOLLOW]
    assert ask(clever, f"/v3.0/events/{made}", other).status == 404
    assert len(pages(clever, "/v3.0/events", other)[0]) == 1


def test_the_feed_is_paged_by_event_id(clever):
    """On from a cursor, and back from the newest."""
    made = [clever.change("term", {"id": "1", "district": OAKVALE}) for _ in range(5)]
    assert [ids(page) for page in pages(clever, f"/v3.0/events?limit=2&starting_after={made[0]}")] == [
        made[1:3],
        made[3:],
        [],
    ]
    assert [one["data"]["id"] for one in ask(clever, "/v3.0/events?limit=1&ending_before=last").json["data"]] == made[
        -1:
    ]


def test_nothing_is_said_while_events_are_off(clever):
    """The change is there, the event is not, and is not made up for later."""
    clever.events_on = False
    assert clever.change("user", {"id": "1", "district": OAKVALE}) == ""
    clever.events_on = True
    assert (clever.events(), clever.record("user", "1")["id"]) == ([], "1")


def test_an_event_may_come_later_than_its_change(clever):
    """It waits until it is published, or until another one is: the order of changes is kept."""
    assert clever.change("user", {"id": "1", "district": OAKVALE}, publish=False) == ""
    clever.delete("user", "1", publish=False)
    assert (pages(clever, "/v3.0/events"), clever.record("user", "1")) == ([[]], None)
    assert len(clever.publish()) == 2
    clever.restore("user", "1", publish=False)
    clever.change("user", {"id": "2", "district": OAKVALE})
    assert types(clever) == ["users.created", "users.deleted", "users.created", "users.created"]
    assert clever.publish() == []


@pytest.mark.parametrize(("status", "wanted"), [(404, 404), (400, 400), (410, 410), (None, 200)])
def test_events_are_kept_for_a_while(clever, status, wanted):
    """A cursor that has expired is refused with the status that was chosen, or goes on from the oldest one kept."""
    clever.expired_cursor = status
    made = [clever.change("term", {"id": "1", "district": OAKVALE}) for _ in range(5)]
    assert clever.expire_events(made[3]) == 3
    assert ids(clever.events()) == made[3:]
    assert ask(clever, f"/v3.0/events/{made[2]}").status == 404
    assert [ask(clever, f"/v3.0/events?starting_after={one}").status for one in made[:3]] == [wanted] * 3
    assert ids(pages(clever, f"/v3.0/events?starting_after={made[3]}")[0]) == made[4:]
    assert ids(pages(clever, "/v3.0/events")[0]) == made[3:]


def test_any_event_can_be_put_into_the_feed(clever):
    """One of a type that nobody knows, one about an object without an id: the world stays as it is."""
    before = clever.world
    clever.events_on = False
    clever.emit("badges.created", {"id": "1"})
    clever.emit("users.updated", {"roles": None}, district=PINE_HOLLOW)
    assert types(clever) + types(clever, PINE_HOLLOW) == ["badges.created", "users.updated"]
    assert clever.world == before


def test_where_a_record_lies(clever):
    """Where it is put; else in the district it names; else where it lay; else in the first."""
    clever.change("user", {"id": "1", "district": PINE_HOLLOW})
    clever.change("user", {"id": "1"})
    clever.change("user", {"id": "2"})
    clever.change("user", {"id": "3", "district": PINE_HOLLOW}, district=OAKVALE)
    other = clever.tokens[PINE_HOLLOW]
    assert ask(clever, "/v3.0/users/1", other).json["data"] == {"id": "1"}
    assert ask(clever, "/v3.0/users/2").status == 200
    assert ask(clever, "/v3.0/users/3").json["data"]["district"] == PINE_HOLLOW
    assert clever.record("user", "3", district=PINE_HOLLOW) is None


def test_a_new_district_gets_a_token(clever):
    """It is there once a record names it."""
    clever.change("district", {"id": "d3"})
    assert pages(clever, "/v3.0/districts", clever.tokens["d3"]) == [[{"id": "d3"}]]


def test_what_is_not_there_cannot_be_deleted_or_restored(clever):
    """And what is no kind cannot be changed."""
    with pytest.raises(KeyError, match="there is no user `1` to delete"):
        clever.delete("user", "1")
    with pytest.raises(KeyError, match="no user `1` was deleted"):
        clever.restore("user", "1")
    with pytest.raises(ValueError, match="`pupil` is no kind of record"):
        clever.change("pupil", {})


def test_a_batch_is_seen_whole_or_not_at_all(clever):
    """No request is answered while it lasts: here one that waits at the door, in another thread."""
    asked, answers, token = threading.Event(), [], clever.tokens[OAKVALE]
    clever.on_request = lambda _: asked.set()

    def look():
        answers.append(ids(pages(clever, "/v3.0/users?limit=1000", token)[0]))

    thread = threading.Thread(target=look)
    with clever.batch():
        clever.delete("user", who("teacher"))
        thread.start()
        assert asked.wait(10)
        clever.delete("user", who("co_teacher"))
    thread.join(10)
    assert not {who("teacher"), who("co_teacher")} & set(answers[0])


def test_many_threads_change_and_ask_at_once():
    """Every event is there once, in order, and every list is whole."""
    clever = fake()
    count = len(pages(clever, "/v3.0/terms")[0])

    def work(number):
        for one in range(50):
            clever.change("term", {"id": f"{number}-{one}", "district": OAKVALE})
            found = ids(pages(clever, "/v3.0/terms?limit=1000")[0])
            assert found == sorted(found)
            clever.delete("term", f"{number}-{one}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    made = ids(clever.events())
    assert made == sorted(set(made))
    assert (len(made), len(pages(clever, "/v3.0/terms")[0])) == (400, count)


def test_a_district_is_paused_and_goes_on(clever):
    """Its record says so, and since when its data stand still; each is an event."""
    clever.pause(last_sync=datetime(2026, 6, 1, 12, tzinfo=UTC))
    district = ask(clever, f"/v3.0/districts/{OAKVALE}").json["data"]
    assert (district["state"], district["last_sync"]) == ("paused", "2026-06-01T12:00:00.000Z")
    assert district["pause_start"] == "2026-10-14T17:46:40.250Z"
    clever.clock.now = NOW + 60
    clever.resume()
    district = ask(clever, f"/v3.0/districts/{OAKVALE}").json["data"]
    assert (district["state"], district["last_sync"]) == ("running", "2026-10-14T17:47:40.250Z")
    assert district["pause_start"] is None
    assert types(clever) == ["districts.updated", "districts.updated"]
    clever.pause(PINE_HOLLOW, last_sync="2026-05-30T00:00:00.000Z")
    clever.pause(PINE_HOLLOW)
    paused = clever.record("district", PINE_HOLLOW)
    assert (paused["state"], paused["last_sync"]) == ("paused", "2026-05-30T00:00:00.000Z")


def test_the_world_may_change_between_two_pages(clever):
    """What is called with each request may change what it is about: paging by id never gives a record twice."""
    gone, come = CAST["teaching_student"].id, "ffff"

    def between(asked):
        if "starting_after" in asked.query and clever.record("user", gone):
            clever.delete("user", gone)
            clever.change("user", {"id": come, "district": OAKVALE})

    clever.on_request = between
    found = [one for page in pages(clever, "/v3.0/users?limit=5") for one in ids(page)]
    assert found == sorted(set(found))
    assert (gone in found, come in found) == (False, True)


def test_every_request_is_remembered(clever):
    """With its status and whose token it carried, never the token itself."""
    ask(clever, "/v3.0/users?limit=1", clever.tokens[PINE_HOLLOW])
    ask(clever, "/v3.0/users/nobody")
    ask(clever, "/v3.0/users", "wrong")
    seen = [(one.method, one.path, one.query, one.status, one.district, one.host) for one in clever.requests]
    assert seen == [
        ("GET", "/v3.0/users", "limit=1", 200, PINE_HOLLOW, "api.clever.com"),
        ("GET", "/v3.0/users/nobody", "", 404, OAKVALE, "api.clever.com"),
        ("GET", "/v3.0/users", "", 401, "", "api.clever.com"),
    ]
    assert not any(token in repr(clever.requests) for token in (*clever.tokens.values(), "wrong"))
