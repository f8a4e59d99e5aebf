"""Events: each one that alters something is a change, applied once, whole, with the cursor."""

import pytest
import stores
from rolecall import FactsError
from rolecall.facts.store import AnotherSync, BadEvent, UnknownEvent
from rolecall.instants import parse_instant
from stores import SECOND

SCHOOLS = [{"id": "k1", "district": "d1"}, {"id": "k2", "district": "d1"}]
TERM = {"id": "t1", "district": "d1", "start_date": "2026-08-01", "end_date": "2026-12-01"}
SECTION = {"id": "s1", "district": "d1", "school": "k1", "term_id": "t1", "teacher": "u1", "students": ["u2", "u3"]}
TEACHER = {"id": "u1", "district": "d1", "roles": {"teacher": {"school": "k1"}, "staff": {"schools": ["k1"]}}}
STUDENTS = [{"id": one, "district": "d1", "roles": {"student": {"school": "k1"}}} for one in ("u2", "u3")]
WORLD = {
    "districts": [{"id": "d1", "state": "running"}],
    "schools": SCHOOLS,
    "terms": [TERM],
    "sections": [SECTION],
    "users": [TEACHER, *STUDENTS],
}


@pytest.fixture
def feed(store):
    """A district that was read in full behind the event `e0`."""
    stores.full_read(store, WORLD, "d1", cursor="e0")
    return stores.Feed(store)


def held(store, user):
    """A person's roles as texts."""
    person = store.roster().person(user)
    return person and {f"{one.role} {one.scope}" for one in person.roles}


def touched(store, seen):
    return store.look(seen).touched


def test_an_object_replaces_the_one_before_and_is_never_merged(store, feed):
    """A role whose key is gone is gone."""
    feed.put("user", TEACHER | {"roles": {"staff": {"schools": ["k1"], "roles": ["PortalOnly"]}}})
    assert held(store, "u1") == {"staff anywhere", "staff school", "PortalOnly anywhere", "PortalOnly school"}


@pytest.mark.parametrize("kind", ["district", "school", "term", "section", "user"])
def test_what_is_deleted_is_not_held_and_can_come_back(store, feed, kind):
    """`deleted` also means no longer shared: the id may come again, and the past keeps both times."""
    raw = WORLD[f"{kind}s"][0]
    before = store.look(0).change
    feed.delete(kind, raw["id"])
    assert raw["id"] not in stores.ids(store, kind)
    feed.apply(feed.event(kind, "created", raw))
    assert raw["id"] in stores.ids(store, kind)
    assert [raw["id"] in stores.ids(store, kind, change) for change in range(before, before + 3)] == [True, False, True]


def test_an_equal_object_changes_nothing(store, feed):
    """Events may come twice, and in another order of keys: only what alters something is a change."""
    before = store.look(0).change
    applied = feed.put("user", dict(reversed(TEACHER.items())))
    assert (applied.altered, store.look(0).change, touched(store, before)) == (0, before, frozenset())
    assert store.feed("d1").last_event == "e0000001"


def test_each_event_that_alters_something_is_one_change(store, feed):
    """The numbers rise by one, in the order of the events; the log names each event and its time."""
    events = [
        feed.event("user", "updated", TEACHER | {"roles": {}}),
        feed.event("course", "created", {"id": "c"}),
        feed.event("user", "updated", TEACHER | {"roles": {}}),
        feed.event("user", "updated", TEACHER),
        feed.event("section", "deleted", SECTION),
    ]
    before = store.look(0).change
    applied = feed.apply(*events, now=2000 * SECOND)
    assert (applied.change, applied.altered) == (before + 3, 3)
    log = store.changes(range(before, before + 9))
    assert [one.event for one in log] == ["", "e0000001", "e0000004", "e0000005"]
    assert [one.what for one in log] == ["read", "event", "event", "event"]
    assert {one.time_ns for one in log[1:]} == {2000 * SECOND}
    assert {one.event_ns for one in log[1:]} == {parse_instant("2026-10-14T15:00:00.000Z")}


def test_several_versions_of_a_record_in_one_page_are_all_kept(store, feed):
    """Even what was there for one event only is in the past, with its links."""
    before = store.look(0).change
    alone, joined = SECTION | {"students": ["u2"]}, SECTION | {"students": ["u2", "u3"], "teacher": None}
    feed.apply(
        feed.event("section", "updated", alone),
        feed.event("section", "deleted", alone),
        feed.event("section", "created", joined),
        feed.event("section", "updated", alone),
    )
    said = []
    for change in range(before, before + 5):
        part = store.read(change, users=["u3"]).roster(None, "part")
        assert [one.role for one in part.person("u3").roles] == [
            one.role for one in store.roster(change).person("u3").roles
        ]
        said.append("section" in {one.scope for one in part.person("u3").roles})
    assert said == [True, False, False, True, False]


@pytest.mark.parametrize("kind", ["course", "resource"])
@pytest.mark.parametrize("thing", [{"id": "c"}, None, 7, {}])
def test_courses_and_resources_move_only_the_cursor(store, feed, kind, thing):
    """No decision needs them, so that nothing about them can be wrong."""
    assert feed.apply(feed.event(kind, "updated", thing)).altered == 0
    assert store.feed("d1").last_event == "e0000001"


@pytest.mark.parametrize(
    ("event", "wrong"),
    [
        ({"type": "users.updated", "data": {"object": TEACHER}}, "an event cannot be applied: it has no `id`"),
        ({"id": "", "type": "users.updated"}, "it has no `id`"),
        ({"id": 7, "type": "users.updated"}, "it has no `id`"),
        ({"id": "e\x00", "type": "users.updated"}, "it has no `id`"),
        (7, "it has no `id`"),
        ({"id": "bad"}, "event `bad` cannot be applied: it has no `type`"),
        ({"id": "bad", "type": "users.updated"}, "a user must be an object, not null"),
        ({"id": "bad", "type": "users.updated", "data": []}, "a user must be an object, not null"),
        ({"id": "bad", "type": "users.deleted", "data": {"object": None}}, "it has no user"),
        ({"id": "bad", "type": "users.deleted", "data": {"object": {"id": 7}}}, "`id` must be a text"),
        ({"id": "bad", "type": "users.deleted", "data": {"object": {}}}, "its user has no `id`"),
        ({"id": "bad", "type": "sections.created", "data": {"object": {"district": "d1"}}}, "its section has no `id`"),
        ({"id": "bad", "type": "users.updated", "data": {"object": {"id": "u\x00", "district": "d1"}}}, "no id has"),
        (
            {"id": "bad", "type": "sections.updated", "data": {"object": SECTION | {"students": "u2"}}},
            "section `s1`: `students` must be a list of ids",
        ),
        (
            {"id": "bad", "type": "users.updated", "data": {"object": TEACHER | {"n": float("nan")}}},
            "user `u1` is no JSON object",
        ),
    ],
)
def test_an_event_that_would_be_guessed_at_stops_the_feed(store, feed, event, wrong):
    """What came before it is applied, nothing from it on is, and the feed says why it stands."""
    before, as_of = store.look(0).change, store.feed("d1").as_of
    events = [feed.event("user", "deleted", STUDENTS[0]), event, feed.event("user", "deleted", STUDENTS[1])]
    with pytest.raises(BadEvent) as raised:
        feed.apply(*events)
    assert wrong in str(raised.value)
    state = store.feed("d1")
    assert (state.state, state.last_event, state.as_of) == ("stopped", "e0000001", as_of)
    assert wrong in state.why
    assert (store.look(0).change, held(store, "u2") is None, held(store, "u3") is None) == (before + 1, True, False)
    feed.delete("user", "u3")
    assert (store.feed("d1").state, store.feed("d1").why, held(store, "u3")) == ("following", "", None)


@pytest.mark.parametrize("told", ["badges.created", "users.merged", "users", "", "Users.updated"])
def test_an_event_of_an_unknown_type_asks_for_a_full_read(store, feed, told):
    """What came before it is applied; whatever it says is not passed over."""
    event = feed.event("user", "updated", TEACHER | {"roles": {}}) | {"type": told}
    with pytest.raises(UnknownEvent, match=f"of the unknown type `{told}`"):
        feed.apply(feed.event("user", "deleted", STUDENTS[0]), event)
    assert (held(store, "u2"), "teacher anywhere" in held(store, "u1")) == (None, True)


@pytest.mark.parametrize(
    ("district", "why"),
    [("d2", "it is of district `d2`"), (None, "it has no `district`"), ("", "it has no `district`")],
)
def test_an_object_of_no_district_or_another_is_left_out_and_reported(store, feed, district, why):
    """It is not held any more, and nobody guesses where it belongs."""
    applied = feed.put("section", SECTION | {"district": district})
    assert applied.reports == (f"event `e0000001`: section `s1` is left out: {why}",)
    assert stores.ids(store, "section") == []
    applied = feed.put("district", {"id": "d2"})
    assert applied.reports == ("event `e0000002`: district `d2` is left out: it is of district `d2`",)


def test_a_page_for_another_cursor_changes_nothing(store, feed):
    """Whoever comes second has lost, and says so."""
    event = feed.event("user", "deleted", TEACHER)
    for was in (None, "e9"):
        with pytest.raises(AnotherSync, match="another sync has followed its feed further"):
            store.apply("d1", [event], cursor_was=was, now=1, complete=True)
    assert held(store, "u1")
    assert store.feed("d1").last_event == "e0"


def test_a_district_that_was_never_read_cannot_be_followed(store):
    """A part of a district is no district."""
    with pytest.raises(FactsError, match="was never read in full"):
        store.apply("d1", [], cursor_was=None, now=1, complete=True)
    with pytest.raises(FactsError, match="was never read in full"):
        store.confirm("d1", 1)
    store.begin("d1", None, "me", 1)
    with pytest.raises(FactsError, match="was never read in full"):
        store.confirm("d1", 1)


@pytest.mark.parametrize(
    ("kind", "raw", "expected"),
    [
        ("user", TEACHER | {"email": "new@d1.example"}, set()),
        ("user", TEACHER | {"roles": {}}, {"user:u1"}),
        ("user", TEACHER | {"roles": {"teacher": {"school": "k1", "legacy_id": "old"}}}, {"user:u1", "legacy:old"}),
        ("section", SECTION | {"name": "Algebra"}, set()),
        ("section", SECTION | {"students": ["u3", "u2"]}, set()),
        ("section", SECTION | {"students": ["u2"]}, {"user:u3", "section:s1"}),
        ("section", SECTION | {"students": ["u2", "u3", "u4"]}, {"user:u4", "section:s1"}),
        ("section", SECTION | {"teachers": ["u1", "u5"]}, {"user:u5"}),
        ("section", SECTION | {"teacher": "u5", "teachers": ["u1", "u5"]}, {"user:u1", "user:u5"}),
        ("section", SECTION | {"teacher": None, "teachers": ["u1"]}, {"user:u1"}),
        ("section", SECTION | {"term_id": None}, {"section:s1"}),
        ("section", SECTION | {"school": "k2"}, {"user:u1", "user:u2", "user:u3", "section:s1"}),
        ("section", None, {"user:u1", "user:u2", "user:u3", "section:s1"}),
        ("term", TERM | {"name": "Fall"}, set()),
        ("term", TERM | {"end_date": "2026-12-02"}, {"term:t1"}),
        ("term", None, {"term:t1"}),
        ("school", SCHOOLS[0] | {"name": "Renamed"}, set()),
        ("school", None, {"schools:d1"}),
        ("district", {"id": "d1", "state": "running", "name": "Renamed"}, set()),
        ("district", None, {"district:d1"}),
    ],
)
def test_readers_forget_what_a_change_means_for_them_and_no_more(store, feed, kind, raw, expected):
    """What no decision reads touches nobody."""
    before = store.look(0).change
    if raw is None:
        feed.delete(kind, WORLD[f"{kind}s"][0]["id"])
    else:
        feed.put(kind, raw)
    assert store.look(0).change == before + 1
    assert touched(store, before) == expected


def test_a_reader_that_is_far_behind_forgets_everything(store, feed, monkeypatch):
    """Old keys are dropped, and too many at once are everything; so is another store's number."""
    assert touched(store, -1) is None
    assert touched(store, 0) is None
    assert touched(store, 99) is None
    monkeypatch.setattr("rolecall.facts.store.writing.CHUNK", 4)
    monkeypatch.setattr("rolecall.facts.store.writing.KEPT_CHANGES", 3)
    for number in range(8):
        feed.put("user", TEACHER | {"roles": {"staff": {"schools": [f"k{number}"]}}})
    assert store.look(0).change == 9
    assert touched(store, 1) is None
    assert touched(store, 8) == {"user:u1"}
    monkeypatch.setattr("rolecall.facts.store.writing.MOST_KEYS", 2)
    feed.put("section", SECTION | {"school": "k2"})
    assert touched(store, 9) is None
