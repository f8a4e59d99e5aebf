"""The shipped policy as a good developer would write it by hand: plain `if`s over sets prepared for each person.

This is what the benchmarks measure the engine against. It reads the same requests, the same clock and the same roster,
and gives the same `Decision`; what it lacks is everything else (reasons, explanations, another policy).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from rolecall import RequestError, Resource, Snapshot, UnknownPermission, UnknownResourceType
from rolecall.evaluator import DENIED
from rolecall.facts.terms import term_bounds
from rolecall.vocabulary.decision import Decision
from rolecall.vocabulary.facts import Held
from rolecall.vocabulary.identity import serials
from rolecall.vocabulary.reasons import Cell, Grounds
from rolecall.vocabulary.roles import Atoms

VIEW, REPORT, EDIT, ATTENDANCE, SUPPORT = 1, 2, 4, 8, 16
WRITE_NOTE, RESET_LOGIN = 2, 4
LOCK, HAND_IN = 8, 16

PERMISSIONS: Final[dict[str, dict[str, int]]] = {
    "district": {"view": VIEW, "report": REPORT},
    "school": {"view": VIEW, "report": REPORT},
    "section": {"view": VIEW, "report": REPORT, "edit": EDIT, "take_attendance": ATTENDANCE, "support": SUPPORT},
    "student": {"view": VIEW, "write_note": WRITE_NOTE, "reset_login": RESET_LOGIN},
    "assignment": {"view": VIEW, "edit": EDIT, "lock": LOCK, "hand_in": HAND_IN},
    "grade": {"view": VIEW, "edit": EDIT},
    "note": {"view": VIEW, "edit": EDIT},
}
CELLS: Final[dict[str, list[Cell]]] = {
    kind: [Cell(frozenset(name for name, bit in bits.items() if bit & mask)) for mask in range(32)]
    for kind, bits in PERMISSIONS.items()
}
TIMEZONE: Final = ZoneInfo("America/Chicago")
_NO_IDS: Final[frozenset[str]] = frozenset()


class Person(msgspec.Struct, gc=False):
    """Who somebody is: a set of ids for each thing that the policy asks. Doubtful roles are left out."""

    id: str
    district: str
    who: Held  # what a decision says of its subject
    roles: frozenset[str]  # the login roles
    teaches: frozenset[str] = _NO_IDS  # sections
    teaches_at: frozenset[str] = _NO_IDS  # schools
    staff_at: frozenset[str] = _NO_IDS
    leads_at: frozenset[str] = _NO_IDS
    may_lead_at: frozenset[str] = _NO_IDS  # with the doubtful designations
    attends: frozenset[str] = _NO_IDS
    attends_at: frozenset[str] = _NO_IDS
    guards: frozenset[str] = _NO_IDS  # students
    guards_in: frozenset[str] = _NO_IDS  # sections
    guards_at: frozenset[str] = _NO_IDS  # schools
    covers: tuple[tuple[str, int, int], ...] = ()  # section, from, until
    is_student: bool = False


class Section(msgspec.Struct, gc=False):
    """A class: where it is, when its term ended (or never), and whom it lists."""

    district: str
    school: str
    ended: int
    students: frozenset[str]


class Student(msgspec.Struct, gc=False):
    """A student: the classes and schools around them."""

    district: str
    sections: frozenset[str]
    schools: frozenset[str]


class Handwritten:
    """Decides by `if` and `else`."""

    def __init__(self, snapshot: Snapshot) -> None:
        """Prepare everything that can be prepared."""
        self.districts = snapshot.districts
        self.schools = {school.id: school.district for school in snapshot.schools.values()}
        self.sections: dict[str, Section] = {}
        self.students: dict[str, Student] = {}
        for section in snapshot.sections.values():
            district, term = snapshot.terms.get(section.term, ("", None))
            bounds = term_bounds(term, TIMEZONE) if term and district == section.district else None
            ended = bounds[1] if bounds else 1 << 62
            self.sections[section.id] = Section(section.district, section.school, ended, frozenset(section.students))
        for user in snapshot.users:
            place = snapshot.location("student", user)
            if place:
                self.students[user] = Student(place.district, _ids(place.keys, "section"), _ids(place.keys, "school"))
        self.people = {user: _person(snapshot, user) for user in snapshot.users}
        self.fresh_until = (snapshot.as_of or 0) + 24 * 3600 * 1_000_000_000
        self.grounds = Grounds("", Atoms(), {}, {})

    def authorize(
        self, user: str, resource: Resource, permission: str | None = None, *, acting_as: Sequence[str] | None = None
    ) -> Decision:
        """Decide; the signature, the checks of the question and the answer are those of `Authorizer.authorize`."""
        kind = resource.type
        known = PERMISSIONS.get(kind)
        if known is None:
            raise UnknownResourceType(kind, PERMISSIONS)
        if permission is not None and permission not in known:
            raise UnknownPermission(permission, kind, known)
        properties = resource.properties
        owner = properties.get("owner")
        if owner is not None and not isinstance(owner, str):
            raise RequestError("`owner` must be a text")
        now = time.time_ns()
        person = self.people.get(user)
        if now > self.fresh_until:
            cell = DENIED["indeterminate"]
        elif person is None:
            cell = DENIED["subject-not-found"]
        else:
            cell = self.decide(person, kind, resource.id, properties, owner, acting_as, now)
        who = Held(user, "", 0, {}, ()) if person is None else person.who
        acting = None if acting_as is None else tuple(acting_as)
        return Decision(cell, who, resource, permission, acting, None, now, serials.next(), self.grounds)

    def decide(
        self,
        person: Person,
        kind: str,
        identifier: str,
        properties: Mapping[str, object],
        owner: object,
        acting_as: Sequence[str] | None,
        now: int,
    ) -> Cell:
        """Give what is allowed, or the reason why nothing is."""
        # where the resource is
        section: Section | None = None
        student: Student | None = None
        section_id = student_id = ""
        if kind in ("section", "assignment", "grade"):
            section_id = identifier if kind == "section" else properties["section"]  # type: ignore[assignment]  # a text
            section = self.sections.get(section_id)
        if kind in ("student", "grade", "note"):
            student_id = identifier if kind == "student" else properties["student"]  # type: ignore[assignment]  # a text
            student = self.students.get(student_id)
        if kind == "district":
            if identifier not in self.districts:
                return DENIED["resource-not-found"]
            district = identifier
        elif kind == "school":
            if identifier not in self.schools:
                return DENIED["resource-not-found"]
            district = self.schools[identifier]
        elif kind == "grade":
            if section is None or student is None or section.district != student.district:
                return DENIED["place-not-found"]
            district = section.district
        else:
            place = section or student
            if place is None:
                return DENIED["place-not-found" if kind in ("assignment", "note") else "resource-not-found"]
            district = place.district
        if person.district != district:
            return DENIED["other-district"]

        # the roles that count
        roles = person.roles
        covers = _NO_IDS
        if person.covers:
            covers = frozenset(place for place, start, end in person.covers if start <= now < end)
            if covers:
                roles |= {"substitute"}
        if not roles:
            return DENIED["no-role"]
        if acting_as is not None:
            roles = roles.intersection(acting_as)
            if not roles:
                return DENIED["not-acting"]
        teacher, staff, guardian = "teacher" in roles, "staff" in roles, "contact" in roles
        admin, pupil = "district_admin" in roles, "student" in roles
        substitute = bool(covers) and "substitute" in roles and not person.is_student

        allowed = 0
        if kind == "section":
            school = section.school  # type: ignore[union-attr]  # looked up above
            if teacher and section_id in person.teaches:
                allowed = VIEW | EDIT | ATTENDANCE
                if staff:
                    allowed |= REPORT
            if substitute and section_id in covers:
                allowed |= VIEW | ATTENDANCE
            if staff:
                if school in person.staff_at:
                    allowed |= VIEW | REPORT
                if school in person.leads_at:
                    allowed |= VIEW | SUPPORT
            if admin:
                allowed |= VIEW | REPORT
            if (pupil and section_id in person.attends) or (guardian and section_id in person.guards_in):
                allowed |= VIEW
            if now > section.ended:  # type: ignore[union-attr]  # looked up above
                allowed &= VIEW | REPORT
        elif kind == "assignment":
            if teacher and section_id in person.teaches:
                allowed = VIEW | EDIT | LOCK
            if substitute and section_id in covers:
                allowed |= VIEW | EDIT
            if admin or (staff and section.school in person.staff_at):  # type: ignore[union-attr]  # looked up above
                allowed |= VIEW
            if properties.get("visibility") == "published":
                if pupil and section_id in person.attends:
                    allowed |= VIEW | HAND_IN
                if guardian and section_id in person.guards_in:
                    allowed |= VIEW
            if now > section.ended:  # type: ignore[union-attr]  # looked up above
                allowed &= VIEW
            if properties.get("locked") is not False:
                allowed &= VIEW | LOCK
        elif kind == "grade":
            school = section.school  # type: ignore[union-attr]  # looked up above
            listed = student_id in section.students  # type: ignore[union-attr]  # looked up above
            teaches = teacher and listed and section_id in person.teaches
            if school in person.may_lead_at and not teaches and not admin:
                return CELLS[kind][0]
            if teaches:
                allowed = VIEW | EDIT
            if admin or (staff and listed and school in person.staff_at):
                allowed |= VIEW
            if properties.get("published") is True and (
                (pupil and student_id == person.id) or (guardian and student_id in person.guards)
            ):
                allowed |= VIEW
            if now > section.ended:  # type: ignore[union-attr]  # looked up above
                allowed &= VIEW
        elif kind == "student":
            schools, sections = student.schools, student.sections  # type: ignore[union-attr]  # looked up above
            if teacher and not sections.isdisjoint(person.teaches):
                allowed = VIEW | WRITE_NOTE
            if staff:
                if not schools.isdisjoint(person.staff_at):
                    allowed |= VIEW
                if not schools.isdisjoint(person.leads_at):
                    allowed |= VIEW | RESET_LOGIN
            if (
                admin
                or (pupil and student_id == person.id)
                or (guardian and student_id in person.guards)
                or (substitute and not sections.isdisjoint(covers))
            ):
                allowed |= VIEW
        elif kind == "note":
            schools, sections = student.schools, student.sections  # type: ignore[union-attr]  # looked up above
            teaches = teacher and not sections.isdisjoint(person.teaches)
            if not teaches and not admin and not schools.isdisjoint(person.may_lead_at):
                return CELLS[kind][0]
            if teaches:
                allowed = VIEW | EDIT if owner == person.id else VIEW
            if admin or (staff and not schools.isdisjoint(person.staff_at)):
                allowed |= VIEW
        elif kind == "school":
            if admin or (staff and identifier in person.staff_at):
                allowed = VIEW | REPORT
            elif (
                (teacher and identifier in person.teaches_at)
                or (pupil and identifier in person.attends_at)
                or (guardian and identifier in person.guards_at)
            ):
                allowed = VIEW
        elif admin:
            allowed = VIEW | REPORT
        return CELLS[kind][allowed]


def _ids(keys: tuple[str, ...], scope: str) -> frozenset[str]:
    """Give the ids of the places of one kind."""
    return frozenset(key.partition(":")[2] for key in keys if key.startswith(f"{scope}:"))


def _person(snapshot: Snapshot, user: str) -> Person:
    """Sort somebody's roles into sets."""
    person = snapshot.person(user)
    if person is None:
        raise KeyError(user)
    sure: dict[tuple[str, str], set[str]] = {}
    maybe: set[str] = set()
    for role in person.roles:
        if not role.doubt:
            sure.setdefault((role.role, role.scope), set()).add(role.id)
        if (role.role, role.scope) == ("SchoolTechLead", "school"):
            maybe.add(role.id)
    held = {pair: frozenset(places) for pair, places in sure.items()}
    logins = ("teacher", "staff", "district_admin", "student", "contact")
    return Person(
        user,
        person.district,
        Held(user, person.district, 0, {}, person.roles),
        frozenset(role for role in logins if (role, "anywhere") in held),
        teaches=held.get(("teacher", "section"), _NO_IDS),
        teaches_at=held.get(("teacher", "school"), _NO_IDS),
        staff_at=held.get(("staff", "school"), _NO_IDS),
        leads_at=held.get(("SchoolTechLead", "school"), _NO_IDS),
        may_lead_at=frozenset(maybe),
        attends=held.get(("student", "section"), _NO_IDS),
        attends_at=held.get(("student", "school"), _NO_IDS),
        guards=held.get(("guardian", "student"), _NO_IDS),
        guards_in=held.get(("guardian", "section"), _NO_IDS),
        guards_at=held.get(("guardian", "school"), _NO_IDS),
        covers=tuple(
            (
                one.id,
                one.starts if one.starts is not None else -(1 << 62),
                one.ends if one.ends is not None else 1 << 62,
            )
            for one in snapshot.application_assignments(user)
            if one.role == "substitute"
            and one.scope == "section"
            and snapshot.counts("section", one.id, person.district)
        ),
        is_student=any(role.role == "student" for role in person.roles),
    )
