"""Mistakes in what a rule speaks of: a forgotten `if`, another value, a type too many or too few."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec.structs import replace

from rolecall.analysis.mutants.mutant import Mutant, with_rule
from rolecall.loader.resources import attribute_values
from rolecall.policy import Condition, Policy, ResourceType, Rule, knows
from rolecall.wording import value_name


def conditions(policy: Policy) -> Iterator[Mutant]:
    """Forget an `if`, ask for another value of its attribute, or let an unknown one count the other way."""
    for rule in policy.rules:
        for number, one in enumerate(rule.conditions):
            line = _line(one, one.values)
            yield Mutant("drop-if", rule.id, one.origin, line, "", _changed(policy, rule, number, None))
            for values in _other_values(policy, rule, one):
                changed = _changed(policy, rule, number, replace(one, values=values))
                yield Mutant("other-value", rule.id, one.origin, line, _line(one, values), changed)
            now = one.unknown or ("apply" if rule.maximum is not None and rule.minimum is None else "skip")
            other: Literal["apply", "skip"] = "skip" if now == "apply" else "apply"
            before, after = (f"if_unknown: {{{one.attribute}: {word}}}" for word in (now, other))
            changed = _changed(policy, rule, number, replace(one, unknown=other))
            yield Mutant("other-unknown", rule.id, one.origin, before, after, changed)


def _other_values(policy: Policy, rule: Rule, one: Condition) -> Iterator[tuple[bool | str, ...]]:
    """Give each list of values with one more, or one less; and in place of a single one, each other one alone."""
    kinds = rule.types if rule.types is not None else tuple(policy.resources)
    known = [attribute_values(policy.resources[kind], one.attribute) or () for kind in kinds]
    for value in dict.fromkeys(value for values in known for value in values):
        less = tuple(v for v in one.values if not knows((value,), v))
        values = less if len(less) < len(one.values) else (*one.values, value)
        if values and all(knows(allowed, v) for allowed in known for v in values):
            yield values
        if len(one.values) == 1 and not knows(one.values, value):
            yield (value,)


def _has(kind: ResourceType, one: Condition) -> bool:
    """Say whether a type has the attribute, with all these values."""
    allowed = attribute_values(kind, one.attribute)
    return allowed is not None and all(knows(allowed, value) for value in one.values)


def _changed(policy: Policy, rule: Rule, number: int, one: Condition | None) -> Policy:
    """Give the policy with a condition changed, or without it."""
    rest = [*rule.conditions]
    rest[number : number + 1] = [] if one is None else [one]
    return with_rule(policy, rule, replace(rule, conditions=tuple(rest)))


def _line(one: Condition, values: tuple[bool | str, ...]) -> str:
    """Give a condition as an author writes it."""
    said = [value_name(value) for value in values]
    shown = said[0] if len(said) == 1 else f"[{', '.join(said)}]"
    return f"if: {{{one.attribute}: {shown}}}"


def types(policy: Policy) -> Iterator[Mutant]:
    """Forget a type in `for`, name one more, or forget `for` altogether."""
    for rule in policy.rules:
        wide = [
            kind.name for kind in policy.resources.values()
            if all(_has(kind, one) for one in rule.conditions)
        ]  # fmt: skip
        if rule.types is None:
            continue
        before = f"for: [{', '.join(rule.types)}]"
        ways = [tuple(one for one in rule.types if one != kind) for kind in rule.types if len(rule.types) > 1]
        ways += [(*rule.types, kind) for kind in wide if kind not in rule.types]
        for types in ways:
            changed = with_rule(policy, rule, replace(rule, types=types))
            yield Mutant("other-for", rule.id, rule.origin, before, f"for: [{', '.join(types)}]", changed)
        if len(wide) == len(policy.resources):
            yield Mutant(
                "drop-for", rule.id, rule.origin, before, "", with_rule(policy, rule, replace(rule, types=None))
            )
