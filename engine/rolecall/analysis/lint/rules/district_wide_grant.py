"""A `min` for whoever holds a role *anywhere*: it reaches every school of the district.

`{staff: anywhere}` is a principal of one school at every other school, too. Mostly `{staff: school}` was meant, and
serves. Beside a nearer place, as in `{staff: anywhere, teacher: section}`, it is no such grant, nor is it one for a
district administrator.

Bad:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: {view: , edit: {implies: [view]}}}}
    rules:
      - id: staff-look-around
        because: Staff see the classes of their schools.
        when: {staff: anywhere}
        min: {section: [view]}
      - id: teachers-edit
        because: A teacher edits the classes they teach.
        when: {teacher: section}
        min: {section: [edit]}

Good:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: {view: , edit: {implies: [view]}}}}
    rules:
      - id: staff-look-around
        because: Staff see the classes of their schools.
        when: {staff: school}
        min: {section: [view]}
      - id: teachers-edit
        because: A teacher edits the classes they teach.
        when: {teacher: section}
        min: {section: [edit]}
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.analysis.lint.context import Context
from rolecall.analysis.lint.problem import Problem
from rolecall.loader.rules import scopes_of
from rolecall.vocabulary.origin import Finding
from rolecall.wording import listed

_FAMILY = frozenset({"student", "contact", "guardian"})


def find(context: Context) -> Iterator[Problem]:
    """Look for combinations without a near place that give something within a school."""
    scopes = scopes_of(context.policy)
    for rule in context.policy.rules:
        for combination in rule.when or ():
            roles = [role for role, _ in combination.pairs]
            if any(scope != "anywhere" for _, scope in combination.pairs) or "district_admin" in roles:
                continue
            nearer = [role for role in roles if "school" in scopes[role] or "section" in scopes[role]]
            types = [name for name in _given(context, rule.id) if not _told(context, name, roles)]
            if not nearer or not types:
                continue
            role = nearer[0]
            scope = "school" if "school" in scopes[role] else "section"
            message = f"{combination} in `{rule.id}` gives at every school of the district"
            helps = (
                f"ask for `{role}: {scope}`",
                "if the whole district is meant, say why in a comment that ignores this",
            )
            details = (("on", listed(types)),)
            yield Problem(Finding("district-wide-grant", message, combination.origin, "warning", details, helps))


def _given(context: Context, rule: str) -> list[str]:
    """Give the types, of those that lie within a school, on which a rule gives something."""
    return [
        kind.name
        for kind, ceiling, half in context.halves[rule]
        if not ceiling and half.permissions and "school" in kind.location_scopes
    ]


def _told(context: Context, name: str, roles: list[str]) -> bool:
    """Say whether `other-students` tells of it: families who reach somebody else's children."""
    within = context.table.types[name].within.split("+")
    return "student" in within and set(roles) <= _FAMILY
