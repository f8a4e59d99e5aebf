"""A `max` takes away what a `min` promises, and nobody said that it may: an error of `check`.

Two rules contradict each other for somebody who falls under both. A `max` always wins, so that the person loses what
the other rule's `because` tells them they have: the teacher who is also staff, and cannot edit their own class. Give
the `max` an `unless`, or say in its `overrides` that it is meant. It cannot be ignored, for such a policy does not
load.

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
        because: School Tech Leads look at classes and change nothing.
        when: {SchoolTechLead: school}
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
      - id: staff-help
        because: Staff help in the classes of their schools.
        when: {staff: school}
        min: {section: [edit]}
      - id: tech-leads-look-around
        because: School Tech Leads look at classes and change nothing.
        when: {SchoolTechLead: school}
        unless: {teacher: section}
        max: {section: [view]}
        overrides: [staff-help]
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.analysis.lint.context import Context
from rolecall.analysis.lint.problem import Problem


def find(context: Context) -> Iterator[Problem]:
    """Give what `check` found."""
    return map(Problem, context.surfaced("floor-cut"))
