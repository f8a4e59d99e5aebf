"""The run: everything measured in one process, side by side, and told against the targets. Timings never fail it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable
from statistics import geometric_mean

from rolecall import Decision

from benchmarks.engines import ASKED, CEDAR, CEDAR_DELTA, DEFAULT, FLOOR, HANDWRITTEN, OPEN, Engines
from benchmarks.load import STEPS, Load, attributes_read, measure_load, rule_contenders
from benchmarks.timing import Timing, percentile, race, timer_cost
from benchmarks.world import World, make_world


def main() -> None:
    """Measure and print."""
    one_core()
    world = make_world()
    engines = Engines(world)
    wrong = list(engines.disagreements())
    print(f"Python {platform.python_version()}, one core, timer {timer_cost():.0f} ns (taken off single calls).")
    print(
        f"{len(world.asks):,} requests, {allowed(world):,} allowed; cedarpy is asked {len(engines.cedar.asks):,} of them."
    )
    print(f"Answers that differ from the engine's: {len(wrong)}")
    print(*wrong[:5], sep="\n", end="\n" if wrong else "")
    times = race(engines.contenders())
    print_timings(times.values(), times[HANDWRITTEN].p50)
    sizes = list(rule_contenders(world.raw))
    rules = race(sizes)
    print_timings(rules.values(), rules["10 rules"].p50, "10 rules")
    read = ", ".join(f"{attributes_read(one):.1f}" for one in sizes)
    print(f"(The same requests, each with {read} attributes that the rules read.)")
    load = measure_load()
    print_load(load)
    print_targets(world, times, rules, load)
    sys.exit(1 if wrong else 0)


def one_core() -> None:
    """Keep to one core where the system lets a process choose."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def allowed(world: World) -> int:
    """Count the requests that are allowed."""
    return sum(one.allowed for one in decisions(world))


def decisions(world: World) -> Iterable[Decision]:
    """Decide all requests."""
    return (world.pdp.authorize(user, at, asked, acting_as=acting) for user, at, asked, acting in world.asks)


def print_timings(timings: Iterable[Timing], base: float, against: str = "if/else") -> None:
    """Print a table of timings."""
    print(f"\n{'':40}{'p50 ns':>10}{'p99 ns':>10}{'loop ns':>10}{'calls/s':>12}{'x ' + against:>12}")
    for one in timings:
        print(
            f"{one.name:40}{one.p50:10,.0f}{one.p99:10,.0f}{one.loop:10,.0f}{one.throughput:12,.0f}{one.p50 / base:12.2f}"
        )


def print_load(load: Load) -> None:
    """Print how long the large policy took, step by step."""
    size = f"{load.rules:,} rules, {load.bytes // 1024} KiB, {load.cuts:,} allowed cuts, {load.cells:,} reachable cells"
    print(f"\nLoading {size}")
    for step, milliseconds in load.steps.items():
        print(f"  {step:48}{milliseconds:10,.0f} ms")


def print_targets(world: World, times: dict[str, Timing], rules: dict[str, Timing], load: Load) -> None:
    """Print each ratio beside what was aimed at."""
    asked, plain, cedar = times[ASKED], times[HANDWRITTEN], times[CEDAR]
    yes, no = by_answer(world, asked)
    few, many = rules["10 rules"], rules["1000 rules"]
    print("\nTargets")
    target(f"{ASKED} is 40 times as fast as cedarpy at p50", cedar.p50 / asked.p50, 40, at_least=True)
    target("the same, where cedarpy gets the resource as JSON", times[CEDAR_DELTA].p50 / asked.p50, 40, at_least=True)
    target(f"{ASKED} at p50, by the if/else's", asked.p50 / plain.p50, 4)
    target(f"{OPEN} at p50, by the if/else's", times[OPEN].p50 / plain.p50, 4)
    target(f"{DEFAULT}, at p50, by the if/else's", times[DEFAULT].p50 / plain.p50, 4)
    target(f"p99 of {ASKED}, by its own p50", asked.p99 / asked.p50, 5)
    target(f"p99 of {OPEN}, by its own p50", times[OPEN].p99 / times[OPEN].p50, 5)
    target("a denial at p50, by a permission's", no / yes, 1)
    target("the same, each resource type by itself (geometric mean)", denial_by_type(world, asked), 1)
    target("1,000 rules at p50, by 10 rules'", many.p50 / few.p50, 1.2)
    target(f"loading {load.rules:,} rules, in seconds", load.steps[STEPS[-1]] / 1_000, 1)
    print(
        f"\nA denial takes {no:,.0f} ns, a permission {yes:,.0f} ns; the floor is {times[FLOOR].p50:,.0f} ns (all p50)."
    )


def by_answer(world: World, timing: Timing) -> tuple[float, float]:
    """Give p50 of the requests that are allowed, and of those that are denied."""
    sides: dict[bool, list[int]] = {True: [], False: []}
    for decision, took in zip(decisions(world), timing.each, strict=True):
        sides[bool(decision)].append(took)
    return percentile(sides[True], 0.5), percentile(sides[False], 0.5)


def denial_by_type(world: World, timing: Timing) -> float:
    """Give what a denial takes by what a permission takes, within each resource type: streams of both differ in these."""
    sides: dict[str, dict[bool, list[int]]] = {}
    for (_, resource, _, acting), decision, took in zip(world.asks, decisions(world), timing.each, strict=True):
        if acting is None:
            sides.setdefault(resource.type, {True: [], False: []})[bool(decision)].append(took)
    ratios = [
        percentile(one[False], 0.5) / percentile(one[True], 0.5) for one in sides.values() if one[True] and one[False]
    ]
    return geometric_mean(ratios)


def target(what: str, found: float, aim: float, *, at_least: bool = False) -> None:
    """Print a number, what was aimed at, and whether it was met; a miss is told, and fails nothing."""
    met = found >= aim if at_least else found <= aim
    short = aim / found if at_least else found / aim
    verdict = "met" if met else f"missed by {100 * (short - 1):.1f} %"
    print(f"  {what:62}{found:8.2f}   {'>=' if at_least else '<='} {aim:g}: {verdict}")
