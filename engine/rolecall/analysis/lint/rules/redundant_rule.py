"""A rule without which every question would have the same answer: others give all that it gives.

Decided over every cell, doubtful roles and acting as fewer roles included. It promises something, and is not what
keeps the promise: whoever edits or deletes it later believes that they change something. `--fix` deletes it. Of two
rules that do without each other both are told, and one is deleted.

Bad:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: {view: , edit: {implies: [view]}}}}
    rules:
      - id: teachers-edit
        because: A teacher edits the classes they teach.
        when: {teacher: section}
        min: {section: [edit]}
      - id: first-teachers-see-the-class
        because: Whom a class names first may look at it.
        when: {primary_teacher: section}
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
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from rolecall.analysis.lint.context import Context
from rolecall.analysis.lint.problem import Problem
from rolecall.vocabulary.origin import Finding
from rolecall.wording import listed


def find(context: Context) -> Iterator[Problem]:
    """Look for rules with a `min` that no cell needs."""
    for rule in context.policy.rules:
        if rule.minimum and rule.id in context.redundant:
            message = f"without rule `{rule.id}` nothing would be different"
            finding = Finding("redundant-rule", message, rule.origin, "warning", (("why", _why(context, rule.id)),))
            yield context.deleting(msgspec.structs.replace(finding, helps=("delete it",)), rule.id)


def _why(context: Context, rule: str) -> str:
    """Say which rules do what it does."""
    floors = [(kind, half) for kind, ceiling, half in context.halves[rule] if not ceiling and half.permissions]
    alone: set[str] | None = None
    together: dict[str, None] = {}
    for kind, half in floors:
        exact = context.exact(kind.name)
        here = [other.rule.id for other in kind.minima if other is not half and exact.within(half, other)]
        alone = set(here) if alone is None else alone & set(here)
        together.update(dict.fromkeys(exact.covers(half)))
    if alone:
        return f"rule `{min(alone)}` gives as much, to at least as many"
    if together:
        return f"all that it gives is given by {listed([f'`{name}`' for name in together])}, or taken away"
    return "all that it gives is taken away by a `max`"
