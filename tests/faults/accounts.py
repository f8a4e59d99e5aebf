"""The store's books: every event applied once, none left out, and at the end every record as Clever has it."""

from itertools import groupby, pairwise

from rolecall.facts.around import KINDS
from rolecall.facts.store import schema
from rolecall.facts.store.incoming import encode
from sqlalchemy import func, select

from faults.world import DISTRICT


def doubled(store):
    """How often an event was applied once too often: by the change log, and by the versions of records it made."""
    event, record = schema.change.c.event, schema.record.c.event
    with store._database.reading() as connection:
        log = connection.execute(select(func.count()).where(event != "").group_by(event)).scalars().all()
        versions = connection.execute(select(func.count()).where(record != "").group_by(record)).scalars().all()
    return sum(count - 1 for count in (*log, *versions))


def lost(store, truth, *, whole=True):
    """How many events are missing: between two that were applied, and at the end (if `whole`) after the last one.

    So is one that was applied, but is behind no version of the record that it made.
    """
    known = [step.event for step in truth.steps if step.event]
    made = {step.event for step in truth.steps if step.record and step.record.get("district") == DISTRICT}
    place = {event: number for number, event in enumerate(known)}
    changes = [one for one in store.changes(range(store.look(0).change + 1)) if one.district == DISTRICT]
    eras = [list(found) for read, found in groupby(changes, key=lambda one: one.what == "read") if not read]
    applied = {one.event for one in changes}
    with store._database.reading() as connection:
        versions = set(connection.execute(select(schema.record.c.event).distinct()).scalars())
    count = len((applied & made) - versions)
    for era in eras:
        places = [place[one.event] for one in era if one.event in place]
        count += sum(later > former + 1 for former, later in pairwise(places))
        count += sum(later <= former for former, later in pairwise(places))
    if whole and changes and changes[-1].what == "event" and known:
        count += sum(one > changes[-1].event for one in known)  # the ids of events are in order
    return count


def different(store, truth):
    """How many records the store holds otherwise than Clever does."""
    change, world, count = store.look(0).change, truth.fake.world, 0
    for kind in KINDS:
        raws = [one for one in world[f"{kind}s"] if one.get("id" if kind == "district" else "district") == DISTRICT]
        clever = {one["id"]: encode(one, kind) for one in raws}
        held = dict(store.records(change, kind, DISTRICT))
        count += sum(clever.get(one) != held.get(one) for one in {*clever, *held})
    return count


def settle(tally, store, truth):
    """Count at the end, when the store has caught up: a record that is not as Clever has it has lost an event."""
    tally.events = sum(bool(step.event) for step in truth.steps)
    tally.doubled += doubled(store)
    tally.lost += lost(store, truth) + different(store, truth)
