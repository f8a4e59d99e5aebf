"""A small roster around one resource, in which one person holds the roles that a test gives them.

It is made of records as Clever's API gives them, and read by the same code that reads a snapshot: who holds what is
decided there, not here.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import msgspec

from rolecall.analysis.grids.model import ELSEWHERE, HERE, OTHER_DISTRICT, Person, Thing
from rolecall.facts.records import GUARDIAN_TYPE
from rolecall.facts.snapshot import Snapshot
from rolecall.instants import moment_of, parse_instant
from rolecall.vocabulary.roles import DESIGNATIONS, INSIDE, OWNER

CLOCK: Final = parse_instant("2026-10-14T15:00:00Z") or 0
"""The time of the decisions where tests say none."""

Record = dict[str, Any]

# The places of the small world, by how far they are from the resource: here, in the same school, at another school,
# in another district.
_DISTRICTS: Final = {
    HERE: "the district",
    "school": "the district",
    ELSEWHERE: "the district",
    OTHER_DISTRICT: "another district",
}
_SCHOOLS: Final = {
    HERE: "the school",
    "school": "the school",
    ELSEWHERE: "another school",
    OTHER_DISTRICT: "a school of another district",
}
_SECTIONS: Final = {
    HERE: "the class",
    "school": "another class of the school",
    ELSEWHERE: "a class elsewhere",
    OTHER_DISTRICT: "a class of another district",
}
_STUDENTS: Final = {
    HERE: "the student",
    "school": "a student of another class",
    ELSEWHERE: "a student elsewhere",
    OTHER_DISTRICT: "a student of another district",
}
_CLASSMATE: Final = "another student of the class"
_LONER: Final = "the student of no class"

# How far from the resource somebody is who holds a role at a place.
_FAR: Final = {
    "section": HERE,
    "school": "school",
    ELSEWHERE: ELSEWHERE,
    OTHER_DISTRICT: OTHER_DISTRICT,
    "student": HERE,
    "district": HERE,
}
_YEAR: Final = timedelta(days=365)


class World(msgspec.Struct, frozen=True):
    """A roster, the id of the person in it, and the id of the student that resources are about."""

    snapshot: Snapshot
    subject: str
    student: str

    def resource(self, thing: Thing) -> tuple[str, dict[str, object]]:
        """Give the id and properties with which the application would ask about a resource."""
        where = thing.where
        student = self.student if where == HERE else _STUDENTS[where]
        ids = {"district": _DISTRICTS, "school": _SCHOOLS, "section": _SECTIONS}
        places = {kind: named[where] for kind, named in ids.items()} | {"student": student}
        attributes: dict[str, object] = {name: value for name, value in thing.attributes.items() if name != "term"}
        return places.get(thing.kind, thing.name), attributes | places


def make_world(person: Person, term: str, at: int, *, enrolled: bool) -> World:
    """Make the roster: `term` is that of the class (or empty), `enrolled` whether the class lists the student."""
    themself = ("student", "student") in person.roles
    student = person.name if themself else _STUDENTS[HERE] if enrolled else _LONER
    roles, far = _roles(person, student), any(place == OTHER_DISTRICT for _, place in person.roles)
    listed = student if enrolled else _STUDENTS[HERE]
    records = {
        "districts": [{"id": name} for name in dict.fromkeys(_DISTRICTS.values())],
        "schools": [
            {"id": name, "district": _DISTRICTS[where]} for where, name in _SCHOOLS.items() if where != "school"
        ],
        "terms": _terms(at),
        "sections": [_section(where, person, listed, term) for where in _SECTIONS],
        "users": [*_students(student, person), _user(person.name, _DISTRICTS[OTHER_DISTRICT if far else HERE], roles)],
        "assignments": [*_assignments(person)],
    }
    return World(Snapshot.read(records, "the tests' own roster"), person.name, student)


def _user(identifier: str, district: str, roles: Record) -> Record:
    return {"id": identifier, "district": district, "roles": roles}


def _students(student: str, person: Person) -> list[Record]:
    """Give the students of the world, apart from the person who is asked about."""
    found = {name: where for where, name in _STUDENTS.items()} | {_CLASSMATE: HERE, _LONER: HERE, student: HERE}
    return [_user(name, _DISTRICTS[where], {"student": {}}) for name, where in found.items() if name != person.name]


def _section(where: str, person: Person, student: str, term: str) -> Record:
    """Give a class with its teachers and students, the person among them where their roles say so."""
    named = {role for role, place in person.roles if _FAR.get(place) == where and (where != HERE or place == "section")}
    listed = [student, _CLASSMATE] if where == HERE else [_STUDENTS[where]]
    if "student" in named and where == HERE and ("student", "student") not in person.roles:
        listed.append(person.name)
    return {
        "id": _SECTIONS[where],
        "district": _DISTRICTS[where],
        "school": _SCHOOLS[where],
        "term_id": term if where == HERE else "",
        "teacher": person.name if "primary_teacher" in named else "",
        "teachers": [person.name] if "teacher" in named and where == HERE else [],
        "students": listed,
    }


def _roles(person: Person, student: str) -> Record:
    """Give the role objects of a user's record."""
    places: dict[str, list[str]] = {}
    for role, place in person.roles:
        login = next((outer for outer, inner in INSIDE.items() if role in inner), role)
        places.setdefault(login, []).append(place)
        places.setdefault(role, [])
    roles: Record = {}
    for login in ("teacher", "staff", "student"):
        if login in places:
            far = (_FAR[place] for place in places[login] if place not in ("section", "student"))
            roles[login] = {"schools": list(dict.fromkeys(_SCHOOLS[where] for where in far))}
    if "staff" in roles:
        roles["staff"]["roles"] = [name for name in DESIGNATIONS if name in places] or [DESIGNATIONS[0]]
    if "district_admin" in places:
        roles["district_admin"] = {}
    if "contact" in places:
        ties = []
        for role, place in person.roles:
            if role in INSIDE["contact"] or role == "contact":
                child = student if place == "student" else _CLASSMATE if place == "section" else _STUDENTS[_FAR[place]]
                ties.append({"student": child, "type": GUARDIAN_TYPE if role == "guardian" else "Emergency Contact"})
        roles["contact"] = {"student_relationships": ties}
    return roles


def _assignments(person: Person) -> list[Record]:
    """Give what the application has assigned to the person: every role that is none of Clever's."""
    built_in = {
        "teacher",
        "staff",
        "district_admin",
        "student",
        "contact",
        OWNER,
        *(r for inner in INSIDE.values() for r in inner),
    }
    found = []
    for role, place in person.roles:
        if role in built_in:
            continue
        if place in ("section", "school", "district"):
            ids = {"section": _SECTIONS[HERE], "school": _SCHOOLS[HERE], "district": _DISTRICTS[HERE]}
            found.append((role, place, ids[place]))
        else:  # at whatever scope the policy lets it be assigned; the others are passed over
            found += [(role, "section", _SECTIONS[place]), (role, "school", _SCHOOLS[place])]
            found += [(role, "district", _DISTRICTS[place])] if place == OTHER_DISTRICT else []
    return [{"user": person.name, "role": role, "scope": scope, "id": name} for role, scope, name in found]


def _terms(at: int) -> list[Record]:
    """Give a term before, around and after the time of the decisions, named as the language names them."""
    now = moment_of(at)
    if now is None:
        return []
    bounds = {"past": (-2, -1), "current": (-1, 1), "future": (1, 2)}
    return [
        {
            "id": name,
            "district": _DISTRICTS[HERE],
            "start_date": (now + first * _YEAR).isoformat(),
            "end_date": (now + last * _YEAR).isoformat(),
        }
        for name, (first, last) in bounds.items()
    ]
