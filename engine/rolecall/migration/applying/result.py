"""What came of a run, or of a part of it."""

from __future__ import annotations

from collections import Counter

import msgspec

from rolecall.migration.model import AccountStep, PersonStep, placed_in
from rolecall.migration.outcomes import CONFLICTS


class Left(msgspec.Struct, frozen=True):
    """Somebody who was left as they were: their v3.0 id (empty: one account by itself), their accounts, why."""

    person: str
    accounts: tuple[str, ...]
    why: str


class Outcome(msgspec.Struct):
    """What came of a run, the parts that were done before included.

    `run` is its number (None: nothing was kept); `position` of `steps` are behind it; `accounts` counts them by outcome
    (`refused`: those who were left as they were, and `left` says why); `rows` counts by table what changed this time.
    `again` says that all of it had been done before; `undo` is the command that undoes it.
    """

    run: int | None
    state: str
    position: int
    steps: int
    accounts: Counter[str]
    rows: Counter[str]
    left: list[Left]
    again: bool = False
    undo: str = ""


class Batch(msgspec.Struct):
    """What came of one transaction."""

    position: int
    accounts: Counter[str]
    rows: Counter[str]
    left: list[tuple[int, Left]]
    held: list[tuple[int, Left]] = []

    def hold(self, number: int, step: PersonStep | AccountStep) -> None:
        """Take note of somebody whom the plan does not change; of those whom it holds, or who were left, by name."""
        placed = placed_in(step)
        self.accounts.update(one.outcome for one in placed)
        keys = tuple(one.key for one in placed if one.outcome in CONFLICTS or one.outcome == "left")
        if keys:
            why = next(one.outcome for one in placed if one.key in keys)
            self.held.append((number, Left(step.person if isinstance(step, PersonStep) else "", keys, why)))

    def leave(self, number: int, step: PersonStep | AccountStep, why: str) -> None:
        """Leave somebody as they are."""
        keys = tuple(one.key for one in placed_in(step))
        self.left.append((number, Left(step.person if isinstance(step, PersonStep) else "", keys, why)))
        self.accounts["refused"] += len(keys)

    def join(self, found: Outcome) -> None:
        """Add it to the whole, once it is kept."""
        found.position = self.position
        found.accounts.update(self.accounts)
        found.rows.update(self.rows)
        found.left += [one for _, one in self.left]
