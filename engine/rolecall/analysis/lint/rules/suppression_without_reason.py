"""A comment that ignores a finding and gives no reason, or is not written as one must be: an error.

Whoever reads it next year has to know whether it is still true. Write `# rolecall: ignore RULE - the reason`, with
the finding's code for RULE (several with commas between them), on a line of what it is about or directly above.

Bad:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: [view]}}
    rules:
      # rolecall: ignore district-wide-grant
      - id: staff-look-around
        because: Staff see the classes of their schools.
        when: {staff: school}
        min: {section: [view]}

Good:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: [view]}}
    rules:
      # rolecall: ignore district-wide-grant - the district has one campus, and all staff work on it
      - id: staff-look-around
        because: Staff see the classes of their schools.
        when: {staff: anywhere}
        min: {section: [view]}
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.analysis.lint.context import Context
from rolecall.analysis.lint.problem import Problem
from rolecall.analysis.lint.reasons import says_nothing
from rolecall.vocabulary.origin import Finding


def find(context: Context) -> Iterator[Problem]:
    """Look at every such comment."""
    for one in context.suppressions:
        if not one.valid:
            why = says_nothing(one.reason) if one.reason else "it gives no reason"
            message = f"this comment ignores nothing: {why if one.ids else 'it names no rule'}"
            helps = ("write `# rolecall: ignore RULE - the reason`",)
            yield Problem(Finding("suppression-without-reason", message, one.origin, "error", (), helps))
