"""What is run to be killed: a plan carried out, or taken back, a few people in a transaction."""

import time

import msgspec
import psycopg  # noqa: F401 - the process that is forked has all imported
import pymysql  # noqa: F401
from rolecall.errors import FactsError
from rolecall.migration import read_plan
from rolecall.migration.applying import carrying, undoing
from rolecall.migration.applying.around import look_around
from rolecall.migration.applying.database import Target
from rolecall.migration.applying.journal import Journal
from rolecall.migration.model import Settings

BATCH = 3
_PATIENCE = 20


_around = {}


def before_fork(url, what):
    """Look at the tables once for all: they stay as they are, and it takes as long as all else."""
    if url not in _around:
        settings = msgspec.convert(read_plan(what).header.settings, Settings)
        with Target(url) as target, target.connected(read=True) as connection, connection.begin():
            _around[target.engine.url] = _around[url] = look_around(target, connection, settings)


def apply(url, plan):
    """Carry a plan out."""
    found = read_plan(plan)
    _patiently(lambda: carrying.Carrier(found, url, commit=True, batch=BATCH).run())


def rollback(url, run):
    """Take a run back."""
    _patiently(lambda: undoing.Undoer(url, int(run), commit=True, batch=BATCH).run())


def _patiently(work):
    """Say when it begins to change something. A server may take a moment to see that a client was killed."""
    carrying.look_around = undoing.look_around = _looked
    Journal.make = _made
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            found = work()
            break
        except FactsError as error:
            if "another run" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.005)
    print(found.state, flush=True)


def _looked(target, _connection, _settings):
    print("working", flush=True)
    return _around[target.engine.url]


_make = Journal.make


def _made(journal, connection):
    print("making", flush=True)
    _make(journal, connection)
    print("made", flush=True)
