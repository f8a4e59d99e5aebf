"""The demo district under the shipped policy, for tests that ask about its cast."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from rolecall import Authorizer, Resource, Snapshot
from rolecall.compiler import load_table
from rolecall.loader import load_policy
from rolecall.testing import CAST, demo_district

POLICIES = Path(__file__).parents[1] / "policies"
NOW = datetime(2026, 10, 14, 15, tzinfo=UTC)  # the demo district's `as_of`


@cache
def snapshot():
    return Snapshot.read(demo_district(users=100), "demo.json")


@cache
def table():
    return load_table(load_policy(POLICIES))


def pdp(**options):
    """A new PDP over the demo district; its clock stands at the snapshot's `as_of`."""
    return Authorizer(table(), **{"facts": snapshot(), "clock": lambda: NOW, **options})


def who(name):
    """The id of one of the cast."""
    return CAST[name].id


def at(name):
    """The type and the id of a place of the cast, or of somebody who is a student."""
    kinds = {"5ec": "section", "5c4": "school", "d15": "district", "ca5": "student"}
    return Resource(kinds[who(name)[:3]], who(name))


def assignment(section="algebra_class", **more):
    """An assignment of a section, unlocked and published."""
    return Resource("assignment", "a1", {"section": who(section), "locked": False, "visibility": "published", **more})


def grade(student, section, **more):
    """A published grade."""
    return Resource("grade", "g1", {"student": who(student), "section": who(section), "published": True, **more})


def note(student, owner=""):
    """A note about a student; nobody's unless an owner is named."""
    return Resource("note", "n1", {"student": who(student), "owner": owner})
