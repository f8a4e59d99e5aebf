"""A mutant that is said to mean the same does so in every cell of the plain specification, and no other one does."""

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import oracle
import pytest
import strategies
from laws.engine import Json, loaded
from oracle import reach as walked
from oracle.decide import effective
from oracle.held import Held
from oracle.language import Language
from rolecall.analysis.mutants import mutants
from rolecall.analysis.mutation import mutate
from rolecall.compiler import load_table, table_sizes
from rolecall.policy import Bound, Combination, PermissionSet, Policy

SMALL = 800


def parts(brief: int, full: int = 120) -> pytest.MarkDecorator:
    """Run a law over some policies, and at full size over so many more, in parts."""
    more = [pytest.param(range(start, start + 20), marks=pytest.mark.full) for start in range(1000, 1000 + full, 20)]
    return pytest.mark.parametrize("seeds", [range(brief), *more], ids=lambda seeds: f"{seeds.start}-{seeds.stop}")


def policies(seeds: range) -> Iterator[tuple[random.Random, Policy]]:
    """Give policies that load, and whose types are small enough for each cell to be looked at."""
    for seed in seeds:
        rng = random.Random(seed)
        policy = loaded(strategies.random_policy(rng))
        if max(table_sizes(load_table(policy)).values()) <= SMALL:
            yield rng, policy


def written(policy: Policy) -> Json:
    """Write a policy as its author would, for the specification to read."""

    def combinations(found: tuple[Combination, ...]) -> list[Json]:
        return [dict(one.pairs) for one in found]

    def one_set(body: PermissionSet) -> Json:
        listed = {kind: names if names == "all" else list(names) for kind, names in body.permissions.items()}
        out = {kind: names if names == "all" else list(names) for kind, names in body.excluded.items()}
        return {"include": list(body.include), **listed, "except": out}

    def bound(found: Bound) -> list[Any]:
        return [one if isinstance(one, str) else one_set(one) for one in found.sets]

    rules = []
    for rule in policy.rules:
        body: Json = {"id": rule.id, "when": "everyone" if rule.when is None else combinations(rule.when)}
        body |= {"unless": combinations(rule.unless)} if rule.unless else {}
        body |= {"for": list(rule.types)} if rule.types is not None else {}
        body |= {"min": bound(rule.minimum)} if rule.minimum else {}
        body |= {"max": bound(rule.maximum)} if rule.maximum else {}
        body["if"] = {one.attribute: list(one.values) for one in rule.conditions}
        body["if_unknown"] = {one.attribute: one.unknown for one in rule.conditions if one.unknown}
        rules.append(body)
    resources = {}
    for kind in policy.resources.values():
        values = {
            name: "boolean" if one.values == (True, False) else list(one.values)
            for name, one in kind.attributes.items()
        }
        implies = {name: {"implies": list(more)} for name, more in kind.permissions.items()}
        resources[kind.name] = {"attributes": values, "permissions": implies}
        resources[kind.name] |= {"within": kind.within.split("+")} if kind.own else {}
    return {
        "timezone": policy.timezone,
        "roles": {role.name: {"scopes": list(role.scopes)} for role in policy.roles.values()},
        "resources": resources,
        "permission_sets": {name: one_set(body) for name, body in policy.sets.items()},
        "rules": rules,
    }


def differs(old: Json, new: Json) -> bool:
    """Say whether any reachable cell differs, told apart by all that either policy asks about."""
    renamed = [rule | {"id": f"new {rule['id']}"} for rule in new["rules"]]
    renamed_sets = new["permission_sets"] | old["permission_sets"]
    both = old | {"rules": [*old["rules"], *renamed], "permission_sets": renamed_sets}
    before, after, told = Language(old), Language(new), Language(both)
    for name, kind in told.types.items():
        states = [dict(one) for one in walked.value_combinations(told, kind)]
        for roles in walked.role_combinations(told, kind):
            for values in states:
                held = Held(roles)
                if effective(before, name, held, values) != effective(after, name, held, values):
                    return True
    return False


@parts(10)
def test_equivalence_is_what_looking_at_each_cell_gives(seeds: range) -> None:
    """Without a test every mutant is refused, the same, or survives; each verdict is that of brute force."""
    fates: Counter[str] = Counter()
    for rng, policy in policies(seeds):
        table, old = load_table(policy), written(policy)
        words = sorted({one.family for one in mutants(policy)})
        outcomes = mutate(policy, table, [], rng.choice(words)).outcomes
        for one in strategies.some(rng, outcomes, 1, 10) if outcomes else []:
            fates[one.fate] += 1
            new = written(one.mutant.policy)
            told = differs(old, new)
            if one.fate == "equivalent":
                assert not told, (one.mutant.before, one.mutant.after)
            elif one.fate == "survived":
                assert told == bool(one.changes(table, policy)), (one.mutant.before, one.mutant.after)
                assert told or one.only_in_doubt(table, policy)
            else:
                assert one.fate == "refused"
                assert oracle.refused(new | {"rules": overridden(policy, one.mutant.policy, new)}) or torn(new)
    assert fates["equivalent"]
    assert fates["survived"]


def overridden(old: Policy, changed: Policy, new: Json) -> list[Json]:  # noqa: ARG001 - says where the rules are from
    """Return the rules of a policy with what they override."""
    mine = {rule.id: rule.overrides for rule in changed.rules}
    return [
        rule | {"overrides": mine[rule["id"]] if mine[rule["id"]] == "all" else list(mine[rule["id"]])}
        for rule in new["rules"]
    ]


def torn(new: Json) -> bool:
    """Say whether a rule contradicts itself."""
    return bool(oracle.own_conflicts(new))


def test_every_mutant_is_another_text() -> None:
    """No mutant is the policy as it was, and no two of a family are the same."""
    for _, policy in policies(range(4)):
        texts = Counter(repr((one.family, written(one.policy))) for one in mutants(policy))
        as_it_was = repr(written(policy))
        assert not [text for text in texts if text.endswith(f"{as_it_was})")]
        assert max(texts.values()) == 1
