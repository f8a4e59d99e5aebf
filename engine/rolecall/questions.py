"""Questions checked part by part. What is malformed raises a `RequestError`: a typo is never a silent no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from rolecall.errors import RequestError, UnknownPermission, UnknownResourceType, UnknownRole
from rolecall.table import TypeTable
from rolecall.vocabulary.request import Resource, User
from rolecall.vocabulary.roles import Atoms


def user_id(user: User) -> str:
    """Give the v3.0 id of a user."""
    found = user if isinstance(user, str) else getattr(user, "clever_id", None)
    if not isinstance(found, str):
        raise RequestError(
            f"the user must be a v3.0 id, or an object whose `clever_id` is one, not a `{type(user).__name__}`"
        )
    return found


def read_kind(resource: Resource, permission: str | None, types: Mapping[str, TypeTable]) -> TypeTable:
    """Give the table of the resource's type; raises where the policy knows no such type, or permission of it."""
    if not isinstance(resource, Resource):
        raise RequestError(f"the resource must be a `rolecall.Resource`, not a `{type(resource).__name__}`")
    kind = types.get(resource.type)
    if kind is None:
        raise UnknownResourceType(resource.type, types)
    if permission is not None and not (isinstance(permission, str) and permission in kind.known):
        raise UnknownPermission(permission, kind.name, kind.known)
    return kind


def read_places(kind: TypeTable, resource: Resource) -> list[str]:
    """Give the ids of the places that the resource, of an application's own type, lies in."""
    found = []
    for place in kind.places:
        identifier = resource.properties.get(place)
        if not isinstance(identifier, str):
            raise RequestError(f"the properties of `{kind.name}` must name the {place} it lies in: `{place}: …`")
        found.append(identifier)
    return found


def read_acting(acting_as: Sequence[str], atoms: Atoms) -> int:
    """Give the bits of the roles acted as, with `owner`, which is active beside any of them."""
    if isinstance(acting_as, str) or not isinstance(acting_as, Sequence):
        raise RequestError('`acting_as` must be a list of roles, such as ["teacher"]')
    bits = atoms.owner
    for name in acting_as:
        if not isinstance(name, str) or name not in atoms.acting:
            raise UnknownRole(name, atoms.acting)
        bits |= atoms.acting[name]
    return bits


def read_bounds(given: Mapping[str, timedelta], types: Mapping[str, TypeTable]) -> dict[str, dict[str, int]]:
    """Give, by type and permission, how old facts may be (nanoseconds): of `{"student.export": timedelta(minutes=1)}`.

    Raises `TypeError` for what is no such mapping, and a `RequestError` for a type or permission that the policy lacks.
    """
    if not isinstance(given, Mapping):
        raise TypeError('`fresh_within` must be a mapping such as {"student.export": timedelta(minutes=1)}')
    found: dict[str, dict[str, int]] = {}
    for name, bound in given.items():
        if not isinstance(name, str) or not isinstance(bound, timedelta) or bound < timedelta():
            raise TypeError('`fresh_within` maps `TYPE.PERMISSION` to a timedelta, such as "student.export"')
        kind, _, permission = name.partition(".")
        if kind not in types:
            raise UnknownResourceType(kind, types)
        if permission not in types[kind].known:
            raise UnknownPermission(permission, kind, types[kind].known)
        found.setdefault(kind, {})[permission] = bound // timedelta(microseconds=1) * 1000
    return found
