"""A disk that is full, for the sync: nothing is half done, decisions go on, and with room again it does too."""

from contextlib import contextmanager

from sqlalchemy import event

from faults.accounts import settle
from faults.benches import MAX_STALE, StoreBench
from faults.circumstances import rounds, well
from faults.kills import Stage

_PAGE = 4096
_MANY = 40


class Limit:
    """How many pages SQLite may use, for every connection that is opened while it is set."""

    def __init__(self, store):
        self.store, self.pages = store, 0
        event.listen(store._database.engine, "connect", self._connected)

    def _connected(self, connection, _):
        connection.execute(f"PRAGMA max_page_count={self.pages or 2**30}").close()

    @contextmanager
    def set(self, pages):
        """Let it have so many pages, for a while."""
        self.pages = pages
        self.store.close()
        yield
        self.pages = 0
        self.store.close()


def no_more_pages(tally, size):
    """SQLite is told how large its file may be."""
    with StoreBench(tally, size.seed, asked=size.asked * 2) as bench:
        limit = Limit(bench.store)
        assert bench.sync()
        bench.settle()
        for number in range(rounds(size, 2, 16)):
            well(bench, "before", number)
            bench.sync()
            used = bench.store._database.engine.raw_connection()
            pages = (
                used.execute("PRAGMA page_count").fetchone()[0] - used.execute("PRAGMA freelist_count").fetchone()[0]
            )
            used.close()
            bench.change(_MANY)
            with limit.set(pages + bench.rng.randrange(3)):
                for step, seconds in enumerate((1, MAX_STALE / 2, MAX_STALE / 2)):
                    bench.time.pass_(seconds)
                    full = (number + step) % 2 == 0
                    bench.changes.any()
                    tally.injected["a full read" if full else "events"] += not bench.sync(full=full)
                    bench.round("during", asynchronous=full)
            assert bench.sync(), bench.errors
            bench.refresh()
            bench.round("after")
        settle(tally, bench.store, bench.truth)


def no_larger_files(tally, size):
    """The system lets the process that syncs write no larger file (`RLIMIT_FSIZE`)."""
    with Stage(tally, size, "sqlite") as stage:
        assert stage.child().wait() == {"read": 2}
        stage.settle()
        stage.visible()
        for number in range(2 if not size.full else 16):
            tally.stage = "during"
            for _ in range(_MANY):
                stage.changes.any()
            stage.change()
            full = number % 2 == 0
            came = stage.child(full=full, limit=stage.rng.randrange(2, 12) * _PAGE).wait()
            failed = came.get("FactsError", 0) + (not came)
            tally.injected["a full read" if full else "events"] += failed
            stage.visible()
            stage.finish()


def scenarios():
    """Each by its name."""
    return {
        "disk full (no more pages): SQLite": no_more_pages,
        "disk full (no larger files): SQLite": no_larger_files,
    }
