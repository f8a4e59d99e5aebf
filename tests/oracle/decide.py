"""One request -> one answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from oracle.asked import is_valid
from oracle.bugs import Bugs
from oracle.facts import Facts
from oracle.held import Held, held_there, holds, owner_there
from oracle.language import UNKNOWN, Language, ResourceType, Rule
from oracle.places import locate
from oracle.roster import Roster
from oracle.terms import term_of


@dataclass(frozen=True)
class Answer:
    """What the specification says; `held` is only there to look at when answers differ."""

    status: Literal["ok", "invalid", "indeterminate"]
    permissions: frozenset[str] = frozenset()
    decision: bool = False
    why: str = ""
    held: Held | None = field(default=None, compare=False)


def any_holds(found: list[bool], bug: Bugs, name: str) -> bool:
    """A list of combinations: "any of them"."""
    return bool(found) and all(found) if bug(name) else any(found)


def conditions_let(rule: Rule, values: Mapping[str, Any], part: Literal["min", "max"], bug: Bugs) -> bool:
    """Read `if` and `if_unknown` for one part of a rule."""
    default = "skip" if part == "min" else "apply"  # "by default a min skips and a max applies"
    if bug("if-unknown-default-min-applies") or bug("if-unknown-default-max-skips"):
        default = "apply" if bug("if-unknown-default-min-applies") else "skip"
    unknown = [name for name in rule.conditions if values[name] is UNKNOWN]
    verdicts = [rule.if_unknown.get(name, default) for name in unknown]
    if bug("unknown-before-mismatch") and "apply" in verdicts:
        return True
    known = [values[name] in wanted for name, wanted in rule.conditions.items() if values[name] is not UNKNOWN]
    if bug("if-only-one-attribute") and any(known):
        return True
    if not all(known):
        return False  # "where one is known and does not match, the rule does not apply"
    if bug("if-unknown-one-apply-is-enough") and "apply" in verdicts:
        return True
    return all(verdict == "apply" for verdict in verdicts)


def gives_to(rule: Rule, held: Held) -> bool:
    """Tell whether the roles are those to which the rule's `min` gives."""
    bug = held.bug
    if rule.when is None:
        when = held.acts()
    else:
        when = any_holds([held.holds_for_giving(one) for one in rule.when], bug, "when-list-is-all-of")
    hindering = held.hindering()
    hindered = any_holds([holds(one, hindering, bug) for one in rule.unless], bug, "unless-list-is-all-of")
    return when and not hindered


def takes_from(rule: Rule, held: Held) -> bool:
    """Tell whether the roles are those from which the rule's `max` takes."""
    bug, capping, lifting = held.bug, held.capping(), held.lifting()
    when = rule.when is None or any_holds([holds(one, capping, bug) for one in rule.when], bug, "when-list-is-all-of")
    lifted = any_holds([holds(one, lifting, bug) for one in rule.unless], bug, "unless-list-is-all-of")
    return when and not lifted


def effective(language: Language, name: str, held: Held, values: Mapping[str, Any]) -> frozenset[str]:
    """permissions(cell) = (union of min of matching rules) ∩ (intersection of max of matching rules)."""
    bug = held.bug
    matching = [rule for rule in language.rules if name in rule.types]
    floors = [
        rule.min[name]
        for rule in matching
        if rule.min is not None and gives_to(rule, held) and conditions_let(rule, values, "min", bug)
    ]
    ceilings = [
        rule.max[name]
        for rule in matching
        if rule.max is not None and takes_from(rule, held) and conditions_let(rule, values, "max", bug)
    ]
    given: frozenset[str] = frozenset().union(*floors)
    if bug("max-loses") and floors:
        return given
    if bug("last-max-wins"):
        ceilings = ceilings[-1:]
    return given.intersection(*ceilings)


def values_of(found: ResourceType, properties: Mapping[str, Any], term: str | None, bug: Bugs) -> dict[str, Any]:
    """An attribute "that is not given, or not one of its values, is `unknown`"."""
    values = {}
    for name, possible in found.attributes.items():
        given = properties.get(name)
        if bug("one-is-true") and isinstance(given, int) and possible == (False, True):
            given = bool(given)
        known = [one for one in possible if type(one) is type(given) and one == given]
        values[name] = known[0] if known else UNKNOWN
    if found.has_term:
        values["term"] = term  # "whatever the request says"
        if bug("term-of-the-request") and properties.get("term") in found.values("term"):
            values["term"] = properties["term"]
    return values


class Oracle:
    """A policy and a snapshot, read once for many requests."""

    def __init__(self, policy: Mapping[str, Any], snapshot: Mapping[str, Any], bug: str | None = None) -> None:
        """Read both."""
        self.bug = Bugs(bug)
        self.language = Language(policy, self.bug)
        self.facts = Facts(snapshot, self.bug)

    def decide(self, request: Any, at: datetime, *, permissions_mode: bool = False) -> Answer:
        """Answer: invalid before all else, then indeterminate, then what is not there, then the table."""
        language, facts = self.language, self.facts
        roster = Roster(facts, language, at, self.bug)
        if not is_valid(request, language, permissions_mode=permissions_mode):
            return Answer("invalid", why="invalid")
        user_id = request["subject"]["id"]
        if roster.has_bad_instant(user_id):
            return Answer("indeterminate", why="bad-instant")
        user = facts.users.get(user_id)
        if user is None:
            return Answer("ok", why="subject-not-found")
        resource = request["resource"]
        found = language.types[resource["type"]]
        properties = resource.get("properties", {})
        location = locate(facts, found, resource["id"], properties, self.bug)
        if location is None:
            return Answer("ok", why="place-not-found" if found.own else "resource-not-found")
        if location.district != user["district"]:
            return Answer("ok", why="other-district")
        certain, doubtful = held_there(roster.assignments_of(user), location)
        if found.own:
            owned, perhaps_owned = owner_there(user_id, properties, self.bug)
            certain, doubtful = certain | owned, doubtful | perhaps_owned
        acting_as = request.get("context", {}).get("acting_as")
        if acting_as is not None and (acting_as or not self.bug("acting-as-empty-is-absent")):
            acting_as = tuple(acting_as)
        else:
            acting_as = None
        held = Held(frozenset(certain), frozenset(doubtful), acting_as, self.bug)
        if not held.has_a_role():
            return Answer("ok", why="no-role", held=held)
        term = None
        if location.section is not None:
            term = term_of(location.section, facts.terms, at, language.zone, self.bug)
        permissions = effective(language, found.name, held, values_of(found, properties, term, self.bug))
        asked = request["action"]["name"] if "action" in request else None
        decision = bool(permissions) if asked is None else asked in permissions
        return Answer("ok", permissions, decision, "table" if held.acts() else "not-acting", held)


def decide(
    policy: Mapping[str, Any],
    snapshot: Mapping[str, Any],
    request: Any,
    at: datetime,
    *,
    permissions_mode: bool = False,
    bug: str | None = None,
) -> Answer:
    """Answer one request about one snapshot under one policy, at one time."""
    return Oracle(policy, snapshot, bug).decide(request, at, permissions_mode=permissions_mode)
