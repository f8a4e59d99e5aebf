"""The shape of rolecall's own tables in the application's database."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text
from sqlalchemy.dialects import mysql

LONGEST: Final = 191
"""So long may an id be; four of them make a key even in MariaDB."""

LENGTHS: Final = (64, 32, LONGEST, LONGEST)
"""So long the parts of an alias may be."""

_ROOM: Final = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
_EXACT: Final[dict[str, Any]] = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin", "mysql_engine": "InnoDB"}


def runs(made: MetaData) -> Table:
    """A line a run."""
    return Table(
        "rolecall_runs",
        made,
        Column("run", Integer, primary_key=True, autoincrement=False),
        Column("plan", String(80), nullable=False),
        Column("state", String(16), nullable=False),
        Column("position", Integer, nullable=False),
        Column("steps", Integer, nullable=False),
        Column("settings", _ROOM, nullable=False),
        Column("counts", _ROOM, nullable=False),
        Column("began", BigInteger, nullable=False),
        Column("ended", BigInteger),
        **_EXACT,
    )


def entries(made: MetaData) -> Table:
    """What each step changed."""
    return Table(
        "rolecall_journal",
        made,
        Column("run", Integer, primary_key=True, autoincrement=False),
        Column("step", Integer, primary_key=True, autoincrement=False),
        Column("n", Integer, primary_key=True, autoincrement=False),
        Column("tbl", String(LONGEST), nullable=False),
        Column("identity", _ROOM, nullable=False),
        Column("before", _ROOM, nullable=False),
        Column("after", _ROOM),
        Column("many", Integer, nullable=False),
        Column("undone", BigInteger),
        **_EXACT,
    )


def refused(made: MetaData) -> Table:
    """Who was left as they were, or is held by the plan, and why."""
    return Table(
        "rolecall_refused",
        made,
        Column("run", Integer, primary_key=True, autoincrement=False),
        Column("step", Integer, primary_key=True, autoincrement=False),
        Column("doing", String(8), primary_key=True),
        Column("person", String(LONGEST), nullable=False),
        Column("accounts", _ROOM, nullable=False),
        Column("why", _ROOM, nullable=False),
        **_EXACT,
    )


def aliases(made: MetaData) -> Table:
    """Whose old ids were; each column of the key so long that they fit together even in MariaDB."""
    return Table(
        "rolecall_aliases",
        made,
        Column("district", String(LENGTHS[0]), primary_key=True),
        Column("role", String(LENGTHS[1]), primary_key=True),
        Column("old", String(LONGEST), primary_key=True),
        Column("new", String(LONGEST), primary_key=True),
        Column("run", Integer, nullable=False),
        Index("rolecall_aliases_old", "old"),
        Index("rolecall_aliases_new", "new"),
        **_EXACT,
    )
