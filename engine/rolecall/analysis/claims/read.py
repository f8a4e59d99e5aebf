"""Files of claims: text to claims. Every problem of every file is found at once, each with its place and likely fix."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Literal

from rolecall.analysis.claims.model import KINDS, Claim, Kind, State
from rolecall.errors import did_you_mean
from rolecall.loader.files import read_sources
from rolecall.loader.names import Names, child, entries, items, text, texts
from rolecall.loader.nodes import Mapping, Node, Scalar, parse
from rolecall.loader.resources import attribute_values, build_set
from rolecall.loader.rules import scopes_of
from rolecall.loader.structure import check_structure
from rolecall.policy import ALL, Bound, Combination, PermissionSet, Policy, knows
from rolecall.vocabulary.origin import Finding, Origin
from rolecall.vocabulary.roles import BUILT_IN_ROLES, SCOPES
from rolecall.wording import value_name

KEY = "rolecall-claims"
SCHEMA = "claims-1"

_BELONGS: dict[str, tuple[Kind, ...]] = {
    "as": ("at-least",),
    "where": ("separation",),
    "may": ("same", "at-least", "monotone"),
}


def read_claims(path: str | PathLike[str], policy: Policy) -> tuple[list[Claim], list[Finding]]:
    """Read the claims in a file or folder against the policy whose words they use; other files are passed over.

    Gives what was read, of use only where nothing was found.
    """
    sources, findings = read_sources(Path(path))
    findings = [one for one in findings if one.severity == "error"]  # what is passed over, the policy's loader tells
    reader = _Reader(policy, Names(findings, lenient=False))
    claims: list[Claim] = []
    for source in sources:
        if KEY not in source.text:
            continue  # parsing costs more than looking
        found: list[Finding] = []
        root = parse(source, found)
        if isinstance(root, Mapping) and next(iter(root.keys), "") != KEY:
            continue
        if root is not None:
            found += check_structure(root, SCHEMA)
        findings += found
        if root is not None and not found:
            read = [reader.claim(node) for node in items(child(root, "claims")) if isinstance(node, Mapping)]
            claims += [one for one in read if one is not None]
    findings.sort(key=lambda one: (one.place, one.code, one.message))
    return claims, findings


class _Reader:
    """Reads claims whose shape is right; what is wrong with their names is reported."""

    def __init__(self, policy: Policy, names: Names) -> None:
        self.policy, self.names = policy, names
        self.scopes = scopes_of(policy)
        self.sets = {name: body.origin for name, body in policy.sets.items()}

    def claim(self, node: Mapping) -> Claim | None:
        """Read one claim; None where it is of no kind."""
        name, at = text(child(node, "id")) or "", node.values["id"].origin
        self.names.define("claim", name, at)
        kind = self._kind(node, name, at)
        if kind is None:
            return None
        sets = self._sets(node, kind)
        combinations = self._both(node, kind, name, at)
        types, named = self._types(node, kind, sets)
        where: Literal["resource", "district"] = "district" if text(child(node, "where")) == "district" else "resource"
        self._share_a_type(kind, where, sets, name, at)
        when = child(node, "when")
        return Claim(
            id=name,
            because=text(child(node, "because")) or "",
            kind=kind,
            when=None if when is None or isinstance(when, Scalar) else self._combinations(when),
            unless=self._combinations(child(node, "unless")),
            types=types,
            named=named,
            states=self._states(child(node, "if"), types, named=named),
            sets=sets,
            combinations=combinations,
            where=where,
            origin=at,
        )

    def _kind(self, node: Mapping, name: str, at: Origin) -> Kind | None:
        """Find what it claims: exactly one thing, with the keys that belong to it."""
        found: list[Kind] = [kind for kind in KINDS if kind in node.keys]
        if len(found) != 1:
            said = "claims nothing" if not found else f"claims {len(found)} things, {' and '.join(found)}"
            fix = f"give it one of {', '.join(KINDS)}" if not found else "make a claim of each"
            self.names.error("claim-kind", f"`{name}` {said}", node.keys[found[1]] if found else at, fix)
            return None
        for key, kinds in _BELONGS.items():
            if key in node.keys and found[0] not in kinds:
                message = f"`{key}` belongs to {' and '.join(kinds)}, and `{name}` is `{found[0]}`"
                self.names.error("claim-kind", message, node.keys[key], "delete the line")
        return found[0]

    def _sets(self, node: Mapping, kind: Kind) -> tuple[Bound, ...]:
        """Read the sets of permissions that it speaks of."""
        if kind == "separation":
            return tuple(self._set(one) for one in items(child(node, kind)))
        given = child(node, kind if kind in ("never", "always") else "may")
        return (self._set(given),) if given is not None else ()

    def _set(self, node: Node) -> Bound:
        sets: list[str | PermissionSet] = []
        for item in items(node):
            if isinstance(item, Mapping):
                sets.append(build_set(item, self.policy.resources, self.sets, self.names))
            elif (name := text(item)) is not None and (
                name in (ALL, "none") or self.names.check("permission set", name, self.sets, item.origin)
            ):
                sets.append(name)
        return Bound(tuple(sets), node.origin)

    def _both(self, node: Mapping, kind: Kind, name: str, at: Origin) -> tuple[Combination, ...]:
        """Read the combinations that it compares."""
        if kind not in ("same", "at-least", "monotone"):
            return ()
        found = self._combinations(child(node, kind))
        if kind == "at-least":
            if "as" not in node.keys:
                fix = "add `as: {…}`, the roles to compare with"
                self.names.error("missing-key", f"`{name}` lacks `as`", at, fix)
            found += self._combinations(child(node, "as"))
        if len(found) == 2 and found[0].pairs == found[1].pairs:  # noqa: PLR2004 - the two that are compared
            message = f"`{name}` compares {found[0]} with itself, so it is true of every policy"
            self.names.error("claim-kind", message, found[1].origin, "write the roles to compare with")
        return found

    def _combinations(self, node: Node | None) -> tuple[Combination, ...]:
        found = []
        for item in items(node):
            pairs = []
            for role, value, at in entries(item):
                scope = text(value)
                if self.names.check("role", role, self.scopes, at) and scope in SCOPES:
                    if scope in self.scopes[role]:
                        pairs.append((role, str(scope)))
                    else:
                        self._impossible(role, str(scope), value.origin)
            if pairs:
                found.append(Combination(tuple(sorted(pairs)), item.origin))
        return tuple(found)

    def _impossible(self, role: str, scope: str, at: Origin) -> None:
        message = f"nobody is ever `{role}` at `{scope}`"
        if role not in BUILT_IN_ROLES:
            message = f"the role `{role}` is not declared with the scope `{scope}`"
        can = " or ".join(f"`{one}`" for one in self.scopes[role])
        self.names.error("impossible-scope", message, at, f"it can be {can}")

    def _types(self, node: Mapping, kind: Kind, sets: tuple[Bound, ...]) -> tuple[tuple[str, ...], bool]:
        """Give the types it speaks of: those that `for` names, those that its sets name, or all."""
        kinds = self.policy.resources
        if "for" in node.keys:
            found = [
                name for name, at in texts(child(node, "for")) if self.names.check("resource type", name, kinds, at)
            ]
            self._leaves_out(found, kind, sets, node.keys["for"])
            return tuple(dict.fromkeys(found)), True
        if kind in ("never", "always", "separation") or sets:
            named = {name for bound in sets for name in self._named(bound)}
            return tuple(name for name in kinds if name in named), False
        return tuple(kinds), False

    def _leaves_out(self, types: list[str], kind: Kind, sets: tuple[Bound, ...], at: Origin) -> None:
        """Report what is claimed of a type that `for` leaves out: it would never be looked at."""
        listed = [
            name for bound in sets for one in bound.sets if isinstance(one, PermissionSet) for name in one.permissions
        ]
        left = [name for name in dict.fromkeys(listed) if name in self.policy.resources and name not in types]
        if left:
            shown = ", ".join(f"`{name}`" for name in left)
            key = kind if kind in ("never", "always", "separation") else "may"
            fix = f"write `for: [{', '.join([*types, *left])}]`, or no `for` at all"
            self.names.error("claim-types", f"`for` leaves out {shown}, of which `{key}` names permissions", at, fix)

    def _named(self, bound: Bound) -> set[str]:
        """Give the types of which a set names something."""
        found: set[str] = set()
        stack = [*bound.sets]
        seen: set[str] = set()
        while stack:
            one = stack.pop()
            if isinstance(one, PermissionSet):
                found |= set(one.permissions)
                stack += one.include
            elif one == ALL:
                found |= set(self.policy.resources)
            elif one in self.policy.sets and one not in seen:
                seen.add(one)
                stack.append(self.policy.sets[one])
        return found

    def _share_a_type(self, kind: Kind, where: str, sets: tuple[Bound, ...], name: str, at: Origin) -> None:
        """Two permissions can only meet on one resource if both are of its type."""
        if kind == "separation" and where == "resource" and not self.names.findings:
            one, other = (self._named(bound) for bound in sets)
            if not one & other:
                message = f"the two sets of `{name}` name no common resource type, so they never meet on one resource"
                self.names.error(
                    "claim-types", message, at, "add `where: district` if nobody may do both in a district"
                )

    def _states(self, node: Node | None, types: tuple[str, ...], *, named: bool) -> tuple[State, ...]:
        """Read an `if`: every type that the claim speaks of must have every attribute, and every value."""
        found = []
        for key, value, at in entries(node):
            known = {name: attribute_values(self.policy.resources[name], key) for name in types}
            lacking = [name for name, values in known.items() if values is None]
            if lacking:
                shown = ", ".join(f"`{name}`" for name in lacking)
                has = [name for name, values in known.items() if values is not None]
                every = sorted({one for name in types for one in self.policy.resources[name].attributes} | {"term"})
                fix = f"name the types that have it: `for: [{', '.join(has)}]`" if has else did_you_mean(key, every)
                why = "" if named else " (without `for`, a claim speaks of all types that its sets name)"
                self.names.error("unknown-attribute", f"{shown} lacks the attribute `{key}`{why}", at, fix)
                continue
            values = [self._value(key, item, known) for item in items(value)]
            found.append(State(key, tuple(values), at))
        return tuple(found)

    def _value(self, key: str, item: Node, known: dict[str, tuple[bool | str, ...] | None]) -> bool | str | None:
        value = item.value if isinstance(item, Scalar) else None
        if value == "unknown":
            return None
        for kind, allowed in known.items():
            if not knows(allowed or (), value):
                shown = value_name(value)
                fix = did_you_mean(shown, [*map(value_name, allowed or ()), "unknown"])
                self.names.error("unknown-value", f"`{key}` of `{kind}` is never `{shown}`", item.origin, fix)
                break
        return value if isinstance(value, bool | str) else None
