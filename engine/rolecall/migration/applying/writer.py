"""The differences of rows, written many at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam

from rolecall.migration.accounts.foreign_keys import MYSQLS
from rolecall.migration.applying.database import Refused
from rolecall.migration.applying.rows import Record, Values, typed
from rolecall.migration.applying.stored import Stored


class Writer:
    """Writes differences of rows, many at a time; whatever was not as it was read is `Refused`."""

    def __init__(self, connection: Connection) -> None:
        """Write over this connection."""
        self._connection = connection

    def update(self, records: Iterable[Record], wanted: Callable[[Record, str], bool] | None = None) -> None:
        """Write the wanted columns that differ from how the row stands there now."""
        grouped: dict[tuple[str, tuple[str, ...], int], list[tuple[Record, Values]]] = {}
        for record in records:
            first, now = record.first, record.now or record.was
            if first is None or now is None:
                continue
            differing = {
                one: now[one]
                for one in record.table.columns
                if one in now and now[one] != first[one] and (wanted is None or wanted(record, one))
            }
            if differing:
                grouped.setdefault((record.table.name, tuple(differing), record.many), []).append((record, differing))
        for (_, columns, _many), some in sorted(grouped.items(), key=lambda item: item[0]):
            self._update(some[0][0].table, columns, some)

    def _update(self, table: Stored, columns: Sequence[str], some: list[tuple[Record, Values]]) -> None:
        target = table.table
        said = self._meant(table, target.update(), some[0][0].many)
        setting = [target.c[one] for one in columns]
        stays = {target.c[one]: target.c[one] for one in table.stamps}  # else they would be set to now, for good
        said = said.values(stays | {one: bindparam(f"s{at}", type_=one.type) for at, one in enumerate(setting)})
        rows = []
        for record, differing in some:
            names = {f"w{at}": one for at, one in enumerate(table.of(record.first or {}))}
            rows.append(names | {f"s{at}": differing[one] for at, one in enumerate(columns)})
            record.first = (record.first or {}) | differing
        self._run(table, said, rows, sum(record.many for record, _ in some))

    def delete(self, records: Iterable[Record]) -> None:
        """Delete rows."""
        grouped: dict[tuple[str, int], list[Record]] = {}
        for record in records:
            grouped.setdefault((record.table.name, record.many), []).append(record)
        for (_, many), some in grouped.items():
            table = some[0].table
            rows = [{f"w{at}": one for at, one in enumerate(table.of(record.first or {}))} for record in some]
            said = self._meant(table, table.table.delete(), many)
            self._run(table, said, rows, many * len(some))

    def insert(self, records: Iterable[Record], instead: Callable[[Record], Values] | None = None) -> None:
        """Put rows back; `instead` are values that must stand there for a moment, until `update`."""
        grouped: dict[tuple[str, tuple[str, ...]], list[Record]] = {}
        for record in records:  # a column that has been added since takes its default
            there = tuple(one for one in record.table.columns if one in (record.now or {}))
            grouped.setdefault((record.table.name, there), []).append(record)
        for (_, there), some in grouped.items():
            table, rows = some[0].table, []
            for record in some:
                record.first = (record.now or {}) | (instead(record) if instead is not None else {})
                rows += [table.inserted(self._connection, record.first)] * record.many
            self._connection.execute(table.insertion(self._connection, there), rows)

    def _meant(self, table: Stored, said: Any, many: int) -> Any:  # noqa: ANN401 - SQLAlchemy's
        """Say which rows are meant: the one that is named so, or so many of those that are alike."""
        same = table.same(typed(table, [bindparam(f"w{at}") for at in range(len(table.identity))]))
        if table.named:
            return said.where(*same)
        kind = self._connection.dialect.name
        said = said.where(table.among_alike(same, kind, many))
        return said.with_dialect_options(**{f"{kind}_limit": many}) if kind in MYSQLS else said

    def _run(self, table: Stored, said: Any, rows: list[Values], wanted: int) -> None:  # noqa: ANN401 - SQLAlchemy's
        met = self._connection.execute(said, rows).rowcount
        if met not in (wanted, -1):
            raise Refused(f"{abs(wanted - met)} rows of `{table.name}` are not as they were read")
