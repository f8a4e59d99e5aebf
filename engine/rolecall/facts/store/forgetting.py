"""A district that has left, or never came: what is held of it ends with one change, and it is waited for no longer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, update

from rolecall.errors import FactsError
from rolecall.facts.store import feeds, schema, staging
from rolecall.facts.store.errors import StillHeld
from rolecall.facts.store.finishing import held
from rolecall.facts.store.keys import EVERYTHING
from rolecall.facts.store.schema import FOREVER
from rolecall.facts.store.values import Change
from rolecall.facts.store.writing import Clock, Ledger

FORGOTTEN: Final = "forgotten"
"""What the change log calls it."""


def forget(connection: Connection, district: str, owner: str, now: int, *, accept: bool) -> Mapping[str, int]:
    """End all that is held of a district, and expect it no longer; give how many records of each kind that were.

    Raises `StillHeld` where it was read and nobody has said yes, `AnotherSync` where somebody reads it, and
    `FactsError` where the store does not know it.
    """
    clock = Clock(connection, now)  # first of all: nobody may add to what ends here
    row = feeds.feed_row(connection, district)
    if row is None:
        raise FactsError(f"the roster store does not know of a district `{district}`")
    staging.take(connection, district, owner, now)
    ended = held(connection, district)
    if row.read_ns is not None:
        if not accept:
            raise StillHeld(district, ended)
        _end(connection, district, clock)
    staging.abandon(connection, district)
    feeds.drop(connection, district)
    return ended


def _end(connection: Connection, district: str, clock: Clock) -> None:
    """Let whatever is true of a district be true no longer, and whoever has read of it read anew."""
    number = clock.next()
    for table in (schema.record, schema.link):
        connection.execute(
            update(table).where(table.c.district == district, table.c.until == FOREVER).values(until=number)
        )
    ledger = Ledger(district)
    ledger.touch(number, [EVERYTHING])
    ledger.change(Change(number, clock.time, district, FORGOTTEN))
    ledger.close(connection)
    clock.save(connection)
