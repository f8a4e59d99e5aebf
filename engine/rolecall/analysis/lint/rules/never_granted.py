"""A permission that nobody has in any cell, though rules give it: what some give, others always take away.

Decided over every reachable cell of the table. The application asks for it and always hears no; whoever reads the
rules believes otherwise. Where no rule gives it at all, `nobody-has` tells.

Bad:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: [view, edit]}}
    rules:
      - id: teachers-edit
        because: A teacher edits the classes they teach.
        when: {teacher: section}
        min: {section: [view, edit]}
      - id: teachers-change-nothing
        because: Whoever teaches anywhere changes nothing here.
        when: {teacher: anywhere}
        max: {section: [view]}
        overrides: [teachers-edit]

Good:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: [view, edit]}}
    rules:
      - id: teachers-edit
        because: A teacher edits the classes they teach.
        when: {teacher: section}
        min: {section: [view, edit]}
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecall.analysis.lint.context import Context
from rolecall.analysis.lint.problem import Problem
from rolecall.vocabulary.origin import Finding
from rolecall.wording import listed

_NAMES = re.compile("`([^`]+)`")


def find(context: Context) -> Iterator[Problem]:
    """Look for permissions that are allowed in no reachable cell, save those that `check` names."""
    said = {
        (kind, name)
        for one in context.surfaced("nobody-has")
        for *names, kind in [_NAMES.findall(one.message.partition(": ")[0])]
        for name in names
    }
    for name, kind in context.table.types.items():
        for permission in kind.permissions:
            if (name, permission) in said or context.exact(name).allowed(permission):
                continue
            rules = [f"`{half.rule.id}`" for half in kind.minima if permission in kind.names(half.permissions)]
            message = f"nobody can have `{permission}` on a `{name}`: what gives it is always taken away"
            details = (("given by", listed(rules) or "no rule"),)
            helps = ("narrow the `max` that takes it away, or delete the permission",)
            at = context.policy.resources[name].origin
            yield Problem(Finding("never-granted", message, at, "warning", details, helps))
