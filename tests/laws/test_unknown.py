"""What is unknown never adds without `if_unknown`: an attribute left out gives no more than any value of it."""

from typing import Any

import pytest
from laws.engine import Json
from laws.worlds import World, law, with_property, without_property

ODD: list[Any] = [None, 1, 0, 1.0, "true", "unheard-of", [], {}, [True]]


def without_if_unknown(policy: Json) -> Json:
    """Return the policy without `if_unknown`, but for what a `max` must say of a term: that it applies."""
    rules = []
    for rule in policy["rules"]:
        kept = {key: value for key, value in rule.items() if key != "if_unknown"}
        if "max" in rule and "term" in rule.get("if", {}):
            if "min" in rule:
                del kept["min"]  # it would say the same of its own `min`
                kept["overrides"] = "all"
            kept["if_unknown"] = {"term": "apply"}
        rules.append(kept)
    floors = {rule["id"] for rule in rules if "min" in rule}
    for rule in rules:
        if isinstance(rule.get("overrides"), list):
            rule["overrides"] = [one for one in rule["overrides"] if one in floors] or "all"
        if "max" in rule:
            rule["overrides"] = "all"
    return policy | {"rules": rules}


def values_of(policy: Json, kind: str, name: str) -> list[Any]:
    """Return the values of an attribute."""
    written = policy["resources"][kind]["attributes"][name]
    return [True, False] if written == "boolean" else written


@law(put_to_the_test=150)
def test_an_attribute_left_out_never_adds(seed: int) -> int:
    """Whatever an attribute's value could be, without it there is no more than with it."""
    world = World(seed, without_if_unknown)
    tried = 0
    for request in world.requests():
        kind = request["resource"]["type"]
        for name in world.policy["resources"][kind].get("attributes", {}):
            unknown = world.engine.may(without_property(request, name))
            for value in values_of(world.policy, kind, name):
                known = world.engine.may(with_property(request, **{name: value}))
                assert unknown <= known, (request, name, value)
                tried += bool(known)
    return tried


@law(put_to_the_test=150)
def test_what_is_no_value_is_unknown(seed: int) -> int:
    """A value of another type, or of no such name, is as if it were not given, whatever the policy says of that."""
    world = World(seed)
    tried = 0
    for request in world.requests():
        for name in world.policy["resources"][request["resource"]["type"]].get("attributes", {}):
            unknown = world.engine.may(without_property(request, name))
            odd = world.rng.choice(ODD)
            assert world.engine.may(with_property(request, **{name: odd})) == unknown, (request, name, odd)
            tried += bool(unknown)
    return tried


TERMS = {
    "past": ("2023-01-01", "2023-02-01"),
    "current": ("2024-01-01", "2025-01-01"),
    "future": ("2025-01-01", "2025-02-01"),
}
NO_TERMS = [("2024-01-01", None), (None, "2025-01-01"), ("soon", "2025-01-01"), ("2025-01-01", "2024-01-01")]


def with_terms(snapshot: Json, start: Any, end: Any, district: str = "") -> Json:
    """Return the snapshot in which each section has a term of its own with these dates."""
    sections = [one | {"term_id": f"of-{one['id']}"} for one in snapshot["sections"]]
    terms = [
        {"id": f"of-{one['id']}", "district": district or one.get("district"), "start_date": start, "end_date": end}
        for one in sections
    ]
    return snapshot | {"sections": sections, "terms": terms}


@law(put_to_the_test=150)
def test_an_unknown_term_never_adds(seed: int) -> int:
    """Without a term, with half a term or with another district's, a class gives no more than in any known one."""
    world = World(seed, without_if_unknown)
    known = [world.engine.over(with_terms(world.snapshot, *dates)) for dates in TERMS.values()]
    no_terms = world.snapshot | {"terms": []}
    half = with_terms(world.snapshot, *world.rng.choice(NO_TERMS))
    elsewhere = with_terms(world.snapshot, *TERMS["current"], "d9")
    unknown = world.engine.over(world.rng.choice([no_terms, half, half, elsewhere]))
    tried = 0
    for request in world.requests():
        each = [engine.may(request) for engine in known]
        assert unknown.may(request) <= frozenset.intersection(*each), request
        tried += any(each)
    return tried


@pytest.mark.parametrize("said", [*TERMS, "unheard-of", 7, None])
def test_a_term_in_the_request_is_not_believed(said: Any) -> None:
    """A request that names a `term` is answered as one that does not."""
    for seed in range(12):
        world = World(seed)
        for request in world.requests():
            bare = without_property(request, "term")
            assert world.engine.may(with_property(request, term=said)) == world.engine.may(bare)
