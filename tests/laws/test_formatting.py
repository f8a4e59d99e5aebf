"""Laying out and mending keep what a file means and every comment, however it was written."""

import random
import re
from pathlib import Path

import pytest
import strategies
from laws.engine import Json
from laws.pairs import Both, Pair
from rendering import rendered, shuffled
from rolecall.analysis.layout import format_source
from rolecall.analysis.lint import fix_sources
from rolecall.loader import merge_sources
from rolecall.loader.nodes import parse
from rolecall.vocabulary.origin import Source

COMMENT = re.compile(r"#[ !]*(c\d+[^\r\n]*)")
MANY = [pytest.param(range(n, n + 2_500), marks=pytest.mark.full) for n in range(10_000, 20_000, 2_500)]
SOME = [pytest.param(range(n, n + 150), marks=pytest.mark.full) for n in range(10_000, 11_500, 150)]


def comments(text: str) -> list[str]:
    """Give the comments that were written: each has a number."""
    return sorted(one.rstrip() for one in COMMENT.findall(text))


def few_rules(rng: random.Random, *, loadable: bool, most: int = 4) -> Json:
    """Give a policy with few rules, for most of the time goes into long ones."""
    policy = strategies.random_policy(rng, loadable=loadable)
    rules = policy["rules"][:most]
    kept = {rule["id"] for rule in rules}
    for rule in rules:
        if isinstance(rule.get("overrides"), list):
            rule["overrides"] = [name for name in rule["overrides"] if name in kept] or "all"
    return policy | {"rules": rules}


def written(seed: int) -> tuple[Json, str]:
    """Give a policy and one way to write it; three of four have few rules."""
    rng = random.Random(f"written:{seed}")
    policy = few_rules(rng, loadable=False, most=4 if seed % 4 else 99)
    return policy, rendered(rng, shuffled(rng, policy), comments=rng.choice([0, 5, 12, 30]))


@pytest.mark.parametrize("seeds", [range(60), *MANY], ids=lambda seeds: f"{seeds.start}-{seeds.stop}")
def test_a_layout_keeps_values_and_comments(seeds: range) -> None:
    """Each file reads as the same policy, has the same comments, and is laid out the same a second time."""
    said = moved = 0
    for seed in seeds:
        policy, text = written(seed)
        new, findings = format_source(Source("policy.yaml", text))
        assert new is not None, (seed, findings)
        root = parse(Source("policy.yaml", new), [])
        assert root is not None, seed
        assert root.data() == policy, seed
        assert [*root.data()] == [*policy], seed
        assert comments(new) == comments(text), seed
        assert ("\r\n" in new) == ("\r\n" in text), seed
        if seed % 3 == 0:
            assert format_source(Source("policy.yaml", new)) == (new, []), seed
        said, moved = said + len(comments(text)), moved + (new != text)
    assert said > 3 * len(seeds)
    assert moved > len(seeds) / 2


@pytest.mark.parametrize("seeds", [range(6), *SOME], ids=lambda seeds: f"{seeds.start}-{seeds.stop}")
def test_mending_keeps_answers_and_comments(seeds: range) -> None:
    """After `--fix` no cell of the plain specification differs, no comment is gone, and nothing more is mended."""
    mended = cells = 0
    for seed in seeds:
        rng = random.Random(f"mended:{seed}")
        policy = few_rules(rng, loadable=True)
        source = Source("policy.yaml", rendered(rng, shuffled(rng, policy), comments=rng.choice([0, 3, 8])))
        if merge_sources([source], [], Path("policy.yaml"))[0] is None:
            continue  # a rule that is not among the few was named
        fixed = fix_sources([source], Path("policy.yaml"))
        text = fixed.sources[0].text
        assert comments(text) == comments(source.text), seed
        root = parse(fixed.sources[0], [])
        assert root is not None, seed
        after = root.data()
        for name in policy["resources"]:
            walked = Both(Pair(policy, after), name).cells()
            cells += len(walked or ())
            assert not any(any(cell.moved().values()) for cell in walked or ()), (seed, name, fixed.done)
        assert fix_sources(fixed.sources, Path("policy.yaml")).changed == (), seed
        mended += bool(fixed.done)
    assert mended > len(seeds) / 4
    assert cells > len(seeds)
