"""The application's own role assignments: substitutes, coaches, data officers, with their beginning and end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from rolecall.facts.records import Malformed, one_id
from rolecall.instants import nanoseconds, parse_instant


class AssignmentRecord(msgspec.Struct, frozen=True):
    """A role that the application assigned to a user at one place.

    `starts` and `ends` are nanoseconds since 1970 (held from the first on, no longer from the second on) or None;
    `bad` says which of them is no instant, and is empty where both are well.
    """

    user: str
    role: str
    scope: str
    id: str
    starts: int | None = None
    ends: int | None = None
    bad: str = ""

    def holds(self, now: int) -> bool:
        """Say whether the assignment is in force."""
        return (self.starts is None or self.starts <= now) and (self.ends is None or now < self.ends)


def read_assignment(raw: object, what: str, user: str | None = None) -> AssignmentRecord:
    """Read an assignment: a mapping with `role`, `scope`, `id`, maybe `user`, `from` and `until`.

    `from` and `until` are RFC 3339 texts or aware datetimes. Raises `Malformed` where a name or id is no text.
    """
    if isinstance(raw, AssignmentRecord):
        if user is not None and raw.user != user:
            raise Malformed(f"{what} is of another user, `{raw.user}`")
        return raw
    if not isinstance(raw, Mapping):
        raise Malformed(f"{what} must be an object")
    words = {key: one_id(raw.get(key), f"{what}: `{key}`") for key in ("role", "scope", "id")}
    holder = one_id(raw.get("user"), f"{what}: `user`") or (user or "")
    if not holder:
        raise Malformed(f"{what} lacks `user`")
    if user is not None and holder != user:
        raise Malformed(f"{what} is of another user, `{holder}`")
    (starts, no_start), (ends, no_end) = _instant(raw.get("from")), _instant(raw.get("until"))
    bad = [key for key, wrong in (("from", no_start), ("until", no_end)) if wrong]
    return AssignmentRecord(holder, **words, starts=starts, ends=ends, bad=" and ".join(f"`{key}`" for key in bad))


def _instant(value: object) -> tuple[int | None, bool]:
    """Give an instant, and whether there should be one and is not."""
    if value is None:
        return None, False
    if isinstance(value, datetime):
        return (None, True) if value.utcoffset() is None else (nanoseconds(value), False)
    at = parse_instant(value)
    return at, at is None
