"""The smallest changes that turn an answer round: tried in order of size, each asked of the evaluator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Final

import msgspec

from rolecall.compiler.reach import Reach
from rolecall.counterfactual.changes import Change
from rolecall.counterfactual.moves import apply, compatible, moves
from rolecall.counterfactual.state import State
from rolecall.vocabulary.reasons import Cell

MOST_CHANGES: Final = 3
"""So many changes are tried together; what takes more is no advice that anybody could follow."""

MOST_TRIED: Final = 10_000
"""So many combinations of changes are tried."""

Turned = Callable[[Cell], bool]
"""Whether a cell gives the other answer."""

Exact = Callable[[tuple[Change, ...], State], State | None]
"""What the facts themselves say with the changes written into them; None where there are no facts."""


class Flip(msgspec.Struct, frozen=True, eq=False):
    """Changes that turn the answer round, a state that they lead to, and all that is otherwise in it."""

    changes: tuple[Change, ...]
    state: State
    effect: frozenset[tuple[object, ...]]


class Searched(msgspec.Struct, frozen=True, eq=False):
    """What was found, and where the search was cut off (empty where it was not)."""

    flips: tuple[Flip, ...]
    cut_off: str = ""


def search(state: State, reach: Reach, turned: Turned, exact: Exact) -> Searched:
    """Find the smallest changes that turn the answer round; of equal size, every one that contains no other.

    A change is verified in the facts where there are any. Where there are none, it has to hold in every reading.
    """
    every, tried = moves(state, reach), 0
    for size in range(1, MOST_CHANGES + 1):
        found: list[Flip] = []
        for changes in combinations(every, size):
            if not compatible(changes):
                continue
            tried += 1
            if tried > MOST_TRIED:
                return Searched(tuple(_smallest(found)), _cut_off(size, bool(found)))
            states = apply(state, reach, changes)
            answers = [turned(one.cell()) for one in states]
            if not any(answers):
                continue
            sure = exact(changes, states[0])
            if turned(sure.cell()) if sure is not None else all(answers):
                found.append(Flip(changes, sure or states[0], _effect(state, [sure] if sure is not None else states)))
        if found:
            return Searched(tuple(_smallest(found)))
    if len(every) <= MOST_CHANGES:
        return Searched(())
    return Searched(
        (), f"no {MOST_CHANGES} changes of the person or the thing would do, and more were not tried together"
    )


def _cut_off(size: int, found: bool) -> str:
    some = "some of these were found, and there may be others" if found else "none of those tried would do"
    what = "not every change was tried" if size == 1 else f"not every way to make {size} changes at once was tried"
    return f"{what}: {some}"


def _effect(before: State, after: list[State]) -> frozenset[tuple[object, ...]]:
    """Give what is certainly otherwise: what there is more, and what there is less, in every reading."""
    old = before.tokens()
    each = [
        frozenset({("+", *one) for one in new - old} | {("-", *one) for one in old - new})
        for new in (one.tokens() for one in after)
    ]
    return frozenset.intersection(*each)


def _smallest(found: list[Flip]) -> Iterator[Flip]:
    """Leave out whatever contains another, and of what comes to the same all but the first."""
    for number, one in enumerate(found):
        larger = any(
            other.effect < one.effect or (other.effect == one.effect and index < number)
            for index, other in enumerate(found)
        )
        if not larger:
            yield one
