"""Everything one person may do in their district, grouped by what is alike. Asks the evaluator, decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import msgspec

from rolecall.authorizer import Authorizer
from rolecall.errors import Indeterminate
from rolecall.facts.roster import Roster
from rolecall.table import TypeTable
from rolecall.vocabulary.decision import Decision
from rolecall.vocabulary.facts import RoleAssignment
from rolecall.vocabulary.request import Resource

_NEAR = ("resource", "student", "section", "school", "district", "anywhere")


class Holding(msgspec.Struct, frozen=True):
    """A group of resources around which the person holds the same roles and may do the same.

    `always` is allowed whatever the resource's attributes are, `sometimes` for some of their values. `places` are
    the ids (of what the type lies in, for an application's own types), `roles` the roles nearest to them.
    """

    type: str
    roles: tuple[str, ...]
    always: tuple[str, ...]
    sometimes: tuple[str, ...]
    places: tuple[str, ...]


def holdings(pdp: Authorizer, roster: Roster, user: str) -> list[Holding]:
    """Give what the user may do, nearest first. Where nothing is allowed there is no group.

    Raises `Indeterminate` where nothing can be decided about the user now.
    """
    types = list(pdp.table.types.values())
    for kind in types[:1]:  # what cannot be decided cannot be listed, whatever the type and the place
        nowhere = pdp.authorize(user, Resource(kind.name, "", dict.fromkeys(kind.places, "")))
        if nowhere.indeterminate:
            raise Indeterminate(nowhere)
    person = roster.person(user)
    if person is None:
        return []
    groups: dict[tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]], list[str]] = {}
    depth: dict[tuple[str, ...], int] = {}
    known: dict[object, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    places = _ids(roster, person.district)
    for kind in types:
        for place, properties in _places(kind, roster, places, person.district):
            probe = pdp.authorize(
                user, Resource(kind.name, place, {**properties, "owner": ""} if kind.own else properties)
            )
            alike = (
                kind.name,
                tuple((r.role, r.scope, r.doubt) for r in probe.roles),
                probe.location and probe.location.term,
            )
            if alike not in known:
                known[alike] = _over_states(pdp, kind, user, place, properties)
            always, sometimes = known[alike]
            if always or sometimes:
                roles, near = _nearest(probe)
                depth[roles] = near
                groups.setdefault((kind.name, roles, always, sometimes), []).append(place)
    found = [Holding(*key, places=tuple(places)) for key, places in groups.items()]
    order = {kind.name: number for number, kind in enumerate(types)}
    return sorted(found, key=lambda one: (depth[one.roles], one.roles, order[one.type]))


def _ids(roster: Roster, district: str) -> dict[str, list[str]]:
    """Give the ids of a district's places and students, by what a type can lie within."""
    return {
        "district": [one for one in roster.districts if one == district],
        "school": [one.id for one in roster.schools.values() if one.district == district],
        "section": [one.id for one in roster.sections.values() if one.district == district],
        "student": [one.id for one in roster.users.values() if one.district == district and "student" in one.roles],
    }


def _places(
    kind: TypeTable, roster: Roster, ids: dict[str, list[str]], district: str
) -> Iterator[tuple[str, dict[str, object]]]:
    """Give each place of the district where a resource of the type can be, with the properties that name it."""
    if kind.within == "student+section":
        for student in ids["student"]:
            for section in roster.enrolled.get(student, ()):
                if section.district == district:
                    yield f"{student} in {section.id}", {"student": student, "section": section.id}
    else:
        for place in ids[kind.within]:
            yield place, {kind.within: place} if kind.own else {}


def _over_states(
    pdp: Authorizer, kind: TypeTable, user: str, place: str, properties: dict[str, object]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give what is allowed in every state of the attributes, unknown and without an owner too, and what in some."""
    owners = (None, "", user) if kind.own else (None,)
    names = [code.name for code in kind.attributes]
    results = []
    for owner, *values in product(owners, *((None, *code.values) for code in kind.attributes)):
        state = properties | dict(zip(names, values, strict=True)) | ({"owner": owner} if kind.own else {})
        results.append(pdp.authorize(user, Resource(kind.name, place, state)).permissions)
    always, ever = frozenset.intersection(*results), frozenset.union(*results)
    order = kind.permissions
    return tuple(p for p in order if p in always), tuple(p for p in order if p in ever - always)


def _nearest(decision: Decision) -> tuple[tuple[str, ...], int]:
    """Give the roles held closest to the resource, each at its nearest scope, and how near the nearest is."""
    best: dict[str, RoleAssignment] = {}
    for role in decision.roles:
        best.setdefault(role.role, role)
    near = min((_NEAR.index(role.scope) for role in best.values()), default=len(_NEAR))
    shown = [
        f"{role.role} at {role.scope}" if role.scope != "anywhere" else f"{role.role} elsewhere"
        for role in best.values()
    ]
    return tuple(shown), near
