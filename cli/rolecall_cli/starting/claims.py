"""The claims that answers ask for: what must hold of everybody, whatever is edited later."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall_cli.starting.answers import Answers, Thing


def claims_text(answers: Answers) -> str:
    """Give the file."""
    rows = [
        "# yaml-language-server: $schema=schemas/claims-1.schema.json",
        "# What must hold whatever is edited: `rolecall prove` decides each claim over everybody who can exist.",
        "rolecall-claims: 1",
        "",
        "claims:",
    ]
    for name, because, *more in _claims(answers):
        rows += [f"  - id: {name}", f"    because: {because}", *(f"    {row}" for row in more), ""]
    return "\n".join(rows)


def _claims(answers: Answers) -> Iterator[tuple[str, ...]]:
    everything = ", ".join(f"{kind}: all" for kind in ("student", *answers.private))
    edits = ["section", *(thing[:-1] for thing in Thing if thing is not Thing.reports and thing in answers.things)]
    changes = ", ".join(f"{kind}: [edit]" for kind in edits)
    closed = ", ".join(f"{kind}: [edit]" for kind in answers.dated)
    yield (
        "students-never-meet-other-students",
        "A student sees nothing of another student.",
        f"never: {{{everything}}}", "when: {student: anywhere}", "unless: {student: student}",
    )  # fmt: skip
    yield (
        "students-change-nothing",
        "A student changes nothing, whatever the application assigns to them besides.",
        f"never: {{{changes}}}", "when: {student: anywhere}",
    )  # fmt: skip
    who = "[{teacher: section}, {substitute: section}]" if answers.substitutes else "{teacher: section}"
    yield (
        "staff-edit-no-class-that-they-do-not-teach",
        "Access to look is no access to change.",
        f"never: {{{changes}}}", "when: [{staff: anywhere}, {district_admin: anywhere}]", f"unless: {who}",
    )  # fmt: skip
    yield (
        "teachers-can-always-work",
        "Whoever teaches a class that goes on can edit it, whatever other roles they hold.",
        "always: {section: [edit]}", "when: {teacher: section}", "if: {term: [current, future, unknown]}",
    )  # fmt: skip
    yield (
        "past-classes-are-closed",
        "Nobody changes a class, or what is in it, once its term has ended.",
        f"never: {{{closed}}}", "if: {term: past}",
    )  # fmt: skip
    yield (
        "portal-only-takes-nothing",
        "Clever gives PortalOnly to every member of staff by default, so it must not make a difference.",
        "same: [{PortalOnly: school}, {staff: school}]",
    )  # fmt: skip
    yield (
        "co-teachers-are-teachers",
        "Whom a section names first makes no difference to what they may do.",
        "same: [{primary_teacher: section}, {teacher: section}]",
    )  # fmt: skip
    yield (
        "contacts-who-are-no-guardians-get-nothing",
        "An emergency contact is told apart from a guardian, and gets nothing by being one.",
        "same: [{contact: student}, {contact: anywhere}]",
    )  # fmt: skip
    if answers.less:
        hidden = ", ".join(f"{kind}: all" for kind in answers.private)
        yield (
            "tech-leads-see-no-student-work",
            "Grades and notes stay with the people who teach the student.",
            f"never: {{{hidden}}}", "when: {SchoolTechLead: school}",
            "unless: [{teacher: section}, {district_admin: district}]",
        )  # fmt: skip
    if answers.students and Thing.grades in answers.things:
        yield (
            "grades-stay-hidden-until-published",
            "Nobody's child and nobody's parent sees a grade before it is published.",
            "never: {grade: [view]}", "when: [{student: anywhere}, {guardian: anywhere}]",
            "if: {published: [false, unknown]}",
        )  # fmt: skip
