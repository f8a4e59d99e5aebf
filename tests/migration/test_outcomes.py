"""What comes of accounts: as the plain specification says, adding up, the same every time, and the same at login."""

import asyncio
import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from migration.worlds import CUT, made_accounts, made_map, made_settings, outcome_of, planned, worlds
from oracle.migration import outcomes
from rolecall.migration import CONFLICTS, OUTCOMES, Account, Choice, Planner, Resolver, Settings, open_accounts
from rolecall.migration.model import NewStep, PersonStep

FEW = settings(max_examples=50, deadline=None)


def agree(world):
    """The plan says what the specification says."""
    rows, students, accounts, choices = world
    _, steps, _ = planned(made_map(rows, students), made_accounts(accounts), made_settings(choices))
    assert outcome_of(steps) == outcomes(rows, students, accounts, choices)


@given(worlds())
@FEW
def test_the_plan_is_as_the_plain_specification_says(world):
    """Splits, merges, contradictions, cycles, districts with other choices: every account's outcome is the specified one."""
    agree(world)


@pytest.mark.full
@given(worlds())
@settings(max_examples=3_000, deadline=None)
def test_the_plan_is_as_the_plain_specification_says_at_full_size(world):
    """The same in thousands of worlds."""
    agree(world)


@given(worlds())
@FEW
def test_outcomes_add_up_to_the_input(world):
    """Each account has one outcome of the closed list, and the header counts them all."""
    rows, students, accounts, choices = world
    header, steps, _ = planned(made_map(rows, students), made_accounts(accounts), made_settings(choices))
    found = outcome_of(steps)
    assert found.keys() == {one["key"] for one in accounts}
    assert set(found.values()) <= set(OUTCOMES)
    assert sum(header.outcomes.values()) == len(accounts) == header.accounts["count"]
    assert {name: [*found.values()].count(name) for name in header.outcomes} == header.outcomes


@given(worlds(), st.integers(0, 99))
@FEW
def test_the_order_of_the_map_does_not_matter(world, seed):
    """The same rows in another order give the same steps, byte for byte."""
    rows, students, accounts, choices = world
    mixed = Random(seed).sample(rows, len(rows))
    plans = [
        planned(made_map(one, students), made_accounts(accounts), made_settings(choices)) for one in (rows, rows, mixed)
    ]
    assert plans[0][2] == plans[1][2]
    assert plans[0][1] == plans[2][1]


@given(worlds(), st.booleans())
@FEW
def test_login_says_what_the_plan_says(world, awaited):
    """For every user, each of their accounts comes out at login as in the plan, sync and async."""
    rows, students, accounts, choices = world
    found, chosen, every = made_map(rows, students), made_settings(choices), made_accounts(accounts)
    _, steps, _ = planned(found, every, chosen)
    batch = outcome_of(steps)
    port, asked = (lambda ids: [one for one in every if one.id in ids]), found.rows
    if awaited:

        async def port(ids):
            return [one for one in every if one.id in ids]

    resolver = Resolver(port, aliases=asked, settings=chosen)
    met = set()
    for new, person in found.people.items():
        roles = {role: {"legacy_id": old} for district, role, old, one in rows if one == new and role}
        user = {"id": new, "district": person.district, "roles": roles}
        match = asyncio.run(resolver.aresolve(user)) if awaited else resolver.resolve(user)
        assert {one.key: one.outcome for one in match.accounts}.items() <= batch.items()
        met |= {one.key for one in match.accounts}
        assert match.conflict in ("", *CONFLICTS)
        assert not (match.conflict and match.account)
    of_people = {one.key for step in steps if isinstance(step, PersonStep) for one in step.accounts}
    assert of_people <= met


@given(worlds(tangled=False))
@FEW
def test_a_plan_carried_out_leaves_nothing_to_do(world):
    """Once those who are settled carry the v3.0 id, planning again finds them migrated, and the rest as it was."""
    rows, students, accounts, _ = world
    found, chosen = made_map(rows, students), Settings()
    every = made_accounts(accounts)
    _, steps, _ = planned(found, every, chosen)
    done = {}
    for step in steps:
        if isinstance(step, PersonStep):
            for one in step.accounts:
                if one.outcome in ("rekeyed", "merged"):
                    done[one.key] = step.person if one.key == (step.survivor or one.key) else None
    after = [
        Account(one.key, done.get(one.key) or one.id, one.role, one.district, one.locked, one.active)
        for one in every
        if done.get(one.key, "") is not None
    ]
    again = outcome_of(planned(found, after, chosen)[1])
    assert all(again[key] == "already-migrated" for key, new in done.items() if new)


def one_person(*accounts, choice=None, **more):
    """Settle accounts of n1, who is teacher o1 and staff o2 in d1."""
    found = made_map([("d1", "teacher", "o1", "n1"), ("d1", "staff", "o2", "n1")], [])
    _, steps, _ = planned(found, list(accounts), Settings(choice=choice or Choice()), **more)
    return steps


TEACHER, STAFF = Account("1", "o1", "teacher", "d1", active=5), Account("2", "o2", "staff", "d1", active=3)


def test_the_survivor_is_by_role_unless_told():
    """District administrators before staff before teachers."""
    (step,) = one_person(TEACHER, STAFF)
    assert (step.survivor, [one.outcome for one in step.accounts]) == ("2", ["merged", "merged"])


@pytest.mark.parametrize(
    ("choice", "survivor"),
    [
        (Choice(survivor="most-recent"), "1"),
        (Choice(survivor=("teacher", "staff")), "1"),
        (Choice(survivor_column="points", columns={}), "2"),
    ],
)
def test_the_survivor_is_as_told(choice, survivor):
    """The most recent, an order of roles, or the greatest value of a column."""
    accounts = [Account(**{**fields(one), "values": (points,)}) for one, points in ((TEACHER, 1), (STAFF, "20"))]
    (step,) = one_person(*accounts, choice=choice)
    assert step.survivor == survivor


def fields(account):
    return {name: getattr(account, name) for name in account.__struct_fields__}


def test_whoever_carries_the_new_id_survives():
    """A late role is merged into the account that people log in to already, whatever the rule."""
    (step,) = one_person(Account("9", "n1", "teacher", "d1"), STAFF)
    assert step.survivor == "9"


@pytest.mark.parametrize(
    ("policy", "mine", "theirs", "source"),
    [
        ("keep", None, 5, None),
        ("filled", "", 5, "1"),
        ("filled", 4, 5, None),
        ("max", 4, 5, "1"),
        ("max", "b", "a", None),
        ("min", 4, 5, None),
        ("min", 5, 4, "1"),
        ("sum", 4, 5, "sum"),
        ("sum", 4, 0, None),
        ("sum", 4, "3x", "sum"),
        ("same", 4, 4, None),
        ("same", 4, 5, "columns-differ"),
    ],
)
def test_columns_of_a_merge(policy, mine, theirs, source):
    """The plan says whose value is taken, never the value."""
    accounts = [Account(**{**fields(one), "values": (value,)}) for one, value in ((TEACHER, theirs), (STAFF, mine))]
    (step,) = one_person(*accounts, choice=Choice(columns={"points": policy}))
    if source == "columns-differ":
        assert {one.outcome for one in step.accounts} == {source}
    else:
        assert step.columns == ({"points": source} if source else {})


def test_people_without_accounts_are_new():
    """Somebody of the map whom no account belongs to is told as new, with district and roles."""
    assert one_person() == [NewStep("n1", "d1", ("staff", "teacher"), (("d1", "staff", "o2"), ("d1", "teacher", "o1")))]


def test_what_is_hardly_meant_is_told():
    """A choice for a district that nobody is of (its id is mistyped), and a map of nobody."""
    chosen = made_settings({"": {"do": "link"}, "d1": {"do": "separate"}, "d2": {"do": "link"}, "d9": {"do": "link"}})
    accounts = made_accounts([{"key": "1", "id": "o1", "role": "teacher", "district": "d2"}])
    header, _, _ = planned(made_map([("d1", "teacher", "o2", "n2")], []), accounts, chosen)
    assert [one.partition(", ")[0] for one in header.warnings] == ["the migration file chooses for the district `d9`"]
    header, _, _ = planned(made_map([], []), accounts)
    assert [one.partition(",")[0] for one in header.warnings] == ["the map has no employee's v3.0 id"]


def test_an_active_account_refuses_the_cut_over():
    """Whoever used their account since, or nobody can tell when, is held, and the plan is refused."""
    found = made_map([("d1", "teacher", "o1", "n1")], [])
    late = Account("1", "o1", "teacher", "d1", active=CUT)
    header, steps, _ = planned(found, [late], Settings(choice=Choice("cut-over", date=CUT)))
    assert outcome_of(steps) == {"1": "still-active"}
    assert header.refused == ("cut over: 1 account is still active",)


def test_the_page_tells_every_outcome():
    """Each outcome stands in docs/migration.md, with its sentence."""
    page = (Path(__file__).parents[2] / "docs" / "migration.md").read_text("utf-8")
    assert [name for name, said in OUTCOMES.items() if f"| `{name}` | {said} |" not in page] == []


def unknown(tmp_path, *written):
    """What a plan says of accounts whose roles are written like this."""
    rows = "".join(
        f'{{"id": {at}, "clever_id": "x{at}", "role": {json.dumps(one)}}}\n' for at, one in enumerate(written)
    )
    (tmp_path / "a.jsonl").write_text(rows)
    planner = Planner(made_map([("d1", "teacher", "o1", "n1")], []), Settings())
    header = planner.run(open_accounts(str(tmp_path / "a.jsonl"), Settings()))
    planner.close()
    assert header.outcomes == {"unknown-role": len(written)}
    return header.warnings


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (["tutor", "TA", "tutor", " tutor "], "3 `tutor`, 1 `TA`"),
        (["Lehrkräfte", "co-teach_2", 7], "1 `7`, 1 `Lehrkräfte`, 1 `co-teach_2`"),
        (
            ["tutor", "", None, "a@example.org", "Ann Lee", "x" * 21, "5551234"],
            "1 `tutor`, 6 others (empty, or not told here)",
        ),
        ([""], "1 (empty, or not told here)"),
        ([f"name{at}" for at in range(13)], "13 (empty, or not told here)"),
    ],
)
def test_words_that_are_no_roles_are_counted(written, told, tmp_path):
    """An engineer sees what is missing in the mapping; what may be a name, an address or a number is not in the plan."""
    assert unknown(tmp_path, *written) == (
        f"accounts of an unknown role: {told}; `roles` in the migration file says what a word means",
    )
