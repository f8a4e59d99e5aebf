"""Several syncs of one store at once, in threads and in processes, while records change and decisions are made."""

import threading
import time
from collections import Counter
from pathlib import Path

from rolecall import FactsError
from rolecall.facts.clever import Clever, StaticTokens
from rolecall.facts.store import Store
from rolecall.facts.store.guard import Guard
from rolecall.facts.sync import sync_district

from faults.kills import Stage
from faults.world import DISTRICTS

_SYNCS = 3


def meanwhile(stage, tally, decisions):
    """Change records and decide, until that many decisions were made."""
    with stage.opened():
        tally.stage = "during"
        until = tally.decisions + decisions
        while tally.decisions < until:
            stage.change()
            for question in stage.current:
                stage.ask(question)
                if stage.rng.random() < 0.3:
                    stage.changes.any()
                    time.sleep(0.002)


def in_threads(tally, size, engine):
    """Threads of one process, each with a store of its own; two of them read in full."""
    with Stage(tally, size, engine) as stage:
        assert stage.child().wait() == {"read": 2}
        stage.settle()
        stage.visible()
        stop, found = threading.Event(), Counter()
        threads = [threading.Thread(target=_follow, args=(stage, stop, found, number < 2)) for number in range(_SYNCS)]
        for one in threads:
            one.start()
        try:
            meanwhile(stage, tally, size.asked * (250 if size.full else 40))
        finally:
            stop.set()
            for one in threads:
                one.join()
        tally.injected["syncs at once"] += sum(found.values())
        tally.injected["overtaken, or another at it"] += found["AnotherSync"] + found["Overtaken"]
        stage.finish()


def _follow(stage, stop, found, full):
    store = Store.open(stage.url, guard=Guard(least=10**6))
    fake, moment = stage.truth.fake, stage.time
    clever = Clever(StaticTokens(fake.tokens), transport=fake.transport(), per_minute=10**6, page=stage.page)
    while not stop.is_set():
        for district in DISTRICTS:
            try:
                found[sync_district(clever, store, district, clock=moment.wall, full=full).how] += 1
            except FactsError as error:
                found[type(error).__name__] += 1
    clever.close()
    store.close()


def in_processes(tally, size, engine):
    """Processes; two of them read in full."""
    with Stage(tally, size, engine) as stage:
        assert stage.child().wait() == {"read": 2}
        stage.settle()
        stage.visible()
        stop = Path(stage.folder, "stop")
        children = [stage.child(stop=str(stop), full=number < 2) for number in range(_SYNCS)]
        try:
            meanwhile(stage, tally, size.asked * (250 if size.full else 40))
        finally:
            stop.touch()
            found = sum((Counter(one.wait()) for one in children), Counter())
        tally.injected["syncs at once"] += sum(found.values())
        tally.injected["overtaken, or another at it"] += found["AnotherSync"] + found["Overtaken"]
        stage.finish()


def scenarios():
    """Each by its name."""
    found = {}
    for engine, title in (("sqlite", "SQLite"), ("postgresql", "PostgreSQL")):
        found[f"several syncs at once, in threads: {title}"] = lambda t, s, e=engine: in_threads(t, s, e)
        found[f"several syncs at once, in processes: {title}"] = lambda t, s, e=engine: in_processes(t, s, e)
    return found
