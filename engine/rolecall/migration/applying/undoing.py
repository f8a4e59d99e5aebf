"""A run undone: what each step changed is put back, the last one first; whoever changed since is left, and told."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec
from sqlalchemy import Connection

from rolecall.errors import FactsError
from rolecall.migration.accounts.making import text as as_text
from rolecall.migration.applying.around import Around, look_around
from rolecall.migration.applying.carrying import BATCH, gone_on
from rolecall.migration.applying.database import Refused, Target
from rolecall.migration.applying.images import decode
from rolecall.migration.applying.journal import NOTHING, Entry, Journal, Run
from rolecall.migration.applying.reading import read_changed
from rolecall.migration.applying.result import Left, Outcome
from rolecall.migration.applying.rows import Rows
from rolecall.migration.applying.writing import put_back
from rolecall.migration.model import Settings, Told

_ENDED = ("undone",)


class Undoer:
    """Undoes a run. It needs no plan: the journal has all of it. `stop` is asked after each person."""

    def __init__(
        self,
        url: str,
        run: int,
        *,
        schema: str | None = None,
        commit: bool = False,
        batch: int = BATCH,
        told: Told = lambda _what, _number: None,
        expect: Told = lambda _what, _number: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Say which run, and where. `schema` is that of the accounts, where it is not the connection's own.

        `expect` hears how many people there are, `told` how many are behind it.
        """
        self._url, self._number, self._commit, self._batch = url, run, commit, batch
        self._told, self._expect, self._stop = told, expect, stop
        self._journal = Journal(schema)
        self._below = 0
        self._left: dict[int, Left] = {}

    def run(self) -> Outcome:
        """Do it, or go on where it was stopped; `FactsError` where it must not begin."""
        with Target(self._url) as target, target.locked() as connection:
            run = target.attempt(connection, lambda: self._find(connection), keep=False)
            settings = msgspec.json.decode(run.settings, type=Settings)
            with connection.begin():
                around = look_around(target, connection, settings)
            found = Outcome(run.run, "undoing", 0, run.steps, Counter(), Counter(), [])
            if self._commit:
                target.attempt(connection, lambda: self._mark(connection, run, "undoing"))
            self._below = run.steps
            self._expect("people", target.attempt(connection, lambda: self._journal.left_steps(connection, run.run)))
            while steps := target.attempt(connection, lambda: self._next(connection), keep=False):
                self._do(target, connection, around, steps, found)
                if self._stop():
                    break
            else:
                found.state = "undone"
                if self._commit:
                    target.attempt(connection, lambda: self._end(connection, run))
            found.left = [self._left[one] for one in sorted(self._left)]
            return found

    def _find(self, connection: Connection) -> Run:
        """Find the run; those that came after it must be undone before."""
        if not self._journal.there(connection):
            raise FactsError(NOTHING)
        runs = {one.run: one for one in self._journal.all_runs(connection)}
        run = runs.get(self._number)
        if run is None:
            raise FactsError(f"there is no run {self._number} here; there is {', '.join(map(str, runs)) or 'none'}")
        later = [one.run for one in runs.values() if one.run > run.run and one.state not in _ENDED]
        if later:
            first = self._journal.command(f"rollback {later[-1]}")
            raise FactsError(f"run {later[-1]} came after run {run.run}: {first} first")
        return run

    def _mark(self, connection: Connection, run: Run, state: str) -> None:
        if run.state != state and not self._journal.advance(connection, run, state=state):
            raise FactsError(gone_on(self._journal, run))
        run.state = state

    def _end(self, connection: Connection, run: Run) -> None:
        """Note that the run is undone; the old ids that it brought are forgotten, but of those who were left."""
        self._journal.forget(connection, run.run)
        if not self._journal.advance(connection, run, state="undone", ended=time.time_ns()):
            raise FactsError(gone_on(self._journal, run))

    def _next(self, connection: Connection) -> list[int]:
        return self._journal.last_steps(connection, self._number, self._batch, self._below)

    def _do(self, target: Target, connection: Connection, around: Around, steps: Sequence[int], found: Outcome) -> None:
        """Undo some steps in one transaction; where the database refuses them, each in one of its own."""
        try:
            done, left = target.attempt(connection, lambda: self._once(connection, around, steps), keep=self._commit)
        except Refused as error:
            if len(steps) > 1:
                for one in steps:
                    self._do(target, connection, around, [one], found)
                    if self._stop():
                        break
                return
            why = str(error)
            done, left = target.attempt(
                connection, lambda: self._once(connection, around, steps, why), keep=self._commit
            )
        self._left |= left
        self._below = steps[done - 1]
        found.accounts["undone"] += done - len(left)
        found.accounts["refused"] += len(left)
        self._told("people", found.accounts.total())

    def _once(
        self, connection: Connection, around: Around, steps: Sequence[int], refused: str = ""
    ) -> tuple[int, dict[int, Left]]:
        """Undo some steps; give how many were looked at, and who of them was left."""
        entries = self._journal.of_steps(connection, self._number, steps)
        rows = Rows(connection, around.indexed())
        read_changed(connection, around, rows, [one for some in entries.values() for one in some])
        left: dict[int, Left] = {}
        done = 0
        for step in steps:
            if done and self._stop():
                break
            done += 1
            why = refused or rows.tried(_put_back, connection, around, rows, entries[step])
            if why:
                left[step] = self._leave(connection, around, entries[step], why)
        put_back(connection, around, rows)
        undone = [one for one in steps[:done] if one not in left]
        if self._commit:
            if undone:
                self._journal.undo(connection, self._number, undone, time.time_ns())
            self._journal.refuse(connection, self._number, "undo", left.items())
        return done, left

    def _leave(self, connection: Connection, around: Around, entries: Sequence[Entry], why: str) -> Left:
        """Say who was left: their accounts, and whose these are."""
        columns, accounts, ids = around.settings.accounts, list[str](), list[str]()
        place = around.accounts.identity.index(columns.key) if columns.key in around.accounts.identity else None
        for one in entries:
            if one.tbl != around.accounts.name:
                continue
            before, after = decode(one.before), decode(one.after) or {}
            accounts.append(as_text(before.get(columns.key) if place is None else decode(one.identity)[place]))
            ids += [as_text(values[columns.id]) for values in (after, before) if columns.id in values]
        return Left(self._journal.whose(connection, ids), tuple(accounts), why)


def _put_back(connection: Connection, around: Around, rows: Rows, entries: Sequence[Entry]) -> None:
    """Put back what a step changed, in memory; raises `Refused`."""
    for one in reversed(entries):
        _undo(connection, around, rows, one)


def _undo(connection: Connection, around: Around, rows: Rows, one: Entry) -> None:
    """Put one row back, which must be as it was left."""
    table = around.table(connection, one.tbl)
    name, before, after = tuple(decode(one.identity)), decode(one.before), decode(one.after)
    if len(name) != len(table.identity):
        raise Refused(f"what names a row of `{one.tbl}` has changed since")
    there = rows.named(table, name)
    if after is None:
        if there is not None and table.named:
            raise Refused(f"there is a row of `{one.tbl}` again where one was deleted")
        rows.add(table, before, one.many)
        return
    if there is None:
        raise Refused(f"a row of `{one.tbl}` is gone since")
    changed = [column for column, value in after.items() if (there.now or {}).get(column) != value]
    found = rows.take(table, name, one.many)
    if changed or not found:
        raise Refused(f"`{one.tbl}.{changed[0] if changed else table.columns[0]}` has been changed since")
    for record in found:
        rows.change(record, before)
