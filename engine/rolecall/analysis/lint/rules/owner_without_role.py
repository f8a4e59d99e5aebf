"""A `min` for the owner of a thing who need hold no role at its place.

Whoever wrote a note about a student stays its owner after they have left the school, as long as they hold any role in
the district. Ask for the role beside it, as in `{owner: resource, teacher: section}`; `anywhere` is no place.

Bad:

    rolecall: 1
    application: classroom
    resources: {note: {within: student, permissions: {view: , edit: {implies: [view]}}}}
    rules:
      - id: authors-edit-their-notes
        because: Whoever wrote a note about a student may change it.
        when: {owner: resource}
        min: {note: [edit]}

Good:

    rolecall: 1
    application: classroom
    resources: {note: {within: student, permissions: {view: , edit: {implies: [view]}}}}
    rules:
      - id: authors-edit-their-notes
        because: Whoever wrote a note about a student may change it while they teach them.
        when: {owner: resource, teacher: section}
        min: {note: [edit]}
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.analysis.lint.context import Context
from rolecall.analysis.lint.problem import Problem
from rolecall.vocabulary.origin import Finding
from rolecall.vocabulary.roles import OWNER


def find(context: Context) -> Iterator[Problem]:
    """Look for combinations of `owner` with no near place."""
    for rule in context.policy.rules:
        for one in (rule.when or ()) if rule.minimum else ():
            owner = any(role == OWNER for role, _ in one.pairs)
            if owner and all(role == OWNER or scope == "anywhere" for role, scope in one.pairs):
                message = f"{one} in `{rule.id}` gives to an owner who holds no role there any more"
                helps = ("ask for a role at the place beside it, such as {owner: resource, teacher: section}",)
                yield Problem(Finding("owner-without-role", message, one.origin, "warning", (), helps))
