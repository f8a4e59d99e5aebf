"""What a database would do by itself when a row changes or goes: it must not happen unseen, nor be left undone.

A foreign key may delete rows, or empty their columns, with the row that they name; it may find them where we did not,
for databases take texts for equal that differ in case. SQLite, which heeds foreign keys only where it is told to, may
leave rows that name nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, and_, exists, literal, or_, select

from rolecall.migration.applying.around import Around
from rolecall.migration.applying.database import Refused
from rolecall.migration.applying.rows import Record, Rows
from rolecall.migration.applying.stored import Pointing

_EMPTYING: Final = ("SET NULL", "SET DEFAULT")
_LOSING: Final = ("CASCADE", *_EMPTYING)
_AT_ONCE: Final = 200

Places = set[tuple[Any, ...]]


class Guard:
    """Looks at the rows that name those which are about to change. Make it before anything is written."""

    def __init__(self, connection: Connection, around: Around, rows: Rows) -> None:
        """Note which places that others may name are about to be given up."""
        self._connection, self._around, self._rows = connection, around, rows
        self._lite = connection.dialect.name == "sqlite"
        self._gone: list[tuple[str, Pointing, Places]] = []
        self._changed: list[tuple[str, Pointing, Places]] = []
        by: dict[str, list[Record]] = {}
        for record in rows.every:
            if record.first is not None and record.now != record.first:
                by.setdefault(record.table.name, []).append(record)
        for name, keys in around.pointing.items():
            for one in keys:
                if self._lite or one.on_delete in _LOSING:
                    self._note(self._gone, name, one, (record for record in by.get(name, ()) if record.now is None))
                if self._lite or one.on_update in _EMPTYING:
                    self._note(self._changed, name, one, (record for record in by.get(name, ()) if record.now))

    @staticmethod
    def _note(noted: list[tuple[str, Pointing, Places]], name: str, one: Pointing, records: Iterable[Record]) -> None:
        places: Places = set()
        for record in records:
            before, now = record.first or {}, record.now or {}
            place = tuple(before.get(column) for column in one.referred)
            if None not in place and place != tuple(now.get(column) for column in one.referred):
                places.add(place)
        if places:
            noted.append((name, one, places))

    def before_changing(self) -> None:
        """See that no column of another table is emptied because what it names is about to be called otherwise."""
        if not self._lite:
            self._none_named(self._changed)

    def before_deleting(self, name: str) -> None:
        """See that no row names one of this table that is about to be deleted: it would go with it."""
        if not self._lite:
            self._none_named(one for one in self._gone if one[0] == name)

    def afterwards(self) -> None:
        """See, in SQLite, that no row is left that names nothing."""
        if self._lite:
            self._none_named([*self._gone, *self._changed], left=True)
            self._none_apart()

    def _none_named(self, noted: Iterable[tuple[str, Pointing, Places]], *, left: bool = False) -> None:
        for name, one, places in noted:
            table = self._around.table(self._connection, one.table).table
            columns = [table.c[column] for column in one.columns]
            named = self._named(name, one, columns)
            for some in _parts(places):
                there = _among(columns, some)
                query = select(literal(1)).select_from(table).where(and_(there, ~named) if left else there).limit(1)
                if self._connection.execute(query).first():
                    raise Refused(f"`{one.table}.{one.columns[0]}` names a row of `{name}` that would be there no more")

    def _none_apart(self) -> None:
        """See that rows which name others by several columns together still name some."""
        for name, keys in self._around.pointing.items():
            for one in keys:
                if len(one.columns) > 1:
                    self._still_named(name, one)

    def _still_named(self, name: str, one: Pointing) -> None:
        rows = [record.now for record in self._rows.every if record.now and record.table.name == one.table]
        places = {tuple(now.get(column) for column in one.columns) for now in rows}
        table = self._around.table(self._connection, one.table).table
        columns = [table.c[column] for column in one.columns]
        for some in _parts({place for place in places if None not in place}):
            query = select(literal(1)).select_from(table)
            query = query.where(_among(columns, some), ~self._named(name, one, columns)).limit(1)
            if self._connection.execute(query).first():
                said = ", ".join(one.columns)
                raise Refused(f"a row of `{one.table}` would name nothing in `{name}` by its columns {said}")

    def _named(self, name: str, one: Pointing, columns: Sequence[Any]) -> Any:  # noqa: ANN401 - SQLAlchemy's
        """Say that what a row names is there."""
        other = self._around.table(self._connection, name).table.alias()
        pairs = zip(one.referred, columns, strict=True)
        return exists(select(literal(1)).where(and_(*(other.c[there] == column for there, column in pairs))))


def _among(columns: Sequence[Any], places: Sequence[tuple[Any, ...]]) -> Any:  # noqa: ANN401 - SQLAlchemy's
    if len(columns) == 1:
        return columns[0].in_([place[0] for place in places])
    return or_(*(and_(*(column == part for column, part in zip(columns, place, strict=True))) for place in places))


def _parts(places: Places) -> Iterator[list[tuple[Any, ...]]]:
    ordered = sorted(places, key=str)
    for at in range(0, len(ordered), _AT_ONCE):
        yield ordered[at : at + _AT_ONCE]
