"""What reading an audit log costs: to verify it, to decide it again, to find a user's records among millions."""

from __future__ import annotations

import hashlib
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from rolecall.audit.chain import NOTHING, Header, start
from rolecall.audit.making import Maker
from rolecall.audit.masks import Masks
from rolecall.audit.reading import Kept, shared
from rolecall.audit.replay import Replay, replay
from rolecall.audit.stores import open_store
from rolecall.audit.stores.base import Batch, Blob, Query, Record, Store
from rolecall.audit.stores.sqlite import SqliteStore
from rolecall.audit.verify import verify
from rolecall.compiler import load_table
from rolecall.loader import load_policy
from rolecall.vocabulary.identity import render_id

from benchmarks.world import POLICIES, World

USERS: Final = 20_000
"""How many people a large log is about."""

_BATCH: Final = 100_000
_SEGMENT: Final = 50_000
_POOL: Final = 5_000
_SPREAD_NS: Final = 365 * 86_400 * 1_000_000_000
_FOUND: Final = 100


class Large(SqliteStore):
    """A store that is filled quickly: with more memory, and without waiting for the disk."""

    def _connect(self) -> sqlite3.Connection:
        connection = super()._connect()
        connection.execute("PRAGMA synchronous=OFF").close()
        connection.execute("PRAGMA cache_size=-600000").close()
        return connection


class Search(msgspec.Struct, frozen=True):
    """What was found of how many records: seconds for a user's newest, for all of theirs (how many), and by a code."""

    records: int
    built: float
    bytes: float
    newest: float
    every: float
    found: int
    code: float


def measure_verify(store: Store) -> tuple[float, float]:
    """Give how many records a second are verified, and decided again; raises where one is not as it was."""
    begin = time.perf_counter()
    found = verify(store)
    verified = time.perf_counter() - begin
    tally = Replay()
    begin = time.perf_counter()
    entries = [one.entry for writer in store.writers() for one in store.entries(writer)]
    kept = Kept(store)
    kept.want(digest for one in entries for digest in shared(one))  # all at once, as the command line does
    different = list(replay(entries, kept, tally))
    replayed = time.perf_counter() - begin
    if found.findings or different or not tally.sound:
        raise AssertionError("the log is not as it was written")
    return tally.records / verified, tally.records / replayed


def measure_search(world: World, records: int) -> Search:
    """Build a log in SQLite, by the store's own writing, and search it; each search has a connection of its own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "audit.db")
        filled = Large(file, create=True)
        begin = time.perf_counter()
        for batch in batches(world, records):
            filled.write(batch)
        filled.close()
        built = time.perf_counter() - begin
        store = open_store(file)
        users = [f"user-{number}" for number in random.Random(1).sample(range(USERS), 9)]
        times: list[tuple[float, float, int]] = []
        for user in users:
            first, _ = timed(store, Query(user=user, limit=_FOUND))
            times.append((first, *timed(store, Query(user=user))))
        code = next(store.search(Query(user=users[0], limit=1))).entry.id
        begin = time.perf_counter()
        if not store.by_id(code):
            raise AssertionError("the record is there")
        by_code = time.perf_counter() - begin
        newest, every, found = max(one[0] for one in times), max(one[1] for one in times), max(one[2] for one in times)
        store.close()
        return Search(records, built, file.stat().st_size / records, newest, every, found, by_code)


def timed(store: Store, query: Query) -> tuple[float, int]:
    """Give the seconds of a search, and how many records it found."""
    begin = time.perf_counter()
    count = sum(1 for _ in store.search(query))
    return time.perf_counter() - begin, count


def batches(world: World, records: int) -> Iterator[Batch]:
    """Give the batches of one writer: real decisions, again and again, about more people, over a year.

    What each record says of its person is that of the real decision: these are to be found, not to be decided again.
    """
    policy = load_policy(POLICIES)
    maker, blobs = Maker(Masks()), dict[str, Blob]()
    kept = maker.policy(policy, load_table(policy))
    blobs[kept.digest] = kept
    parts: list[bytes] = []
    for user, resource, permission, acting in world.asks[:_POOL]:
        decision = world.pdp.authorize(user, resource, permission, acting_as=acting)
        blobs.update((one.digest, one) for one in maker.blobs(decision))
        data = maker.make(decision, "decision")
        parts.append(data[data.index(f'"{decision.subject}"'.encode()) + len(decision.subject) + 2 :])
    rng, writer, proof, began = random.Random(1), "0" * 32, NOTHING, time.time_ns() - _SPREAD_NS
    for first in range(1, records + 1, _BATCH):
        segments: list[tuple[Header, bytes]] = []
        made: list[Record] = []
        for seq in range(first, min(first + _BATCH, records + 1)):
            now = began + seq * _SPREAD_NS // records
            if seq % _SEGMENT == 1:
                header = Header(1, writer, seq // _SEGMENT + 1, seq, proof.hex(), now)
                segments.append((header, header.encode()))
                proof = start(header.encode())
            subject, rest = rng.randrange(USERS), parts[rng.randrange(len(parts))]
            data = f'[1,"{render_id(now, seq)}",{now},"decision","user-{subject}"'.encode() + rest
            proof = hashlib.sha256(proof + data).digest()
            made.append(Record(seq, data, proof))
        yield Batch(writer, segments, made, blobs.__getitem__)
