"""`kill -9` at any moment, while several processes write to one store."""

import random
import sys
import threading
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from nursery import Nursery
from rolecall.audit import open_store
from rolecall.audit.reading import Kept
from rolecall.audit.replay import Replay, replay
from rolecall.audit.verify import verify

sys.path.insert(0, str(Path(__file__).parent))
from audit_child import LATE
from chains import walk
from logs_of import STORES, url_of


@pytest.fixture(scope="module")
def nurseries():
    """Four of them: each has one child at a time."""
    with ExitStack() as stack:
        yield [stack.enter_context(Nursery()) for _ in range(4)]


class Writer(threading.Thread):
    """One of the processes: it is killed at random moments, and each time started anew with a journal of its own."""

    def __init__(self, nursery, url, how, folder, seed, kills):
        super().__init__()
        self.nursery, self.url, self.how, self.kills = nursery, url, how, kills
        self.rng, self.journals, self.failed = random.Random(seed), [], None
        self.journals = [folder / f"{seed}-{number}" for number in range(kills)]
        self.killed = []

    def run(self):
        try:
            for journal in self.journals:
                self.kill_once(journal)
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            self.failed = error

    def kill_once(self, journal):
        child = self.nursery.start("audit_child:write", self.url, self.how, journal)
        if self.rng.random() < 0.8:
            said = child.line()
            assert said == "ready", said
            time.sleep(self.rng.random() * 0.3)
        else:
            time.sleep(self.rng.random() * 0.2)
        assert not child.kill()
        self.killed.append(time.monotonic_ns())


@pytest.mark.parametrize("kills", [12, pytest.param(100, marks=pytest.mark.full)])
@pytest.mark.parametrize("how", ["durable", "batched"])
@pytest.mark.parametrize("store", STORES)
def test_what_was_promised_outlives_a_kill(store, how, kills, nurseries, tmp_path, record_property):
    """Durable: whatever was given is recorded. Batched: only the last moments can be missing. Every chain holds."""
    url = url_of(store, tmp_path)
    writers = [Writer(one, url, how, tmp_path, seed, kills // 4) for seed, one in enumerate(nurseries)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
        assert one.failed is None
    opened = open_store(url)
    chains = {name: [entry.id for entry in walk(opened, name)] for name in opened.writers()}
    given, missing, oldest = 0, 0, 0
    for one in writers:
        for journal, killed in zip(one.journals, one.killed, strict=True):
            if not journal.exists():  # killed before it gave anything
                continue
            lines = [line.split() for line in journal.read_text().splitlines()]
            lost = without_record(lines, chains)
            assert not lost or how == "batched"
            given, missing = given + len(lines), missing + len(lost)
            oldest = max([oldest, *(killed - moment for moment in lost)])
    record_property("seen", f"{given} given, {missing} of them lost, the oldest {oldest / 1e6:.0f} ms before the kill")
    assert given > kills
    check_store(opened)


def without_record(lines, chains):
    """When those decisions were given that have no record: they are the last ones, all given within `late`."""
    recorded = {identifier for one in lines[:1] for identifier in chains.get(one[3], [])}
    missing = [one for one in lines if one[0] not in recorded]
    assert missing == lines[len(lines) - len(missing) :]
    if missing:  # the first was chained before it was given, the last one after it was asked for
        assert int(missing[-1][1]) - int(missing[0][2]) <= LATE / timedelta(microseconds=1) * 1000
    return [int(one[2]) for one in missing]


def check_store(store):
    """It verifies, and every record can be decided again, bit for bit."""
    assert verify(store).findings == []
    tally = Replay()
    entries = (one.entry for name in store.writers() for one in store.entries(name))
    assert list(replay(entries, Kept(store), tally)) == []
    assert tally.sound
    store.close()
