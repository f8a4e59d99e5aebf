"""A snapshot, a request or a policy in which something is otherwise: what a suggestion says, done by hand on raw data.

Written from the design's words, for the plain specification; it shares nothing with `rolecall.counterfactual` but the
names of the changes.
"""

from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from laws.engine import Json
from laws.worlds import user_of, with_acting, with_property
from oracle import Bugs, Oracle
from oracle.decide import values_of
from oracle.language import CLEVER_ROLES, login_role
from oracle.places import Location, locate
from oracle.terms import term_of

EMPLOYEES = {"teacher", "staff", "district_admin"}
DESIGNATIONS = ["PortalOnly", "SchoolTechLead"]
TURN = ["lose", "designations", "gain", "listed"]


@dataclass
class Case:
    """A question about a world: all of it as data."""

    policy: Json
    snapshot: Json
    request: Json
    at: datetime
    name: str = ""

    def copy(self) -> "Case":
        """Return a copy to be written into."""
        return Case(deepcopy(self.policy), deepcopy(self.snapshot), deepcopy(self.request), self.at)

    def answer(self) -> bool:
        """Return what the specification says."""
        found = Oracle(self.policy, self.snapshot).decide(self.request, self.at)
        assert found.status == "ok", found
        return found.decision

    def location(self) -> Location:
        """Return where the thing is."""
        plain = Oracle(self.policy, self.snapshot)
        resource = self.request["resource"]
        kind = plain.language.types[resource["type"]]
        found = locate(plain.facts, kind, resource["id"], resource.get("properties", {}))
        assert found is not None
        return found

    @property
    def user(self) -> Json:
        """Return the record of the subject."""
        found = user_of(self.snapshot, self.request["subject"]["id"])
        assert found is not None
        return found

    def roles(self) -> Json:
        """Return the roles of the subject that are objects."""
        roles = self.user["roles"] if isinstance(self.user.get("roles"), dict) else {}
        return {name: role for name, role in roles.items() if isinstance(role, dict)}


def changed(case: Case, changes: list[Any]) -> Case | None:
    """Return the case with the changes made; None where nobody could be so."""
    found = case.copy()
    where = case.location()
    for change in sorted(changes, key=lambda one: TURN.index(one.kind) if one.kind in TURN else 9):
        Rewriting(found, where).make(change)
    return None if impossible(case, found) else found


def tokens(case: Case) -> frozenset[Any]:
    """Return all that an answer rests on: the roles held there and in doubt, the thing's state, the roles acted as."""
    plain, request = Oracle(case.policy, case.snapshot), case.request
    held = plain.decide(request, case.at).held
    resource = request["resource"]
    kind = plain.language.types[resource["type"]]
    section = case.location().section
    term = term_of(section, plain.facts.terms, case.at, plain.language.zone) if section else None
    values = values_of(kind, resource.get("properties", {}), term, Bugs())
    found: set[Any] = (
        {("held", *pair) for pair in held.certain} | {("doubt", *pair) for pair in held.doubtful} if held else set()
    )
    acting = request.get("context", {}).get("acting_as")
    return frozenset(
        found
        | {("is", name, value) for name, value in values.items()}
        | {("acts", None if acting is None else tuple(acting))}
    )


def impossible(before: Case, after: Case) -> bool:
    """Students, contacts and employees exclude each other: nobody gains what they could not have."""
    old, new = set(before.roles()), set(after.roles())
    groups = bool(new & {"student"}) + bool(new & {"contact"}) + bool(new & EMPLOYEES)
    return groups > 1 and bool(new - old)


class Rewriting:
    """One world, written into."""

    def __init__(self, case: Case, where: Location) -> None:
        self.case, self.where = case, where
        self.user, self.id = case.user, case.user["id"]
        if not isinstance(self.user.get("roles"), dict):
            self.user["roles"] = {}
        self.district = case.user["district"]

    def ids(self, scope: str) -> list[str]:
        return sorted(place for kind, place in self.where.places if kind == scope)

    def sections(self, scope: str) -> list[Json]:
        """Return the classes of the district at a scope: those around the thing, at its schools, or all of them."""
        key = {"section": "id", "school": "school"}.get(scope)
        mine = [one for one in self.case.snapshot["sections"] if one.get("district") == self.district and "id" in one]
        return [one for one in mine if key is None or one.get(key) in self.ids(scope)]

    def role(self, name: str) -> Json:
        if not isinstance(self.user["roles"].get(name), dict):
            self.user["roles"][name] = {"schools": [], "roles": ["PortalOnly"]} if name == "staff" else {}
        found: Json = self.user["roles"][name]
        return found

    def fresh(self, school: str | None) -> Json:
        """Return a new class at a school, or at a new one."""
        number = len(self.case.snapshot["sections"])
        if school is None:
            school = f"new-school-{number}"
            self.case.snapshot["schools"].append({"id": school, "district": self.district})
        section = {"id": f"new-{number}", "district": self.district, "school": school, "teachers": [], "students": []}
        self.case.snapshot["sections"].append(section)
        return section

    def make(self, change: Any) -> None:
        """Make one change."""
        kind, case = change.kind, self.case
        if kind in ("gain", "lose"):
            own = login_role(change.role) not in CLEVER_ROLES
            name = f"{kind}_own" if own else f"{kind}_{login_role(change.role)}"
            getattr(self, name)(change.role, change.scope)
        elif kind == "designations":
            self.role("staff")["roles"] = list(change.values)
        elif kind == "listed":
            (section,) = self.sections("section")
            section["students"] = [*(section.get("students") or []), *self.ids("student")]
        elif kind == "term":
            self.term(change.value)
        elif kind in ("attribute", "owner"):
            case.request = with_property(case.request, **{change.name: change.value})
        elif kind == "acting":
            case.request = with_acting(case.request, None if change.name == "all" else list(change.values))
        else:
            edit(case.policy, change, case.request["resource"]["type"])

    def term(self, value: str) -> None:
        (section,) = self.sections("section")
        day = timedelta(days=1)
        first, last = {"past": (-9, -3), "current": (-3, 3), "future": (3, 9)}[value]
        dates = {
            "start_date": (self.case.at + first * day).isoformat(),
            "end_date": (self.case.at + last * day).isoformat(),
        }
        self.case.snapshot["terms"].append({"id": "new-term", "district": self.district, **dates})
        section["term_id"] = "new-term"

    # gaining

    def gain_own(self, role: str, scope: str) -> None:
        places = {"district": self.district}
        if scope == "anywhere":
            section = self.fresh(None)
            scope = self.case.policy["roles"][role]["scopes"][0]
            places |= {"section": section["id"], "school": section["school"]}
        place = places.get(scope) or self.ids(scope)[0]
        self.case.snapshot["assignments"].append({"user": self.id, "role": role, "scope": scope, "id": place})

    def gain_teacher(self, role: str, scope: str) -> None:
        mine = self.role("teacher")
        if scope == "section":
            section = self.sections("section")[0]
        elif role == "primary_teacher":
            section = self.fresh(self.ids("school")[0] if scope == "school" else None)
        else:
            if scope == "school":
                mine["schools"] = [*(mine.get("schools") or []), self.ids("school")[0]]
            return
        section["teachers"] = [*(section.get("teachers") or []), self.id]
        if role == "primary_teacher":
            section["teacher"] = self.id

    def gain_staff(self, role: str, scope: str) -> None:
        was_staff = "staff" in self.case.roles()
        mine = self.role("staff")
        if role in DESIGNATIONS and not was_staff:
            mine["roles"] = [role]
        elif role in DESIGNATIONS:
            given = mine.get("roles") if isinstance(mine.get("roles"), list) else []
            mine["roles"] = [*(one for one in given if one in DESIGNATIONS), role]
        if scope == "school":
            mine["schools"] = [*(mine.get("schools") or []), self.ids("school")[0]]

    def gain_district_admin(self, _role: str, _scope: str) -> None:
        self.role("district_admin")

    def gain_student(self, _role: str, scope: str) -> None:
        mine = self.role("student")
        if scope == "section":
            section = self.sections("section")[0]
            section["students"] = [*(section.get("students") or []), self.id]
        elif scope == "school":
            mine["schools"] = [*(mine.get("schools") or []), self.ids("school")[0]]

    def gain_contact(self, role: str, scope: str) -> None:
        mine = self.role("contact")
        if scope == "student":
            child = self.ids("student")[0]
        elif (role, scope) == ("contact", "anywhere"):
            return
        else:
            section = (
                self.sections("section")[0]
                if scope == "section"
                else self.fresh(self.ids("school")[0] if scope == "school" else None)
            )
            child = f"new-child-{len(self.case.snapshot['users'])}"
            self.case.snapshot["users"].append({"id": child, "district": self.district, "roles": {"student": {}}})
            section["students"] = [*(section.get("students") or []), child]
        tie = {"student": child, "type": "Parent/Guardian" if role == "guardian" else "Emergency"}
        mine["student_relationships"] = [*(mine.get("student_relationships") or []), tie]

    # losing

    def lose_own(self, role: str, scope: str) -> None:
        self.case.snapshot["assignments"] = [
            one
            for one in self.case.snapshot["assignments"]
            if one.get("user") != self.id
            or one.get("role") != role
            or not (scope == "anywhere" or (one["scope"] == scope and one["id"] in self.ids(scope)))
        ]

    def lose_teacher(self, role: str, scope: str) -> None:
        if (role, scope) == ("teacher", "anywhere"):
            del self.user["roles"]["teacher"]
            return
        for section in self.sections(scope):
            if role == "teacher":
                section["teachers"] = [one for one in section.get("teachers") or [] if one != self.id]
            elif section.get("teacher") == self.id:  # still one of those who teach it
                section["teachers"] = [*(section.get("teachers") or []), self.id]
            if section.get("teacher") == self.id:
                section["teacher"] = None
        if (role, scope) == ("teacher", "school"):
            self.leave("teacher")

    def leave(self, name: str) -> None:
        mine = self.role(name)
        mine["schools"] = [one for one in mine.get("schools") or [] if one not in self.ids("school")]
        if mine.get("school") in self.ids("school"):
            mine["school"] = None

    def lose_staff(self, _role: str, scope: str) -> None:
        if scope == "anywhere":
            del self.user["roles"]["staff"]
        else:
            self.leave("staff")

    def lose_district_admin(self, _role: str, _scope: str) -> None:
        del self.user["roles"]["district_admin"]

    def lose_student(self, _role: str, scope: str) -> None:
        if scope == "anywhere":
            del self.user["roles"]["student"]
            return
        for section in self.sections(scope):
            section["students"] = [one for one in section.get("students") or [] if one != self.id]
        if scope == "school":
            self.leave("student")

    def lose_contact(self, role: str, scope: str) -> None:
        if (role, scope) == ("contact", "anywhere"):
            del self.user["roles"]["contact"]
            return
        kept = []
        plain = Oracle(self.case.policy, self.case.snapshot)
        for tie in self.role("contact").get("student_relationships") or []:
            student = plain.facts.student(tie.get("student"))
            around = set() if student is None else {("student", student["id"]), *self.around(plain, student)}
            if scope != "anywhere" and not around & {(scope, place) for place in self.ids(scope)}:
                kept.append(tie)
            elif role == "guardian":
                kept.append(tie | {"type": "Emergency"})
        self.role("contact")["student_relationships"] = kept

    @staticmethod
    def around(plain: Oracle, student: Json) -> set[tuple[str, str]]:
        sections = plain.facts.student_sections(student)
        found = {("section", one["id"]) for one in sections} | {("school", one["school"]) for one in sections}
        return found | {("school", one) for one in plain.facts.student_schools(student)}


# policies


def edit(policy: Json, change: Any, kind: str) -> None:
    """Edit a policy as its author would."""
    rule = next(one for one in policy["rules"] if one["id"] == change.rule)
    side, _, what = change.kind.partition("-")
    if what == "adds":
        given = rule[side] if isinstance(rule[side], list) else [rule[side]]
        rule[side] = [*given, {kind: [change.permission]}]
        for name in change.overrides:
            ceiling = next(one for one in policy["rules"] if one["id"] == name)
            if ceiling.get("overrides") != "all":
                ceiling["overrides"] = [*ceiling.get("overrides", []), change.rule]
    elif what == "unless":
        given = rule.get("unless", [])
        rule["unless"] = [*(given if isinstance(given, list) else [given]), {change.role: change.scope}]
    elif what == "loses":
        given = rule[side] if isinstance(rule[side], list) else [rule[side]]
        names = [one for one in given if isinstance(one, str) and one != "none"]
        for number, one in enumerate(one for one in given if isinstance(one, dict)):
            names.append(f"new-{change.rule}-{number}")
            policy.setdefault("permission_sets", {})[names[-1]] = one
        rule[side] = {**({"include": names} if names else {}), "except": {kind: [change.permission]}}
    elif what == "dropped":
        del rule[side]
        if "overrides" in rule and side == "max":
            del rule["overrides"]
        if "min" not in rule and "max" not in rule:
            policy["rules"].remove(rule)
        if side == "min":
            for other in policy["rules"]:
                if isinstance(other.get("overrides"), list):
                    other["overrides"] = [one for one in other["overrides"] if one != change.rule] or "all"
