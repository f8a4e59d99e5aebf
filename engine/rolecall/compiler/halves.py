"""Rules to bits: each bound of each rule, for each resource type that it speaks of."""

from __future__ import annotations

from rolecall.compiler.sets import Sets
from rolecall.policy import TERM_VALUES, Policy, ResourceType, Rule
from rolecall.table import AttributeCode, Half, Table, TypeTable
from rolecall.vocabulary.reasons import RuleRef
from rolecall.vocabulary.roles import Atoms


def make_table(policy: Policy) -> Table:
    """Compile a policy whose names were checked."""
    atoms = Atoms({role.name: role.scopes for role in policy.roles.values()})
    sets = Sets(policy)
    refs = {rule.id: RuleRef(rule.id, rule.origin, rule.because) for rule in policy.rules}
    bounds = {
        (rule.id, side): sets.union(bound.sets)
        for rule in policy.rules
        for side, bound in (("min", rule.minimum), ("max", rule.maximum))
        if bound
    }
    types = []
    for kind in policy.resources.values():
        codes = attribute_codes(kind, policy, 2 * atoms.width)
        halves: dict[str, list[Half]] = {"min": [], "max": []}
        for rule in policy.rules:
            if rule.types is not None and kind.name not in rule.types:
                continue
            for side in ("min", "max"):
                if (rule.id, side) in bounds:
                    mask = bounds[rule.id, side].get(kind.name, 0)
                    halves[side].append(make_half(rule, side, refs[rule.id], mask, codes, atoms))
        types.append(
            TypeTable(
                kind.name,
                kind.within,
                tuple(kind.permissions),
                codes,
                tuple(halves["min"]),
                tuple(halves["max"]),
                atoms,
            ),
        )
    return Table(policy.application, policy.timezone, policy.digest, atoms, types)


def make_half(
    rule: Rule, side: str, ref: RuleRef, permissions: int, codes: tuple[AttributeCode, ...], atoms: Atoms
) -> Half:
    """Compile one bound. Where an attribute is unknown a `min` skips and a `max` applies, unless the author says."""
    when = (0,) if rule.when is None else tuple(dict.fromkeys(atoms.mask(one.pairs) for one in rule.when))
    unless = tuple(dict.fromkeys(atoms.mask(one.pairs) for one in rule.unless))
    positions = {code.name: number for number, code in enumerate(codes)}
    states = []
    for condition in rule.conditions:
        code = codes[positions[condition.attribute]]
        allowed = 0
        for value in condition.values:
            allowed |= 1 << code.code(value)
        unknown = condition.unknown or ("skip" if side == "min" else "apply")
        states.append((positions[condition.attribute], allowed | (unknown == "apply")))
    return Half(ref, when, unless, tuple(states), permissions)


def attribute_codes(kind: ResourceType, policy: Policy, shift: int) -> tuple[AttributeCode, ...]:
    """Number the attributes that some rule for this type asks about, from bit `shift` on; `term` comes last."""
    asked = {
        condition.attribute
        for rule in policy.rules
        if rule.types is None or kind.name in rule.types
        for condition in rule.conditions
    }
    codes = []
    for name, values in [*((a.name, a.values) for a in kind.attributes.values()), ("term", TERM_VALUES)]:
        if name in asked:
            codes.append(AttributeCode.make(name, values, shift))
            shift += codes[-1].width
    return tuple(codes)
