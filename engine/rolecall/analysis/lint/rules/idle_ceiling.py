"""A `max` that takes nothing from anybody: no cell would differ without it. A note.

It may be a guard against what somebody writes later. But a guard that nobody sees work is trusted more than it should
be, and it makes the next mistake silent: the permission is missing, and no error says so. A claim says the same
aloud, and `rolecall prove` decides it each time.

Bad:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: {view: , edit: {implies: [view]}}}}
    rules:
      - id: teachers-edit
        because: A teacher edits the classes they teach.
        when: {teacher: section}
        min: {section: [edit]}
      - id: tech-leads-look-around
        because: School Tech Leads look at classes that they do not teach and change nothing.
        when: {SchoolTechLead: school}
        unless: {teacher: section}
        max: {section: [view]}

Good:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: {view: , edit: {implies: [view]}}}}
    rules:
      - id: teachers-edit
        because: A teacher edits the classes they teach.
        when: {teacher: section}
        min: {section: [edit]}
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.analysis.lint.context import Context
from rolecall.analysis.lint.problem import Problem
from rolecall.vocabulary.origin import Finding


def find(context: Context) -> Iterator[Problem]:
    """Look for rules with nothing but a `max` that no cell needs."""
    for rule in context.policy.rules:
        if not rule.minimum and rule.id in context.redundant:
            message = f"the maximum of `{rule.id}` takes nothing from anybody"
            helps = (
                "if it is a guard, say it as a claim: `never: …`, which `rolecall prove` decides",
                "else delete it",
            )
            yield Problem(Finding("idle-ceiling", message, rule.origin, "note", (), helps))
