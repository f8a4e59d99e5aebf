"""rolecall's own tables in the application's database: what was done, what there was before, and whose old ids were.

`rolecall_runs` has a line a run. `position` is how many steps of its plan are behind it: it changes in the transaction
that changes the accounts, so a run that was killed goes on where it was. `rolecall_journal` has what each step changed,
before and after. `rolecall_refused` has who was left as they were, and why. `rolecall_aliases` is kept for ever.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, MetaData, delete, func, insert, inspect, select, update
from sqlalchemy.dialects import mysql

from rolecall.migration.accounts.foreign_keys import MYSQLS
from rolecall.migration.applying import own
from rolecall.migration.applying.result import Left

NOTHING: Final = (
    "nothing was ever carried out here: there are no tables of rolecall's (`--schema` names the schema that they are "
    "in, where the accounts' table has one)"
)


class Run(msgspec.Struct):
    """A run: its number, its plan's digest, `applying`, `applied`, `undoing` or `undone`, how many steps are behind it.

    `settings` are those of the plan; `counts` what came of the accounts; times are nanoseconds since 1970.
    """

    run: int
    plan: str
    state: str
    position: int
    steps: int
    settings: str
    counts: str
    began: int
    ended: int | None


class Entry(msgspec.Struct):
    """A row that a step changed: what names it now, the columns before and after. `after` is None: it was deleted.

    `many` are how many rows there were that nothing told apart.
    """

    run: int
    step: int
    n: int
    tbl: str
    identity: str
    before: str
    after: str | None
    many: int = 1


class Journal:
    """These tables, in the schema in which the accounts are."""

    def __init__(self, schema: str | None) -> None:
        """Describe them."""
        made = MetaData(schema=schema)
        self.metadata = made
        self.runs, self.entries = own.runs(made), own.entries(made)
        self.refused, self.aliases = own.refused(made), own.aliases(made)

    def command(self, words: str, more: str = "") -> str:
        """Give a command as it is to be typed: with the schema, where these tables stand in one that is named."""
        schema = f" --schema {self.metadata.schema}" if self.metadata.schema else ""
        return f"`rolecall migrate {words}{schema}{more}`"

    def there(self, connection: Connection) -> bool:
        """Say whether there are such tables."""
        return inspect(connection).has_table(self.runs.name, schema=self.metadata.schema)

    def make(self, connection: Connection) -> None:
        """Make those that are not there; and indexes, for whoever was killed between a table and its indexes.

        The runs' table comes last: `there` looks for that one.
        """
        for table in sorted(self.metadata.tables.values(), key=lambda one: one is self.runs):
            table.create(connection, checkfirst=True)
            for index in table.indexes:
                index.create(connection, checkfirst=True)

    def all_runs(self, connection: Connection) -> list[Run]:
        """Give every run, the first one first."""
        rows = connection.execute(select(self.runs).order_by(self.runs.c.run))
        return [Run(*row) for row in rows]

    def begin(self, connection: Connection, plan: str, steps: int, settings: str, now: int) -> Run:
        """Begin a run."""
        number = (connection.scalar(select(func.max(self.runs.c.run))) or 0) + 1
        run = Run(number, plan, "applying", 0, steps, settings, "{}", now, None)
        connection.execute(insert(self.runs).values(msgspec.structs.asdict(run)))
        return run

    def advance(self, connection: Connection, run: Run, **changes: Any) -> bool:  # noqa: ANN401 - the columns'
        """Change a run; false where somebody else did so meanwhile."""
        same = (self.runs.c.run == run.run, self.runs.c.position == run.position, self.runs.c.state == run.state)
        return connection.execute(update(self.runs).where(*same).values(changes)).rowcount == 1

    def write(self, connection: Connection, entries: Sequence[Entry]) -> None:
        """Write down what changed."""
        if entries:
            connection.execute(
                insert(self.entries), [msgspec.structs.asdict(one) | {"undone": None} for one in entries]
            )

    def last_steps(self, connection: Connection, run: int, number: int, below: int) -> list[int]:
        """Give the last steps under `below` that changed something which is not undone, the last one first."""
        table = self.entries.c
        query = select(table.step).where(table.run == run, table.undone.is_(None), table.step < below)
        return [*connection.scalars(query.distinct().order_by(table.step.desc()).limit(number))]

    def left_steps(self, connection: Connection, run: int) -> int:
        """Count the steps that changed something which is not undone."""
        table = self.entries.c
        query = select(func.count(table.step.distinct())).where(table.run == run, table.undone.is_(None))
        return connection.scalar(query) or 0

    def of_steps(self, connection: Connection, run: int, steps: Sequence[int]) -> dict[int, list[Entry]]:
        """Give what these steps changed, by step, in order."""
        table = self.entries.c
        names = [table[one] for one in Entry.__struct_fields__]
        query = select(*names).where(table.run == run, table.undone.is_(None))
        query = query.where(table.step >= min(steps), table.step <= max(steps)).order_by(table.step, table.n)
        found: dict[int, list[Entry]] = {one: [] for one in steps}
        for row in connection.execute(query):
            if row.step in found:
                found[row.step].append(Entry(*row))
        return found

    def undo(self, connection: Connection, run: int, steps: Sequence[int], now: int) -> None:
        """Note that these steps are undone."""
        table = self.entries
        which = (table.c.run == run, table.c.step.in_(steps))
        connection.execute(update(table).where(*which).values(undone=now))
        connection.execute(
            delete(self.refused).where(
                self.refused.c.run == run, self.refused.c.step.in_(steps), self.refused.c.doing == "undo"
            )
        )

    def refuse(self, connection: Connection, run: int, doing: str, left: Iterable[tuple[int, Left]]) -> None:
        """Write down who was left as they were: by `apply`, by `undo`, or because the plan holds them (`hold`)."""
        left = [*left]
        if not left:
            return
        table = self.refused.c
        if doing == "undo":  # that is tried again, and nothing else is
            steps = [step for step, _ in left]
            connection.execute(
                delete(self.refused).where(table.run == run, table.doing == doing, table.step.in_(steps))
            )
        same = {"run": run, "doing": doing}
        rows = [
            same
            | {"step": step, "person": one.person[: own.LONGEST], "accounts": json.dumps(one.accounts), "why": one.why}
            for step, one in left
        ]
        connection.execute(insert(self.refused), rows)

    def all_refused(self, connection: Connection, run: int) -> list[tuple[str, Left]]:
        """Give who was left as they were in a run, and while doing what."""
        table = self.refused.c
        query = (
            select(table.doing, table.person, table.accounts, table.why).where(table.run == run).order_by(table.step)
        )
        return [(row[0], Left(row[1], tuple(json.loads(row[2])), row[3])) for row in connection.execute(query)]

    def know(self, connection: Connection, rows: Iterable[tuple[str, str, str, str]], run: int) -> None:
        """Learn old ids and whose they were; what is known stays as it is."""
        names = ("district", "role", "old", "new")
        values = [dict(zip(names, row, strict=True)) | {"run": run} for row in rows if self.fits(row)]
        if not values:
            return
        said: Any
        if connection.dialect.name in MYSQLS:
            said = mysql.insert(self.aliases).prefix_with("IGNORE")
        else:
            said = _upsert(connection)(self.aliases).on_conflict_do_nothing()
        connection.execute(said, values)

    def whose(self, connection: Connection, ids: Sequence[str]) -> str:
        """Give the v3.0 id of whoever's these ids are, old or new; empty where nobody knows, or they are several's."""
        table = self.aliases.c
        found = {*connection.scalars(select(table.new).where(table.old.in_([*ids])).distinct())}
        return found.pop() if len(found) == 1 else next((one for one in ids if one in found), "")

    def forget(self, connection: Connection, run: int) -> None:
        """Forget the aliases that a run brought, for it was undone; not of those people of whom it was not."""
        left = self.refused.c
        kept = select(left.person).where(left.run == run, left.doing == "undo")
        table = self.aliases.c
        connection.execute(delete(self.aliases).where(table.run == run, table.new.not_in(kept)))

    @staticmethod
    def fits(row: tuple[str, str, str, str]) -> bool:
        """Say whether ids are as long as ids are; others are none of Clever's, and nobody asks for them."""
        return all(len(one) <= most and "\0" not in one for one, most in zip(row, own.LENGTHS, strict=True))


def _upsert(connection: Connection) -> Any:  # noqa: ANN401 - SQLAlchemy's
    from sqlalchemy.dialects import postgresql, sqlite  # noqa: PLC0415 - the one that is needed

    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
