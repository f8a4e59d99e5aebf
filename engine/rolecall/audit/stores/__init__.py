"""Where records are kept: SQLite, PostgreSQL, or files of JSON lines."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Final

from rolecall.audit.stores.base import Store
from rolecall.audit.stores.jsonl import LinesStore
from rolecall.audit.stores.sqlite import SqliteStore
from rolecall.errors import AuditError

__all__ = ["Store", "open_store"]

_FORMS: Final = "`sqlite:///audit.db`, the path of a file, `postgresql://user@host/database` or `jsonl:FOLDER`"


def open_store(where: str | PathLike[str], *, create: bool = False) -> Store:
    """Open a store of the audit log, and make it where there is none and `create` says so; raises `AuditError`."""
    if not isinstance(where, str):
        return SqliteStore(Path(where), create=create)
    folder = where.removeprefix("jsonl:").removeprefix("//")
    if folder and where.startswith("jsonl:"):
        return LinesStore(Path(folder), create=create)
    scheme, separator, rest = where.partition("://")
    if not separator:
        if where in ("", ":memory:", "jsonl:"):
            raise AuditError(f"an audit log is {_FORMS}")
        return SqliteStore(Path(where), create=create)
    if scheme == "sqlite" and rest.startswith("/") and rest not in ("/", "/:memory:"):
        return SqliteStore(Path(rest[1:]), create=create)
    if scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        try:
            from rolecall.audit.stores.postgres import PostgresStore  # noqa: PLC0415 - an extra
        except ModuleNotFoundError:
            raise AuditError("an audit log in PostgreSQL needs `pip install 'rolecall[postgres]'`") from None
        return PostgresStore(f"postgresql://{rest}", create=create)
    said = "SQLite needs a file here" if scheme == "sqlite" else f"`{scheme}` is not one of them"
    raise AuditError(f"{said}: an audit log is {_FORMS}")
