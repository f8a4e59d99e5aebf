"""The map: (district, role, legacy id) to v3.0 id, many to one. Never made of e-mail addresses, names or sis_ids."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rolecall.errors import FactsError
from rolecall.migration.mapping.index import Entry, Map, Person
from rolecall.migration.mapping.of_clever import LIVE, read_clever
from rolecall.migration.mapping.of_csv import CSVS, read_csvs
from rolecall.migration.mapping.of_users import read_users
from rolecall.migration.model import MapColumns

__all__ = ["Entry", "Map", "Person", "read_clever", "read_map"]


def read_map(
    where: str,
    columns: MapColumns | None = None,
    into: Map | None = None,
    told: Callable[[int], None] = lambda _: None,
    *,
    alike: frozenset[str] = frozenset(),
) -> Map:
    """Read a source of the map: a snapshot, a roster store, or Clever's exported CSVs (a zip, a folder, a file).

    Adds to `into` where that is given. `told` hears now and then how many rows have been read. `alike` are what
    likenesses are looked for in (`email`, `name`, `username`, `sis_id`). Raises `FactsError` where nothing can be read.
    Clever itself is read by `read_clever`.
    """
    if where.startswith(LIVE):
        raise FactsError(
            f"`{LIVE}` is for the command line, which knows the tokens: call `read_clever` with a `Clever`"
        )
    found = Map() if into is None else into
    path = Path(where)
    if path.is_dir() or path.suffix.lower() in CSVS:
        read_csvs(path, columns or MapColumns(), found, told)
    else:
        read_users(where, found, told, alike)
    return found
