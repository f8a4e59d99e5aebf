"""What many records share, each kept once by its digest: a policy's text, a person, a place, a cell of the table."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final, TypedDict

import msgspec

from rolecall.audit.entry import encode
from rolecall.audit.masks import Masks
from rolecall.audit.stores.base import Blob, Kind
from rolecall.policy import Policy
from rolecall.vocabulary.facts import Held, Location
from rolecall.vocabulary.reasons import Cell, RuleRef


class _Policy(TypedDict):
    files: list[tuple[str, str]]
    timezone: str
    application: str
    digest: str


class _Person(TypedDict):
    id: str
    district: str
    roles: list[tuple[str, str, str, str, str]]
    notes: list[str]
    problem: str


class _Place(TypedDict):
    kind: str
    id: str
    district: str
    keys: list[str]
    doubtful: list[str]
    term: tuple[str, str | None, str | None] | None


class _Cell(TypedDict):
    code: str
    permissions: list[str]
    given: list[tuple[str, str, str, list[str]]]
    capped: list[tuple[str, str, str, list[str]]]


_SHAPES: Final[dict[str, Any]] = {"policy": _Policy, "person": _Person, "place": _Place, "cell": _Cell}


def digest_of(kind: str, body: bytes) -> str:
    """Give a blob's digest: the SHA-256 of its kind, a zero byte and its canonical JSON, in hexadecimal digits."""
    return hashlib.sha256(kind.encode() + b"\0" + body).hexdigest()


def read_blob(blob: Blob) -> Mapping[str, Any]:
    """Give a blob's object; raises `ValueError` where it is none, or not what its digest says."""
    if digest_of(blob.kind, blob.body) != blob.digest:
        raise ValueError(f"the {blob.kind} `{blob.digest[:16]}` was changed")
    shape = _SHAPES.get(blob.kind)
    if shape is None:
        raise ValueError(f"`{blob.digest[:16]}` is of a kind that nobody knows: `{blob.kind}`")
    found: Mapping[str, Any] = msgspec.json.decode(blob.body, type=shape)
    return found


def policy_blob(policy: Policy) -> Blob:
    """Give a policy: its files with their text, from which it can be put in force again."""
    files = [[source.name, source.text] for source in policy.sources]
    return _blob(
        "policy",
        {"files": files, "timezone": policy.timezone, "application": policy.application, "digest": policy.digest},
    )


def person_blob(held: Held, masks: Masks) -> Blob:
    """Give a person, exactly as decisions saw them."""
    known = places_of(held)
    roles = [
        [one.role, one.scope, masks.place(one.scope, one.id), masks.text(one.doubt, known), one.source]
        for one in held.roles
    ]
    return _blob(
        "person",
        {
            "id": masks.user(held.id),
            "district": masks.id(held.district),
            "roles": roles,
            "notes": [masks.text(note, known) for note in held.notes],
            "problem": masks.text(held.problem, known),
        },
    )


def places_of(held: Held) -> frozenset[str]:
    """Give the ids of the places where somebody holds a role, and their roles' names: nobody's ids."""
    places = {one.id for one in held.roles if one.scope != "student"}
    return frozenset({*places, held.district, *(one.role for one in held.roles)})


def place_blob(location: Location, masks: Masks) -> Blob:
    """Give a location, exactly as decisions saw it; a term's bounds are worked out anew from the policy's zone."""
    kinds, term = location.kind.split("+"), location.term
    if len(kinds) == 1:
        identifier = masks.place(location.kind, location.id)
    else:  # `student+section`: its keys begin with the student, and what follows the student's id is the section's
        student = location.keys[0].partition(":")[2]
        identifier = f"{masks.user(student)}+{masks.id(location.id[len(student) + 1 :])}"
    return _blob(
        "place",
        {
            "kind": location.kind,
            "id": identifier,
            "district": masks.id(location.district),
            "keys": [masks.key_of(key) for key in location.keys],
            "doubtful": [masks.key_of(key) for key in location.doubtful],
            "term": None if term is None else [masks.id(term.id), masks.date(term.start), masks.date(term.end)],
        },
    )


def cell_blob(cell: Cell) -> Blob:
    """Give a cell of the table with the rules behind it, so that a record explains itself."""
    return _blob(
        "cell",
        {
            "code": cell.code,
            "permissions": sorted(cell.permissions),
            "given": [_rule(rule, permissions) for rule, permissions in cell.given],
            "capped": [_rule(rule, permissions) for rule, permissions in cell.capped],
        },
    )


def _rule(rule: RuleRef, permissions: frozenset[str]) -> list[object]:
    return [rule.id, str(rule.origin), rule.because, sorted(permissions)]


def _blob(kind: Kind, content: Mapping[str, object]) -> Blob:
    body = encode(content)
    return Blob(digest_of(kind, body), kind, body)
