"""What a roster store's view has at hand, what it has to read for a question, and both together as facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from rolecall.facts.around import Records
from rolecall.facts.assignments import AssignmentRecord
from rolecall.facts.roster import Roster
from rolecall.facts.view import MAX_HELD, Asked, parts, room
from rolecall.vocabulary.facts import Location, Person

if TYPE_CHECKING:
    from rolecall.facts.view import View


class Missed(Exception):
    """Something that was at hand was forgotten meanwhile."""


class Wanted(msgspec.Struct, frozen=True):
    """What has to be read, and as of which change of which store."""

    identity: int
    change: int
    users: tuple[str, ...]
    places: tuple[tuple[str, str], ...]

    @property
    def nothing(self) -> bool:
        """Whether all is at hand."""
        return not self.users and not self.places


_EMPTY = Records().roster(None, "")


class Read(msgspec.Struct, frozen=True):
    """What was read: the roster around what was wanted, and the v3.0 ids of ids from before."""

    roster: Roster = _EMPTY
    legacy: Mapping[str, str] = {}


class Shelf:
    """What a view has at hand besides what is folded, and how a change is forgotten. The view's lock guards it."""

    def __init__(self, view: View) -> None:
        """Begin empty."""
        self.view = view
        self.people: dict[str, Person] = {}  # only where a port has to be asked each time: nobody is kept folded there
        self.schools: dict[str, str] = {}
        self._rests_on: dict[str, tuple[str, ...]] = {}

    def wanted(self, asked: Asked, state: tuple[int, int], now: int) -> Wanted:
        """Say what has to be read for a question."""
        held, assigned = self.view.held.get(asked.user), asked.assigned
        at_hand = held is not None and held.since <= now < held.until and (assigned is None or now < assigned.until)
        places = [one for place in asked.places for one in parts(place)]
        if not at_hand and assigned is not None:
            places += [(one.scope, one.id) for one in assigned.records if self._unsure(one, now)]
            at_hand = asked.user in self.people
        missing = dict.fromkeys(one for one in places if one[1] not in self.view.locations[one[0]])
        return Wanted(*state, () if at_hand else (asked.user,), tuple(missing))

    def _unsure(self, one: AssignmentRecord, now: int) -> bool:
        """Say whether it has to be read whether an assignment's place is held: it may begin while that is done."""
        if one.ends is not None and one.ends <= now:
            return False
        return one.scope == "section" or (one.scope == "school" and one.id not in self.schools)

    def forget(self, key: str) -> None:
        """Forget what rests on a key: `user:5f…`, `section:5f…`; all sections for a term, everything for the rest."""
        kind, _, identifier = key.partition(":")
        locations = self.view.locations
        locations["student+section"].clear()
        if kind == "user":
            self._drop(identifier)
            locations["student"].pop(identifier, None)
        elif kind == "section":
            locations["section"].pop(identifier, None)
        elif kind == "term":
            locations["section"].clear()
        elif kind != "legacy":
            for kept in locations.values():
                kept.clear()
            self.view.held.clear()
            self.people.clear()
            self.schools.clear()
            self._rests_on.clear()
        for user in self._rests_on.pop(key, ()):
            self._drop(user)

    def rests(self, user: str, keys: list[str]) -> None:
        """Note that a user is to be forgotten with each of these keys."""
        for key in keys:
            before = self._rests_on.get(key, ())
            if user not in before:
                self._rests_on[key] = (*before, user)  # mostly one: a set of it would be four times as large

    def _drop(self, user: str) -> None:
        self.view.held.pop(user, None)
        self.people.pop(user, None)


class Tray:
    """Facts for one question: what was read for it, and for the rest what is on the shelf; `Missed` where it is not."""

    as_of: int | None = None

    def __init__(self, shelf: Shelf, asked: Asked, wanted: Wanted, read: Read) -> None:
        """Lay it out."""
        self._shelf, self._asked, self._wanted, self._read = shelf, asked, wanted, read
        self.source = read.roster.source
        shelf.schools.update((one.id, one.district) for one in read.roster.schools.values())

    def person(self, user: str) -> Person | None:
        """Give a user with their roles, noting what these rest on."""
        if user not in self._wanted.users:
            if user not in self._shelf.people:
                raise Missed
            return self._shelf.people[user]
        found = self._read.roster.person(user)
        if found is not None:
            assigned = self._asked.assigned
            records = self.application_assignments(user) if assigned is None else assigned.records
            children = [f"user:{tie.student}" for tie in self._read.roster.users[user].relationships]
            self._shelf.rests(user, children + [f"section:{one.id}" for one in records if one.scope == "section"])
            if assigned is not None:
                room(self._shelf.people, MAX_HELD)[user] = found
        return found

    def location(self, kind: str, identifier: str) -> Location | None:
        """Give where something is."""
        if (kind, identifier) not in self._wanted.places:
            raise Missed
        return self._read.roster.location(kind, identifier)

    def counts(self, kind: str, identifier: str, district: str) -> bool:
        """Say whether a place is held, in that district."""
        if kind == "school" and identifier in self._shelf.schools:
            return self._shelf.schools[identifier] == district
        kept = self._shelf.view.locations["section"].get(identifier) if kind == "section" else None
        return kept.district == district if kept is not None else self._read.roster.counts(kind, identifier, district)

    def successor(self, identifier: str) -> str | None:
        """Give the v3.0 id of whoever had this id before Clever's API 3.0, or None."""
        return self._read.legacy.get(identifier)

    def application_assignments(self, user: str) -> tuple[AssignmentRecord, ...]:
        """Give the assignments that are kept in the store."""
        if user not in self._wanted.users:
            raise Missed
        return self._read.roster.application_assignments(user)
