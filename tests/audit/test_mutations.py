"""Whatever is changed in a store by whoever can write to it is found, and named where it is; with a head, its end too."""

import json
import random
import sys
from pathlib import Path
from time import time_ns

import logs
import postgres
import pytest
from rolecall.audit import open_store
from rolecall.audit.checkpoints import make_head, read_head
from rolecall.audit.signing import read_public
from rolecall.audit.verify import verify

sys.path.insert(0, str(Path(__file__).parent))
import lines
import mutations
from held import HeldSqlite, changed, held_postgres

RECORDS, WRITERS, SEGMENT = 30, 2, 12
FULL = {"sqlite": 7000, "postgresql": 1500, "jsonl": 2000}
FEW = {"sqlite": 200, "postgresql": 30, "jsonl": 60}
PARTS = 5


class Log:
    """A log, how it can be looked at, and what is kept elsewhere."""

    def __init__(self, folder, url):
        self.key, self.other = logs.key(folder), logs.key(folder, "other.pem")
        logs.made(url, writers=WRITERS, records=RECORDS, segment=SEGMENT, signing_key=self.key)
        store = open_store(url)
        self.head = read_head(json.dumps(make_head(store, time_ns(), self.key).data()).encode())
        store.close()
        self.public = read_public(self.key)

    def looked_at(self, store):
        return verify(store, key=self.public, head=self.head)


@pytest.fixture(scope="module")
def logs_of(tmp_path_factory):
    """Gives the log in each kind of store, made once."""
    made = {}

    def give(kind):
        if kind not in made:
            folder = tmp_path_factory.mktemp(kind)
            if kind == "sqlite":
                log = Log(folder, str(folder / "audit.db"))
                log.store = HeldSqlite((folder / "audit.db").read_bytes())
            elif kind == "postgresql":
                url = postgres.new_database()
                log = Log(folder, url)
                log.store = held_postgres(url)
            else:
                log = Log(folder, f"jsonl:{folder / 'log'}")
                log.folder, log.store = folder / "log", open_store(f"jsonl:{folder / 'log'}")
            made[kind] = log
        return made[kind]

    yield give
    for log in made.values():
        log.store.close()


def first_places(found):
    """The first bad place of each writer."""
    first = {}
    for one in found.findings:
        first.setdefault(one.writer, (one.writer, one.seq))
    return set(first.values())


def check(log, store, seed, what, places):
    """The first place that is named of some writer is where the change is."""
    found = log.looked_at(store)
    said = [f"{one.what} {one}" for one in found.findings[:5]]
    shared = "shared" in places and any(one.what == "shared" for one in found.findings)
    assert shared or first_places(found) & places, (seed, what, places, said)


def check_rows(log, seeds):
    """Make each change in a transaction, verify, and roll it back."""
    for seed in seeds:
        rng = random.Random(seed)
        make = rng.choice(mutations.EVERY)
        more = [log.other] if make is mutations.a_checkpoint else []
        with changed(log.store, lambda db, rng=rng, make=make, more=more: make(rng, db, *more)) as places:
            check(log, log.store, seed, make.__name__, places)
    assert log.looked_at(log.store).sound


def check_lines(log, seeds):
    """Make each change in the folder, verify, and put the files back."""
    for seed in seeds:
        rng, done = random.Random(seed), None
        while done is None:
            done = lines.change(rng, log.folder)
        files, places = done
        try:
            check(log, log.store, seed, files[0][0].name, places)
        finally:
            for file, data in reversed(files):
                file.unlink(missing_ok=True)
                if data is not None:
                    file.write_bytes(data)
    assert log.looked_at(log.store).sound


def check_store(log, kind, seeds):
    (check_lines if kind == "jsonl" else check_rows)(log, seeds)


@pytest.mark.parametrize("kind", FEW)
def test_each_single_change_is_found_where_it_is(logs_of, kind):
    """Values, texts, records removed, put in between, moved, cut off; headers, checkpoints, whole ends made anew."""
    check_store(logs_of(kind), kind, range(FEW[kind]))


@pytest.mark.full
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("kind", FULL)
def test_each_of_ten_thousand_changes_is_found_where_it_is(logs_of, kind, part):
    """As above, with other seeds."""
    share = FULL[kind] // PARTS
    check_store(logs_of(kind), kind, range(100_000 + part * share, 100_000 + (part + 1) * share))
