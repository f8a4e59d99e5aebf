"""A person's roles folded for one policy: place -> bits, so that a decision is a few look-ups."""

from __future__ import annotations

from collections.abc import Iterable
from sys import intern
from typing import Final, Protocol, runtime_checkable

from rolecall.facts.assignments import AssignmentRecord
from rolecall.instants import render_instant
from rolecall.vocabulary.facts import ALWAYS, Held, Location, Person, RoleAssignment
from rolecall.vocabulary.roles import Atoms

# Few combinations of bits occur, and a large district holds each of them many times: all share one number.
_SAME: Final[dict[int, int]] = {}
_MOST: Final = 1 << 16


@runtime_checkable
class Facts(Protocol):
    """What the authoriser asks of facts, however they are kept. `as_of` is nanoseconds since 1970, or None."""

    @property
    def as_of(self) -> int | None:
        """When the facts were true."""
        ...  # a Protocol's body

    @property
    def source(self) -> str:
        """Where the facts come from, in a few words."""
        ...  # a Protocol's body

    def person(self, user: str) -> Person | None:
        """Give a user with their roles, or None where there is none."""
        ...  # a Protocol's body

    def location(self, kind: str, identifier: str) -> Location | None:
        """Give where a district, school, section or student is, or None where it is not held."""
        ...  # a Protocol's body

    def counts(self, kind: str, identifier: str, district: str) -> bool:
        """Say whether a place is held, in that district."""
        ...  # a Protocol's body

    def successor(self, identifier: str) -> str | None:
        """Give the v3.0 id of whoever had this id before Clever's API 3.0, or None."""
        ...  # a Protocol's body

    def application_assignments(self, user: str) -> tuple[AssignmentRecord, ...]:
        """Give the application's assignments that came with the facts."""
        ...  # a Protocol's body


def hold(user: str, facts: Facts, assigned: Iterable[AssignmentRecord], atoms: Atoms, now: int) -> Held:
    """Fold a user's roles, and what the application assigned to them, as they are at `now`.

    The result says until when it is good. A `from` or `until` that is no instant makes it a `problem`, for unknown
    users too.
    """
    assigned = tuple(assigned)
    wrong = [one for one in assigned if one.bad]
    problem = (
        f"their assignment as `{wrong[0].role}` has in {wrong[0].bad} no time with a zone, "
        "such as 2026-10-31T00:00:00-05:00"
        if wrong
        else ""
    )
    person = facts.person(user)
    if person is None:
        return Held(user, "", 0, {}, (), problem=problem)
    notes = list(person.notes)
    own: list[RoleAssignment] = []
    edges = [edge for one in assigned for edge in (one.starts, one.ends) if edge is not None]
    for one in assigned:
        if why := _why_ignored(one, atoms):
            notes.append(f"the assignment as `{one.role}` at {one.scope} `{one.id}` is ignored: {why}")
        elif not one.holds(now):
            notes.append(_not_in_force(one, now))
        elif not facts.counts(one.scope, one.id, person.district):
            why = "their district does not have this place here"
            notes.append(f"the assignment as `{one.role}` at {one.scope} `{one.id}` is ignored: {why}")
        else:
            own.append(RoleAssignment(one.role, one.scope, one.id, source="asserted"))
            own.append(RoleAssignment(one.role, "anywhere", person.district, source="asserted"))
    roles = (*person.roles, *dict.fromkeys(own))
    base, places = fold(roles, atoms)
    return Held(
        id=user,
        district=person.district,
        base=base,
        places=places,
        roles=roles,
        notes=tuple(notes),
        problem=problem,
        since=max((edge for edge in edges if edge <= now), default=ALWAYS[0]),
        until=min((edge for edge in edges if edge > now), default=ALWAYS[1]),
        timed=bool(edges),
    )


def _not_in_force(one: AssignmentRecord, now: int) -> str:
    """Say when an assignment ended, or begins."""
    what = f"their assignment as `{one.role}` at {one.scope} `{one.id}`"
    if one.starts is not None and now < one.starts:
        return f"{what} begins {render_instant(one.starts)}"
    return f"{what} ended {render_instant(one.ends or 0)}"


def fold(roles: Iterable[RoleAssignment], atoms: Atoms) -> tuple[int, dict[str, int]]:
    """Give the bits held anywhere and at the district, then those at each place; packed as `Atoms` says."""
    base = 0
    places: dict[str, int] = {}
    for role in roles:
        bit = atoms.bit[role.role, role.scope]
        packed = bit << atoms.width if role.doubt else bit
        if role.scope in ("anywhere", "district"):
            base |= packed
        else:
            key = intern(f"{role.scope}:{role.id}")
            found = places.get(key, 0) | packed
            places[key] = _SAME.setdefault(found, found) if len(_SAME) < _MOST else found
    return base, places


def _why_ignored(one: AssignmentRecord, atoms: Atoms) -> str:
    """Say why the policy lets an application's assignment count for nothing, or nothing where it counts."""
    if one.role not in atoms.own:
        return "the policy declares no such role"
    if one.scope not in atoms.own[one.role]:
        return "the policy does not let the role be assigned at this scope"
    return ""
