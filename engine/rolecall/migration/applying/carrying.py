"""A plan carried out: many steps in a transaction, with the journal and how far the run is; or all but kept, to see."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection

from rolecall.errors import FactsError
from rolecall.migration.applying.around import Around, look_around
from rolecall.migration.applying.changes import Changes
from rolecall.migration.applying.database import Refused, Target
from rolecall.migration.applying.journal import Entry, Journal, Run
from rolecall.migration.applying.reading import read_around
from rolecall.migration.applying.result import Batch, Outcome
from rolecall.migration.applying.rights import check_rights
from rolecall.migration.applying.steps import Work, aliases_of, does, in_batches
from rolecall.migration.applying.writing import Changed, carry_out, entries_of
from rolecall.migration.model import AccountStep, PersonStep, Settings, Told, placed_in
from rolecall.migration.written import Plan

BATCH: Final = 500


class Carrier:
    """Carries a plan out. `stop` is asked after each person: where it says yes, what is done is kept, and no more."""

    def __init__(
        self,
        plan: Plan,
        url: str,
        *,
        commit: bool = False,
        batch: int = BATCH,
        told: Told = lambda _what, _number: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Say which plan, and where."""
        self._plan, self._url, self._commit, self._batch = plan, url, commit, batch
        self._told, self._stop = told, stop
        self._settings = msgspec.convert(plan.header.settings, Settings)
        self._journal = Journal(self._settings.accounts.table.rpartition(".")[0] or None)
        self._planned: set[int] | None = None
        self._run: Run | None = None

    def run(self) -> Outcome:
        """Do it, or go on where it was stopped; `FactsError` where it must not begin."""
        if self._plan.header.refused:
            raise FactsError(f"the plan is refused, see its `report`: {self._plan.header.refused[0]}")
        if self._plan.header.outcomes.get("archived") and not self._settings.accounts.archive:
            raise FactsError(
                "the plan puts accounts away, and the migration file does not say how: add `archive: {COLUMN: VALUE}` "
                "to its `accounts`, and plan again"
            )
        with Target(self._url) as target, target.locked() as connection:
            with connection.begin():
                around = look_around(target, connection, self._settings)
                check_rights(connection, around, self._plan.header.outcomes)
            self._check_archive(around)
            steps = self._plan.length()
            found = Outcome(None, "applying", 0, steps, Counter(), Counter(), [])
            self._begin(target, connection, found)
            if found.state == "applied":
                found.again = True
                return found
            for work in in_batches(self._plan, found.position, self._batch):
                self._do(target, connection, around, work, found)
                if found.position <= work[-1][0] or self._stop():  # who was not come to must not be passed over
                    break
            else:
                self._end(target, connection, found)
            return found

    def _check_archive(self, around: Around) -> None:
        for name in self._settings.accounts.archive:
            if name not in around.accounts.columns:
                raise FactsError(f"`archive`: the table `{around.accounts.name}` has no column `{name}`")

    # how far it is

    def _begin(self, target: Target, connection: Connection, found: Outcome) -> None:
        """Find the run that was begun with this plan, or begin one."""
        journal, digest = self._journal, self._plan.digest

        def begin() -> Run | None:
            if not journal.there(connection):
                return None
            runs = journal.all_runs(connection)
            for one in runs:
                if one.state in ("applying", "undoing") and one.plan != digest:
                    raise FactsError(_half_done(journal, one))
            mine = [one for one in runs if one.plan == digest and one.state != "undone"]
            if mine and mine[-1].state == "undoing":
                raise FactsError(_half_done(journal, mine[-1]))
            return mine[-1] if mine else None

        run = target.attempt(connection, begin, keep=False)
        if run is None and self._commit:
            with connection.begin():
                journal.make(connection)
            settings = msgspec.json.encode(self._settings).decode()
            run = target.attempt(
                connection, lambda: journal.begin(connection, digest, found.steps, settings, time.time_ns())
            )
        if run is not None:
            self._run = run
            found.run, found.position, found.state = run.run, run.position, run.state
            found.undo = journal.command(f"rollback {run.run}")
            found.accounts.update(json.loads(run.counts))

    def _end(self, target: Target, connection: Connection, found: Outcome) -> None:
        found.state = "applied"
        run = self._run
        if run is not None and self._commit:
            ended = time.time_ns()
            target.attempt(connection, lambda: self._journal.advance(connection, run, state="applied", ended=ended))

    # steps

    def _do(self, target: Target, connection: Connection, around: Around, work: list[Work], found: Outcome) -> None:
        """Do some steps in one transaction; where the database refuses them, each in one of its own."""
        try:
            batch = target.attempt(connection, lambda: self._once(connection, around, work, found), keep=self._commit)
        except Refused as error:
            why = str(error)
            if len(work) == 1:
                batch = target.attempt(
                    connection, lambda: self._once(connection, around, work, found, why), keep=self._commit
                )
            else:
                for one in work:
                    if one[0] >= found.position:
                        self._do(target, connection, around, [one], found)
                    if self._stop():
                        break
                return
        batch.join(found)
        if self._run is not None:
            self._run.position = found.position
        self._told("accounts", sum(found.accounts.values()))

    def _once(
        self, connection: Connection, around: Around, work: Sequence[Work], found: Outcome, refused: str = ""
    ) -> Batch:
        """Do some steps."""
        batch = Batch(found.position, Counter(), Counter(), [])
        doing = [step for _, step in work if isinstance(step, PersonStep | AccountStep) and does(step)]
        rows, prints = read_around(connection, around, [] if refused else doing)
        changes = Changes(around, connection, rows, prints, self._was_planned)
        changed: list[Changed] = []
        aliases: list[tuple[str, str, str, str]] = []
        for at, (number, step) in enumerate(work):
            if at and self._stop():
                break
            batch.position = number + 1
            aliases += aliases_of(step)
            if not isinstance(step, PersonStep | AccountStep):
                continue
            if not does(step):
                batch.hold(number, step)
            elif why := refused or rows.tried(changes.of, step):
                batch.leave(number, step, why)
            else:
                batch.accounts.update(one.outcome for one in placed_in(step))
                changed += [(number, n, one, was, one.now) for n, (one, was) in enumerate(rows.changed())]
        carry_out(connection, around, rows)
        entries = list[Entry]()
        for one in entries_of(self._run.run if self._run else 0, changed, rows.as_held()):
            entries.append(one)
            batch.rows[one.tbl] += one.many
        if self._commit:
            self._keep(connection, found, batch, entries, aliases)
        return batch

    def _keep(
        self,
        connection: Connection,
        found: Outcome,
        batch: Batch,
        entries: list[Entry],
        aliases: list[tuple[str, str, str, str]],
    ) -> None:
        """Write down what a batch did, and how far the run is; in the transaction in which it got there."""
        run = self._run
        if run is None:
            return
        self._journal.write(connection, entries)
        self._journal.know(connection, aliases, run.run)
        self._journal.refuse(connection, run.run, "apply", batch.left)
        self._journal.refuse(connection, run.run, "hold", batch.held)
        counts = json.dumps(found.accounts + batch.accounts)
        if not self._journal.advance(connection, run, position=batch.position, counts=counts):
            raise FactsError(gone_on(self._journal, run))

    def _was_planned(self, key: str, identifier: str) -> bool:
        """Say whether the plan knew that an account carried an id: then it has decided what comes of it."""
        if self._planned is None:
            placed = (one for step in self._plan.steps() for one in placed_in(step))
            self._planned = {hash((one.key, one.id)) for one in placed}
        return hash((key, identifier)) in self._planned


def gone_on(journal: Journal, run: Run) -> str:
    """Say that somebody else is at work on a run, whom the lock did not stop."""
    return f"somebody else went on with run {run.run} meanwhile: {journal.command('status')} says how far it is"


def _half_done(journal: Journal, run: Run) -> str:
    """Say what has to be ended before a plan can be applied."""
    undo = journal.command(f"rollback {run.run}", " --commit")
    if run.state == "undoing":
        return f"run {run.run} is half undone: {undo} goes on with that; apply the plan after it"
    return f"run {run.run}, of another plan, is half done: apply that plan to its end, or undo it with {undo}"
