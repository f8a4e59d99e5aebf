"""What lies around some people and places, as of a change: a handful of queries, however large the store is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from sys import intern
from typing import Any, Final, NamedTuple

from sqlalchemy import BindParameter, ColumnElement, Connection, Table, bindparam, select

from rolecall.errors import FactsError
from rolecall.facts.around import Records
from rolecall.facts.records import Relationship, SchoolRecord, read_section, read_term, read_user
from rolecall.facts.store import assigned, schema
from rolecall.facts.store.incoming import decode, storable
from rolecall.facts.store.writing import chunks

_record, _link = schema.record.c, schema.link.c


def at_change(table: Table) -> ColumnElement[bool]:
    """Say of a row that it was true at the parameter `change`."""
    return (table.c.since <= bindparam("change")) & (table.c.until > bindparam("change"))


# Made once: to make a query takes longer than to run it.
_IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
_BY_ID: Final = (
    select(_record.id, _record.district, _record.data)
    .where(_record.kind == bindparam("kind"), _record.id.in_(_IDS), at_change(schema.record))
    .order_by(_record.id)
)
_SECTIONS: Final = select(_link.b).where(
    _link.a.in_(_IDS), _link.kind.in_(("teaches", "enrolled")), at_change(schema.link)
)
_SCHOOLS: Final = (
    select(_record.district, _record.id)
    .where(_record.district.in_(_IDS), _record.kind == "school", at_change(schema.record))
    .order_by(_record.id)
)


class Row(NamedTuple):
    """A record: its id and district, and its object as text."""

    id: str
    district: str
    data: str


class Around:
    """Gathers, for people and places, all that their roles and locations rest on.

    Of each person their sections, with those that the application has assigned to them; of each contact the children,
    and their sections; of each section its term; of every district met all schools. A section that is given is given
    with all that its location needs.
    """

    def __init__(self, connection: Connection, change: int) -> None:
        """Begin empty."""
        self._connection, self._change = connection, change
        self.records = Records()
        self._met: set[str] = set()

    def read(self, users: Iterable[str], places: Iterable[tuple[str, str]]) -> Records:
        """Give what lies around these users, and these places (kind, id): district, school, section or student."""
        wanted: dict[str, list[str]] = {kind: [] for kind in ("district", "school", "section", "student")}
        for kind, identifier in dict.fromkeys(places):
            wanted[kind].append(identifier)
        users = list(dict.fromkeys(users))
        self._people([*users, *wanted["student"]])
        self._people([tie.student for tie in self._ties() if tie.student not in self.records.users])
        self.records.assignments = assigned.of_users(self._connection, users, self._change)
        named = [one.id for found in self.records.assignments.values() for one in found if one.scope == "section"]
        self._sections([*self._linked(list(self.records.users)), *named, *wanted["section"]])
        self._schools(wanted["school"])
        for row in self._rows("district", [*self._met, *wanted["district"]]):
            self.records.districts.add(row.id)
        return self.records

    def _ties(self) -> Iterator[Relationship]:
        for user in self.records.users.values():
            yield from user.relationships

    def _people(self, ids: Sequence[str]) -> None:
        for row in self._rows("user", ids):
            self.records.users[row.id] = read_user(decode(row.data), f"user `{row.id}`")
            self._met.add(row.district)

    def _linked(self, users: Sequence[str]) -> Iterator[str]:
        """Give the sections that name somebody."""
        for chunk in chunks(users):
            yield from self._connection.scalars(_SECTIONS, {"ids": chunk, "change": self._change})

    def _sections(self, ids: Sequence[str]) -> None:
        for row in self._rows("section", ids):
            self.records.sections[row.id] = read_section(decode(row.data), f"section `{row.id}`")
            self._met.add(row.district)
        terms = [section.term for section in self.records.sections.values() if section.term]
        for row in self._rows("term", terms):
            self.records.terms[row.id] = read_term(decode(row.data), f"term `{row.id}`")

    def _schools(self, ids: Sequence[str]) -> None:
        """Read some schools, and all of the districts that were met: whether a place counts depends on them."""
        found = self.records.schools
        for row in self._rows("school", ids):
            found[row.id] = SchoolRecord(row.id, intern(row.district))
            self._met.add(row.district)
        for chunk in chunks(sorted(self._met)):
            for district, identifier in self._connection.execute(_SCHOOLS, {"ids": chunk, "change": self._change}):
                if identifier in found and found[identifier].district != district:
                    raise twice("school", identifier, (found[identifier].district, district))
                found[identifier] = SchoolRecord(identifier, intern(district))

    def _rows(self, kind: str, ids: Iterable[str]) -> list[Row]:
        """Give the records of a kind with these ids, in the order of ids; an id that is there twice is an error."""
        asked = sorted({one for one in ids if storable(one)})
        rows = [
            Row(*row)
            for chunk in chunks(asked)
            for row in self._connection.execute(_BY_ID, {"kind": kind, "ids": chunk, "change": self._change})
        ]
        for one, other in pairwise(rows):
            if one.id == other.id:
                raise twice(kind, one.id, (one.district, other.district))
        return rows


def twice(kind: str, identifier: str, districts: Sequence[str]) -> FactsError:
    """Give the error for an id that two districts use: Clever says that it cannot be, and which is meant is a guess."""
    both = " and ".join(f"`{one}`" for one in sorted(districts))
    return FactsError(f"the {kind} `{identifier}` is held in the districts {both}: which is meant is not known")
