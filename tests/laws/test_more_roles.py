"""Holding one more role never removes a permission unless a `max` or an `unless` says so."""

import random

import strategies
from laws.engine import Engine, Json
from laws.worlds import World, law, user_of
from oracle.reach import exclude_each_other


def only_giving(policy: Json, *, broad: bool = True) -> Json:
    """Return the policy without `max` and `unless`; and where it shall not be broad, without what is for everyone."""
    gone = ("max", "unless", "overrides")
    rules = [{key: value for key, value in rule.items() if key not in gone} for rule in policy["rules"]]
    rules = [rule for rule in rules if "min" in rule]
    return policy | {"rules": [rule for rule in rules if broad or rule["when"] != "everyone"] or rules}


def around(snapshot: Json, request: Json) -> list[str]:
    """Return the ids of the places around what is asked about, and of the students there."""
    asked = request["resource"]
    near = [asked["id"], *(one for one in asked.get("properties", {}).values() if isinstance(one, str))]
    for section in snapshot["sections"]:
        students = section.get("students") or []
        if section["id"] in near or {*students} & {*near}:
            near += [section["id"], section.get("school"), *students]
    return [one for one in near if one]


def with_one_more(rng: random.Random, policy: Json, snapshot: Json, request: Json) -> bool:
    """Give the subject one more role, or one that they have at one more place; say whether there was any to give.

    It is mostly held near what is asked about. Nothing is given that Clever promises never to give beside what they
    have: that would be a doubt.
    """
    user = user_of(snapshot, request["subject"]["id"])
    if user is None:
        return False
    near = around(snapshot, request)

    def chosen(records: list[Json]) -> str:
        here = [one["id"] for one in records if one.get("district") == user["district"] and "id" in one]
        return rng.choice([one for one in here if one in near and rng.random() < 0.9] or here or ["x0"])

    roles = user["roles"]
    present = [name for name, body in roles.items() if isinstance(body, dict)]
    students = [one for one in snapshot["users"] if "student" in one["roles"]]
    school, section, student = map(chosen, (snapshot["schools"], snapshot["sections"], students))
    ways = ["school", "section", "role", "assignment", "designation", "student"]
    for way in rng.sample(ways, len(ways)):
        if way == "role":
            name = rng.choice(["teacher", "staff", "district_admin", "student", "contact"])
            if name not in present and not exclude_each_other(frozenset((one, "anywhere") for one in [*present, name])):
                roles[name] = {"schools": [school]} if name != "contact" else {}
                return True
        elif way == "school" and (having := [one for one in present if one in ("teacher", "staff", "student")]):
            body = roles[rng.choice(having)]
            body["schools"] = [*body.get("schools", []), school]
            return True
        elif way == "section" and (having := [one for one in present if one in ("teacher", "student")]):
            key = f"{rng.choice(having)}s"
            for record in snapshot["sections"]:
                if record["id"] == section:
                    record[key] = [*(record.get(key) or []), user["id"]]
                    return True
        elif way == "student" and "contact" in present:
            tie = {"student": student, "type": rng.choice(["Parent/Guardian", "Family"])}
            roles["contact"].setdefault("student_relationships", []).append(tie)
            return True
        elif way == "designation" and "staff" in present:
            more = rng.choice(["PortalOnly", "SchoolTechLead"])
            roles["staff"]["roles"] = [*(roles["staff"].get("roles") or []), more]
            return True
        elif way == "assignment" and policy.get("roles"):
            role = rng.choice([*policy["roles"]])
            scope = rng.choice(policy["roles"][role]["scopes"])
            place = {"school": school, "section": section, "district": user["district"]}[scope]
            snapshot["assignments"].append({"user": user["id"], "role": role, "scope": scope, "id": place})
            return True
    return False


def with_more_roles(world: World, request: Json) -> Json | None:
    """Return the snapshot in which the subject holds some roles more, or None where there are none to give."""
    snapshot = world.changed()
    given = [with_one_more(world.rng, world.policy, snapshot, request) for _ in range(world.rng.randint(1, 4))]
    return snapshot if any(given) else None


@law(put_to_the_test=150)
def test_one_more_role_never_removes_a_permission(seed: int) -> int:
    """In a policy without `max` and `unless`, whoever gets one more role keeps everything they had."""
    world = World(seed, only_giving)
    kept = 0
    for request in world.requests(20):
        before = world.engine.may(request)
        if before and (snapshot := with_more_roles(world, request)):
            assert before <= world.engine.over(snapshot).may(request), request
            kept += 1
    return kept


@law(put_to_the_test=20)
def test_one_more_role_does_add_permissions(seed: int) -> int:
    """The same roles are of use: now and then they give what was not there before."""
    world = World(seed, lambda policy: only_giving(policy, broad=False))
    gained = 0
    for request in world.requests(20):
        if snapshot := with_more_roles(world, request):
            gained += world.engine.over(snapshot).may(request) > world.engine.may(request)
    return gained


@law(put_to_the_test=8, examples=60)
def test_it_is_a_max_or_an_unless_that_says_so(seed: int) -> int:
    """Where one more role removes a permission, it would not without the `unless` and the `max` of the policy."""
    world = World(seed)
    plain = Engine(only_giving(world.policy), world.snapshot)
    lost = 0
    for request in world.requests(25):
        if snapshot := with_more_roles(world, request):
            gone = world.engine.may(request) - world.engine.over(snapshot).may(request)
            assert gone <= plain.over(snapshot).may(request), request
            lost += bool(gone)
    return lost


def test_strategies_hold_several_roles() -> None:
    """The people of the generated rosters hold one role, several, and such as cannot be told from doubt."""
    rng = random.Random(1)
    many = [len(one["roles"]) for _ in range(40) for one in strategies.random_snapshot(rng, {})["users"]]
    assert {0, 1, 2} <= {*many}
