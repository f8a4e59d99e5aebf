"""Reading the store as a whole: what is new since a change, everything as of one, and who had an id before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from sqlalchemy import Connection, bindparam, select, tuple_

from rolecall.facts.around import KINDS, Records
from rolecall.facts.store import assigned, feeds, schema
from rolecall.facts.store.around import Row, at_change, twice
from rolecall.facts.store.incoming import decode, storable
from rolecall.facts.store.keys import EVERYTHING
from rolecall.facts.store.values import Look
from rolecall.facts.store.writing import CHUNK, chunks, meta

# More keys than these are everything.
_MOST: Final = 20_000
_record, _link = schema.record.c, schema.link.c
_TOUCHED: Final = (
    select(schema.touched.c.key).distinct().where(schema.touched.c.change > bindparam("seen")).limit(_MOST + 1)
)
_LEGACY: Final = (
    select(_link.a, _link.b)
    .where(_link.a.in_(bindparam("ids", expanding=True)), _link.kind == "legacy", at_change(schema.link))
    .order_by(_link.b)
)


def look(connection: Connection, seen: int) -> Look:
    """Give what a reader who has seen the store at change `seen` must forget, and how current each district is."""
    values = meta(connection)
    number, touched = values["counter"], None
    if seen == number:
        touched = frozenset[str]()
    elif values["pruned"] <= seen < number:  # a store with fewer changes than that is another one
        keys = connection.scalars(_TOUCHED, {"seen": seen}).all()
        touched = None if len(keys) > _MOST or EVERYTHING in keys else frozenset(keys)
    return Look(number, touched, feeds.states(connection), values.get("identity", 0))


def counter(connection: Connection) -> int:
    """Give the last change's number."""
    return meta(connection)["counter"]


def everything(connection: Connection, change: int, district: str | None) -> Records:
    """Give all records, or those of one district."""
    records = Records()
    seen: dict[tuple[str, str], str] = {}
    for kind in KINDS:
        for row in every(connection, kind, change, district):
            if (kind, row.id) in seen:
                raise twice(kind, row.id, (seen[kind, row.id], row.district))
            seen[kind, row.id] = row.district
            records.add(kind, decode(row.data), f"{kind} `{row.id}`")
    records.assignments = assigned.of_users(connection, None, change)
    return records


def every(connection: Connection, kind: str, change: int, district: str | None) -> Iterator[Row]:
    """Give all records of a kind, in the order of ids, in pieces."""
    query = select(_record.id, _record.district, _record.data).where(_record.kind == kind, at_change(schema.record))
    if district is not None:
        query = query.where(_record.district == district)
    query = query.order_by(_record.id, _record.district).limit(CHUNK)
    last = ("", "")
    asked = {"change": change}
    while rows := connection.execute(query.where(tuple_(_record.id, _record.district) > last), asked).all():
        yield from (Row(*row) for row in rows)
        last = (rows[-1].id, rows[-1].district)


def some(connection: Connection, kind: str, change: int, district: str, ids: Iterable[str]) -> Iterator[Row]:
    """Give a district's records of a kind that have one of these ids, in the order of ids."""
    query = select(_record.id, _record.district, _record.data).where(
        _record.kind == kind, _record.district == district, at_change(schema.record)
    )
    for chunk in chunks(sorted({one for one in ids if storable(one)})):
        rows = connection.execute(query.where(_record.id.in_(chunk)).order_by(_record.id), {"change": change})
        yield from (Row(*row) for row in rows.all())


def successors(connection: Connection, change: int, ids: Iterable[str]) -> dict[str, str]:
    """Give who had each of these ids before Clever's API 3.0, where somebody did."""
    found: dict[str, str] = {}
    for chunk in chunks(sorted({one for one in ids if storable(one)})):
        rows = connection.execute(_LEGACY, {"ids": chunk, "change": change})
        found.update((row.a, row.b) for row in rows)
    return found
