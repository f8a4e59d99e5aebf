"""Roster stores for tests: on both databases, filled from snapshots, moved on by events."""

import atexit
import shutil
import tempfile
from functools import cache
from itertools import count
from pathlib import Path

import postgres
from rolecall.facts.around import KINDS
from rolecall.facts.store import Store, schema
from rolecall.facts.store.incoming import Item, read_item
from rolecall.facts.store.staging import owner
from sqlalchemy import delete, update

ENGINES = ["sqlite", "postgresql"]
SECOND = 1_000_000_000


@cache
def lasting_url(engine):
    """The address of the one store for all tests of this process that leave its tables as they are."""
    folder = Path(tempfile.mkdtemp(prefix="rolecall-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return new_url(engine, folder)


@cache
def lasting(engine):
    """That store, open: to be emptied after each of them. To make its tables for each would take longer than all."""
    found = Store.open(lasting_url(engine))
    atexit.register(found.close)
    return found


def emptied(store):
    """Empty a store, as if it had just been made."""
    with store._database.writing() as connection:
        for table in schema.metadata.tables.values():
            if table is not schema.meta:
                connection.execute(delete(table))
        connection.execute(update(schema.meta).where(schema.meta.c.key != "schema").values(value=0))


def new_url(engine, folder):
    """The address of a store that is not there yet."""
    return str(folder / "store.db") if engine == "sqlite" else postgres.new_database()


def items(snapshot, district):
    """Those of a snapshot's records that are of a district."""
    read = (read_item(kind, raw, district) for kind in KINDS for raw in snapshot.get(f"{kind}s", ()))
    return [one for one in read if isinstance(one, Item)]


def full_read(store, snapshot, district, *, now=1000 * SECOND, cursor=None, accept=False):
    """Read a district of a snapshot in full, as a sync does."""
    reading = store.begin(district, cursor, owner(), now)
    reading = store.stage(reading, items(snapshot, district), now)
    feed = store.feed(district)
    return store.finish(reading, now, was=feed.last_event or None, accept=accept)


def filled(store, snapshot, **more):
    """Read every district that a snapshot's records name."""
    districts = {raw["district"] for kind in KINDS[1:] for raw in snapshot.get(f"{kind}s", ()) if raw.get("district")}
    for district in sorted(districts | {raw["id"] for raw in snapshot.get("districts", ())}):
        full_read(store, snapshot, district, **more)
    return store


class Feed:
    """Clever's feed of one district, as events for `Store.apply`."""

    def __init__(self, store: Store, district="d1"):
        self.store, self.district, self.numbers = store, district, count(1)

    def event(self, kind, verb, thing):
        """An event about an object."""
        return {
            "id": f"e{next(self.numbers):07d}",
            "type": f"{kind}s.{verb}",
            "created": "2026-10-14T15:00:00.000Z",
            "data": {"object": thing},
        }

    def apply(self, *events, now=2000 * SECOND, complete=True, accept=False):
        """Apply events behind the last one."""
        cursor = self.store.feed(self.district).last_event or None
        return self.store.apply(self.district, events, cursor_was=cursor, now=now, complete=complete, accept=accept)

    def put(self, kind, thing, **more):
        """Apply one event: an object is as given."""
        return self.apply(self.event(kind, "updated", thing), **more)

    def delete(self, kind, identifier, **more):
        """Apply one event: an object is gone."""
        return self.apply(self.event(kind, "deleted", {"id": identifier}), **more)


def ids(store, kind, change=None):
    """The ids of a kind that the store holds at a change."""
    roster = store.roster(change)
    found = {"district": roster.districts, "term": roster.terms, "school": roster.schools, "user": roster.users}
    return sorted(found.get(kind, roster.sections))


def twins(number):
    """Two events that only together make sense: whoever reads between two pages sees both or none."""
    role = {"staff": {"schools": [f"k{number}"]}}
    return [{"id": one, "district": "d1", "roles": role} for one in ("left", "right")]


def write(url, pages):
    """Apply pages, and say so after each: what a process does that is to be killed."""
    size, pages = 2, int(pages)
    store = Store.open(url)
    feed = Feed(store)
    start = int(store.feed("d1").last_event[1:])
    feed.numbers = iter(range(start + 1, start + 10**9))
    for number in range(start // size + 1, start // size + 1 + pages):
        feed.apply(*(feed.event("user", "updated", one) for one in twins(number)), now=number * SECOND)
        print(number, flush=True)
    store.close()
