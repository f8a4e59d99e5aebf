"""Rows in an order in which they can be read: from little to much, so that the last that fits somebody is theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rolecall.analysis.diagrams import Diagrams
from rolecall.analysis.matrix.classes import Layer, smallest

ORDERED: Final = 120
"""So many rows are put in order; of more, each says its exceptions itself."""

Key = Callable[[Layer], tuple[object, ...]]


def in_order(d: Diagrams, everyone: int, found: list[Layer], key: Key) -> tuple[list[Layer], bool]:
    """Give the layers in order, and whether the last that fits somebody is theirs.

    Where rows would have to stand one before the other in a circle, one that has several combinations is divided.
    Where that does not help either, they stand as `key` has them.
    """
    found = sorted(found, key=key)
    while len(found) <= ORDERED:
        before = _before(d, everyone, found)
        order, circle = _walk(before)
        if not circle:
            return [found[number] for number in order], True
        several = next((number for number in circle if len(found[number].who) > 1), None)
        if several is None:
            break
        found[several : several + 1] = _divided(d, everyone, found[several])
        found.sort(key=key)
    return found, False


def _before(d: Diagrams, everyone: int, found: list[Layer]) -> dict[int, list[int]]:
    """Give for each layer those that must stand before it: they fit some of its people too."""
    fits = [d.both(everyone, d.any_of(d.around(one) for one in layer.who)) for layer in found]
    return {
        number: [other for other, around in enumerate(fits) if other != number and d.both(layer.people, around)]
        for number, layer in enumerate(found)
    }


def _walk(before: dict[int, list[int]]) -> tuple[list[int], list[int]]:
    """Give the numbers in order, of all that may come next the lowest; or some that stand in a circle."""
    order: list[int] = []
    left = dict.fromkeys(before)
    while left:
        ready = next((number for number in left if not any(one in left for one in before[number])), None)
        if ready is None:
            return order, _circle(before, [*left])
        order.append(ready)
        del left[ready]
    return order, []


def _circle(before: dict[int, list[int]], left: list[int]) -> list[int]:
    """Give numbers of which each must stand before the last one: going back from any that is left comes to them."""
    path = [left[0]]
    while True:
        earlier = next(one for one in before[path[-1]] if one in left)
        if earlier in path:
            return path[path.index(earlier) :]
        path.append(earlier)


def _divided(d: Diagrams, everyone: int, layer: Layer) -> list[Layer]:
    """Divide a layer by its combinations: whoever holds several of them belongs to the first."""
    parts, left = [], layer.people
    for one in layer.who:
        around = d.both(everyone, d.around(one))
        people = d.both(left, around)
        if people:  # whoever holds this one may hold an earlier one too
            parts.append(Layer(people, layer.states, (one,), smallest(d, d.without(around, people))))
        left = d.without(left, people)
    return parts
