"""Two permission sets that come to the same permissions, however each is written.

One day somebody widens one of them and not the other, and two groups of people part without a reason. `--fix` keeps
the first and lets everything that names the second name it.

Bad:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: {view: , edit: {implies: [view]}}}}
    permission_sets:
      editor: {section: [view, edit]}
      author: {section: all}
    rules:
      - id: teachers-edit
        because: A teacher edits the classes they teach.
        when: {teacher: section}
        min: editor
      - id: staff-edit
        because: Staff help in the classes of their schools.
        when: {staff: school}
        min: author

Good:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: {view: , edit: {implies: [view]}}}}
    permission_sets:
      editor: {section: [view, edit]}
    rules:
      - id: teachers-edit
        because: A teacher edits the classes they teach.
        when: {teacher: section}
        min: editor
      - id: staff-edit
        because: Staff help in the classes of their schools.
        when: {staff: school}
        min: editor
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from rolecall.analysis.layout.tree import Group, Text
from rolecall.analysis.lint.context import Context, problem
from rolecall.analysis.lint.places import entry, without
from rolecall.analysis.lint.problem import Edit, Fix, Problem
from rolecall.vocabulary.origin import Finding


def find(context: Context) -> Iterator[Problem]:
    """Compare the sets as they are worked out."""
    first: dict[object, str] = {}
    for name, body in context.policy.sets.items():
        masks = context.sets.work_out(name)
        kept = first.setdefault(frozenset((kind, mask) for kind, mask in masks.items() if mask), name)
        if kept != name:
            message = f"the permission sets `{kept}` and `{name}` come to the same"
            finding = Finding("duplicate-set", message, body.origin, "warning", (), (f"use `{kept}` for both",))
            yield problem(finding, partial(_fix, context, name, kept))


def _fix(context: Context, name: str, kept: str) -> Fix:
    """Delete one set, and name the other in its place."""
    element = context.named("permission set", name)
    edits = [without(element.file, element.part)]
    for file in context.files.values():
        for one in file.elements:
            for key in ("min", "max", "include"):
                line = one.entry(key)
                found = _names(line.value, name) if line and one is not element else ()
                edits += [Edit(file.source, text.start, text.end, kept) for text in found]
    return Fix(f"use the permission set `{kept}` for `{name}`", tuple(edits), (name,))


def _names(value: Text | Group, name: str) -> Iterator[Text]:
    """Give where a bound, or an `include`, names a set."""
    if isinstance(value, Text):
        if value.value == name:
            yield value
    elif value.mapping:
        include = entry(value, "include")
        yield from _names(include.value, name) if include else ()
    else:
        for part in value.parts:
            yield from _names(part.value, name)
