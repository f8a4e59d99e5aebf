"""Stopwatches: single calls for the percentiles, whole streams for the throughput, engines interleaved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from statistics import median
from time import perf_counter_ns, process_time_ns
from typing import Any

import msgspec

Ask = tuple[Any, ...]
"""One question: user, resource, permission (or None), acting_as (or None); for a bare call, its arguments."""


class Contender(msgspec.Struct, gc=False):
    """Something to be timed: its name, how it is called, and the questions of its stream.

    `form` is `ask` for `call(user, resource, permission, acting_as=…)`, `open` for the same without the permission,
    and `bare` for `call(*arguments)`.
    """

    name: str
    call: Callable[..., object]
    stream: Sequence[Ask]
    form: str = "ask"
    rounds: int = 5


class Timing(msgspec.Struct, frozen=True):
    """What was measured, in nanoseconds a call: the medians over the rounds. `each` are one round's single calls."""

    name: str
    p50: float
    p99: float
    loop: float
    each: tuple[int, ...]

    @property
    def throughput(self) -> float:
        """Calls a second of one core, loop included."""
        return 1e9 / self.loop


def percentile(values: Iterable[float], share: float) -> float:
    """Give the value below which `share` of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def single_calls(one: Contender) -> list[int]:
    """Time every call by itself, the timer's own time included."""
    found: list[int] = []
    call, clock, keep = one.call, perf_counter_ns, found.append
    if one.form == "bare":
        for arguments in one.stream:
            start = clock()
            call(*arguments)
            keep(clock() - start)
        return found
    asks = one.form == "ask"
    for user, resource, permission, acting in one.stream:
        if acting is not None:
            asked = permission if asks else None
            start = clock()
            call(user, resource, asked, acting_as=acting)
        elif asks:
            start = clock()
            call(user, resource, permission)
        else:
            start = clock()
            call(user, resource)
        keep(clock() - start)
    return found


def whole_stream(one: Contender) -> float:
    """Give the processor time of a call when nothing is timed but the whole stream: the core may be shared."""
    call = one.call
    asks = one.form == "ask"
    start = process_time_ns()
    if one.form == "bare":
        for arguments in one.stream:
            call(*arguments)
    else:
        for user, resource, permission, acting in one.stream:
            if acting is not None:
                call(user, resource, permission if asks else None, acting_as=acting)
            elif asks:
                call(user, resource, permission)
            else:
                call(user, resource)
    return (process_time_ns() - start) / len(one.stream)


def timer_cost() -> float:
    """Give what the timer itself costs: the median of timing nothing."""
    costs = []
    for _ in range(20_000):
        start = perf_counter_ns()
        costs.append(perf_counter_ns() - start)
    return median(costs)


def race(contenders: Sequence[Contender]) -> dict[str, Timing]:
    """Time the contenders in turn, round after round, so that a noisy minute is everybody's."""
    for one in contenders:
        whole_stream(one)  # warm: caches filled, bytecode specialised
    cost = timer_cost()
    singles: dict[str, list[list[int]]] = {one.name: [] for one in contenders}
    loops: dict[str, list[float]] = {one.name: [] for one in contenders}
    for number in range(max(one.rounds for one in contenders)):
        for one in contenders:
            if number < one.rounds:
                singles[one.name].append(single_calls(one))
                loops[one.name].append(whole_stream(one))
    return {
        name: Timing(
            name,
            median(percentile(found, 0.5) for found in rounds) - cost,
            median(percentile(found, 0.99) for found in rounds) - cost,
            median(loops[name]),
            tuple(int(median(calls) - cost) for calls in zip(*rounds, strict=True)),
        )
        for name, rounds in singles.items()
    }
