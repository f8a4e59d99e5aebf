"""What can be wrong with an installation, found by looking: policy, store, network, tokens, each district at Clever.

    for result in diagnose(Setup(policies=Path("policies"), store="rolecall.db", clever=Clever(OneToken("…")))):
        print(result.state, result.says, result.fix)

The checks are `CHECKS`, in the order in which they are made. Nothing is changed, and no token is ever shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from rolecall.diagnosis.of_clever import budget, clock, network, token, tokens
from rolecall.diagnosis.of_policy import policy
from rolecall.diagnosis.of_store import facts, read, room, store
from rolecall.diagnosis.results import Examination, Result, Setup, State, failed
from rolecall.errors import FactsError

__all__ = ["CHECKS", "Result", "Setup", "State", "diagnose"]

CHECKS: Final[tuple[Callable[[Examination], Iterator[Result]], ...]] = (
    policy,
    store,
    facts,
    read,
    room,
    tokens,
    network,
    clock,
    token,
    budget,
)


def diagnose(setup: Setup) -> Iterator[Result]:
    """Make every check, and give each result as soon as it is there. A check that breaks is a result, too."""
    examination = Examination(setup)
    try:
        for check in CHECKS:
            try:
                yield from check(examination)
            except FactsError as error:
                yield failed(check.__name__, str(error), "mend that, and look again")
            except Exception as error:  # noqa: BLE001 - the other checks still help; the error's text may hold a secret
                said = f"this could not be checked: rolecall itself is at fault ({type(error).__name__})"
                yield failed(check.__name__, said, "report it, with what the other lines say")
    finally:
        examination.close()
