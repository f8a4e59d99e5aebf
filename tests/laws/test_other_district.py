"""Nothing from another district matters."""

import random

import strategies
from laws.engine import Json
from laws.worlds import World, law, user_of

PARENT = "Parent/Guardian"


def with_another_district(rng: random.Random, policy: Json, snapshot: Json) -> None:
    """Add a whole other district, tied to the people of this one in every way there is.

    Its sections name our users, our users' roles name its schools, our contacts its students, and our users are
    assigned to its places; its own people, who hold every role, are tied to our sections, schools and students.
    """
    ours = [one["id"] for one in snapshot["users"] if "id" in one]
    our_schools = [one["id"] for one in snapshot["schools"]]
    our_sections = [one["id"] for one in snapshot["sections"]]
    theirs = {"district": "dx"}
    sections = [
        theirs | {"id": f"sx{number}", "school": rng.choice(["kx1", "kx2"]), "term_id": rng.choice(["tx", "t1"])}
        for number in (1, 2, 3)
    ]
    for section in sections:
        section["teachers"] = strategies.some(rng, [*ours, "ux1"], 1, 4)
        section["teacher"] = rng.choice(section["teachers"])
        section["students"] = strategies.some(rng, [*ours, "ux2"], 1, 5)
    for user in snapshot["users"]:
        for name, role in user["roles"].items():
            if isinstance(role, dict) and name != "contact":
                role["schools"] = [*role.get("schools", []), "kx1"]
            elif isinstance(role, dict):
                role.setdefault("student_relationships", []).append({"student": "ux2", "type": PARENT})
    everything = {"teacher": {"schools": ["kx1"]}, "staff": {"schools": ["kx2", *our_schools]}, "district_admin": {}}
    ties = [{"student": one, "type": PARENT} for one in ours]
    people = {
        "ux1": everything,
        "ux2": {"student": {"schools": our_schools}},
        "ux3": {"contact": {"student_relationships": ties}},
    }
    snapshot["users"] += [theirs | {"id": one, "roles": roles} for one, roles in people.items()]
    snapshot["districts"].append({"id": "dx"})
    snapshot["schools"] += [theirs | {"id": "kx1"}, theirs | {"id": "kx2"}]
    snapshot["terms"].append(theirs | {"id": "tx", "start_date": "2024-01-01", "end_date": "2025-01-01"})
    snapshot["sections"] += sections
    for role, body in policy.get("roles", {}).items():
        for scope in body["scopes"]:
            for user, places in [*((one, (["sx1"], ["kx1"])) for one in ours), ("ux1", (our_sections, our_schools))]:
                place = rng.choice({"section": places[0], "school": places[1], "district": ["dx"]}[scope])
                snapshot["assignments"].append({"user": user, "role": role, "scope": scope, "id": place})


@law(put_to_the_test=150)
def test_another_district_changes_no_answer(seed: int) -> int:
    """A district added, tied to ours in every way there is, changes nothing for anybody of ours."""
    world = World(seed)
    snapshot = world.changed()
    with_another_district(world.rng, world.policy, snapshot)
    after = world.engine.over(snapshot)
    tried = 0
    for request in world.requests(20):
        before = world.engine.answer(request, permissions_mode=True)
        assert after.answer(request, permissions_mode=True) == before, request
        tried += bool(before.permissions)
    return tried


@law(put_to_the_test=60)
def test_nobody_of_another_district_has_anything_here(seed: int) -> int:
    """The other district's own people have nothing in ours, whatever they hold there or claim here."""
    world = World(seed)
    snapshot = world.changed()
    with_another_district(world.rng, world.policy, snapshot)
    after = world.engine.over(snapshot)
    tried = 0
    for request in world.requests(20):
        if world.engine.may(request):
            for stranger in ("ux1", "ux2", "ux3"):
                got = after.answer(request | {"subject": {"type": "user", "id": stranger}}, permissions_mode=True)
                assert not got.permissions
                assert got.why in ("other-district", "indeterminate"), (request, got)
            tried += 1
    return tried


@law(put_to_the_test=30, examples=60)
def test_ones_own_district_is_enough(seed: int) -> int:
    """Of two districts in a roster each person's permissions are those they have in their own district alone."""
    world = World(seed)
    alone = {
        district: world.engine.over(
            world.snapshot
            | {
                kind: [
                    one
                    for one in world.snapshot[kind]
                    if one.get("district", one["id"] if kind == "districts" else "") == district
                ]
                for kind in ("districts", "schools", "terms", "sections", "users")
            }
        )
        for district in ("d1", "d2")
    }
    tried = 0
    for request in world.requests(20):
        user = user_of(world.snapshot, request["subject"]["id"])
        if user is not None and any(one.get("district") != user["district"] for one in world.snapshot["users"]):
            before = world.engine.may(request)
            assert alone[user["district"]].may(request) == before, request
            tried += bool(before)
    return tried
