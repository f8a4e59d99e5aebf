"""Whether what was carried out still stands: each row as it was left, nobody writes old ids, nothing dangles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import Column, ColumnElement, Connection, func, or_, select

from rolecall.errors import FactsError
from rolecall.migration.accounts.foreign_keys import holds_bytes
from rolecall.migration.accounts.making import as_written
from rolecall.migration.accounts.making import text as as_text
from rolecall.migration.applying.around import Around, look_around
from rolecall.migration.applying.database import Target
from rolecall.migration.applying.images import decode
from rolecall.migration.applying.journal import NOTHING, Entry, Journal, Run
from rolecall.migration.applying.reading import read_changed
from rolecall.migration.applying.rows import Rows
from rolecall.migration.model import Settings, Told, clever_role

_AT_ONCE: Final = 500

Kind = Literal["changed", "old-id", "dangling", "half-done"]


class Finding(msgspec.Struct, frozen=True):
    """Something that is not as it should be: what, where (a table and what names the row), a sentence."""

    kind: Kind
    table: str
    row: str
    text: str


class Verified(msgspec.Struct):
    """What was looked at, and what was found. `open` are accounts that carry an old id because a run left them."""

    runs: int
    rows: int
    findings: list[Finding]
    open: int


def verify(url: str, *, schema: str | None = None, told: Told = lambda _what, _number: None) -> Verified:
    """Compare the database with its journal. Only reads."""
    journal = Journal(schema)
    with Target(url) as target, target.connected(read=True) as connection, connection.begin():
        if not journal.there(connection):
            raise FactsError(NOTHING)
        runs = [one for one in journal.all_runs(connection) if one.state != "undone"]
        if not runs:
            return Verified(0, 0, [], 0)
        settings = msgspec.json.decode(runs[-1].settings, type=Settings)
        around = look_around(target, connection, settings)
        return _Verifier(connection, journal, around, runs, told).run()


class _Verifier:
    def __init__(
        self,
        connection: Connection,
        journal: Journal,
        around: Around,
        runs: Sequence[Run],
        told: Told,
    ) -> None:
        self._connection, self._journal, self._around, self._runs, self._told = connection, journal, around, runs, told
        self._later: dict[str, dict[tuple[Any, ...], list[Entry]]] = {}
        self._found = Verified(len(runs), 0, [], 0)

    def run(self) -> Verified:
        """Look at everything."""
        for run in self._runs:
            if run.state != "applied":
                said = f"run {run.run} is {run.state}, at step {run.position:,} of {run.steps:,}"
                self._add("half-done", "rolecall_runs", str(run.run), said)
            for entries in self._entries(run):
                self._stands(entries)
                self._dangles(entries)
        self._old_ids()
        return self._found

    def _add(self, kind: Kind, table: str, row: str, text: str) -> None:
        self._found.findings.append(Finding(kind, table, row, text))

    def _entries(self, run: Run) -> Iterator[list[Entry]]:
        """Give what a run changed and what is not undone, some at a time."""
        below = run.steps
        while steps := self._journal.last_steps(self._connection, run.run, _AT_ONCE, below):
            below = steps[-1]
            yield [one for some in self._journal.of_steps(self._connection, run.run, steps).values() for one in some]

    def _stands(self, entries: Sequence[Entry]) -> None:
        """See that these rows are as they were left; a later step may have changed them since."""
        rows = Rows(self._connection, {}, lock=False)
        read_changed(self._connection, self._around, rows, entries)
        for one in entries:
            self._found.rows += 1
            name: tuple[Any, ...] = tuple(decode(one.identity))
            after = decode(one.after)
            record = rows.named(self._around.table(self._connection, one.tbl), name)
            now = None if record is None else record.now
            wrong = ""
            if after is None:
                wrong = "is there again, and was deleted" if now is not None else ""
            elif now is None:
                wrong = "is gone"
            else:
                wrong = next(
                    (f"has another `{column}`" for column, value in after.items() if now.get(column) != value), ""
                )
            if wrong and not self._explained(one, name):
                said = ", ".join(as_text(part) for part in name)
                self._add("changed", one.tbl, said, f"the row {said} of `{one.tbl}` {wrong} (run {one.run})")
        self._told("rows", self._found.rows)

    def _explained(self, entry: Entry, name: tuple[Any, ...]) -> bool:
        """Say whether a later step changed this row once more: then that is what must stand."""
        if entry.tbl not in self._later:
            found: dict[tuple[Any, ...], list[Entry]] = {}
            self._later[entry.tbl] = found
            for run in self._runs:
                for entries in self._entries(run):
                    for one in entries:
                        if one.tbl == entry.tbl:
                            found.setdefault(self._before(one), []).append(one)
        mine = (entry.run, entry.step, entry.n)
        return any((one.run, one.step, one.n) > mine for one in self._later[entry.tbl].get(name, ()))

    def _before(self, entry: Entry) -> tuple[Any, ...]:
        """Give what named a row before a step changed it."""
        table, before = self._around.table(self._connection, entry.tbl), decode(entry.before)
        known = dict(zip(table.identity, decode(entry.identity), strict=False)) | before
        return table.of(known) if {*table.identity} <= known.keys() else ()

    def _dangles(self, entries: Sequence[Entry]) -> None:
        """See that nothing names an account that was merged into another."""
        name, key = self._around.accounts.name, self._around.settings.accounts.key
        gone = [decode(one.before)[key] for one in entries if one.tbl == name and one.after is None]
        for table_name, (table, columns) in self._around.referring.items() if gone else ():
            naming = self._around.naming[table_name]
            for column in columns:
                asked = [column, *naming.only.get(column, ())]
                query = select(*(table.table.c[one] for one in asked)).where(table.table.c[column].in_(gone)).distinct()
                for value, *more in self._connection.execute(query):
                    if not naming.names(column, dict(zip(asked, (value, *more), strict=True))):
                        continue
                    said = f"`{table_name}.{column}` names the account {as_text(value)}, which was merged into another"
                    self._add("dangling", table_name, as_text(value), said)

    def _old_ids(self) -> None:
        """Look for accounts that carry an old id although its v3.0 id is known."""
        columns, table = self._around.settings.accounts, self._around.accounts.table
        aliases = self._journal.aliases.c
        # The newest plan has all accounts: whom it holds no more, and who carries an old id, has got it back.
        refused = self._journal.all_refused(self._connection, self._runs[-1].run)
        left = {key for doing, one in refused if doing in ("apply", "hold") for key in one.accounts}
        seen = self._around.seen.c
        query = select(seen[columns.key], seen[columns.role], aliases.district, aliases.role, aliases.new)
        carried = _as_text(seen[columns.id], self._connection.dialect.name)
        query = query.where(or_(*(one == aliases.old for one in carried)), aliases.old != aliases.new).order_by(
            seen[columns.key]
        )
        told: set[str] = set()
        for row in self._connection.execute(query):
            key, said = as_text(row[0]), as_written(row[1])
            role = columns.roles.get(said) or clever_role(said)
            if row[3] not in (role, "") or key in told:
                continue
            told.add(key)
            if self._around.settings.of(row[2]).do in ("link", "cut-over"):
                continue
            if key in left:
                self._found.open += 1
                continue
            said = f"the account {key} carries an old id of `{row[4]}`: plan again, or find what writes it"
            self._add("old-id", table.name, key, said)


def _as_text(column: Column[Any], kind: str) -> list[ColumnElement[Any]]:
    """Give an id as text, in the ways in which a column may hold it."""
    if not holds_bytes(column):
        return [column]
    written = func.encode(column, "hex") if kind == "postgresql" else func.lower(func.hex(column))
    return [written, column] if kind == "sqlite" else [written]
