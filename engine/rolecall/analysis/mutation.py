"""Which small changes of a policy its tests would notice. Exact: what no test notices is compared cell by cell.

Nothing is decided anew for a mutant but the cell: people and places are those of the decisions that the tests made,
and the evaluator looks the same questions up in the mutant's table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec
from msgspec.structs import replace

from rolecall.analysis.diagrams import TooLargeError
from rolecall.analysis.difference import Change, Difference, Version, compare, same_meaning
from rolecall.analysis.grids.run import Answer, Asked, Result, judged
from rolecall.analysis.mutants import Mutant, mutants
from rolecall.compiler.cuts import find_cuts, own_conflicts
from rolecall.compiler.halves import make_table
from rolecall.evaluator import evaluate
from rolecall.policy import Policy
from rolecall.questions import read_acting
from rolecall.table import Table, TypeTable

Fate = Literal["killed", "refused", "equivalent", "survived", "not decided"]


class Outcome(msgspec.Struct, frozen=True, eq=False):
    """What became of a mutant. `by` is the sentence of a test that notices it; `table` is the mutant's own."""

    mutant: Mutant
    fate: Fate
    table: Table
    by: str = ""

    def changes(self, table: Table, policy: Policy) -> tuple[Change, ...]:
        """Say what it would change, of which `table` and `policy` are the ones in force."""
        return self._compared(table, policy).changes

    def only_in_doubt(self, table: Table, policy: Policy) -> bool:
        """Say whether it would change something only where roles are doubtful, or not all are acted as."""
        found = self._compared(table, policy)
        return not found.changes and bool(found.doubts)

    def _compared(self, table: Table, policy: Policy) -> Difference:
        return compare(Version(policy, table), Version(self.mutant.policy, self.table))


class Score(msgspec.Struct, frozen=True, eq=False):
    """How many mutants there were, and what became of them."""

    outcomes: tuple[Outcome, ...]

    def count(self, fate: Fate) -> int:
        """Give how many had a fate."""
        return sum(one.fate == fate for one in self.outcomes)

    @property
    def survivors(self) -> tuple[Outcome, ...]:
        """The changes that nobody would notice, and those of which it could not be decided."""
        return tuple(one for one in self.outcomes if one.fate in ("survived", "not decided"))

    @property
    def percent(self) -> float:
        """Of the mutants that mean something else and could be put in force, how many the tests notice."""
        noticed, left = self.count("killed"), len(self.survivors)
        return 100 * noticed / (noticed + left) if noticed + left else 100.0


def mutate(policy: Policy, table: Table, results: Iterable[Result], wanted: str = "") -> Score:
    """Try every mutant (or those of which rule, set, type or family has `wanted` in its name) on tests that pass."""
    questions = _questions(table, results)
    outcomes = [
        _tried(mutant, table, questions)
        for mutant in mutants(policy)
        if wanted.casefold() in f"{mutant.rule} {mutant.family}".casefold()
    ]
    return Score(tuple(outcomes))


class _Question(msgspec.Struct, frozen=True, eq=False):
    """A decision that tests made, with what they assert of it."""

    asked: Asked
    sentence: str
    acting: int | None
    answers: tuple[Answer, ...]

    def notices(self, kind: TypeTable) -> bool:
        """Say whether an assertion fails where this is the type's table."""
        decision = self.asked.decision
        properties = decision.resource.properties
        cell = evaluate(kind, decision.held, decision.location, properties, self.acting, decision.nanoseconds)
        changed = replace(decision, cell=cell)
        return any(judged(changed, one.permission, one.expected).problem for one in self.answers)


def _questions(table: Table, results: Iterable[Result]) -> dict[str, list[_Question]]:
    """Give the questions of the tests by resource type; what is the same question for every table stands there once."""
    found: dict[str, dict[object, _Question]] = {}
    for result in results:
        for asked in result.asked:
            said = tuple(one for one in asked.answers if one.expected is not None and one.expected.allowed is not None)
            if said:
                decision = asked.decision
                acting = None if decision.acting_as is None else read_acting(decision.acting_as, table.atoms)
                question = _Question(asked, result.case.sentence, acting, said)
                found.setdefault(asked.thing.kind, {}).setdefault(_key(question), question)
    return {kind: [*several.values()] for kind, several in found.items()}


def _key(question: _Question) -> object:
    """Give all of a question that the evaluator reads, and what is asserted."""
    decision = question.asked.decision
    held, place, properties = decision.held, decision.location, decision.resource.properties
    said = [(one.permission, one.expected.because if one.expected else "") for one in question.answers]
    return (
        *(held.district, held.base, held.problem, str(sorted(held.places.items()))),
        *(() if place is None else (place.district, place.keys, place.doubtful, place.bounds)),
        *(question.acting, decision.nanoseconds, str(sorted(properties.items(), key=str))),
        *(properties.get("owner") == held.id, str(said)),
    )


def _tried(mutant: Mutant, table: Table, questions: dict[str, list[_Question]]) -> Outcome:
    """Ask the tests, then `check`, then every cell."""
    changed = make_table(mutant.policy)
    for question in _about(changed, table, questions):
        if question.notices(changed.types[question.asked.thing.kind]):
            return Outcome(mutant, "killed", changed, question.sentence)
    if any(True for _ in _errors(mutant.policy, changed)):
        return Outcome(mutant, "refused", changed)
    try:
        return Outcome(mutant, "equivalent" if same_meaning(table, changed) else "survived", changed)
    except TooLargeError:
        return Outcome(mutant, "not decided", changed)


def _about(changed: Table, table: Table, questions: dict[str, list[_Question]]) -> Iterator[_Question]:
    """Give the questions about types of which a bound has changed."""
    for name, several in questions.items():
        old, new = table.types[name], changed.types[name]
        if (old.minima, old.maxima, old.readers, old.term) != (new.minima, new.maxima, new.readers, new.term):
            yield from several


def _errors(policy: Policy, table: Table) -> Iterator[object]:
    """Give what `check` would refuse the mutant for."""
    yield from own_conflicts(policy, table)
    yield from find_cuts(policy, table, allowed_too=False)
