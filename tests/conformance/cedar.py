"""A rolecall policy and its facts in the words of Cedar (cedarpolicy.com), an engine by other people.

    text = policy_text(load_policy("policies/"))                  # permit and forbid, one for each bound of a rule
    world = World(policy, snapshot, now)
    allowed = world.permissions(user, resource, acting_as)        # asked of Cedar, permission by permission

How the language is said in Cedar:

- a `min` is `permit(principal, action in (what it gives), resource) when {when and if} unless {unless}`;
- a `max` is `forbid(principal, action in (what it lacks), resource) when {…} unless {…}`, as forbid overrides permit;
- a role held at a scope is an attribute of the person, a set of places: `principal["teacher at section"]`. Whether one
  of them is around the resource is Cedar's to find out (`resource in principal["teacher at section"]`), over a
  hierarchy in which a section lies in its school, a school in its district, and a student in all of theirs;
- doubt is a second attribute, `principal["teacher at section?"]`, with the doubtful roles as well: what gives reads the
  first, what takes away the second. A section that does not list the student is `resource.unlisted` and no parent;
- `acting_as` is in the context, and tested beside each role that gives;
- attributes that are unknown are absent, which `has` tells; a term is its two instants, compared with `resource.now` (no
  context, where nobody acts as anything: cedarpy parses it anew for every question);
- what is denied whatever the rules say (another district, no role, facts that are not held) is a `forbid` of its own.

What Cedar cannot say, and these comparisons leave out:

- why: Cedar names the policies that decided, not the one that would have given, nor a doubt that was asked about;
- all permissions at once: it answers about one action at a time, so `permissions` asks once for each;
- *indeterminate*: it knows allow and deny, so facts that cannot be had are a denial like any other;
- that a floor is cut, at load time: a forbid cuts a permit in silence, and `overrides` has nothing to translate to;
- that an action, a type or an attribute is misspelled: without a schema such a question is a plain deny, or an error
  that skips the policy, and a skipped `forbid` is a permission. Hence every test of an attribute here asks `has` first;
- dates and time zones as Clever writes them, ids that are legacy, roles that are contradictory: facts are read before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

import cedarpy
from rolecall import Resource, Snapshot
from rolecall.facts.terms import term_bounds
from rolecall.policy import Bound, Combination, Condition, PermissionSet, Policy, ResourceType, Rule

Granted = frozenset[tuple[str, str]]
"""Permissions as (resource type, permission)."""

LOGIN: Final = {
    "primary_teacher": "teacher",
    "PortalOnly": "staff",
    "SchoolTechLead": "staff",
    "guardian": "contact",
}
"""The login role that carries a role which lies inside it."""
PLACES: Final = {
    "student": "Pupil",
    "section": "Section",
    "school": "School",
    "district": "District",
    "anywhere": "District",
}
"""The Cedar entity type of a place, by the scope at which roles are held there."""
TERM: Final = {
    "past": "resource.now > resource.term.last",
    "current": "resource.term.first <= resource.now && resource.now <= resource.term.last",
    "future": "resource.now < resource.term.first",
}

# Nobody gets anything without a role of their own, beyond doubt and acted as, in the resource's district.
GATE: Final = """@id("gate")
forbid(principal, action, resource) unless {
  principal has district && resource has district && principal.district == resource.district
  && !(principal has problem)
  && (if context has acting_as then principal.roles.containsAny(context.acting_as) else !principal.roles.isEmpty())
};"""


# the policy


def policy_text(policy: Policy) -> str:
    """Give the whole policy in Cedar's words."""
    return "\n".join([GATE, *(bound_text(name, rule, gives=gives) for name, rule, gives, _ in bounds(policy))])


def action_groups(policy: Policy) -> dict[tuple[str, str], list[str]]:
    """Give for each permission the bounds that speak of it: an action lies in a group for each, which is faster than lists."""
    groups: dict[tuple[str, str], list[str]] = {one: [] for one in sorted(everything(policy))}
    for name, _, _, permissions in bounds(policy):
        for one in permissions:
            groups[one].append(name)
    return groups


def bounds(policy: Policy) -> Iterator[tuple[str, Rule, bool, Granted]]:
    """Give each bound: its name, its rule, whether it gives, and what it gives or else lacks."""
    for rule in policy.rules:
        spoken = frozenset(one for one in everything(policy) if rule.types is None or one[0] in rule.types)
        if rule.minimum:
            yield f"{rule.id}/min", rule, True, bound_permissions(rule.minimum, policy) & spoken
        if rule.maximum:
            yield f"{rule.id}/max", rule, False, spoken - bound_permissions(rule.maximum, policy)


def bound_text(name: str, rule: Rule, *, gives: bool) -> str:
    """Give a `min` as a permit, a `max` as a forbid."""
    when = [] if rule.when is None else [any_of(combination_text(one, gives=gives) for one in rule.when)]
    when += [condition_text(condition, gives=gives) for condition in rule.conditions]
    unless = any_of(combination_text(one, gives=not gives) for one in rule.unless)
    return (
        f'@id("{name}")\n{"permit" if gives else "forbid"}(principal, action in Action::"{name}", resource)'
        + (f"\nwhen {{ {' && '.join(when)} }}" if when else "")
        + (f"\nunless {{ {unless} }}" if unless else "")
        + ";"
    )


def any_of(tests: Iterable[str]) -> str:
    """Give a test that one of several holds, safe inside a conjunction."""
    several = list(tests)
    return several[0] if len(several) == 1 else f"({' || '.join(several)})" if several else ""


def combination_text(combination: Combination, *, gives: bool) -> str:
    """Give a combination: all of its pairs, read as what gives or as what takes away."""
    return " && ".join((given_pair if gives else taken_pair)(role, scope) for role, scope in combination.pairs)


def given_pair(role: str, scope: str) -> str:
    """Ask whether a role is held at a scope, beyond doubt and acted as."""
    if role == "owner":
        return "resource has owner && resource.owner == principal"
    name, login = f'"{role} at {scope}"', LOGIN.get(role, role)
    acted = f'(!(context has acting_as) || context.acting_as.contains("{login}"))'
    return f"principal has {name} && resource in principal[{name}] && {acted}"


def taken_pair(role: str, scope: str) -> str:
    """Ask whether a role is held at a scope, or may be, whatever is acted as."""
    if role == "owner":
        return "resource has ownable && (!(resource has owner) || resource.owner == principal)"
    name = f'"{role} at {scope}?"'
    doubtful = f"(resource has unlisted && resource.unlisted in principal[{name}])"
    return f"principal has {name} && (resource in principal[{name}] || {doubtful})"


def condition_text(condition: Condition, *, gives: bool) -> str:
    """Give a line of an `if`: where the attribute is unknown a permit skips and a forbid applies, unless the author says."""
    applies = condition.unknown == "apply" or (condition.unknown == "" and not gives)
    if condition.attribute == "term":
        known, test = "resource has term", any_of(TERM[str(value)] for value in condition.values)
    else:
        name = json.dumps(condition.attribute)
        known, test = (
            f"resource has state && resource.state has {name}",
            f"{json.dumps(condition.values)}.contains(resource.state[{name}])",
        )
    return f"(!({known}) || {test})" if applies else f"{known} && {test}"


# permission sets


def everything(policy: Policy) -> Granted:
    """Give every permission of every type."""
    return frozenset((kind.name, name) for kind in policy.resources.values() for name in kind.permissions)


def bound_permissions(bound: Bound, policy: Policy) -> Granted:
    """Give what a `min` or `max` names."""
    return frozenset[tuple[str, str]]().union(*(set_permissions(one, policy) for one in bound.sets))


def set_permissions(one: str | PermissionSet, policy: Policy) -> Granted:
    """Work out a set: includes and names, with what they imply, but for `except` and what implies that."""
    if one == "none":
        return frozenset()
    if one == "all":
        return everything(policy)
    body = policy.sets[one] if isinstance(one, str) else one
    found = set[tuple[str, str]]().union(*(set_permissions(name, policy) for name in body.include))
    for kind, names in body.permissions.items():
        for name in policy.resources[kind].permissions if names == "all" else names:
            found |= {(kind, implied) for implied in implies(policy.resources[kind], name)}
    for kind, names in body.excluded.items():
        out = set(policy.resources[kind].permissions if names == "all" else names)
        found -= {
            (kind, name) for name in policy.resources[kind].permissions if implies(policy.resources[kind], name) & out
        }
    return frozenset(found)


def implies(kind: ResourceType, permission: str) -> set[str]:
    """Give a permission with all that it implies."""
    found, waiting = set[str](), [permission]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += kind.permissions[name]
    return found


# the facts


def uid(kind: str, identifier: str) -> dict[str, str]:
    """Name an entity."""
    return {"type": kind, "id": identifier}


def value_of(kind: str, identifier: str) -> dict[str, Any]:
    """Name an entity as the value of an attribute."""
    return {"__entity": uid(kind, identifier)}


def entity(kind: str, identifier: str, parents: Iterable[dict[str, str]] = (), **attributes: Any) -> dict[str, Any]:
    """Give an entity as Cedar's JSON has it."""
    return {"uid": uid(kind, identifier), "attrs": attributes, "parents": list(parents)}


class World:
    """A policy over a snapshot at one moment, as Cedar sees it."""

    def __init__(self, policy: Policy, snapshot: Snapshot, now: int) -> None:
        """`now` is in nanoseconds since 1970."""
        self.policy, self.snapshot, self.now = policy, snapshot, now
        self.zone = ZoneInfo(policy.timezone)
        self.policies = cedarpy.PolicySet.from_str(policy_text(policy))
        self.groups = action_groups(policy)

    def permissions(self, user: str, resource: Resource, acting_as: Sequence[str] | None = None) -> frozenset[str]:
        """Ask Cedar about each permission of the resource's type; an error, which would skip a policy, is refused."""
        entities = cedarpy.Entities.from_json_str(json.dumps(self.entities(user, resource)))
        names = list(self.policy.resources[resource.type].permissions)
        requests = [self.request(user, resource, name, acting_as) for name in names]
        answers = cedarpy.is_authorized_batch(requests, self.policies, entities)
        for answer in answers:
            if answer.diagnostics.errors:
                raise AssertionError(answer.diagnostics.errors)
        return frozenset(name for name, answer in zip(names, answers, strict=True) if answer.allowed)

    def request(
        self, user: str, resource: Resource, permission: str, acting_as: Sequence[str] | None
    ) -> dict[str, Any]:
        """Give one question as cedarpy takes it, with the context made ready."""
        request: dict[str, Any] = {
            "principal": uid("User", user),
            "action": uid("Action", f"{resource.type}/{permission}"),
            "resource": uid("Thing", f"{resource.type}/{resource.id}"),
        }
        if acting_as is not None:
            request["context"] = json.dumps({"acting_as": list(acting_as)})
        return request

    def entities(self, user: str, resource: Resource) -> list[dict[str, Any]]:
        """Give everything that Cedar needs for a question: the person, the thing, the places above it, the actions."""
        places: dict[tuple[str, str], dict[str, Any]] = {}
        person, thing = self.person(user), self.thing(resource)
        waiting = list(thing["parents"]) if thing else []
        if thing and "unlisted" in thing["attrs"]:
            waiting.append(thing["attrs"]["unlisted"]["__entity"])
        while waiting:
            at = waiting.pop()
            if (at["type"], at["id"]) not in places:
                place = self.place(at["type"], at["id"])
                places[at["type"], at["id"]] = place
                waiting += place["parents"]
        return [*(one for one in (person, thing) if one), *places.values(), *self.actions(resource.type)]

    def actions(self, kind: str) -> list[dict[str, Any]]:
        """Give the actions of a type, each in the bounds that speak of it."""
        return [
            entity("Action", f"{one}/{permission}", [uid("Action", group) for group in groups])
            for (one, permission), groups in self.groups.items()
            if one == kind
        ]

    def place(self, kind: str, identifier: str) -> dict[str, Any]:
        """Give a place: a section lies in its school, a school in its district."""
        above: list[dict[str, str]] = []
        if kind == "Section":
            above = [uid("School", self.snapshot.sections[identifier].school)]
        elif kind == "School":
            above = [uid("District", self.snapshot.schools[identifier].district)]
        return entity(kind, identifier, above)

    def person(self, user: str) -> dict[str, Any] | None:
        """Give a user: for each role and scope the places where it is held, and where it may be."""
        person = self.snapshot.person(user)
        if person is None:
            return None
        held: dict[str, list[dict[str, Any]]] = {}
        for role, scope, place, doubt in [
            *((one.role, one.scope, one.id, one.doubt) for one in person.roles),
            *self.assigned(user, person.district),
        ]:
            for name in (f"{role} at {scope}?",) if doubt else (f"{role} at {scope}?", f"{role} at {scope}"):
                places = held.setdefault(name, [])
                if (at := value_of(PLACES[scope], place)) not in places:
                    places.append(at)
        logins = [name.removesuffix(" at anywhere") for name in held if name.endswith(" at anywhere")]
        attributes: dict[str, Any] = {"district": value_of("District", person.district)}
        attributes["roles"] = sorted({LOGIN.get(name, name) for name in logins})
        if any(one.bad for one in self.snapshot.application_assignments(user)):
            attributes["problem"] = True
        return entity("User", user, (), **attributes, **held)

    def assigned(self, user: str, district: str) -> Iterator[tuple[str, str, str, str]]:
        """Give the application's assignments that are in force and count, each also anywhere in the district."""
        for one in self.snapshot.application_assignments(user):
            declared = self.policy.roles.get(one.role)
            begun = one.starts is None or self.now >= one.starts
            over = one.ends is not None and self.now >= one.ends
            counts = self.snapshot.counts(one.scope, one.id, district)
            if declared and one.scope in declared.scopes and begun and not over and counts:
                yield one.role, one.scope, one.id, ""
                yield one.role, "anywhere", district, ""

    def thing(self, resource: Resource) -> dict[str, Any] | None:
        """Give the resource with its attributes, in the places around it; None where the facts hold no such place."""
        kind = self.policy.resources[resource.type]
        places = {place: str(resource.properties[place]) for place in kind.within.split("+")} if kind.own else {}
        found = self.around(places or {kind.name: resource.id})
        if found is None:
            return None
        district, parents, attributes = found
        attributes |= {"district": value_of("District", district), "now": self.now}
        attributes["state"] = dict(known_attributes(kind, resource.properties))
        if kind.own:
            attributes["ownable"] = True
            if resource.properties.get("owner") is not None:
                attributes["owner"] = value_of("User", str(resource.properties["owner"]))
        return entity("Thing", f"{resource.type}/{resource.id}", [*parents, uid("District", district)], **attributes)

    def around(self, places: Mapping[str, str]) -> tuple[str, list[dict[str, str]], dict[str, Any]] | None:
        """Give the district, the parents and what else follows from what a resource is or lies in."""
        snapshot = self.snapshot
        if "district" in places:
            return (places["district"], [], {}) if places["district"] in snapshot.districts else None
        if "school" in places:
            school = snapshot.schools.get(places["school"])
            return (school.district, [uid("School", school.id)], {}) if school else None
        section = snapshot.sections.get(places["section"]) if "section" in places else None
        student = snapshot.users.get(places["student"]) if "student" in places else None
        if ("section" in places and section is None) or (
            "student" in places and (not student or "student" not in student.roles)
        ):
            return None
        if section and student:
            if section.district != student.district:
                return None
            pupil, attributes = uid("Pupil", student.id), self.term(section.term, section.district)
            if student.id in section.students:
                return section.district, [pupil, uid("Section", section.id)], attributes
            return section.district, [pupil], {**attributes, "unlisted": value_of("Section", section.id)}
        if section:
            return section.district, [uid("Section", section.id)], self.term(section.term, section.district)
        if student is None:
            raise AssertionError(places)
        sections = [
            uid("Section", one.id) for one in snapshot.enrolled.get(student.id, ()) if one.district == student.district
        ]
        schools = [
            uid("School", one)
            for one in student.schools["student"]
            if one in snapshot.schools and snapshot.schools[one].district == student.district
        ]
        return student.district, [uid("Pupil", student.id), *sections, *schools], {}

    def term(self, identifier: str, district: str) -> dict[str, Any]:
        """Give the two instants of a section's term, or nothing where it is unknown."""
        owner, term = self.snapshot.terms.get(identifier, ("", None))
        bounds = term_bounds(term, self.zone) if term and owner == district else None
        return {"term": {"first": bounds[0], "last": bounds[1]}} if bounds else {}


def known_attributes(kind: ResourceType, properties: Mapping[str, object]) -> Iterator[tuple[str, bool | str]]:
    """Give the attributes that have one of their own values: `1` is not true, and `term` is not the application's."""
    for name, attribute in kind.attributes.items():
        value = properties.get(name)
        if isinstance(value, bool | str) and any(type(value) is type(one) and value == one for one in attribute.values):
            yield name, value
