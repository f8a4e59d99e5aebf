"""From a record back to the decision: the policy as it was, the person and the place as they were, evaluated again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from rolecall.audit.entry import Entry
from rolecall.audit.policies import LostPolicy, table_of
from rolecall.errors import AuditError, RequestError
from rolecall.evaluator import DENIED, evaluate
from rolecall.facts.hold import fold
from rolecall.facts.terms import term_bounds
from rolecall.questions import read_acting
from rolecall.table import Table, TypeTable
from rolecall.vocabulary.decision import Decision
from rolecall.vocabulary.facts import Feed, Feeds, Held, Location, RoleAssignment, Term
from rolecall.vocabulary.reasons import Cell, Grounds
from rolecall.vocabulary.request import Resource

Blobs = Mapping[str, Mapping[str, Any]]
"""What records share, by digest."""

K = TypeVar("K")
V = TypeVar("V")

MAX_KEPT: Final = 1 << 16
"""How many people, and how many places, are kept ready."""

SOURCE: Final = "the audit log's record"


class LostRecord(AuditError):
    """A record cannot be decided again; the message says what it lacks."""


class Rebuilder:
    """Makes decisions of records again. What many records share is made once."""

    def __init__(self, blobs: Blobs) -> None:
        """Begin with nothing made; `blobs` gives what the records name by digest."""
        self._blobs = blobs
        self._tables: dict[str, Table | LostPolicy] = {}
        self._grounds: dict[tuple[int, str, int | None, str], Grounds] = {}
        self._held: dict[tuple[str, int], Held] = {}
        self._places: dict[tuple[str, str], Location] = {}
        self._acting: dict[tuple[int, tuple[str, ...]], int] = {}

    def table(self, digest: str) -> Table:
        """Give the table of the policy that a record names; raises `LostPolicy` where it cannot be made."""
        found = self._tables.get(digest)
        if found is None:
            try:
                found = table_of(self.blob(digest, "policy"))
            except AuditError as error:
                found = LostPolicy(str(error))
            self._tables[digest] = found
        if isinstance(found, LostPolicy):
            raise LostPolicy(str(found))
        return found

    def blob(self, digest: str, what: str) -> Mapping[str, Any]:
        """Give what a record names by digest; raises `LostRecord` where the store does not hold it."""
        try:
            return self._blobs[digest]
        except KeyError:
            raise LostRecord(f"the store does not hold the {what} `{digest[:16]}` of the record") from None

    def held(self, entry: Entry, table: Table) -> Held:
        """Give the person as they were. Roles that the table's policy does not declare count for nothing."""
        key = (entry.person, id(table.atoms))
        found = self._held.get(key)
        if found is None:
            found = read_person(self.blob(entry.person, "person"), table)
            room(self._held)[key] = found
        return found

    def location(self, entry: Entry, table: Table) -> Location | None:
        """Give where the resource was, its term read in the table's time zone; None where it was nowhere."""
        if entry.place is None:
            return None
        key = (entry.place, table.timezone)
        found = self._places.get(key)
        if found is None:
            found = read_place(self.blob(entry.place, "place"), table.timezone)
            room(self._places)[key] = found
        return found

    def cell(self, entry: Entry, table: Table) -> Cell:
        """Decide again, by any table; raises a `RequestError` where its policy does not know what was asked."""
        kind = table.types.get(entry.type)
        if kind is None:
            raise RequestError(f"the policy has no resource type `{entry.type}`")
        if entry.permission is not None and entry.permission not in kind.known:
            raise RequestError(f"`{entry.type}` has no permission `{entry.permission}`")
        held, location = self.held(entry, table), self.location(entry, table)
        if before_the_table(entry, kind, held):
            return DENIED[entry.code]
        if location is not None and location.kind != kind.within:
            raise RequestError(f"`{entry.type}` lies within another kind of place")
        return evaluate(kind, held, location, entry.properties, self.acting(entry, table), entry.time_ns)

    def acting(self, entry: Entry, table: Table) -> int | None:
        """Give the bits of the roles acted as; raises a `RequestError` where the table's policy knows no such role."""
        if entry.acting_as is None:
            return None
        key = (id(table), tuple(entry.acting_as))
        found = self._acting.get(key)
        if found is None:
            found = self._acting[key] = read_acting(entry.acting_as, table.atoms)
        return found

    def decision(self, entry: Entry) -> Decision:
        """Give the whole decision as it was, with its reasons.

        Raises `LostPolicy` or `LostRecord` where the store does not hold what the record names, and `RequestError`
        where the record fits no policy.
        """
        table = self.table(entry.policy)
        cell = self.cell(entry, table)
        held, acting = self.held(entry, table), entry.acting_as
        return Decision(
            cell=cell,
            held=held,
            resource=Resource(entry.type, entry.resource, entry.properties),
            permission=entry.permission,
            acting_as=None if acting is None else tuple(acting),
            location=self.location(entry, table),
            nanoseconds=entry.time_ns,
            serial=int(entry.id.replace("-", ""), 16) & (1 << 62) - 1,
            grounds=self._grounds_of(entry, table, held.district),
            detail=entry.detail,
        )

    def _grounds_of(self, entry: Entry, table: Table, district: str) -> Grounds:
        key = (id(table), district, entry.as_of_ns, entry.event)
        found = self._grounds.get(key)
        if found is None:
            feed = Feed(entry.as_of_ns, entry.event)
            found = Grounds(
                digest=table.digest,
                atoms=table.atoms,
                permissions={kind.name: kind.permissions for kind in table.types.values()},
                asked={kind.name: kind.asked for kind in table.types.values()},
                attributes={
                    kind.name: {code.name: code.values for code in kind.attributes} for kind in table.types.values()
                },
                feeds=Feeds(SOURCE, whole=feed),
            )
            room(self._grounds)[key] = found
        return found


def decision_of(entry: Entry, blobs: Blobs) -> Decision:
    """Give the decision that a record is of, made again with its reasons; see `Rebuilder.decision` for its errors."""
    return Rebuilder(blobs).decision(entry)


def before_the_table(entry: Entry, kind: TypeTable, held: Held) -> bool:
    """Say whether no policy had a part in it: the application's own loader failed, or had no such resource."""
    answered = entry.code == "indeterminate" or (entry.code == "resource-not-found" and kind.own)
    return answered and entry.place is None and not held.problem


def read_person(blob: Mapping[str, Any], table: Table) -> Held:
    """Give a person from the blob, folded for a table."""
    roles = [RoleAssignment(*one) for one in blob["roles"]]
    base, places = fold([one for one in roles if (one.role, one.scope) in table.atoms.bit], table.atoms)
    notes: Sequence[str] = blob["notes"]
    return Held(blob["id"], blob["district"], base, places, tuple(roles), tuple(notes), blob["problem"])


def read_place(blob: Mapping[str, Any], timezone: str) -> Location:
    """Give a location from the blob, its term read in a time zone."""
    term = None if blob["term"] is None else Term(*blob["term"])
    return Location(
        kind=blob["kind"],
        id=blob["id"],
        district=blob["district"],
        keys=tuple(blob["keys"]),
        term=term,
        doubtful=tuple(blob["doubtful"]),
        bounds=None if term is None else term_bounds(term, ZoneInfo(timezone)),
    )


def room(kept: dict[K, V]) -> dict[K, V]:
    """Give the dictionary, emptied where it holds too much."""
    if len(kept) >= MAX_KEPT:
        kept.clear()
    return kept
