"""The end of a full read: what was gathered is compared with what is held, and the difference set in force at once.

The comparison is the database's, kind by kind and in pieces, so that it needs little memory however large the
district is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import Connection, and_, exists, func, or_, select, text

from rolecall.facts.around import KINDS
from rolecall.facts.store import feeds, schema, staging
from rolecall.facts.store.errors import Overtaken
from rolecall.facts.store.guard import Guard
from rolecall.facts.store.incoming import Item
from rolecall.facts.store.keys import EVERYTHING
from rolecall.facts.store.schema import FOREVER
from rolecall.facts.store.values import Applied, Change, Reading
from rolecall.facts.store.writing import CHUNK, Clock, Ledger, stored

_record, _staged = schema.record.c, schema.staged.c
_SAME = and_(
    _record.district == _staged.district,
    _record.kind == _staged.kind,
    _record.id == _staged.id,
    _record.until == FOREVER,
)


def finish(
    connection: Connection, reading: Reading, now: int, was: str | None, guard: Guard, *, accept: bool
) -> Applied:
    """Set what was gathered in force, and the feed behind the last event staged.

    `now` is when the feed's end was reached. Raises `MassChange`, and `Overtaken` where the feed does not stand at
    `was` any more: then more events have to be staged first.
    """
    district = reading.district
    clock = Clock(connection, now)
    staging.beat(connection, reading, now)
    row = feeds.feed_row(connection, district)
    if row is None or row.cursor != was:
        raise Overtaken(district)
    if connection.dialect.name == "postgresql":
        for table in (schema.staged, schema.record):  # else it plans as if they were empty
            connection.execute(text(f"ANALYZE {table.name}"))
    if not accept:
        guard.weigh(district, _gone(connection, district), held(connection, district))
    number = clock.next()
    ledger = Ledger(district)
    if row.read_ns is None:
        ledger.touch(number, [EVERYTHING])
    altered = 0
    for key, old, new in _differences(connection, district):
        ledger.put(number, key, old, new)
        altered += 1
        if ledger.size >= CHUNK:
            ledger.flush(connection)
    ledger.change(Change(number, clock.time, district, "read"))
    ledger.close(connection)
    clock.save(connection)
    # Without events, what was read first is as old as the beginning.
    polled = now if reading.cursor is not None else reading.began
    as_of, why = feeds.as_of(connection, district, polled)
    feeds.confirm(connection, district, as_of, reading.cursor if as_of == polled else None, anew=True)
    feeds.advance(
        connection,
        district,
        was,
        cursor=reading.cursor,
        polled_ns=now,
        as_of_ns=as_of,
        read_ns=reading.began,
        state="following",
        why=why,
        gone="",
    )
    staging.abandon(connection, district)
    return Applied(number, altered)


def _gone(connection: Connection, district: str) -> Counter[str]:
    """Count the records that are held and were not gathered, by kind."""
    query = select(_record.kind, func.count().label("number")).where(
        _record.district == district, _record.until == FOREVER, ~exists().where(_SAME)
    )
    return Counter({row.kind: row.number for row in connection.execute(query.group_by(_record.kind))})


def held(connection: Connection, district: str) -> Counter[str]:
    """Count a district's records, by kind."""
    query = select(_record.kind, func.count().label("number")).where(
        _record.district == district, _record.until == FOREVER
    )
    return Counter({row.kind: row.number for row in connection.execute(query.group_by(_record.kind))})


def _differences(connection: Connection, district: str) -> Iterator[tuple[tuple[str, str], Item | None, Item | None]]:
    """Give each record that is new, another or gone: its kind and id, what is held, and what was gathered."""
    for kind in KINDS:
        other = (
            select(_staged.id, _staged.data, _record.data.label("held"))
            .select_from(schema.staged.outerjoin(schema.record, _SAME))
            .where(_staged.district == district, _staged.kind == kind)
            .where(or_(_record.data.is_(None), _record.data != _staged.data))
            .order_by(_staged.id)
            .limit(CHUNK)
        )
        last = ""
        while changed := connection.execute(other.where(_staged.id > last)).all():
            for identifier, data, before in changed:
                old = None if before is None else stored(kind, identifier, before)
                yield (kind, identifier), old, stored(kind, identifier, data)
            last = changed[-1].id
        missing = (
            select(_record.id, _record.data)
            .where(_record.district == district, _record.kind == kind, _record.until == FOREVER)
            .where(~exists().where(_SAME))
            .order_by(_record.id)
            .limit(CHUNK)
        )
        last = ""
        while gone := connection.execute(missing.where(_record.id > last)).all():
            for identifier, before in gone:
                yield (kind, identifier), stored(kind, identifier, before), None
            last = gone[-1].id
