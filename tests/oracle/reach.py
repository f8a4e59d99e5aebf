"""The reachable cells of a policy by brute force, and the floors that a ceiling cuts in them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from oracle.bugs import NO_BUG
from oracle.decide import conditions_let, effective, gives_to, takes_from
from oracle.held import OWNED, Held, Pair
from oracle.language import CLEVER_ROLES, INSIDE, UNKNOWN, Language, ResourceType, Rule, login_role

EMPLOYEES = {"teacher", "staff", "district_admin"}
FOUND_IN_SECTIONS = {"teacher", "primary_teacher", "student", "contact", "guardian"}
Cut = tuple[str, str, str, str]  # (rule with the min, rule with the max, resource type, permission)


@dataclass(frozen=True)
class Cell:
    """A resource type, the roles held around the resource, and its attributes' values (None is unknown)."""

    type: str
    roles: frozenset[Pair]
    values: tuple[tuple[str, Any], ...]


def with_what_follows(roles: frozenset[Pair], found: ResourceType) -> frozenset[Pair]:
    """Add what must be held as well; each line is a clause of "Reachable means"."""
    closed = set(roles)
    while True:
        more = set()
        for role, scope in closed - {OWNED}:
            more.add((role, "anywhere"))  # "any role held at all is held anywhere"
            if role in INSIDE:
                # "a designation is held exactly where staff is; primary_teacher is held with teacher at the
                # same place, guardian with contact"
                more.add((INSIDE[role], scope))
            if role in ("PortalOnly", "SchoolTechLead"):
                more |= {(role, other) for one, other in closed if one == "staff"}
            if role in FOUND_IN_SECTIONS and scope == "section":
                more.add((role, "school"))  # "held at a section are held at its school"
            if (role, scope) == ("district_admin", "anywhere"):
                more.add((role, "district"))  # "district_admin anywhere is district_admin at the district"
        if more <= closed:
            # "scopes that the type's location lacks are impossible"
            return frozenset(pair for pair in closed if pair[1] in found.scopes)
        closed |= more


def exclude_each_other(roles: frozenset[Pair]) -> bool:
    """Student and contact "exclude each other and every employee role (not the application's own roles)"."""
    logins = {login_role(role) for role, _ in roles}
    return len(logins & {"student", "contact"}) + bool(logins & EMPLOYEES) > 1


def pairs_asked(language: Language, name: str) -> set[Pair]:
    """Return the pairs that some rule about the type asks for."""
    asked: set[Pair] = set()
    for rule in language.rules:
        if name in rule.types:
            for combination in [*(rule.when or ()), *rule.unless]:
                asked |= set(combination.items())
    return {pair for pair in asked if pair[1] in language.types[name].scopes}


def role_combinations(language: Language, found: ResourceType) -> set[frozenset[Pair]]:
    """Return every reachable combination of the pairs asked for; beside none of them one role anywhere."""
    reachable: set[frozenset[Pair]] = {frozenset()}
    for pair in pairs_asked(language, found.name):  # with each pair or without it: every subset
        joined = {with_what_follows(roles | {pair}, found) for roles in reachable}
        reachable |= {roles for roles in joined if not exclude_each_other(roles)}
    somebody = [(role, "anywhere") for role in (*CLEVER_ROLES, *language.roles)]
    lonely = {roles for roles in reachable if roles <= {OWNED}}  # "owner needs another role"
    return (reachable - lonely) | {with_what_follows(roles | {one}, found) for roles in lonely for one in somebody}


def value_combinations(language: Language, found: ResourceType) -> Iterator[tuple[tuple[str, Any], ...]]:
    """Each attribute (that some rule about the type asks for) "has any of its values or unknown"."""
    asked = sorted({name for rule in language.rules if found.name in rule.types for name in rule.conditions})
    for values in product(*((UNKNOWN, *found.values(name)) for name in asked)):
        yield tuple(zip(asked, values, strict=True))


def cells(policy: Mapping[str, Any], resource_type: str) -> set[Cell]:
    """Return the reachable cells of a type."""
    language = Language(policy)
    found = language.types[resource_type]
    values = list(value_combinations(language, found))
    return {Cell(resource_type, roles, one) for roles in role_combinations(language, found) for one in values}


def permissions_of_cell(policy: Mapping[str, Any], cell: Cell) -> frozenset[str]:
    """Return what the table says of a cell; "doubt and `acting_as` are left aside"."""
    return effective(Language(policy), cell.type, Held(cell.roles), dict(cell.values))


def cuts(policy: Mapping[str, Any]) -> set[Cut]:
    """Return each permission of a `min` that some `max` cuts in a reachable cell, overridden or not."""
    language = Language(policy)
    found = set()
    for name, resource_type in language.types.items():
        rules = [rule for rule in language.rules if name in rule.types]
        held = [Held(roles) for roles in role_combinations(language, resource_type)]
        states = [dict(values) for values in value_combinations(language, resource_type)]
        for floor, ceiling in product(rules, rules):
            if floor.min is None or ceiling.max is None or floor is ceiling:
                continue
            cut = floor.min[name] - ceiling.max[name]
            # "both rules' `when` hold", "no `unless` holds in it, and the attributes can meet"
            if cut and someone(held, floor, ceiling) and sometime(states, floor, ceiling):
                found |= {(floor.id, ceiling.id, name, permission) for permission in cut}
    return found


def someone(held: list[Held], floor: Rule, ceiling: Rule) -> bool:
    """Tell whether somebody can be given to by the one rule and taken from by the other."""
    return any(gives_to(floor, one) and takes_from(ceiling, one) for one in held)


def sometime(states: list[dict[str, Any]], floor: Rule, ceiling: Rule) -> bool:
    """Tell whether the attributes can let both rules apply."""
    return any(
        conditions_let(floor, one, "min", NO_BUG) and conditions_let(ceiling, one, "max", NO_BUG) for one in states
    )


def may_cut(floor_id: str, ceiling: Rule) -> bool:
    """An override "by id or `overrides: all`", or "a `max` for `everyone` with an `if`"."""
    if ceiling.overrides is None or floor_id in ceiling.overrides:
        return True
    return ceiling.when is None and bool(ceiling.conditions)


def refused(policy: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the pairs of rules that make loading an error."""
    rules = {rule.id: rule for rule in Language(policy).rules}
    return {(floor, ceiling) for floor, ceiling, _, _ in cuts(policy) if not may_cut(floor, rules[ceiling])}


def own_conflicts(policy: Mapping[str, Any]) -> set[str]:
    """Return the rules "whose own `min` exceeds its own `max`, on any type it speaks of"."""
    return {
        rule.id
        for rule in Language(policy).rules
        if rule.min is not None and rule.max is not None and any(rule.min[name] - rule.max[name] for name in rule.types)
    }
