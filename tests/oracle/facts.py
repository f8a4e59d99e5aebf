"""A snapshot -> the records that the facts hold."""

from collections.abc import Mapping
from typing import Any

from oracle.bugs import NO_BUG, Bugs

Record = Mapping[str, Any]


def strings(value: Any) -> list[str]:
    """Return the strings of a list; anything else names nothing."""
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def records(snapshot: Mapping[str, Any], kind: str) -> dict[str, Record]:
    """A record "without an id or a district is left out"; two of one kind "with the same id are an error"."""
    found: dict[str, Record] = {}
    for record in snapshot.get(kind) or []:
        needed = ("id",) if kind == "districts" else ("id", "district")
        if not isinstance(record, Mapping) or not all(
            isinstance(record.get(key), str) and record[key] for key in needed
        ):
            continue
        if record["id"] in found:
            message = f"two {kind} with the id `{record['id']}`"
            raise ValueError(message)
        found[record["id"]] = record
    return found


class Facts:
    """The records that the facts hold."""

    def __init__(self, snapshot: Mapping[str, Any], bug: Bugs = NO_BUG) -> None:
        """Index a snapshot by id."""
        self.bug = bug
        self.districts = records(snapshot, "districts")
        self.schools = records(snapshot, "schools")
        self.terms = records(snapshot, "terms")
        self.users = records(snapshot, "users")
        self.sections = {key: one for key, one in records(snapshot, "sections").items() if self.has_its_school(one)}
        self.assignments = [one for one in snapshot.get("assignments") or [] if isinstance(one, Mapping)]

    def has_its_school(self, section: Record) -> bool:
        """A section "whose school the facts do not hold, or hold in another district, is not held itself"."""
        school = section.get("school")
        if not isinstance(school, str) or school not in self.schools:
            return self.bug("section-without-school-counts") and isinstance(school, str)
        return self.schools[school]["district"] == section["district"] or self.bug("other-district-counts")

    def counts(self, place: Record | None, district: str) -> bool:
        """A place "of another district never counts, nor does one that the facts do not hold"."""
        return place is not None and (place["district"] == district or self.bug("other-district-counts"))

    def role(self, user: Record, name: str) -> Record | None:
        """A role is present in `roles` where its value is an object."""
        roles = user.get("roles")
        value = roles.get(name) if isinstance(roles, Mapping) else None
        if self.bug("null-role-is-present") and isinstance(roles, Mapping) and name in roles and value is None:
            return {}
        return value if isinstance(value, Mapping) else None

    def student(self, user_id: Any) -> Record | None:
        """A student is a user with the role student."""
        user = self.users.get(user_id) if isinstance(user_id, str) else None
        return user if user is not None and self.role(user, "student") is not None else None

    def schools_of(self, role: Record, district: str) -> list[str]:
        """Return the schools that a role object names at `school` and `schools`, those that count."""
        named = {*strings([role.get("school")]), *strings(role.get("schools"))}
        return [one for one in named if self.counts(self.schools.get(one), district)]

    def student_schools(self, student: Record) -> list[str]:
        """Return the student's own schools."""
        role = self.role(student, "student") or {}
        if self.bug("student-forgets-other-schools"):
            role = {"school": role.get("school")}
        return self.schools_of(role, student["district"])

    def student_sections(self, student: Record) -> list[Record]:
        """Return "the sections that list them"."""
        return [
            section
            for section in self.sections.values()
            if student["id"] in strings(section.get("students")) and self.counts(section, student["district"])
        ]
