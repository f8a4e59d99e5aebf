"""Floors that ceilings cut: found exactly and without enumeration, told with the fixes that fit.

DESIGN section 4: a `min` that some `max` cuts in a reachable cell is an error unless the `max` rule overrides that
rule. Only the smallest reachable cells in which both rules' `when` hold need looking at (see `reach`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from rolecall.compiler.reach import Reach, Reaches
from rolecall.policy import Combination, Policy, Rule
from rolecall.table import Half, Table, TypeTable
from rolecall.vocabulary.origin import Finding
from rolecall.vocabulary.roles import HELD_AT_SCHOOL_THROUGH_SECTION


class Cut(msgspec.Struct, frozen=True, eq=False):
    """A floor that a ceiling cuts: per resource type the permissions lost, and one combination in which they are.

    `allowed` is `overrides`, `state` (a `max` for everyone with an `if` speaks of the resource's state) or empty:
    then the cut is an error.
    """

    floor: Rule
    ceiling: Rule
    lost: dict[str, tuple[str, ...]]
    example: tuple[tuple[str, str], ...]
    allowed: str


def find_cuts(policy: Policy, table: Table, *, allowed_too: bool = True) -> Iterator[Cut]:
    """Give every cut, one for each pair of rules; without `allowed_too`, only those that are errors."""
    rules = {rule.id: rule for rule in policy.rules}
    lost: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {}
    examples: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}
    reaches = Reaches(table.atoms)
    for kind in table.types.values():
        reach = reaches[kind.location_scopes]
        for floor, ceiling in _candidates(kind):
            pair = (floor.rule.id, ceiling.rule.id)
            if pair[0] == pair[1] or (not allowed_too and _allowed(pair[0], rules[pair[1]])):
                continue
            meeting = meet(floor, ceiling, reach)
            if meeting is not None:
                gone = kind.names(floor.permissions & ~ceiling.permissions)
                lost.setdefault(pair, {})[kind.name] = tuple(name for name in kind.permissions if name in gone)
                examples.setdefault(pair, table.atoms.names(meeting))
    for (low, high), gone_by_type in lost.items():
        yield Cut(rules[low], rules[high], gone_by_type, examples[low, high], _allowed(low, rules[high]))


def _allowed(floor: str, ceiling: Rule) -> str:
    """Say why a ceiling may cut a floor: it overrides it, or speaks of the resource's state; or nothing."""
    if ceiling.overrides == "all" or floor in ceiling.overrides:
        return "overrides"
    return "state" if ceiling.when is None and ceiling.conditions else ""


def _candidates(kind: TypeTable) -> Iterator[tuple[Half, Half]]:
    """Give the pairs of which the `max` lacks something of the `min`."""
    masks = {ceiling.permissions for ceiling in kind.maxima}
    for floor in kind.minima:
        if any(floor.permissions & ~mask for mask in masks):
            yield from ((floor, ceiling) for ceiling in kind.maxima if floor.permissions & ~ceiling.permissions)


def meet(floor: Half, ceiling: Half, reach: Reach) -> int | None:
    """Give a smallest reachable cell in which both bounds apply, or None where there is none."""
    states = dict(floor.states)
    if any(position in states and not states[position] & allowed for position, allowed in ceiling.states):
        return None
    unless = (*floor.unless, *ceiling.unless)
    for low in floor.when:
        for high in ceiling.when:
            cell = reach.meets(low | high, unless)
            if cell is not None:
                return cell
    return None


def own_conflicts(policy: Policy, table: Table) -> Iterator[Finding]:
    """Report rules whose own `min` exceeds their own `max` on a type that they speak of."""
    for rule in policy.rules:
        if not rule.minimum or not rule.maximum:
            continue
        over = []
        for kind in table.types.values():
            low = next((half.permissions for half in kind.minima if half.rule.id == rule.id), 0)
            high = next((half.permissions for half in kind.maxima if half.rule.id == rule.id), 0)
            gone = kind.names(low & ~high)
            over += [f"{kind.name}.{name}" for name in kind.permissions if name in gone]
        if over:
            message = f"the `min` of rule `{rule.id}` gives what its own `max` takes away"
            helps = ("take them out of `min`, or add them to `max`; `for` narrows the types that the rule speaks of",)
            details = (("exceeds", ", ".join(over)),)
            yield Finding("own-conflict", message, rule.maximum.origin, details=details, helps=helps)


def report_errors(table: Table, cuts: Iterable[Cut]) -> Iterator[Finding]:
    """Report the cuts that nobody allowed, each with the fixes that fit."""
    refused = [cut for cut in cuts if not cut.allowed]
    floors: dict[str, list[str]] = {}
    for cut in refused:
        floors.setdefault(cut.ceiling.id, []).append(cut.floor.id)
    reaches = Reaches(table.atoms)
    for cut in refused:
        if cut.ceiling.maximum:
            message = f"the maximum of `{cut.ceiling.id}` takes away what the minimum of `{cut.floor.id}` promises"
            details = (
                ("floor", f"rule `{cut.floor.id}` at {cut.floor.origin}"),
                ("ceiling", f"rule `{cut.ceiling.id}` at {cut.ceiling.origin}"),
                ("where", readable(cut.example)),
                ("loses", _said(cut.lost)),
            )
            helps = _fixes(cut, floors[cut.ceiling.id], table, reaches)
            yield Finding("floor-cut", message, cut.ceiling.maximum.origin, details=details, helps=helps)


def report_allowed(policy: Policy, cuts: Iterable[Cut]) -> Iterator[Finding]:
    """Report the cuts that are allowed as notes, and overrides that cut nothing as warnings."""
    cut_by: dict[str, set[str]] = {}
    for cut in cuts:
        cut_by.setdefault(cut.ceiling.id, set()).add(cut.floor.id)
        if cut.allowed:
            why = "by `overrides`" if cut.allowed == "overrides" else "as a matter of the resource's state"
            message = f"the maximum of `{cut.ceiling.id}` cuts the minimum of `{cut.floor.id}`, {why}"
            details = (("cuts", _said(cut.lost)), ("where", readable(cut.example)))
            yield Finding("allowed-cut", message, cut.ceiling.origin, "note", details)
    for rule in policy.rules:
        yield from _idle_overrides(rule, cut_by.get(rule.id, set()))


def _said(lost: dict[str, tuple[str, ...]]) -> str:
    """Give the permissions lost: `section: edit, grade; note: view`."""
    return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in lost.items())


def _idle_overrides(rule: Rule, cut: set[str]) -> Iterator[Finding]:
    named = [*rule.overrides] if rule.overrides != "all" else [] if cut else ["all"]
    for name in named:
        if name in cut:
            continue
        message = f"`overrides` of `{rule.id}` names `{name}`, of which it cuts nothing"
        helps = ("delete it: an override that is not needed hides the next mistake",)
        yield Finding("idle-override", message, rule.overrides_origin, "warning", helps=helps)


def readable(pairs: tuple[tuple[str, str], ...]) -> str:
    """Give a combination in words, without what goes without saying (a school or `anywhere` beside a nearer place)."""
    near = {role for role, scope in pairs if scope != "anywhere"}
    through = {
        (role, "school") for role, scope in pairs if scope == "section" and role in HELD_AT_SCHOOL_THROUGH_SECTION
    }
    said = [f"{role} at the {scope}" for role, scope in pairs if scope != "anywhere" and (role, scope) not in through]
    said += [f"{role} anywhere" for role, scope in pairs if scope == "anywhere" and role not in near]
    return "whoever is " + " and ".join(said)


def _fixes(cut: Cut, floors: list[str], table: Table, reaches: Reaches) -> tuple[str, ...]:
    """Give the `unless` that keeps the floor, then the `overrides` that lets the ceiling win, ready to paste.

    `floors` are all that the ceiling cuts without leave: where there are several, one line more mends them at once.
    """
    helps = []
    named = [kind.name for kind in table.types.values() for half in _halves(kind, cut.ceiling) if half.permissions]
    if cut.ceiling.types is None and not cut.ceiling.minimum and named and not set(named) & set(cut.lost):
        line = f"for: [{', '.join(named)}]"
        helps.append(
            f"a `max` caps what it does not name to nothing; so that it does not, {_give(cut.ceiling)}  {line}"
        )
    changed, spared = (cut.ceiling, cut.floor.when) if cut.floor.when is not None else (cut.floor, cut.ceiling.when)
    if spared is not None:
        kept = "keep the minimum" if changed is cut.ceiling else "give no minimum there"
        unless = (*changed.unless, *spared)
        if _never_applies(changed, unless, table, reaches):
            whom = " or ".join(dict.fromkeys(str(one) for one in spared))
            why = f"with `unless: {whom}` it would never apply to anybody"
            helps.append(f"to {kept}, delete rule `{changed.id}`: {why}")
        else:
            helps.append(f"to {kept}{_instead(changed.unless, 'unless')}, {_give(changed)}  {unless_line(unless)}")
    instead = _instead(cut.ceiling.overrides, "overrides")
    wins = [("", [cut.floor.id])]
    if len(floors) > 1:
        wins.append((f" over all {len(floors)} rules that it cuts", floors))
    for said, ids in wins:
        line = f"overrides: [{', '.join([*cut.ceiling.overrides, *ids])}]"
        helps.append(f"to let the maximum win{said}{instead}, {_give(cut.ceiling)}  {line}")
    return tuple(helps)


def _halves(kind: TypeTable, rule: Rule) -> list[Half]:
    """Give the bounds of a rule for one type: those of its `max`, or of its `min` where it has no `max`."""
    return [half for half in (kind.maxima if rule.maximum else kind.minima) if half.rule.id == rule.id]


def _never_applies(rule: Rule, unless: tuple[Combination, ...], table: Table, reaches: Reaches) -> bool:
    """Say whether, with such an `unless`, nobody consistent would be met by the rule any more."""
    masks = [table.atoms.mask(one.pairs) for one in unless]
    return not any(
        reaches[kind.location_scopes].meets(asked, masks) is not None
        for kind in table.types.values()
        for half in _halves(kind, rule)
        for asked in half.when
    )


def _give(rule: Rule) -> str:
    return f"give rule `{rule.id}` the line"


def _instead(own: object, key: str) -> str:
    """Say that a line takes the place of one that the rule has."""
    return f" (in place of its own `{key}`)" if own else ""


def unless_line(combinations: tuple[Combination, ...]) -> str:
    """Give an `unless` line that names the combinations, each once."""
    said = list(dict.fromkeys(str(combination) for combination in combinations))
    return f"unless: {said[0]}" if len(said) == 1 else f"unless: [{', '.join(said)}]"
