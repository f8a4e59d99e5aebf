"""Every result is closed under `implies`; a max always wins, and nothing is granted by default."""

from typing import Any

import oracle
import strategies
from laws.engine import Engine, Json
from laws.worlds import World, law
from oracle.bugs import NO_BUG
from oracle.decide import conditions_let, takes_from, values_of
from oracle.language import Language
from oracle.places import locate
from oracle.terms import term_of


def implied(policy: Json, kind: str, permission: str) -> list[str]:
    """Return what the policy writes that a permission implies."""
    written = policy["resources"][kind]["permissions"]
    return (written[permission] or {}).get("implies", []) if isinstance(written, dict) else []


@law(put_to_the_test=150)
def test_every_result_is_closed_under_implies(seed: int) -> int:
    """Whoever has a permission has each that it implies."""
    world = World(seed)
    seen = 0
    for request in world.requests():
        had = world.engine.may(request)
        for permission in had:
            asked = implied(world.policy, request["resource"]["type"], permission)
            assert had >= {*asked}, (request, had)
            seen += len(asked)
    return seen


def ceilings(world: World, request: Json, plain: oracle.Oracle) -> list[frozenset[str]]:
    """Return what each `max` leaves that applies to a request, read rule by rule."""
    language, facts = plain.language, plain.facts
    held = plain.decide(request, world.engine.clock.now, permissions_mode=True).held
    if held is None:
        return []
    kind = language.types[request["resource"]["type"]]
    properties: Any = request["resource"].get("properties", {})
    location = locate(facts, kind, request["resource"]["id"], properties)
    section = location and location.section
    term = term_of(section, facts.terms, world.engine.clock.now, language.zone) if section else None
    values = values_of(kind, properties, term, NO_BUG)
    return [
        rule.max[kind.name]
        for rule in language.rules
        if rule.max is not None
        and kind.name in rule.types
        and takes_from(rule, held)
        and conditions_let(rule, values, "max", NO_BUG)
    ]


@law(put_to_the_test=100)
def test_a_max_always_wins(seed: int) -> int:
    """No result exceeds the `max` of any rule that applies, whatever other rules give."""
    world = World(seed)
    plain = oracle.Oracle(world.policy, world.snapshot)
    seen = 0
    for request in world.requests(20):
        had = world.engine.may(request)
        for left in ceilings(world, request, plain):
            assert had <= left, (request, had, left)
            seen += bool(had)
    return seen


def added(world: World, kind: str, **changes: Any) -> tuple[Engine, Json]:
    """Return the policy with one more rule, a `min` or a `max` drawn at random, and the rule."""
    types = Language(world.policy).types
    rule = strategies.random_rule(world.rng, "one-more", kind, world.policy, types) | changes
    rules = world.policy["rules"]
    if kind == "max":
        rule["overrides"] = "all"
    else:  # whatever `max` cuts it may do so
        rules = [one | {"overrides": "all"} if "max" in one else one for one in rules]
    return Engine(world.policy | {"rules": [*rules, rule]}, world.snapshot), rule


@law(put_to_the_test=150)
def test_one_more_max_never_adds_and_one_more_min_never_removes(seed: int) -> int:
    """A rule with a `max` leaves everybody at most what they had, one with a `min` at least."""
    world = World(seed)
    capped, floored = added(world, "max")[0], added(world, "min")[0]
    seen = 0
    for request in world.requests():
        before = world.engine.may(request)
        less, more = capped.may(request), floored.may(request)
        assert less <= before <= more, request
        seen += bool(before)
    return seen


@law(put_to_the_test=150)
def test_a_max_for_everyone_leaves_exactly_what_it_names(seed: int) -> int:
    """Where a `max` for everyone is added, what remains is what there was and the `max` names, no less."""
    world = World(seed)
    engine, rule = added(world, "max", when="everyone")
    plain = [key for key in rule if key not in ("for", "unless", "if", "if_unknown")]
    engine = Engine(
        world.policy | {"rules": [*world.policy["rules"], {key: rule[key] for key in plain}]}, world.snapshot
    )
    named = Language(world.policy).set_of(rule["max"])
    seen = 0
    for request in world.requests():
        before = world.engine.may(request)
        assert engine.may(request) == before & named[request["resource"]["type"]], request
        seen += bool(before)
    return seen


@law(put_to_the_test=150)
def test_without_a_min_nobody_has_anything(seed: int) -> int:
    """Nothing is granted by default: of a policy without its `min` rules nothing is left."""
    world = World(seed)
    rules = [one for one in world.policy["rules"] if "min" not in one]
    rules = [{key: value for key, value in one.items() if key != "overrides"} for one in rules]
    bare = {"id": "nothing", "because": "B.", "when": "everyone", "min": "none"}
    engine = Engine(world.policy | {"rules": [*rules, bare]}, world.snapshot)
    seen = 0
    for request in world.requests():
        assert not engine.may(request)
        seen += bool(world.engine.may(request))
    return seen
