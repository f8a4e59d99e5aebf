"""A `min` that also gives where the application does not say what it asks for.

`if_unknown: apply` on a `min` turns silence into a yes: an application that forgets to send `published` shows every
draft. By default a `min` skips what is unknown.

Bad:

    rolecall: 1
    application: classroom
    resources:
      assignment: {within: section, attributes: {published: boolean}, permissions: [view]}
    rules:
      - id: students-see-published-work
        because: Students see the work of their classes once it is published.
        when: {student: section}
        if: {published: true}
        if_unknown: {published: apply}
        min: {assignment: [view]}

Good:

    rolecall: 1
    application: classroom
    resources:
      assignment: {within: section, attributes: {published: boolean}, permissions: [view]}
    rules:
      - id: students-see-published-work
        because: Students see the work of their classes once it is published.
        when: {student: section}
        if: {published: true}
        min: {assignment: [view]}
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.analysis.lint.context import Context
from rolecall.analysis.lint.problem import Problem
from rolecall.vocabulary.origin import Finding


def find(context: Context) -> Iterator[Problem]:
    """Look for conditions of a `min` that unknown values meet."""
    for rule in context.policy.rules:
        for one in rule.conditions if rule.minimum else ():
            if one.unknown == "apply":
                message = f"the minimum of `{rule.id}` gives also where `{one.attribute}` is unknown"
                helps = (f"take `{one.attribute}: apply` out of `if_unknown`", "or let the application always say it")
                yield Problem(Finding("if-unknown-apply", message, one.origin, "warning", (), helps))
