"""A rehearsal: the data copied, the plan carried out there, verified, undone, compared; and a certificate of it."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import Connection, MetaData, inspect, select, text
from sqlalchemy.schema import AddConstraint, CreateSchema, DropConstraint

from rolecall.errors import FactsError
from rolecall.migration.accounts.foreign_keys import quietly
from rolecall.migration.applying.carrying import Carrier
from rolecall.migration.applying.database import Target
from rolecall.migration.applying.images import Digest
from rolecall.migration.applying.result import Outcome
from rolecall.migration.applying.stored import stored
from rolecall.migration.applying.undoing import Undoer
from rolecall.migration.applying.verifying import Finding, verify
from rolecall.migration.model import Settings, Told
from rolecall.migration.written import Plan

_AT_ONCE: Final = 2_000
_OWN: Final = "rolecall_"

State = dict[str, tuple[int, str]]
"""By table: how many rows, and their digest."""


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

    with _copied(url, scratch, schema) as (there, before, name):
        copied = state(there, schema)
        with timed("apply"):
            outcome = Carrier(plan, there, commit=True, told=told).run()
        applied = state(there, schema)
        with timed("verify"):
            findings = verify(there, schema=schema, told=told).findings
        with timed("rollback"):
            taken = Undoer(there, outcome.run or 0, schema=schema, commit=True, told=told).run()
        undone = state(there, schema)
        database = _name(url)
    return Certificate(plan.digest, database, name, before, copied, applied, undone, outcome, taken, findings, seconds)


def state(url: str, schema: str | None = None) -> State:
    """Give how many rows each table of the application has, and their digest: the same for the same data."""
    with Target(url) as target, target.connected(read=True) as connection, connection.begin():
        return _state(connection, schema)


def _state(connection: Connection, schema: str | None) -> State:
    found: State = {}
    for name in sorted(inspect(connection).get_table_names(schema)):
        if name.startswith(_OWN):
            continue
        table = stored(connection, f"{schema}.{name}" if schema else name)
        made = Digest()
        query = select(*(table.table.c[one] for one in table.columns))
        for rows in connection.execution_options(yield_per=_AT_ONCE).execute(query).partitions():
            made.add(rows)
        found[name] = (made.rows, made.text())
    return found


def _name(url: str) -> str:
    with Target(url) as target:
        return target.name


@contextmanager
def _copied(url: str, scratch: str, schema: str | None) -> Generator[tuple[str, State, str]]:
    """Copy the database, and give where the copy is, the state of what was copied, and how the copy is called."""
    with Target(url) as target:
        if target.kind == "sqlite":
            if scratch:
                raise FactsError("SQLite is rehearsed on a copy of its file, which needs no `--scratch`")
            with tempfile.TemporaryDirectory(prefix="rolecall-") as folder:
                path = Path(folder) / "scratch.db"
                _copy_file(target, path)
                yield f"sqlite:///{path}", state(url, schema), "a file that is gone again"
            return
        if not scratch:
            raise FactsError("where may it be rehearsed? `--scratch` names an empty database of the same kind")
        with Target(scratch) as other:
            if other.kind != target.kind:
                raise FactsError(f"the scratch database is `{other.kind}`, and the accounts are in `{target.kind}`")
            before = _copy_tables(target, other, schema)
        yield scratch, before, other.name


def _copy_file(target: Target, path: Path) -> None:
    """Copy SQLite's database with all that is in it."""
    source = sqlite3.connect(f"file:{target.engine.url.database}?mode=ro", uri=True)
    copy = sqlite3.connect(path)
    try:
        source.backup(copy)
    finally:
        copy.close()
        source.close()


def _copy_tables(target: Target, other: Target, schema: str | None) -> State:
    """Copy every table with its keys and rows into an empty database; give the state of what was copied."""
    with target.connected(read=True) as source, other.connected() as copy, source.begin(), copy.begin():
        made = MetaData()
        with quietly():
            made.reflect(source, schema=schema, resolve_fks=True)
        _make(copy, made, schema, other.name)
        with _keys_apart(copy, made):
            for table in made.sorted_tables:
                _copy_rows(source, copy, f"{table.schema}.{table.name}" if table.schema else table.name)
        return _state(source, schema)


def _make(copy: Connection, made: MetaData, schema: str | None, name: str) -> None:
    """Make the tables, those of other schemas too that are referred to; `FactsError` where anything is there."""
    looked = inspect(copy)
    for one in sorted({schema, *(table.schema for table in made.tables.values())}, key=str):
        there = looked.get_table_names(one) if one is None or looked.has_schema(one) else []
        if there:
            first = min(there)  # databases give them in no order
            full = f"{one}.{first}" if one else first
            raise FactsError(f"`{name}` is not empty, it has `{full}`: a rehearsal must not touch what is there")
        if one is not None:
            copy.execute(CreateSchema(one, if_not_exists=True))
    made.create_all(copy)


def _copy_rows(source: Connection, copy: Connection, name: str) -> None:
    here, there = stored(source, name), stored(copy, name)
    query = select(*(here.table.c[one] for one in here.columns))
    for rows in source.execution_options(yield_per=_AT_ONCE).execute(query).partitions():
        values = [there.inserted(copy, dict(zip(here.columns, row, strict=True))) for row in rows]
        copy.execute(there.insertion(copy), values)


@contextmanager
def _keys_apart(copy: Connection, made: MetaData) -> Generator[None]:
    """Have no foreign keys while rows are copied: a row may name one that comes after it."""
    if copy.dialect.name != "postgresql":
        copy.execute(text("SET FOREIGN_KEY_CHECKS = 0"))
        yield
        copy.execute(text("SET FOREIGN_KEY_CHECKS = 1"))
        return
    keys = [one for table in made.tables.values() for one in table.foreign_key_constraints]
    for one in keys:
        copy.execute(DropConstraint(one))
    yield
    for one in keys:
        copy.execute(AddConstraint(one))
