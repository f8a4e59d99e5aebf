"""What is read around somebody is what the whole store says of them, and readers are told what to forget."""

import random
from copy import deepcopy

import pytest
import stores
from rolecall import FactsError, Snapshot
from rolecall.testing import CAST, demo_district
from rosters import PLACES, changed, people, places, said_of_person, said_of_place, world
from sqlalchemy import event


def compare(store, snapshot):
    """Check person by person and place by place that the part says what the whole does; give how much was said."""
    change = store.look(0).change
    whole = store.roster()
    said = 0
    for user in people(snapshot):
        part = store.read(change, users=[user]).roster(None, "part")
        assert said_of_person(part, user) == said_of_person(whole, user)
        assert set(part.application_assignments(user)) == set(whole.application_assignments(user))
        said += part.person(user) is not None
    for kind, identifier in places(snapshot):
        part = store.read(change, places=[(kind, identifier)]).roster(None, "part")
        assert said_of_place(part, kind, identifier) == said_of_place(whole, kind, identifier)
        said += part.location(kind, identifier) is not None
    together = store.read(change, users=people(snapshot), places=places(snapshot)).roster(None, "all asked")
    for user in people(snapshot):
        assert said_of_person(together, user) == said_of_person(whole, user)
    for section in together.sections:
        assert said_of_place(together, "section", section) == said_of_place(whole, "section", section)
    return said


@pytest.mark.parametrize("worlds", [3, pytest.param(40, marks=pytest.mark.full)])
def test_the_part_around_somebody_says_what_the_whole_says(worlds, store):
    """In random worlds, whoever and whatever is asked for is read with all that is said of it, notes included."""
    said = 0
    for seed in range(worlds):
        snapshot = world(seed)
        said += compare(stores.filled(store, snapshot), snapshot)
        whole, given = store.roster(), Snapshot.read(snapshot)
        assert {user for user in people(snapshot) if whole.person(user)} == {
            user for user in people(snapshot) if given.person(user)
        }
        stores.emptied(store)
    assert said > 5 * worlds


def test_the_part_around_the_cast_says_what_the_snapshot_says(store):
    """The demo district's people and places are in the store as they are in the file."""
    snapshot = demo_district(users=100)
    stores.filled(store, snapshot)
    assert compare(store, snapshot) > 150
    whole, given = store.roster(), Snapshot.read(snapshot)
    for one in CAST.values():
        mine, theirs = whole.person(one.id), given.person(one.id)
        assert (mine and set(mine.roles)) == (theirs and set(theirs.roles))
        for kind in PLACES:
            mine, theirs = whole.location(kind, one.id), given.location(kind, one.id)
            assert (mine and (set(mine.keys), mine.students)) == (theirs and (set(theirs.keys), theirs.students))


def dependencies_of_person(store, change, user):
    """The keys under which a reader keeps a person."""
    records = store.read(change, users=[user])
    record = records.users.get(user)
    children = [tie.student for tie in record.relationships] if record else []
    met = {one.district for one in (*records.users.values(), *records.sections.values())}
    return {f"user:{user}", *(f"user:{child}" for child in children), *(f"schools:{one}" for one in met)}


def dependencies_of_place(store, change, kind, identifier):
    """The keys under which a reader keeps a place."""
    records = store.read(change, places=[(kind, identifier)])
    if kind == "student":
        return dependencies_of_person(store, change, identifier)
    if kind == "section":
        found = records.sections.get(identifier)
        more = {f"term:{found.term}", f"schools:{found.district}"} if found else set()
        return {f"section:{identifier}", *more}
    if kind == "school":
        found = records.schools.get(identifier)
        return {f"schools:{found.district}"} if found else {"schools:d1", "schools:d2"}
    return {f"district:{identifier}"}


@pytest.mark.parametrize("worlds", [4, pytest.param(60, marks=pytest.mark.full)])
def test_whoever_is_said_to_be_another_is_among_the_keys_to_forget(worlds):
    """After random changes, each person and place of whom something else is said depends on a key that was touched."""
    altered = spared = 0
    for seed in range(worlds):
        rng, snapshot = random.Random(seed), world(seed)
        store = stores.filled(stores.lasting("sqlite"), snapshot)
        feeds = {district: stores.Feed(store, district) for district in store.districts()}
        for step in range(5):
            before, seen = store.roster(), store.look(0).change
            known = deepcopy(snapshot)
            for district, kind, verb, raw in changed(rng, snapshot, set(feeds)):
                feeds[district].apply(feeds[district].event(kind, verb, raw), now=(3000 + step) * stores.SECOND)
            look, after = store.look(seen), store.roster()
            assert look.touched is not None
            for user in sorted({*people(known), *people(snapshot)}):
                if said_of_person(before, user) != said_of_person(after, user):
                    altered += 1
                    needed = dependencies_of_person(store, seen, user)
                    assert needed & look.touched, (seed, step, user)
                else:
                    spared += f"user:{user}" not in look.touched
                if before.successor(user) != after.successor(user):
                    assert f"legacy:{user}" in look.touched
            for kind, identifier in {*places(known), *places(snapshot)}:
                if said_of_place(before, kind, identifier) != said_of_place(after, kind, identifier):
                    altered += 1
                    needed = dependencies_of_place(store, seen, kind, identifier)
                    assert needed & look.touched, (seed, step, kind, identifier)
        compare(store, snapshot)
        stores.emptied(store)
    assert altered > 8 * worlds
    assert spared > 8 * worlds


def test_a_person_is_asked_with_few_queries_however_many_sections_there_are(store):
    """A teacher of a hundred classes costs as many queries as one of one class."""
    school = {"id": "k1", "district": "d1"}
    roles = {"teacher": {"school": "k1"}}
    sections = [
        {"id": f"s{n}", "district": "d1", "school": "k1", "teacher": "u1", "term_id": f"t{n}"} for n in range(100)
    ]
    sections.append({"id": "one", "district": "d1", "school": "k1", "teacher": "u2"})
    users = [{"id": one, "district": "d1", "roles": roles} for one in ("u1", "u2")]
    stores.filled(store, {"schools": [school], "sections": sections, "users": users})
    statements = []
    counted = (store._database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    event.listen(*counted)
    counts = []
    for user, taught in (("u2", 1), ("u1", 100)):
        statements.clear()
        assert len(store.read(store.look(0).change, users=[user]).sections) == taught
        counts.append(len([one for one in statements if one.startswith("SELECT rolecall_")]))
    event.remove(*counted)
    assert counts[0] <= counts[1] <= 12


def test_an_id_that_two_districts_use_is_an_error_and_never_a_pick(store):
    """Which of the two is meant would be a guess."""
    snapshot = {
        "schools": [{"id": "k1", "district": "d1"}, {"id": "k2", "district": "d2"}],
        "users": [{"id": "u", "district": one, "roles": {"staff": {}}} for one in ("d1", "d2")],
        "sections": [{"id": "s", "district": one, "school": f"k{one[1]}"} for one in ("d1", "d2")],
    }
    stores.filled(store, snapshot)
    change = store.look(0).change
    for asked in ({"users": ["u"]}, {"places": [("student", "u")]}):
        with pytest.raises(FactsError, match="the user `u` is held in the districts `d1` and `d2`"):
            store.read(change, **asked)
    with pytest.raises(FactsError, match="the section `s` is held in the districts"):
        store.read(change, places=[("section", "s")])
    with pytest.raises(FactsError, match="is held in the districts"):
        store.roster()
    assert store.roster(district="d1").person("u").district == "d1"
    assert store.read(change, places=[("school", "k1")]).schools["k1"].district == "d1"


@pytest.mark.parametrize("odd", ["", "\x00", "\ud800", "x" * 5000, "' OR 1=1 --", "%", "ü"])
def test_an_id_that_nobody_can_have_is_not_held(store, odd):
    """Whatever a caller asks for, the database is only asked for what could be an id."""
    stores.filled(store, {"schools": [{"id": "k1", "district": "d1"}]})
    records = store.read(1, users=[odd], places=[(kind, odd) for kind in PLACES])
    assert (records.users, records.sections, records.districts) == ({}, {}, set())
    assert store.successors(1, [odd]) == {}
