"""An `unless` that can never hold for anybody whom the rule speaks of.

Decided for every type of the rule. It reads like a limit and is none: mostly the scope is wrong, or Clever never lets
the two roles meet (a student is no teacher). `--fix` takes it out where every question has the same answer without
it, also about somebody whose roles are doubtful.

Bad:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: {view: , edit: {implies: [view]}}}}
    rules:
      - id: teachers-edit
        because: A teacher edits the classes they teach.
        when: {teacher: section}
        unless: {student: student}
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
from functools import partial

from rolecall.analysis.layout.tree import Group
from rolecall.analysis.lint.context import Context, problem
from rolecall.analysis.lint.places import Element, without
from rolecall.analysis.lint.problem import CannotFixError, Fix, Problem
from rolecall.vocabulary.origin import Finding


def find(context: Context) -> Iterator[Problem]:
    """Look for combinations that meet no `when` of their rule, around any type that it speaks of."""
    atoms = context.table.atoms
    for rule in context.policy.rules:
        if rule.id in context.dead:
            continue
        for number, combination in enumerate(rule.unless):
            mask = atoms.mask(combination.pairs)
            if _meets(context, rule.id, mask):
                continue
            message = f"`unless: {combination}` of `{rule.id}` never holds for anybody whom the rule speaks of"
            helps = ("take it out, or ask for a scope that somebody can hold",)
            finding = Finding("unless-never-holds", message, combination.origin, "warning", (), helps)
            yield problem(finding, partial(_fix, context.named("rule", rule.id), number, str(combination)))


def _meets(context: Context, rule: str, mask: int) -> bool:
    """Say whether somebody can be what the rule asks for, and this too."""
    return any(
        context.reaches[kind.location_scopes].meets(asked | mask, ()) is not None
        for kind, _, half in context.halves[rule]
        for asked in half.when
    )


def _fix(element: Element, number: int, shown: str) -> Fix:
    """Take the combination out of the list, or the whole line."""
    line = element.entry("unless")
    if line is None:
        raise CannotFixError("its `unless` was not found")
    parts = line.value.parts if isinstance(line.value, Group) and not line.value.mapping else []
    out = parts[number] if len(parts) > 1 else line
    return Fix(f"take `unless: {shown}` out of `{element.name}`", (without(element.file, out),))
