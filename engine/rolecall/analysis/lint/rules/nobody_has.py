"""A permission that no rule gives, or that a `max` for everyone takes away again: a warning of `check`.

The application asks for it and always hears no. Give it in a `min`, or delete it from the type. What only several
rules together keep from everybody is told by `never-granted`.

Bad:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: [view, archive]}}
    rules:
      - id: teachers-see-the-class
        because: Teachers see the classes they teach.
        when: {teacher: section}
        min: {section: [view]}

Good:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: [view, archive]}}
    rules:
      - id: teachers-run-the-class
        because: Teachers see the classes they teach, and put them away.
        when: {teacher: section}
        min: {section: [view, archive]}
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.analysis.lint.context import Context
from rolecall.analysis.lint.problem import Problem


def find(context: Context) -> Iterator[Problem]:
    """Give what `check` found."""
    return map(Problem, context.surfaced("nobody-has"))
