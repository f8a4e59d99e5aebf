"""Records as rows for an auditor: who accessed what of which student, when, by which rule. Ids only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rolecall.audit.entry import Entry
from rolecall.audit.rebuild import Blobs
from rolecall.instants import render_instant
from rolecall.vocabulary.identity import short_code

COLUMNS: Final[dict[str, str]] = {
    "time": "when it was decided, RFC 3339 in UTC",
    "decision": "the decision's id (UUIDv7)",
    "code": "the short code that a person was shown (RC-…)",
    "kind": "decision, batch, filter, explain or names",
    "user": "whose access was asked about: the v3.0 id, or its pseudonym",
    "pseudonymised": "whether `user` is a pseudonym",
    "acting_as": "the login roles acted as; empty where none were named",
    "roles": "the roles held around the resource's places, and where",
    "permission": "the permission that was asked; empty where all of them were",
    "outcome": "allow, deny or indeterminate; where all were asked: allow if any is held",
    "reason": "the stable reason code",
    "resource_type": "the type of what was asked about",
    "resource": "its id",
    "student": "the student it is, or lies in; empty where it is no one student's",
    "section": "the section it is, or lies in",
    "school": "the schools it lies in",
    "district": "the district it lies in",
    "permissions": "all that the person might do to it",
    "given_by": "the rules that gave what was asked, each with file:line",
    "cut_by": "the rules that took it away, each with file:line",
    "policy": "the digest of the policy in force",
    "facts_as_of": "when the facts were true; empty where unknown",
    "event": "the last Clever event applied",
    "detail": "why nothing could be decided, or what was not found",
}
"""The columns of an export, in order, each with what it holds. In CSV a list is joined by `; `."""

_NOTHING: Final[Mapping[str, Any]] = {"keys": (), "doubtful": (), "district": ""}


def outcome(entry: Entry) -> str:
    """Give `allow`, `deny` or `indeterminate`. Where no permission was asked, any that is held makes it `allow`."""
    if entry.code == "indeterminate":
        return "indeterminate"
    return "allow" if (entry.code == "granted" if entry.allowed is None else entry.allowed) else "deny"


def row(entry: Entry, blobs: Blobs) -> dict[str, Any]:
    """Give a record as a row: the names of `COLUMNS`, in order, to texts, booleans and lists of texts."""
    cell, person = blobs[entry.cell], blobs[entry.person]
    place = _NOTHING if entry.place is None else blobs[entry.place]
    keys = [*place["keys"], *place["doubtful"]]
    near = {*keys, f"district:{place['district']}"}
    held = [f"{role}@{scope}:{where}" for role, scope, where, *_ in person["roles"] if f"{scope}:{where}" in near]
    return {
        "time": render_instant(entry.time_ns),
        "decision": entry.id,
        "code": short_code(entry.id),
        "kind": entry.mark,
        "user": entry.subject,
        "pseudonymised": entry.pseudonymised,
        "acting_as": list(entry.acting_as or ()),
        "roles": held,
        "permission": entry.permission or "",
        "outcome": outcome(entry),
        "reason": entry.code,
        "resource_type": entry.type,
        "resource": entry.resource,
        "student": " ".join(_student(entry, keys)),
        "section": " ".join(_inside(entry, keys, "section")),
        "school": _inside(entry, keys, "school"),
        "district": place["district"],
        "permissions": list(cell["permissions"]),
        "given_by": _rules(cell["given"], entry.permission, gives=True),
        "cut_by": _rules(cell["capped"], entry.permission, gives=False) if _was_given(cell, entry.permission) else [],
        "policy": blobs[entry.policy]["digest"],
        "facts_as_of": "" if entry.as_of_ns is None else render_instant(entry.as_of_ns),
        "event": entry.event,
        "detail": entry.detail,
    }


def is_of_student(entry: Entry, blobs: Blobs, student: str) -> bool:
    """Say whether what was asked about is a student, or lies in them."""
    keys = [] if entry.place is None else [*blobs[entry.place]["keys"], *blobs[entry.place]["doubtful"]]
    return student in _student(entry, keys)


def _student(entry: Entry, keys: list[str]) -> list[str]:
    """Give the student that a resource is or lies in; what the application said where the place was not found."""
    if entry.type == "student":
        return [entry.resource]
    found = [key.partition(":")[2] for key in keys if key.startswith("student:")]
    said = entry.properties.get("student")
    return found or ([said] if isinstance(said, str) else [])


def _inside(entry: Entry, keys: list[str], kind: str) -> list[str]:
    """Give the section or the schools that a resource is or lies in. A student lies in many sections: none is named."""
    if entry.type == kind:
        return [entry.resource]
    said = entry.properties.get(kind)
    if isinstance(said, str):
        return [said]
    if kind == "section" and (entry.type == "student" or "student" in entry.properties):
        return []
    return [key.partition(":")[2] for key in keys if key.startswith(f"{kind}:")]


def _rules(rules: list[Any], permission: str | None, *, gives: bool) -> list[str]:
    """Give the rules that have (or lack) what was asked, as `rule (file:line)`; where nothing was, all of them."""
    return [f"{rule} ({at})" for rule, at, _, held in rules if permission is None or (permission in held) is gives]


def _was_given(cell: Mapping[str, Any], permission: str | None) -> bool:
    return permission is None or any(permission in held for *_, held in cell["given"])
