"""The past: which change stood at a time, until when all that Clever said was known to be here, whom it concerned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from rolecall.facts.records import SectionRecord, UserRecord
from rolecall.facts.store import schema
from rolecall.facts.store.around import at_change
from rolecall.facts.store.incoming import parsed, storable
from rolecall.facts.store.schema import FOREVER
from rolecall.facts.store.values import Change
from rolecall.facts.store.writing import CHUNK, chunks

_change, _record, _link, _assignment = schema.change.c, schema.record.c, schema.link.c, schema.assignment.c


def change_at(connection: Connection, time_ns: int) -> int | None:
    """Give the last change at a time, or None where no district had been read yet."""
    earlier = _change.time_ns <= time_ns
    first = connection.scalar(select(func.min(_change.number)).where(_change.what == "read", earlier))
    return None if first is None else connection.scalar(select(func.max(_change.number)).where(earlier))


def confirmed_at(connection: Connection, district: str, time_ns: int) -> int | None:
    """Give the newest time, up to this one, at which the store was known to hold all that Clever said."""
    columns = schema.confirmed.c
    row = connection.execute(
        select(columns.last_ns)
        .where(columns.district == district, columns.first_ns <= time_ns)
        .order_by(columns.first_ns.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else min(time_ns, row.last_ns)


def held_at(connection: Connection, change: int, districts: Iterable[str]) -> dict[str, bool]:
    """Say of every district that had been read by a change whether it was held then, or had been forgotten.

    Of those that are asked about, and of all that were held. The records tell it faster than the log of changes.
    """
    asked = {"change": change}
    named = select(_record.district).distinct().where(_record.kind == "district", at_change(schema.record))
    found = dict.fromkeys(connection.scalars(named, asked), True)
    for district in districts:
        begun = select(_record.since).where(_record.district == district, _record.since <= change).limit(1)
        if district not in found and connection.scalar(begun) is not None:
            found[district] = connection.scalar(begun.where(_record.until > change)) is not None
    return found


def changes(connection: Connection, numbers: Iterable[int]) -> list[Change]:
    """Give changes by their numbers, in order."""
    found: list[Change] = []
    wanted = sorted(set(numbers))
    for start in range(0, len(wanted), CHUNK):
        rows = connection.execute(select(schema.change).where(_change.number.in_(wanted[start : start + CHUNK])))
        found += [Change(row.number, row.time_ns, row.district, row.what, row.event, row.event_ns) for row in rows]
    return sorted(found, key=lambda one: one.number)


def first_read(connection: Connection, district: str | None) -> Change | None:
    """Give the first full read that was finished, of a district or of any."""
    query = select(func.min(_change.number)).where(_change.what == "read")
    number = connection.scalar(query if district is None else query.where(_change.district == district))
    return None if number is None else changes(connection, [number])[0]


def concerning(connection: Connection, user: str) -> list[int]:
    """Give the changes that can have altered a user's roles, and where they are held, in order.

    They are those of the user's record, of the records of children they were a contact of, of whoever of them was
    named by a section, of those sections (as far as a role depends on them), of the schools and sections named by any
    of these, and of the user's assignments.
    """
    found: set[int] = set()
    if not storable(user):
        return []
    own = list(_versions(connection, "user", [user]))
    people = [one for row in own if isinstance(one := parsed("user", row.data), UserRecord)]
    children = {tie.student for one in people for tie in one.relationships} - {user}
    others = list(_versions(connection, "user", sorted(children)))
    people += [one for row in others if isinstance(one := parsed("user", row.data), UserRecord)]
    around = {user, *children}
    named, schools = set[str](), {place for one in people for places in one.schools.values() for place in places}
    for section, since, until in _edges(connection, around):
        named.add(section)
        found |= {since, until}
    for row in connection.execute(select(schema.assignment).where(_assignment.user == user)):
        found |= {row.since, row.until}
        (schools if row.scope == "school" else named).add(row.place)
    sections = list(_versions(connection, "section", sorted(named)))
    schools |= {one.school for row in sections if isinstance(one := parsed("section", row.data), SectionRecord)}
    found |= _turns([*own, *others], lambda row: row.data)
    found |= _turns(sections, lambda row: _seen_from(parsed("section", row.data), around))
    found |= _turns(_versions(connection, "school", sorted(schools)), lambda row: row.district)
    return sorted(found - {FOREVER})


def changing(connection: Connection, kind: str, identifier: str) -> list[int]:
    """Give the changes that can have altered where a section or school lies, or a section's term, in order."""
    places = list(_versions(connection, kind, [identifier]))
    if kind != "section":
        return sorted(_turns(places, lambda row: row.district) - {FOREVER})
    found = _turns(places, lambda row: _lying(parsed("section", row.data)))
    sections = [one for row in places if isinstance(one := parsed("section", row.data), SectionRecord)]
    terms = sorted({one.term for one in sections if one.term})
    found |= _turns(_versions(connection, "term", terms), lambda row: row.data)
    schools = sorted({one.school for one in sections if one.school})
    found |= _turns(_versions(connection, "school", schools), lambda row: row.district)
    return sorted(found - {FOREVER})


def _lying(record: object) -> object:
    """Give what of a section says where and when it is."""
    return (record.district, record.school, record.term) if isinstance(record, SectionRecord) else None


def _seen_from(record: object, people: set[str]) -> object:
    """Give what of a section matters to the roles of some people."""
    if not isinstance(record, SectionRecord):
        return None
    return record.district, record.school, record.teacher if record.teacher in people else ""


class _Version(NamedTuple):
    """A record as it was from one change until another."""

    id: str
    since: int
    until: int
    district: str
    data: str


def _versions(connection: Connection, kind: str, ids: list[str]) -> Iterator[_Version]:
    """Give all versions there ever were of some records, those of one in order."""
    columns = (_record.id, _record.since, _record.until, _record.district, _record.data)
    for chunk in chunks([one for one in ids if storable(one)]):
        query = select(*columns).where(_record.kind == kind, _record.id.in_(chunk))
        yield from (
            _Version(*row)
            for row in connection.execute(query.order_by(_record.id, _record.district, _record.since)).all()
        )


def _edges(connection: Connection, people: set[str]) -> Iterator[tuple[str, int, int]]:
    """Give all links there ever were from some people to sections that named them: the section, since, until."""
    for chunk in chunks(sorted(one for one in people if storable(one))):
        query = select(_link.b, _link.since, _link.until).where(_link.a.in_(chunk))
        rows = connection.execute(query.where(_link.kind.in_(("teaches", "enrolled")))).all()
        yield from ((row.b, row.since, row.until) for row in rows)


def _turns(versions: Iterable[_Version], essence: Callable[[_Version], object]) -> set[int]:
    """Give the changes with which a record began, ended, or became another in essence."""
    rows = list(versions)
    if not rows:
        return set()
    found = {rows[0].since, rows[-1].until}
    essences = [essence(row) for row in rows]
    for (one, this), (other, that) in pairwise(zip(rows, essences, strict=True)):
        if one.id != other.id or one.until != other.since or this != that:
            found |= {one.until, other.since}
    return found
