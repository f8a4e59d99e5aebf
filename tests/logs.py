"""Audit logs for tests: the demo district decided about by several processes' recorders, each with a chain of its own."""

import random
from datetime import timedelta
from pathlib import Path
from unittest import mock

import demo
from rolecall import Authorizer
from rolecall.audit import Audit, open_store, writing
from rolecall.audit.keys import make_key
from rolecall.authzen import read_evaluation
from rolecall.instants import DAY
from rolecall.testing import demo_district, demo_requests


def key(folder, name="key.pem"):
    """A new private key; its public one is beside it."""
    private, public = make_key()
    file = Path(folder) / name
    file.write_bytes(private)
    (Path(folder) / f"{name}.pub").write_bytes(public)
    return file


def requests(count, seed=1):
    """So many questions about the demo district, read: some with a permission, some about all of them."""
    asked = [read_evaluation(one) for one in demo_requests(demo_district(users=100), count, seed=seed)]
    rng = random.Random(seed)
    return [(one.user, one.resource, one.permission if rng.random() < 0.8 else None, one.acting_as) for one in asked]


def record(audit, asked, *, policies=demo.POLICIES, begin=0, facts=None):
    """Decide what is asked, a second after each other, and have it recorded; gives the decisions."""
    at = [demo.NOW + timedelta(seconds=begin)]

    def clock():
        at[0] += timedelta(seconds=1)
        return at[0]

    pdp = Authorizer.load(policies, facts=facts or demo.snapshot(), clock=clock, audit=audit)
    return [pdp.authorize(user, thing, name, acting_as=acting) for user, thing, name, acting in asked]


def made(url, *, writers=3, records=50, segment=12, signing_key=None, pruned=True, every=10, **more):
    """A log of several writers, checkpoints each `every` records; the first writer's oldest segment is deleted by age."""
    with mock.patch.object(writing, "CHECKPOINT_RECORDS", every):
        for number in range(writers):
            audit = Audit.open(url, segment=segment, signing_key=signing_key, **more)
            asked = requests(records, seed=number)
            for begin in range(0, records, every):
                record(audit, asked[begin : begin + every], begin=number * 10_000 + begin)
                assert audit.flush()
            audit.close()
    if pruned:
        store = open_store(url)
        now = int(demo.NOW.timestamp()) * 10**9
        from time import time_ns  # noqa: PLC0415 - the segments began by the real clock

        assert store.prune(now + (segment + 1) * 10**9, time_ns() + 2 * DAY) == 1
        store.close()
