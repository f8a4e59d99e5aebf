"""`python -m benchmarks.live`: live facts, measured. Warm and cold decisions, a full read, events, memory."""

from __future__ import annotations

import argparse
import gc
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time_ns
from typing import Any

from facts.sources import KINDS, assigned, direct_of, fake_of, fill
from rolecall import Assignments, Authorizer, Resource, Snapshot
from rolecall.instants import nanoseconds
from rolecall.live import RosterStore, Store
from rolecall.testing import CAST, demo_district, demo_records

from benchmarks.reading import measure_events, measure_full_read, measure_latency
from benchmarks.run import one_core, print_timings, target
from benchmarks.timing import Ask, Contender, Timing, race
from benchmarks.world import POLICIES, World, make_world, moved_to_today


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--users", type=int, default=100_000, help="how many users the large district has")
    users: int = parser.parse_args().users
    events = measure_events()
    full = measure_full_read(users)
    latency = measure_latency(every=1.0)
    sizes = {"snapshot": users, "store": min(users, 10_000)}  # each is read by itself from a store: that takes minutes
    bytes_each = {name: measure_memory(size, name) for name, size in sizes.items()}
    one_core()
    times = measure_warm(make_world(8_000))
    print_timings(times.values(), times["snapshot"].p50, "snapshot")
    print("\nRequests to Clever for one cold decision (first: nothing of the district was at hand either)")
    cold = measure_cold()
    for name, (first, later) in cold.items():
        print(f"  {name:62}{first:4} first{later:6} later")
    print(f"\nA full read of {full.users:,} users over a socket: {full.seconds:.1f} s, {full.requests:,} requests,")
    print(f"  {full.requests / full.seconds:,.1f} requests and {full.records / full.seconds:,.0f} records a second")
    for name, rate in events.items():
        print(f"Events applied a second, asking Clever for them included, {name}: {rate:,.0f}")
    print("\nTargets")
    target(
        "a warm decision on the roster store at p50, by the snapshot's", times["store"].p50 / times["snapshot"].p50, 1.2
    )
    target("the same, asked of Clever directly", times["direct"].p50 / times["snapshot"].p50, 1.2)
    target(f"peak memory of the full read of {full.users:,} users, in MiB", full.peak / (1 << 20), 300)
    target("events applied a second, SQLite", events["SQLite"], 2_000, at_least=True)
    target("from an event to the first decision with it, in intervals of 1 s", latency, 1)
    for name, found in bytes_each.items():
        target(f"bytes for each of {sizes[name]:,} users kept for decisions, {name}", found, 1024)
    for name, most in (("section", 5), ("student, by a teacher", 6), ("student, by the guardian of two", 6)):
        counts = [found for asked, found in cold.items() if asked.startswith(name)]
        target(f"requests for a cold decision: {name}", max(later for _, later in counts), most)
        target("  the very first in its district", max(first for first, _ in counts), most)


@contextmanager
def each_way(raw: dict[str, Any]) -> Iterator[dict[str, Authorizer]]:
    """The same facts three ways, with the system's clock."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder, "roster.db"))
        fill(store, raw, time.time_ns())
        direct = direct_of(fake_of(raw), max_age=timedelta(hours=1))
        port = Assignments(assigned(raw), max_age=timedelta(hours=1))
        yield {
            "snapshot": Authorizer.load(POLICIES, facts=Snapshot.read(raw)),
            "store": Authorizer.load(POLICIES, facts=RosterStore(store)),
            "direct": Authorizer.load(POLICIES, facts=direct, assignments=port),
        }
        direct.clever.close()
        store.close()


def measure_warm(world: World) -> dict[str, Timing]:
    """Time decisions about people and places that each of the three has met before and holds."""
    with each_way(world.raw) as pdps:
        asks = [one for one in world.asks if reaches_table(world.pdp, one)]
        return race([Contender(name, pdp.authorize, asks) for name, pdp in pdps.items()])


def reaches_table(pdp: Authorizer, ask: Ask) -> bool:
    """Say whether a question is about somebody and something that the facts hold."""
    user, resource, permission, acting = ask
    return pdp.authorize(user, resource, permission, acting_as=acting).cell.code == "table"


def measure_cold() -> dict[str, tuple[int, int]]:
    """Count the requests for one decision: in a district nothing of which is at hand, and later."""
    fake = fake_of(moved_to_today(demo_district()))
    asked = {
        "section, by its teacher": ("multi_role_teacher", Resource("section", CAST["algebra_class"].id)),
        "section, by a teacher of another": ("teacher", Resource("section", CAST["algebra_class"].id)),
        "section, by the principal": ("principal", Resource("section", CAST["algebra_class"].id)),
        "student, by a teacher": ("multi_role_teacher", Resource("student", CAST["child_high"].id)),
        "student, by the guardian of two": ("guardian", Resource("student", CAST["child_high"].id)),
        "school, by the principal": ("principal", Resource("school", CAST["high"].id)),
        "grade (a student in a section), by its teacher": (
            "multi_role_teacher",
            Resource("grade", "g1", {"student": CAST["child_high"].id, "section": CAST["algebra_class"].id}),
        ),
    }
    found = {}
    for name, (who, resource) in asked.items():
        counts = []
        for warm in (False, True):
            direct = direct_of(fake)
            pdp = Authorizer.load(POLICIES, facts=direct)
            if warm:  # somebody else was asked about before
                pdp.authorize(CAST["staff_nowhere"].id, Resource("district", CAST["district"].id))
            before = direct.clever.requests
            assert not pdp.authorize(CAST[who].id, resource).indeterminate
            counts.append(direct.clever.requests - before)
            direct.clever.close()
        found[name] = (counts[0], counts[1])
    return found


def measure_memory(users: int, way: str) -> float:
    """Give the bytes that a user costs beyond the raw records, once everybody was asked about in their section."""
    raw: dict[str, Any] = {f"{kind}s": [] for kind in KINDS}
    for kind, one in demo_records(users):
        if kind in KINDS:
            raw[f"{kind}s"].append(one)
    raw["as_of"] = "2026-10-14T15:00:00Z"
    people = [one["id"] for one in raw["users"]]
    sections = [one["id"] for one in raw["sections"]]
    taken, began = nanoseconds(datetime(2026, 10, 14, 15, tzinfo=UTC)), time_ns()
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder, "roster.db"))
        if way == "store":
            fill(store, raw, taken)
        facts: Any = RosterStore(store) if way == "store" else Snapshot.read(raw)
        del raw
        pdp = Authorizer.load(POLICIES, facts=facts, clock=lambda: taken + time_ns() - began)
        pdp.authorize(people[0], Resource("section", sections[0]))
        gc.collect()
        tracemalloc.start()
        for number, user in enumerate(people):
            pdp.authorize(user, Resource("section", sections[number % len(sections)]))
        gc.collect()
        found, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        store.close()
    return found / len(people)


if __name__ == "__main__":
    main()
