"""Doubt never adds: a role that becomes doubtful, in whatever way, never gives what it did not give before."""

import random
from typing import Any

import strategies
from laws.engine import Json, loaded
from laws.worlds import World, acting_as, law, user_of, with_property, without_property
from rolecall.compiler import load_table
from rolecall.table import TypeTable

NEARLY = {
    "PortalOnly": ["portal only", "PORTALONLY", "Portal_Only"],
    "SchoolTechLead": ["school tech-lead", "schooltechlead"],
}


def never_about(*roles: str) -> Any:
    """Return what takes every combination that names one of these roles out of a policy's rules."""

    def mended(policy: Json) -> Json:
        rules = []
        for rule in policy["rules"]:
            kept = dict(rule)
            for key in ("when", "unless"):
                if key in rule and rule[key] != "everyone":
                    several = rule[key] if isinstance(rule[key], list) else [rule[key]]
                    kept[key] = [one for one in several if not {*one} & {*roles}]
                    if not kept[key]:
                        del kept[key]
            if "when" in kept:
                rules.append(kept)
        rules = rules or [{"id": "all", "because": "B.", "when": "everyone", "min": "all"}]
        ids = {rule["id"] for rule in rules}
        for rule in rules:
            if isinstance(rule.get("overrides"), list):
                rule["overrides"] = [one for one in rule["overrides"] if one in ids]
                if not rule["overrides"]:
                    del rule["overrides"]
        return policy | {"rules": [rule | ({"overrides": "all"} if "max" in rule else {}) for rule in rules]}

    return mended


def compare(world: World, request: Json, snapshot: Json) -> int:
    """Insist that a changed roster gives nothing new; return 1 where it had something to lose."""
    before, after = world.engine.may(request), world.engine.over(snapshot).may(request)
    assert after <= before, (request, before, after)
    return bool(before)


@law(put_to_the_test=60, examples=60)
def test_a_misspelt_designation_never_adds(seed: int) -> int:
    """A designation that is not spelled to the letter gives nothing that the right spelling does not give."""
    world = World(seed)
    tried = 0
    for request in world.requests(40):
        snapshot = world.changed()
        user = user_of(snapshot, request["subject"]["id"])
        staff = user["roles"].get("staff") if user else None
        named = [one for one in staff.get("roles") or [] if one in NEARLY] if isinstance(staff, dict) else []
        if named:
            wrong = world.rng.choice(named)
            right = staff["roles"]
            staff["roles"] = [world.rng.choice(NEARLY[wrong]) if one == wrong else one for one in right]
            tried += compare(world, request, snapshot)
    return tried


@law(put_to_the_test=60)
def test_unknown_designations_are_at_most_portal_only(seed: int) -> int:
    """Staff without a known designation have at most what they have as PortalOnly, and as plain staff."""
    world = World(seed, never_about("SchoolTechLead"))
    tried = 0
    for request in world.requests(20):
        user = user_of(world.snapshot, request["subject"]["id"])
        if not user or not isinstance(user["roles"].get("staff"), dict):
            continue
        given = []
        for designations in (["PortalOnly"], ["SchoolTechLead"], []):  # of a tech lead no rule speaks
            snapshot = world.changed()
            unknown = world.rng.choice([[], None, ["Principal"], ["Portal Only"], "absent"])
            staff = user_of(snapshot, user["id"])["roles"]["staff"]
            staff["roles"] = designations or unknown
            if staff["roles"] == "absent":
                del staff["roles"]
            given.append(world.engine.over(snapshot).may(request))
        portal_only, plain, doubtful = given
        assert doubtful <= portal_only & plain, request
        tried += bool(plain)
    return tried


def beside(seed: int, other: str, unheard: tuple[str, ...]) -> int:
    """Give people a role that Clever gives nobody beside theirs, in a policy that says nothing of that role."""
    world = World(seed, never_about(*unheard))
    tried = 0
    for request in world.requests(20):
        snapshot, subject = world.changed(), request["subject"]["id"]
        user = user_of(snapshot, subject)
        present = [] if user is None else [one for one, body in user["roles"].items() if isinstance(body, dict)]
        clash = {
            "student": {"contact", "teacher", "staff", "district_admin"},
            "contact": {"teacher", "staff", "district_admin"},
        }
        about = {request["resource"]["id"], request["resource"].get("properties", {}).get("student")}
        if not clash[other] & {*present} or other in present or other in (acting_as(request) or []) or subject in about:
            continue
        user["roles"][other] = {}
        tried += compare(world, request, snapshot)
    return tried


@law(put_to_the_test=60)
def test_a_student_role_beside_theirs_never_adds(seed: int) -> int:
    """Whoever is a student too has no more than before, in a policy that gives students nothing."""
    return beside(seed, "student", ("student",))


@law(put_to_the_test=60)
def test_a_contact_role_beside_theirs_never_adds(seed: int) -> int:
    """An employee who is a contact too has no more than before, in a policy that gives contacts nothing."""
    return beside(seed, "contact", ("contact", "guardian"))


@law(put_to_the_test=15, examples=60)
def test_a_section_that_does_not_list_the_student_never_adds(seed: int) -> int:
    """The student's own and their contacts' roles apart, a student taken off the list gives nobody anything."""
    world = World(seed)
    tried = 0
    for request in world.requests(25):
        snapshot = world.changed()
        places = request["resource"].get("properties", {})
        sections = [one for one in snapshot["sections"] if one.get("id") == places.get("section")]
        user = user_of(snapshot, request["subject"]["id"])
        if not user or not sections or {*user["roles"]} & {"student", "contact"}:
            continue
        if world.policy["resources"][request["resource"]["type"]].get("within") == ["student", "section"]:
            (section,) = sections
            section["students"] = [one for one in section["students"] or [] if one != places["student"]]
            tried += compare(world, request, snapshot)
    return tried


@law(put_to_the_test=100)
def test_a_missing_owner_never_adds(seed: int) -> int:
    """A request that does not say who owns the thing gives what both `me` and `nobody` would give, or less."""
    world = World(seed)
    tried = 0
    for request in world.requests(20):
        if "within" in world.policy["resources"][request["resource"]["type"]]:
            mine = world.engine.may(with_property(request, owner=request["subject"]["id"]))
            nobodys = world.engine.may(with_property(request, owner=""))
            somebodys = world.engine.may(with_property(request, owner="somebody-else"))
            missing = world.engine.may(without_property(request, "owner"))
            assert world.engine.may(with_property(request, owner=None)) == missing
            assert somebodys == nobodys
            assert missing <= mine & nobodys, request
            tried += bool(mine | nobodys)
    return tried


def names(rng: random.Random, kind: TypeTable) -> tuple[int, int, int]:
    """Return pairs beyond doubt, other pairs, and a state of the attributes, at random, as bits."""
    bits = [1 << number for number in range(kind.width) if kind.asked >> number & 1]
    sure, other = (sum(strategies.some(rng, bits, 0)) for _ in range(2))
    every = (*kind.attributes, *([kind.term] if kind.term else []))
    return sure, other, sum(rng.choice([0, *code.states.values()]) for code in every)


@law(put_to_the_test=400)
def test_doubt_never_adds_in_any_cell(seed: int) -> int:
    """In the table a pair that becomes doubtful, or is doubtful where it was not held, never adds a permission."""
    rng = random.Random(seed)
    table = load_table(loaded(strategies.random_policy(rng, loadable=True)))
    tried = 0
    for kind in table.types.values():
        for _ in range(20):
            sure, other, state = names(rng, kind)
            before = kind.cell(sure | state).permissions
            assert kind.cell(sure & ~other | (sure & other) << kind.width | state).permissions <= before
            assert kind.cell(sure | other << kind.width | state).permissions <= before
            tried += bool(before)
    return tried
