"""The steps of a plan, as a run takes them: so many at a time, and which of them change something."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rolecall.migration.applying.changes import MOVING
from rolecall.migration.model import AccountStep, AliasStep, NewStep, PersonStep, Step
from rolecall.migration.written import Plan

_ROWS: Final = 20_000

Work = tuple[int, Step]
"""A step with its number."""


def in_batches(plan: Plan, position: int, batch: int) -> Iterator[list[Work]]:
    """Give the steps from a position on, with at most so many in a batch that change something."""
    work: list[Work] = []
    doing = size = 0
    for number, step in enumerate(plan.steps()):
        if number < position:
            continue
        work.append((number, step))
        doing += does(step)
        size += len(step.olds) + 1 if isinstance(step, PersonStep | NewStep) else 1
        if doing >= batch or size >= _ROWS:
            yield work
            work, doing, size = [], 0, 0
    if work:
        yield work


def does(step: Step) -> bool:
    """Say whether a step changes a row."""
    if isinstance(step, PersonStep):
        return any(one.outcome in MOVING for one in step.accounts)
    return isinstance(step, AccountStep) and step.account.outcome == "archived"


def aliases_of(step: Step) -> list[tuple[str, str, str, str]]:
    """Give what a step says of ids: (district, role, old id, v3.0 id)."""
    if isinstance(step, AliasStep):
        found = [(step.district, "student", step.old, step.new)]
    elif isinstance(step, PersonStep | NewStep):
        found = [(district, role, old, step.person) for district, role, old in step.olds]
        found.append((step.district, "", step.person, step.person))
    else:
        return []
    return found
