"""The world of the benchmarks: the demo district moved to today, and its requests read once."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
from rolecall import Authorizer, Resource, Snapshot
from rolecall.authzen import read_evaluation
from rolecall.testing import demo_district, demo_requests

from benchmarks.timing import Ask

POLICIES: Final = Path(__file__).parents[2] / "policies"
_DATE: Final = re.compile(r"^\d{4}-\d\d-\d\d")


class World(msgspec.Struct, frozen=True, eq=False):
    """The roster, raw and read, the requests, and the engine over the shipped policy with the system's clock."""

    raw: dict[str, Any]
    snapshot: Snapshot
    asks: list[Ask]
    pdp: Authorizer


def make_world(requests: int = 20_000, users: int = 400) -> World:
    """Make the district, its requests and the engine; the facts are as of now, as in a running process."""
    raw = moved_to_today(demo_district(users=users, seed=1))
    snapshot = Snapshot.read(raw, "the demo district")
    asks: list[Ask] = []
    for request in demo_requests(raw, requests, seed=2):
        one = read_evaluation(request)
        resource = Resource(one.resource.type, one.resource.id, dict(one.resource.properties))
        asks.append((one.user, resource, one.permission, one.acting_as))
    return World(raw, snapshot, asks, Authorizer.load(POLICIES, facts=snapshot))


def moved_to_today(raw: dict[str, Any]) -> dict[str, Any]:
    """Give the snapshot with every date moved by the days since it was taken, so that terms are what they were."""
    now = datetime.now(UTC)
    days = timedelta(days=(now.date() - date.fromisoformat(raw["as_of"][:10])).days)

    def moved(value: object) -> object:
        if not isinstance(value, str) or not _DATE.match(value):
            return value
        return (date.fromisoformat(value[:10]) + days).isoformat() + value[10:]

    found = {**raw, "as_of": now.isoformat(timespec="seconds")}
    for kind, keys in {"terms": ("start_date", "end_date"), "assignments": ("from", "until")}.items():
        found[kind] = [{key: moved(value) if key in keys else value for key, value in one.items()} for one in raw[kind]]
    return found
