"""What is different about a person between two times, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal

import msgspec

from rolecall.vocabulary.roles import HELD_AT, INSIDE
from rolecall.wording import listed

Key = tuple[str, str, str]
"""A role, the scope at which it is held, and the place's id."""

_SCOPES: Final = ("district", "anywhere", "school", "section", "student", "resource")
_LOGIN: Final = {inner: login for login, names in INSIDE.items() for inner in names}


class State(msgspec.Struct, frozen=True):
    """A person at one time. `district` is empty where they are not held.

    `roles` gives by role and place why it is doubtful, or nothing. `idle` are assignments that give nothing, or not
    yet, in words, with the role that they would give.
    """

    district: str = ""
    roles: dict[Key, str] = {}
    notes: frozenset[str] = frozenset()
    idle: dict[str, Key] = {}


class Difference(msgspec.Struct, frozen=True):
    """One thing that became different: gained (`+`), lost (`-`), another than before (`~`), or odd (`!`).

    Of roles, `roles` are those at the place `scope` and `id`, with why they are doubtful.
    """

    sign: Literal["+", "-", "~", "!"]
    text: str
    roles: tuple[str, ...] = ()
    scope: str = ""
    id: str = ""
    doubt: str = ""


def differences(before: State, after: State) -> Iterator[Difference]:
    """Give what is different: whether they are held, what was lost, what was gained, what is in doubt, what is odd."""
    if before.district and not after.district:
        yield Difference("-", "not held any more: deleted in Clever, or no longer shared with this application")
    elif after.district and not before.district:
        yield Difference("+", f"held, in district {after.district}")
    elif before.district != after.district:
        yield Difference("~", f"belongs to district {after.district}, no longer to district {before.district}")
    yield from _roles("-", {key: "" for key in before.roles if key not in after.roles})
    yield from _roles("+", {key: doubt for key, doubt in after.roles.items() if key not in before.roles})
    yield from _doubts(before, after)
    yield from (Difference("~", one) for one in sorted(after.idle.keys() - before.idle.keys()))
    withdrawn = [one for one, key in before.idle.items() if one not in after.idle and key not in after.roles]
    yield from (Difference("~", f"no longer {one}") for one in sorted(withdrawn))
    yield from (Difference("!", one) for one in sorted(after.notes - before.notes))
    if after.district:
        yield from (Difference("!", f"no longer so: {one}") for one in sorted(before.notes - after.notes))


def _doubts(before: State, after: State) -> Iterator[Difference]:
    """Give the roles that are held as before, but are doubtful now, or no longer."""
    found: dict[str, list[str]] = {}
    for key, doubt in after.roles.items():
        if before.roles.get(key, doubt) != doubt:
            found.setdefault(doubt, []).append(key[0])
    for doubt, roles in sorted(found.items()):
        named = _in_order(roles)
        said = f"doubtful: {doubt}" if doubt else "no longer doubtful"
        yield Difference("~", f"{listed(named)} {said}", named, doubt=doubt)


def _roles(sign: Literal["+", "-"], keys: dict[Key, str]) -> Iterator[Difference]:
    """Give roles gained or lost, those of one kind at one place together."""
    groups: dict[tuple[int, str, str, str, str], list[str]] = {}
    for (role, scope, place), doubt in keys.items():
        if not _goes_without_saying(role, scope, keys):
            family = _LOGIN.get(role, role)
            groups.setdefault((_SCOPES.index(scope), place, family, doubt, scope), []).append(role)
    for (_, place, _, doubt, scope), roles in sorted(groups.items()):
        held = _in_order(roles)
        said = _phrase(held, scope, place)
        text = f"no longer {said}" if sign == "-" else f"{said} (doubtful: {doubt})" if doubt else said
        yield Difference(sign, text, held, scope, place, doubt)


def _goes_without_saying(role: str, scope: str, keys: dict[Key, str]) -> bool:
    """Say whether another line tells this: a student is themself, and what is held near is held anywhere."""
    if (role, scope) in (("student", "student"), ("district_admin", "anywhere")):
        return True
    login = role in HELD_AT and role not in _LOGIN
    return scope == "anywhere" and not login and any(one == role and at != "anywhere" for one, at, _ in keys)


def _phrase(roles: tuple[str, ...], scope: str, place: str) -> str:
    """Say what roles at one place are, so that `no longer` can stand before it."""
    names, first = listed(roles), roles[0]
    if scope == "anywhere":
        several = "s" if len(roles) > 1 else ""
        return f"{names}, at no particular place" if first in _LOGIN else f"has the role{several} {names}"
    if scope == "section" and first == "teacher":
        return f"teaches section {place}" + (", as its primary teacher" if len(roles) > 1 else "")
    if scope == "section" and roles == ("primary_teacher",):
        return f"the primary teacher of section {place}"
    if scope == "section" and roles == ("student",):
        return f"enrolled in section {place}"
    if scope == "student":
        return f"{names} of student {place}"
    if roles == ("district_admin",):
        return f"administrator of district {place}"
    return f"{names} at {scope} {place}"


def _in_order(roles: Iterable[str]) -> tuple[str, ...]:
    """Give roles once each, login roles before what lies inside them, the application's own last."""
    order = {role: number for number, role in enumerate(HELD_AT)}
    return tuple(sorted(set(roles), key=lambda role: (order.get(role, len(order)), role)))
