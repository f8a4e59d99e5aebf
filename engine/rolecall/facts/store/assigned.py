"""The application's own role assignments, kept in the store for those who have no place of their own for them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update

from rolecall.errors import FactsError
from rolecall.facts.assignments import AssignmentRecord
from rolecall.facts.store import schema
from rolecall.facts.store.incoming import storable
from rolecall.facts.store.schema import FOREVER
from rolecall.facts.store.values import Assigned, Change
from rolecall.facts.store.writing import Clock, Ledger, chunks

_columns = schema.assignment.c


def of_users(
    connection: Connection, users: Sequence[str] | None, change: int
) -> dict[str, tuple[AssignmentRecord, ...]]:
    """Give what stood at a change, of some users or of all, by user."""
    found: dict[str, list[AssignmentRecord]] = {}
    for one in listed(connection, users, change):
        found.setdefault(one.record.user, []).append(one.record)
    return {user: tuple(records) for user, records in found.items()}


def listed(connection: Connection, users: Sequence[str] | None, change: int | None) -> list[Assigned]:
    """Give assignments, in the order in which they were made: those that stood at a change, or all there ever were."""
    query = select(schema.assignment).order_by(_columns.number)
    if change is not None:
        query = query.where(_columns.since <= change, _columns.until > change)
    if users is None:
        queries = [query]
    else:
        queries = [query.where(_columns.user.in_(chunk)) for chunk in chunks([one for one in users if storable(one)])]
    return [
        Assigned(
            number=row.number,
            record=AssignmentRecord(row.user, row.role, row.scope, row.place, row.starts_ns, row.ends_ns),
            by=row.by,
            why=row.why,
            since=row.since,
            until=None if row.until == FOREVER else row.until,
            ended_by=row.ended_by,
            ended_why=row.ended_why,
        )
        for one in queries
        for row in connection.execute(one)
    ]


def assign(connection: Connection, record: AssignmentRecord, by: str, why: str, now: int) -> int:
    """Make an assignment; give its number, which is that of the change."""
    for name, text in (("user", record.user), ("role", record.role), ("scope", record.scope), ("place", record.id)):
        if not text or not storable(text):
            raise FactsError(f"an assignment's {name} must be a text without control characters, not `{text}`")
    if record.starts is not None and record.ends is not None and record.ends <= record.starts:
        raise FactsError("an assignment must end after it begins")
    clock = Clock(connection, now)
    number = clock.next()
    row = {
        "number": number,
        "user": record.user,
        "role": record.role,
        "scope": record.scope,
        "place": record.id,
        "starts_ns": record.starts,
        "ends_ns": record.ends,
        "by": by,
        "why": why,
        "since": number,
        "until": FOREVER,
        "ended_by": "",
        "ended_why": "",
    }
    connection.execute(insert(schema.assignment), [row])
    _close(connection, clock, record.user)
    return number


def unassign(connection: Connection, number: int, by: str, why: str, now: int) -> int:
    """End an assignment; give the change's number."""
    clock = Clock(connection, now)
    row = connection.execute(select(schema.assignment).where(_columns.number == number)).one_or_none()
    if row is None:
        raise FactsError(f"there is no assignment {number}; `rolecall assign --list` shows those that there are")
    if row.until != FOREVER:
        raise FactsError(f"assignment {number} was ended before, by `{row.ended_by}`")
    change = clock.next()
    connection.execute(
        update(schema.assignment).where(_columns.number == number).values(until=change, ended_by=by, ended_why=why)
    )
    _close(connection, clock, row.user)
    return change


def _close(connection: Connection, clock: Clock, user: str) -> None:
    ledger = Ledger("")
    ledger.touch(clock.number, [f"user:{user}"])
    ledger.change(Change(clock.number, clock.time, "", "assignment"))
    ledger.close(connection)
    clock.save(connection)
