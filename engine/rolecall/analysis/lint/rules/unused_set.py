"""A permission set that no rule uses: a warning of `check`.

Somebody will edit it one day, and believe that it changes what people may do. `--fix` deletes it.

Bad:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: {view: , edit: {implies: [view]}}}}
    permission_sets: {viewer: {section: [view]}}
    rules:
      - id: teachers-edit
        because: A teacher edits the classes they teach.
        when: {teacher: section}
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
from functools import partial

from rolecall.analysis.lint.context import Context, problem
from rolecall.analysis.lint.places import Element, without
from rolecall.analysis.lint.problem import Fix, Problem


def find(context: Context) -> Iterator[Problem]:
    """Give what `check` found; such a set can mostly be deleted."""
    for one in context.surfaced("unused-set"):
        element = context.element(one.origin)
        yield problem(one, partial(_fix, element)) if element else Problem(one)


def _fix(element: Element) -> Fix:
    # Where it is the only set, the section goes with it.
    section = element.part.up.owner
    out = section if section and len(element.part.up.parts) == 1 else element.part
    return Fix(f"delete the permission set `{element.name}`", (without(element.file, out),), (element.name,))
