"""What would change an answer: the smallest changes that turn it round, and what else each of them would do.

They are moves between neighbouring cells of the table. Each is answered by the evaluator itself; where the facts are at
hand it is written into them and asked again (`amended`, `grounds`); an edit of the policy is compiled like any policy.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from rolecall.compiler.reach import Reach
from rolecall.counterfactual.changes import (
    MAKERS,
    Change,
    Count,
    Counterfactuals,
    Elsewhere,
    Maker,
    Suggestion,
)
from rolecall.counterfactual.edits import MOST_RULES, edits
from rolecall.counterfactual.grounds import Grounds
from rolecall.counterfactual.moves import maker
from rolecall.counterfactual.outside import outside
from rolecall.counterfactual.search import Flip, search
from rolecall.counterfactual.state import State
from rolecall.counterfactual.words import elsewhere, sentence
from rolecall.evaluator import evaluate
from rolecall.facts.hold import hold
from rolecall.facts.roster import Roster
from rolecall.policy import Policy
from rolecall.questions import read_acting
from rolecall.table import Table, TypeTable
from rolecall.vocabulary.decision import Decision
from rolecall.vocabulary.reasons import Cell

__all__ = [
    "MAKERS",
    "Change",
    "Count",
    "Counterfactuals",
    "Elsewhere",
    "Maker",
    "Suggestion",
    "counterfactuals",
    "elsewhere",
]


def counterfactuals(
    decision: Decision, table: Table, *, policy: Policy | None = None, roster: Roster | None = None
) -> Counterfactuals:
    """Give the smallest changes that would allow what was denied, or deny what was allowed; least first.

    `table` is the one that the decision was made with. With its `policy` edits of rules are sought too; with a `roster`
    that holds all of the person's district, suggestions are verified in it, and what they do elsewhere is counted.
    """
    if table.digest != decision.grounds.digest:
        return Counterfactuals("", notes=("it is not known what would change it, because the policy is another now",))
    kind = table.types[decision.resource.type]
    told = outside(decision, lambda user: _answers(decision, table, kind, roster, user), roster)
    if told is not None:
        return told
    if decision.permission is None and decision.permissions:
        said = f"ask about one permission to see what would change it: {', '.join(kind.permissions)}"
        return Counterfactuals("", notes=(said,))
    return _Sought(decision, table, kind, policy, roster).found()


def _answers(decision: Decision, table: Table, kind: TypeTable, roster: Roster | None, user: str) -> bool | None:
    """Say whether the same question would be allowed of another user; None where the facts at hand do not tell."""
    if roster is None or roster.person(user) is None:
        return None
    held = hold(user, roster, roster.application_assignments(user), table.atoms, decision.nanoseconds)
    acting = None if decision.acting_as is None else read_acting(decision.acting_as, table.atoms)
    given = decision.resource.properties
    cell = evaluate(kind, held, decision.location, given, acting, decision.nanoseconds)
    return bool(cell.permissions) if decision.permission is None else decision.permission in cell.permissions


class _Sought:
    """One search: what is wanted, where it begins, and what is at hand to verify and to count."""

    def __init__(
        self, decision: Decision, table: Table, kind: TypeTable, policy: Policy | None, roster: Roster | None
    ) -> None:
        self.decision, self.table, self.kind = decision, table, kind
        self.start = State.of(decision, kind, table.atoms)
        self.allowed = decision.permission is not None and decision.permission in decision.permissions
        self.policy = policy if policy is not None and policy.digest == table.digest else None
        self.notes: list[str] = []
        self.grounds = self._grounds(roster)

    def _grounds(self, roster: Roster | None) -> Grounds | None:
        if roster is None:
            self.notes.append("what it would open elsewhere is not counted, because no roster is at hand")
            return None
        found = Grounds(roster, self.table, self.start, self.decision.permission)
        if found.agree():
            return found
        self.notes.append(
            "what it would open elsewhere is not counted, because the facts have changed since, or come from elsewhere"
        )
        return None

    def turned(self, cell: Cell) -> bool:
        """Say whether a cell gives the other answer."""
        if self.decision.permission is None:
            return bool(cell.permissions)
        return (self.decision.permission in cell.permissions) != self.allowed

    def found(self) -> Counterfactuals:
        """Search, verify, count, and put the least first."""
        searched = search(self.start, Reach(self.table.atoms, self.kind.location_scopes), self.turned, self._exact)
        suggestions = [self._suggestion(one) for one in _likely(searched.flips)]
        suggestions += self._edits()
        suggestions.sort(key=lambda one: (len(one.changes) if "policy" not in one.makers else 1, one.elsewhere.size))
        if not suggestions and not searched.cut_off:
            self.notes.append("no change of the person, the thing or a rule that decides here would do")
        return Counterfactuals(
            "deny" if self.allowed else "allow", tuple(suggestions), tuple(self.notes), searched.cut_off
        )

    def _exact(self, changes: tuple[Change, ...], after: State) -> State | None:
        return None if self.grounds is None else self.grounds.exact(changes, after)

    def _suggestion(self, flip: Flip) -> Suggestion:
        makers: tuple[Maker, ...] = tuple(dict.fromkeys(maker(one, self.table.atoms.own) for one in flip.changes))
        here = self._here(flip.state.cell())
        if self.grounds is not None:
            counted = self.grounds.count(flip.changes, flip.state)
            here = replace(counted, gained=here.gained, lost=here.lost)
        return Suggestion(flip.changes, sentence(flip.changes, self.start), makers, here)

    def _here(self, cell: Cell) -> Elsewhere:
        """Give what would be gained and lost on this resource besides what was asked."""
        before, after, asked = self.decision.permissions, cell.permissions, self.decision.permission
        order = [name for name in self.kind.permissions if name != asked]
        gained = tuple(name for name in order if name in after - before)
        return Elsewhere(gained, tuple(name for name in order if name in before - after))

    def _edits(self) -> list[Suggestion]:
        """Give the edits of the policy; says why there are none where they were not sought."""
        asked = self.decision.permission
        if self.policy is None or asked is None or self.decision.cell.code != "table":
            return []
        if len(self.policy.rules) > MOST_RULES:
            self.notes.append(f"edits of the policy were not tried: it has more than {MOST_RULES:,} rules")
            return []
        found = []
        policy: tuple[Maker, ...] = ("policy",)
        for one in edits(self.start, self.decision.cell, asked, self.policy, self.turned):
            kind = one.table.types[self.kind.name]
            here = self._here(replace(self.start, kind=kind).cell())
            if self.grounds is None:
                here = replace(here, why="not counted: other people, and other things")
            else:
                here = replace(self.grounds.count_edit(kind), gained=here.gained, lost=here.lost)
            found.append(Suggestion(one.changes, sentence(one.changes, self.start), policy, here))
        return found


def _likely(flips: Iterable[Flip]) -> list[Flip]:
    """Leave out a term to come where one that runs does as well: nobody would move a class into the future for it."""
    found = list(flips)
    runs = [_without_term(one) for one in found if any(change.value == "current" for change in one.changes)]
    return [
        one
        for one in found
        if not any(change.kind == "term" and change.value == "future" for change in one.changes)
        or _without_term(one) not in runs
    ]


def _without_term(one: Flip) -> tuple[Change, ...]:
    return tuple(change for change in one.changes if change.kind != "term")
