"""The application's accounts: from any SQL database by reflection, from CSV, from JSON lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from rolecall.errors import FactsError
from rolecall.migration.accounts.of_file import FileAccounts
from rolecall.migration.model import Account, Settings
from rolecall.migration.references import Tables


class Accounts(Protocol):
    """Where accounts come from. `read` may be called once; `name` and `digest` say what was read."""

    name: str
    notes: list[str]
    digest: str

    def read(self, keep: Callable[[str], bool]) -> Iterator[Account]:
        """Give every account; `keep` says of a Clever id whether the values that a merge looks at are needed."""
        ...  # a Protocol's body

    def count(self) -> int | None:
        """Give how many there are, where that is cheap to know."""
        ...  # a Protocol's body

    def tables(self) -> Tables | None:
        """Give the tables that refer to accounts, or None where there are no tables."""
        ...  # a Protocol's body

    def close(self) -> None:
        """Let go of what was opened."""
        ...  # a Protocol's body


def open_accounts(where: str, settings: Settings) -> Accounts:
    """Open accounts: a database's URL, a `.csv` (or `.tsv`), or a `.jsonl` file; else it raises `FactsError`."""
    if "://" in where:
        with needs_sql():
            from rolecall.migration.accounts.of_sql import SqlAccounts  # noqa: PLC0415 - needs SQLAlchemy
        return SqlAccounts(where, settings)
    if re.match(r"(sqlite|postgres|mysql|mariadb)\S*:", where):  # not told as a file's name: it may hold a password
        raise FactsError("this is no database's URL; one is, for example, `sqlite:///app.db`")
    return FileAccounts(Path(where), settings)


@contextmanager
def needs_sql() -> Generator[None]:
    """Say what to install where what is imported needs SQLAlchemy and there is none."""
    try:
        yield
    except ModuleNotFoundError as error:
        said = f"a database needs `{error.name}`, which comes with `pip install 'rolecall[migrate]'`"
        raise FactsError(said) from None


__all__ = ["Accounts", "needs_sql", "open_accounts"]
