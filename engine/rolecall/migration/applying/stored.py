"""Tables as they are stored: every value comes out, and goes in again, exactly as the database holds it.

PostgreSQL gives and takes text, through casts of its own, which loses nothing; SQLite and MariaDB give what their
drivers know. Nothing here knows what a column means.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Double,
    MetaData,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    inspect,
    literal_column,
    or_,
    select,
    text,
    tuple_,
    type_coerce,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.types import UserDefinedType

from rolecall.migration.accounts.foreign_keys import MYSQLS, place_of, quietly, unique_keys

# Types without their length: a cast to `varchar(4)` would cut a text short, where storing it is refused.
_CATALOG: Final = text(
    "SELECT a.attname, format_type(a.atttypid, -1) FROM pg_attribute a WHERE a.attrelid = "
    "to_regclass(:name) AND a.attnum > 0 AND NOT a.attisdropped"
)


class Plainly(UserDefinedType[Any]):
    """A value as the driver gives it."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
        """Is never asked: nothing is made with it."""
        return "BLOB"


class Worded(Plainly):
    """A text of SQLite or MariaDB, which may take it for equal to another one."""

    cache_ok = True

    def __init__(self, kind: str) -> None:
        """Keep the kind of database."""
        self.kind = kind

    def exactly(self, column: Any) -> Any:  # noqa: ANN401 - SQLAlchemy's
        """Give a column so that it is compared letter by letter."""
        if self.kind == "sqlite":
            return column.collate("BINARY")
        return cast(column, mysql.CHAR(charset="utf8mb4")).collate("utf8mb4_bin")


class Floating(Plainly):
    """A single-precision number of MariaDB, which would be shown with six digits only."""

    cache_ok = True

    def column_expression(self, colexpr: Any) -> Any:  # noqa: ANN401 - SQLAlchemy's
        """Ask for all of its digits."""
        return cast(colexpr, Double())


class AsText(UserDefinedType[Any]):
    """A value of PostgreSQL as PostgreSQL writes it."""

    cache_ok = True

    def __init__(self, written: str) -> None:
        """Keep the type's name, as PostgreSQL writes it."""
        self.written = written

    def get_col_spec(self, **_: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
        """Give the type's name."""
        return self.written

    def bind_expression(self, bindvalue: Any) -> Any:  # noqa: ANN401 - SQLAlchemy's
        """Have PostgreSQL read the text."""
        return cast(type_coerce(bindvalue, Text()), self)

    def column_expression(self, colexpr: Any) -> Any:  # noqa: ANN401 - SQLAlchemy's
        """Have PostgreSQL write it."""
        return cast(colexpr, Text())


class Stored(msgspec.Struct, frozen=True):
    """A table: its columns that can be written, what names a row, its unique keys.

    `identity` is the primary key, or a unique key that is never null; all columns where there is none of them, and then
    `named` is false: rows that are alike cannot be told apart, and need not be. `keys` are of such columns alone.
    `stamps` are columns that MariaDB would set by itself when a row changes.
    """

    name: str
    table: Table
    columns: tuple[str, ...]
    identity: tuple[str, ...]
    named: bool
    keys: tuple[tuple[str, ...], ...]
    stamps: tuple[str, ...] = ()

    def of(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Give what names a row with these values."""
        return tuple(values[one] for one in self.identity)

    def compared(self) -> list[Any]:
        """Give the kinds of the values that `same` takes."""
        kinds = [self.table.c[one].type for one in self.identity]
        return kinds if self.named else [Text() if _by_text(one) else one for one in kinds]

    def same(self, values: Iterable[Any]) -> list[Any]:
        """Say which rows are named by these values (or parameters): exactly, where all columns are the name."""
        pairs = [*zip((self.table.c[one] for one in self.identity), values, strict=True)]
        if self.named:
            return [column == value for column, value in pairs]
        return [_exactly(column, value) for column, value in pairs]

    def among_alike(self, same: Sequence[Any], kind: str, many: int) -> Any:  # noqa: ANN401 - SQLAlchemy's
        """Say which rows are meant where so many of those that cannot be told apart are; MariaDB has a word for it."""
        if kind in MYSQLS:
            return and_(*same)
        names: list[Any] = [
            literal_column(one) for one in (("tableoid", "ctid") if kind == "postgresql" else ("rowid",))
        ]
        some = select(*names).select_from(self.table).where(*same).limit(many).correlate(None)
        return (tuple_(*names) if len(names) > 1 else names[0]).in_(some)

    def insertion(self, connection: Connection, names: Sequence[str] = ()) -> Any:  # noqa: ANN401 - SQLAlchemy's
        """Give the statement that puts a row back, even with numbers that PostgreSQL would rather give itself.

        `names` are its columns, where it has not all of them.
        """
        given = names or self.columns
        if connection.dialect.name != "postgresql":
            return self.table.insert()
        quote = connection.dialect.identifier_preparer
        name = quote.format_table(self.table)
        columns = ", ".join(quote.quote(one) for one in given)
        kinds = [self.table.c[one].type.get_col_spec() for one in given]  # type: ignore[attr-defined]
        name, columns = name.replace("%%", "%"), columns.replace("%%", "%")  # SQLAlchemy writes it twice, once more
        said = f"INSERT INTO {name} ({columns}) OVERRIDING SYSTEM VALUE VALUES (".replace(":", r"\:")  # noqa: S608 - quoted
        said += ", ".join(f"CAST(:c{at} AS {kind.replace(':', chr(92) + ':')})" for at, kind in enumerate(kinds)) + ")"
        return text(said).bindparams(*(bindparam(f"c{at}", type_=Text()) for at in range(len(given))))

    def inserted(self, connection: Connection, values: Mapping[str, Any]) -> dict[str, Any]:
        """Give the parameters for it, in the order of the columns."""
        given = [one for one in self.columns if one in values]
        if connection.dialect.name != "postgresql":
            return {one: values[one] for one in given}
        return {f"c{at}": values[one] for at, one in enumerate(given)}


def _exactly(column: Column[Any], value: Any) -> Any:  # noqa: ANN401 - SQLAlchemy's
    """Say that a column holds a value, written the same way, or is null as it is."""
    if _by_text(column.type):  # some types of PostgreSQL's know no equality
        return cast(column, Text()).is_not_distinct_from(value)
    if isinstance(column.type, AsText):  # so that PostgreSQL can use an index
        return or_(column == value, and_(column.is_(None), value.is_(None)))
    found = column.type.exactly(column) if isinstance(column.type, Worded) else column
    return found.is_not_distinct_from(value)


def _by_text(kind: Any) -> bool:  # noqa: ANN401 - SQLAlchemy's
    return isinstance(kind, AsText) and kind.written not in ("smallint", "integer", "bigint", "uuid")


def stored(connection: Connection, name: str, place: tuple[str | None, str] | None = None) -> Stored:
    """Look at a table, named `table` or `schema.table`; `place` says its schema and name where these are known."""
    looked, kind = inspect(connection), connection.dialect.name
    schema, plain = place or place_of(looked, name)
    with quietly():
        found = looked.get_columns(plain, schema)
    written: dict[str, str] = {}
    if kind == "postgresql":
        quote = connection.dialect.identifier_preparer.quote
        quoted = ".".join(quote(one) for one in (schema, plain) if one).replace("%%", "%")  # as no statement has it
        written = {row[0]: row[1] for row in connection.execute(_CATALOG, {"name": quoted})}
    columns = [
        Column(str(one["name"]), _type(kind, written.get(str(one["name"]), ""), str(one["type"])))
        for one in found
        if not one.get("computed")
    ]
    names = tuple(one.name for one in columns)
    never_null = {str(one["name"]) for one in found if not one["nullable"]}
    table = Table(plain, MetaData(), *columns, schema=schema)
    # A key of what the database reckons itself is left to it: it refuses what breaks it.
    keys = tuple(one for one in unique_keys(looked, table) if {*one} <= {*names})
    primary = tuple(looked.get_pk_constraint(plain, schema)["constrained_columns"])
    naming = [primary] if primary else [one for one in keys if set(one) <= never_null]
    identity = naming[0] if naming and set(naming[0]) <= {*names} else ()
    stamps = tuple(str(one["name"]) for one in found if "on update" in str(one.get("default") or "").lower())
    return Stored(name, table, names, identity or names, bool(identity), keys, stamps if kind in MYSQLS else ())


def _type(kind: str, written: str, said: str) -> Any:  # noqa: ANN401 - SQLAlchemy's
    if kind == "postgresql":
        return AsText(written or "text")
    if any(one in said.upper() for one in ("CHAR", "TEXT", "CLOB")) or (kind == "sqlite" and said == "NULL"):
        return Worded(kind)
    return Floating() if said.upper().startswith("FLOAT") and kind in MYSQLS else Plainly()


class Pointing(msgspec.Struct, frozen=True):
    """A foreign key: its table and columns, the columns that they name, and what happens when these go or change."""

    table: str
    columns: tuple[str, ...]
    referred: tuple[str, ...]
    on_delete: str = ""
    on_update: str = ""


def pointing(connection: Connection, names: Iterable[str]) -> dict[str, list[Pointing]]:
    """Give, by table, every foreign key that names rows of it, from its own schema and from all others."""
    wanted: dict[str, list[Pointing]] = {name: [] for name in names}
    looked = inspect(connection)
    default = looked.default_schema_name
    for schema in _schemas(connection):
        with quietly():
            reflected = looked.get_multi_foreign_keys(schema=schema)
        for (where, table), keys in reflected.items():
            said = f"{where}.{table}" if where else table
            for key in keys:
                of, plain = key.get("referred_schema") or where, key["referred_table"]
                for name in (f"{of}.{plain}" if of else plain, plain if of in (None, default) else ""):
                    if name in wanted:
                        columns, referred = tuple(key["constrained_columns"]), tuple(key["referred_columns"])
                        does = [str(key.get("options", {}).get(one) or "") for one in ("ondelete", "onupdate")]
                        wanted[name].append(Pointing(said, columns, referred, *map(str.upper, does)))
    return wanted


def _schemas(connection: Connection) -> list[str | None]:
    """Give the schemas in which tables may refer to others; None is the connection's own."""
    if connection.dialect.name == "sqlite":
        return [None]
    looked = inspect(connection)
    own = looked.default_schema_name
    system = {"information_schema", "mysql", "performance_schema", "sys", own}
    return [None, *(one for one in looked.get_schema_names() if one not in system and not one.startswith("pg_"))]
