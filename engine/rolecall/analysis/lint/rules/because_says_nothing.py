"""A `because` that gives no reason: a word or two, the rule's id over again, a placeholder.

`rolecall explain` reads it to whoever asks why they may not do something, and an auditor reads it in three years. A
sentence that says whose interest the rule serves costs a minute now.

Bad:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: {view: , edit: {implies: [view]}}}}
    rules:
      - id: teachers-edit
        because: Teachers edit.
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

from rolecall.analysis.lint.context import Context
from rolecall.analysis.lint.problem import Problem
from rolecall.analysis.lint.reasons import says_nothing
from rolecall.vocabulary.origin import Finding


def find(context: Context) -> Iterator[Problem]:
    """Read every reason."""
    for rule in context.policy.rules:
        if why := says_nothing(rule.because, rule.id):
            message = f"the `because` of `{rule.id}` says nothing: {why}"
            helps = ("say in a sentence why these people need this, or must not have it",)
            yield Problem(Finding("because-says-nothing", message, rule.origin, "warning", (), helps))
