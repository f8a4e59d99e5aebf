"""A `max` for PortalOnly, which takes something from every principal.

PortalOnly sounds like "may hardly do anything". It is what Clever gives every member of staff by default, principals
included. So a `max` for it is a `max` for them all: decided for somebody who is staff of a school with Clever's
default and nothing else. Mostly it was meant to give SchoolTechLead more: write a `min` for that.

Bad:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: {view: , edit: {implies: [view]}}}}
    rules:
      - id: staff-edit
        because: Staff help in the classes of their schools.
        when: {staff: school}
        min: {section: [edit]}
      - id: portal-only-staff-look-around
        because: PortalOnly staff get the standard experience.
        when: {PortalOnly: school}
        max: {section: [view]}
        overrides: [staff-edit]

Good:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: {view: , edit: {implies: [view]}}}}
    rules:
      - id: staff-look-around
        because: Staff see the classes of their schools.
        when: {staff: school}
        min: {section: [view]}
      - id: tech-leads-help
        because: School Tech Leads help in the classes of their schools.
        when: {SchoolTechLead: school}
        min: {section: [edit]}
"""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.analysis.lint.context import Context
from rolecall.analysis.lint.problem import Problem
from rolecall.policy import Combination
from rolecall.vocabulary.origin import Finding


def find(context: Context) -> Iterator[Problem]:
    """Look for ceilings of PortalOnly that cut somebody who is only staff, by Clever's default."""
    for rule in context.policy.rules:
        named = [one for one in rule.when or () if _default_staff(one)]
        if rule.maximum and named and (taken := _taken(context, rule.id)):
            message = f"the maximum of `{rule.id}` takes from every principal: PortalOnly is every staff's default"
            helps = (
                "delete it, and give SchoolTechLead more in a `min`",
                "if all staff is meant, ask for `staff`, and say so in `because`",
            )
            details = (("takes", "; ".join(taken)),)
            yield Problem(Finding("locks-out-principals", message, named[0].origin, "warning", details, helps))


def _default_staff(combination: Combination) -> bool:
    roles = {role for role, _ in combination.pairs}
    return "PortalOnly" in roles and roles <= {"PortalOnly", "staff"}


def _taken(context: Context, rule: str) -> list[str]:
    """Give what the ceiling alone takes from a principal, type by type."""
    bit = context.table.atoms.bit
    found = []
    for kind, ceiling, half in context.halves[rule]:
        person = context.reaches[kind.location_scopes].closure(bit["staff", "school"] | bit["PortalOnly", "school"])
        if ceiling and person is not None:
            exact = context.exact(kind.name)
            if names := exact.taken(half, exact.cell_of(person)):
                found.append(f"{kind.name}: {', '.join(names)}")
    return found
