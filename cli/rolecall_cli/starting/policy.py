"""The policy that answers ask for, as somebody would have written it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from rolecall_cli.starting.answers import Answers, Staff, Thing

_PLAIN = re.compile(r"[A-Za-z][\w-]*(?: [\w-]+)*")
_WORDS = ("true", "false", "null")


def policy_text(answers: Answers) -> str:
    """Give the file."""
    parts = [_head(answers), _resources(answers), _sets(answers), ["rules:", *_rules(answers)]]
    rows = [row for part in parts for row in [*part, ""]]
    return "\n".join(rows).rstrip("\n") + "\n"


def quoted(text: str) -> str:
    """Give a text as YAML reads it back."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)


def _head(answers: Answers) -> list[str]:
    rows = [
        "# yaml-language-server: $schema=schemas/policy-1.schema.json",
        "# What people may do. `min` gives, `max` takes away, and what no rule gives is denied.",
        "rolecall: 1",
        f"application: {quoted(answers.name)}",
        f"timezone: {answers.timezone}      # a term that ends on a day ends at midnight here",
    ]
    if answers.substitutes:
        rows += ["", "roles:", "  # Not in Clever: your application assigns a substitute to a class, with an end date."]
        rows += ["  substitute: {scopes: [section]}"]
    return rows


def _resources(answers: Answers) -> Iterator[str]:
    yield from ("resources:", "  school:", "    permissions: [view]", "  section:", "    permissions:", "      view:")
    yield "      edit: {implies: [view]}"
    if answers.support:
        yield "      support: {implies: [view]}           # look into the class, to solve a technical problem"
    yield from ("  student:", "    permissions:", "      view:")
    if answers.support:
        yield "      reset_login: {implies: [view]}"
    published = ["    attributes: {published: boolean}"] if answers.students else []
    edit = ["    permissions:", "      view:", "      edit: {implies: [view]}"]
    if Thing.assignments in answers.things:
        hand_in = ["      hand_in: {implies: [view]}"] if answers.students else []
        yield from ("  assignment:", "    within: section", *published, *edit, *hand_in)
    if Thing.grades in answers.things:
        where = "    within: [student, section]             # this student's grade, in this class"
        yield from ("  grade:", where, *published, *edit)
    if Thing.notes in answers.things:
        yield from ("  note:", "    within: student                        # a remark about a student", *edit)
    if Thing.reports in answers.things:
        yield from (
            "  report:",
            "    within: school",
            "    permissions:",
            "      view:",
            "      export: {implies: [view]}",
        )


def _sets(answers: Answers) -> Iterator[str]:
    """Give the sets: what those who look see, and what those who teach do."""
    common = ["school", "section", "student"]
    common += [kind for thing, kind in ((Thing.assignments, "assignment"), (Thing.reports, "report"))
               if thing in answers.things]  # fmt: skip
    work = [kind for kind in ("assignment", "grade", "note") if Thing(f"{kind}s") in answers.things]
    yield "permission_sets:"
    if answers.staff is Staff.no_student_work and answers.private:
        yield "  view-classes:"
        yield from (f"    {kind}: [view]" for kind in common)
        yield from ("  view-all:", "    include: [view-classes]", *(f"    {kind}: [view]" for kind in answers.private))
    else:
        yield "  view-all:"
        yield from (f"    {kind}: [view]" for kind in [*common, *answers.private])
    yield from ("  classroom-editor:", "    section: [edit]", "    student: [view]")
    yield from (f"    {kind}: [edit]" for kind in work)
    if len(answers.dated) > 1:
        yield from ("  read-only:", *(f"    {kind}: [view]" for kind in answers.dated))


def _rules(answers: Answers) -> Iterator[str]:
    yield from _rule(
        "teachers-edit-the-classrooms-they-teach",
        "A teacher, co-teachers included, edits the classrooms they teach.",
        "when: {teacher: section}", "min: classroom-editor",
    )  # fmt: skip
    if answers.substitutes:
        assignment = ", assignment: [edit]" if Thing.assignments in answers.things else ""
        yield from _rule(
            "substitutes-cover-a-class",
            "A substitute works in a class while they are assigned to it.",
            "when: {substitute: section}", "unless: {student: anywhere}      # a student covers no class",
            f"min: {{section: [edit], student: [view]{assignment}}}",
        )  # fmt: skip
    yield from _of_staff(answers)
    yield from _of_families(answers)
    yield from _rule(
        "past-classes-are-read-only",
        "A class whose term has ended can still be looked at, but no longer changed.",
        f"for: {_list(answers.dated)}", "when: everyone", "if: {term: past}",
        "if_unknown: {term: skip}      # many classes have no term: they stay open",
        f"max: {'read-only' if len(answers.dated) > 1 else '{section: [view]}'}",
    )  # fmt: skip


def _of_staff(answers: Answers) -> Iterator[str]:
    """Give the rules of those who run schools and districts."""
    less = answers.staff is Staff.no_student_work and answers.private
    if answers.staff is not Staff.nothing:
        yield from _rule(
            "administrators-view-their-schools",
            f"Staff look at {'the classes of ' if less else 'all of '}the schools they belong to, and change nothing.",
            "when: {staff: school}", f"min: {'view-classes' if less else 'view-all'}",
        )  # fmt: skip
    export = Thing.reports in answers.things
    yield from _rule(
        "district-administrators-view-their-district",
        "A district administrator looks at every school of the district.",
        "when: {district_admin: district}", f"min: {'[view-all, {report: [export]}]' if export else 'view-all'}",
    )  # fmt: skip
    yield "  # PortalOnly needs no rule: Clever gives it to every member of staff by default, principals included, so a"
    yield "  # `max` for PortalOnly would lock out principals. Give tech leads more; do not give PortalOnly less."
    if answers.support:
        yield from _rule(
            "tech-leads-support-classrooms",
            "A School Tech Lead helps the classrooms of their schools with technology.",
            "when: {SchoolTechLead: school}", "min: {section: [support], student: [reset_login]}",
        )  # fmt: skip
    if answers.less:
        yield from _rule(
            "tech-leads-see-no-student-work",
            "School Tech Leads support technology; grades and notes stay with the people who teach the student.",
            f"for: {_list(answers.private)}", "when: {SchoolTechLead: school}",
            "unless: [{teacher: section}, {district_admin: district}]", "max: none",
            "overrides: [administrators-view-their-schools]      # meant: this much less than other staff see",
        )  # fmt: skip


def _of_families(answers: Answers) -> Iterator[str]:
    """Give the rules of the school that all belong to, and of students and guardians."""
    roles = [*(["student"] if answers.students else []), *(["guardian"] if answers.guardians else [])]

    def when(scope: str, *more: str) -> str:
        combinations = [f"{{{role}: {scope}}}" for role in (*more, *roles)]
        return f"when: {_list(combinations)}"

    yield from _rule(
        "people-see-their-school", "Whoever belongs to a school can see its page.",
        "for: school", when("school", "teacher"), "min: {school: [view]}",
    )  # fmt: skip
    if not roles:
        return
    who, whose = ("Students and their guardians", "the student's") if answers.guardians else ("Students", "their own")
    yield from _rule(
        "families-see-their-classes", f"{who} can see {whose} classes.",
        "for: section", when("section"), "min: {section: [view]}",
    )  # fmt: skip
    yield "  # `student: student` is the student themself; `student: section` would be everyone in the class."
    yield from _rule(
        "families-see-the-student", f"{who} can see {whose} profile.",
        "for: student", when("student"), "min: {student: [view]}",
    )  # fmt: skip
    if Thing.assignments in answers.things:
        yield from _rule(
            "students-work-on-published-assignments", "Students see and hand in assignments once these are published.",
            "for: assignment", "when: {student: section}", "if: {published: true}", "min: {assignment: [hand_in]}",
        )  # fmt: skip
    if Thing.assignments in answers.things and answers.guardians:
        yield from _rule(
            "guardians-see-published-assignments", "Guardians see assignments once these are published.",
            "for: assignment", "when: {guardian: section}", "if: {published: true}", "min: {assignment: [view]}",
        )  # fmt: skip
    if Thing.grades in answers.things:
        yield from _rule(
            "families-see-published-grades", f"{who} can see a grade once it is published.",
            "for: grade", when("student"), "if: {published: true}", "min: {grade: [view]}",
        )  # fmt: skip


def _rule(name: str, because: str, *rows: str) -> list[str]:
    return [f"  - id: {name}", f"    because: {because}", *(f"    {row}" for row in rows), ""]


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"
