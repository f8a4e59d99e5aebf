"""How a law is put to the test: in worlds drawn at random, and often enough in earnest."""

import random
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st
from laws.engine import Engine, Json


class World:
    """A policy in force over a roster, and requests about it."""

    def __init__(self, seed: int, mended: Callable[[Json], Json] = lambda policy: policy) -> None:
        """Draw the world of a seed; `mended` makes the policy one of which the law speaks."""
        self.rng = rng = random.Random(seed)
        policy = mended(strategies.random_policy(rng, loadable=True))
        self.policy = policy
        self.snapshot = strategies.random_snapshot(rng, policy)
        self.engine = Engine(policy, self.snapshot)

    def requests(self, count: int = 12) -> list[Json]:
        """Return requests that are valid."""
        asked = (strategies.random_request(self.rng, self.policy, self.snapshot) for _ in range(count))
        return [one for one in asked if self.engine.answer(one).status != "invalid"]

    def changed(self) -> Json:
        """Return a copy of the snapshot, to be changed."""
        return deepcopy(self.snapshot)


def law(*, put_to_the_test: int, examples: int = 40) -> Callable[[Callable[[int], int]], Callable[[int], None]]:
    """Make a test of a law: over 20 worlds, and at full size over 320.

    The law is given a seed and returns how often it was put to the test there: how many answers could have broken it.
    A law that is not put to the test so many times in 40 worlds, and half as often in 20, proves too little, and fails.
    """

    def decorate(check: Callable[[int], int]) -> Callable[[int], None]:
        sizes = [examples // 2, pytest.param(examples * 8, marks=pytest.mark.full)]

        @pytest.mark.parametrize("worlds", sizes)
        def test(worlds: int) -> None:
            tried: list[int] = []

            @settings(max_examples=worlds, deadline=None, derandomize=True, database=None)
            @given(seed=st.integers(0, 2**32 - 1))
            def holds(seed: int) -> None:
                tried.append(check(seed))

            holds()
            assert sum(tried) * max(examples / worlds, 1) >= put_to_the_test, f"put to the test {sum(tried)} times"

        test.__doc__, test.__name__, test.__qualname__ = check.__doc__, check.__name__, check.__qualname__
        test.__module__ = check.__module__
        return test

    return decorate


def user_of(snapshot: Json, user_id: str) -> Json | None:
    """Return the record of a user."""
    return next((one for one in snapshot["users"] if one.get("id") == user_id), None)


def acting_as(request: Json) -> list[str] | None:
    """Return the roles that a request acts as, or None."""
    return request.get("context", {}).get("acting_as")


def with_acting(request: Json, roles: list[str] | None) -> Json:
    """Return the request, acting as these roles."""
    rest = {key: value for key, value in request.items() if key != "context"}
    return rest if roles is None else rest | {"context": {"acting_as": roles}}


def with_property(request: Json, **properties: Any) -> Json:
    """Return the request with other properties of its resource."""
    resource = request["resource"]
    return request | {"resource": resource | {"properties": resource.get("properties", {}) | properties}}


def without_property(request: Json, name: str) -> Json:
    """Return the request without a property of its resource."""
    resource = request["resource"]
    kept = {key: value for key, value in resource.get("properties", {}).items() if key != name}
    return request | {"resource": resource | {"properties": kept}}
