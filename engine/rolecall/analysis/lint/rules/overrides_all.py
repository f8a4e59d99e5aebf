"""`overrides: all` where the ids of a few rules would do.

`all` also wins over every rule that somebody writes next year, and nobody is told what that rule loses. With ids, the
next cut is an error that asks. `--fix` writes the ids of the rules that are cut now, or takes the line out where none
is needed. More than twelve ids are left alone: then `all` is what is meant.

Bad:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: {view: , edit: {implies: [view]}}}}
    rules:
      - id: teachers-edit
        because: A teacher edits the classes they teach.
        when: {teacher: section}
        min: {section: [edit]}
      - id: tech-leads-look-around
        because: School Tech Leads look at classes and change nothing.
        when: {SchoolTechLead: school}
        max: {section: [view]}
        overrides: all

Good:

    rolecall: 1
    application: classroom
    resources: {section: {permissions: {view: , edit: {implies: [view]}}}}
    rules:
      - id: teachers-edit
        because: A teacher edits the classes they teach.
        when: {teacher: section}
        min: {section: [edit]}
      - id: tech-leads-look-around
        because: School Tech Leads look at classes and change nothing.
        when: {SchoolTechLead: school}
        max: {section: [view]}
        overrides: [teachers-edit]
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from rolecall.analysis.layout.tree import Part
from rolecall.analysis.lint.context import Context, problem
from rolecall.analysis.lint.places import Element, without
from rolecall.analysis.lint.problem import CannotFixError, Edit, Fix, Problem
from rolecall.vocabulary.origin import Finding

_MOST = 12


def find(context: Context) -> Iterator[Problem]:
    """Look for `overrides: all` of which few rules are cut."""
    for rule in context.policy.rules:
        cut = [one.floor.id for one in context.compiled.cuts if one.ceiling.id == rule.id]
        if rule.overrides != "all" or not 0 < len(cut) <= _MOST:
            continue
        element = context.named("rule", rule.id)
        if rule.when is None and rule.conditions:  # it speaks of a state, and needs no leave
            message = f"`{rule.id}` speaks of a resource's state, and needs no `overrides`"
            finding = Finding("overrides-all", message, rule.overrides_origin, "warning", (), ("delete the line",))
            yield problem(finding, partial(_drop, element))
        else:
            line = f"[{', '.join(cut)}]"
            message = f"`{rule.id}` overrides all rules, also those to come, and cuts {len(cut)} now"
            helps = (f"name what it cuts:  overrides: {line}",)
            finding = Finding("overrides-all", message, rule.overrides_origin, "warning", (), helps)
            yield problem(finding, partial(_name, element, line))


def _drop(element: Element) -> Fix:
    return Fix(f"take `overrides` out of `{element.name}`", (without(element.file, _line(element)),))


def _name(element: Element, line: str) -> Fix:
    value = _line(element).value
    edit = Edit(element.file.source, value.start, value.end, line)
    return Fix(f"name in `overrides` of `{element.name}` what it cuts", (edit,))


def _line(element: Element) -> Part:
    line = element.entry("overrides")
    if line is None:
        raise CannotFixError("its `overrides` was not found")
    return line
