"""The rows around some people: read at once, changed in memory one person after the other, written at once.

A person whose change fails half way is taken back in memory, and nobody else is touched. What is written is the
difference between a row as it was read and as it is at the end, so that the order of people does not matter to keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, and_, or_, select

from rolecall.migration.accounts.making import text as as_text
from rolecall.migration.applying.database import Refused
from rolecall.migration.applying.images import encode
from rolecall.migration.applying.stored import Stored

_AT_ONCE: Final = 200
Values = dict[str, Any]


class Record:
    """A row: as it was read (None: it is new), as it is (None: it is gone), as it was last (for one that is gone).

    Or `many` rows that nothing tells apart; `had` of them were read. `became` are the values of those among which the
    row of a table without a key went; `blurred` says that they only seem alike to whoever compares them (1 and 1.0).
    """

    __slots__ = ("became", "blurred", "first", "had", "many", "now", "table", "was")

    def __init__(self, table: Stored, first: Values | None, now: Values | None, many: int = 1) -> None:
        """Begin with a row that was read, or that is new; or with as many as cannot be told apart."""
        self.table, self.first, self.now, self.was = table, first, now, now
        self.many, self.had = many, 0 if first is None else many
        self.became: Values | None = None
        self.blurred = False


class Rows:
    """Rows of some tables. `indexed` are the columns, by table, in which they are looked for."""

    def __init__(self, connection: Connection, indexed: dict[str, tuple[str, ...]], *, lock: bool = True) -> None:
        """Hold none yet. Rows that are read are locked, unless nothing is to change."""
        self._connection, self._indexed, self._lock = connection, indexed, lock
        self.every: list[Record] = []
        self._read_before: set[tuple[str, tuple[Any, ...]]] = set()
        self._by: dict[tuple[str, tuple[Any, ...]], Record] = {}
        self._index: dict[tuple[str, str, str], dict[Record, None]] = {}
        self._unique: dict[tuple[str, tuple[str, ...]], dict[tuple[Any, ...], Record]] = {}
        self._touched: dict[Record, tuple[Values | None, int]] = {}

    # reading

    def fetch(self, table: Stored, column: str, values: Iterable[Any]) -> None:
        """Read the rows that have one of these values in a column, and lock them."""
        for some in _parts(sorted({*values}, key=str), _AT_ONCE):
            self._read(table, table.table.c[column].in_(some))

    def fetch_named(self, table: Stored, names: Iterable[tuple[Any, ...]]) -> None:
        """Read the rows that are named so, and lock them."""
        names = [*dict.fromkeys(names)]
        if len(table.identity) == 1:
            self.fetch(table, table.identity[0], [one[0] for one in names])
            return
        for some in _parts(names, _AT_ONCE):
            self._read(table, or_(*(self._same(table, one) for one in some)))

    @staticmethod
    def _same(table: Stored, name: tuple[Any, ...]) -> Any:  # noqa: ANN401 - SQLAlchemy's
        columns = [table.table.c[one] for one in table.identity]
        if table.named:
            return and_(*(column == value for column, value in zip(columns, name, strict=True)))
        return and_(*(column.is_not_distinct_from(value) for column, value in zip(columns, name, strict=True)))

    def _read(self, table: Stored, condition: Any) -> None:  # noqa: ANN401 - SQLAlchemy's
        columns = [table.table.c[one] for one in table.columns]
        query = select(*columns).where(condition)
        query = query.with_for_update() if self._lock else query
        new: dict[tuple[str, tuple[Any, ...]], Record] = {}
        for row in self._connection.execute(query):
            values = dict(zip(table.columns, row, strict=True))
            at = (table.name, table.of(values))
            if at in new:
                new[at].many = new[at].had = new[at].many + 1
                new[at].blurred = new[at].blurred or encode(new[at].first) != encode(values)
            elif at not in self._read_before:
                new[at] = Record(table, values, dict(values))
                self._enter(new[at])
        self._read_before |= new.keys()
        self.every += new.values()

    # looking

    def named(self, table: Stored, name: tuple[Any, ...]) -> Record | None:
        """Give the row that is named so now."""
        found = self._by.get((table.name, name))
        return found if found is not None and found.now is not None else None

    def having(self, table: Stored, column: str, value: object) -> list[Record]:
        """Give the rows that have this value in an indexed column now, in the order in which they are named."""
        found = self._index.get((table.name, column, as_text(value)), ())
        return sorted(found, key=lambda one: [str(part) for part in table.of(one.now or {})])

    def holder(self, table: Stored, key: tuple[str, ...], values: Values) -> Record | None:
        """Give the row that holds the place of these values under a unique key now, or None."""
        if key == table.identity:
            return self.named(table, table.of(values))
        place = tuple(values[one] for one in key)
        if None in place:  # to SQL, what is null equals nothing
            return None
        return self._unique.get((table.name, key), {}).get(place)

    # changing

    def begin(self) -> None:
        """Begin with a person: what was changed before stays."""
        self._touched = {}

    def change(self, record: Record, changes: Values) -> None:
        """Change columns of a row."""
        if record.now is None:
            raise Refused(f"a row of `{record.table.name}` is gone")
        self._keep(record)
        self._leave(record)
        record.now = record.was = record.now | changes
        self._enter(record)

    def remove(self, record: Record) -> None:
        """Delete a row."""
        if record.blurred:
            raise Refused(f"rows of `{record.table.name}` seem alike that are not: nobody could put them back")
        self._keep(record)
        self._leave(record)
        record.now = None

    def join(self, record: Record, holder: Record, changes: Values) -> None:
        """Change a row of a table without a key so that it is like others: from now on they are counted together."""
        became = (record.now or {}) | changes
        if record.blurred or holder.blurred or encode(became) != encode(holder.now):
            raise Refused(f"rows of `{record.table.name}` would seem alike that are not")
        self._keep(holder)
        self.remove(record)
        record.became = became
        holder.many += record.many

    def part(self, record: Record, many: int, changes: Values) -> None:
        """Change so many of the rows that nothing tells apart."""
        if record.blurred:
            raise Refused(f"rows of `{record.table.name}` seem alike that are not")
        values = (record.now or {}) | changes
        self._keep(record)
        record.many -= many
        if not record.many:
            self.remove(record)
        others = self.named(record.table, record.table.of(values))
        if others is None:
            self.add(record.table, values, many)
        else:
            self._keep(others)
            others.many += many

    def add(self, table: Stored, values: Values, many: int) -> Record:
        """Put a row back; or as many as cannot be told apart."""
        record = Record(table, None, None, many)
        self.every.append(record)
        self._keep(record)
        record.now = record.was = dict(values)
        self._enter(record)
        return record

    def undo(self) -> None:
        """Take back what was changed since `begin`."""
        for record in self._touched:
            self._leave(record)
        for record, (values, many) in self._touched.items():
            record.now = record.was = values
            record.many, record.became = many, None
            self._enter(record)
        self._touched = {}

    def changed(self) -> Iterator[tuple[Record, Values | None, int]]:
        """Give each row that was changed since `begin`, what it was then, and how many there were of it."""
        for record, (before, many) in self._touched.items():
            if record.now != before:
                yield record, before, many

    def _keep(self, record: Record) -> None:
        if record not in self._touched:
            self._touched[record] = record.now, record.many

    def _enter(self, record: Record) -> None:
        table, now = record.table, record.now
        if now is None:
            return
        self._by[table.name, table.of(now)] = record
        for column in self._indexed.get(table.name, ()):
            if now[column] is not None:
                self._index.setdefault((table.name, column, as_text(now[column])), {})[record] = None
        for key in table.keys:
            place = tuple(now.get(one) for one in key)
            if None not in place:
                self._unique.setdefault((table.name, key), {})[place] = record

    def _leave(self, record: Record) -> None:
        table, now = record.table, record.now
        if now is None:
            return
        at = (table.name, table.of(now))
        if self._by.get(at) is record:
            del self._by[at]
        for column in self._indexed.get(table.name, ()):
            self._index.get((table.name, column, as_text(now[column])), {}).pop(record, None)
        for key in table.keys:
            place = tuple(now.get(one) for one in key)
            held = self._unique.get((table.name, key), {})
            if held.get(place) is record:
                del held[place]


def _parts(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for at in range(0, len(values), size):
        yield values[at : at + size]
