"""A district's feed: how far it was followed, and when all that Clever said was known to be here."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Row, RowMapping, delete, insert, select, update

from rolecall.facts.records import read_district
from rolecall.facts.store import schema
from rolecall.facts.store.errors import Overtaken
from rolecall.facts.store.incoming import decode
from rolecall.facts.store.schema import FOREVER
from rolecall.facts.store.values import FeedState

_FEEDS: Final = select(schema.feed).order_by(schema.feed.c.district)


def state_of(row: RowMapping) -> FeedState:
    """Give a feed's row for those who read it."""
    return FeedState(
        district=row["district"],
        state=row["state"],
        as_of=row["as_of_ns"],
        polled=row["polled_ns"],
        read=row["read_ns"],
        last_event=row["cursor"] or "",
        why=row["why"],
    )


def states(connection: Connection) -> dict[str, FeedState]:
    """Give every feed by its district."""
    rows = connection.execute(_FEEDS).mappings()
    return {row["district"]: state_of(row) for row in rows}


def feed_row(connection: Connection, district: str) -> Row[Any] | None:
    """Give a feed's row, or None before the first full read has begun."""
    return connection.execute(select(schema.feed).where(schema.feed.c.district == district)).one_or_none()


def ensure(connection: Connection, district: str) -> None:
    """Make a feed where there is none."""
    if feed_row(connection, district) is None:
        row = {"district": district, "state": "new", "why": "", "gone": ""}
        connection.execute(insert(schema.feed), [row])


def drop(connection: Connection, district: str) -> None:
    """Drop a feed of which nothing is held."""
    connection.execute(delete(schema.feed).where(schema.feed.c.district == district))


def mark(connection: Connection, district: str, state: str, why: str) -> None:
    """Say how a feed stands, where nothing else of it changes."""
    statement = update(schema.feed).where(schema.feed.c.district == district)
    connection.execute(statement.values(state=state, why=why))


def advance(connection: Connection, district: str, was: str | None, **values: object) -> None:
    """Change a feed whose cursor is still `was`; raises `Overtaken` where it is not."""
    statement = update(schema.feed).where(
        schema.feed.c.district == district, schema.feed.c.cursor.is_not_distinct_from(was)
    )
    if connection.execute(statement.values(**values)).rowcount != 1:
        raise Overtaken(district)


def as_of(connection: Connection, district: str, polled: int) -> tuple[int | None, str]:
    """Give the time as of which facts polled at `polled` are, and why it is another: a district may stand still.

    None where Clever does not say since when it does.
    """
    columns = schema.record.c
    text = connection.scalar(
        select(columns.data).where(
            columns.district == district,
            columns.kind == "district",
            columns.until == FOREVER,
            columns.id == district,
        )
    )
    found = read_district(decode(text), f"district `{district}`") if text else None
    if found is None or not found.paused:
        return polled, ""
    why = "Clever says that the district is paused or in error: its data stands still"
    return (None if found.last_sync is None else min(found.last_sync, polled)), why


def confirm(connection: Connection, district: str, at: int | None, cursor: str | None, *, anew: bool = False) -> None:
    """Note that all that Clever said was here at `at` (None: that is unknown), up to the event `cursor`.

    Where that was the last event the time before, too, nothing had come in between, and all was here all along;
    `anew` says that it was not. Spans of time never overlap. Where the clock was put back, what was noted of the time
    that is to come is taken back.
    """
    columns = schema.confirmed.c
    last = connection.execute(
        select(schema.confirmed).where(columns.district == district).order_by(columns.first_ns.desc()).limit(1)
    ).one_or_none()
    if at is None or (last is not None and (at == last.last_ns or at < last.first_ns)):
        return
    if last is not None and (at < last.last_ns or (cursor is not None and cursor == last.cursor and not anew)):
        connection.execute(
            update(schema.confirmed)
            .where(columns.district == district, columns.first_ns == last.first_ns)
            .values(last_ns=at)
        )
    else:
        row = {"district": district, "first_ns": at, "last_ns": at, "cursor": cursor}
        connection.execute(insert(schema.confirmed), [row])
