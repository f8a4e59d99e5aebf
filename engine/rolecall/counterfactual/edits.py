"""Edits of the policy that would turn an answer round: each made, compiled and checked like any other policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
from msgspec.structs import replace

from rolecall.compiler import load_table
from rolecall.compiler.cuts import find_cuts
from rolecall.compiler.halves import make_table
from rolecall.compiler.reach import Reach
from rolecall.counterfactual.changes import Change
from rolecall.counterfactual.search import Turned
from rolecall.counterfactual.state import State
from rolecall.errors import PolicyError
from rolecall.policy import Bound, Combination, PermissionSet, Policy, Rule, SetExpression
from rolecall.table import Table
from rolecall.vocabulary.reasons import Cell, RuleRef

MOST_RULES = 1_000
"""With more rules than this an edit is not tried: each is a whole policy, compiled and checked."""


class Edit(msgspec.Struct, frozen=True, eq=False):
    """An edit that turns the answer round: its changes, the policy with it, and that policy compiled."""

    changes: tuple[Change, ...]
    policy: Policy
    table: Table


def edits(state: State, cell: Cell, permission: str, policy: Policy, turned: Turned) -> Iterator[Edit]:
    """Give the edits of rules that decide here and that would turn the answer round; a policy that is refused is none.

    `permission` is what is to be allowed, or taken away where the cell allows it.
    """
    give = permission not in cell.permissions
    seen: set[tuple[Change, ...]] = set()
    for wanted in _denying(state, cell, permission) if not give else _allowing(state, cell, permission):
        if wanted in seen or any(_idle(state, policy, one) for one in wanted):
            continue
        seen.add(wanted)
        edited, changes = _overriding(_edited(policy, wanted, state.kind.name), wanted)
        try:
            table = load_table(edited)
        except PolicyError:
            continue
        if turned(replace(state, kind=table.types[state.kind.name]).cell()):
            yield Edit(changes, edited, table)


def _allowing(state: State, cell: Cell, permission: str) -> Iterator[tuple[Change, ...]]:
    """Give what would let a permission through: add it to what caps, spare somebody, drop the cap; or give it."""
    cutting = [rule for rule, left in cell.capped if permission not in left]
    giving = [rule for rule, names in cell.given if permission in names]
    adds = tuple(_change("max-adds", rule, permission=permission) for rule in cutting)
    if giving and cutting:
        yield adds
        for role, scope in _nearest(state):
            yield tuple(_change("max-unless", rule, role=role, scope=scope) for rule in cutting)
        yield tuple(_change("max-dropped", rule) for rule in cutting)
    if not giving:
        for rule, _ in cell.given:
            yield (_change("min-adds", rule, permission=permission), *adds)


def _denying(state: State, cell: Cell, permission: str) -> Iterator[tuple[Change, ...]]:
    """Give what would take a permission away: out of what gives it, an exception, or no such rule."""
    giving = [rule for rule, names in cell.given if permission in names]
    yield tuple(_change("min-loses", rule, permission=permission) for rule in giving)
    for role, scope in _nearest(state):
        yield tuple(_change("min-unless", rule, role=role, scope=scope) for rule in giving)
    yield tuple(_change("min-dropped", rule) for rule in giving)


def _idle(state: State, policy: Policy, change: Change) -> bool:
    """Say whether an `unless` would leave a rule that never applies: dropping it says so more plainly."""
    when = next(rule.when for rule in policy.rules if rule.id == change.rule)
    if not change.kind.endswith("-unless") or when is None:
        return False
    spared, reach = state.atoms.bit[change.role, change.scope], Reach(state.atoms, state.kind.location_scopes)
    return all(reach.close(state.atoms.mask(one.pairs)) & spared for one in when)


def _change(kind: str, rule: RuleRef, **more: str) -> Change:
    return Change(kind, rule=rule.id, at=str(rule.origin), **more)  # type: ignore[arg-type]  # kinds of edits


def _nearest(state: State) -> Iterator[tuple[str, str]]:
    """Give each login role held here beyond doubt, at its nearest scope."""
    order = ("resource", "student", "section", "school", "district", "anywhere")
    best: dict[str, str] = {}
    for one in sorted(state.roles, key=lambda role: order.index(role.scope)):
        if not one.doubt and one.role in state.atoms.login_roles:
            best.setdefault(one.role, one.scope)
    yield from best.items()


# making them


def _edited(policy: Policy, changes: tuple[Change, ...], kind: str) -> Policy:
    for change in changes:
        policy = _MAKING[change.kind](policy, change, kind)
    return policy


def _overriding(policy: Policy, changes: tuple[Change, ...]) -> tuple[Policy, tuple[Change, ...]]:
    """Let each `max` that would newly cut what is given override it, as the check would ask for."""
    given = {one.rule for one in changes if one.kind == "min-adds"}
    if not given:
        return policy, changes
    needed: dict[str, list[str]] = {}
    for cut in find_cuts(policy, make_table(policy), allowed_too=False):
        if cut.floor.id in given:
            needed.setdefault(cut.floor.id, []).append(cut.ceiling.id)
    for floor, ceilings in needed.items():
        for ceiling in ceilings:
            policy = _with_rule(policy, ceiling, _overrides(floor))
    return policy, tuple(replace(one, overrides=tuple(needed.get(one.rule, ()))) for one in changes)


def _overrides(floor: str) -> Callable[[Rule], Rule]:
    def change(rule: Rule) -> Rule:
        return rule if rule.overrides == "all" else replace(rule, overrides=(*rule.overrides, floor))

    return change


def _with_rule(policy: Policy, name: str, change: Callable[[Rule], Rule | None]) -> Policy:
    rules = [change(rule) if rule.id == name else rule for rule in policy.rules]
    return replace(policy, rules=tuple(rule for rule in rules if rule is not None))


def _adding(side: str) -> Callable[[Policy, Change, str], Policy]:
    def made(policy: Policy, change: Change, kind: str) -> Policy:
        def more(rule: Rule) -> Rule:
            bound = rule.minimum if side == "minimum" else rule.maximum
            if bound is None:
                return rule
            one = PermissionSet((), {kind: (change.permission,)}, {}, bound.origin)
            return _bounded(rule, side, (*bound.sets, one))

        return _with_rule(policy, change.rule, more)

    return made


def _bounded(rule: Rule, side: str, sets: SetExpression) -> Rule:
    bound = rule.minimum if side == "minimum" else rule.maximum
    if bound is None:
        return rule
    new = Bound(sets, bound.origin)
    return replace(rule, minimum=new) if side == "minimum" else replace(rule, maximum=new)


def _loses(policy: Policy, change: Change, kind: str) -> Policy:
    """Take a permission, and what implies it, out of a rule's `min`: `{include: […], except: {TYPE: [P]}}`."""
    named = dict(policy.sets)
    rule = next(one for one in policy.rules if one.id == change.rule)
    if rule.minimum is None:
        return policy
    include: list[str] = []
    for number, one in enumerate(rule.minimum.sets):
        if isinstance(one, str):
            include += [one] if one != "none" else []
        else:
            name = f"what-{rule.id}-gives-{number}"
            named[name] = one
            include.append(name)
    out = PermissionSet(tuple(include), {}, {kind: (change.permission,)}, rule.minimum.origin)
    changed = _with_rule(policy, change.rule, lambda one: _bounded(one, "minimum", (out,)))
    return replace(changed, sets=named)


def _unless(policy: Policy, change: Change, kind: str) -> Policy:  # noqa: ARG001 - as every edit is called
    def more(rule: Rule) -> Rule:
        return replace(rule, unless=(*rule.unless, Combination(((change.role, change.scope),), rule.origin)))

    return _with_rule(policy, change.rule, more)


def _dropped(side: str) -> Callable[[Policy, Change, str], Policy]:
    def made(policy: Policy, change: Change, kind: str) -> Policy:  # noqa: ARG001 - as every edit is called
        def less(rule: Rule) -> Rule | None:
            left = replace(rule, minimum=None) if side == "minimum" else replace(rule, maximum=None, overrides=())
            return left if left.minimum or left.maximum else None

        return _with_rule(policy, change.rule, less)

    return made


_MAKING: dict[str, Callable[[Policy, Change, str], Policy]] = {
    "max-adds": _adding("maximum"),
    "min-adds": _adding("minimum"),
    "max-unless": _unless,
    "min-unless": _unless,
    "max-dropped": _dropped("maximum"),
    "min-dropped": _dropped("minimum"),
    "min-loses": _loses,
}
