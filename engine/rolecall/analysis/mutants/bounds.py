"""Mistakes in what a rule gives or takes: a permission more or less, `max` for `min`, no rule at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from msgspec.structs import replace

from rolecall.analysis.mutants.mutant import Mutant, with_rule
from rolecall.compiler.sets import Sets
from rolecall.policy import Bound, PermissionSet, Policy, Rule

Side = Literal["minimum", "maximum"]
_WORD: Final = {"minimum": "min", "maximum": "max"}
_SIDES: Final[tuple[Side, ...]] = ("minimum", "maximum")
_BASE: Final = "as it was: "


def drop_rule(policy: Policy) -> Iterator[Mutant]:
    """Give the policy without one of its rules."""
    for rule in policy.rules:
        yield Mutant("drop-rule", rule.id, rule.origin, f"id: {rule.id}", "", with_rule(policy, rule, None))


def _bounds(policy: Policy) -> Iterator[tuple[Rule, Side, Bound, list[str], dict[str, int]]]:
    """Give every bound with the types that its rule speaks of, and its permissions as masks."""
    sets = Sets(policy)
    for rule in policy.rules:
        for side in _SIDES:
            bound = rule.minimum if side == "minimum" else rule.maximum
            if bound is not None:
                kinds = list(policy.resources) if rule.types is None else [*rule.types]
                yield rule, side, bound, kinds, sets.union(bound.sets)


def _rebound(rule: Rule, side: Side, bound: Bound | None) -> Rule:
    return replace(rule, minimum=bound) if side == "minimum" else replace(rule, maximum=bound)


def drop_permission(policy: Policy) -> Iterator[Mutant]:
    """Take one permission out of a bound, with those that imply it."""
    for rule, side, bound, kinds, masks in _bounds(policy):
        # A set names sets only: each that is written in place gets a name that no author can give.
        named = {f"{_BASE}{n}": one for n, one in enumerate(bound.sets) if isinstance(one, PermissionSet)}
        include = tuple(one if isinstance(one, str) else f"{_BASE}{n}" for n, one in enumerate(bound.sets))
        for kind in kinds:
            for number, name in enumerate(policy.resources[kind].permissions):
                if masks.get(kind, 0) >> number & 1:
                    less = PermissionSet(include, {}, {kind: (name,)}, bound.origin)
                    changed = with_rule(policy, rule, _rebound(rule, side, Bound((less,), bound.origin)))
                    said = _said(bound)
                    yield Mutant(
                        "drop-permission", rule.id, bound.origin, f"{_WORD[side]}: {said}",
                        f"{_WORD[side]}: {said}, without {kind}.{name}", replace(changed, sets=policy.sets | named),
                    )  # fmt: skip


def add_permission(policy: Policy) -> Iterator[Mutant]:
    """Add one permission to a bound, with those that it implies."""
    for rule, side, bound, kinds, masks in _bounds(policy):
        for kind in kinds:
            for number, name in enumerate(policy.resources[kind].permissions):
                if not masks.get(kind, 0) >> number & 1:
                    more = PermissionSet((), {kind: (name,)}, {}, bound.origin)
                    changed = _rebound(rule, side, Bound((*bound.sets, more), bound.origin))
                    said = _said(bound)
                    yield Mutant(
                        "add-permission", rule.id, bound.origin, f"{_WORD[side]}: {said}",
                        f"{_WORD[side]}: {said}, and {kind}.{name}", with_rule(policy, rule, changed),
                    )  # fmt: skip


def swap_bounds(policy: Policy) -> Iterator[Mutant]:
    """Write `max` for `min`, or `min` for `max`."""
    for rule in policy.rules:
        bound = rule.minimum or rule.maximum
        if bound is not None:
            changed = replace(rule, minimum=rule.maximum, maximum=rule.minimum)
            one, other = ("min", "max") if rule.minimum else ("max", "min")
            said = _said(bound)
            yield Mutant(
                "swap-bounds", rule.id, bound.origin, f"{one}: {said}", f"{other}: {said}",
                with_rule(policy, rule, changed),
            )  # fmt: skip


def _said(bound: Bound) -> str:
    """Give a bound as an author writes it."""
    said = [one if isinstance(one, str) else _set_said(one) for one in bound.sets]
    return "none" if not said else said[0] if len(said) == 1 else f"[{', '.join(said)}]"


def _set_said(one: PermissionSet) -> str:
    def per_type(given: dict[str, tuple[str, ...] | Literal["all"]]) -> list[str]:
        listed = {kind: "all" if names == "all" else f"[{', '.join(names)}]" for kind, names in given.items()}
        return [f"{kind}: {names}" for kind, names in listed.items()]

    said = [f"include: [{', '.join(one.include)}]"] if one.include else []
    said += per_type(one.permissions)
    said += [f"except: {{{', '.join(per_type(one.excluded))}}}"] if one.excluded else []
    return f"{{{', '.join(said)}}}"
