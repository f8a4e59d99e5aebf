"""What a roster store gives and takes. Instants are nanoseconds since 1970."""

from __future__ import annotations

import msgspec

from rolecall.facts.assignments import AssignmentRecord


class FeedState(msgspec.Struct, frozen=True):
    """How current a district is.

    `state` is reading, following, held or stopped, and `why` says more. `as_of` is the newest time at which all that
    Clever said was here: the last poll that reached the feed's end, or the district's `last_sync` while it is paused
    or in error; None before the first full read, and where that is unknown. `polled` is the last such poll, `read` the
    last full read, `last_event` Clever's id of the last event applied, or empty.
    """

    district: str
    state: str
    as_of: int | None = None
    polled: int | None = None
    read: int | None = None
    last_event: str = ""
    why: str = ""


class Look(msgspec.Struct, frozen=True):
    """What is new since a change: the keys that a reader must forget (None: all), and how current each district is.

    `identity` tells one store from another that is in its place now: then nothing stays, whatever its changes are.
    """

    change: int
    touched: frozenset[str] | None
    feeds: dict[str, FeedState]
    identity: int = 0


class Change(msgspec.Struct, frozen=True):
    """One change: `what` is read, event, assignment or forgotten; `event` is Clever's id of it, `event_ns` its time."""

    number: int
    time_ns: int
    district: str
    what: str
    event: str = ""
    event_ns: int | None = None


class Applied(msgspec.Struct, frozen=True):
    """What came of a page of events, or a full read: the last change, how many records it altered, what was left out.

    Of a page of events, each that altered its record counts, and each is a change; a full read is one change.
    """

    change: int
    altered: int
    reports: tuple[str, ...] = ()


class Reading(msgspec.Struct, frozen=True):
    """A full read that is under way: the event it began after, the last one staged, and the reader's own notes."""

    district: str
    owner: str
    began: int
    first_cursor: str | None
    cursor: str | None
    progress: str


class Assigned(msgspec.Struct, frozen=True):
    """An assignment kept in the store: what, by whom and why, and from which change until which it stood."""

    number: int
    record: AssignmentRecord
    by: str
    why: str
    since: int
    until: int | None = None
    ended_by: str = ""
    ended_why: str = ""
