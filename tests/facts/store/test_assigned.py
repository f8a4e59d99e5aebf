"""The application's own assignments, kept in the store: with their beginning and end, by whom and why."""

import pytest
import stores
from rolecall import FactsError
from rolecall.facts.assignments import AssignmentRecord
from stores import SECOND

COVER = {"by": "amara", "why": "cover in October"}


def assign(store, user="u1", place="s1", now=1000 * SECOND, **more):
    return store.assign(user, "substitute", "section", place, now=now, **COVER, **more)


def test_an_assignment_stands_from_one_change_until_another(store):
    """It is read with the user, as of the change, and never lost from the past."""
    number = assign(store, starts=5, ends=9)
    expected = AssignmentRecord("u1", "substitute", "section", "s1", 5, 9)
    assert store.read(number, users=["u1"]).assignments == {"u1": (expected,)}
    assert store.roster().application_assignments("u1") == (expected,)
    ended = store.unassign(number, by="lee", why="back at work", now=2000 * SECOND)
    assert store.read(ended, users=["u1"]).assignments == {}
    assert store.read(ended - 1, users=["u1"]).assignments == {"u1": (expected,)}
    assert store.assignments() == ()
    (one,) = store.assignments("u1", ended=True)
    assert (one.number, one.record, one.by, one.why, one.since) == (
        number,
        expected,
        "amara",
        "cover in October",
        number,
    )
    assert (one.until, one.ended_by, one.ended_why) == (ended, "lee", "back at work")
    assert [change.what for change in store.changes([number, ended])] == ["assignment", "assignment"]


def test_readers_forget_whom_an_assignment_is_for(store):
    """And nobody else."""
    seen = assign(store)
    number = assign(store, user="u2")
    assert store.look(seen).touched == {"user:u2"}
    store.unassign(number, **COVER, now=0)
    assert store.look(number).touched == {"user:u2"}


def test_only_those_who_are_asked_about_are_read(store):
    """The assignments of the others stay where they are, and one user may have several."""
    for user in ("u1", "u2", "u1"):
        assign(store, user=user, place=f"of {user}")
    found = store.read(3, users=["u1", "u3"]).assignments
    assert {user: [one.id for one in records] for user, records in found.items()} == {"u1": ["of u1", "of u1"]}
    assert [one.number for one in store.assignments("u1")] == [1, 3]
    assert [one.number for one in store.assignments(change=2)] == [1, 2]
    assert len(store.assignments()) == 3


def test_assignments_need_no_full_read(store):
    """But as long as no district was read, there is no time at which the store knew anything."""
    assign(store)
    assert store.change_at(9999 * SECOND) is None
    stores.full_read(store, {"districts": [{"id": "d1"}]}, "d1", now=3000 * SECOND)
    assert store.change_at(9999 * SECOND) == 2


@pytest.mark.parametrize("number", [0, 7])
def test_what_is_not_assigned_cannot_be_ended(store, number):
    """A number that is none says so."""
    with pytest.raises(FactsError, match=f"there is no assignment {number}"):
        store.unassign(number, **COVER, now=1)


def test_an_assignment_ends_once(store):
    """Who ended it stays."""
    number = assign(store)
    store.unassign(number, by="lee", why="", now=1)
    with pytest.raises(FactsError, match="was ended before, by `lee`"):
        store.unassign(number, **COVER, now=2)


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"user": ""}, "user must be a text"),
        ({"place": "s\x00"}, "place must be a text without control characters"),
        ({"starts": 5, "ends": 5}, "must end after it begins"),
        ({"starts": 5, "ends": 4}, "must end after it begins"),
    ],
)
def test_what_makes_no_sense_is_refused(store, given, wrong):
    """Nothing is written."""
    with pytest.raises(FactsError, match=wrong):
        assign(store, **given)
    assert store.look(0).change == 0
