"""A person's roles around a thing, with one more or one less, and all that comes and goes with it.

What comes with a role is what `compiler.reach` says comes with it. What goes with one is not always known from the
roles around the thing alone: who no longer teaches a class may still be a teacher at its school. Then there are several
*readings* of what would be left, and a suggestion holds only if it does in each.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final, Literal

from msgspec.structs import replace

from rolecall.compiler.reach import Reach
from rolecall.counterfactual.state import Roles, State
from rolecall.vocabulary.facts import RoleAssignment
from rolecall.vocabulary.roles import CLEVER_ROLES, DESIGNATIONS, EMPLOYEES, HELD_AT_SCHOOL_THROUGH_SECTION, INSIDE

LOGIN: Final = {inner: outer for outer, names in INSIDE.items() for inner in names}
_IMPOSSIBLE: Final = "Clever never gives a "
_CHILDREN: Final = ("contact", "guardian")


def gain(state: State, reach: Reach, role: str, scope: str) -> list[State]:
    """Give the state of somebody who holds one more role; none where nobody could hold it there beside the others."""
    if not possible(state, role, scope):
        return []
    closed = reach.close(state.atoms.bit[role, scope])
    roles = list(state.roles)
    designations = dict(designations_of(state.roles))
    if LOGIN.get(role, role) == "staff":
        if role in DESIGNATIONS:  # exactly the known ones, and this one
            designations = {name: "" for name, doubt in designations.items() if not doubt} | {role: ""}
        elif not any(one.role == "staff" for one in roles):
            designations = {"PortalOnly": ""}  # what Clever gives every member of staff
    for name, where in state.atoms.names(closed):
        if name not in DESIGNATIONS:
            roles += _at(state, name, where)
    if role in _CHILDREN and scope == "student":
        roles += [one for where in ("section", "school") for one in _family(state, role, where)]
    found = _settled(_designated(tuple(roles), designations))
    return [] if _logins(found) - _logins(state.roles) and _clash(found) else [state.having(found)]


def _logins(roles: Roles) -> set[str]:
    return {one.role for one in roles if one.role in CLEVER_ROLES}


def _clash(roles: Roles) -> bool:
    """Say whether somebody is two of a student, a contact and an employee: Clever promises that nobody is."""
    logins = _logins(roles)
    return ("student" in logins) + ("contact" in logins) + any(one in EMPLOYEES for one in logins) > 1


def possible(state: State, role: str, scope: str) -> bool:
    """Say whether somebody could come to hold a role there: nobody becomes another student, or moves to be one."""
    if role == "student" and (scope == "student" or state.held.id in state.ids("student")):
        return False
    return scope in ("anywhere", "district") or bool(state.ids(scope))


def _at(state: State, role: str, scope: str) -> list[RoleAssignment]:
    source: Literal["clever", "asserted"] = "asserted" if role in state.atoms.own else "clever"
    return [RoleAssignment(role, scope, place, source=source) for place in state.ids(scope)[:1]]


def _family(state: State, role: str, scope: str) -> list[RoleAssignment]:
    """Give what a contact of the thing's student holds at the places of the student that are around the thing."""
    names = ("contact", "guardian") if role == "guardian" else ("contact",)
    keys = [key.partition(":") for key in state.location.keys]
    return [RoleAssignment(name, scope, place) for kind, _, place in keys if kind == scope for name in names]


def lose(state: State, reach: Reach, role: str, scope: str) -> list[State]:
    """Give the readings of what somebody holds who loses a role at the places of a scope around the thing."""
    if role == "student" and state.held.id in state.ids("student"):
        return []
    places = {*state.ids(scope)}
    target = state.atoms.bit[role, scope]
    goes = {pair for pair, bit in state.atoms.bit.items() if reach.close(bit) & target}
    goes.add((role, scope))
    if role in _CHILDREN and scope in ("section", "school"):  # the thing's student is one of those there
        goes |= {(name, "student") for name, _ in tuple(goes) if name in _CHILDREN}
    near = set(state.ids("section")) | set(state.ids("school")) | set(state.ids("student")) | places
    everywhere = scope in ("anywhere", "district")
    kept = [one for one in state.roles if (one.role, one.scope) not in goes or not (everywhere or one.id in near)]
    if len(kept) == len(state.roles):
        return []
    gone = {one.role for one in state.roles if one not in kept}
    maybe = _maybe(state, gone, kept) if (role, scope) != (LOGIN.get(role, role), "anywhere") else []
    designations = designations_of(tuple(kept))
    found = []
    for left in product((False, True), repeat=len(maybe)):
        dropped = {pair for pair, keep in zip(maybe, left, strict=True) if not keep}
        roles = tuple(one for one in kept if (one.role, one.scope) not in dropped)
        if _fits(roles):
            found += [state.having(one) for one in _readings(_designated(roles, designations))]
    return found


def _maybe(state: State, gone: set[str], kept: list[RoleAssignment]) -> list[tuple[str, str]]:
    """Give what was perhaps held only through what is gone: then it goes too."""
    found = []
    for one in kept:
        through = one.scope == "school" and one.role in HELD_AT_SCHOOL_THROUGH_SECTION
        childs = one.role in _CHILDREN and one.scope in ("section", "school")
        inner = one.scope == "anywhere" and (one.role in ("primary_teacher", "guardian") or one.role in state.atoms.own)
        if one.role in gone and (through or childs or inner):
            found.append((one.role, one.scope))
    return list(dict.fromkeys(found))


def _fits(roles: Roles) -> bool:
    """Say whether what is left could be somebody's: what lies inside a role is held with it, and then anywhere."""
    pairs = {(one.role, one.scope, one.id) for one in roles}
    wide = {one.role for one in roles if one.scope == "anywhere"}
    return all(
        role in wide and (role not in ("guardian", "primary_teacher") or (LOGIN[role], scope, place) in pairs)
        for role, scope, place in pairs
    )


def designate(state: State, names: tuple[str, ...]) -> list[State]:
    """Give the state of somebody whose designations in Clever are exactly these."""
    if not any(one.role == "staff" for one in state.roles):
        return []
    return [state.having(_settled(_designated(state.roles, dict.fromkeys(names, ""))))]


def designations_of(roles: Roles) -> dict[str, str]:
    """Give somebody's designations, and why each is doubtful."""
    return {one.role: one.doubt for one in roles if one.role in DESIGNATIONS and one.scope == "anywhere"}


def _designated(roles: Roles, designations: dict[str, str]) -> Roles:
    """Give the roles with these designations, held exactly where staff is."""
    found = [one for one in roles if one.role not in DESIGNATIONS]
    for one in roles:
        if one.role == "staff":
            found += [replace(one, role=name, doubt=doubt) for name, doubt in designations.items()]
    return tuple(dict.fromkeys(found))


def _settled(roles: Roles) -> Roles:
    """Give the roles with the doubts that they cast on each other as they are now."""
    present = {one.role for one in roles if one.scope == "anywhere" and one.role in CLEVER_ROLES}
    return tuple(_resolved(one, present) for one in roles)


def _resolved(one: RoleAssignment, present: set[str]) -> RoleAssignment:
    login = LOGIN.get(one.role, one.role)
    doubtful = {"student": ("contact", *EMPLOYEES), "contact": EMPLOYEES}
    for other, names in doubtful.items():
        if other in present and login in names:
            return replace(one, doubt=f"{_IMPOSSIBLE}{other} this role")
    return replace(one, doubt="") if one.doubt.startswith(_IMPOSSIBLE) else one


def _readings(roles: Roles) -> Iterator[Roles]:
    """Give the roles with their doubts as they are now; a designation's own doubt may have hidden behind another."""
    settled = _settled(roles)
    yield settled
    cleared = {
        new.role
        for old, new in zip(roles, settled, strict=True)
        if old.doubt and not new.doubt and new.role in DESIGNATIONS
    }
    if cleared:
        hidden = "perhaps not as Clever spells it"
        yield tuple(replace(one, doubt=hidden) if one.role in cleared else one for one in settled)


def enlist(state: State) -> list[State]:
    """Give the state in which the section lists the student."""
    place = state.location
    if not place.doubtful:
        return []
    keys = (*place.keys, *place.doubtful)
    (student,) = state.ids("student")
    listed = replace(state, location=replace(place, keys=keys, doubtful=(), students=(*place.students, student)))
    roles = list(state.roles)
    if state.held.id == student:
        roles += [RoleAssignment("student", scope, one) for scope in ("section", "school") for one in state.ids(scope)]
    for one in state.roles:
        if one.role in _CHILDREN and (one.scope, one.id) == ("student", student):
            roles += [replace(one, scope=scope, id=at) for scope in ("section", "school") for at in state.ids(scope)]
    return [listed.having(tuple(dict.fromkeys(roles)))]
