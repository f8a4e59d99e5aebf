"""An `overrides` that names a rule of which the `max` cuts nothing: a warning of `check`.

An override that is not needed hides the next mistake: if somebody widens that rule, its promise is cut without a
word. `--fix` takes it out.

Bad:

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
      - id: tech-leads-look-around
        because: School Tech Leads look at classes and change nothing.
        when: {SchoolTechLead: school}
        max: {section: [view]}
        overrides: [teachers-edit, staff-look-around]

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
      - id: tech-leads-look-around
        because: School Tech Leads look at classes and change nothing.
        when: {SchoolTechLead: school}
        max: {section: [view]}
        overrides: [teachers-edit]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from rolecall.analysis.lint.context import Context, problem
from rolecall.analysis.lint.places import Element, listed_in, without
from rolecall.analysis.lint.problem import CannotFixError, Fix, Problem


def find(context: Context) -> Iterator[Problem]:
    """Give what `check` found, each with the name to take out."""
    for one in context.surfaced("idle-override"):
        element = context.element(one.origin)
        named = _NAMED.search(one.message)
        yield problem(one, partial(_fix, element, named.group(1))) if element and named else Problem(one)


def _fix(element: Element, name: str) -> Fix:
    """Take the name out of the list, or the line out of the rule."""
    out = element.entry("overrides") if name == "all" else listed_in(element, "overrides", name)
    if out is None:
        raise CannotFixError("its `overrides` was not found")
    return Fix(f"take `{name}` out of the `overrides` of `{element.name}`", (without(element.file, out),))


_NAMED = re.compile("names `([^`]+)`")
