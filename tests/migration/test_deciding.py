"""Decisions about conflicts: what they do, what they never do, and the same at login."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from migration.decided import World, decided_worlds, decision, decisions_of, everyone, held
from migration.worlds import worlds
from msgspec.structs import replace
from rolecall.migration import CONFLICTS, OUTCOMES, Resolver
from rolecall.migration.model import PersonStep

FEW = settings(max_examples=40, deadline=None)


def adds_up(given):
    world, files = given
    header, steps, data = world.plan(*files)
    found = [one for _, one in everyone(steps)]
    assert sorted(one.key for one in found) == sorted(one.key for one in world.accounts)
    assert {one.outcome for one in found} <= set(OUTCOMES)
    assert sum(header.outcomes.values()) == len(world.accounts)
    for file, said in zip(files, header.decisions, strict=True):
        assert said["decisions"] == len(file) == said["counted"] + len(said.get("void", ()))
    assert world.plan(*files)[2] == data


@given(decided_worlds())
@FEW
def test_outcomes_add_up_whatever_is_decided(given):
    """Each account has one outcome of the closed list; decisions that counted and that did not add up; same bytes again."""
    adds_up(given)


@given(worlds())
@FEW
def test_no_decision_is_as_none_at_all(world):
    """Files in which nothing is decided change no step."""
    one = World(*world)
    assert one.plan([], [])[1] == one.plan()[1]


def touches_only_whom_it_names(given):
    world, files = given
    before, whose, involved, decided = world.outcomes(), [], set(), set()
    for number in range(len(files) + 1):
        whose.append(world.people(*files[:number]))
    for one in (one for file in files for one in file):
        involved |= {one.v3_id, one.id, *(people[one.account] for people in whose)}
        decided.add(one.account)
    after = world.outcomes(*files)
    for key, outcome in before.items():
        if key not in decided and (not whose[0][key] or whose[0][key] not in involved):
            assert after[key] == outcome


@given(decided_worlds())
@FEW
def test_a_decision_touches_only_the_people_whom_it_is_about(given):
    """Whoever is neither owner, nor named, nor the one whose id the account carries, has the outcomes that they had."""
    touches_only_whom_it_names(given)


def is_theirs_only_if_somebody_said_so(given):
    world, files = given
    before, after = world.people(), world.people(*files)
    said = {(one.account, one.v3_id) for file in files for one in file if one.decision == "person"}
    for key, person in after.items():
        assert not person or person == before[key] or (key, person) in said


@given(decided_worlds())
@FEW
def test_an_account_is_somebodys_by_the_map_or_because_somebody_said_so(given):
    """Nothing is inferred: a person's accounts are those that the map gives them, and those that decisions name."""
    is_theirs_only_if_somebody_said_so(given)


@given(decided_worlds())
@FEW
def test_who_decides_nothing_about_an_account_that_is_held_alone_leaves_it_held(given):
    """An account that is nobody's stays held with the same conflict unless it is decided itself."""
    world, files = given
    people, before, after = world.people(), world.outcomes(), world.outcomes(*files)
    decided = {one.account for file in files for one in file}
    alone = {key for key, outcome in before.items() if outcome in CONFLICTS and not people[key]}
    assert all(after[key] == before[key] for key in alone - decided)


@given(worlds())
@FEW
def test_leave_everywhere_leaves_nothing_held(world):
    """All that is held is left; all else has the outcome that it had; every decision counts."""
    one = World(*world)
    before = one.outcomes()
    header, steps, _ = one.plan([decision(account, "leave") for account in held(one.plan()[1])])
    assert {a.key: a.outcome for _, a in everyone(steps)} == {
        key: "left" if outcome in CONFLICTS else outcome for key, outcome in before.items()
    }
    assert "void" not in header.decisions[0]
    assert header.refused == ()


@given(decided_worlds(), st.data())
@FEW
def test_what_has_changed_since_is_decided_by_nobody(given, data):
    """An account with another fingerprint, or that is gone, makes its decisions void, with the reason; the plan is as without."""
    world, files = given
    about = sorted({one.account for file in files for one in file})
    if not about:
        return
    key, gone = data.draw(st.sampled_from(about)), data.draw(st.booleans())
    changed = [
        replace(one, print="other") if one.key == key else one for one in world.accounts if not gone or one.key != key
    ]
    rest = [[one for one in file if one.account != key] for file in files]
    header, steps, _ = world.plan(*files, accounts=changed)
    assert steps == world.plan(*rest, accounts=changed)[1]
    void = [one for file in header.decisions for one in file.get("void", ()) if one["account"] == key]
    assert {one["why"] for one in void} == {"the account is gone" if gone else "the account has changed since"}


def same_at_login(given, *, awaited=False):
    world, files = given
    _, steps, _ = world.plan(*files)
    batch = {one.key: one.outcome for _, one in everyone(steps)}

    def port(field):
        def found(wanted):
            return [one for one in world.accounts if getattr(one, field) in wanted]

        async def waits(wanted):
            return found(wanted)

        return waits if awaited else found

    decisions = decisions_of(*files)
    resolver = Resolver(
        port("id"), aliases=world.map.rows, settings=world.settings, decisions=decisions, keyed=port("key")
    )
    for new, person in world.map.people.items():
        roles = {role: {"legacy_id": old} for _, role, old, one in world.rows if one == new and role}
        user = {"id": new, "district": person.district, "roles": roles}
        match = asyncio.run(resolver.aresolve(user)) if awaited else resolver.resolve(user)
        met = {one.key: one.outcome for one in match.accounts}
        assert met.items() <= batch.items()
        assert {
            one.key for step in steps if isinstance(step, PersonStep) and step.person == new for one in step.accounts
        } <= {*met}
        assert not (match.conflict and (match.account or match.choices()))
        ways = {way.account for way in match.choices()} - {""}
        assert all(batch[key] not in ("left", "archived") for key in ways)
        if any(one.id == new and batch[one.key] == "left" for one in world.accounts):
            assert match.conflict


@given(decided_worlds(), st.booleans())
@FEW
def test_login_says_what_the_plan_says(given, awaited):
    """With the same decisions, each account of a person comes out at login as in the plan, sync and async."""
    same_at_login(given, awaited=awaited)


@pytest.mark.full
@given(decided_worlds())
@settings(max_examples=3_000, deadline=None)
def test_decisions_at_full_size(given):
    """The same properties in thousands of worlds."""
    adds_up(given)
    touches_only_whom_it_names(given)
    is_theirs_only_if_somebody_said_so(given)
    same_at_login(given)
