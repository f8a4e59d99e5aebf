"""The roster store: Clever's records in SQLite or PostgreSQL, with their past and how current they are."""

from __future__ import annotations

from rolecall.facts.store.errors import (
    AnotherSync,
    BadEvent,
    BadRecord,
    Loss,
    MassChange,
    Overtaken,
    StillHeld,
    UnknownEvent,
)
from rolecall.facts.store.guard import Guard
from rolecall.facts.store.store import Store
from rolecall.facts.store.values import Applied, Assigned, Change, FeedState, Look, Reading

__all__ = [
    "AnotherSync",
    "Applied",
    "Assigned",
    "BadEvent",
    "BadRecord",
    "Change",
    "FeedState",
    "Guard",
    "Look",
    "Loss",
    "MassChange",
    "Overtaken",
    "Reading",
    "StillHeld",
    "Store",
    "UnknownEvent",
]
