"""What rolecall does not know of, in Clever's records and in requests, changes nothing."""

import random
from typing import Any

from laws.engine import Json
from laws.worlds import World, law

STRAY: list[Any] = [None, True, 7, "teacher", ["u1", "s1"], {"teacher": {"schools": ["k1"]}, "id": "u1"}]
KEYS = ["name", "email", "sis_id", "created", "ext", "credentials", "x-teacher", "Teacher", "grade", "location"]


def stray(rng: random.Random) -> Json:
    """Return members that nothing reads."""
    return {key: rng.choice(STRAY) for key in rng.sample(KEYS, 3)}


def with_more(rng: random.Random, snapshot: Json) -> Json:
    """Return the snapshot with more in each record, in each role and in each relationship, and with other kinds."""
    more: Json = {"courses": [{"id": "c1"}], "resources": [{"id": "r1"}], "events": [stray(rng)]}
    for kind in ("districts", "schools", "terms", "sections", "assignments"):
        more[kind] = [stray(rng) | one for one in snapshot[kind]]
    more["users"] = []
    for user in snapshot["users"]:
        roles = {name: stray(rng) | body if isinstance(body, dict) else body for name, body in user["roles"].items()}
        roles |= {"principal": {"schools": ["k1"]}, "Teacher": {}, "substitute": {}, "owner": {}}
        if ties := (roles.get("contact") or {}).get("student_relationships"):
            roles["contact"]["student_relationships"] = [stray(rng) | tie for tie in ties]
        more["users"].append(stray(rng) | user | {"roles": roles})
    return snapshot | more


@law(put_to_the_test=150)
def test_unknown_keys_in_records_change_nothing(seed: int) -> int:
    """Names, e-mail addresses, roles that Clever does not have, kinds that no decision needs: as if not there."""
    world = World(seed)
    other = world.engine.over(with_more(world.rng, world.snapshot))
    given = 0
    for request in world.requests():
        before = world.engine.answer(request, permissions_mode=True)
        assert other.answer(request, permissions_mode=True) == before
        given += bool(before.permissions)
    return given


@law(put_to_the_test=150)
def test_unknown_members_of_a_request_change_nothing(seed: int) -> int:
    """Members that AuthZEN does not define, properties that the policy does not, a context of other things."""
    world = World(seed)
    given = 0
    for request in world.requests():
        more: Json = stray(world.rng) | request
        for name in ("subject", "action", "resource"):
            own = request[name].get("properties", {}) if name == "resource" else {}
            more[name] = (
                stray(world.rng) | request[name] | {"properties": {"x-locked": True, "roles": ["teacher"]} | own}
            )
        more["context"] = {"time": "2024-06-01T00:00:00Z", "roles": ["teacher"]} | request.get("context", {})
        before = world.engine.answer(request)
        assert world.engine.answer(more) == before
        given += bool(before.permissions)
    return given


@law(put_to_the_test=150)
def test_what_is_null_or_empty_is_as_absent(seed: int) -> int:
    """In Clever's records a null, an empty list and an absent key are alike wherever something is optional."""
    world = World(seed)
    rng, snapshot = world.rng, world.changed()
    for section in snapshot["sections"]:
        for key in ("teacher", "teachers", "students", "term_id"):
            if not section.get(key):
                section[key] = rng.choice([None, "", []] if key.endswith("s") else [None, ""])
    for user in snapshot["users"]:
        for name in ("teacher", "staff", "district_admin", "student", "contact"):
            user["roles"].setdefault(name, None)
        for name, role in user["roles"].items():
            if isinstance(role, dict):
                keys = {
                    "teacher": ["school", "schools"],
                    "student": ["school", "schools"],
                    "staff": ["schools", "roles"],
                }
                for key in keys.get(name, []):
                    if not role.get(key):
                        role[key] = None if key == "school" else rng.choice([None, []])
    other = world.engine.over(snapshot)
    given = 0
    for request in world.requests():
        before = world.engine.answer(request, permissions_mode=True)
        assert other.answer(request, permissions_mode=True) == before
        given += bool(before.permissions)
    return given
