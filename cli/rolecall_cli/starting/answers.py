"""The five questions of `rolecall new`, and what may be answered."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec


class Thing(StrEnum):
    """What an application protects besides schools, classes and students."""

    assignments = "assignments"
    grades = "grades"
    notes = "notes"
    reports = "reports"


class Editors(StrEnum):
    """Who changes what is in a class."""

    teachers = "teachers"
    teachers_and_substitutes = "teachers-and-substitutes"


class Staff(StrEnum):
    """What staff may see at their schools."""

    everything = "everything"
    no_student_work = "no-student-work"
    nothing = "nothing"


class TechLeads(StrEnum):
    """What School Tech Leads may do that other staff, PortalOnly by default, may not, or the other way round."""

    same = "same"
    support = "support"
    support_without_grades = "support-without-grades"


class Families(StrEnum):
    """Who of the families gets in."""

    nobody = "nobody"
    students = "students"
    students_and_guardians = "students-and-guardians"


MEANINGS: Final[dict[StrEnum, str]] = {
    Thing.assignments: "work that is set in a class",
    Thing.grades: "a student's, in a class",
    Thing.notes: "remarks about a student",
    Thing.reports: "a school's figures",
    Editors.teachers: "whoever teaches the class, co-teachers included",
    Editors.teachers_and_substitutes: "besides, substitutes whom your application assigns to a class for a while",
    Staff.everything: "whatever there is at their schools, students' work included",
    Staff.no_student_work: "schools, classes and students, but no grades and no notes",
    Staff.nothing: "nothing by being staff",
    TechLeads.same: "what other staff may",
    TechLeads.support: "besides, look into classes to help, and reset logins",
    TechLeads.support_without_grades: "the same, but they see no grades and no notes",
    Families.nobody: "the application is for those who work there",
    Families.students: "students see their classes, their published work and their grades",
    Families.students_and_guardians: "besides, guardians see what concerns their child",
}
"""What each answer means, as it is told to whoever is asked."""


class Answers(msgspec.Struct, frozen=True):
    """What was answered."""

    name: str
    timezone: str
    things: frozenset[Thing]
    editors: Editors
    staff: Staff
    tech_leads: TechLeads
    families: Families

    @property
    def substitutes(self) -> bool:
        """Whether there are substitutes."""
        return self.editors is Editors.teachers_and_substitutes

    @property
    def support(self) -> bool:
        """Whether tech leads may do more than other staff."""
        return self.tech_leads is not TechLeads.same

    @property
    def students(self) -> bool:
        """Whether students get in."""
        return self.families is not Families.nobody

    @property
    def guardians(self) -> bool:
        """Whether guardians get in."""
        return self.families is Families.students_and_guardians

    @property
    def private(self) -> list[str]:
        """The types of a student's own that not all staff are to see."""
        return [kind for thing, kind in ((Thing.grades, "grade"), (Thing.notes, "note")) if thing in self.things]

    @property
    def less(self) -> bool:
        """Whether tech leads are to see less than other staff do: nothing to write where others do not see it."""
        hidden = self.tech_leads is TechLeads.support_without_grades and self.staff is Staff.everything
        return hidden and bool(self.private)

    @property
    def dated(self) -> list[str]:
        """The types that lie in a class, and so have its term."""
        more = ((Thing.assignments, "assignment"), (Thing.grades, "grade"))
        return ["section", *(kind for thing, kind in more if thing in self.things)]
