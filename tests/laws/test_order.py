"""The order of rules and files does not matter, nor does the order of anything else that has a name."""

import random
from typing import Any

from laws.engine import Engine, Json, loaded
from laws.worlds import World, law, with_acting
from rolecall.compiler import load_table


def shuffled(rng: random.Random, value: Any) -> Any:
    """Return lists and mappings in another order, all the way down; but `within` is written in one way only."""
    if isinstance(value, dict):
        keys = rng.sample([*value], len(value))
        return {key: value[key] if key == "within" else shuffled(rng, value[key]) for key in keys}
    return [shuffled(rng, one) for one in rng.sample(value, len(value))] if isinstance(value, list) else value


def split(rng: random.Random, policy: Json) -> list[Json]:
    """Return the policy in up to five files: each rule, set, type and role in one of them."""
    files: list[Json] = [{"rolecall": 1} for _ in range(rng.randint(2, 5))]
    for key in ("application", "timezone"):
        if key in policy:
            rng.choice(files)[key] = policy[key]
    for part in ("roles", "resources", "permission_sets"):
        for name, body in policy.get(part, {}).items():
            rng.choice(files).setdefault(part, {})[name] = body
    for rule in policy["rules"]:
        rng.choice(files).setdefault("rules", []).append(rule)
    return [file for file in files if len(file) > 1]


def same(world: World, other: Engine, requests: list[Json] | None = None) -> int:
    """Insist that both answer alike; return how many of the answers give something."""
    given = 0
    for request in requests or world.requests():
        before = world.engine.answer(request, permissions_mode=True)
        assert other.answer(request, permissions_mode=True) == before, request
        given += bool(before.permissions)
    return given


@law(put_to_the_test=150)
def test_the_order_of_rules_does_not_matter(seed: int) -> int:
    """A policy with its rules in another order answers alike."""
    world = World(seed)
    rules = world.rng.sample(world.policy["rules"], len(world.policy["rules"]))
    return same(world, Engine(world.policy | {"rules": rules}, world.snapshot))


@law(put_to_the_test=150)
def test_the_order_of_names_and_lists_does_not_matter(seed: int) -> int:
    """Types, permissions, sets, combinations, values: in another order they mean the same."""
    world = World(seed)
    return same(world, Engine({"rolecall": 1} | shuffled(world.rng, world.policy), world.snapshot))


@law(put_to_the_test=150)
def test_files_do_not_matter(seed: int) -> int:
    """A policy in several files of a folder answers as it does in one, whichever stands in which."""
    world = World(seed)
    return same(world, Engine(load_table(loaded(*split(world.rng, world.policy))), world.snapshot))


@law(put_to_the_test=150)
def test_the_order_of_records_does_not_matter(seed: int) -> int:
    """Users, sections, schools, and what each of them lists, may come in any order."""
    world = World(seed)
    return same(world, world.engine.over(shuffled(world.rng, world.snapshot)))


@law(put_to_the_test=150)
def test_the_order_within_a_request_does_not_matter(seed: int) -> int:
    """The roles acted as, and whatever a request says, may come in any order; a role may be named twice."""
    world = World(seed)
    given = 0
    for request in world.requests():
        other = shuffled(world.rng, request)
        roles = other.get("context", {}).get("acting_as")
        other = other if not roles else with_acting(other, [*roles, roles[0]])
        before = world.engine.answer(request)
        assert world.engine.answer(other) == before
        given += bool(before.permissions)
    return given
