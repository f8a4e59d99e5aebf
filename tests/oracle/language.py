"""A policy as written -> its types, sets and rules with every name resolved."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from oracle.bugs import NO_BUG, Bugs

CLEVER_ROLES = ("teacher", "staff", "district_admin", "student", "contact")
INSIDE = {
    "primary_teacher": "teacher",
    "PortalOnly": "staff",
    "SchoolTechLead": "staff",
    "guardian": "contact",
}
AROUND = {  # "a school in itself and its district; a section in itself, its school, its district; ..."
    "district": {"district"},
    "school": {"school", "district"},
    "section": {"section", "school", "district"},
    "student": {"student", "section", "school", "district"},
}
UNKNOWN = None
Permissions = dict[str, frozenset[str]]
Combination = Mapping[str, str]


def login_role(role: str) -> str:
    """Return the role that a person logs in as: "each carries what lies inside it"."""
    return INSIDE.get(role, role)


def listed(value: Any) -> list[Any]:
    """One, or a list of them; nothing is an empty list."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


@dataclass(frozen=True)
class ResourceType:
    """A type: where it lies, what it permits, what is known of it."""

    name: str
    within: frozenset[str]  # empty for Clever's own four
    implies: dict[str, frozenset[str]]
    attributes: dict[str, tuple[Any, ...]]

    @property
    def own(self) -> bool:
        """Tell whether it is one of the application's own types."""
        return bool(self.within)

    @cached_property
    def scopes(self) -> frozenset[str]:
        """Return the scopes that the type's location has; `resource` only where there are owners."""
        around = frozenset[str]().union(*(AROUND[place] for place in self.within or {self.name}))
        return around | {"anywhere"} | ({"resource"} if self.own else set())

    @property
    def has_term(self) -> bool:
        """`term` "is built in for sections and every type within one (not for students)"."""
        return self.name == "section" if not self.own else "section" in self.within

    def values(self, attribute: str) -> tuple[Any, ...]:
        """Return the values that an attribute may have when it is known."""
        if attribute == "term":
            return ("past", "current", "future")
        return self.attributes[attribute]


@dataclass(frozen=True)
class Rule:
    """A rule with its sets resolved."""

    id: str
    types: frozenset[str]
    when: tuple[Combination, ...] | None  # None is everyone
    unless: tuple[Combination, ...]
    conditions: dict[str, list[Any]]
    if_unknown: dict[str, str]
    min: Permissions | None
    max: Permissions | None
    overrides: frozenset[str] | None  # None is all


class Language:
    """One merged policy, read."""

    def __init__(self, policy: Mapping[str, Any], bug: Bugs = NO_BUG) -> None:
        """Resolve every name of the policy."""
        self.bug = bug
        self.zone = ZoneInfo(policy.get("timezone") or "UTC")
        self.roles = {name: set(role["scopes"]) for name, role in (policy.get("roles") or {}).items()}
        self.types = {name: read_type(name, body) for name, body in (policy.get("resources") or {}).items()}
        self.named_sets = policy.get("permission_sets") or {}
        self.rules = [self.rule(written) for written in policy.get("rules") or []]

    @property
    def login_roles(self) -> set[str]:
        """`acting_as` "names login roles: Clever's five and the policy's own"."""
        return {*CLEVER_ROLES, *self.roles}

    def closed(self, name: str, permissions: Iterable[str]) -> frozenset[str]:
        """`permissions` may imply others; every set is closed under that."""
        implies = self.types[name].implies
        found = set(permissions)
        while more := {other for one in found for other in implies[one]} - found:
            found |= more
            if self.bug("implies-one-step"):
                break
        return frozenset(found)

    def implying(self, name: str, permissions: Iterable[str]) -> set[str]:
        """Return these permissions "together with every permission that implies" one of them."""
        wanted = set(permissions)
        return {one for one in self.types[name].implies if self.closed(name, [one]) & wanted}

    def of_type(self, name: str, written: Any) -> frozenset[str]:
        """A set names permissions per type (`all` for all of a type's)."""
        return frozenset(self.types[name].implies) if written == "all" else frozenset(listed(written))

    def set_of(self, written: Any) -> Permissions:
        """Read "a set's name, a set written in place, `all`, `none`, or a list of these", their union."""
        if isinstance(written, list | tuple):
            sets = [self.set_of(one) for one in written]
            if self.bug("set-list-is-intersection") and sets:
                return {name: frozenset.intersection(*(one[name] for one in sets)) for name in self.types}
            return {name: frozenset().union(*(one[name] for one in sets)) for name in self.types}
        if written == "all":
            return {name: frozenset(found.implies) for name, found in self.types.items()}
        if written == "none":
            return dict.fromkeys(self.types, frozenset())
        if isinstance(written, str):
            return self.set_of(self.named_sets[written])
        return self.set_in_place(written)

    def set_in_place(self, written: Mapping[str, Any]) -> Permissions:
        """`except` is "taken out after everything else, together with every permission that implies it"."""
        included = self.set_of(listed(written.get("include")))
        taken_out = written.get("except") or {}
        result = {}
        for name in self.types:
            own = self.closed(name, self.of_type(name, written.get(name)))
            out = self.of_type(name, taken_out.get(name))
            if not self.bug("except-forgets-implying"):
                out = self.implying(name, out)
            if self.bug("except-before-include"):
                result[name] = (own - out) | included[name]
            else:
                result[name] = (own | included[name]) - out
        return result

    def rule(self, written: Mapping[str, Any]) -> Rule:
        """Read one rule; `for` absent means all types."""
        when, overrides = written["when"], written.get("overrides")
        most = self.set_of(written["max"]) if "max" in written else None
        if most is not None and self.bug("max-forgets-unnamed-types"):
            most = {name: most[name] or frozenset(self.types[name].implies) for name in self.types}
        conditions = {name: listed(values) for name, values in (written.get("if") or {}).items()}
        types = set(listed(written["for"]) if "for" in written else self.types)
        if self.bug("for-ignored"):
            types = {name for name, found in self.types.items() if conditions.keys() <= found.attributes.keys()}
        return Rule(
            id=written["id"],
            types=frozenset(types),
            when=None if when == "everyone" else tuple(listed(when)),
            unless=tuple(listed(written.get("unless"))),
            conditions=conditions,
            if_unknown=dict(written.get("if_unknown") or {}),
            min=self.set_of(written["min"]) if "min" in written else None,
            max=most,
            overrides=None if overrides == "all" else frozenset(listed(overrides)),
        )


def read_type(name: str, body: Mapping[str, Any]) -> ResourceType:
    """Read one entry of `resources`: permissions in a list, or in a mapping that says what they imply."""
    written = body.get("permissions") or {}
    if not isinstance(written, Mapping):
        written = dict.fromkeys(written)
    return ResourceType(
        name=name,
        within=frozenset(listed(body.get("within"))),
        implies={one: frozenset(listed((more or {}).get("implies"))) for one, more in written.items()},
        attributes={
            attribute: (False, True) if values == "boolean" else tuple(values)
            for attribute, values in (body.get("attributes") or {}).items()
        },
    )
