"""The lint rules, one a file: its name with dashes is the rule's id, its docstring is what the rule is about.

A rule is a function from a context to problems. To add one: a file beside these, a line here, its section in
docs/lint.md (`ROLECALL_REGOLD=1` writes it); its two examples are tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from rolecall.analysis.lint.context import Context
from rolecall.analysis.lint.problem import Problem
from rolecall.analysis.lint.rules import (
    allowed_cut,
    because_says_nothing,
    dead_rule,
    district_wide_grant,
    duplicate_set,
    edit_without_view,
    everyone_has,
    floor_cut,
    idle_ceiling,
    idle_override,
    if_unknown_apply,
    locks_out_principals,
    mergeable_rules,
    never_granted,
    nobody_has,
    other_students,
    overrides_all,
    own_conflict,
    owner_without_role,
    redundant_rule,
    scope_never,
    suppression_without_reason,
    unless_never_holds,
    unused_set,
    unused_suppression,
)

Find = Callable[[Context], Iterator[Problem]]

RULES: Final[tuple[Find, ...]] = (
    floor_cut.find,
    own_conflict.find,
    allowed_cut.find,
    idle_override.find,
    overrides_all.find,
    dead_rule.find,
    scope_never.find,
    redundant_rule.find,
    idle_ceiling.find,
    mergeable_rules.find,
    unless_never_holds.find,
    duplicate_set.find,
    unused_set.find,
    nobody_has.find,
    never_granted.find,
    everyone_has.find,
    edit_without_view.find,
    other_students.find,
    locks_out_principals.find,
    district_wide_grant.find,
    owner_without_role.find,
    if_unknown_apply.find,
    because_says_nothing.find,
    suppression_without_reason.find,
    unused_suppression.find,
)
"""Every rule, in the order in which they are asked: what is left of the comments is looked at last."""

MENDING: Final[tuple[Find, ...]] = (
    idle_override.find,
    overrides_all.find,
    dead_rule.find,
    redundant_rule.find,
    unless_never_holds.find,
    duplicate_set.find,
    unused_set.find,
)
"""The rules that know a fix."""
