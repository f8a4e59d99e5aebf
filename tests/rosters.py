"""Small random rosters, how they change, and all that decisions read of a person or a place in them."""

import random
from copy import deepcopy

import strategies
from rolecall.facts.around import KINDS

POLICY = {"roles": {"substitute": {"scopes": ["section"]}, "coach": {"scopes": ["section", "school"]}}}
PLACES = ("district", "school", "section", "student")


def world(seed):
    """A small roster of one or two districts, with what goes wrong in real ones."""
    return strategies.random_snapshot(random.Random(seed), POLICY)


def said_of_person(roster, user):
    """All that decisions read of a person."""
    found = roster.person(user)
    return found and (found.id, found.district, found.roles, found.notes)


def said_of_place(roster, kind, identifier):
    """All that decisions read of a place."""
    found = roster.location(kind, identifier)
    term = found and found.term and (found.term.id, found.term.start, found.term.end)
    return found and (found.kind, found.id, found.district, found.keys, term, found.students)


def people(snapshot):
    """The ids that are somebody's, or might be."""
    return sorted({one["id"] for one in snapshot["users"] if one.get("id")} | {"u0", "nobody"})


def places(snapshot):
    """The ids of places, and those of users as students."""
    found = [
        (kind, one["id"])
        for kind in KINDS[:4]
        if kind != "term"
        for one in snapshot.get(f"{kind}s", ())
        if one.get("id")
    ]
    return [*found, *(("student", user) for user in people(snapshot)), ("school", "k0"), ("section", "s0")]


def spoken(roster, snapshot):
    """All that decisions read of everybody and everything, however it is ordered."""
    said = {user: said_of_person(roster, user) for user in people(snapshot)}
    said = {user: one and (one[1], set(one[2]), set(one[3])) for user, one in said.items()}
    for kind, identifier in places(snapshot):
        one = said_of_place(roster, kind, identifier)
        said[kind, identifier] = one and (one[2], set(one[3]), one[4], one[5])
    return said


def changed(rng, snapshot, districts):
    """Change some records of a snapshot; give what happened: district, kind, verb, object."""
    events = []
    for _ in range(rng.randint(1, 3)):
        kind = rng.choice([*KINDS[1:], "section", "user", "user"])
        raws = [one for one in snapshot[f"{kind}s"] if one.get("id") and one.get("district")]
        other = world(rng.randrange(10_000))
        if raws and strategies.chance(rng, 25):
            gone = rng.choice(raws)
            snapshot[f"{kind}s"].remove(gone)
            events.append((gone["district"], kind, "deleted", gone))
        elif raws and strategies.chance(rng, 15):
            same = dict(rng.choice(raws), name=f"renamed {rng.random()}")
            snapshot[f"{kind}s"] = [same if one.get("id") == same["id"] else one for one in snapshot[f"{kind}s"]]
            events.append((same["district"], kind, "updated", same))
        else:
            new = deepcopy(rng.choice([one for one in other[f"{kind}s"] if one.get("id") and one.get("district")]))
            old = next((one for one in raws if one["id"] == new["id"]), None)
            if (old and old["district"] != new["district"]) or new["district"] not in districts:
                continue
            snapshot[f"{kind}s"] = [one for one in snapshot[f"{kind}s"] if one.get("id") != new["id"]] + [new]
            events.append((new["district"], kind, "updated", new))
    return events
