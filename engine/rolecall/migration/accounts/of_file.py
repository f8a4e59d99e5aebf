"""Accounts from a file: CSV (with any usual separator and encoding) or JSON lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from rolecall.errors import FactsError, did_you_mean
from rolecall.json_text import NotJson, read_json
from rolecall.migration.accounts.making import Maker, text
from rolecall.migration.model import Account, AccountColumns, Settings
from rolecall.migration.references import Tables
from rolecall.migration.tables import NO_NAMES, open_table

_LINES: Final = (".jsonl", ".ndjson")


class FileAccounts:
    """Accounts of a file. A key that stands twice, or a line that is none, is an error: an account would be lost."""

    def __init__(self, path: Path, settings: Settings) -> None:
        """Look at the file; columns that are not there are an error, those that have a default are not needed."""
        self.path, self.name, self.notes = path, path.name, list[str]()
        if not path.is_file():
            raise FactsError(f"there is no file `{path}`; a database is named by its URL, such as `sqlite:///app.db`")
        self._maker = Maker(settings)
        self._columns: AccountColumns = settings.accounts
        self.digest = ""

    def read(self, keep: Callable[[str], bool]) -> Iterator[Account]:
        """Give every account, in the order of the file."""
        seen: set[str] = set()
        rows = self._lines() if self.path.suffix.lower() in _LINES else self._table()
        for where, row in rows:
            account = self._maker.account(row, keep)
            if not account.key:
                raise FactsError(f"{where}: the account has no key (`{self._columns.key}`)")
            if account.key in seen:
                raise FactsError(f"{where}: the key `{account.key}` stands twice, so it names no account")
            seen.add(account.key)
            yield account
        self.digest = self._maker.digest()

    def count(self) -> int | None:
        """Count the lines."""
        with self.path.open("rb") as file:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))

    def tables(self) -> Tables | None:
        """Give none: a file has no other tables."""
        return None

    def close(self) -> None:
        """Hold nothing open."""

    def _table(self) -> Iterator[tuple[str, Sequence[object]]]:
        table = open_table(self.path.name, lambda: self.path.open("rb"))
        self.notes += table.notes
        self._check(table.header, table.name, table.named())
        at = [table.header.index(one) for one in self._maker.wanted]
        for number, cells in table.rows():
            where = f"{table.name}:{number}"
            if cells is None:
                raise FactsError(
                    f"{where}: the line is no row of {len(table.header)} cells, so an account would be lost"
                )
            yield where, [cells[one] for one in at]

    def _check(self, there: Sequence[str], name: str, told: Sequence[str]) -> None:
        for wanted in self._maker.wanted:
            if wanted not in there:
                hint = did_you_mean(wanted, told) or f"it has {NO_NAMES}"
                raise FactsError(
                    f"`{name}` has no column `{wanted}` (the migration file says what columns are called); {hint}"
                )

    def _lines(self) -> Iterator[tuple[str, Sequence[object]]]:
        with self.path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                where = f"{self.path.name}:{number}"
                try:
                    found = read_json(line)
                except NotJson as error:
                    raise FactsError(f"{where}: {error}") from None
                if not isinstance(found, dict):
                    raise FactsError(f"{where}: an account must be a JSON object")
                self._check([*found, *self._columns.alike.values(), self._columns.id], where, [*found])
                row = [found.get(one) for one in self._maker.wanted]
                yield where, [one if not isinstance(one, list | dict) else text(one) for one in row]
