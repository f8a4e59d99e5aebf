"""What is hardly meant in a policy, beyond errors: each rule decided on the table, with a fix where one is safe."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from rolecall.analysis.diagrams import TooLargeError
from rolecall.analysis.lint.context import Context
from rolecall.analysis.lint.fixing import Fixed, fix_all
from rolecall.analysis.lint.problem import Problem
from rolecall.analysis.lint.rules import MENDING, RULES, Find
from rolecall.policy import Policy
from rolecall.vocabulary.origin import Finding, Source

__all__ = ["IDS", "Fixed", "Problem", "explain", "fix_sources", "lint", "passed_over", "titles"]


def rule_id(find: Find) -> str:
    """Give a rule's id: the name of its file, with dashes."""
    return find.__module__.rpartition(".")[2].replace("_", "-")


IDS: Final = tuple(rule_id(find) for find in RULES)
"""The ids of all rules."""


def explain(rule: str) -> str:
    """Give what a rule is about, with an example that it finds and one that it does not."""
    return inspect.cleandoc(sys.modules[RULES[IDS.index(rule)].__module__].__doc__ or "")


def titles() -> dict[str, str]:
    """Give the first sentence about each rule."""
    return {name: explain(name).partition("\n")[0] for name in IDS}


def fix_sources(sources: Iterable[Source], top: Path) -> Fixed:
    """Mend the files of a folder (or one file) where no question has another answer afterwards. Nothing is written."""
    return fix_all(sources, top, lambda policy, now: lint(policy, now, MENDING))


def lint(policy: Policy, sources: Iterable[Source], rules: Iterable[Find] = RULES) -> list[Problem]:
    """Ask every rule about a policy; `sources` are all files of its folder, those of tests and claims too.

    What a comment ignores, and gives a reason for, is left out. A rule that cannot be decided says so.
    """
    context = Context(policy, sources)
    found: list[Problem] = []
    for find in rules:
        found += (one for one in _asked(find, context) if not _ignored(one.finding, context))
    order = {"error": 0, "warning": 1, "note": 2}
    return sorted(found, key=lambda one: (order[one.finding.severity], one.finding.place, one.finding.code))


def passed_over(policy: Policy, sources: Iterable[Source], findings: Iterable[Finding]) -> list[Finding]:
    """Give those warnings of `check` that a comment ignores, with a reason. Its notes are always to be read."""
    context = Context(policy, sources)
    return [one for one in findings if one.severity == "warning" and _ignored(one, context)]


def _asked(find: Find, context: Context) -> Iterator[Problem]:
    """Ask one rule."""
    try:
        yield from find(context)
    except TooLargeError as error:
        yield Problem(Finding("not-decided", f"`{rule_id(find)}`: {error}", None, "warning"))


def _ignored(finding: Finding, context: Context) -> bool:
    """Say whether a comment ignores a finding; an error is never ignored."""
    element = context.element(finding.origin) if finding.severity != "error" and context.suppressions else None
    mine = [one for one in context.suppressions if one.valid and finding.code in one.ids and one.element]
    mine = [one for one in mine if element and one.element and one.element.part is element.part]
    for one in mine:
        one.used.add(finding.code)
    return bool(mine)
