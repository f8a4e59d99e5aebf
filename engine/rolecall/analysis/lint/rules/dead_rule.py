"""A rule that never has an effect, for nobody can be what it asks for: a warning of `check`.

It reads as if it gave or took something, and does neither. Mostly a scope or an `unless` is wrong. `--fix` deletes it
where every question, also about doubtful roles, has the same answer without it.

Bad:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: {view: , edit: {implies: [view]}}}}
    rules:
      - id: teachers-edit
        because: A teacher edits the classes they teach.
        when: {teacher: section}
        min: {section: [edit]}
      - id: students-who-teach-look-around
        because: Students who teach see the classes they are in.
        when: {student: section, teacher: school}
        min: {section: [view]}

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


def find(context: Context) -> Iterator[Problem]:
    """Give what `check` found; such a rule can mostly be deleted."""
    for one in context.surfaced("dead-rule"):
        element = context.element(one.origin)
        yield context.deleting(one, element.name) if element else Problem(one)
