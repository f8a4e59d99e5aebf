"""A rehearsal: the data copied, the plan carried out there, verified, undone, compared; and a certificate of it."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager

import msgspec

from rolecall.migration.applying.carrying import Carrier
from rolecall.migration.applying.copying import State, copied, state
from rolecall.migration.applying.database import Target
from rolecall.migration.applying.result import Outcome
from rolecall.migration.applying.undoing import Undoer
from rolecall.migration.applying.verifying import Finding, verify
from rolecall.migration.model import Settings, Told
from rolecall.migration.written import Plan


class Certificate(msgspec.Struct):
    """What a rehearsal showed. `good` says that it may be done."""

    plan: str
    database: str
    scratch: str
    before: State
    copied: State
    applied: State
    undone: State
    outcome: Outcome
    taken_back: Outcome
    findings: list[Finding]
    seconds: dict[str, float]

    @property
    def good(self) -> bool:
        """Say whether the copy was whole, all of it stood, and undoing it gave back the very first state."""
        ended = self.outcome.state == "applied" and self.taken_back.state == "undone" and not self.taken_back.left
        return self.before == self.copied == self.undone and ended and not self.findings


def rehearse(plan: Plan, url: str, scratch: str = "", told: Told = lambda _what, _number: None) -> Certificate:
    """Do all of it on a copy. `scratch` is an empty database of the same kind; SQLite needs none, a file is made."""
    settings = msgspec.convert(plan.header.settings, Settings)
    schema = settings.accounts.table.rpartition(".")[0] or None
    seconds: dict[str, float] = {}

    @contextmanager
    def timed(name: str) -> Generator[None]:
        began = time.monotonic()
        yield
        seconds[name] = round(time.monotonic() - began, 1)

    with copied(url, scratch, schema) as (there, before, name):
        first = state(there, schema)
        with timed("apply"):
            outcome = Carrier(plan, there, commit=True, told=told).run()
        applied = state(there, schema)
        with timed("verify"):
            findings = verify(there, schema=schema, told=told).findings
        with timed("rollback"):
            taken = Undoer(there, outcome.run or 0, schema=schema, commit=True, told=told).run()
        undone = state(there, schema)
        database = _name(url)
    return Certificate(plan.digest, database, name, before, first, applied, undone, outcome, taken, findings, seconds)


def _name(url: str) -> str:
    with Target(url) as target:
        return target.name


__all__ = ["Certificate", "State", "rehearse", "state"]
