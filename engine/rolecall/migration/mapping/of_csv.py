"""The map from the CSVs that Clever exports: a zip, a folder, or single files, one district each."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final, cast

import msgspec

from rolecall.errors import FactsError
from rolecall.migration.mapping.index import Map, Source
from rolecall.migration.model import MapColumns, clever_role
from rolecall.migration.tables import NO_NAMES, Table, column, open_table

CSVS: Final = (".csv", ".tsv", ".txt", ".zip")

_OLD: Final = ("role_id", "legacy_id", "old_id", "previous_id", "v2_id", "v1_id", "old_clever_id")
_NEW: Final = ("user_id", "v3_id", "new_id", "multi_role_user_id", "new_clever_id", "v3_user_id")
_ROLE: Final = ("role", "user_type", "type", "role_type", "kind")
_DISTRICT: Final = ("district", "district_id", "clever_district_id")
_ID: Final = re.compile(r"[0-9a-f]{24}")
_EVERY: Final = 50_000
_ENOUGH: Final = 3


class _Columns(msgspec.Struct, frozen=True):
    """Where the parts of a row are."""

    old: int
    new: int
    role: int | None
    district: int | None


def read_csvs(path: Path, wanted: MapColumns, found: Map, told: Callable[[int], None]) -> None:
    """Read all files there are, in the order of their names; raises `FactsError` where one cannot be read."""
    count = 0
    for name, opened in _files(path):
        table = open_table(name, opened, separator=wanted.separator, encoding=wanted.encoding)
        columns, before = _columns(table, wanted), count
        if any(_ID.fullmatch(one) for one in table.header):  # numbered columns, and no header
            table = msgspec.structs.replace(table, skip=0)
        count += _read(table, columns, found, _later(told, before))
    if not found.sources:
        raise FactsError(f"there is no CSV in `{path}`")
    told(count)


def _later(told: Callable[[int], None], before: int) -> Callable[[int], None]:
    """Count on from where the last file ended."""
    return lambda rows: told(before + rows)


def _files(path: Path) -> Iterator[tuple[str, Callable[[], BinaryIO]]]:
    """Give the name of each file of rows, and what opens it."""
    if path.is_dir():
        for one in sorted(path.iterdir()):
            if one.suffix.lower() in CSVS and not one.name.startswith("."):
                yield from _files(one)
    elif path.suffix.lower() == ".zip":
        try:
            packed = zipfile.ZipFile(path)
            names = sorted(one.filename for one in packed.infolist() if not one.is_dir())
        except (OSError, zipfile.BadZipFile) as error:
            raise FactsError(f"`{path}` cannot be read as a zip: {error}") from None
        with packed:
            for name in names:
                hidden = name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith(".")
                if name.lower().endswith(CSVS[:3]) and not hidden:
                    yield f"{path.name}/{name}", partial(_member, packed, name)
    else:
        if not path.is_file():
            raise FactsError(f"there is no file or folder `{path}`")
        yield path.name, partial(_open, path)


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


def _member(packed: zipfile.ZipFile, name: str) -> BinaryIO:
    return cast("BinaryIO", packed.open(name))


def _columns(table: Table, wanted: MapColumns) -> _Columns:
    """Find the columns; `FactsError` says what is missing, or what was mistaken for what."""
    old = column(table, wanted.old, _OLD, "the old id")
    new = column(table, wanted.new, _NEW, "the new id")
    for at, names, said in ((old, _NEW, "old"), (new, _OLD, "new")):
        name = "" if at is None else table.header[at].lower()
        if name in names and isinstance((wanted.old, wanted.new)[said == "new"], str):
            other = "new" if said == "old" else "old"
            raise FactsError(f"`{table.name}`: `{name}` is the {other} id in Clever's exports, not the {said} one")
    if old is None or new is None:
        if any(_ID.fullmatch(one) for one in table.header):
            raise FactsError(
                f"`{table.name}` has no header: its first line holds ids. Number the columns in the migration file, "
                "`map: {old: 1, new: 2}`, or put a line with their names on top"
            )
        lacks = "old id (such as `role_id`)" if old is None else "new id (such as `user_id`)"
        has = ", ".join(table.named()) or NO_NAMES
        raise FactsError(
            f"`{table.name}` has no column that is known for the {lacks}; it has {has}. "
            "Name the columns in the migration file: `map: {old: …, new: …}`"
        )
    if old == new:
        raise FactsError(f"`{table.name}`: the old and the new id cannot both be in the column `{table.header[old]}`")
    role = column(table, wanted.role, _ROLE, "the role")
    return _Columns(old, new, role, column(table, wanted.district, _DISTRICT, "the district"))


def _read(table: Table, at: _Columns, found: Map, told: Callable[[int], None]) -> int:
    """Read the rows of a table into the map; what is wrong with one is named by file and line."""
    stem = _district(table.name)
    roles: dict[str, str] = {}
    turned = _Turned(table.name, found)
    count = 0
    for number, cells in table.rows():
        count += 1
        if count % _EVERY == 0:
            told(count)
        where = f"{table.name}:{number}"
        if cells is None:
            found.problem(where, "no-row", f"the line is no row of {len(table.header)} cells")
            continue
        old, new = cells[at.old].strip().removeprefix("\ufeff"), cells[at.new].strip()
        district = (cells[at.district].strip() if at.district is not None else "") or stem
        written = "" if at.role is None else cells[at.role]
        role = roles[written] if written in roles else roles.setdefault(written, clever_role(written))
        if not role and at.role is not None:
            said = f"the role `{written}` is none of Clever's" if written.strip() else "the role is blank"
            found.problem(where, "role", said)
        elif role == "contact":
            found.contacts += 1
        elif not old or not new:
            found.problem(where, "blank", f"the {'new' if old else 'old'} id is blank")
        elif role == "student":
            found.add_student(district, old, new, where)
        else:
            turned.see(role, old, new)
            found.add(district, role, old, new, where)
    turned.refuse(table, at)
    notes = list(table.notes)
    if not stem and at.district is None:
        notes.append("neither a column nor the file's name says which district it is of: any")
    found.sources.append(Source(table.name, f"sha256:{table.digest}", count, tuple(notes)))
    return count


def _district(name: str) -> str:
    """Give the district's id that a file is named after, or an empty text."""
    named = _ID.search(name.rpartition("/")[2].lower())
    return named[0] if named else ""


class _Turned:
    """Whether old and new are turned round: then one "old" id stands in several roles, with as many new ones."""

    def __init__(self, name: str, found: Map) -> None:
        self.name, self.found = name, found
        self.split, self.joined = 0, 0

    def see(self, role: str, old: str, new: str) -> None:
        """Look at a row before it is added: does its old id have another new one, or its new id another old one?"""
        first = self.found.entries.get(old)
        if first is None:
            self.joined += new in self.found.people
        elif all(one.person.id != new and (not role or one.role != role) for one in first.all()):
            self.split += 1

    def refuse(self, table: Table, at: _Columns) -> None:
        """Raise `FactsError` where the rows can only be read the other way round."""
        enough = 1 if at.role is not None else _ENOUGH
        if self.split >= enough and not self.joined:
            old, new = table.header[at.old], table.header[at.new]
            raise FactsError(
                f"`{self.name}`: the columns are turned round. {self.split:,} ids in `{old}`, read as old ids, have "
                f"several new ones in `{new}`, and none the other way round, as it must be where people had several "
                f"accounts. Name them in the migration file: `map: {{old: {new}, new: {old}}}`"
            )
