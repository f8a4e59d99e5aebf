"""The tables of a roster store. Every fact is true from one change number (`since`) until another (`until`).

A fact that is still true has the largest number there is as its `until`. So "at change n" is everywhere the same:
`since <= n < until`. Numbers are of the whole store; instants are nanoseconds since 1970.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text

VERSION: Final = 1
"""What tables there are; a store of another version is refused, never guessed at."""

FOREVER: Final = 2**63 - 1

# Ids are compared byte by byte, whatever language PostgreSQL sorts texts in.
_NAME: Final = Text().with_variant(Text(collation="C"), "postgresql")
# SQLite keeps what is called INTEGER PRIMARY KEY in the table itself.
_NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")

metadata: Final = MetaData()


def _name(name: str) -> Column[str]:
    return Column(name, _NAME, nullable=False)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


meta: Final = Table(
    "rolecall_meta",
    metadata,
    Column("key", _NAME, primary_key=True),
    _number("value"),
    comment="`schema`; `identity` (a number by chance, another one in each store); `counter` (the last change), "
    "`clock` (its time), `pruned` (keys up to it are gone)",
)

change: Final = Table(
    "rolecall_change",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=False),
    _number("time_ns"),
    _name("district"),
    _name("what"),
    _name("event"),
    Column("event_ns", BigInteger),
    Index("rolecall_change_time", "time_ns"),
    comment="`what` is read, event, assignment or forgotten; `event` is Clever's id of it, `event_ns` when it was made "
    "there",
)

record: Final = Table(
    "rolecall_record",
    metadata,
    _name("district"),
    _name("kind"),
    _name("id"),
    _number("since"),
    _number("until"),
    Column("data", Text, nullable=False),
    _name("event"),
    # No record is true twice at a time: two versions of one cannot end with the same change.
    Index("rolecall_record_held", "district", "kind", "until", "id", unique=True),
    Index("rolecall_record_id", "kind", "id", "until"),
    comment="Clever's objects, as canonical JSON",
)

link: Final = Table(
    "rolecall_link",
    metadata,
    _name("a"),
    _name("kind"),
    _number("until"),
    _name("b"),
    _name("district"),
    _number("since"),
    PrimaryKeyConstraint("a", "kind", "until", "b", "district"),
    sqlite_with_rowid=False,
    comment="teaches (user, section), enrolled (user, section), legacy (legacy id, user); the district is b's",
)

touched: Final = Table(
    "rolecall_touched",
    metadata,
    _number("change"),
    _name("key"),
    PrimaryKeyConstraint("change", "key"),
    sqlite_with_rowid=False,
    comment="what a reader must forget with a change; `*` is everything",
)

feed: Final = Table(
    "rolecall_feed",
    metadata,
    Column("district", _NAME, primary_key=True),
    Column("cursor", _NAME),
    Column("polled_ns", BigInteger),
    Column("as_of_ns", BigInteger),
    Column("read_ns", BigInteger),
    _name("state"),
    Column("why", Text, nullable=False),
    Column("gone", Text, nullable=False),
    comment="`cursor`: the last event applied; `read_ns`: the last full read; `gone`: what was deleted by the hour",
)

confirmed: Final = Table(
    "rolecall_confirmed",
    metadata,
    _name("district"),
    _number("first_ns"),
    _number("last_ns"),
    Column("cursor", _NAME),
    PrimaryKeyConstraint("district", "first_ns"),
    sqlite_with_rowid=False,
    comment="spans of time during which the store held all that Clever said, with the last event of each",
)

reading: Final = Table(
    "rolecall_reading",
    metadata,
    Column("district", _NAME, primary_key=True),
    _name("owner"),
    _number("began_ns"),
    _number("beat_ns"),
    Column("first_cursor", _NAME),
    Column("cursor", _NAME),
    Column("progress", Text, nullable=False),
    comment="a full read that is under way, and how far it is",
)

staged: Final = Table(
    "rolecall_staged",
    metadata,
    _name("district"),
    _name("kind"),
    _name("id"),
    Column("data", Text, nullable=False),
    PrimaryKeyConstraint("district", "kind", "id"),
    comment="what a full read has gathered so far; nobody decides on it",
)

assignment: Final = Table(
    "rolecall_assignment",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=False),
    _name("user"),
    _name("role"),
    _name("scope"),
    _name("place"),
    Column("starts_ns", BigInteger),
    Column("ends_ns", BigInteger),
    _name("by"),
    Column("why", Text, nullable=False),
    _number("since"),
    _number("until"),
    _name("ended_by"),
    Column("ended_why", Text, nullable=False),
    Index("rolecall_assignment_user", "user", "until"),
    comment="the application's own role assignments, for those who keep them here",
)
