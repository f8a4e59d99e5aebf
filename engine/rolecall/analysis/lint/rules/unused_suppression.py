"""A comment that ignores what is not found, or what no rule is called.

The finding has been mended, or the comment stands in the wrong place: on a line of the rule, set, type or role it is
about, or directly above. Left there, it hides the next finding of the kind. An error cannot be ignored.

Bad:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: [view]}}
    rules:
      # rolecall: ignore district-wide-grant - the district has one campus, and all staff work on it
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
from rolecall.vocabulary.origin import Finding


def find(context: Context) -> Iterator[Problem]:
    """Look at every such comment, after all others have been asked."""
    for one in context.suppressions:
        for name in one.ids if one.valid else ():
            if name not in one.used:
                message = f"this comment ignores `{name}`, and nothing of the kind is found here that could be ignored"
                helps = ("delete it, or put it on or directly above what it is about",)
                yield Problem(Finding("unused-suppression", message, one.origin, "warning", (), helps))
