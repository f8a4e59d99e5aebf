# ruff: noqa: ARG002 - every bench is asked alike
"""`kill -9` at random moments: of a full read, and of the application of events."""

import random
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path

import postgres
from rolecall import Authorizer, FactsError
from rolecall.facts.roster_store import RosterStore
from rolecall.facts.store import Store
from rolecall.facts.store.guard import Guard

from faults import accounts, planted
from faults.benches import Bench, folder, pool
from faults.nursery import nursery
from faults.world import DISTRICTS, SECOND, Running, Truth, read, table

MAX_STALE = 600
ASKED = 60
_EVENTS = 5


class Stage(Bench):
    """A fake Clever on a socket, children that sync a store with it, and an authoriser over that store."""

    def __init__(self, tally, size, engine, *, asked=ASKED, page=12):
        super().__init__(tally, Truth(Running()), size.seed, asked=16)
        self.all = asked
        self.engine, self.page, self.stores = engine, page, 0
        self.settings = {"events": _EVENTS, "page": page, "began": self.time.began, "tokens": self.truth.fake.tokens}
        self.settings["bug"] = planted.CURRENT
        self.settings["url"] = self.closing.enter_context(self.truth.fake.serve()).url
        self.nursery = nursery()
        self.folder = self.closing.enter_context(folder())
        self.url = self.new()

    def new(self):
        """A store that is not there yet, from now on."""
        self.stores += 1
        file = str(self.folder / f"{self.stores}.db")
        self.url = file if self.engine == "sqlite" else postgres.new_database()
        return self.url

    def child(self, **job):
        """A child that syncs the store."""
        return self.nursery.child(store=self.url, **self.settings, **job)

    def since(self, decision, asked, made):
        oldest = asked - MAX_STALE * SECOND
        as_of = decision.feed.as_of
        return oldest if as_of is None else max(min(as_of, asked), oldest)

    def open(self, stack, *, create=False):
        """Open the store, and put an authoriser over it."""
        store = Store.open(self.url, create=create, guard=Guard(least=10**6))
        stack.callback(store.close)
        self.pdp = Authorizer(
            table(),
            facts=RosterStore(store, every=timedelta(milliseconds=20)),
            assignments=self.truth.assigned,
            max_stale=timedelta(seconds=MAX_STALE),
            clock=self.time.wall,
        )
        return store

    @contextmanager
    def opened(self):
        """An authoriser over the store, for a while."""
        with ExitStack() as stack:
            yield self.open(stack)

    def visible(self, *, whole=False):
        """Decide on what is visible: each is right as of a moment, and all of them as of one and the same."""
        with ExitStack() as stack:
            try:
                store = self.open(stack)
            except FactsError:
                return  # killed before there was a store
            ages = [feed.as_of for one in DISTRICTS if (feed := store.feed(one)) and feed.as_of]
            moments = self.truth.during(min(ages), self.time.true) if len(ages) == len(DISTRICTS) else None
            for question in self.many():
                asked = self.time.true
                decision = question.put(self.pdp.authorize)
                self.judge(question, decision, asked)
                if decision.indeterminate or moments is None:
                    continue
                answer, at = read(decision), decision.nanoseconds
                moments = [one for one in moments if self.truth.says(one, question, at) == answer]
                if not moments:
                    self.tally.wrong_allow += 1
                    self.tally.complain(f"{self.tally.name}: what is visible is of no one moment")
                    break
            self.tally.doubled += accounts.doubled(store)
            self.tally.lost += accounts.lost(store, self.truth, whole=whole)

    def many(self):
        """All the questions: what is asked, and others, each then for other permissions too."""
        asked = [*self.current, *self.rng.sample(pool(), self.all // 4)]
        kinds = table().types
        more = (replace(one, permission=other) for one in asked for other in kinds[one.resource.type].permissions)
        return [*asked, *islice(more, self.all - len(asked))]

    def finish(self):
        """Let the store catch up, and look whether it is as Clever is."""
        assert self.child().wait() == {"followed": 2} or self.child().wait() == {"followed": 2}
        self.tally.stage = "after"
        self.tally.events = self.truth.now()
        self.visible(whole=True)
        with ExitStack() as stack:
            self.tally.lost += accounts.different(self.open(stack), self.truth)
        self.tally.stage = "during"


def full_reads(tally, size, engine, kills):
    """Kill first reads, when nothing is visible yet, and others, when what was read before is."""
    with Stage(tally, size, engine) as stage:
        rng = random.Random(f"{tally.name}:{size.seed}")
        assert stage.child().wait() == {"read": 2}
        stage.settle()
        stage.visible()
        stage.new()
        began = time.monotonic()
        assert stage.child().wait() == {"read": 2}
        tally.stage, took = "during", time.monotonic() - began
        while tally.kills < kills:
            stage.new()
            for full in (False, True, True):
                patience = took
                while tally.kills < kills:
                    child = stage.child(full=full)
                    time.sleep(rng.uniform(0, patience))
                    if not child.kill():
                        break
                    tally.kills += 1
                    tally.injected["kill -9"] += 1
                    patience *= 1.2
                    stage.change()
                    stage.visible()
            stage.finish()


def events(tally, size, engine, kills):
    """Kill while events come, each some milliseconds after the one before."""
    with Stage(tally, size, engine) as stage:
        rng = random.Random(f"{tally.name}:{size.seed}")
        assert stage.child().wait() == {"read": 2}
        stage.settle()
        stage.visible()
        tally.stage = "during"
        stop = str(Path(stage.nursery.folder.name, "never"))
        while tally.kills < kills:
            child = stage.child(stop=stop)
            until = time.monotonic() + rng.uniform(0, 0.25)
            while time.monotonic() < until:
                stage.changes.any()
                time.sleep(rng.uniform(0, 0.004))
            assert child.kill()
            tally.kills += 1
            tally.injected["kill -9"] += 1
            stage.change()
            stage.visible()
        stage.finish()


def scenarios():
    """Each by its name."""
    found = {}
    for engine, title, share in (("sqlite", "SQLite", 1), ("postgresql", "PostgreSQL", 3)):
        found[f"kill -9 during a full read: {title}"] = lambda t, s, e=engine, d=share: full_reads(
            t, s, e, max(s.kills // d, 1)
        )
        found[f"kill -9 while events are applied: {title}"] = lambda t, s, e=engine, d=share: events(
            t, s, e, max(s.kills // d, 1)
        )
    return found
