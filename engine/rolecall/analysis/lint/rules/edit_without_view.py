"""Somebody has a permission on a thing that they may not view.

Decided over every reachable cell, for types that have a permission `view`. An application shows a thing before it
lets anybody change it, so such a permission is of no use, or of a use that nobody thought of. Let the permission
imply `view`.

Bad:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: [view, edit]}}
    rules:
      - id: teachers-edit
        because: A teacher edits the classes they teach.
        when: {teacher: section}
        min: {section: [edit]}
      - id: staff-look-around
        because: Staff see the classes of their schools.
        when: {staff: school}
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
      - id: staff-look-around
        because: Staff see the classes of their schools.
        when: {staff: school}
        min: {section: [view]}
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.analysis import people
from rolecall.analysis.lint.context import Context
from rolecall.analysis.lint.problem import Problem
from rolecall.vocabulary.origin import Finding


def find(context: Context) -> Iterator[Problem]:
    """Look for cells in which something is allowed and `view` is not."""
    for name, kind in context.table.types.items():
        exact = context.exact(name)
        for permission in kind.permissions if "view" in kind.known else ():
            cells = exact.plain.d.without(exact.allowed(permission), exact.allowed("view"))
            if not cells:
                continue
            whom = people.person(exact.example(cells))
            message = f"`{permission}` on a `{name}` is had without `view`"
            details = (("by", whom),)
            helps = (f"let it imply `view`:  {permission}: {{implies: [view]}}",)
            at = context.policy.resources[name].origin
            yield Problem(Finding("edit-without-view", message, at, "warning", details, helps))
