"""Students, contacts or guardians reach other students than themselves, or than their own: `check` tells it.

`{student: section}` is everyone in a class. A rule without `for` speaks of the students in that class as well, and
shows them to each other. It is a warning where the type is not named in `for`, and a note where it is: then it may be
meant.

Bad:

    rolecall: 1
    application: classroom
    resources: {student: {permissions: [view]}, section: {permissions: [view]}}
    rules:
      - id: students-see-the-class
        because: Students see the classes they are in.
        when: {student: section}
        min: all

Good:

    rolecall: 1
    application: classroom
    resources: {student: {permissions: [view]}, section: {permissions: [view]}}
    rules:
      - id: students-see-the-class
        because: Students see the classes they are in.
        for: section
        when: {student: section}
        min: all
      - id: students-see-themselves
        because: Students see their own profile.
        for: student
        when: {student: student}
        min: all
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.analysis.lint.context import Context
from rolecall.analysis.lint.problem import Problem


def find(context: Context) -> Iterator[Problem]:
    """Give what `check` found."""
    return map(Problem, context.surfaced("other-students"))
