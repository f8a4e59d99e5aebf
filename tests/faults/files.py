"""A store's file deleted, replaced, spoilt or locked under a process that decides with it."""

import os
import sqlite3
from pathlib import Path
from unittest.mock import patch

from rolecall.facts.store import Store, database
from rolecall.facts.store.guard import Guard

from faults.accounts import settle
from faults.benches import MAX_STALE, StoreBench, assign
from faults.circumstances import rounds, well

_SECONDS = 0.2


def _files(bench):
    return [Path(f"{bench.url}{more}") for more in ("", "-wal", "-shm")]


class Apart:
    """The sync as a process of its own has it: with a store of its own, opened anew each time."""

    def __init__(self, bench):
        self.bench = bench

    def sync(self, **more):
        """Sync; whether all went well."""
        mine = self.bench.store
        self.bench.store = Store.open(self.bench.url, guard=Guard(least=10**6))
        assign_if_new(self.bench)
        well_done = self.bench.sync(**more)
        self.bench.store.close()
        self.bench.store = mine
        return well_done


def assign_if_new(bench):
    """Keep the application's assignments in a store that has none."""
    if not bench.store.assignments():
        assign(bench.store, bench.truth, bench.time.wall())


def deleted(tally, size):
    """The file is deleted, or replaced by that of a new store, whether or not the process opens it anew by itself."""
    with StoreBench(tally, size.seed, asked=size.asked * 2) as bench:
        apart = Apart(bench)
        assert apart.sync()
        bench.settle()
        for number in range(rounds(size, 4, 32)):
            again, opened = number % 2 == 1, number % 4 > 1
            well(bench, "before", number, change=not (again and opened))  # so that a new store has as many changes
            assert apart.sync()
            bench.round()
            for one in _files(bench):
                one.unlink(missing_ok=True)
            tally.injected["deleted"] += 1
            if opened:
                bench.store.close()  # so that its next connection is a new one
            bench.round("during")
            bench.change(2)
            if again:
                apart.sync()
                tally.injected["replaced"] += 1
            for step in range(4):
                bench.round(asynchronous=step % 2 == 1)
                bench.time.pass_(MAX_STALE / 3)
                if again:
                    apart.sync()
            if not again:
                bench.store.close()
                for one in _files(bench):
                    one.unlink(missing_ok=True)
            bench.store.close()
            assert apart.sync()
            bench.restart()
            bench.refresh()
            bench.round("after")
        settle(tally, bench.store, bench.truth)


def spoilt(tally, size):
    """Something else is written over the file."""
    with StoreBench(tally, size.seed, asked=size.asked * 2) as bench:
        apart = Apart(bench)
        assert apart.sync()
        bench.settle()
        for number in range(rounds(size, 2, 16)):
            well(bench, "before", number)
            assert apart.sync()
            bench.round()
            file = _files(bench)[0]
            rubbish = (b"", os.urandom(4096), b"rubbish " * (file.stat().st_size // 8))[number % 3]
            with file.open("r+b") as opened:
                opened.truncate(0 if not rubbish else None)
                opened.write(rubbish)
            tally.injected["spoilt"] += 1
            for step in range(3):
                bench.round("during", asynchronous=step % 2 == 1)
                bench.time.pass_(MAX_STALE / 2)
            bench.store.close()
            for one in _files(bench):
                one.unlink(missing_ok=True)
            assert apart.sync()
            bench.restart()
            bench.refresh()
            bench.round("after")
        settle(tally, bench.store, bench.truth)


def locked(tally, size):
    """Another process has the file to itself for writing, for longer than the sync waits."""
    with patch.object(database, "_PATIENCE", _SECONDS), StoreBench(tally, size.seed, asked=size.asked * 2) as bench:
        assert bench.sync()
        bench.settle()
        for number in range(rounds(size, 2, 8)):
            well(bench, "before", number)
            bench.sync()
            other = sqlite3.connect(bench.url, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            bench.change(2)
            for step, seconds in enumerate((1, MAX_STALE / 2, MAX_STALE / 2)):
                bench.time.pass_(seconds)
                tally.injected["locked"] += not bench.sync(full=step == 2)
                bench.round("during", asynchronous=step % 2 == 1)
            other.rollback()
            other.close()
            assert bench.sync(), bench.errors
            bench.refresh()
            bench.round("after")
        settle(tally, bench.store, bench.truth)


def scenarios():
    """Each by its name."""
    return {
        "store file deleted or replaced under deciding": deleted,
        "store file spoilt under deciding": spoilt,
        "store file locked under a sync and deciding": locked,
    }
