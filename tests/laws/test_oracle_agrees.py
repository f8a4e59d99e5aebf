"""The engine says what the plain specification says: the same policy, roster and request, the same answer."""

import json
import random
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import oracle
import pytest
import strategies
from laws.engine import Answer, Engine

WORLDS, ASKED = 100, 30
"""A part of the proof: so many policies with a roster each, and so many questions about each."""
PARTS = 36


@dataclass(frozen=True)
class Question:
    """A request, when it is asked, and whether it may leave out its action."""

    request: Any
    at: datetime
    permissions_mode: bool


def world(seed: int) -> tuple[dict[str, Any], dict[str, Any], list[Question]]:
    """Return the policy, roster and questions of a seed."""
    rng = random.Random(seed)
    policy = strategies.random_policy(rng, loadable=True)
    snapshot = strategies.random_snapshot(rng, policy)
    return policy, snapshot, [question(rng, policy, snapshot) for _ in range(ASKED)]


def question(rng: random.Random, policy: dict[str, Any], snapshot: dict[str, Any]) -> Question:
    """Return a question, asked at the time of the snapshot, near it, or some days from it."""
    shift = rng.choice([timedelta()] * 5 + [timedelta(microseconds=1), timedelta(hours=29), timedelta(days=40)])
    at = strategies.at(snapshot) + shift * rng.choice([-1, 1])
    return Question(strategies.random_request(rng, policy, snapshot), at, strategies.chance(rng, 50))


def specified(plain: oracle.Oracle, one: Question) -> Answer:
    """Return what the specification answers."""
    found = plain.decide(one.request, one.at, permissions_mode=one.permissions_mode)
    why = "indeterminate" if found.status == "indeterminate" else found.why
    return Answer(found.status, found.permissions, found.decision, why)


def without_action(request: Any) -> Any:
    """Return the request that asks for every permission."""
    return {key: value for key, value in request.items() if key != "action"} if isinstance(request, dict) else request


def differences(engine: Engine, plain: oracle.Oracle, one: Question, *, thorough: bool = True) -> Iterator[str]:
    """Give each way of asking in which the engine says something else: cold, hot, among others, without an action."""
    engine.clock.now = one.at
    want, mode = specified(plain, one), one.permissions_mode
    ways = {"cold": lambda: [engine.answer(one.request, permissions_mode=mode)]}
    if thorough:
        ways["hot"] = ways["cold"]
        ways["many"] = lambda: engine.answer_many(one.request, [one.request], permissions_mode=mode)
    for way, ask in ways.items():
        for got in ask():
            if got != want:
                yield f"{way}: specified {want}\n  answered {got}"
    if thorough and want.status == "ok":
        every = Answer("ok", want.permissions, bool(want.permissions), want.why)
        bare = without_action(one.request)
        for got in (engine.answer(bare, permissions_mode=True), *engine.answer_many(bare, permissions_mode=True)):
            if got != every:
                yield f"without an action: specified {every}\n  answered {got}"


def described(seed: int, one: Question, found: list[str]) -> str:
    """Return a sentence and the smallest world that still shows the difference."""

    def differs(policy: dict[str, Any], snapshot: dict[str, Any]) -> bool:
        return any(differences(Engine(policy, snapshot), oracle.Oracle(policy, snapshot), one))

    policy, snapshot, _ = world(seed)
    policy, snapshot = strategies.smallest(deepcopy(policy), deepcopy(snapshot), differs)
    shown = {"policy": policy, "snapshot": snapshot, "request": one.request, "at": one.at.isoformat()}
    return f"seed {seed}: " + "\n".join([*found, json.dumps(shown, indent=1)])


def compare(seed: int) -> tuple[int, int]:
    """Ask both every question of a seed; return how many there were and how many gave something."""
    policy, snapshot, questions = world(seed)
    engine, plain = Engine(policy, snapshot), oracle.Oracle(policy, snapshot)
    given = 0
    for one in questions:
        found = [*differences(engine, plain, one)]
        assert not found, described(seed, one, found)
        given += bool(engine.answer(one.request, permissions_mode=one.permissions_mode).permissions)
    return len(questions), given


@pytest.mark.parametrize(
    "part", [pytest.param(part, marks=[] if part == 0 else pytest.mark.full) for part in range(PARTS)]
)
def test_the_engine_says_what_the_specification_says(part: int) -> None:
    """Status, permissions, decision and reason are the specification's; about half of the answers give something."""
    asked, given = map(sum, zip(*(compare(seed) for seed in range(part * WORLDS, (part + 1) * WORLDS)), strict=True))
    assert asked == WORLDS * ASKED
    assert given >= 0.45 * asked
