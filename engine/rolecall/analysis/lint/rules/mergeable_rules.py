"""Two rules that would better be one: they overlap, or differ in nothing but whom they speak of.

Two floors for the same people in the same states that both give some permission say it twice: whoever takes it out of
one of them changes nothing. And two rules that differ in nothing but `when`, with the same `because`, are a list of
combinations.

Bad:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: {view: , edit: {implies: [view]}}}}
    rules:
      - id: teachers-see-the-class
        because: Those who work in a class see it.
        when: {teacher: section}
        min: {section: [view]}
      - id: staff-see-the-class
        because: Those who work in a class see it.
        when: {staff: school}
        min: {section: [view]}
      - id: district-administrators-edit
        because: District administrators mend what is wrong in a class.
        when: {district_admin: district}
        min: {section: [edit]}

Good:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: {view: , edit: {implies: [view]}}}}
    rules:
      - id: educators-see-the-class
        because: Those who work in a class see it.
        when: [{teacher: section}, {staff: school}]
        min: {section: [view]}
      - id: district-administrators-edit
        because: District administrators mend what is wrong in a class.
        when: {district_admin: district}
        min: {section: [edit]}
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.analysis.lint.context import Context
from rolecall.analysis.lint.problem import Problem
from rolecall.policy import Combination, Condition, Rule
from rolecall.vocabulary.origin import Finding


def find(context: Context) -> Iterator[Problem]:
    """Compare each rule with those before it; one that is redundant has been told."""
    told = context.redundant | context.dead
    rules = [rule for rule in context.policy.rules if rule.id not in told]
    same_people: dict[object, list[Rule]] = {}
    same_effect: dict[object, Rule] = {}
    for rule in rules:
        state = (frozenset(_pairs(rule.unless)), frozenset(map(_condition, rule.conditions)))
        whom = (rule.when is None, frozenset(_pairs(rule.when or ())), state)
        before = same_people.setdefault(whom, []) if rule.minimum and not rule.maximum else []
        other = next((one for one in before if _overlap(context, one.id, rule.id)), None)
        before.append(rule)
        if other:
            yield _say(other, rule, "give the same people some of the same", "write one rule with both `min`")
            continue
        does = frozenset((kind.name, ceiling, half.permissions) for kind, ceiling, half in context.halves[rule.id])
        effect = (does, state, rule.because.casefold().split(), rule.overrides, rule.when is None)
        other = same_effect.setdefault(repr(effect), rule)
        if other is not rule:
            yield _say(other, rule, "differ in nothing but `when`", "write one rule, with a list of combinations")


def _say(one: Rule, other: Rule, what: str, fix: str) -> Problem:
    message = f"the rules `{one.id}` and `{other.id}` {what}"
    details = (("first", f"rule `{one.id}` at {one.origin}"),)
    return Problem(Finding("mergeable-rules", message, other.origin, "warning", details, (fix,)))


def _pairs(combinations: tuple[Combination, ...]) -> list[tuple[tuple[str, str], ...]]:
    return [one.pairs for one in combinations]


def _condition(one: Condition) -> tuple[str, frozenset[str], str]:
    return (one.attribute, frozenset(map(repr, one.values)), one.unknown)


def _overlap(context: Context, one: str, other: str) -> bool:
    """Say whether two floors give the same permission on some type."""
    given = {kind.name: half.permissions for kind, _, half in context.halves[one]}
    return any(given.get(kind.name, 0) & half.permissions for kind, _, half in context.halves[other])
