"""The fake Clever asked without any HTTP, for its own tests."""

import json
from typing import NamedTuple

from rolecall.testing import CAST, FakeClever, demo_district

OAKVALE, PINE_HOLLOW = CAST["district"].id, CAST["other_district"].id
NOW = 1_792_000_000.25  # 2026-10-14


class Got(NamedTuple):
    """An answer: its status, its headers, its JSON (None where it has none), and the response as it is."""

    status: int
    headers: dict
    json: object
    response: object


class Clock:
    """Seconds since 1970 that pass when told; sleeping on it takes no time."""

    def __init__(self, now=NOW):
        self.now = now

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def fake(snapshot=None, **options):
    """A fake of the smallest demo district, at a clock that stands still."""
    return FakeClever(demo_district(users=100) if snapshot is None else snapshot, **{"clock": Clock(), **options})


def ask(world, target, token=None, method="GET", authorization=None):
    """Ask for a path with its query, with the first district's token."""
    path, _, query = target.partition("?")
    said = authorization or f"Bearer {token or next(iter(world.tokens.values()))}"
    response = world.respond(method, path, query, {"Authorization": said, "Host": "api.clever.com"})
    try:
        document = json.loads(response.body)
    except ValueError:
        document = None
    return Got(response.status, dict(response.headers), document, response)


def link(document, rel):
    """The address that a document links to as this, None where it does not."""
    return next((one["uri"] for one in document["links"] if one["rel"] == rel), None)


def pages(world, target, token=None, most=1000):
    """Every page from this one on by the next links, each as a list of records; at most so many."""
    found = []
    while target is not None and len(found) < most:
        got = ask(world, target, token)
        assert got.status == 200, got
        found.append([one["data"] for one in got.json["data"]])
        target = link(got.json, "next")
    return found


def ids(records):
    """The ids of records, in their order."""
    return [one.get("id") for one in records]


def who(name):
    """The id of one of the cast."""
    return CAST[name].id
