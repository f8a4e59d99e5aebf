"""Facts -> role assignments: who is what where, and what of it is in doubt."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from oracle.bugs import NO_BUG, Bugs
from oracle.facts import Facts, Record, strings
from oracle.language import CLEVER_ROLES, Language
from oracle.terms import rfc_3339

DESIGNATIONS = ("PortalOnly", "SchoolTechLead")


@dataclass(frozen=True)
class Assignment:
    """A role held at one place; `anywhere` has the district for a place."""

    role: str
    scope: str
    place: str
    doubtful: bool = False


def near(designation: str) -> str:
    """Spell a designation without "case, spaces, `_` or `-`"."""
    return designation.lower().replace(" ", "").replace("_", "").replace("-", "")


class Roster:
    """Reads the table of section 3 at one time."""

    def __init__(self, facts: Facts, language: Language, at: datetime, bug: Bugs = NO_BUG) -> None:
        """Take the facts, the declared roles and the time."""
        self.facts = facts
        self.language = language
        self.at = at
        self.bug = bug

    def has_bad_instant(self, user_id: str) -> bool:
        """A `from` or `until` "that is neither absent, null nor an RFC 3339 instant with a zone"."""
        if self.bug("bad-instant-is-absent"):
            return False
        mine = [one for one in self.facts.assignments if one.get("user") == user_id]
        if self.bug("bad-instant-of-ignored-assignment-ignored"):
            user = self.facts.users.get(user_id, {"district": ""})
            mine = [one for one in mine if self.assigned({**one, "from": None, "until": None}, user)]
        given = [one[key] for one in mine for key in ("from", "until") if one.get(key) is not None]
        return any(rfc_3339(instant) is None for instant in given)

    # role assignments

    def assignments_of(self, user: Record) -> set[Assignment]:
        """Read the table of section 3, then the last rule of it: held anywhere."""
        clever = set(self.clever_assignments(user))
        assigned = [
            Assignment(one["role"], one["scope"], one["id"])
            for one in self.facts.assignments
            if one.get("user") == user["id"] and self.assigned(one, user)
        ]
        if self.bug("assigned-section-gives-school"):
            at_sections = [one for one in assigned if one.scope == "section"]
            assigned += [
                Assignment(one.role, "school", self.facts.sections[one.place]["school"]) for one in at_sections
            ]
        if self.bug("assigned-place-unchecked-for-anywhere"):
            mine = [one for one in self.facts.assignments if one.get("user") == user["id"]]
            assigned += [
                Assignment(one["role"], "anywhere", user["district"])
                for one in mine
                if one.get("role") in self.language.roles and one.get("scope") in self.language.roles[one["role"]]
            ]
        somewhere = clever | set(assigned)
        return somewhere | {Assignment(one.role, "anywhere", user["district"], one.doubtful) for one in somewhere}

    def assigned(self, one: Record, user: Record) -> bool:
        """A declared role "exactly at the section, school or district assigned", `from` and `until`."""
        role, scope, place = one.get("role"), one.get("scope"), one.get("id")
        if not all(isinstance(part, str) for part in (role, scope, place)) or role not in self.language.roles:
            return False
        if scope not in self.language.roles[role] and not self.bug("undeclared-scope-counts"):
            return False
        start, end = rfc_3339(one.get("from")), rfc_3339(one.get("until"))
        if (
            start
            and (self.at < start or (self.bug("from-excluded") and self.at == start))
            and not self.bug("from-ignored")
        ):
            return False
        if (
            end
            and self.at >= end
            and not self.bug("until-ignored")
            and not (self.bug("until-included") and self.at == end)
        ):
            return False
        if scope == "district":
            return place == user["district"]
        places = {"section": self.facts.sections, "school": self.facts.schools}.get(scope, {})
        return self.facts.counts(places.get(place), user["district"])

    def clever_assignments(self, user: Record) -> Iterator[Assignment]:
        """Read each role from its own role object."""
        present = {name: role for name in CLEVER_ROLES if (role := self.facts.role(user, name)) is not None}
        if self.bug("section-makes-teacher"):
            present.setdefault("teacher", {})
        if self.bug("beside-student-drops") and "student" in present:
            present = {"student": present["student"]}
        readers = {
            "teacher": self.teacher,
            "staff": self.staff,
            "district_admin": self.district_admin,
            "student": self.as_student,
            "contact": self.contact,
        }
        for name, role in present.items():
            doubtful = self.meets_what_it_must_not(name, set(present))
            held = list(readers[name](user, role))
            if not (self.bug("section-makes-teacher") and name == "teacher" and not held):
                # "Clever's five even where they have no place"
                bare = not (self.bug("staff-only-where-schools") and name == "staff" and not held)
                held += [(name, "anywhere", user["district"], False)] if bare else []
            for held_role, scope, place, doubt in held:
                yield Assignment(held_role, scope, place, doubtful or doubt)

    def meets_what_it_must_not(self, name: str, present: set[str]) -> bool:
        """Beside student "contact, teacher, staff, district_admin"; beside contact "the last three"."""
        employee = name in ("teacher", "staff", "district_admin")
        if "student" in present and (employee or name == "contact") and not self.bug("beside-student-no-doubt"):
            return True
        return "contact" in present and employee and not self.bug("beside-contact-no-doubt")

    def teacher(self, user: Record, role: Record) -> Iterator[tuple[str, str, str, bool]]:
        """At "each of `school`, `schools`; at each section whose `teacher` or `teachers` names the user"."""
        for school in self.facts.schools_of(role, user["district"]):
            yield "teacher", "school", school, False
        for section in self.facts.sections.values():
            first = section.get("teacher") == user["id"]
            also = user["id"] in strings(section.get("teachers"))
            if not self.facts.counts(section, user["district"]) or not (first or also):
                continue
            if first or not self.bug("co-teachers-forgotten"):
                yield "teacher", "section", section["id"], False
                if not self.bug("teacher-forgets-section-school"):
                    yield "teacher", "school", section["school"], False
            if first or self.bug("co-teacher-is-primary"):
                yield "primary_teacher", "section", section["id"], False
                if not self.bug("primary-only-at-section"):
                    yield "primary_teacher", "school", section["school"], False

    def staff(self, user: Record, role: Record) -> Iterator[tuple[str, str, str, bool]]:
        """Staff "at each of `schools`; likewise each designation"; empty `schools` is nowhere."""
        schools = [
            one
            for one in strings(role.get("schools"))
            if self.facts.counts(self.facts.schools.get(one), user["district"])
        ]
        if not schools and self.bug("no-schools-is-every-school"):
            schools = [one["id"] for one in self.facts.schools.values() if one["district"] == user["district"]]
        if self.bug("staff-where-teaching") and (teacher := self.facts.role(user, "teacher")) is not None:
            taught = [place for name, scope, place, _ in self.teacher(user, teacher) if scope == "school"]
            schools = [*schools, *taught]
        held = {"staff": False} | self.designations(role)
        for name, doubt in held.items():
            for school in schools:
                yield name, "school", school, doubt
            if name != "staff" and not (self.bug("staff-only-where-schools") and not schools):
                yield name, "anywhere", user["district"], doubt  # "designations with staff"

    def designations(self, role: Record) -> dict[str, bool]:
        """Return each designation and whether it is doubtful."""
        given = strings(role.get("roles"))
        exact = [one for one in DESIGNATIONS if one in given]
        nearly = [one for one in DESIGNATIONS if near(one) in map(near, given)]
        if self.bug("nearly-known-designation-is-unknown"):
            nearly = []
        held = dict.fromkeys(nearly, not self.bug("nearly-known-designation-is-known"))
        stray = self.bug("some-unknown-designation-is-doubt") and any(one not in DESIGNATIONS for one in given)
        if (not exact or stray) and not self.bug("absent-designations-are-none"):
            # "for staff whose designations are absent, empty or none of them exactly known"
            held.setdefault("PortalOnly", True)
        return held | dict.fromkeys(exact, False)

    def district_admin(self, user: Record, _role: Record) -> Iterator[tuple[str, str, str, bool]]:
        """District_admin at the district."""
        yield "district_admin", "district", user["district"], False

    def as_student(self, user: Record, _role: Record) -> Iterator[tuple[str, str, str, bool]]:
        """Student "at themself", at their schools, their sections "and at that section's school"."""
        yield "student", "student", user["id"], False
        for school in self.facts.student_schools(user):
            yield "student", "school", school, False
        for section in self.facts.student_sections(user):
            yield "student", "section", section["id"], False
            if not self.bug("student-forgets-section-school"):
                yield "student", "school", section["school"], False

    def contact(self, user: Record, role: Record) -> Iterator[tuple[str, str, str, bool]]:
        """Each entry "that names a student of the same district" makes a contact there, and around them."""
        entries = role.get("student_relationships")
        for entry in entries if isinstance(entries, list) else []:
            if not isinstance(entry, Mapping):
                continue
            guards = entry.get("type") == "Parent/Guardian" or self.bug("every-contact-is-guardian")
            student = self.facts.student(entry.get("student"))
            if student is None or not self.facts.counts(student, user["district"]):
                if guards and self.bug("guardian-of-nobody-is-anywhere"):
                    yield "guardian", "anywhere", user["district"], False
                continue
            for scope, place in self.around_student(student):
                if scope == "section" and self.bug("contact-forgets-sections"):
                    continue
                yield "contact", scope, place, False
                if guards:
                    yield "guardian", scope, place, False

    def around_student(self, student: Record) -> Iterator[tuple[str, str]]:
        """That student, and "that student's schools, sections and those sections' schools"."""
        yield "student", student["id"]
        for school in self.facts.student_schools(student):
            yield "school", school
        for section in self.facts.student_sections(student):
            yield "section", section["id"]
            if not self.bug("contact-forgets-section-schools"):
                yield "school", section["school"]
