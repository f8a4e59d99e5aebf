"""What a step of a plan changes in the rows around somebody; or why it must not, and then none of it does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Connection, and_, literal, select

from rolecall.migration.accounts.making import text as as_text
from rolecall.migration.applying.around import Around
from rolecall.migration.applying.database import Refused
from rolecall.migration.applying.reading import as_bytes
from rolecall.migration.applying.rows import Record, Rows, Values
from rolecall.migration.applying.stored import AsText, Pointing, Stored
from rolecall.migration.merging import SUM
from rolecall.migration.model import AccountStep, PersonStep, Placed

MOVING = ("rekeyed", "separate", "merged")
"""Outcomes in which an account's row changes; and `archived`, which stands by itself."""


class Changes:
    """Changes of one batch.

    `prints` are the fingerprints of the accounts as they are now; `planned` says whether the plan knew that an account
    (its key) carried an id.
    """

    def __init__(
        self,
        around: Around,
        connection: Connection,
        rows: Rows,
        prints: dict[str, str],
        planned: Callable[[str, str], bool],
    ) -> None:
        """Change these rows."""
        self._around, self._connection, self._rows, self._prints = around, connection, rows, prints
        self._columns, self._planned = around.settings.accounts, planned
        self._met: frozenset[str] = frozenset()

    def of(self, step: PersonStep | AccountStep) -> None:
        """Change what a step changes; raises `Refused`."""
        if isinstance(step, AccountStep):
            self._archive(self._account(step.account))
            return
        mine = {one.key: self._account(one) for one in step.accounts}
        self._check_taken(step, mine)
        if step.survivor:
            self._merge(step, mine)
            return
        for one in step.accounts:
            if one.outcome in MOVING:
                self._rekey(mine[one.key], step.person)

    def _account(self, placed: Placed) -> Record:
        """Give the row of an account, which must be what it was when the plan was made."""
        found = self._rows.having(self._around.accounts, self._columns.key, placed.key)
        if len(found) != 1:
            raise Refused(f"the account `{placed.key}` is gone")
        if self._prints.get(placed.key) != placed.print:
            raise Refused(f"the account `{placed.key}` has changed since the plan was made: plan again")
        return found[0]

    def _check_taken(self, step: PersonStep, mine: dict[str, Record]) -> None:
        """See that nobody has come to carry this person's v3.0 id, or one of their old ids, since the plan was made."""
        for identifier in (step.person, *(old for _, _, old in step.olds)):
            for record in self._rows.having(self._around.accounts, self._columns.id, identifier):
                key = as_text((record.now or {})[self._columns.key])
                if key in mine:
                    continue
                if identifier == step.person:
                    raise Refused(f"the account `{key}` carries the v3.0 id already")
                if not self._planned(key, identifier):
                    raise Refused(f"the account `{key}`, which carries an old id of theirs, is not in the plan")

    def _rekey(self, record: Record, person: str) -> None:
        now = record.now or {}
        if as_text(now[self._columns.id]) != person:
            table = self._around.accounts
            self._rows.change(
                record, {self._columns.id: in_kind(table, self._columns.id, now[self._columns.id], person)}
            )

    def _archive(self, record: Record) -> None:
        """Put last year's account away, in the way that the migration file says."""
        now, table = record.now or {}, self._around.accounts
        wanted = {name: written(table, name, value) for name, value in self._columns.archive.items()}
        different = {name: value for name, value in wanted.items() if now[name] != value}
        if different:
            self._rows.change(record, different, made=different)

    def _merge(self, step: PersonStep, mine: dict[str, Record]) -> None:
        stays = mine[step.survivor]
        # Tables whose rows may meet: the settings say so, or a decision; else the plan has no merge.
        self._met = frozenset(self._around.full(one.table) for one in step.clashes)
        losing = [record for key, record in mine.items() if key != step.survivor]
        taken = self._taken(step.columns, stays, mine)
        self._point_to(stays, losing)
        for record in losing:
            self._check_elsewhere(record)
            self._rows.remove(record)
        self._rekey(stays, step.person)
        if taken:
            self._rows.change(stays, taken, made=[one for one in taken if step.columns[one] == SUM])

    def _taken(self, columns: dict[str, str], stays: Record, mine: dict[str, Record]) -> Values:
        """Give the values that the survivor takes from the others."""
        found: Values = {}
        for name, source in columns.items():
            if source == SUM:
                found[name] = total(self._around.accounts, name, [(one.now or {})[name] for one in mine.values()])
            elif source in mine:
                found[name] = (mine[source].now or {})[name]
        return {name: value for name, value in found.items() if value != (stays.now or {})[name]}

    def _point_to(self, stays: Record, losing: Sequence[Record]) -> None:
        """Have every row that names an account that goes name the one that stays."""
        key = self._columns.key
        target = (stays.now or {})[key]
        keys = {as_text((one.now or {})[key]) for one in losing}
        for name, (table, columns) in self._around.referring.items():
            naming, moving = self._around.naming[name], dict[Record, None]()
            for column in columns:
                for one in sorted(keys):
                    moving |= dict.fromkeys(self._rows.having(table, column, one))
            for record in moving:
                now = record.now or {}
                named = [one for one in columns if as_text(now[one]) in keys and naming.names(one, now)]
                if named:
                    self._move(name, table, record, dict.fromkeys(named, target))

    def _move(self, name: str, table: Stored, record: Record, targets: Values) -> None:
        """Have one row name another account; where its place is taken it stays out, if the plan allows that."""
        now = record.now or {}
        changes = {one: in_kind(table, one, now[one], as_text(to), native=to) for one, to in targets.items()}
        moved = now | changes
        for key in table.keys:
            holder = self._rows.holder(table, key, moved) if set(key) & changes.keys() else None
            if holder is None or holder is record:
                continue
            if self._around.naming[name].clash != "keep" and name not in self._met:
                raise Refused(f"two rows of `{name}` would meet under the unique key ({', '.join(key)})")
            if table is self._around.accounts:
                raise Refused(f"two accounts would meet under the unique key ({', '.join(key)})")
            self._check_pointing(record, self._around.pointing[name])
            self._rows.remove(record)
            return
        self._rows.change(record, changes)

    def _check_elsewhere(self, record: Record) -> None:
        """See that nothing names an account that goes by another column than its key."""
        self._check_pointing(record, self._around.pointing_elsewhere())

    def _check_pointing(self, record: Record, keys: Iterable[Pointing]) -> None:
        """See that no row names one that is to be deleted: it would dangle, or be deleted with it, unseen."""
        now = record.now or {}
        for one in keys:
            values = [now[name] for name in one.referred]
            if None in values:
                continue
            table = self._around.table(self._connection, one.table).table
            same = and_(*(table.c[name] == value for name, value in zip(one.columns, values, strict=True)))
            if self._connection.execute(select(literal(1)).select_from(table).where(same).limit(1)).first():
                raise Refused(
                    f"a row of `{record.table.name}` would be deleted, and `{one.table}.{one.columns[0]}` names it"
                )


def in_kind(table: Stored, column: str, old: Any, new: str, native: Any = None) -> Any:  # noqa: ANN401 - whatever is stored
    """Give an id or key in the way in which the column holds the one that it replaces."""
    kind = table.table.c[column].type
    if native is not None and type(native) is type(old):
        return native
    is_bytea = isinstance(kind, AsText) and kind.written == "bytea"
    if isinstance(old, bytes) or is_bytea:
        found = as_bytes(new)
        if found is None:
            raise Refused(f"`{column}` holds bytes, and `{new}` is none in hexadecimal digits")
        return f"\\x{new}" if is_bytea else found
    whole = isinstance(old, int) and new.isascii() and new.isdecimal()
    return int(new) if whole and str(int(new)) == new else new


def written(table: Stored, column: str, value: Any) -> Any:  # noqa: ANN401 - whatever the migration file says
    """Give a value of the migration file as a column holds it."""
    if value is None or not isinstance(table.table.c[column].type, AsText):
        return int(value) if isinstance(value, bool) else value
    return str(value).lower() if isinstance(value, bool) else str(value)


def total(table: Stored, column: str, values: Sequence[Any]) -> Any:  # noqa: ANN401 - whatever is stored
    """Give the sum of what there is, exactly; `Refused` where something is no number."""
    found = Decimal(0)
    for value in _there(values):
        try:
            found += Decimal(str(value))
        except InvalidOperation:
            raise Refused(f"`{column}` is to be added up, and is not a number everywhere") from None
    kinds = {type(value) for value in _there(values)}
    if isinstance(table.table.c[column].type, AsText) or str in kinds:
        return format(found, "f")
    if Decimal in kinds:
        return found
    return float(found) if float in kinds else int(found)


def _there(values: Sequence[Any]) -> Iterator[Any]:
    yield from (value for value in values if value not in (None, ""))
