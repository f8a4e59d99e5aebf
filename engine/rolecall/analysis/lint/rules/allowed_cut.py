"""A `max` takes away what a `min` promises, and the policy says that it is meant: a note of `check`.

Nothing to mend. The notes together are everything that somebody is promised and does not get: read them after each
change. `overrides` allows a cut by name; a `max` for `everyone` with an `if` speaks of a resource's state and needs
none.

Bad:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: {view: , edit: {implies: [view]}}}}
    rules:
      - id: teachers-edit
        because: A teacher edits the classes they teach.
        when: {teacher: section}
        min: {section: [edit]}
      - id: past-classes-are-read-only
        because: A class whose term has ended can be looked at, not changed.
        when: everyone
        if: {term: past}
        if_unknown: {term: skip}
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


def find(context: Context) -> Iterator[Problem]:
    """Give what `check` found."""
    return map(Problem, context.surfaced("allowed-cut"))
