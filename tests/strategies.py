"""Small, rich, random worlds: policies, snapshots and requests that lie near each other.

Each generator takes a `random.Random`; the hypothesis strategies at the end are built on the same generators.
"""

import random
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import oracle
from hypothesis import strategies as st
from oracle.language import CLEVER_ROLES, Language, ResourceType, login_role

Json = dict[str, Any]

PERMISSIONS = ["view", "edit", "mark", "share", "remove"]
OWN_TYPES = ["assignment", "grade", "note", "file", "calendar"]
WITHIN: list[Any] = [
    "section",
    "section",
    "student",
    "school",
    "district",
    ["student", "section"],
    ["student", "section"],
]
ATTRIBUTES: dict[str, Any] = {
    "locked": "boolean",
    "published": "boolean",
    "visibility": ["draft", "shown", "archived"],
    "kind": ["quiz", "essay"],
}
OWN_ROLES = {
    "substitute": ["section"],
    "coach": ["section", "school"],
    "data_officer": ["school", "district"],
    "Aide-2": ["section", "school", "district"],
    "auditor": ["district"],
}
SET_NAMES = ["viewer", "editor", "staff-level", "no-grades"]
PAIRS = {  # the scopes at which a role can ever be held, the everyday ones twice
    "teacher": ["section", "section", "school", "anywhere"],
    "primary_teacher": ["section", "school", "anywhere"],
    "staff": ["school", "school", "anywhere"],
    "PortalOnly": ["school", "anywhere"],
    "SchoolTechLead": ["school", "anywhere"],
    "district_admin": ["district", "anywhere"],
    "student": ["student", "section", "school", "anywhere"],
    "contact": ["student", "section", "school", "anywhere"],
    "guardian": ["student", "section", "school", "anywhere"],
    "owner": ["resource"],
}
GIVING_ROLES = [
    "teacher",
    "teacher",
    "staff",
    "staff",
    "district_admin",
    "student",
    "contact",
    "owner",
    *PAIRS,
]
TAKING_ROLES = [
    "teacher",
    "staff",
    *["PortalOnly"] * 4,
    *["SchoolTechLead"] * 3,
    "owner",
    *PAIRS,
]
ZONES = ["UTC", "America/Chicago", "America/Chicago", "Pacific/Auckland", "Asia/Kolkata"]
AS_OF = [
    "2024-05-31T23:30:00Z",
    "2024-06-01T00:00:00Z",
    "2024-06-01T03:00:00Z",
    "2024-06-01T12:00:00Z",
    "2024-06-01T16:30:00.250Z",
]
DATES: list[Any] = [
    "2024-01-08",
    "2024-05-31",
    "2024-05-31",
    "2024-06-01",
    "2024-06-01",
    "2024-06-02",
    "2024-12-20",
    "2024-05-31T00:00:00.000Z",
    "2024-06-01T00:00:00Z",
    "2024-06-01T00:00:00Z",
    "2024-06-01T02:00:00+02:00",
    "2024-05-31T23:30:00",
    "2024-06-01T03:00:00",
    "2024-06-01T06:00:00",
    "2024-06-01T07:00:00-05:00",
    "2024-06-01T16:30:00.250Z",
]
ODD_DATES: list[Any] = [None, "", "soon", "2024-02-30", 20240601, "01/06/2024"]
BAD_INSTANTS: list[Any] = ["2024-06-01", "2024-06-01T00:00:00", "soon", "", "2024-02-30T00:00:00Z", 17, False]
DESIGNATIONS: list[Any] = [
    ["PortalOnly"],
    ["PortalOnly"],
    ["SchoolTechLead"],
    ["SchoolTechLead", "PortalOnly"],
    ["SchoolTechLead", "Principal"],
    ["Principal", "SchoolTechLead"],
    ["Principal", "SchoolTechLead"],
    ["school tech-lead"],
    ["SchoolTechLead", "portal_only"],
    ["Portal Only", "SCHOOLTECHLEAD"],
    ["Principal"],
    [],
    None,
]
SPOILS: dict[tuple[str, ...], list[Any]] = {
    ("subject",): ["absent", None, "u1", {"type": "user"}],
    ("subject", "type"): ["group", None, 7],
    ("subject", "id"): ["absent", 7, None],
    ("action",): ["absent", None, "view", {}],
    ("action", "name"): ["unheard-of", 7],
    ("resource",): ["absent", None, []],
    ("resource", "type"): ["unheard-of", None, 7],
    ("resource", "id"): ["absent", None, 7],
    ("resource", "properties"): ["absent", {}, [], "s1"],
    ("resource", "properties", "section"): ["absent", None, 7],
    ("resource", "properties", "owner"): [7, False, ["u1"], {}],
    ("context",): [[], "teacher", 7, {}, {"ip": "unused"}],
    ("context", "acting_as"): ["teacher", 7, [7], ["owner"], ["guardian"], ["unheard-of"], {}],
    ("unheard-of",): [{"anything": 1}],
    ("subject", "unheard-of"): [1],
}
PEOPLE = [  # the roles of one user, by how often they meet in a small school
    *[["teacher"]] * 6,
    *[["student"]] * 6,
    *[["staff"]] * 4,
    *[["contact"]] * 4,
    *[["teacher", "staff"]] * 3,
    *[["district_admin"]] * 2,
    ["district_admin", "teacher"],
    ["student", "teacher"],
    ["student", "contact"],
    ["student", "staff"],
    ["contact", "staff"],
    ["contact", "teacher"],
    [],
]


def chance(rng: random.Random, percent: int) -> bool:
    """Say yes so many times of a hundred."""
    return rng.randrange(100) < percent


def some(rng: random.Random, among: Iterable[Any], least: int = 1, most: int | None = None) -> list[Any]:
    """Choose some of these, in their order."""
    found = list(among)
    count = rng.randint(min(least, len(found)), len(found) if most is None else min(most, len(found)))
    return [found[index] for index in sorted(rng.sample(range(len(found)), count))]


def at(snapshot: Mapping[str, Any]) -> datetime:
    """Return the time of the decisions about a snapshot."""
    return datetime.fromisoformat(snapshot["as_of"])


# policies


def random_policy(rng: random.Random, *, loadable: bool = True) -> Json:
    """Return one merged policy; a loadable one overrides every cut, and no rule contradicts itself."""
    policy: Json = {"rolecall": 1, "application": "made-up"}
    if chance(rng, 80):
        policy["timezone"] = rng.choice(ZONES)
    if chance(rng, 75):
        policy["roles"] = {name: {"scopes": OWN_ROLES[name]} for name in some(rng, OWN_ROLES, 1, 2)}
    built_in = [
        name
        for name, percent in {"district": 25, "school": 50, "section": 85, "student": 50}.items()
        if chance(rng, percent)
    ]
    policy["resources"] = {name: random_type(rng, None) for name in built_in}
    policy["resources"] |= {name: random_type(rng, rng.choice(WITHIN)) for name in some(rng, OWN_TYPES, 1, 4)}
    types = Language(policy).types
    sets: Json = {}
    for name in some(rng, SET_NAMES, 0, 3):
        sets[name] = set_in_place(rng, types, list(sets), percent=60)
    if sets:
        policy["permission_sets"] = sets
    kinds = ["min"] * 4 + rng.choices(["min", "max", "both"], [50, 38, 12], k=rng.randint(1, 5))
    rng.shuffle(kinds)
    policy["rules"] = [
        random_rule(rng, f"r{number}", kind, policy, types) for number, kind in enumerate(kinds, start=1)
    ]
    return made_loadable(rng, policy) if loadable else policy


def random_type(rng: random.Random, within: Any) -> Json:
    """Return one entry of `resources`."""
    names = some(rng, PERMISSIONS, 2, 4)
    permissions: Any = names
    if chance(rng, 75):
        permissions = dict.fromkeys(names)
        for index, name in enumerate(names[1:], start=1):
            if chance(rng, 60):
                permissions[name] = {"implies": some(rng, names[:index], 1, 2)}
    found = {"permissions": permissions} if within is None else {"within": within, "permissions": permissions}
    if within is not None and chance(rng, 80):
        found["attributes"] = {name: ATTRIBUTES[name] for name in some(rng, ATTRIBUTES, 1, 3)}
        if "visibility" in found["attributes"] and chance(rng, 50):
            found["attributes"]["visibility"] = ["draft", "shown"]
    return found


def set_in_place(rng: random.Random, types: Mapping[str, ResourceType], names: list[str], percent: int) -> Json:
    """Return a set written in place, about so many percent of what there is."""
    written: Json = {}
    if names and chance(rng, 40):
        written["include"] = some(rng, names, 1, 2)
    elif chance(rng, 15):
        written["include"] = ["all"]
    for name, found in types.items():
        if chance(rng, percent):
            written[name] = "all" if chance(rng, 35) else some(rng, found.implies, 1, 2)
    if chance(rng, 25 if "include" in written else 10):
        written["except"] = {
            name: "all" if chance(rng, 10) else some(rng, types[name].implies, 1, 1) for name in some(rng, types, 1, 2)
        }
    return written or {"include": ["all"]}


def random_set(rng: random.Random, policy: Json, types: Mapping[str, ResourceType], percent: int) -> Any:
    """Return whatever `min` and `max` may be."""
    names = list(policy.get("permission_sets", {}))
    form = rng.choices(["name", "all", "none", "list", "in place"], [25 if names else 0, 15, 2, 15, 43])[0]
    if form == "name":
        return rng.choice(names)
    if form == "list":
        return [*some(rng, names, 0, 2), set_in_place(rng, types, names, percent)]
    return set_in_place(rng, types, names, percent) if form == "in place" else form


def random_combination(rng: random.Random, policy: Json, scopes: set[str], likely: list[str]) -> Json:
    """Return a combination that some person can mostly hold, near the types that the rule speaks of."""
    own = {name: [*role["scopes"], "anywhere"] for name, role in policy.get("roles", {}).items()}
    pairs = [(role, scope) for role in [*likely, *own, *own] for scope in (PAIRS | own)[role] if scope in scopes]
    combination: Json = {}
    for _ in range(rng.choice([1, 1, 1, 1, 1, 1, 2, 2, 3])):
        role, scope = rng.choice(pairs)
        logins = {login_role(one) for one in [*combination, role]} & set(CLEVER_ROLES)
        fits = len(logins & {"student", "contact"}) + bool(logins - {"student", "contact"}) <= 1
        if not combination or fits or chance(rng, 5):
            combination.setdefault(role, scope)
    return combination


def combinations(rng: random.Random, policy: Json, scopes: set[str], likely: list[str], most: int) -> Any:
    """Return one combination, or a list of them."""
    found = [random_combination(rng, policy, scopes, likely) for _ in range(rng.randint(1, most))]
    return found[0] if len(found) == 1 and chance(rng, 70) else found


def random_rule(rng: random.Random, rule_id: str, kind: str, policy: Json, types: Mapping[str, ResourceType]) -> Json:
    """Return one rule with a `min`, a `max` or both."""
    rule: Json = {"id": rule_id, "because": f"The reason of {rule_id}."}
    named = random_conditions(rng, types) if chance(rng, 30 if kind == "min" else 50) else ([], {})
    spoken_of, rule_if = named
    if not spoken_of and chance(rng, 25 if kind == "min" else 80):
        spoken_of = some(rng, types, 1, 3)
    if spoken_of:
        rule["for"] = spoken_of[0] if len(spoken_of) == 1 and chance(rng, 50) else spoken_of
    scopes = set().union(*(types[name].scopes for name in spoken_of or types))
    if chance(rng, 25):
        rule["when"] = "everyone"
    else:
        rule["when"] = combinations(rng, policy, scopes, TAKING_ROLES if kind == "max" else GIVING_ROLES, 3)
    if chance(rng, 25 if kind == "min" else 50):
        rule["unless"] = combinations(rng, policy, scopes, TAKING_ROLES if kind == "min" else GIVING_ROLES, 2)
    if rule_if:
        rule["if"] = rule_if
        says = {name: rng.choice(["apply", "skip"]) for name in rule_if if chance(rng, 45)}
        if kind != "min" and "term" in rule_if:
            says.setdefault("term", rng.choice(["apply", "skip"]))
        if says:
            rule["if_unknown"] = says
    if kind != "max":
        rule["min"] = random_set(rng, policy, types, 85)
    if kind != "min":
        rule["max"] = random_set(rng, policy, types, 80)
    return rule


def random_conditions(rng: random.Random, types: Mapping[str, ResourceType]) -> tuple[list[str], Json]:
    """Return some types and an `if` whose attributes every one of them has."""
    has = {name: {*found.attributes, *(["term"] if found.has_term else [])} for name, found in types.items()}
    attributes = sorted(set().union(*has.values()))
    if not attributes:
        return [], {}
    asked = {"term" if "term" in attributes and chance(rng, 40) else rng.choice(attributes)}
    if chance(rng, 50):
        first = next(iter(asked))
        asked.add(rng.choice(sorted(set().union(*(mine for mine in has.values() if first in mine)))))
    speaking = some(rng, [name for name, mine in has.items() if asked <= mine], 1, 3)
    conditions: Json = {}
    for name in sorted(asked):
        shared = [
            value
            for value in types[speaking[0]].values(name)
            if all(value in types[one].values(name) for one in speaking)
        ]
        conditions[name] = rng.choice(shared) if chance(rng, 65) else some(rng, shared, 1, 2)
    return speaking, conditions


def made_loadable(rng: random.Random, policy: Json) -> Json:
    """Add what a loader wants: overrides where a ceiling cuts a floor, no rule at odds with itself."""
    floors = [rule["id"] for rule in policy["rules"] if "min" in rule]
    torn = oracle.own_conflicts(policy)
    for rule in policy["rules"]:
        if rule["id"] in torn:  # a list of sets is their union: the ceiling that is just high enough
            both = [rule[part] if isinstance(rule[part], list) else [rule[part]] for part in ("max", "min")]
            rule["max"] = [*both[0], *both[1]]
    ceilings = [rule for rule in policy["rules"] if "max" in rule]
    if ceilings and chance(rng, 15):
        cut = oracle.refused(policy)  # the exact line that a loader offers to paste
        for rule in ceilings:
            needed = [floor for floor in floors if (floor, rule["id"]) in cut]
            if needed:
                rule["overrides"] = needed
        return policy
    for rule in ceilings:
        others = [floor for floor in floors if floor != rule["id"]]
        if rule["when"] == "everyone" and "if" in rule and chance(rng, 60):
            continue
        rule["overrides"] = others if others and chance(rng, 30) else "all"
    return policy


# snapshots


def random_snapshot(rng: random.Random, policy: Json) -> Json:
    """Return a small roster of one or two districts, with what goes wrong in real ones."""
    districts = ["d1", "d1", "d1", "d2"] if chance(rng, 60) else ["d1"]
    schools = [
        {"id": f"k{number}", "district": "d1" if number in (1, 2) else rng.choice(districts)} for number in range(1, 5)
    ]
    terms = [random_term(rng, f"t{number}", rng.choice(districts)) for number in range(1, 5)]
    people = [["student"], ["student"], *rng.choices(PEOPLE, k=rng.randint(5, 8))]
    users = [
        random_user(rng, f"u{number}", rng.choice(districts), schools, roles)
        for number, roles in enumerate(people, start=1)
    ]
    students = [user["id"] for user in users if isinstance(user["roles"].get("student"), dict)]
    for user in users:
        if "contact" in user["roles"]:
            far = [one["id"] for one in users if "student" in one["roles"] and one["district"] != user["district"]]
            user["roles"]["contact"] = random_contact(rng, far if far and chance(rng, 25) else students)
    sections = [random_section(rng, f"s{number}", users, schools, terms) for number in range(1, rng.randint(4, 7))]
    moment = rng.choice(AS_OF)
    snapshot: Json = {
        "as_of": moment,
        "schools": schools,
        "terms": terms,
        "sections": sections,
        "users": users,
    }
    snapshot["districts"] = [{"id": one} for one in sorted(set(districts)) if chance(rng, 90)]
    snapshot["assignments"] = [
        random_assignment(rng, policy, snapshot)
        for _ in range(rng.randint(0, 7) if policy.get("roles") else rng.randint(0, 1))
    ]
    if chance(rng, 10):  # records that are left out
        sections.append({"id": "s9", "school": "k1", "teacher": users[0]["id"], "students": students})
        users.append({"district": "d1", "roles": {"staff": {"schools": ["k1"]}}})
    return snapshot


def random_term(rng: random.Random, term_id: str, district: str) -> Json:
    """Return a term that is past, current, future or odd, at about the time of the decisions."""
    start, end = rng.choice(DATES), rng.choice(DATES)
    if chance(rng, 70) and end[:10] < start[:10]:
        start, end = end, start
    term = {"id": term_id, "district": district, "start_date": start, "end_date": end}
    if chance(rng, 15):
        term[rng.choice(["start_date", "end_date"])] = rng.choice(ODD_DATES)
    return term


def random_user(rng: random.Random, user_id: str, district: str, schools: list[Json], names: list[str]) -> Json:
    """Return one user; contacts get their relationships later, when the students are known."""
    mine = [school["id"] for school in schools if school["district"] == district or chance(rng, 10)] or ["k0"]
    roles: Json = {}
    for name in names:
        role: Json = {}
        if name in ("teacher", "student"):
            if chance(rng, 80):
                role["school"] = rng.choice(mine)
            if chance(rng, 70):
                role["schools"] = some(rng, mine, 0, 2)
        elif name == "staff":
            role["schools"] = some(rng, mine, 0 if chance(rng, 40) else 1, 2)
            if chance(rng, 85):
                role["roles"] = rng.choice(DESIGNATIONS)
        roles[name] = role
    if chance(rng, 8):
        roles.setdefault(
            rng.choice(["teacher", "staff", "district_admin", "student"]), rng.choice([None, None, [], "yes"])
        )
    return {"id": user_id, "district": district, "roles": roles}


def random_contact(rng: random.Random, students: list[str]) -> Json:
    """Return the contact role: related to some students, to nobody, or to somebody unheard of."""
    kinds = ["Parent/Guardian", "Parent/Guardian", "Emergency", "Family", "", None]
    related = some(rng, students, 0, 2) + (["u0"] if chance(rng, 25) else [])
    return (
        {"student_relationships": [{"student": one, "type": rng.choice(kinds)} for one in related]} if related else {}
    )


def random_section(
    rng: random.Random, section_id: str, users: list[Json], schools: list[Json], terms: list[Json]
) -> Json:
    """Return a class whose people mostly, and not always, have the role that it names them for."""
    school = rng.choice(schools)
    district = school["district"]
    teachers = named(rng, users, "teacher", district, 2)
    section: Json = {"id": section_id, "district": district, "school": school["id"]}
    section["teachers"] = teachers if chance(rng, 90) else None
    if teachers and chance(rng, 85):
        section["teacher"] = rng.choice(teachers)
    section["students"] = named(rng, users, "student", district, 4) if chance(rng, 95) else None
    if chance(rng, 85):
        section["term_id"] = rng.choice(
            [term["id"] for term in terms if term["district"] == district or chance(rng, 20)] or ["t0"]
        )
    if chance(rng, 6):
        section["school"] = rng.choice(["k0", None, *[one["id"] for one in schools if one["district"] != district]])
    return section


def named(rng: random.Random, users: list[Json], role: str, district: str, most: int) -> list[str]:
    """Return users for a class: those with the role, now and then one without it or from elsewhere."""
    fitting = [one["id"] for one in users if role in one["roles"] and one["district"] == district]
    others = [one["id"] for one in users if one["id"] not in fitting]
    far = [one["id"] for one in users if role in one["roles"] and one["id"] in others]
    found = some(rng, fitting, 0 if chance(rng, 20) else 1, most)
    return found + ([rng.choice(far if far and chance(rng, 60) else others)] if others and chance(rng, 16) else [])


def random_assignment(rng: random.Random, policy: Json, snapshot: Json) -> Json:
    """Return one of the application's assignments, mostly in force and at a place that counts."""
    declared = policy.get("roles", {})
    role = rng.choice(sorted(declared)) if declared and chance(rng, 96) else "nobody-declared-this"
    scopes = declared[role]["scopes"] if role in declared else ["school"]
    scope = rng.choice(scopes if chance(rng, 90) else ["section", "school", "district"])
    user = rng.choice(snapshot["users"])
    places = {
        "section": [one["id"] for one in snapshot["sections"] if one["district"] == user["district"] or chance(rng, 8)],
        "school": [one["id"] for one in snapshot["schools"] if one["district"] == user["district"] or chance(rng, 8)],
        "district": [user["district"], user["district"], "d1"],
    }[scope]
    place = rng.choice(places) if places and chance(rng, 94) else "x0"
    found = {"user": user["id"], "role": role, "scope": scope, "id": place}
    now = at(snapshot)
    for key, likely in {"from": -1, "until": 1}.items():
        if chance(rng, 50):
            hours = rng.choice([0, 30 * likely, 30 * likely, 30 * likely, -30 * likely])
            found[key] = (now + timedelta(hours=hours)).isoformat().replace("+00:00", rng.choice(["Z", "+00:00"]))
        elif chance(rng, 4):
            found[key] = rng.choice([None, *BAD_INSTANTS])
    return found


# requests


def related_sections(snapshot: Json, user_id: str) -> list[str]:
    """Return the classes that name a user or their child, and those to which the user is assigned."""
    people = {user_id, *related_students(snapshot, user_id)}
    found = []
    for one in snapshot["sections"]:
        in_it = {one.get("teacher"), *(one.get("teachers") or []), *(one.get("students") or [])}
        if in_it & people:
            found.append(one["id"])
    return found + [
        one["id"] for one in snapshot["assignments"] if one["user"] == user_id and one["scope"] == "section"
    ]


def related_students(snapshot: Json, user_id: str) -> list[str]:
    """Return the students to whom a user is a contact."""
    for user in snapshot["users"]:
        if user.get("id") == user_id and isinstance(user["roles"].get("contact"), dict):
            return [one["student"] for one in user["roles"]["contact"].get("student_relationships", [])]
    return []


def near(rng: random.Random, snapshot: Json, user_id: str, kind: str) -> str:
    """Return a place of this kind, mostly one that has to do with the user."""
    sections = related_sections(snapshot, user_id)
    by_id = {one["id"]: one for one in snapshot["sections"]}
    user = next((one for one in snapshot["users"] if one.get("id") == user_id), {"district": "d1", "roles": {}})
    close: list[Any] = []
    if kind == "section":
        close, records = sections, snapshot["sections"]
    elif kind == "student":
        close = [user_id] if "student" in user["roles"] else []
        close += related_students(snapshot, user_id)
        close += [one for section in sections for one in by_id.get(section, {}).get("students") or []]
        records = [one for one in snapshot["users"] if "student" in one["roles"] or chance(rng, 5)]
    elif kind == "school":
        for role in user["roles"].values():
            close += [role.get("school"), *role.get("schools", [])] if isinstance(role, dict) else []
        close += [by_id[section]["school"] for section in sections if section in by_id]
        close, records = [one for one in close if one is not None], snapshot["schools"]
    else:
        close, records = [user["district"]], [{"id": one, "district": one} for one in ("d1", "d2")]
    here = [one["id"] for one in records if "id" in one and one.get("district") == user["district"]]
    if close and chance(rng, 82):
        return rng.choice([one for one in close if one in here or chance(rng, 8)] or close)
    anyone = here if here and chance(rng, 75) else [one["id"] for one in records if "id" in one]
    return rng.choice(anyone) if anyone and chance(rng, 99) else "x0"


def random_subject(rng: random.Random, snapshot: Json) -> str:
    """Return a user, mostly one with a role in a district that has classes; now and then one unheard of."""
    busy = {one["district"] for one in snapshot["sections"] if "district" in one}
    among = [one for one in snapshot["users"] if one["roles"] and one["district"] in busy and "id" in one]
    if not among or chance(rng, 25):
        among = [{"id": "u0"}] if chance(rng, 4) else snapshot["users"]
    return rng.choice(among).get("id", "u0")


def random_grade(rng: random.Random, snapshot: Json, places: Json) -> Json:
    """Return the places of a grade: a student and a section that lists them, or mostly near one that does not."""
    if chance(rng, 60):
        listing = [one["id"] for one in snapshot["sections"] if places["student"] in (one.get("students") or [])]
        return places | {"section": rng.choice(listing)} if listing else places
    section = next((one for one in snapshot["sections"] if one["id"] == places["section"]), {})
    others = [
        one["id"]
        for one in snapshot["users"]
        if "student" in one["roles"]
        and one.get("district") == section.get("district")
        and one["id"] not in (section.get("students") or [])
    ]
    return places | {"student": rng.choice(others)} if others else places


def random_request(rng: random.Random, policy: Json, snapshot: Json) -> Any:
    """Return an AuthZEN request, mostly valid, about something near the subject."""
    user_id = random_subject(rng, snapshot)
    kind = rng.choice(list(policy["resources"]))
    body = policy["resources"][kind]
    within = body.get("within", [])
    places = within if isinstance(within, list) else [within]
    properties: Json = {place: near(rng, snapshot, user_id, place) for place in places}
    if len(places) > 1:  # a grade's student is mostly in its section
        properties = random_grade(rng, snapshot, properties)
    properties |= random_attributes(rng, body.get("attributes", {}))
    if chance(rng, 6):
        properties["term"] = rng.choice(["past", "current", "future", 7])
    if places:
        properties |= rng.choice(
            [
                *[{"owner": user_id}] * 4,
                *[{"owner": ""}] * 3,
                {},
                {},
                {"owner": None},
                {"owner": "u1"},
                {"owner": "u2"},
            ]
        )
    resource = {"type": kind, "id": f"{kind}-1" if places else near(rng, snapshot, user_id, kind)}
    if properties or chance(rng, 20):
        resource["properties"] = properties
    request: Json = {"subject": {"type": "user", "id": user_id}, "resource": resource}
    request["action"] = {"name": rng.choice(list(body["permissions"]))}
    mine = roles_of(snapshot, user_id)
    if chance(rng, 50 if len(mine) > 1 else 20):
        request["context"] = {"acting_as": random_acting(rng, policy, mine)}
    return spoiled(rng, request) if chance(rng, 4) else request


def random_attributes(rng: random.Random, attributes: Json) -> Json:
    """Return attributes, some missing, some of a wrong type."""
    found: Json = {}
    for name, values in attributes.items():
        form = rng.choices(["right", "odd", "absent"], [78, 14, 8])[0]
        if form == "right":
            found[name] = rng.choice([True, False] if values == "boolean" else values)
        elif form == "odd":
            found[name] = rng.choice([1, 1, 0, 0, "true", None, "unheard-of", 1.0, [], {}])
    return found


def roles_of(snapshot: Json, user_id: str) -> list[str]:
    """Return the login roles that a user has, or has been assigned."""
    roles = [role for user in snapshot["users"] if user.get("id") == user_id for role in user["roles"]]
    return roles + [one["role"] for one in snapshot["assignments"] if one["user"] == user_id]


def random_acting(rng: random.Random, policy: Json, mine: list[str]) -> list[str]:
    """Return login roles to act as, mostly one of those that the user holds."""
    all_roles = [*CLEVER_ROLES, *policy.get("roles", {})]
    known = [role for role in mine if role in all_roles]
    acting = some(rng, known, 1, rng.choice([1, 1, 2])) if known and chance(rng, 92) else []
    return acting + (some(rng, all_roles, 1, 2) if chance(rng, 20) else [])


def spoiled(rng: random.Random, request: Json) -> Any:
    """Return a request that is not valid, or only just is."""
    if chance(rng, 10):
        return rng.choice([None, [], "decide", 7, {}])
    *way, member = rng.choice([*SPOILS])
    holder = request
    for step in way:
        holder = holder.setdefault(step, {}) if isinstance(holder, dict) else {}
    if not isinstance(holder, dict):
        return request
    value = deepcopy(rng.choice(SPOILS[*way, member]))
    if value == "absent":
        holder.pop(member, None)
    else:
        holder[member] = value
    return request


# what is left of a world in which something is wrong


def smallest(policy: Json, snapshot: Json, fails: Callable[[Json, Json], bool]) -> tuple[Json, Json]:
    """Drop rules, parts of rules and records one by one while it still fails; an exception is no failure."""
    lists = [
        (policy, "rules"),
        *((snapshot, kind) for kind in ("assignments", "users", "sections", "terms", "schools")),
    ]
    parts = [(rule, key) for rule in policy["rules"] for key in ("unless", "for", "if", "if_unknown", "max", "min")]
    tries = [(holder, key, one) for holder, key in lists for one in holder.get(key, [])]
    for holder, key, one in [*tries, *((rule, key, None) for rule, key in parts)]:
        if key not in holder:
            continue
        before = holder[key]
        if one is None:
            del holder[key]
        else:
            holder[key] = [other for other in before if other is not one]
        try:
            still = fails(policy, snapshot)
        except Exception:  # noqa: BLE001 -- a world that has become invalid is not a smaller example
            still = False
        if not still:
            holder[key] = before
    return policy, snapshot


# hypothesis: by seed, for shrinking hundreds of draws takes minutes and `smallest` does it in a moment


def generators() -> st.SearchStrategy[random.Random]:
    """Return sources of chance."""
    return st.integers(0, 2**32 - 1).map(random.Random)


def policies() -> st.SearchStrategy[Json]:
    """Return policies that may contain cuts and rules that contradict themselves."""
    return generators().map(lambda rng: random_policy(rng, loadable=False))


def loadable_policies() -> st.SearchStrategy[Json]:
    """Return policies without a reason to refuse them."""
    return generators().map(lambda rng: random_policy(rng, loadable=True))


def snapshots(policy: Json) -> st.SearchStrategy[Json]:
    """Return rosters for a policy."""
    return generators().map(lambda rng: random_snapshot(rng, policy))


def requests(policy: Json, snapshot: Json) -> st.SearchStrategy[Any]:
    """Return requests for a policy and a roster."""
    return generators().map(lambda rng: random_request(rng, policy, snapshot))
