"""A rule gives more in its `min` than it allows in its own `max`: an error of `check`.

What the `max` lacks is never had through the rule, so one of the two is not what was meant. It cannot be ignored.

Bad:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: {view: , edit: {implies: [view]}}}}
    rules:
      - id: teachers-edit
        because: A teacher edits the classes they teach.
        when: {teacher: section}
        min: {section: [edit]}
        max: {section: [view]}
      - id: students-edit
        because: Students write the page of their class together.
        when: {student: section}
        min: {section: [edit]}

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
    """Give what `check` found."""
    return map(Problem, context.surfaced("own-conflict"))
