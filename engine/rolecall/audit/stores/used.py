"""Which texts and blobs the records of a database name: looked through page by page, so that nobody waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

# Statements are put together from names of this package, never from anybody's data.
# ruff: noqa: S608
from rolecall.audit.stores.rows import BLOBS, NAMES

TABLES: Final = {"name": NAMES, "blob": BLOBS}
"""The tables that records name rows of, each with the columns that do."""

PAGE: Final = 2_000
"""How many rows are looked at, or deleted, at once."""

_COLUMNS: Final = ", ".join((*NAMES, *BLOBS))


class Used:
    """The numbers that records name, as far as they were looked at: of each writer up to some sequence number."""

    def __init__(self) -> None:
        """Begin with nothing looked at."""
        self.numbers: dict[str, set[int]] = {table: set() for table in TABLES}
        self._after: dict[int, int] = {}

    def look(self, run: Callable[..., list[Any]]) -> bool:
        """Look at about a page more; `run` gives the rows of a statement. False where all has been looked at."""
        seen = 0
        for (writer,) in run("SELECT number FROM writer ORDER BY number"):
            asked = (writer, self._after.get(writer, 0))
            rows = run(
                f"SELECT seq, {_COLUMNS} FROM decision WHERE writer = ? AND seq > ? ORDER BY seq LIMIT {PAGE}", asked
            )
            for _, *row in rows:
                self.numbers["name"].update(row[: len(NAMES)])
                self.numbers["blob"].update(row[len(NAMES) :])
            if rows:
                self._after[writer] = rows[-1][0]
                seen += len(rows)
            if seen >= PAGE:  # so that a writer who goes on writing is not followed for ever
                return True
        return False
