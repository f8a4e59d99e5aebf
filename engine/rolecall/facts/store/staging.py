"""A full read: gathered page by page where nobody sees it, then set in force in one transaction.

Each page is kept with the reader's notes on how far it is, so that a read that was killed goes on where it was.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable

from sqlalchemy import Connection, delete, insert, select, update

from rolecall.facts.store import feeds, schema
from rolecall.facts.store.errors import AnotherSync
from rolecall.facts.store.incoming import Item
from rolecall.facts.store.values import Reading
from rolecall.facts.store.writing import chunks, lock
from rolecall.instants import SECOND

# After so long without a page, a full read is taken for dead, and another may go on with it.
STALE = 60 * SECOND


def owner() -> str:
    """Name this process and moment, so that others can tell whether it is still there."""
    return f"{socket.gethostname()}:{os.getpid()}:{os.urandom(6).hex()}"


def _dead(name: str) -> bool:
    """Say whether an owner is a process of this machine that is no more."""
    host, _, rest = name.partition(":")
    number = rest.partition(":")[0]
    if host != socket.gethostname() or not number.isdigit() or int(number) == os.getpid():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def take(connection: Connection, district: str, name: str, now: int) -> Reading | None:
    """Take over the full read that is there; raises `AnotherSync` where somebody is at it."""
    row = connection.execute(
        select(schema.reading).where(schema.reading.c.district == district).with_for_update()
    ).one_or_none()
    if row is None:
        return None
    if row.owner != name and not _idle(row.owner, row.beat_ns, now):
        raise AnotherSync(district, "another sync is reading it in full")
    connection.execute(
        update(schema.reading).where(schema.reading.c.district == district).values(owner=name, beat_ns=now)
    )
    return Reading(district, name, row.began_ns, row.first_cursor, row.cursor, row.progress)


def _idle(name: str, beat_ns: int, now: int) -> bool:
    """Say whether nobody is at a full read any more."""
    return abs(now - beat_ns) >= STALE or _dead(name)


def left(connection: Connection, district: str, now: int) -> bool:
    """Say whether there is a full read that was left half done."""
    return any(
        reading.district == district and _idle(reading.owner, beat_ns, now)
        for reading, beat_ns in unfinished(connection)
    )


def begin(connection: Connection, district: str, cursor: str | None, name: str, now: int, why: str) -> Reading:
    """Begin a full read anew, behind the event `cursor`; what another one had gathered is dropped."""
    lock(connection)  # two that begin at once would both find nothing to take over
    take(connection, district, name, now)
    abandon(connection, district)
    row = {"district": district, "owner": name, "began_ns": now, "beat_ns": now, "progress": ""}
    connection.execute(insert(schema.reading), [row | {"first_cursor": cursor, "cursor": cursor}])
    feeds.ensure(connection, district)
    feeds.mark(connection, district, "reading", why)
    return Reading(district, name, now, cursor, cursor, "")


def abandon(connection: Connection, district: str) -> None:
    """Drop what a full read has gathered."""
    for table in (schema.staged, schema.reading):
        connection.execute(delete(table).where(table.c.district == district))


def release(connection: Connection, reading: Reading) -> None:
    """Say that the reader has stopped for now: another may go on at once."""
    statement = update(schema.reading).where(
        schema.reading.c.district == reading.district, schema.reading.c.owner == reading.owner
    )
    connection.execute(statement.values(beat_ns=0))


def beat(connection: Connection, reading: Reading, now: int, **values: object) -> None:
    """Say that the reader lives; raises `AnotherSync` where another one has taken over."""
    statement = update(schema.reading).where(
        schema.reading.c.district == reading.district, schema.reading.c.owner == reading.owner
    )
    if connection.execute(statement.values(beat_ns=now, **values)).rowcount != 1:
        raise AnotherSync(reading.district, "another sync has taken over reading it in full")


def stage(connection: Connection, district: str, items: Iterable[Item], gone: Iterable[tuple[str, str]]) -> None:
    """Gather records, each in place of any other with its id, and drop those that are gone."""
    by_kind: dict[str, list[str]] = {}
    rows = {(item.kind, item.id): item for item in items}
    for kind, identifier in (*rows, *gone):
        by_kind.setdefault(kind, []).append(identifier)
    columns = schema.staged.c
    for kind, ids in by_kind.items():
        for chunk in chunks(ids):
            connection.execute(
                delete(schema.staged).where(columns.district == district, columns.kind == kind, columns.id.in_(chunk))
            )
    if rows:
        connection.execute(
            insert(schema.staged),
            [{"district": district, "kind": one.kind, "id": one.id, "data": one.text} for one in rows.values()],
        )


def unfinished(connection: Connection) -> list[tuple[Reading, int]]:
    """Give every full read that is under way or was left half done, each with when it last got on."""
    return [
        (Reading(row.district, row.owner, row.began_ns, row.first_cursor, row.cursor, row.progress), row.beat_ns)
        for row in connection.execute(select(schema.reading).order_by(schema.reading.c.district))
    ]
