"""Small changes of a policy, one at a time, as people make them by mistake: what `rolecall mutate` tries.

Each family of changes is one function from a policy to its mutants. They change what was written, never a table, so
that a mutant is a policy like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from rolecall.analysis.mutants import bounds, people, sets, states
from rolecall.analysis.mutants.mutant import Mutant
from rolecall.policy import Policy

__all__ = ["FAMILIES", "Mutant", "mutants"]

FAMILIES: Final[dict[str, Callable[[Policy], Iterator[Mutant]]]] = {
    "drop-rule": bounds.drop_rule,
    "drop-permission": bounds.drop_permission,
    "add-permission": bounds.add_permission,
    "swap-bounds": bounds.swap_bounds,
    "other-scope": people.other_scope,
    "other-role": people.other_role,
    "drop-role": people.drop_role,
    "drop-combination": people.drop_combination,
    "everyone": people.everyone,
    "conditions": states.conditions,
    "types": states.types,
    "sets": sets.sets,
    "implied": sets.implied,
}
"""The families of changes, by name: each gives its mutants of a policy."""


def mutants(policy: Policy) -> Iterator[Mutant]:
    """Give every mutant of a policy."""
    for family in FAMILIES.values():
        yield from family(policy)
