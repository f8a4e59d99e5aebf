"""Whom an edit affects is whom asking about everybody and everything, before and after, finds."""

import random
from itertools import product
from typing import Any

import pytest
import strategies
from laws.engine import Engine, Json
from laws.pairs import Pair, pairs
from rolecall import Resource, Snapshot
from rolecall.analysis.affected import affected
from rolecall.analysis.difference import Version, compare
from rolecall.authorizer import Authorizer
from rolecall.compiler.halves import make_table
from rolecall.table import TypeTable

FULL = [pytest.param(range(start, start + 40), marks=pytest.mark.full) for start in range(2000, 2120, 40)]


def resources(kind: TypeTable, snapshot: Json) -> list[tuple[Any, dict[str, Any]]]:
    """Return each place where a resource of a type can be, with the properties that name it."""
    if kind.within == "student+section":
        sections = {one["id"]: one for one in snapshot["sections"] if "id" in one}
        found = []
        for one in sections.values():
            for student in dict.fromkeys(one.get("students") or ()):
                if isinstance(student, str):
                    found.append(((student, one["id"]), {"student": student, "section": one["id"]}))
        return found
    plural = {"district": "districts", "school": "schools", "section": "sections", "student": "users"}[kind.within]
    every = list(dict.fromkeys(one["id"] for one in snapshot[plural] if "id" in one))
    return [(one, {kind.within: one} if kind.own else {}) for one in every]


def everything(
    pdp: Authorizer, user: str, name: str, place: Any, properties: Json, states: list[Json]
) -> list[frozenset[str]]:
    """Return what somebody may do to a resource, in each state."""
    if name not in pdp.table.types:
        return [frozenset()] * len(states)
    identifier = place if isinstance(place, str) else "x"
    return [pdp.authorize(user, Resource(name, identifier, properties | state)).permissions for state in states]


def states(kinds: list[TypeTable], user: str) -> list[Json]:
    """Return every state of the attributes, with every kind of owner."""
    values: dict[str, list[Any]] = {}
    for kind in kinds:
        for code in kind.attributes:
            known = values.setdefault(code.name, [None])
            known += [
                value for value in code.values if not any(type(one) is type(value) and one == value for one in known)
            ]
    owners = [{"owner": owner} for owner in ("", user, None)] if any(kind.own for kind in kinds) else [{}]
    found = [dict(zip(values, state, strict=True)) for state in product(*values.values())]
    return [owner | state for owner in owners for state in found]


@pytest.mark.parametrize("seeds", [range(16), *FULL], ids=lambda seeds: f"{seeds.start}-{seeds.stop}")
def test_whom_an_edit_affects_is_whom_asking_about_everybody_finds(seeds: range) -> None:
    """The same people gain and lose the same permissions on the same resources, in every state or in some."""
    met = 0
    for seed, pair in zip(seeds, pairs(seeds), strict=True):
        rng = random.Random(f"affected:{seed}")
        merged = pair.new | {"roles": pair.old.get("roles", {}) | pair.new.get("roles", {})}
        snapshot = strategies.random_snapshot(rng, merged)
        met += agree(pair, snapshot)
    assert met > len(seeds)


def agree(pair: Pair, snapshot: Json) -> int:
    """See that the fast way and the plain one agree; return how many people are affected."""
    engines = [Engine(make_table_of(one), snapshot) for one in (pair.old, pair.new)]
    versions = [
        Version(policy_of(one), engine.table) for one, engine in zip((pair.old, pair.new), engines, strict=True)
    ]
    roster = Snapshot.read(snapshot)
    found = affected(compare(*versions), roster, int(engines[0].clock.now.timestamp() * 10**6) * 1000)
    told = set()
    for row in found.rows:
        for user in row.people:
            for permission in row.permissions:
                told.add((user, row.direction, row.type, permission, row.always, found.count(row, user)))
    plain = {}
    for user in roster.users:
        for name in dict.fromkeys([*engines[0].table.types, *engines[1].table.types]):
            kinds = [engine.table.types[name] for engine in engines if name in engine.table.types]
            if len({kind.within for kind in kinds}) > 1:
                continue
            every = states(kinds, user)
            for place, properties in resources(kinds[0], snapshot):
                before, after = (everything(one.pdp, user, name, place, properties, every) for one in engines)
                for direction, more, less in (("gained", after, before), ("lost", before, after)):
                    gone = [one - other for one, other in zip(more, less, strict=True)]
                    for permission in frozenset().union(*gone):
                        key = (user, direction, name, permission, all(permission in one for one in gone))
                        plain[key] = plain.get(key, 0) + 1
    assert told == {(*key, count) for key, count in plain.items()}, (pair, snapshot)
    return found.people


def policy_of(policy: Json) -> Any:
    """Return a policy as it is read."""
    from laws.engine import loaded  # noqa: PLC0415 - beside its use

    return loaded(policy)


def make_table_of(policy: Json) -> Any:
    """Return the table of a policy, of one that contradicts itself too."""
    return make_table(policy_of(policy))
