"""One suite for every way to have facts: each says what a snapshot of the same records says, and the specification."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import oracle
import pytest
from facts.sources import WAYS, Ask, Json, Made, Way, put, told
from laws.engine import Clock, loaded, read
from laws.test_oracle_agrees import Question, specified, world
from rolecall import Authorizer, Decision, Snapshot
from rolecall.authzen import read_evaluation
from rolecall.compiler import load_table
from rolecall.loader import load_policy
from rolecall.table import Table
from rolecall.testing import demo_district, demo_requests

POLICIES = Path(__file__).parents[2] / "policies"
ASKED = 12
"""Of a random world's questions so many are put to every way."""


class Case:
    """A policy and a roster, and questions about them, each asked in several ways."""

    def __init__(self, table: Table, policy: Json | None, snapshot: Json, questions: list[Question]) -> None:
        self.table, self.policy, self.snapshot = table, policy, snapshot
        self.asked = [*self.asks(questions)]

    def asks(self, questions: list[Question]) -> Iterator[tuple[Ask, Question | None]]:
        """Each question as it stands, again, without its permission, and together with others; with what it was."""
        if self.policy is not None:
            plain = oracle.Oracle(self.policy, self.snapshot)
            questions = [one for one in questions if specified(plain, one).status != "invalid"]
        read_ones = [(one, read_evaluation(one.request, action_needed=not one.permissions_mode)) for one in questions]
        rng = random.Random(len(read_ones))
        for one, found in read_ones:
            acting = None if found.acting_as is None else list(found.acting_as)
            single = Ask(one.at, found.user, found.resource, found.permission, acting)
            yield single, one
            yield single, one
            yield Ask(one.at, found.user, found.resource, None, acting), None
            more = [other.resource for _, other in rng.sample(read_ones, min(2, len(read_ones)))]
            yield Ask(one.at, found.user, (found.resource, *more), None, acting), None

    def pdp(self, options: Json) -> tuple[Authorizer, Clock]:
        """The policy in force over facts of any age, and its clock."""
        clock = Clock(self.asked[0][0].at if self.asked else datetime.now(UTC))
        return Authorizer(self.table, **options, max_stale=None, clock=clock), clock

    def answers(self, options: Json, *, asynchronous: bool = False) -> Iterator[list[Decision]]:
        """The decisions about each question."""
        pdp, clock = self.pdp(options)
        for found in put(pdp, clock, (one for one, _ in self.asked), asynchronous=asynchronous):
            yield [found] if isinstance(found, Decision) else list(found)

    @cache  # noqa: B019 - a case lives as long as the tests
    def expected(self, held: Made) -> tuple[Json, list[list[Json]]]:
        """What a way can hold of the snapshot, and what a snapshot of that says."""
        snapshot = held(self.snapshot)
        return snapshot, [[told(one) for one in each] for each in self.answers({"facts": Snapshot.read(snapshot)})]


@cache
def random_case(seed: int) -> Case:
    """A random policy over a random roster."""
    policy, snapshot, questions = world(seed)
    return Case(load_table(loaded(policy)), policy, snapshot, questions[:ASKED])


@cache
def demo_case(asked: int) -> Case:
    """The shipped policy over the demo district."""
    snapshot = demo_district(users=100)
    at = datetime.fromisoformat(snapshot["as_of"])
    questions = [Question(one, at, permissions_mode=False) for one in demo_requests(snapshot, asked)]
    return Case(load_table(load_policy(POLICIES)), None, snapshot, questions)


def compare(way: Way, make: Made, case: Case) -> int:
    """Put a case's questions to a way; give how many decisions were compared."""
    snapshot, expected = case.expected(way.held)
    plain = oracle.Oracle(case.policy, snapshot) if case.policy is not None else None
    answers = case.answers(make(snapshot), asynchronous=way.asynchronous)
    compared = 0
    for (one, question), want, got in zip(case.asked, expected, answers, strict=True):
        for each, other in zip(want, map(told, got), strict=True):
            assert way.differs(snapshot, each, other), f"{way.name}: {one}\nwanted {each}\ngot    {other}"
            compared += 1
        if plain is not None and question is not None:
            said, spec = read(got[0]), specified(plain, question)
            same_why = said.why == spec.why or "not-found" in said.why
            assert (said.status, said.permissions, said.decision) == (spec.status, spec.permissions, spec.decision), one
            assert same_why, one
    return compared


def each(ways: list[Way]) -> Any:
    """A test of each way."""
    return pytest.mark.parametrize("way", ways, ids=lambda way: way.name)


@each(WAYS)
def test_random_worlds(way: Way) -> None:
    """In random worlds each way says what a snapshot says: cold and warm, alone and together, whatever is asked."""
    with way.opened() as make:
        compared = sum(compare(way, make, random_case(seed)) for seed in range(3))
    assert compared > 150


@each(WAYS)
def test_the_demo_district(way: Way) -> None:
    """In the demo district too, whatever is asked about its people and places."""
    with way.opened() as make:
        assert compare(way, make, demo_case(30)) == 30 * 6


@pytest.mark.full
@each(WAYS)
def test_thousands_of_decisions(way: Way) -> None:
    """So it is in three thousand decisions of each way, some seventy thousand in all."""
    compared, seeds = 0, iter(range(10, 10_000))
    with way.opened() as make:
        compared = compare(way, make, demo_case(200))
        while compared < 3_000:
            compared += sum(compare(way, make, random_case(seed)) for seed in islice(seeds, 10))
