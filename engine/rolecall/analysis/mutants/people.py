"""Mistakes in whom a rule speaks of: a wider scope, a role too few, the wrong designation, a forgotten `unless`."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from rolecall.analysis.mutants.mutant import Mutant, with_rule
from rolecall.loader.rules import scopes_of
from rolecall.policy import Combination, Policy, Rule
from rolecall.vocabulary.roles import INSIDE


def _combinations(policy: Policy) -> Iterator[tuple[Rule, str, int, Combination]]:
    for rule in policy.rules:
        for key, found in (("when", rule.when or ()), ("unless", rule.unless)):
            for number, one in enumerate(found):
                yield rule, key, number, one


def _recombined(
    policy: Policy, rule: Rule, key: str, number: int, pairs: tuple[tuple[str, str], ...] | None
) -> tuple[str, str, Policy]:
    """Give the lines before and after, and the policy, where one combination has other pairs, or is gone (None)."""
    found = list((rule.when or ()) if key == "when" else rule.unless)
    before = _listed(key, found)
    if pairs is None:
        del found[number]
    else:
        found[number] = Combination(pairs, found[number].origin)
    changed = replace(rule, when=tuple(found)) if key == "when" else replace(rule, unless=tuple(found))
    return before, _listed(key, found), with_rule(policy, rule, changed)


def _listed(key: str, found: list[Combination]) -> str:
    said = [str(one) for one in found]
    return "" if not said else f"{key}: {said[0]}" if len(said) == 1 else f"{key}: [{', '.join(said)}]"


def other_scope(policy: Policy) -> Iterator[Mutant]:
    """Ask for a role at another scope: wider or narrower."""
    scopes = scopes_of(policy)
    for rule, key, number, one in _combinations(policy):
        for place, (role, scope) in enumerate(one.pairs):
            for other in scopes[role]:
                pairs = (*one.pairs[:place], (role, other), *one.pairs[place + 1 :])
                if other != scope:
                    lines = _recombined(policy, rule, key, number, pairs)
                    yield Mutant("other-scope", rule.id, one.origin, *lines)


def other_role(policy: Policy) -> Iterator[Mutant]:
    """Ask for a role that is easily taken for another: what lies inside it, what it lies inside, its sibling."""
    scopes = scopes_of(policy)
    families = [{outer, *inner} for outer, inner in INSIDE.items()]
    for rule, key, number, one in _combinations(policy):
        for place, (role, scope) in enumerate(one.pairs):
            for other in sorted(name for family in families if role in family for name in family):
                taken = {(name, at) for name, at in one.pairs}
                if other != role and scope in scopes[other] and (other, scope) not in taken:
                    pairs = (*one.pairs[:place], (other, scope), *one.pairs[place + 1 :])
                    yield Mutant("other-role", rule.id, one.origin, *_recombined(policy, rule, key, number, pairs))


def drop_role(policy: Policy) -> Iterator[Mutant]:
    """Forget one of the roles that a combination asks for together."""
    for rule, key, number, one in _combinations(policy):
        for place in range(len(one.pairs)) if len(one.pairs) > 1 else ():
            pairs = (*one.pairs[:place], *one.pairs[place + 1 :])
            yield Mutant("drop-role", rule.id, one.origin, *_recombined(policy, rule, key, number, pairs))


def drop_combination(policy: Policy) -> Iterator[Mutant]:
    """Forget one of several combinations, or an `unless`."""
    for rule, key, number, one in _combinations(policy):
        if key == "unless" or len(rule.when or ()) > 1:
            family = "drop-unless" if key == "unless" else "drop-combination"
            yield Mutant(family, rule.id, one.origin, *_recombined(policy, rule, key, number, None))


def everyone(policy: Policy) -> Iterator[Mutant]:
    """Give to everyone what a rule gives to some."""
    for rule in policy.rules:
        if rule.when is not None:
            before = _listed("when", [*rule.when])
            changed = with_rule(policy, rule, replace(rule, when=None))
            yield Mutant("everyone", rule.id, rule.when[0].origin, before, "when: everyone", changed)
