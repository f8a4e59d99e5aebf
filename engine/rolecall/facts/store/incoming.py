"""What comes from Clever, made ready for the store: its objects from lists, and its events.

Nothing is guessed at. A record without a district, or of another one, is left out and reported; one that cannot be
read is `Malformed`, and an event about it a `BadEvent`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from rolecall.facts.around import KINDS, named
from rolecall.facts.records import Malformed, identity, one_id, read_school, read_section, read_term, read_user
from rolecall.facts.store.errors import BadEvent, UnknownEvent
from rolecall.instants import parse_instant

_VERBS: Final = ("created", "updated", "deleted")
_KIND_OF: Final = {f"{kind}s": kind for kind in KINDS}
_PASSED_OVER: Final = ("courses", "resources")
"""What Clever tells of besides, which no decision needs."""

_LONGEST_ID: Final = 200
_READERS: Final = {"school": read_school, "term": read_term, "section": read_section, "user": read_user}


class Item(msgspec.Struct, frozen=True):
    """One of Clever's objects: as canonical JSON, and as the facts read it (a district is read as its id)."""

    kind: str
    id: str
    text: str
    record: object


class LeftOut(msgspec.Struct, frozen=True):
    """A record that the store does not hold, and why. The id is empty where it has none."""

    kind: str
    id: str
    why: str


class Event(msgspec.Struct, frozen=True):
    """One of Clever's events: what it leaves of one object. `item` is None where it changes nothing here."""

    id: str
    at: int | None
    item: Item | LeftOut | None


def storable(identifier: str) -> bool:
    """Say whether an id is one that databases can keep: Clever's are 24 hex digits, and need no control characters."""
    return identifier.isprintable() and len(identifier) <= _LONGEST_ID


def encode(raw: object, what: str) -> str:
    """Give the canonical JSON text of an object: equal objects have equal texts. Raises `Malformed`."""
    try:
        return json.dumps(raw, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise Malformed(f"{what} is no JSON object") from None


def decode(text: str) -> object:
    """Give the object that `encode` wrote."""
    return json.loads(text)


def read_item(kind: str, raw: object, district: str) -> Item | LeftOut:
    """Read an object that a district's list, or event, holds; raises `Malformed` for what would be guessed at."""
    what = named(kind, raw)
    identifier, stated = identity(raw, what)
    if not identifier:
        return LeftOut(kind, "", f"{what} is left out: it has no `id`")
    if not storable(identifier):
        raise Malformed(f"the id of a {kind} is too long, or holds characters that no id has")
    if (identifier if kind == "district" else stated) != district:
        why = f"it is of district `{stated or identifier}`" if stated or kind == "district" else "it has no `district`"
        return LeftOut(kind, identifier, f"{what} is left out: {why}")
    record = identifier if kind == "district" else _READERS[kind](raw, what)
    return Item(kind, identifier, encode(raw, what), record)


def parsed(kind: str, text: str) -> object:
    """Give a stored object as the facts read it."""
    raw = decode(text)
    return identity(raw, kind)[0] if kind == "district" else _READERS[kind](raw, kind)


def read_events(raw: Iterable[object], district: str) -> tuple[list[Event], BadEvent | UnknownEvent | None]:
    """Read events in their order, up to the first that cannot be applied: that is the error given beside them."""
    found: list[Event] = []
    for one in raw:
        try:
            found.append(_event(one, district))
        except (BadEvent, UnknownEvent) as error:
            return found, error
    return found, None


def _event(raw: object, district: str) -> Event:
    identifier = raw.get("id") if isinstance(raw, Mapping) else None
    if not isinstance(raw, Mapping) or not isinstance(identifier, str) or not identifier or not storable(identifier):
        raise BadEvent(district, "", "it has no `id`")
    told = raw.get("type")
    if not isinstance(told, str):
        raise BadEvent(district, identifier, "it has no `type`")
    plural, _, verb = told.partition(".")
    at = parse_instant(raw.get("created"), lenient=True)
    if verb not in _VERBS or plural not in (*_KIND_OF, *_PASSED_OVER):
        raise UnknownEvent(district, identifier, told)
    if plural in _PASSED_OVER:
        return Event(identifier, at, None)
    kind, data = _KIND_OF[plural], raw.get("data")
    thing = data.get("object") if isinstance(data, Mapping) else None
    try:
        if verb == "deleted":
            item: Item | LeftOut = _deleted(kind, thing)
        else:
            item = read_item(kind, thing, district)
    except Malformed as error:
        raise BadEvent(district, identifier, str(error)) from None
    if not item.id:
        raise BadEvent(district, identifier, f"its {kind} has no `id`")
    return Event(identifier, at, item)


def _deleted(kind: str, raw: object) -> LeftOut:
    """Read which object is gone: nothing of it but its id matters."""
    what = named(kind, raw)
    if not isinstance(raw, Mapping):
        raise Malformed(f"it has no {kind}")
    identifier = one_id(raw.get("id"), f"{what}: `id`")
    if not storable(identifier):
        raise Malformed(f"the id of a {kind} is too long, or holds characters that no id has")
    return LeftOut(kind, identifier, "")
