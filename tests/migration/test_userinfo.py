"""Login by the claims of `/userinfo`, of people with several roles: `sub` is the v3.0 id, `user_id` a legacy one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from migration.worlds import made_accounts, made_map, made_settings, outcome_of, planned, worlds
from rolecall.migration import Account, Choice, Resolver, Settings
from rolecall.migration.login import Way
from rolecall.migration.model import PersonStep

ROWS = [("d1", "teacher", "o1", "n1"), ("d1", "staff", "o2", "n1"), ("d1", "teacher", "o3", "n3")]
TEACHER, STAFF, OTHER = (
    Account("1", "o1", "teacher", "d1"),
    Account("2", "o2", "staff", "d1"),
    Account("3", "o3", "teacher", "d1"),
)


def claims(role="teacher", old="o1", new="n1", **more):
    return {"sub": new, "user_id": old, "user_type": role, "district": "d1", **more}


def resolver(*accounts, do="consolidate", aliases=True):
    return Resolver(
        lambda ids: [one for one in accounts if one.id in ids],
        aliases=made_map(ROWS, []).rows if aliases else None,
        settings=Settings(choice=Choice(do)),
    )


@settings(max_examples=80, deadline=None)
@given(worlds(), st.booleans())
def test_claims_say_what_the_plan_says(world, aliased):
    """Each account as in the plan: with aliases all of the person's; without, and no more, those of the two ids."""
    rows, students, accounts, choices = world
    found, chosen, every = made_map(rows, students), made_settings(choices), made_accounts(accounts)
    _, steps, _ = planned(found, every, chosen)
    batch = outcome_of(steps)
    mine = {step.person: {one.key for one in step.accounts} for step in steps if isinstance(step, PersonStep)}
    port = Resolver(
        lambda ids: [one for one in every if one.id in ids], aliases=found.rows if aliased else None, settings=chosen
    )
    for district, role, old, new in rows:
        match = port.resolve({"sub": new, "user_id": old, "user_type": role, "district": district})
        assert (match.id, match.roles) == (new, (role,) if role else ())
        assert all(one.acting_as == (role,) for one in match.choices())
        if aliased:
            assert {one.key: one.outcome for one in match.accounts}.items() <= batch.items()
            assert mine.get(new, set()) <= {one.key for one in match.accounts}
        else:
            assert {one.id for one in match.accounts} <= {new, old}


@settings(max_examples=80, deadline=None)
@given(worlds(), st.booleans())
def test_students_are_what_the_plan_says(world, of_claims):
    """By claims and by the user's object: each account as in the plan; whose ids differ is stopped."""
    rows, students, accounts, choices = world
    found, every = made_map(rows, students), made_accounts(accounts)
    batch = outcome_of(planned(found, every, made_settings(choices))[1])
    port = Resolver(
        lambda ids: [one for one in every if one.id in ids], aliases=found.rows, settings=made_settings(choices)
    )
    for district, old, new in students:
        user = {"id": new, "district": district, "roles": {"student": {"legacy_id": old}}}
        match = port.resolve(claims("student", old, new, district=district) if of_claims else user)
        assert {one.key: one.outcome for one in match.accounts}.items() <= batch.items()
        assert bool(match.choices()) == (not match.conflict)
        assert match.conflict or old == new


@pytest.mark.parametrize("accounts", [(), (Account("5", "s1", "student", "d1"),), (Account("5", "s9", "student"),)])
@pytest.mark.parametrize("aliases", [True, False])
def test_a_student_whose_ids_differ_is_stopped(accounts, aliases):
    """With an account or without: no new one is offered, for the old one may be theirs."""
    match = resolver(*accounts, aliases=aliases).resolve(claims("student", "s1", "s9"))
    assert (match.conflict, match.choices()) == ("student-differs", ())
    assert [one.outcome for one in match.accounts] == ["student-differs"] * len(accounts)


@pytest.mark.parametrize(
    ("role", "old"), [("teacher", "o1"), ("staff", "o2"), ("Teacher", "o1"), ("school_admin", "o2")]
)
@pytest.mark.parametrize("do", ["consolidate", "link", "separate"])
def test_the_aliases_know_the_roles_that_the_claims_do_not_name(role, old, do):
    """Whichever role the login is of, both accounts are seen; the way in is the claims' role alone."""
    match = resolver(TEACHER, STAFF, OTHER, do=do).resolve(claims(role, old))
    outcome = {"consolidate": "merged", "link": "linked", "separate": "separate"}[do]
    assert [(one.key, one.outcome) for one in match.accounts] == [("1", outcome), ("2", outcome)]
    named = "teacher" if old == "o1" else "staff"
    into = {"consolidate": "2", "link": {"teacher": "1", "staff": "2"}[named]}.get(
        do, {"teacher": "1", "staff": "2"}[named]
    )
    assert match.choices() == (Way(named, into, (named,)),)


@pytest.mark.parametrize(("role", "old", "key"), [("teacher", "o1", "1"), ("staff", "o2", "2")])
def test_without_aliases_only_the_role_that_logs_in_is_known(role, old, key):
    """The other account is not touched, and nobody is told that it is merged: the claims do not say that it is theirs."""
    match = resolver(TEACHER, STAFF, OTHER, aliases=False).resolve(claims(role, old))
    assert [(one.key, one.outcome) for one in match.accounts] == [(key, "rekeyed")]
    assert match.choices() == (Way(role, key, (role,)),)


@pytest.mark.parametrize("aliases", [True, False])
def test_sub_is_never_taken_for_an_old_id_nor_user_id_for_a_new_one(aliases):
    """An account that carries the legacy id of another role, or somebody's v3.0 id, is not this login's."""
    accounts = [OTHER, Account("8", "n3", "teacher", "d1"), Account("9", "n1", "teacher", "d1")]
    match = resolver(*accounts, aliases=aliases).resolve(claims())
    assert [(one.key, one.outcome) for one in match.accounts] == [("9", "already-migrated")]
    assert match.choices() == (Way("teacher", "9", ("teacher",)),)


@pytest.mark.parametrize("aliases", [True, False])
@pytest.mark.parametrize("old", ["n1", "", None])
def test_an_account_that_was_carried_over_is_known_without_a_legacy_id(aliases, old):
    """`user_id` that says nothing, or says the v3.0 id as well: the account that carries `sub` is the person's."""
    match = resolver(Account("9", "n1", "staff", "d1"), aliases=aliases).resolve(claims("staff", old))
    assert [(one.key, one.outcome) for one in match.accounts] == [("9", "already-migrated")]
    assert match.account == "9"


def test_after_one_role_was_carried_over_the_other_follows():
    """The teacher's account carries the v3.0 id already; the staff login finds both, and one conflict holds neither."""
    done = Account("1", "n1", "teacher", "d1")
    for aliases in (True, False):
        match = resolver(done, STAFF, aliases=aliases).resolve(claims("staff", "o2"))
        assert {one.key: one.outcome for one in match.accounts} == {"1": "merged", "2": "merged"}
        assert match.account == "1"


def test_two_accounts_of_the_role_let_nobody_in():
    """One carries the legacy id, one the v3.0 id: somebody has to decide."""
    for aliases in (True, False):
        match = resolver(TEACHER, Account("9", "n1", "teacher", "d1"), aliases=aliases).resolve(claims())
        assert (match.conflict, match.account, match.choices()) == ("same-role-twice", "", ())


@pytest.mark.parametrize("role", ["", None, "user", "admin"])
def test_claims_of_no_role_open_no_way(role):
    """Clever's word for a role is needed for a way in: none is guessed at."""
    match = resolver(TEACHER, STAFF).resolve(claims(role))
    assert (match.roles, match.choices()) == ((), ())


def test_a_legacy_id_of_another_role_is_not_the_roles():
    """`user_id` of the staff account in a login as teacher: that account is held, not entered as a teacher's."""
    match = resolver(STAFF, aliases=False).resolve(claims("teacher", "o2"))
    assert (match.conflict, match.choices()) == ("role-differs", ())


def test_a_district_that_differs_is_held():
    """A legacy id in another district than the account's."""
    for aliases in (True, False):
        match = resolver(TEACHER, aliases=aliases).resolve(claims(district="d2"))
        assert match.choices() == (), aliases
