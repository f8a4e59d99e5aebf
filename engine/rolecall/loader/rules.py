"""Rules: from nodes to what the author wrote, names checked."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from typing import Literal

import msgspec

from rolecall.errors import did_you_mean
from rolecall.loader.names import Names, child, entries, items, text, texts
from rolecall.loader.nodes import Mapping, Node, Scalar
from rolecall.loader.resources import attribute_values, build_set
from rolecall.policy import ALL, Bound, Combination, Condition, PermissionSet, Policy, ResourceType, Rule, knows
from rolecall.vocabulary.origin import Finding, Origin
from rolecall.vocabulary.roles import BUILT_IN_ROLES, HELD_AT, SCOPES


class Known(msgspec.Struct, frozen=True):
    """What a rule may name: roles with the scopes at which they can be held, types, sets and rules."""

    scopes: dict[str, tuple[str, ...]]
    kinds: dict[str, ResourceType]
    sets: dict[str, Origin]
    rules: dict[str, Origin]


def known_scopes(own: MappingType[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Give every role, built in or the policy's own, with the scopes that `when` may ask for."""
    return HELD_AT | {role: (*scopes, "anywhere") for role, scopes in own.items()}


def scopes_of(policy: Policy) -> dict[str, tuple[str, ...]]:
    """Give the same of a policy that has been read."""
    return known_scopes({name: role.scopes for name, role in policy.roles.items()})


def build_rule(node: Mapping, identity: str, origin: Origin, known: Known, names: Names) -> Rule:
    """Build one rule; what is wrong with its names is reported."""
    when_node = child(node, "when")
    everyone = isinstance(when_node, Scalar)
    types = _types(child(node, "for"), known, names)
    minimum = _bound(child(node, "min"), known, names)
    maximum = _bound(child(node, "max"), known, names)
    overrides, overrides_at = _overrides(node, maximum, known, names)
    _cut_short(child(node, "because"), names)
    return Rule(
        id=identity,
        because=text(child(node, "because")) or "",
        when=None if everyone else _combinations(when_node, known, names),
        unless=_combinations(child(node, "unless"), known, names),
        types=types,
        minimum=minimum,
        maximum=maximum,
        conditions=_conditions(node, types, maximum, known, names),
        overrides=overrides,
        overrides_origin=overrides_at,
        origin=origin,
    )


def _cut_short(node: Node | None, names: Names) -> None:
    """Warn of a reason that ends at ` #`, where YAML begins a comment."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return
    at = node.origin
    line = at.source.line(at.line)
    rest = line[at.column - 1 + at.width :].lstrip()
    plain = line[at.column - 1 : at.column] not in ("'", '"', ">", "|")
    if plain and rest.startswith("#") and not node.value.endswith((".", "!", "?")):
        message = "`because` ends before the ` #`: the rest of the line is a comment"
        names.findings.append(Finding("cut-short", message, at, "warning", helps=("put the sentence in quotes",)))


def _types(node: Node | None, known: Known, names: Names) -> tuple[str, ...] | None:
    if node is None:
        return None
    found = [name for name, at in texts(node) if names.check("resource type", name, known.kinds, at)]
    return tuple(dict.fromkeys(found))


def _combinations(node: Node | None, known: Known, names: Names) -> tuple[Combination, ...]:
    found = []
    for item in items(node):
        pairs = []
        for role, value, at in entries(item):
            scope = text(value)
            if names.check("role", role, known.scopes, at) and scope:
                if scope in known.scopes[role]:
                    pairs.append((role, scope))
                elif scope in SCOPES:  # what is no scope at all has been reported
                    _impossible(role, scope, value.origin, known, names)
        if pairs:
            found.append(Combination(tuple(sorted(pairs)), item.origin))
    return tuple(found)


def _impossible(role: str, scope: str, at: Origin, known: Known, names: Names) -> None:
    """Report a scope at which nobody can ever hold the role."""
    can = known.scopes[role]
    message = f"nobody is ever `{role}` at `{scope}`"
    if role not in BUILT_IN_ROLES:
        message = f"the role `{role}` is not declared with the scope `{scope}`"
    names.error("impossible-scope", message, at, "it can be " + " or ".join(f"`{one}`" for one in can))


def _bound(node: Node | None, known: Known, names: Names) -> Bound | None:
    if node is None:
        return None
    sets: list[str | PermissionSet] = []
    for item in items(node):
        if isinstance(item, Mapping):
            sets.append(build_set(item, known.kinds, known.sets, names))
        elif (name := text(item)) is not None and (
            name in (ALL, "none") or names.check("permission set", name, known.sets, item.origin)
        ):
            sets.append(name)
    return Bound(tuple(sets), node.origin)


def _overrides(
    node: Mapping, maximum: Bound | None, known: Known, names: Names
) -> tuple[tuple[str, ...] | Literal["all"], Origin | None]:
    given = child(node, "overrides")
    if given is None:
        return (), None
    at = node.keys["overrides"]
    if maximum is None:
        message = "`overrides` says which floors a `max` may cut, and this rule has no `max`"
        names.error("needless-overrides", message, at, "delete the line")
    if isinstance(given, Scalar):
        return "all", at
    found = [name for name, place in texts(given) if names.check("rule", name, known.rules, place)]
    return tuple(dict.fromkeys(found)), at


def _conditions(
    node: Mapping, types: tuple[str, ...] | None, maximum: Bound | None, known: Known, names: Names
) -> tuple[Condition, ...]:
    unknown = {key: (text(value), at) for key, value, at in entries(child(node, "if_unknown"))}
    given = entries(child(node, "if"))
    asked = [key for key, _, _ in given]
    for key, (_, at) in unknown.items():
        if key not in asked:
            hint = did_you_mean(key, asked)
            fix = hint if hint.startswith("did you mean") else f"delete it, or ask for `{key}` in `if`"
            names.error("needless-unknown", f"`if_unknown` names `{key}`, which `if` does not", at, fix)
    found = []
    spoken = [known.kinds[name] for name in types] if types is not None else list(known.kinds.values())
    for key, value, at in given:
        said = unknown.get(key, (None, at))[0]
        if key == "term" and maximum is not None and said is None:
            fix = "add `if_unknown: {term: skip}` (no cap for a class without a term) or `{term: apply}`"
            names.error("term-unknown", "a `max` that asks about `term` must say what an unknown term does", at, fix)
        values = _values(key, value, spoken, at, names, all_types=types is None)
        found.append(Condition(key, values, "apply" if said == "apply" else "skip" if said == "skip" else "", at))
    return tuple(found)


def _values(
    key: str, node: Node, spoken: list[ResourceType], at: Origin, names: Names, *, all_types: bool
) -> tuple[bool | str, ...]:
    """Check an attribute and its values against every type that the rule speaks of."""
    lacking = [kind.name for kind in spoken if attribute_values(kind, key) is None]
    having = [kind for kind in spoken if attribute_values(kind, key) is not None]
    if lacking:
        shown = ", ".join(f"`{name}`" for name in lacking)
        known = sorted({name for kind in spoken for name in kind.attributes} | {"term"})
        has = ", ".join(kind.name for kind in having)
        fix = f"name the types that have it: `for: [{has}]`" if has else did_you_mean(key, known)
        because = " (a rule without `for` speaks of every type)" if all_types else ""
        if not names.lenient:
            names.error(
                "unknown-attribute",
                f"{shown} {'has' if len(lacking) == 1 else 'have'} no attribute `{key}`{because}",
                at,
                fix,
            )
    values: list[bool | str] = []
    for item in items(node):
        value = item.value if isinstance(item, Scalar) else None
        if not isinstance(value, bool | str):
            continue
        values.append(value)
        for kind in having:
            allowed = attribute_values(kind, key) or ()
            if not knows(allowed, value):
                _wrong_value(key, value, kind, allowed, item.origin, names)
                break
    return tuple(values)


def _wrong_value(
    key: str, value: bool | str, kind: ResourceType, allowed: tuple[bool | str, ...], at: Origin, names: Names
) -> None:
    """Report a value that the attribute never has; `yes` and `on` get their own hint."""
    shown = str(value).lower() if isinstance(value, bool) else value
    words = {"yes": "true", "on": "true", "no": "false", "off": "false", "True": "true", "False": "false"}
    if True in allowed and isinstance(value, str):
        fix = f"did you mean `{words.get(value, words.get(value.lower(), value.lower()))}`?" if value.lower() in {
            *words, "true", "false"} else "it is `true` or `false`, without quotes"  # fmt: skip
    else:
        fix = did_you_mean(shown, [one for one in allowed if isinstance(one, str)])
    names.error("unknown-value", f"`{key}` of `{kind.name}` is never `{shown}`", at, fix)
