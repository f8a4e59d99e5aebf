"""A combination asks for a place that a type named in `for` does not have: a warning of `check`.

A school lies in no class, so nobody is ever a teacher of the class of a school: for that type the combination says
nothing, however it reads.

Bad:

    rolecall: 1
    application: classroom
    resources: {school: {permissions: [view]}, section: {permissions: [view]}}
    rules:
      - id: teachers-look-around
        because: Teachers see their classes and the schools of these.
        for: [school, section]
        when: {teacher: section}
        min: all
      - id: teachers-see-the-school
        because: Teachers see the page of each school they teach at.
        for: school
        when: {teacher: school}
        min: all

Good:

    rolecall: 1
    application: classroom
    resources: {school: {permissions: [view]}, section: {permissions: [view]}}
    rules:
      - id: teachers-look-around
        because: Teachers see the classes they teach.
        for: section
        when: {teacher: section}
        min: all
      - id: teachers-see-the-school
        because: Teachers see the page of each school they teach at.
        for: school
        when: {teacher: school}
        min: all
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.analysis.lint.context import Context
from rolecall.analysis.lint.problem import Problem


def find(context: Context) -> Iterator[Problem]:
    """Give what `check` found."""
    return map(Problem, context.surfaced("scope-never"))
