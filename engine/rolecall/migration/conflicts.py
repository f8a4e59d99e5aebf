"""The conflicts of a plan as a table that people fill in: a row for each account that is held. Ids only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from rolecall.migration.deciding import AFFIRMED, allowed
from rolecall.migration.model import NewStep, PersonStep, Placed
from rolecall.migration.outcomes import CONFLICTS
from rolecall.migration.report import csv_line, owned_in
from rolecall.migration.written import Plan

TOLD: Final = ("account", "outcome", "clever_id", "role", "district", "person", "candidates", "can")
"""What a row says."""

ASKED: Final = ("decision", "v3_id", "by", "why")
"""What people write into it."""

_LEAVE: Final = "leave: it stays as it is"
_PERSON: Final = "person: it is that of the v3.0 user in v3_id"
_GO: Final = {
    "locked": "go: despite the lock",
    "still-active": "go: it is put away all the same",
    "columns-differ": "go: the survivor's own values stay",
    "unique-key": "go: the survivor's own rows stay",
}


def as_conflicts(plan: Plan) -> Iterator[str]:
    """Give the table, line by line: what is held, what can be decided, and empty cells for it."""
    yield csv_line((*TOLD, *ASKED))
    known = candidates(plan, (one.id for _, one in held(plan)))
    empty = ("",) * len(ASKED)
    for person, one in held(plan):
        meant = " ".join(meant_by(one, person, known))
        yield csv_line((*told_of(one, person), meant, can_be(one.outcome, one.role), *empty))


def held(plan: Plan) -> Iterator[tuple[str, Placed]]:
    """Give the accounts that are held, each with whose it is (empty: nobody's)."""
    for step in plan.steps():
        yield from ((person, one) for person, one in owned_in(step) if one.outcome in CONFLICTS)


def told_of(one: Placed, person: str) -> tuple[str, ...]:
    """Give what a row says of an account: the first columns of `TOLD`."""
    return one.key, one.outcome, one.id, one.role, one.district, person


def can_be(outcome: str, role: str) -> str:
    """Say what can be decided."""
    words = {"leave": _LEAVE, "person": _PERSON, "go": _GO.get(outcome, "")}
    return "; ".join(words[one] for one in allowed(outcome, role))


def candidates(plan: Plan, ids: Iterable[str]) -> dict[str, list[str]]:
    """Give, for each of these Clever ids, the v3.0 ids that the map has for it; never by a likeness."""
    found: dict[str, list[str]] = {one: [] for one in ids if one}
    for step in plan.steps() if found else ():
        if isinstance(step, PersonStep | NewStep):
            for old in {step.person, *(one[2] for one in step.olds)} & found.keys():
                found[old].append(step.person)
    return {old: sorted(people) for old, people in found.items()}


def meant_by(one: Placed, person: str, known: dict[str, list[str]]) -> list[str]:
    """Give whose an account may be said to be, of those whom the map knows by its id."""
    if "person" not in allowed(one.outcome, one.role):
        return []
    return [who for who in known.get(one.id, ()) if who != person or one.outcome in AFFIRMED]
