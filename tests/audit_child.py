"""A process that decides and records, to be killed (see `nursery`): it notes down each id once it was given."""

import os
import time
from contextlib import suppress
from datetime import timedelta
from itertools import count

import demo
from rolecall import Authorizer
from rolecall.audit import Audit
from rolecall.loader import load_policy

with suppress(ImportError):
    import rolecall.audit.stores.postgres  # noqa: F401 - before the fork, for it takes a while

LATE = timedelta(milliseconds=250)

# Made before the fork.
POLICY, TABLE, FACTS = load_policy(demo.POLICIES), demo.table(), demo.snapshot()
ASKED = [
    ("teacher", demo.at("algebra_class"), "view"),
    ("multi_role_teacher", demo.at("algebra_class"), "edit"),
    ("guardian", demo.grade("child_high", "algebra_class"), "view"),
    ("principal", demo.at("child_high"), None),
]


def write(url, how, journal):
    """Decide without end. A line of the journal is an id, the monotonic times before and after, and the chain."""
    audit = Audit.open(url, write=how, segment=500, late=LATE)
    audit.policy(POLICY, TABLE)
    pdp = Authorizer(TABLE, facts=FACTS, clock=lambda: demo.NOW, audit=audit)
    file = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    print("ready", flush=True)
    for number in count():
        name, thing, permission = ASKED[number % len(ASKED)]
        now = time.monotonic_ns()
        decision = pdp.authorize(demo.who(name), thing, permission)
        if not decision.indeterminate:
            os.write(file, f"{decision.id} {now} {time.monotonic_ns()} {audit.writer}\n".encode())
        time.sleep(0.002)
