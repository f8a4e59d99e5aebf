"""Decision to record: the bytes that the chain hashes. What records share is worked out once, and then known by sight.

Every decision pays for this: a record is encoded from a tuple of its members, and makes no `Entry` before. What is the
same in many records was written before, and a part of it may be several members.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from rolecall.audit.blobs import cell_blob, person_blob, place_blob, places_of, policy_blob
from rolecall.audit.masks import Masks
from rolecall.audit.stores.base import Blob
from rolecall.policy import Policy
from rolecall.recorder import Mark
from rolecall.table import Table, TypeTable
from rolecall.vocabulary.decision import Decision
from rolecall.vocabulary.facts import Feed, Held, Location
from rolecall.vocabulary.identity import render_id
from rolecall.vocabulary.reasons import Cell, Grounds

MAX_SEEN: Final = 1 << 16
"""How many people, and how many places, cells and feeds, are known by sight."""

# What is known by sight is kept (its identity must stay its own), with what was written of it before: of a person the
# digest and the id that is shown, of a place its digest, of a feed the last members of a record; of a cell the digest,
# and code and answer by the permission that was asked; of the grounds of decisions the policy's digest, its types, and
# the feed where there is one for all districts.
_Person = tuple[Held, msgspec.Raw, str]
_Place = tuple[Location, msgspec.Raw]
_Feed = tuple[Feed, msgspec.Raw]
_Cell = tuple[Cell, msgspec.Raw, dict[str | None, msgspec.Raw]]
_Ground = tuple[Grounds, msgspec.Raw, "dict[str, _Kind]", Feed | None]
_Seen = TypeVar("_Seen", _Person, _Place, _Cell, _Feed, _Ground)

_Member = tuple[str, type, Mapping[Any, Any], Callable[[str], str] | None]
"""A property that a policy knows: its name, the type and the values; of a place and the owner the ids that were shown
before, and what shows others."""

_encode: Final = msgspec.json.Encoder().encode
"""Gives canonical JSON, too: all that has members here is put together in the order of their names."""


class UnknownPolicy(LookupError):
    """A decision under a policy that the log was not told of."""

    def __str__(self) -> str:
        """Give the sentence with the fix."""
        return "it was not told of the policy: use `Authorizer.load`, or `audit.policy(policy, table)`"


class _Kind(msgspec.Struct, frozen=True):
    """A resource type: its name, the ids that were shown before, and its properties in the order of their names."""

    name: str
    ids: dict[str, str]
    members: tuple[_Member, ...]


class _Known(msgspec.Struct, frozen=True):
    """A policy that is in force: its blob's digest, and its types."""

    digest: msgspec.Raw
    kinds: dict[str, _Kind]


class Maker:
    """Makes records of decisions. Safe to share between threads: what is worked out twice comes out the same."""

    def __init__(self, masks: Masks) -> None:
        """Begin without a policy."""
        self.masks = masks
        self._hides = masks.key is not None
        self._policies: dict[str, _Known] = {}
        # By the object's identity.
        self._people: dict[int, _Person] = {}
        self._places: dict[int, _Place] = {}
        self._cells: dict[int, _Cell] = {}
        self._feeds: dict[int, _Feed] = {}
        self._grounds: dict[int, _Ground] = {}

    def policy(self, policy: Policy, table: Table) -> Blob:
        """Take a policy, so that decisions under it can be recorded; give what is to be kept of it."""
        blob = policy_blob(policy)
        kinds = {kind.name: self._kind(kind) for kind in table.types.values()}
        self._policies[table.digest] = _Known(_raw(blob.digest), kinds)
        return blob

    def make(self, decision: Decision, mark: Mark) -> bytes:
        """Make the record; raises `UnknownPolicy`."""
        # What was seen before is one look-up each; nothing that is made here outlives the call but the bytes.
        grounds, held, resource, location = decision.grounds, decision.held, decision.resource, decision.location
        _, policy, kinds, feed = self._grounds.get(id(grounds)) or self._see_grounds(grounds)
        own, given, kind = resource.id, resource.properties, kinds[resource.type]
        shown = kind.ids.get(own) or self.masks.place(kind.name, own)
        if self._hides:
            shown = self._hidden(decision, shown)
        person = self._people.get(id(held)) or self._see_person(held)
        cell, asked = decision.cell, decision.permission
        what = self._cells.get(id(cell)) or self._see_cell(cell)
        answer = what[2].get(asked) or _answer(what[2], decision)
        place = None if location is None else (self._places.get(id(location)) or self._see_place(location))[1]
        if held.as_of is None and (location is None or location.as_of is None):
            if feed is None:
                feed = grounds.feeds.of(held.district)
            last = (self._feeds.get(id(feed)) or self._see_feed(feed))[1]
        else:
            last = self._last(decision.feed)
        now = decision.nanoseconds
        return _encode(
            (
                1,
                render_id(now, decision.serial),
                now,
                mark,
                person[2],
                kind.name,
                shown,
                asked,
                decision.acting_as,
                answer,
                _properties(given, kind.members) if given else {},
                self._said(decision) if decision.detail else "",
                policy,
                person[1],
                place,
                what[1],
                last,
            )
        )

    def blobs(self, decision: Decision) -> tuple[Blob, ...]:
        """Give anew what a record shares with others."""
        shared = (person_blob(decision.held, self.masks), cell_blob(decision.cell))
        return shared if decision.location is None else (*shared, place_blob(decision.location, self.masks))

    def _kind(self, kind: TypeTable) -> _Kind:
        """Learn a resource type."""
        masks = self.masks
        members: dict[str, _Member] = {}
        if kind.own:
            for name in (*kind.places, "owner"):
                users = name in ("student", "owner")
                members[name] = (name, str, masks.users, masks.user) if users else (name, str, masks.ids, masks.id)
        for one in kind.attributes:
            members[one.name] = (one.name, one.kind, {value: value for value in one.values}, None)
        ids = masks.users if kind.name == "student" else masks.ids
        return _Kind(kind.name, ids, tuple(members[name] for name in sorted(members)))

    def _see_grounds(self, grounds: Grounds) -> _Ground:
        known, feeds = self._policies.get(grounds.digest), grounds.feeds
        if known is None:
            raise UnknownPolicy
        found = (grounds, known.digest, known.kinds, None if feeds.districts else feeds.whole)
        _room(self._grounds)[id(grounds)] = found
        return found

    def _see_person(self, held: Held) -> _Person:
        found = (held, _raw(person_blob(held, self.masks).digest), self.masks.user(held.id))
        _room(self._people)[id(held)] = found
        return found

    def _see_place(self, location: Location) -> _Place:
        _room(self._places)[id(location)] = found = (location, _raw(place_blob(location, self.masks).digest))
        return found

    def _see_cell(self, cell: Cell) -> _Cell:
        found: _Cell = (cell, _raw(cell_blob(cell).digest), {})
        _room(self._cells)[id(cell)] = found
        return found

    def _see_feed(self, feed: Feed) -> _Feed:
        _room(self._feeds)[id(feed)] = found = (feed, self._last(feed))
        return found

    def _last(self, feed: Feed) -> msgspec.Raw:
        """Write the members from `as_of_ns` on."""
        return _raw(feed.as_of, self.masks.id(feed.event) if feed.event else "", self._hides)

    def _hidden(self, decision: Decision, identifier: str) -> str:
        """Give a resource's id as it is recorded where users are pseudonyms: it may be a user's own."""
        resource = decision.resource
        users = {decision.held.id, resource.properties.get("owner"), resource.properties.get("student")}
        return self.masks.user(resource.id) if resource.id in users else identifier

    def _said(self, decision: Decision) -> str:
        """Give the detail. Where users are pseudonyms, it may name places and words."""
        resource = decision.resource
        named = {str(resource.properties[one]) for one in ("section", "school") if one in resource.properties}
        own = {resource.id} if resource.type != "student" else set[str]()
        words = {resource.type, *decision.grounds.permissions, *(decision.acting_as or ())}
        shown = (places_of(decision.held) | named | own | words) - {decision.held.id}
        return self.masks.text(decision.detail, frozenset(shown))


def _raw(*members: object) -> msgspec.Raw:
    """Write members of a record that stand beside each other, to be taken letter for letter."""
    return msgspec.Raw(_encode(members)[1:-1])


def _answer(kept: dict[str | None, msgspec.Raw], decision: Decision) -> msgspec.Raw:
    """Write the reason code, and whether what was asked is allowed: both are the same in the same cell."""
    asked, code = decision.permission, decision.code
    kept[asked] = found = _raw(code, None if asked is None else code == "granted")
    return found


def _properties(given: Mapping[str, object], members: tuple[_Member, ...]) -> dict[str, object]:
    """Give the properties that the policy knows: the places, the owner, the attributes with one of their values."""
    found: dict[str, object] = {}
    for name, its_type, values, show in members:
        if name in given:
            value = given[name]
            if show is None:
                found[name] = values.get(value) if isinstance(value, its_type) else None
            elif isinstance(value, str):
                found[name] = values.get(value) or show(value)
    return found


def _room(kept: dict[int, _Seen]) -> dict[int, _Seen]:
    if len(kept) >= MAX_SEEN:
        kept.clear()
    return kept
