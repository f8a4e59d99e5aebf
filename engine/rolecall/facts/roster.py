"""Whole rosters in memory: records indexed, a person's roles and a resource's location read from them (DESIGN 3)."""

from __future__ import annotations

from collections.abc import Iterator
from sys import intern

from rolecall.facts.assignments import AssignmentRecord
from rolecall.facts.records import SchoolRecord, SectionRecord, UserRecord
from rolecall.vocabulary.facts import Location, Person, RoleAssignment, Term
from rolecall.vocabulary.roles import EMPLOYEES, INSIDE


class Roster:
    """Complete facts of some districts, never changed once built; safe to share between threads.

    `reports` are sentences about records that were left out or look wrong; `as_of` is nanoseconds since 1970, or
    None where the source did not say.
    """

    def __init__(
        self,
        *,
        districts: frozenset[str],
        schools: dict[str, SchoolRecord],
        terms: dict[str, tuple[str, Term]],
        sections: dict[str, SectionRecord],
        users: dict[str, UserRecord],
        assignments: dict[str, tuple[AssignmentRecord, ...]],
        as_of: int | None,
        source: str,
        reports: tuple[str, ...] = (),
    ) -> None:
        """Index the records; a section whose school is not held, or lies in another district, is not held."""
        self.districts, self.schools, self.terms, self.users = districts, schools, terms, users
        self.assignments, self.as_of, self.source = assignments, as_of, source
        lost = []
        self.sections: dict[str, SectionRecord] = {}
        self.teaching: dict[str, list[SectionRecord]] = {}
        self.enrolled: dict[str, list[SectionRecord]] = {}
        for section in sections.values():
            if not self.counts("school", section.school, section.district):
                lost.append(
                    f"section `{section.id}` is left out: its school `{section.school}` is not held in its district"
                )
                continue
            self.sections[section.id] = section
            for user in section.teachers:
                self.teaching.setdefault(user, []).append(section)
            for user in section.students:
                self.enrolled.setdefault(user, []).append(section)
        self.legacy = {old: user.id for user in users.values() for old in user.legacy if old != user.id}
        self.reports = (*reports, *lost)

    def counts(self, kind: str, identifier: str, district: str) -> bool:
        """Say whether a place is held, in that district. A district itself needs no record to be somebody's."""
        if kind == "district":
            return identifier == district
        found = (self.schools if kind == "school" else self.sections).get(identifier)
        return found is not None and found.district == district

    def successor(self, identifier: str) -> str | None:
        """Give the v3.0 id of whoever had this id before Clever's API 3.0, or None."""
        return self.legacy.get(identifier)

    def application_assignments(self, user: str) -> tuple[AssignmentRecord, ...]:
        """Give what the snapshot says the application has assigned to the user."""
        return self.assignments.get(user, ())

    def person(self, user: str) -> Person | None:
        """Give a user with the roles of their record, or None where there is no such user."""
        record = self.users.get(user)
        if record is None:
            return None
        roles = tuple(dict.fromkeys(self._roles(record)))
        return Person(user, record.district, roles, (*record.notes, *self._notes(record)))

    def _roles(self, user: UserRecord) -> Iterator[RoleAssignment]:
        """The table of DESIGN section 3, line by line."""
        own = {
            place
            for role in user.schools
            for place in user.schools[role]
            if self.counts("school", place, user.district)
        }
        near = {role: [place for place in places if place in own] for role, places in user.schools.items()}
        doubts = {role: _impossible_beside(role, user.roles) for role in user.roles}
        held: list[tuple[str, str, str, str]] = []
        for role in sorted(user.roles):
            held.append((role, "anywhere", user.district, ""))
            held += [(role, "school", place, "") for place in near.get(role, ())]
        if "teacher" in user.roles:
            for section in self._here(self.teaching, user):
                names = ["teacher", *(["primary_teacher"] if section.teacher == user.id else [])]
                held += _through(names, section)
        if "student" in user.roles:
            held.append(("student", "student", user.id, ""))
            for section in self._here(self.enrolled, user):
                held += _through(["student"], section)
        for name, why in [
            *((name, "") for name in user.known),
            *((name, _why_doubtful(name, user)) for name in user.doubtful),
        ]:
            held.append((name, "anywhere", user.district, why))
            held += [(name, "school", place, why) for place in near.get("staff", ())]
        if "district_admin" in user.roles:
            held.append(("district_admin", "district", user.district, ""))
        held += self._as_contact(user)
        inner = {name: login for login, names in INSIDE.items() for name in names}
        for role, scope, place, doubt in held:
            if role in ("primary_teacher", "guardian"):
                yield RoleAssignment(role, "anywhere", user.district, doubts[inner[role]])
            yield RoleAssignment(role, scope, place, doubts[inner.get(role, role)] or doubt)

    def _as_contact(self, user: UserRecord) -> Iterator[tuple[str, str, str, str]]:
        """Contact, and guardian, at each of their students and around them."""
        for tie in user.relationships:
            student = self.users.get(tie.student)
            if student is None or "student" not in student.roles or student.district != user.district:
                continue
            for role in ("contact", "guardian") if tie.guardian else ("contact",):
                for key in self._around(student):
                    scope, _, place = key.partition(":")
                    yield role, scope, place, ""

    def _here(self, index: dict[str, list[SectionRecord]], user: UserRecord) -> list[SectionRecord]:
        return [section for section in index.get(user.id, ()) if section.district == user.district]

    def _notes(self, user: UserRecord) -> Iterator[str]:
        """Say where the roster and the user's record disagree."""
        for index, role in ((self.teaching, "teacher"), (self.enrolled, "student")):
            for section in index.get(user.id, ()):
                if section.district != user.district:
                    yield f"section `{section.id}` of another district names them; that counts for nothing"
                elif role not in user.roles:
                    yield f"section `{section.id}` names them as a {role}, but they have no role `{role}`"
        for role, places in user.schools.items():
            for place in places:
                if not self.counts("school", place, user.district):
                    yield f"`roles.{role}` names the school `{place}`, which their district does not have here"
        for role in sorted(user.roles):
            if doubt := _impossible_beside(role, user.roles):
                yield f"`roles.{role}` is doubtful: {doubt}"

    def _around(self, student: UserRecord) -> tuple[str, ...]:
        """Give the keys of a student's places: themself, the sections that list them, the schools of both."""
        sections = self._here(self.enrolled, student)
        schools = [place for place in student.schools["student"] if self.counts("school", place, student.district)]
        places = [f"student:{student.id}", *(f"section:{section.id}" for section in sections)]
        places += [*(f"school:{place}" for place in schools), *(f"school:{section.school}" for section in sections)]
        return tuple(dict.fromkeys(map(intern, places)))

    def location(self, kind: str, identifier: str) -> Location | None:
        """Give the location of a district, school, section or student, or None where the facts do not hold it."""
        if kind == "district":
            return Location(kind, identifier, identifier, ()) if identifier in self.districts else None
        if kind == "school":
            school = self.schools.get(identifier)
            return Location(kind, identifier, school.district, (intern(f"school:{identifier}"),)) if school else None
        if kind == "section":
            section = self.sections.get(identifier)
            if section is None:
                return None
            district, term = self.terms.get(section.term, ("", None))
            keys = (intern(f"section:{identifier}"), intern(f"school:{section.school}"))
            current = term if district == section.district else None
            return Location(kind, identifier, section.district, keys, current, section.students)
        student = self.users.get(identifier)
        if student is None or "student" not in student.roles:
            return None
        return Location(kind, identifier, student.district, self._around(student))


def _through(roles: list[str], section: SectionRecord) -> Iterator[tuple[str, str, str, str]]:
    """Held at a section, and at the section's school."""
    for role in roles:
        yield role, "section", section.id, ""
        yield role, "school", section.school, ""


def _impossible_beside(role: str, roles: frozenset[str]) -> str:
    """Say why a role is doubtful beside another: Clever promises that these never meet."""
    for other, doubtful in (("student", ("contact", *EMPLOYEES)), ("contact", EMPLOYEES)):
        if other in roles and role in doubtful:
            return f"Clever never gives a {other} this role"
    return ""


def _why_doubtful(name: str, user: UserRecord) -> str:
    if name == "PortalOnly" and not user.known:
        return "no designation is exactly known, and PortalOnly is Clever's default"
    return "the designation is not spelled as Clever spells it"


def join_student_section(student: Location | None, section: Location | None) -> Location | None:
    """Give the location of what lies in a student and a section: both of one district, or nowhere.

    Where the section does not list the student, every role held through it or its school is doubtful.
    """
    if student is None or section is None or student.district != section.district:
        return None
    listed = student.id in section.students
    return Location(
        kind="student+section",
        id=f"{student.id}+{section.id}",
        district=section.district,
        keys=(f"student:{student.id}", *(section.keys if listed else ())),
        term=section.term,
        students=section.students,
        bounds=section.bounds,
        doubtful=() if listed else section.keys,
        since=max(student.since, section.since),
        until=min(student.until, section.until),
        as_of=None if student.as_of is None or section.as_of is None else min(student.as_of, section.as_of),
    )
