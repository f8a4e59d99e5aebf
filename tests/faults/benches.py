# ruff: noqa: ARG002 - every bench is asked alike
"""An authoriser over live facts, at a clock that is told what time it is; rounds of questions to it, each judged."""

import asyncio
import os
import random
import tempfile
from abc import ABC, abstractmethod
from collections import Counter
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import cache
from itertools import islice
from pathlib import Path

from rolecall import Authorizer, FactsError
from rolecall.facts.clever import Clever, StaticTokens
from rolecall.facts.direct import Direct
from rolecall.facts.roster_store import RosterStore
from rolecall.facts.store import Store
from rolecall.facts.store.guard import Guard
from rolecall.facts.sync import sync_district
from rolecall.instants import parse_instant
from rolecall.ports import Assignments

from faults import questions
from faults.judge import Span, describe, judge
from faults.world import DISTRICTS, SECOND, Time, Truth, table

MAX_AGE, MAX_STALE = 60, 600
"""How old facts may be, in seconds: those asked of Clever while it answers, and any."""

AGED = "the facts are older than they should be"
PAUSED = "the district is paused or in error"
_AT_ONCE = 4


@cache
def pool():
    """What is asked, the same for all."""
    return questions.pool()


@contextmanager
def folder():
    """A folder for a while: in memory where that can be had, for no power is cut here."""
    memory = Path("/dev/shm")  # noqa: S108 - of a folder in it, with a name of its own
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as found:
        yield Path(found)


class Bench(ABC):
    """Questions put to one authoriser, and judged by a tally."""

    def __init__(self, tally, truth, seed, asked=8):
        self.tally, self.truth, self.time = tally, truth, truth.time
        self.rng = random.Random(f"{tally.name}:{seed}")
        self.changes = questions.Changes(truth, pool(), f"{tally.name}:{seed}")
        self.asked, self.told = asked, False  # whether Clever says 404 of what there is
        self.blind = (
            False  # whether the machine's clock is wrong, so that what a decision says of its age is not believed
        )
        self.faulty = False  # whether Clever fails: then facts may be as old as is allowed at all
        self.current = []
        self.runner = None
        self.closing = ExitStack()
        self.pdp = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closing.close()

    @abstractmethod
    def since(self, decision, asked, made):
        """Since when, in true time, the facts behind a decision may be: as it says itself, and as is allowed at all."""

    def settle(self):
        """Choose what is asked from now on: most of it is allowed."""
        self.current = []
        self.refresh(self.asked)

    def refresh(self, many=1):
        """Ask something else in part: what is allowed now, and of it something about a class by who is not in it."""
        at, number = self.time.wall(), self.truth.now()
        some = self.rng.sample(pool(), len(pool()))
        yes = (one for one in some if one.permission in self.truth.says(number, one, at).permissions)
        afar = [*islice((one for one in yes if one.is_from_afar), 1)]  # none, where the changes left none
        fresh = [*afar, *islice(yes, many - 1 - many // 3), *some[: many // 3]]
        self.current = [*fresh[:many], *self.current[: self.asked - many]]

    def change(self, many=1):
        """Change the truth; what is asked from now on includes what that alters."""
        found = self.changes.one(self.current)
        fresh = [one for one in found if one not in self.current][:2]
        self.current = [*self.current[len(fresh) :], *fresh]
        for _ in range(many - 1):
            self.changes.any()

    def round(self, stage=None, *, asynchronous=False):
        """Ask what is asked, and something new."""
        self.tally.stage = stage or self.tally.stage
        asked = [*self.current, *self.rng.sample(pool(), max(self.asked // 4, 1))]
        self.rng.shuffle(asked)
        if not asynchronous:
            for one in asked:
                self.ask(one)
            return
        if self.runner is None:
            self.runner = self.closing.enter_context(asyncio.Runner())
        for start in range(0, len(asked), _AT_ONCE):
            self.runner.run(self._together(asked[start : start + _AT_ONCE]))

    async def _together(self, asked):
        await asyncio.gather(*map(self.aask, asked))

    def ask(self, question):
        """Ask a question, and judge the answer."""
        asked = self.time.true
        return self.judge(question, question.put(self.pdp.authorize), asked)

    async def aask(self, question):
        asked = self.time.true
        return self.judge(question, await question.put(self.pdp.aauthorize), asked)

    def judge(self, question, decision, asked):
        made = self.time.true
        span = Span(asked, made, self.since(decision, asked, made))
        outcome = judge(self.truth, question, decision, span, told=self.told)
        self.tally.add(outcome, decision)
        if outcome.startswith("wrong"):
            self.tally.complain(f"{self.tally.name}: {outcome}: {describe(self.truth, question, decision, span)}")
        return outcome


class DirectBench(Bench):
    """Facts asked of Clever."""

    def __init__(self, tally, seed, *, page=2, asked=8, tokens=None, **options):
        super().__init__(tally, Truth(Time(), **options), seed, asked)
        fake = self.truth.fake
        self.tokens = tokens or StaticTokens(fake.tokens)
        self.clever = Clever(
            self.tokens,
            transport=fake.transport(),
            per_minute=10**6,
            page=page,
            clock=self.time.clock(),
            max_body=1 << 20,
        )
        self.closing.callback(self.clever.close)
        self.restart()

    def restart(self):
        """Begin anew with nothing at hand."""
        self.direct = Direct(self.clever, max_age=timedelta(seconds=MAX_AGE))
        self.pdp = Authorizer(
            table(),
            facts=self.direct,
            assignments=Assignments(self.truth.assigned, max_age=timedelta(days=1)),
            max_stale=timedelta(seconds=MAX_STALE),
            clock=self.time.wall,
        )

    def since(self, decision, asked, made):
        aged = any(AGED in note or PAUSED in note for note in decision.held.notes)
        oldest = asked - (MAX_STALE if aged or self.faulty else MAX_AGE) * SECOND
        as_of = decision.feed.as_of
        if self.blind:
            return oldest
        return asked if as_of is None else max(min(as_of, asked), oldest)


def assign(store, truth, now):
    """Keep the application's assignments in a store."""
    for one in truth.assignments:
        edges = {"starts": parse_instant(one.get("from")), "ends": parse_instant(one.get("until"))}
        store.assign(one["user"], one["role"], one["scope"], one["id"], by="test", why="test", now=now, **edges)


class StoreBench(Bench):
    """Facts from a roster store, which is kept current by a sync whenever that is told."""

    def __init__(self, tally, seed, *, url=None, page=20, asked=20, **options):
        super().__init__(tally, Truth(Time(), **options), seed, asked)
        fake = self.truth.fake
        self.tokens = StaticTokens(fake.tokens)
        self.clever = Clever(
            self.tokens,
            transport=fake.transport(),
            per_minute=10**6,
            page=page,
            clock=self.time.clock(),
            max_body=1 << 20,
        )
        self.closing.callback(self.clever.close)
        self.url = url or self.closing.enter_context(folder()) / "roster.db"
        self.store = Store.open(self.url, guard=Guard(least=10**6))
        self.closing.callback(self.store.close)
        assign(self.store, self.truth, self.time.wall())
        self.errors = Counter()
        self.restart()

    def restart(self):
        """Begin anew with nothing at hand."""
        self.pdp = Authorizer(
            table(),
            facts=RosterStore(self.store),
            max_stale=timedelta(seconds=MAX_STALE),
            clock=self.time.wall,
        )

    def sync(self, **more):
        """Sync each district; whether all went well."""
        well = True
        for district in DISTRICTS:
            self.time.pass_(0.01)
            try:
                sync_district(self.clever, self.store, district, clock=self.time.wall, **more)
            except FactsError as error:
                self.errors[type(error).__name__] += 1
                well = False
        self.time.pass_(1.5)  # longer than the view waits before it looks again
        return well

    def since(self, decision, asked, made):
        oldest = asked - MAX_STALE * SECOND
        as_of = decision.feed.as_of
        return oldest if as_of is None or self.blind else max(min(as_of, asked), oldest)
