"""What is known of people and places, as the evaluator reads it. Facts never decide."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

ALWAYS: Final = (-(1 << 62), 1 << 62)
"""A validity that never begins and never ends, in nanoseconds since 1970 (UTC)."""


class RoleAssignment(msgspec.Struct, frozen=True, gc=False):
    """A role held at one place: `(teacher, section, 5f…)`. At `anywhere`, `id` is the district's.

    `doubt` says why the role is doubtful, and is empty where it is not. `source` tells Clever's word (`clever`) from
    the application's (`asserted`).
    """

    role: str
    scope: str
    id: str
    doubt: str = ""
    source: Literal["clever", "asserted"] = "clever"


class Person(msgspec.Struct, frozen=True, eq=False):
    """A Clever user as the facts hold them: the roles of their record, read against the roster."""

    id: str
    district: str
    roles: tuple[RoleAssignment, ...]
    notes: tuple[str, ...] = ()


class Term(msgspec.Struct, frozen=True, eq=False):
    """A Clever term as written: two dates or instants, either of which may be missing."""

    id: str
    start: str | None
    end: str | None


class Location(msgspec.Struct, frozen=True, eq=False, gc=False):
    """Where a resource is: the places around it, as keys (`section:5f…`) in the order near to far.

    `doubtful` are the keys of places where roles are held with doubt (a student whom the section does not list).
    `students` are those that a section lists. The district counts by `district`, not by a key. `bounds` are the first
    and last nanosecond of the term, worked out for one policy's time zone; None where the term is unknown. Good from
    `since` until `until`; `as_of` is None where the feed of the whole district says it.
    """

    kind: str
    id: str
    district: str
    keys: tuple[str, ...]
    term: Term | None = None
    students: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    bounds: tuple[int, int] | None = None
    since: int = ALWAYS[0]
    until: int = ALWAYS[1]
    as_of: int | None = None


class Held(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A person's roles folded for one policy: place key to bits (see `Atoms`), valid from `since` until `until`.

    `base` are the bits held anywhere in the district and at the district. `problem` says why nothing can be decided
    about this person (an assignment whose `from` or `until` is no instant), and is empty where there is none. Of
    somebody whom the facts do not hold, `district` is empty. `timed` tells that the roles change by the clock, or have
    to be read again. `as_of` is None where the feed of the whole district says it.
    """

    id: str
    district: str
    base: int
    places: dict[str, int]
    roles: tuple[RoleAssignment, ...]
    notes: tuple[str, ...] = ()
    problem: str = ""
    since: int = ALWAYS[0]
    until: int = ALWAYS[1]
    timed: bool = False
    as_of: int | None = None


class Feed(msgspec.Struct, frozen=True):
    """How current facts are: when they were true (nanoseconds since 1970, or None), the last Clever event applied."""

    as_of: int | None = None
    event: str = ""


class Feeds(msgspec.Struct, frozen=True):
    """Where facts come from, in a few words, and how current they are: those of a `district`, or all of them."""

    source: str
    whole: Feed = Feed()
    districts: dict[str, Feed] = {}

    def of(self, district: str) -> Feed:
        """Give the feed of a district."""
        return self.districts.get(district, self.whole)
