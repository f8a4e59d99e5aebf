"""How long it takes to read a district, to apply its events, and until a decision knows of one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random

import msgspec
import postgres
import psutil
import pytest
from facts.sources import fake_of
from rolecall import Authorizer, Resource
from rolecall.facts.clever import Clever
from rolecall.facts.sync import Watch, sync_district
from rolecall.live import RosterStore, StaticTokens, Store
from rolecall.testing import CAST, FakeClever, demo_district

from benchmarks.world import POLICIES, moved_to_today

DISTRICT = CAST["district"].id


class FullRead(msgspec.Struct, frozen=True):
    """A full read: how many users, records and requests, how long, and the most memory that the client had."""

    users: int
    records: int
    requests: int
    seconds: float
    peak: int


def measure_full_read(users: int) -> FullRead:
    """Sync a large district, by the command line, from a server in another process."""
    with tempfile.TemporaryDirectory() as folder, serving(users) as url:
        environment = os.environ | {"ROLECALL_CLEVER_URL": url, "ROLECALL_CLEVER_TOKEN": "demo-token"}
        started = time.perf_counter()
        store = Path(folder, "roster.db")
        command = [sys.executable, "-m", "rolecall_cli", "sync", "--store", str(store)]
        child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        peak = 0
        process = psutil.Process(child.pid)
        while child.poll() is None:
            try:
                peak = max(peak, process.memory_info().rss)
            except psutil.NoSuchProcess:
                break
            time.sleep(0.02)
        seconds = time.perf_counter() - started
        assert child.wait() == 0
        roster = Store.open(store)
        found = roster.roster()
        roster.close()
        records = len(found.users) + len(found.sections) + len(found.schools) + len(found.terms) + 1
        pages = sum(-(-len(one) // 1000) + 1 for one in (found.users, found.sections)) + 6
        return FullRead(len(found.users), records, pages, seconds, peak)


@contextmanager
def serving(users: int) -> Iterator[str]:
    """The demo server, in a process of its own."""
    command = [sys.executable, "-u", "-m", "rolecall_cli", "demo", "--serve", "--port", "0", "--users", str(users)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        for line in child.stdout:
            if "ROLECALL_CLEVER_URL=" in line:
                yield line.split("ROLECALL_CLEVER_URL=")[1].split()[0]
                return
        raise AssertionError("the demo server did not start")
    finally:
        child.terminate()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


def measure_events(count: int = 10_000, only: str = "") -> dict[str, float]:
    """Give how many events a second a sync applies, asking Clever for them included, on each database."""
    found = {}
    for name, url in databases():
        if only not in ("", name):
            continue
        raw = moved_to_today(demo_district(users=2_000))
        fake = fake_of(raw)
        clever = client(fake)
        with tempfile.TemporaryDirectory() as folder:
            store = Store.open(url(Path(folder)))
            publish(fake, 1)  # a feed that never had an event is not followed
            sync_district(clever, store, DISTRICT)
            publish(fake, count)
            started = time.perf_counter()
            synced = sync_district(clever, store, DISTRICT)
            found[name] = count / (time.perf_counter() - started)
            assert (synced.how, synced.feed.last_event) == ("followed", fake.events(DISTRICT)[-1]["id"])
            store.close()
        clever.close()
    return found


def databases() -> Iterator[tuple[str, Callable[[Path], str]]]:
    """The databases that can be had here."""
    yield "SQLite", lambda folder: str(folder / "roster.db")
    try:
        address = postgres.new_database()
    except pytest.skip.Exception as skipped:
        print(skipped)
    else:
        yield "PostgreSQL", lambda _: address


def publish(fake: FakeClever, count: int) -> None:
    """Change sections and users at random, as a school year does: mostly who is in a class."""
    rng = Random(1)
    sections = [one for one in fake.world["sections"] if one["district"] == DISTRICT and one["students"]]
    users = [one for one in fake.world["users"] if one["district"] == DISTRICT]
    everybody = [one["id"] for one in users if "student" in one["roles"]]
    for number in range(count):
        if number % 4 == 0:
            person = rng.choice(users)
            person["email"] = f"{number}@oakvale.example"
            fake.change("user", person)
        else:
            section = rng.choice(sections)
            students = section["students"]
            students[rng.randrange(len(students))] = rng.choice(everybody)
            fake.change("section", section)


def client(fake: FakeClever) -> Clever:
    """A client of the fake, in process."""
    return Clever(StaticTokens(fake.tokens), transport=fake.transport(), per_minute=1_000_000)


def measure_latency(every: float, rounds: int = 5) -> float:
    """Give the longest time, in intervals, from a published change to the first decision that knows of it."""
    raw = moved_to_today(demo_district(users=400))
    fake = fake_of(raw)
    clever, stop = client(fake), threading.Event()
    publish(fake, 1)
    section = fake.record("section", CAST["algebra_class"].id)
    teacher, algebra = CAST["teacher"].id, Resource("section", CAST["algebra_class"].id)
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder, "roster.db"))
        sync_district(clever, store, DISTRICT)
        watch = Watch(
            clever, store, told=lambda _: None, stop=stop, districts=[DISTRICT], every=timedelta(seconds=every)
        )
        thread = threading.Thread(target=watch.run)
        thread.start()
        pdp = Authorizer.load(POLICIES, facts=RosterStore(store, every=timedelta(milliseconds=20)))
        for number in range(rounds):
            teaches = number % 2 == 0
            teachers = [one for one in section["teachers"] if one != teacher] + ([teacher] if teaches else [])
            section["teachers"] = teachers
            time.sleep(every * 0.37)
            fake.change("section", section)
            published = time.perf_counter()
            while pdp.authorize(teacher, algebra, "edit").allowed != teaches:
                assert time.perf_counter() - published < 30 * every
                time.sleep(0.001)
            worst = max(worst, (time.perf_counter() - published) / every)
        stop.set()
        thread.join()
        store.close()
    clever.close()
    return worst
