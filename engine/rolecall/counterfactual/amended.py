"""A roster in which something is otherwise: what a suggestion says, written into the records themselves.

Counting and verifying read such a roster as they read any other; nothing of DESIGN section 3 is said again here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Final

from msgspec.structs import replace

from rolecall.counterfactual.changes import Change
from rolecall.counterfactual.roles import LOGIN
from rolecall.facts.assignments import AssignmentRecord
from rolecall.facts.records import Relationship, SchoolRecord, SectionRecord, UserRecord
from rolecall.facts.roster import Roster
from rolecall.vocabulary.facts import Location
from rolecall.vocabulary.roles import CLEVER_ROLES, DESIGNATIONS

_NEW: Final = "\x00new"
"""Begins the ids of places that are made up for a role that is held somewhere else."""
_WITH_SCHOOLS: Final = ("teacher", "staff", "student")


class Amended:
    """A copy of a roster that one person's, and one thing's, records are changed in."""

    def __init__(
        self,
        roster: Roster,
        user: str,
        where: Location,
        assigned: Iterable[AssignmentRecord],
        own: Mapping[str, tuple[str, ...]],
    ) -> None:
        """Copy what may be written into; the rest is shared. `own` are the application's roles with their scopes."""
        self.user, self.where, self.assigned, self.own = user, where, list(assigned), own
        self.roster = copy(roster)
        for name in ("schools", "sections", "users", "teaching", "enrolled"):
            setattr(self.roster, name, dict(getattr(roster, name)))

    @property
    def record(self) -> UserRecord:
        """The person's record."""
        return self.roster.users[self.user]

    def ids(self, scope: str) -> list[str]:
        """Give the ids of the places of a scope around the thing."""
        pairs = (key.split(":", 1) for key in (*self.where.keys, *self.where.doubtful))
        return [identifier for kind, identifier in pairs if kind == scope]

    # writing

    def _user(self, **fields: object) -> None:
        self.roster.users[self.user] = replace(self.record, **fields)

    def _section(self, old: SectionRecord | None, new: SectionRecord) -> None:
        """Write a section, and those that it names into the indexes."""
        self.roster.sections[new.id] = new
        for index, names in ((self.roster.teaching, "teachers"), (self.roster.enrolled, "students")):
            for user in dict.fromkeys((*(getattr(old, names) if old else ()), *getattr(new, names))):
                kept = [one for one in index.get(user, ()) if one.id != new.id]
                index[user] = [*kept, new] if user in getattr(new, names) else kept

    def _with_role(self, role: str) -> None:
        if role not in self.record.roles:
            self._user(roles=self.record.roles | {role})
            if role in _WITH_SCHOOLS:
                self._user(schools={**self.record.schools, role: ()})
            if role == "staff":
                self._user(known=("PortalOnly",), doubtful=())

    def _at_school(self, role: str, school: str) -> None:
        schools = self.record.schools
        self._user(schools={**schools, role: tuple(dict.fromkeys((*schools.get(role, ()), school)))})

    def _fresh(self, school: str | None = None) -> SectionRecord:
        """Give a new class: at a school, or at one that is made up too."""
        number, district = len(self.roster.sections), self.record.district
        if school is None:
            school = f"{_NEW}{number}"
            self.roster.schools[school] = SchoolRecord(school, district)
        section = SectionRecord(f"{_NEW}{number}", district, school, "", "", (), ())
        self._section(None, section)
        return section

    # changes

    def make(self, change: Change) -> None:
        """Write one change of the person, or of who is in the class; the thing's own state is no record's."""
        if change.kind == "gain":
            self._gain(change.role, change.scope)
        elif change.kind == "lose":
            self._lose(change.role, change.scope)
        elif change.kind == "designations":
            self._user(known=change.values, doubtful=())
        elif change.kind == "listed":
            section = self.roster.sections[self.ids("section")[0]]
            student = self.ids("student")[0]
            self._section(section, replace(section, students=(*section.students, student)))

    def _gain(self, role: str, scope: str) -> None:
        login = LOGIN.get(role, role)
        if role not in CLEVER_ROLES and login == role:
            self._assign(role, scope)
            return
        was_staff = "staff" in self.record.roles
        self._with_role(login)
        if role in DESIGNATIONS:
            known = self.record.known if was_staff else ()
            self._user(known=tuple(dict.fromkeys((*known, role))), doubtful=())
        section = self._class(login, role, scope)
        if login in ("teacher", "staff", "student") and scope == "school" and section is None:
            self._at_school(login, self.ids("school")[0])
        elif section is not None and login == "teacher":
            teachers = tuple(dict.fromkeys((*section.teachers, self.user)))
            first = self.user if role == "primary_teacher" else section.teacher
            self._section(section, replace(section, teacher=first, teachers=teachers))
        elif section is not None and login == "student":
            self._section(section, replace(section, students=tuple(dict.fromkeys((*section.students, self.user)))))
        elif login == "contact" and (scope != "anywhere" or role == "guardian"):
            self._child(section, self.ids("student")[0] if scope == "student" else None, guardian=role == "guardian")

    def _class(self, login: str, role: str, scope: str) -> SectionRecord | None:
        """Give the class that a role is gained in; one that is made up where it is gained at no particular one."""
        if scope == "section":
            return self.roster.sections[self.ids("section")[0]]
        if login == "contact" and scope != "student" and (scope, role) != ("anywhere", "contact"):
            return self._fresh(self.ids("school")[0] if scope == "school" else None)
        if role == "primary_teacher":
            return self._fresh(self.ids("school")[0] if scope == "school" else None)
        return None

    def _child(self, section: SectionRecord | None, child: str | None, *, guardian: bool) -> None:
        """Make the person a contact of a student: of the one named, or of a new one in a class."""
        if child is None and section is not None:
            child = f"{_NEW}{len(self.roster.users)}"
            record = self.record
            self.roster.users[child] = UserRecord(
                id=child, district=record.district, roles=frozenset({"student"}), schools={"student": ()},
                known=(), doubtful=(), relationships=(), legacy=(), notes=(),
            )  # fmt: skip
            self._section(section, replace(section, students=(*section.students, child)))
        if child is not None:
            self._user(relationships=(*self.record.relationships, Relationship(child, guardian)))

    def _assign(self, role: str, scope: str) -> None:
        """Assign one of the application's roles; somewhere else, where it is to be held just anywhere."""
        if scope == "anywhere":
            section = self._fresh()
            place = {"section": section.id, "school": section.school, "district": self.record.district}
            scope = self.own[role][0]
            self.assigned.append(AssignmentRecord(self.user, role, scope, place[scope]))
            return
        place_id = self.record.district if scope == "district" else self.ids(scope)[0]
        self.assigned.append(AssignmentRecord(self.user, role, scope, place_id))

    def _lose(self, role: str, scope: str) -> None:
        login = LOGIN.get(role, role)
        record = self.record
        if role not in CLEVER_ROLES and login == role:
            places = [self.record.district] if scope == "district" else self.ids(scope)
            there = [one for one in self.assigned if scope == "anywhere" or (one.scope == scope and one.id in places)]
            self.assigned = [one for one in self.assigned if one.role != role or one not in there]
        elif role == login and scope in ("anywhere", "district"):
            gone = {"contact": ("relationships",), "staff": ("known", "doubtful")}.get(role, ())
            left = {name: places for name, places in record.schools.items() if name != role}
            self._user(roles=record.roles - {role}, schools=left, **dict.fromkeys(gone, ()))
        elif login == "contact":
            self._no_child(guardian=role == "guardian", scope=scope)
        else:
            if login != "staff":
                self._out_of_classes(role, scope)
            if scope == "school" and role == login:
                schools = self.ids("school")
                others = tuple(one for one in record.schools.get(login, ()) if one not in schools)
                self._user(schools={**record.schools, login: others})

    def _out_of_classes(self, role: str, scope: str) -> None:
        """Take the person out of the classes at a scope, or from among their first teachers."""
        index = self.roster.enrolled if role == "student" else self.roster.teaching
        places = self.ids(scope)
        for section in list(index.get(self.user, ())):
            inside = scope == "anywhere" or (section.id if scope == "section" else section.school) in places
            if not inside or section.district != self.record.district:
                continue
            teacher = "" if section.teacher == self.user else section.teacher
            teachers = tuple(one for one in section.teachers if one != self.user)
            students = tuple(one for one in section.students if one != self.user)
            if role == "primary_teacher":
                self._section(section, replace(section, teacher=teacher))
            elif role == "student":
                self._section(section, replace(section, students=students))
            else:
                self._section(section, replace(section, teacher=teacher, teachers=teachers))

    def _no_child(self, *, guardian: bool, scope: str) -> None:
        """End the relationships to the students at a scope; or let them be another's than a guardian's."""
        kept = []
        for tie in self.record.relationships:
            location = self.roster.location("student", tie.student)
            keys = location.keys if location else ()
            there = scope == "anywhere" or any(f"{scope}:{place}" in keys for place in self.ids(scope))
            if not there:
                kept.append(tie)
            elif guardian:
                kept.append(replace(tie, guardian=False))
        self._user(relationships=tuple(kept))
