"""Whatever changes, and in whatever order: facts that are kept say what a snapshot of the present records says."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime
from typing import Any

import oracle
import pytest
import strategies
from facts.sources import (
    KINDS,
    Ask,
    as_one_district_sees,
    put,
    says_the_same,
    told,
    with_districts,
    with_sound_assignments,
)
from facts.stages import INSTANT, SECOND, DirectStage, Stage, StoreStage, direct_stage, store_stage
from laws.engine import Json, loaded
from laws.test_oracle_agrees import Question, question, specified
from rolecall import Authorizer, Snapshot
from rolecall.authzen import read_evaluation
from rolecall.compiler import load_table
from rolecall.facts.direct import MAX_AGE
from rolecall.table import Table

STEPS, ASKED = 4, 10
"""How often a world changes, and how many questions are asked each time."""


def moved(rng: random.Random, policy: Json, snapshot: Json) -> Iterator[tuple[str, str, Json]]:
    """Give what happens to some records: each is deleted, or becomes one of another world with its id."""
    already: set[str] = set()
    for _ in range(rng.randint(1, 4)):
        kind = rng.choice([*KINDS[1:], "section", "user", "user"])
        held = [one for one in snapshot[f"{kind}s"] if one.get("id") and one.get("district")]
        if held and strategies.chance(rng, 25):
            gone = rng.choice(held)
            if gone["id"] not in already:
                already.add(gone["id"])
                yield kind, "deleted", gone
            continue
        other = strategies.random_snapshot(random.Random(rng.randrange(10_000)), policy)
        new = deepcopy(rng.choice([one for one in other[f"{kind}s"] if one.get("id") and one.get("district")]))
        old = next((one for one in held if one["id"] == new["id"]), None)
        lies = {one["district"] for one in snapshot["users"]}
        stays = old is None or old["district"] == new["district"]
        if new["district"] in lies and stays and new["id"] not in already:
            already.add(new["id"])
            yield kind, "updated", new


def replace(snapshot: Json, kind: str, verb: str, raw: Json) -> None:
    """Let it happen in a snapshot."""
    others = [one for one in snapshot[f"{kind}s"] if one.get("id") != raw["id"]]
    snapshot[f"{kind}s"] = others if verb == "deleted" else [*others, raw]


class MovingStore:
    """A roster store that follows."""

    differs = staticmethod(says_the_same)
    held = staticmethod(with_sound_assignments)

    def __init__(self, stage: StoreStage, rng: random.Random) -> None:
        self.stage, self.rng, self.options = stage, rng, {"facts": stage.facts}

    def move(self, happened: list[tuple[str, str, Json]]) -> None:
        """Apply one event after the other, or those of a district in one transaction; and end an assignment."""
        stage = self.stage
        events = [(raw["district"], stage.event(kind, raw, verb)) for kind, verb, raw in happened]
        if strategies.chance(self.rng, 50):
            for district in {one for one, _ in events}:
                stage.apply(*(event for one, event in events if one == district), district=district)
        else:
            for district, event in events:
                stage.apply(event, district=district)
        standing = stage.store.assignments()
        if standing and strategies.chance(self.rng, 30):
            number = self.rng.randrange(len(standing))
            stage.store.unassign(standing[number].number, by="t", why="t", now=stage.now)
            del stage.snapshot["assignments"][number]
        stage.after(SECOND)


class MovingDirect:
    """Clever itself, asked again when its answers are too old."""

    differs = staticmethod(as_one_district_sees)

    @staticmethod
    def held(snapshot: Json) -> Json:
        """Hold what a store would, in districts that there are."""
        return with_districts(with_sound_assignments(snapshot))

    def __init__(self, stage: DirectStage, rng: random.Random) -> None:
        self.stage, self.rng = stage, rng
        self.options = {"facts": stage.facts, "assignments": self.assigned}

    def assigned(self, user: str) -> list[Json]:
        """Give what the application has assigned."""
        return [one for one in self.stage.snapshot["assignments"] if one["user"] == user]

    def move(self, happened: list[tuple[str, str, Json]]) -> None:
        """Change Clever, and let the answers become old."""
        for kind, verb, raw in happened:
            replace(self.stage.snapshot, kind, verb, raw)
            if verb == "deleted":
                self.stage.fake.delete(kind, raw["id"], district=raw["district"])
            else:
                self.stage.fake.change(kind, raw)
        self.stage.after(MAX_AGE + INSTANT)


@contextmanager
def moving(name: str, snapshot: Json, rng: random.Random) -> Iterator[Any]:
    """The facts of a snapshot, which will move."""
    if name == "store":
        with store_stage(MovingStore.held(snapshot)) as stage:
            yield MovingStore(stage, rng)
    else:
        with direct_stage(MovingDirect.held(snapshot)) as stage:
            yield MovingDirect(stage, rng)


def asks(questions: list[Question], stage: Stage) -> Iterator[Ask]:
    """Each question now, and all that are put with a user's together."""
    for one in questions:
        found = read_evaluation(one.request, action_needed=False)
        acting = None if found.acting_as is None else list(found.acting_as)
        yield Ask(stage.now, found.user, found.resource, found.permission, acting)


def follow(name: str, seed: int) -> int:
    """Compare a world's decisions as it changes; give how many of them were no longer what they had been."""
    rng = random.Random(seed)
    policy = strategies.random_policy(rng, loadable=True)
    snapshot = strategies.random_snapshot(rng, policy)
    plain, table = oracle.Oracle(policy, snapshot), load_table(loaded(policy))
    drawn = (question(rng, policy, snapshot) for _ in range(10 * ASKED))
    questions = [one for one in drawn if specified(plain, one).status != "invalid"][:ASKED]
    with moving(name, deepcopy(snapshot), rng) as world:
        clock = Hand(world.stage)
        warm = Authorizer(table, **world.options, max_stale=None, clock=clock)
        before, news = None, 0
        for step in range(STEPS):
            if step:
                world.move([*moved(rng, policy, world.stage.snapshot)])
            want = present(table, world, questions)
            for _ in range(2):
                got = [told(one) for one in put(warm, clock, asks(questions, world.stage), asynchronous=False)]
                for one, theirs, mine in zip(questions, want, got, strict=True):
                    assert world.differs(world.stage.snapshot, theirs, mine), (seed, step, one.request, theirs, mine)
            if before is not None:
                news += sum(one["permissions"] != other["permissions"] for one, other in zip(before, want, strict=True))
            before = want
        return news


class Hand:
    """A clock that shows a stage's time; it is put by the stage alone."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.now: datetime | int = 0

    def __call__(self) -> int:
        """Tell the time."""
        return self.stage.now


def present(table: Table, world: Any, questions: list[Question]) -> list[Json]:
    """What a snapshot of the records as they are now says."""
    facts = Snapshot.read(deepcopy(world.stage.snapshot))
    clock = Hand(world.stage)
    pdp = Authorizer(table, facts=facts, max_stale=None, clock=clock)
    return [told(one) for one in put(pdp, clock, asks(questions, world.stage), asynchronous=False)]


@pytest.mark.parametrize("worlds", [6, pytest.param(120, marks=pytest.mark.full)])
@pytest.mark.parametrize("name", ["store", "direct"])
def test_kept_facts_say_what_is_true_now(name: str, worlds: int) -> None:
    """After each change every warm decision is the one that a snapshot of the present records gives, asked twice."""
    news = sum(follow(name, seed) for seed in range(worlds))
    assert news > worlds
