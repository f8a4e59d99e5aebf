"""A permission that everybody has: students, contacts and all who hold any role in the district, in every state.

Decided over every reachable cell. Such a permission protects nothing, and mostly somebody forgot whom a rule was for.
If it is meant, ask nobody for it in the application, or say in a comment why it stands here.

Bad:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: {view: , edit: {implies: [view]}}}}
    rules:
      - id: people-see-classes
        because: People see the classes of their district.
        when: everyone
        min: {section: [view]}
      - id: teachers-edit
        because: A teacher edits the classes they teach.
        when: {teacher: section}
        min: {section: [edit]}

Good:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: {view: , edit: {implies: [view]}}}}
    rules:
      - id: staff-look-around
        because: Staff see the classes of their schools.
        when: {staff: school}
        min: {section: [view]}
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
    """Look for permissions that are allowed in every reachable cell."""
    for name, kind in context.table.types.items():
        exact = context.exact(name)
        for permission in kind.permissions:
            if kind.minima and exact.allowed(permission) == exact.plain.reachable:
                message = f"everybody in the district has `{permission}` on every `{name}`, students and contacts too"
                helps = ("say in `when` whom it is for", "if everybody is meant, nobody need be asked for it")
                yield Problem(
                    Finding("everyone-has", message, context.policy.resources[name].origin, "warning", (), helps)
                )
