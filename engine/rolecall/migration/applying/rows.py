"""The rows around some people: read at once, changed in memory one person after the other, written at once.

A person whose change fails half way is taken back in memory, and nobody else is touched. What is written is the
difference between a row as it was read and as it is at the end, so that the order of people does not matter to keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, ParamSpec

from sqlalchemy import BindParameter, Connection, and_, bindparam, literal, or_, select

from rolecall.migration.accounts.making import text as as_text
from rolecall.migration.applying.database import Refused
from rolecall.migration.applying.stored import Stored

_AT_ONCE: Final = 200
Values = dict[str, Any]
P = ParamSpec("P")


class Record:
    """A row: as it was read (None: it is new), as it is (None: it is gone), as it was last (for one that is gone)."""

    __slots__ = ("first", "many", "now", "table", "was")

    def __init__(self, table: Stored, first: Values | None, now: Values | None, many: int = 1) -> None:
        """Begin with a row that was read, or that is new; or with as many as cannot be told apart."""
        self.table, self.first, self.now, self.was, self.many = table, first, now, now, many


class Rows:
    """Rows of some tables. `indexed` are the columns, by table, in which they are looked for."""

    def __init__(self, connection: Connection, indexed: dict[str, tuple[str, ...]], *, lock: bool = True) -> None:
        """Hold none yet. Rows that are read are locked, unless nothing is to change."""
        self._connection, self._indexed, self._lock = connection, indexed, lock
        self.every: list[Record] = []
        self._read_before: set[tuple[str, tuple[Any, ...]]] = set()
        self._by: dict[tuple[str, tuple[Any, ...]], dict[Record, None]] = {}
        self._index: dict[tuple[str, str, str], dict[Record, None]] = {}
        self._unique: dict[tuple[str, tuple[str, ...]], dict[tuple[Any, ...], Record]] = {}
        self._touched: dict[Record, Values | None] = {}
        self._made: dict[Record, tuple[str, ...]] = {}

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
            self._read(table, or_(*(and_(*table.same(typed(table, one))) for one in some)))

    def _read(self, table: Stored, condition: Any) -> None:  # noqa: ANN401 - SQLAlchemy's
        columns = [table.table.c[one] for one in table.columns]
        query = select(*columns).where(condition)
        query = query.with_for_update() if self._lock else query
        new: dict[tuple[str, tuple[Any, ...]], Record] = {}
        for row in self._connection.execute(query):
            values = dict(zip(table.columns, row, strict=True))
            at = (table.name, table.of(values))
            if at in new:
                new[at].many += 1
            elif at not in self._read_before:
                new[at] = Record(table, values, dict(values))
                self._enter(new[at])
        self._read_before |= new.keys()
        self.every += new.values()

    # looking

    def named(self, table: Stored, name: tuple[Any, ...]) -> Record | None:
        """Give the row that is named so now."""
        found = self._by.get((table.name, name), ())
        return next((one for one in found if one.now is not None), None)

    def take(self, table: Stored, name: tuple[Any, ...], many: int) -> list[Record]:
        """Give as many rows as are wanted of those that are named so now; none where there are fewer."""
        there, found = [*self._by.get((table.name, name), ())], list[Record]()
        if sum(one.many for one in there) < many:
            return []
        for record in there:
            taken = record if record.many <= many else self._split(record, many)
            found.append(taken)
            many -= taken.many
            if not many:
                break
        return found

    def _split(self, record: Record, many: int) -> Record:
        """Tell some rows from the others that are like them."""
        made = Record(record.table, record.first and dict(record.first), dict(record.now or {}), many)
        record.many -= many
        self.every.append(made)
        self._enter(made)
        return made

    def having(self, table: Stored, column: str, value: object) -> list[Record]:
        """Give the rows that have this value in an indexed column now, in the order in which they are named."""
        found = self._index.get((table.name, column, as_text(value)), ())
        return sorted(found, key=lambda one: [str(part) for part in table.of(one.now or {})])

    def holder(self, table: Stored, key: tuple[str, ...], values: Values) -> Record | None:
        """Give the row that holds the place of these values under a unique key now, or None."""
        if key == table.identity and table.named:
            return self.named(table, table.of(values))
        place = tuple(values[one] for one in key)
        if None in place:  # to SQL, what is null equals nothing
            return None
        return self._unique.get((table.name, key), {}).get(place)

    # changing

    def begin(self) -> None:
        """Begin with a person: what was changed before stays."""
        self._touched = {}

    def change(self, record: Record, changes: Values, made: Iterable[str] = ()) -> None:
        """Change columns of a row. Values that were `made`, not read from a column, may come to be held otherwise."""
        if record.now is None:
            raise Refused(f"a row of `{record.table.name}` is gone")
        self._keep(record)
        self._leave(record)
        record.now = record.was = record.now | changes
        self._enter(record)
        if made := tuple(made):
            self._made[record] = made

    def remove(self, record: Record) -> None:
        """Delete a row."""
        self._keep(record)
        self._leave(record)
        record.now = None

    def add(self, table: Stored, values: Values, many: int) -> Record:
        """Put a row back; or as many as cannot be told apart."""
        record = Record(table, None, None, many)
        self.every.append(record)
        self._keep(record)
        record.now = record.was = dict(values)
        self._enter(record)
        return record

    def tried(self, work: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> str:
        """Do what a person's step does, in memory; give why it must not be, and then nothing is."""
        self.begin()
        try:
            work(*args, **kwargs)
        except Refused as error:
            self.undo()
            return str(error)
        return ""

    def undo(self) -> None:
        """Take back what was changed since `begin`."""
        for record in self._touched:
            self._leave(record)
        for record, values in self._touched.items():
            record.now = record.was = values
            self._enter(record)
        self._touched = {}

    def changed(self) -> Iterator[tuple[Record, Values | None]]:
        """Give each row that was changed since `begin`, and what it was then."""
        yield from ((record, before) for record, before in self._touched.items() if record.now != before)

    def as_held(self) -> dict[Record, Values]:
        """Give the values that were made as the database holds them: a date with its time, a number with its digits."""
        there, found = Rows(self._connection, {}, lock=False), dict[Record, Values]()
        by: dict[str, list[tuple[Record, tuple[Any, ...]]]] = {}
        for record in self._made:
            if record.now is not None:
                by.setdefault(record.table.name, []).append((record, record.table.of(record.now)))
        for some in by.values():
            table = some[0][0].table
            there.fetch_named(table, [name for _, name in some])
            for record, name in some:
                held = there.named(table, name)
                if held is not None and held.now is not None:
                    found[record] = {one: held.now[one] for one in self._made[record]}
        return found

    def _keep(self, record: Record) -> None:
        if record not in self._touched:
            self._touched[record] = record.now

    def _enter(self, record: Record) -> None:
        table, now = record.table, record.now
        if now is None:
            return
        self._by.setdefault((table.name, table.of(now)), {})[record] = None
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
        self._by.get((table.name, table.of(now)), {}).pop(record, None)
        for column in self._indexed.get(table.name, ()):
            self._index.get((table.name, column, as_text(now[column])), {}).pop(record, None)
        for key in table.keys:
            place = tuple(now.get(one) for one in key)
            held = self._unique.get((table.name, key), {})
            if held.get(place) is record:
                del held[place]


def typed(table: Stored, values: Iterable[Any]) -> list[Any]:
    """Give values, or parameters, as those of the columns that name a row."""
    return [
        bindparam(one.key, type_=kind) if isinstance(one, BindParameter) else literal(one, kind)
        for one, kind in zip(values, table.compared(), strict=True)
    ]


def _parts(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for at in range(0, len(values), size):
        yield values[at : at + size]
