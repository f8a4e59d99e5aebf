"""`python -m benchmarks.audit`: what recording costs. Each decision, the sustained rate of each store, bytes, memory."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec
import postgres
import psutil
import psycopg
from rolecall import Authorizer
from rolecall.audit import Audit
from rolecall.audit.stores.base import Batch, Store

from benchmarks.audit_reading import USERS, measure_search, measure_verify
from benchmarks.engines import CEDAR, Cedar
from benchmarks.run import one_core, print_timings, target
from benchmarks.timing import Contender, Timing, race
from benchmarks.world import POLICIES, World, make_world

BARE: Final = "authorize, not recorded"
CHAINED: Final = "authorize, chained and handed over"
WRITTEN: Final = "the same, while a thread writes"
STORES: Final = ("sqlite", "postgresql", "jsonl")
WAIT: Final = timedelta(seconds=60)


class Rate(msgspec.Struct, frozen=True):
    """What one store sustained: records a second, bytes each on disk, memory before and at most (MiB), how many
    decisions were refused; then records a second that were verified, and decided again.
    """  # noqa: D205 - one sentence too long for a line

    store: str
    rate: float
    bytes: float
    before: float
    most: float
    lost: int
    verified: float
    replayed: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each store is written to")
    parser.add_argument("--records", type=int, default=100_000, help="how many records are searched")
    asked = parser.parse_args()
    world = make_world()
    print(f"Sustained for {asked.seconds:g} s, deciding included, as fast as one thread can; then read")
    rates = [print_rate(measure_rate(world, store, asked.seconds)) for store in STORES]
    search = measure_search(world, asked.records)
    print(
        f"\n{search.records:,} records of {USERS:,} users in SQLite, built in {search.built:.0f} s, "
        f"{search.bytes:.0f} bytes each\n  a user's newest 100 in {search.newest * 1000:.1f} ms, all {search.found:,} "
        f"in {search.every * 1000:.1f} ms, one by its id in {search.code * 1000:.1f} ms"
    )
    one_core()
    times = measure_cost(world)
    print_timings(times.values(), times[BARE].p50, "bare")
    print("\nTargets")
    target(f"{CHAINED}, by the bare one at p50", times[CHAINED].p50 / times[BARE].p50, 4)
    target(f"{WRITTEN}, by the bare one at p50", times[WRITTEN].p50 / times[BARE].p50, 4)
    target("cedarpy without any record, by that", times[CEDAR].p50 / times[WRITTEN].p50, 10, at_least=True)
    for one in rates[:1]:
        target(f"bytes of a record on disk, {one.store}", one.bytes, 400)
    target("seconds for all records of a user", search.every, 1)


def print_rate(one: Rate) -> Rate:
    """Print what a store sustained, at once: the next one takes a while."""
    print(
        f"  {one.store:12}{one.rate:8,.0f} records a second, {one.bytes:.0f} bytes each on disk, memory "
        f"{one.before:.0f} MiB before and {one.most:.0f} at most, {one.lost} refused; "
        f"verified {one.verified:,.0f} and decided again {one.replayed:,.0f} a second",
        flush=True,
    )
    return one


@contextmanager
def recorded(world: World, url: str, **more: timedelta | int) -> Iterator[tuple[Audit, Authorizer]]:
    """Give a PDP whose decisions are recorded, and the log."""
    audit = Audit.open(url, **more)  # type: ignore[arg-type]  # times and room
    try:
        yield audit, Authorizer.load(POLICIES, facts=world.snapshot, audit=audit)
    finally:
        audit.close()


class Nowhere(Store):
    """Keeps nothing, so that only the deciding thread is measured."""

    def write(self, batch: Batch) -> None:
        """Let it go."""


Nowhere.__abstractmethods__ = frozenset()  # only ever written to


def measure_cost(world: World, cedar_asks: int = 2_000) -> dict[str, Timing]:
    """Time a decision: bare, chained and handed to a thread that keeps nothing, and to one that writes SQLite."""
    cedar = Cedar(world, world.asks[:cedar_asks])
    aside = Audit(Nowhere(), room=1 << 20, every=timedelta(milliseconds=50), late=WAIT)
    chained = Authorizer.load(POLICIES, facts=world.snapshot, audit=aside)
    with (
        tempfile.TemporaryDirectory() as folder,
        recorded(world, str(Path(folder, "audit.db")), room=1 << 20, late=WAIT) as (_, written),
    ):
        return race(
            [
                Contender(BARE, world.pdp.authorize, world.asks),
                Contender(CHAINED, chained.authorize, world.asks),
                Contender(WRITTEN, written.authorize, world.asks),
                Contender(CEDAR, cedar.decide, cedar.stream, "bare", rounds=3),
            ]
        )


def measure_rate(world: World, store: str, seconds: float) -> Rate:
    """Decide and record for some seconds; the tray's bound holds the decisions back, not memory."""
    with tempfile.TemporaryDirectory() as folder:
        url = {"sqlite": f"{folder}/audit.db", "jsonl": f"jsonl:{folder}/audit"}.get(store) or postgres.new_database()
        with recorded(world, url, bound=timedelta(seconds=5), late=timedelta(seconds=5)) as (audit, pdp):
            for user, resource, permission, acting in world.asks:  # whatever is shared is met once
                pdp.authorize(user, resource, permission, acting_as=acting)
            audit.flush(WAIT)
            verified, replayed = measure_verify(audit.store)
            memory = Memory()
            start, count, lost = time.perf_counter(), 0, 0
            while time.perf_counter() - start < seconds:
                for user, resource, permission, acting in world.asks[:2_000]:
                    lost += bool(pdp.authorize(user, resource, permission, acting_as=acting).indeterminate)
                    count += 1
                memory.look()
            audit.flush(WAIT)
            rate = count / (time.perf_counter() - start)
            records = audit.store.count()
        size = sum(one.stat().st_size for one in Path(folder).rglob("*") if one.is_file()) or database_size(url)
    return Rate(store, rate, size / records, memory.first, memory.most, lost, verified, replayed)


class Memory:
    """How much memory the process has at first, and at most (MiB)."""

    def __init__(self) -> None:
        """Look for the first time."""
        self._process = psutil.Process()
        self.first = self.most = self._process.memory_info().rss / (1 << 20)

    def look(self) -> None:
        """Look again."""
        self.most = max(self.most, self._process.memory_info().rss / (1 << 20))


def database_size(url: str) -> int:
    """Give the bytes of a schema's tables and indices in PostgreSQL."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = "
            "current_schema()::regnamespace"
        ).fetchone()
    return int(found[0]) if found else 0


if __name__ == "__main__":
    main()
