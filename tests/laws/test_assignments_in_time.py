"""An assignment of the application's outside its `from` and `until` is as if it were not there."""

import random
from datetime import UTC, datetime, timedelta

import strategies
from laws.engine import Json
from laws.worlds import World, law

DAYS = [datetime(2024, 6, day, 12, tzinfo=UTC) for day in (1, 2, 3, 4)]
TICK = timedelta(microseconds=1)


def dated(rng: random.Random, assignments: list[Json]) -> list[Json]:
    """Return assignments that begin, end, or do neither, on some of the days."""
    found = []
    for one in assignments:
        dates = {key: rng.choice([None, *DAYS]) for key in ("from", "until") if strategies.chance(rng, 70)}
        found.append(one | {"from": None, "until": None} | dates)
    return found


def in_force(one: Json, at: datetime) -> bool:
    """Say whether an assignment is held: from its first instant on, and no longer from its second on."""
    return (one["from"] is None or one["from"] <= at) and (one["until"] is None or at < one["until"])


def written(one: Json) -> Json:
    """Return the assignment as JSON has it."""
    return one | {key: one[key] and one[key].isoformat() for key in ("from", "until")}


def undated(one: Json) -> Json:
    """Return the assignment without its dates."""
    return {key: value for key, value in one.items() if key not in ("from", "until")}


@law(put_to_the_test=60, examples=60)
def test_outside_its_time_an_assignment_is_as_if_it_were_not_there(seed: int) -> int:
    """At any instant, in whatever order they come, only the assignments in force count, and their dates do not."""
    world = World(seed)
    rng = world.rng
    assignments = dated(rng, [one for one in world.snapshot["assignments"] for _ in range(2)])
    requests = world.requests()
    timed = world.engine.over(world.snapshot | {"assignments": [written(one) for one in assignments]})
    tried = 0
    for day in rng.sample(DAYS, 3):
        for at in rng.sample([day - TICK, day, day + TICK], 2):
            now = [undated(one) for one in assignments if in_force(one, at)]
            plain = world.engine.over(world.snapshot | {"assignments": now})
            never = world.engine.over(world.snapshot | {"assignments": []})
            timed.clock.now = plain.clock.now = never.clock.now = at
            for request in requests:
                got = timed.may(request)
                assert got == plain.may(request), (request, at)
                tried += got != never.may(request)
    return tried
