"""A copy of the application's database, to try a plan on; and the digest of what is in one."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, MetaData, Table, inspect, select, text
from sqlalchemy.dialects.postgresql import DOMAIN
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import AddConstraint, CreateSchema, DropConstraint
from sqlalchemy.types import NullType

from rolecall.errors import FactsError
from rolecall.migration.accounts.foreign_keys import MYSQLS, quietly
from rolecall.migration.applying.database import Target, said
from rolecall.migration.applying.images import Digest
from rolecall.migration.applying.stored import AsText, stored

_AT_ONCE: Final = 2_000
_OWN: Final = "rolecall_"
# A partition's rows are its parent's, which is copied as a table like any other.
_PARTITIONS: Final = text(
    "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relispartition "
    "AND CASE WHEN :schema = '' THEN pg_table_is_visible(c.oid) ELSE n.nspname = :schema END"
)
_MYSQL_TYPES: Final = text(
    "SELECT COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS "
    "WHERE TABLE_SCHEMA = COALESCE(:schema, DATABASE()) AND TABLE_NAME = :name"
)

State = dict[str, tuple[int, str]]
"""By table: how many rows, and their digest."""


def state(url: str, schema: str | None = None) -> State:
    """Give how many rows each table of the application has, and their digest: the same for the same data."""
    with Target(url) as target, target.connected(read=True) as connection, connection.begin():
        return _state(connection, schema)


def _state(connection: Connection, schema: str | None) -> State:
    found: State = {}
    parts = _partitions(connection, schema)
    for name in sorted(inspect(connection).get_table_names(schema)):
        if name.startswith(_OWN) or name in parts:
            continue
        table = stored(connection, name, (schema, name))
        made = Digest()
        query = select(*(table.table.c[one] for one in table.columns))
        for rows in connection.execution_options(yield_per=_AT_ONCE).execute(query).partitions():
            made.add(rows)
        found[name] = (made.rows, made.text())
    return found


@contextmanager
def copied(url: str, scratch: str, schema: str | None) -> Generator[tuple[str, State, str]]:
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
        made, parts = MetaData(), _partitions(source, schema)
        with quietly():
            made.reflect(source, schema=schema, resolve_fks=True, only=lambda name, _: name not in parts)
        for table in made.tables.values():
            _name_types(source, table)
        _make(copy, made, schema, other.name)
        with _keys_apart(copy, made):
            for table in made.tables.values():
                _copy_rows(source, copy, (table.schema, table.name))
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
    try:
        with quietly():
            made.create_all(copy)
    except SQLAlchemyError as error:
        raise FactsError(
            f"`{name}`: {said(error)}. Tables are copied, and not what they need besides, such as types, functions and "
            "extensions: make that there first"
        ) from None


def _partitions(connection: Connection, schema: str | None) -> set[str]:
    """Give the names of PostgreSQL's partitions."""
    if connection.dialect.name != "postgresql":
        return set()
    return {*connection.scalars(_PARTITIONS, {"schema": schema or ""})}


def _name_types(source: Connection, table: Table) -> None:
    """Have columns of types that SQLAlchemy does not know, or would not make, be of that type all the same."""
    unknown = [one for one in table.columns if isinstance(getattr(one.type, "item_type", one.type), NullType | DOMAIN)]
    if not unknown:
        return
    kinds: dict[str, Any] = {}
    if source.dialect.name in MYSQLS:
        rows = source.execute(_MYSQL_TYPES, {"schema": table.schema, "name": table.name})
        kinds = {name: AsText(kind) for name, kind in rows}
    else:
        kinds = {one.name: one.type for one in stored(source, table.name, (table.schema, table.name)).table.columns}
    for one in unknown:
        one.type = kinds.get(one.name, one.type)


def _copy_rows(source: Connection, copy: Connection, place: tuple[str | None, str]) -> None:
    here, there = stored(source, place[1], place), stored(copy, place[1], place)
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
