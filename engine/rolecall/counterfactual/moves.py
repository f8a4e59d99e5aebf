"""What could be otherwise around one question: every single change there is, and the states that each leads to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from rolecall.compiler.reach import Reach
from rolecall.counterfactual.changes import Change, Maker
from rolecall.counterfactual.roles import designate, designations_of, enlist, gain, lose, possible
from rolecall.counterfactual.state import State
from rolecall.vocabulary.roles import DESIGNATIONS, OWNER

_ORDER: Final = ("lose", "designations", "gain", "listed", "term", "attribute", "owner", "acting")
_TERMS: Final = ("past", "current", "future")


def moves(state: State, reach: Reach) -> list[Change]:
    """Give every single change that could matter to the answer."""
    return [*_of_the_person(state, reach), *_of_the_thing(state), *_of_acting(state)]


def _of_the_person(state: State, reach: Reach) -> Iterator[Change]:
    """Give a role more or less at each scope, and other designations."""
    held = {(one.role, one.scope) for one in state.roles}
    sure = {(one.role, one.scope) for one in state.roles if not one.doubt}
    designated = state.atoms.mask(tuple((role, "anywhere") for role in designations_of(state.roles)))
    roleless = not any(scope == "anywhere" for _, scope in sure)
    asked = state.kind.asked | (state.atoms.anywhere if roleless or state.acting is not None else 0)
    if any(role == "staff" for role, _ in held):
        now = tuple(name for name, doubt in designations_of(state.roles).items() if not doubt)
        for names in (("PortalOnly",), ("SchoolTechLead",), DESIGNATIONS):
            if set(names) != set(now) or len(now) != len(designations_of(state.roles)):
                yield Change("designations", values=names)
    for (role, scope), bit in state.atoms.bit.items():
        if role == OWNER or scope not in state.kind.location_scopes:
            continue
        if (role, scope) not in sure and reach.close(bit | designated) & asked and possible(state, role, scope):
            yield Change("gain", role, scope, (state.ids(scope) or [""])[0])
        if (role, scope) in held and role not in DESIGNATIONS and (role, scope) != ("district_admin", "anywhere"):
            yield Change("lose", role, scope, (state.ids(scope) or [""])[0])


def _of_the_thing(state: State) -> Iterator[Change]:
    """Give another value of each attribute that a rule asks about, another term, another owner; the student listed."""
    if state.location.doubtful:
        yield Change("listed", place=(state.ids("section") or [""])[0])
    for code in state.kind.attributes:
        yield from (
            Change("attribute", name=code.name, value=one) for one in code.values if one != state.value(code.name)
        )
    if state.kind.term and state.location.kind in ("section", "student+section"):
        yield from (Change("term", name="term", value=one) for one in _TERMS if one != state.term())
    if state.kind.own and state.kind.asked & state.atoms.owner:
        owner = state.properties.get("owner")
        if owner != state.held.id:
            yield Change("owner", name="owner", value=state.held.id)
        if owner in (None, state.held.id):
            yield Change("owner", name="owner", value="")


def _of_acting(state: State) -> Iterator[Change]:
    """Give each role held as the one acted as, and acting as all of them."""
    roles = tuple(one for one in state.atoms.login_roles if any(held.role == one for held in state.roles))
    if state.acting is not None:
        yield Change("acting", name="all")
    if len(roles) > 1 or state.acting is not None:
        yield from (Change("acting", values=(one,)) for one in roles if (one,) != state.acting)


def compatible(changes: Sequence[Change]) -> bool:
    """Say whether changes can be made together: not twice the same thing, and nothing gained that is lost."""
    slots = [
        (one.kind, one.name) for one in changes if one.kind in ("designations", "attribute", "term", "owner", "acting")
    ]
    gained = {(one.role, one.scope) for one in changes if one.kind == "gain"}
    lost = {(one.role, one.scope) for one in changes if one.kind == "lose"}
    return len(set(slots)) == len(slots) and not gained & lost


def apply(state: State, reach: Reach, changes: Iterable[Change]) -> list[State]:
    """Give the readings of what would be the case; none where it could not be."""
    found = [state]
    for change in sorted(changes, key=lambda one: _ORDER.index(one.kind)):
        found = [after for before in found for after in _applied(before, reach, change)]
    return found


def _applied(state: State, reach: Reach, change: Change) -> list[State]:
    if change.kind == "gain":
        return gain(state, reach, change.role, change.scope)
    if change.kind == "lose":
        return lose(state, reach, change.role, change.scope)
    if change.kind == "designations":
        return designate(state, change.values)
    if change.kind == "listed":
        return enlist(state)
    if change.kind == "acting":
        return [replace(state, acting=None if change.name == "all" else change.values)]
    if change.kind == "term":
        now = state.now
        bounds = {"past": (now - 2, now - 1), "current": (now, now), "future": (now + 1, now + 2)}[str(change.value)]
        return [replace(state, location=replace(state.location, bounds=bounds))]
    return [replace(state, properties={**state.properties, change.name: change.value})]


def maker(change: Change, own: Iterable[str]) -> Maker:
    """Say who can make a change; `own` are the application's roles."""
    if change.kind in ("gain", "lose"):
        if change.role in own:
            return "product"
        return "district" if change.role == "district_admin" or change.role in DESIGNATIONS else "school"
    if change.kind in ("designations", "term"):
        return "district"
    if change.kind == "listed":
        return "school"
    if change.kind in ("attribute", "owner", "identifier"):
        return "product"
    return "person" if change.kind == "acting" else "policy"
