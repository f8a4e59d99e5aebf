"""Diagrams say of sets what their truth tables say."""

import random
from itertools import chain, combinations

import pytest
from demo import POLICIES
from rolecall.analysis import diagrams
from rolecall.analysis.cells import count, walk
from rolecall.analysis.claims import prove, read_claims
from rolecall.analysis.diagrams import EVERYTHING, NOTHING, Diagrams, TooLargeError
from rolecall.analysis.difference import Version, compare, same_meaning
from rolecall.analysis.space import Space
from rolecall.loader import load_policy
from shell import run

LEVELS = [*range(5)]
EVERY = [frozenset(some) for some in chain.from_iterable(combinations(LEVELS, size) for size in range(6))]


def drawn(rng, d):
    """A set by its members, and as a diagram."""
    members = {one for one in EVERY if rng.random() < rng.choice([0.2, 0.5, 0.8])}
    node = d.any_of(
        d.all_of(d.variable(level) if level in one else d.negate(d.variable(level)) for level in LEVELS)
        for one in members
    )
    return members, node


@pytest.mark.parametrize("seed", range(40))
def test_sets_are_what_their_members_are(seed):
    """Meeting, joining, taking away, forgetting, counting, choosing and dividing, against the members one by one."""
    rng, d = random.Random(seed), Diagrams()
    (one, a), (other, b) = drawn(rng, d), drawn(rng, d)
    for node, members in (
        (a, one), (d.both(a, b), one & other), (d.either(a, b), one | other), (d.without(a, b), one - other),
        (d.negate(a), {*EVERY} - one),
    ):  # fmt: skip
        assert {m for m in EVERY if d.holds(node, m)} == members == {*d.members(node, LEVELS)}
        assert d.count(node, LEVELS) == len(members)
    assert (d.both(a, b) == a) == (one <= other)
    away = frozenset(rng.sample(LEVELS, 2))
    kept = d.forget(a, away)
    assert {m for m in EVERY if d.holds(kept, m)} == {m for m in EVERY if m - away in {o - away for o in one}}
    least = {m for m in one if not any(o < m for o in one)}
    assert ({*d.smallest(a, 100)[0]}, d.smallest(a, 100)[1]) == (least, True)
    if len(least) > 1:
        assert not d.smallest(a, 1)[1]
    weights = [rng.randint(1, 9) for _ in LEVELS]
    found = d.cheapest(a, lambda level: weights[level])
    if one:
        assert found in one
        assert sum(weights[level] for level in found) == min(sum(weights[level] for level in m) for m in one)
    else:
        assert found is None
    parts = d.split(a, 2)
    for m in EVERY:
        ways = [rest for rest, way in parts.items() if d.holds(way, {level for level in m if level < 2})]
        assert len(ways) <= 1
        assert (m in one) == any(d.holds(rest, m) for rest in ways)
    assert d.around({1, 3}) == d.both(d.variable(1), d.variable(3))


def test_leaves():
    """Nothing and everything are the leaves."""
    d = Diagrams()
    assert d.both(d.variable(0), d.negate(d.variable(0))) == NOTHING
    assert d.either(d.variable(0), d.negate(d.variable(0))) == EVERYTHING


def test_a_space_holds_the_cells_that_are_walked():
    """As many as there are, and in each the permissions that the table has there."""
    table = Version.of(load_policy(POLICIES)).table
    for kind in table.types.values():
        space = Space([table], kind.name)
        assert space.d.count(space.reachable, space.levels) == count(table, kind)
        for permission in kind.permissions:
            allowed = space.d.both(space.allowed(0, permission), space.reachable)
            found = sum(permission in one.cell.permissions for one in walk(table, kind))
            assert space.d.count(allowed, space.levels) == found


def test_what_is_too_large_is_not_decided(monkeypatch):
    """Claims say so, each, and the answer is no; a difference is an error, and never a guess."""
    version = Version.of(load_policy(POLICIES))
    monkeypatch.setattr(diagrams.Diagrams.__init__, "__defaults__", (50,))
    claims, _ = read_claims(POLICIES, version.policy)
    assert {one.answer for one in prove(claims, version.policy, version.table)} == {"undecided"}
    ran = run("prove", POLICIES)
    assert ran.code == 1
    assert "NOT DECIDED" in ran.out
    other = load_policy(POLICIES)
    edited = Version.of(
        type(other)(**{name: getattr(other, name) for name in other.__struct_fields__} | {"rules": other.rules[1:]})
    )
    with pytest.raises(TooLargeError, match="not decided"):
        compare(version, edited)


def test_the_same_meaning():
    """A table means the same as itself, and not as one with a rule less."""
    policy = load_policy(POLICIES)
    whole = Version.of(policy).table
    fewer = Version.of(
        type(policy)(**{n: getattr(policy, n) for n in policy.__struct_fields__} | {"rules": policy.rules[1:]})
    ).table
    assert same_meaning(whole, Version.of(policy).table)
    assert not same_meaning(whole, fewer)
