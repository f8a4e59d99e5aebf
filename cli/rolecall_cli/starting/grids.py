"""The tests that answers ask for: who may do what, written from the answers and not from the policy's rules."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall_cli.starting.answers import Answers, Staff, Thing

Grid = dict[str, set[str]]

_PEOPLE = {
    "teacher": "{teacher: section}",
    "colleague": "{teacher: school}                     # teaches another class of the school",
    "administrator": "{staff: school}                   # PortalOnly, which is what Clever gives by default",
    "far-administrator": "{staff: elsewhere}            # of another school",
    "tech-lead": "{SchoolTechLead: school}",
    "district-admin": "{district_admin: district}",
    "substitute": "{substitute: section}",
    "student": "{student: student}",
    "classmate": "{student: section}",
    "guardian": "{guardian: student}",
    "emergency-contact": "{contact: student}            # a contact, and no guardian",
    "stranger": "{teacher: other-district}",
}


def grids_text(answers: Answers) -> str:
    """Give the file."""
    people = {name: said for name, said in _PEOPLE.items() if name != "substitute" or answers.substitutes}
    rows = [
        "# yaml-language-server: $schema=../schemas/tests-1.schema.json",
        "# Who may do what, and who may not. `rolecall test` asks the policy, and shows the table where it is wrong.",
        "rolecall-tests: 1",
        "",
        "people:                                   # roles, and where they are held, seen from what is asked about",
        *(f"  {name}: {said}" for name, said in people.items()),
        "",
        "tests:",
    ]
    for sentence, on, columns, grid in _tests(answers):
        width = max(map(len, people)) + 2
        rows += [f"  - test: {sentence}", f"    on: {on}", "    grid: |"]
        rows.append("      " + "who".ljust(width) + "  ".join(columns))
        for name in people:
            cells = (("yes" if column in grid.get(name, ()) else "no").ljust(len(column)) for column in columns)
            rows.append(("      " + name.ljust(width) + "  ".join(cells)).rstrip())
        rows.append("")
    return "\n".join(rows)


def _tests(answers: Answers) -> Iterator[tuple[str, str, list[str], Grid]]:
    """Give each test: its sentence, what is asked about, every permission of it, who has which of them."""
    support = ["support"] if answers.support else []
    yield "Who sees a school", "school", ["view"], _school(answers)
    section = _section(answers)
    columns = ["view", "edit", *support]
    yield "Who does what in a class that goes on", "section", columns, section
    yield "A past class is looked at, and no more", "{type: section, is: {term: past}}", columns, _looked(section)
    yield "Who sees a student", "student", ["view", *(["reset_login"] if support else [])], _student(answers)
    if Thing.assignments in answers.things:
        yield from _assignments(answers)
    if Thing.grades in answers.things:
        yield from _grades(answers)
    if Thing.notes in answers.things:
        yield "Who reads and writes notes about a student", "note", ["view", "edit"], _private(answers)
    if Thing.reports in answers.things:
        grid = {"district-admin": {"view", "export"}}
        seen = {"view"} if answers.staff is not Staff.nothing else set[str]()
        grid |= {"administrator": seen, "tech-lead": seen}
        yield "Who has a school's reports", "report", ["view", "export"], grid


def _looked(grid: Grid) -> Grid:
    """Give what is left once nothing can be changed."""
    return {name: may & {"view"} for name, may in grid.items()}


def _staff(answers: Answers) -> set[str]:
    """Give what staff have of what all staff may see."""
    return set() if answers.staff is Staff.nothing else {"view"}


def _school(answers: Answers) -> Grid:
    students = {"view"} if answers.students else set[str]()
    return {
        "teacher": {"view"},
        "colleague": {"view"},
        "administrator": _staff(answers),
        "tech-lead": _staff(answers),
        "district-admin": {"view"},
        "student": students,
        "classmate": students,
        "guardian": {"view"} if answers.guardians else set(),
    }


def _section(answers: Answers) -> Grid:
    students = {"view"} if answers.students else set[str]()
    return {
        "teacher": {"view", "edit"},
        "substitute": {"view", "edit"},
        "administrator": _staff(answers),
        "tech-lead": _staff(answers) | ({"view", "support"} if answers.support else set()),
        "district-admin": {"view"},
        "student": students,
        "classmate": students,
        "guardian": {"view"} if answers.guardians else set(),
    }


def _student(answers: Answers) -> Grid:
    return {
        "teacher": {"view"},
        "substitute": {"view"},
        "administrator": _staff(answers),
        "tech-lead": _staff(answers) | ({"view", "reset_login"} if answers.support else set()),
        "district-admin": {"view"},
        "student": {"view"} if answers.students else set(),
        "guardian": {"view"} if answers.guardians else set(),
    }


def _assignments(answers: Answers) -> Iterator[tuple[str, str, list[str], Grid]]:
    working: Grid = {
        "teacher": {"view", "edit"},
        "substitute": {"view", "edit"},
        "administrator": _staff(answers),
        "tech-lead": _staff(answers),
        "district-admin": {"view"},
    }
    if not answers.students:
        yield "Who sets assignments, and who sees them", "assignment", ["view", "edit"], working
        yield (
            "The assignments of a past class stay as they are",
            "{type: assignment, is: {term: past}}", ["view", "edit"], _looked(working),
        )  # fmt: skip
        return
    columns, at_work = ["view", "edit", "hand_in"], {"view", "hand_in"}
    shown = working | {"student": at_work, "classmate": at_work}
    shown["guardian"] = {"view"} if answers.guardians else set()
    on = "{type: assignment, is: {published: true}}"
    yield "An assignment that is published", on, columns, shown
    on = "{type: assignment, is: {published: false}}"
    yield "An assignment that is not published is for those who work there", on, columns, working
    yield "Where nobody says whether it is published, it counts as not", "assignment", columns, working
    on = "{type: assignment, is: {published: true, term: past}}"
    yield "The assignments of a past class stay as they are", on, columns, _looked(shown)


def _private(answers: Answers) -> Grid:
    """Give who has to do with a student's own work: those who teach, and who run the school, if so answered."""
    seen = {"view"} if answers.staff is Staff.everything else set[str]()
    return {
        "teacher": {"view", "edit"},
        "administrator": seen,
        "tech-lead": set() if answers.less else seen,
        "district-admin": {"view"},
    }


def _grades(answers: Answers) -> Iterator[tuple[str, str, list[str], Grid]]:
    columns, working = ["view", "edit"], _private(answers)
    shown = working
    if answers.students:
        shown = working | {"student": {"view"}, "guardian": {"view"} if answers.guardians else set()}
        yield "A grade that is published", "{type: grade, is: {published: true}}", columns, shown
        yield "A grade that is not published", "{type: grade, is: {published: false}}", columns, working
        yield "Where nobody says whether a grade is published, it counts as not", "grade", columns, working
    else:
        yield "Who grades, and who sees it", "grade", columns, working
    past = "{published: true, term: past}" if answers.students else "{term: past}"
    yield "The grades of a past class stay as they are", f"{{type: grade, is: {past}}}", columns, _looked(shown)
