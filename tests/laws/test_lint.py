"""What lint says about rules and permissions is what looking at every cell of the plain specification says."""

import json
import random
import re
from pathlib import Path

import pytest
import strategies
from laws.engine import Json
from laws.pairs import Both, Pair
from rolecall.analysis.lint import lint
from rolecall.loader import merge_sources
from rolecall.vocabulary.origin import Finding, Source

FULL = [pytest.param(range(start, start + 100), marks=pytest.mark.full) for start in range(1000, 1400, 100)]
NAMES = re.compile("`([^`]+)`")


def findings(policy: Json) -> list[Finding]:
    """Give what lint finds."""
    source = Source("policy.yaml", json.dumps(policy))
    read, found = merge_sources([source], [], Path("policy.yaml"))
    assert read is not None, found
    return [one.finding for one in lint(read, [source])]


def about(found: list[Finding], *codes: str) -> set[tuple[str, str]]:
    """Give the permissions that findings name, each with its type, which they name last."""
    said = [
        NAMES.findall(one.message.partition(": ")[0].partition(", students")[0]) for one in found if one.code in codes
    ]
    return {(name, kind) for *names, kind in said for name in names}


def generated(seed: int) -> Json:
    """Give a policy; every other one is small, so that all of its cells are looked at."""
    rng = random.Random(f"lint:{seed}")
    policy = strategies.random_policy(rng, loadable=False)
    if seed % 2:
        kinds = strategies.some(rng, policy["resources"], 1, 2)
        rules = [rule for rule in policy["rules"] if "for" not in rule][:4]
        small = policy | {"rules": rules, "resources": {name: policy["resources"][name] for name in kinds}}
        small.pop("permission_sets", None)
        spoken = repr([(rule.get("min"), rule.get("max")) for rule in rules])
        gone = [name for name in (*policy["resources"], *policy.get("permission_sets", {})) if name not in kinds]
        if rules and not any(f"'{name}'" in spoken for name in gone):
            return small
    return policy


@pytest.mark.parametrize("seeds", [range(8), *FULL], ids=lambda seeds: f"{seeds.start}-{seeds.stop}")
def test_permissions_that_nobody_or_everybody_has(seeds: range) -> None:
    """Told exactly where, of every reachable cell, none allows it, or all do."""
    looked_at = nobody = everybody = 0
    for seed in seeds:
        policy = generated(seed)
        found = findings(policy)
        none, every = about(found, "nobody-has", "never-granted"), about(found, "everyone-has")
        for name, kind in policy["resources"].items():
            cells = Both(Pair(policy, policy), name).cells()
            if cells is None:
                continue
            looked_at += 1
            for permission in kind["permissions"]:
                has = [permission in cell.before for cell in cells]
                assert ((permission, name) in none) is not any(has), (seed, name, permission)
                assert ((permission, name) in every) is all(has), (seed, name, permission)
                nobody, everybody = nobody + (not any(has)), everybody + all(has)
    assert looked_at > len(seeds) / 2
    assert min(nobody, everybody) > len(seeds) / 25


@pytest.mark.parametrize("seeds", [range(8), *FULL], ids=lambda seeds: f"{seeds.start}-{seeds.stop}")
def test_rules_that_nothing_needs(seeds: range) -> None:
    """Told exactly where no cell differs without the rule; those are kept that somebody needs whose roles are doubtful."""
    needless = needed = doubted = 0
    for seed in seeds:
        policy = generated(seed)
        found = findings(policy)
        told = {code: _rules(found, code) for code in ("redundant-rule", "idle-ceiling", "dead-rule")}
        for rule in policy["rules"]:
            less = policy | {"rules": [one for one in policy["rules"] if one is not rule]}
            boths = [Both(Pair(policy, less), name) for name in policy["resources"]]
            cells = [both.cells() for both in boths]
            redundant = rule["id"] in told["redundant-rule"] | told["idle-ceiling"]
            moved = any(any(cell.moved().values()) for several in cells for cell in several or ())
            if moved:
                assert not redundant, (seed, rule["id"])
                assert rule["id"] not in told["dead-rule"], (seed, rule["id"])
                needed += 1
            elif None not in cells:
                doubts = [both.differs_in_doubt() for both in boths] if redundant or seed % 4 == 0 else [None]
                assert not (redundant and True in doubts), (seed, rule["id"])
                if not redundant and rule["id"] not in told["dead-rule"]:
                    assert set(doubts) & {True, None}, (seed, rule["id"])
                    doubted += True in doubts
                needless += redundant
    assert min(needless, needed) > len(seeds) / 25


def _rules(found: list[Finding], code: str) -> set[str]:
    return {NAMES.findall(one.message)[0] for one in found if one.code == code}
