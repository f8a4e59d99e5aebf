"""Who behaves alike, and in which words: everybody around a type divided, exactly, whatever their number.

First by behaviour: two people are alike who have each permission in the same states. Then each class into layers that
can be said: whoever holds at least one of some smallest combinations, and none of some larger ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from rolecall.analysis.diagrams import NOTHING, Diagrams, TooLargeError

MOST: Final = 400
"""How many rows a type may have, and combinations each of its rows: what needs more is no table that anybody reads."""

Levels = frozenset[int]


class TooManyRowsError(TooLargeError):
    """A type whose people behave in more ways than a table can show."""

    def __str__(self) -> str:
        """Give the sentence."""
        return f"not drawn: its people fall into more than {MOST} rows, so ask `rolecall prove` or `rolecall diff`"


class Layer(msgspec.Struct, frozen=True):
    """All who hold one of `who` and none of `unless`, as a set: they have each permission in the same states."""

    people: int
    states: tuple[int, ...]
    who: tuple[Levels, ...]
    unless: tuple[Levels, ...]


def layers(d: Diagrams, everyone: int, allowed: Sequence[int], first_pair: int) -> list[Layer]:
    """Divide everyone; `allowed` are the cells that decide, and states are asked about before `first_pair`."""
    found: list[Layer] = []
    for people, states in _alike(d, everyone, allowed, first_pair):
        for layer in _said(d, everyone, people, states):
            found.append(layer)
            if len(found) > MOST:
                raise TooManyRowsError
    return found


def _alike(d: Diagrams, everyone: int, allowed: Sequence[int], first_pair: int) -> list[tuple[int, tuple[int, ...]]]:
    """Divide by behaviour: of each class the people, and for each of `allowed` the states."""
    classes: list[tuple[int, tuple[int, ...]]] = [(everyone, ())]
    for cells in allowed:
        # For one set of cells: what is left to ask of the roles, and in which states it comes to that.
        ways = d.split(cells, first_pair)
        finer: dict[tuple[tuple[int, ...], int], int] = {}
        for people, before in classes:
            for mine, states in _refined(d, people, ways):
                key = (before, states)
                finer[key] = d.either(finer.get(key, NOTHING), mine)
        classes = [(people, (*before, states)) for (before, states), people in finer.items()]
        if len(classes) > MOST:
            raise TooManyRowsError
    return classes


def _refined(d: Diagrams, people: int, ways: dict[int, int]) -> list[tuple[int, int]]:
    """Divide people by which of the ways they can go; several ways of one person never share a state."""
    parts: list[tuple[int, int]] = [(people, NOTHING)]
    for roles, states in ways.items():
        finer: list[tuple[int, int]] = []
        for mine, known in parts:
            inside = d.both(mine, roles)
            if inside:
                finer.append((inside, d.either(known, states)))
            if inside != mine:
                finer.append((d.without(mine, inside), known))
        parts = finer
        if len(parts) > MOST * 4:
            raise TooManyRowsError
    return parts


def _said(d: Diagrams, everyone: int, people: int, states: tuple[int, ...]) -> Iterator[Layer]:
    """Give the layers of a class.

    Whoever is left out of a layer holds one of its `unless`; so what is left lies strictly above it, and the next
    layer begins there.
    """
    left = people
    while left:
        who = smallest(d, left)
        above = d.both(everyone, d.any_of(d.around(one) for one in who))
        unless = smallest(d, d.without(above, people))
        layer = d.without(above, d.any_of(d.around(one) for one in unless))
        yield Layer(layer, states, who, unless)
        left = d.without(left, layer)


def smallest(d: Diagrams, people: int) -> tuple[Levels, ...]:
    """Give the smallest combinations of some people; too many are no row."""
    found, complete = d.smallest(people, MOST)
    if not complete:
        raise TooManyRowsError
    return tuple(found)


def sums(d: Diagrams, found: Sequence[Layer]) -> list[tuple[int, ...]]:
    """Give for each layer the others that give together exactly what it has; nothing where it is more than a sum.

    The others are such that all who are in the layer fit them too; none of them is a sum itself, or gives nothing.
    """
    parts: list[tuple[int, ...]] = [() for _ in found]
    summed: set[int] = set()
    for number in sorted(range(len(found)), key=lambda one: max(map(len, found[one].who))):
        layer, named = found[number], dict[int, None]()
        for combination in layer.who:
            fit = [
                other
                for other, one in enumerate(found)
                if other not in summed and any(one.states) and any(part < combination for part in one.who)
            ]
            together = tuple(d.any_of(found[one].states[place] for one in fit) for place in range(len(layer.states)))
            if not fit or together != layer.states:
                break
            named |= dict.fromkeys(_needed(d, fit, found, layer.states))
        else:
            if len(named) > 1:
                parts[number] = tuple(named)
                summed.add(number)
    return parts


def _needed(d: Diagrams, fit: Sequence[int], found: Sequence[Layer], states: tuple[int, ...]) -> list[int]:
    """Leave out, one after the other, what the rest gives too."""
    needed = list(fit)
    for one in fit:
        rest = [other for other in needed if other != one]
        if all(d.any_of(found[other].states[place] for other in rest) == whole for place, whole in enumerate(states)):
            needed = rest
    return needed
