"""Login: claims, the role toggle, old ids that keep resolving, ports that fail."""

import asyncio

import pytest
from migration.worlds import made_map
from rolecall import AsyncPort, FactsError, RequestError
from rolecall.migration import Account, Choice, Match, Resolver, Settings
from rolecall.migration.login import Way

ROWS = [("d1", "teacher", "o1", "n1"), ("d1", "staff", "o2", "n1"), ("d1", "teacher", "o0", "n1")]
USER = {"id": "n1", "district": "d1", "roles": {"teacher": {"legacy_id": "o1"}, "staff": {"legacy_id": "o2"}}}
TEACHER, STAFF = Account("1", "o1", "teacher", "d1"), Account("2", "o2", "staff", "d1")


def resolver(*accounts, do="link", rows=()):
    return Resolver(
        lambda ids: [one for one in accounts if one.id in ids],
        aliases=made_map(rows, []).rows if rows else None,
        settings=Settings(choice=Choice(do)),
    )


def test_the_toggle():
    """Linked accounts: one v3.0 id, a way in for each role, `acting_as` ready for `authorize`."""
    match = resolver(TEACHER, STAFF).resolve(USER)
    assert (match.id, match.account, match.conflict) == ("n1", "", "")
    assert match.choices() == (Way("teacher", "1", ("teacher",)), Way("staff", "2", ("staff",)))


@pytest.mark.parametrize("do", ["link", "separate"])
@pytest.mark.parametrize("old", ["o2", "n1"])
def test_apart_nobody_goes_into_the_account_of_another_role(do, old):
    """Whoever is here as a teacher has no account yet; who is no longer staff has no way into theirs."""
    match = resolver(Account("2", old, "staff", "d1"), do=do, rows=ROWS).resolve(USER)
    assert match.account == "2"
    assert match.choices() == (Way("teacher", "", ("teacher",)), Way("staff", "2", ("staff",)))
    teacher = {**USER, "roles": {"teacher": {"legacy_id": "o1"}}}
    match = resolver(STAFF, do=do, rows=ROWS).resolve(teacher)
    assert (match.account, match.choices()) == ("", (Way("teacher", "", ("teacher",)),))


def test_merged_all_ways_lead_into_the_survivor():
    """Consolidated: one account, whichever role is acted as."""
    match = resolver(TEACHER, STAFF, do="consolidate").resolve(USER)
    assert match.account == "2"
    assert {one.account for one in match.choices()} == {"2"}


def test_every_role_is_looked_up_not_only_the_teachers():
    """The staff account alone is found by the staff legacy id; the teacher has no account yet."""
    match = resolver(STAFF).resolve(USER)
    assert match.account == "2"
    assert resolver().resolve(USER) == Match("n1", ("teacher", "staff"), ())


def test_an_older_id_is_found_through_the_aliases():
    """An id from before the last split is nobody's in Clever now; the aliases still know it."""
    old = Account("7", "o0", "teacher", "d1")
    assert resolver(old).resolve(USER).accounts == ()
    assert resolver(old, rows=ROWS).resolve(USER).account == "7"


def test_userinfo_has_the_legacy_id_in_user_id():
    """`sub` is the v3.0 id, `user_id` the legacy one of the role that is logged in."""
    match = resolver(STAFF).resolve({"sub": "n1", "user_id": "o2", "user_type": "staff", "district": "d1"})
    assert (match.id, match.account, match.roles) == ("n1", "2", ("staff",))


def test_a_conflict_lets_nobody_in():
    """Two teacher accounts of one person: somebody has to decide, and no way is offered."""
    match = resolver(TEACHER, Account("9", "n1", "teacher", "d1")).resolve(USER)
    assert (match.conflict, match.account, match.choices()) == ("same-role-twice", "", ())


def test_a_student_goes_in_as_ever():
    """Students keep their ids."""
    pupil = Account("5", "s1", "student", "d1")
    user = {"id": "s1", "district": "d1", "roles": {"student": {"legacy_id": "s1"}}}
    assert resolver(pupil).resolve(user).choices() == (Way("student", "5", ("student",)),)


def test_old_ids_keep_resolving():
    """An id in some record, old or new, leads to the v3.0 id; nobody's id is an error."""
    found = resolver(rows=ROWS)
    assert [found.current(one) for one in ("o0", "o1", "o2", "n1")] == ["n1"] * 4
    assert asyncio.run(found.acurrent("o1")) == "n1"
    with pytest.raises(FactsError, match="is nobody's"):
        found.current("x")


@pytest.mark.parametrize("user", [{}, {"sub": ""}, {"id": None}, [], None, "n1", {"sub": "n1", "user_id": ["o1"]}])
def test_nobody_is_a_malformed_question(user):
    """Without an id nobody is looked for."""
    with pytest.raises(RequestError):
        resolver().resolve(user)


def test_a_port_that_fails_is_no_empty_answer():
    """An exception, and an answer that is no list, are `FactsError`; an async port in sync code says so."""

    def fails(_ids):
        raise OSError

    async def waits(_ids):
        return [TEACHER]

    with pytest.raises(FactsError, match="accounts port failed"):
        Resolver(fails).resolve(USER)
    with pytest.raises(FactsError, match="gave str, not a list"):
        Resolver(lambda _ids: "x").resolve(USER)
    with pytest.raises(AsyncPort):
        Resolver(waits).resolve(USER)
    assert asyncio.run(Resolver(waits).aresolve(USER)).account == "1"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"district": None}, "the user has no `district`"),
        ({"district": ["d1"]}, "the user cannot be read"),
        ({"id": {"x": 1}}, "`id`"),
        ({"roles": {"teacher": {"legacy_id": 7.5}}}, "legacy_id"),
    ],
)
def test_a_user_that_cannot_be_read_is_nobody_new(change, says):
    """Else they would get an account beside their own."""
    with pytest.raises(RequestError, match=says):
        resolver(TEACHER, STAFF).resolve({**USER, **change})
