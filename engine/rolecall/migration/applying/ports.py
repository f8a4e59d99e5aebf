"""The ports of `Resolver` over the application's database: its accounts, and the aliases that runs have left there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Integer, or_, select
from sqlalchemy.exc import SQLAlchemyError

from rolecall.errors import FactsError, did_you_mean
from rolecall.migration.accounts.connecting import connected, engine_of, failed, name_of
from rolecall.migration.accounts.foreign_keys import table_of
from rolecall.migration.accounts.making import Maker
from rolecall.migration.applying.journal import Journal
from rolecall.migration.applying.reading import forms_of
from rolecall.migration.model import Account, Settings

_GREATEST: Final = 1 << 63


class Ports:
    """Both ports over one database. They only read; share them between threads. `close` lets go of connections."""

    def __init__(self, url: str, settings: Settings) -> None:
        """Look at the accounts' table; `FactsError` where it is not as the settings say."""
        if not settings.accounts.table:
            raise FactsError("which table of the database holds accounts? The migration file says it, under `accounts`")
        self._engine, self._settings = engine_of(url), settings
        self._journal = Journal(settings.accounts.table.rpartition(".")[0] or None)
        try:
            with connected(self._engine) as connection:
                self._table = table_of(connection, settings.accounts.table)
                self._migrated = self._journal.there(connection)
        except SQLAlchemyError as error:
            raise failed(name_of(self._engine), error, self._engine.url) from None
        for name in Maker(settings).wanted:
            if name not in self._table.c:
                hint = did_you_mean(name, self._table.c.keys())
                raise FactsError(f"the table `{self._table.name}` has no column `{name}`; {hint}")

    def accounts(self, ids: Sequence[str]) -> list[Account]:
        """Give every account that carries one of these Clever ids."""
        name = self._settings.accounts.id
        return [one for one in self._having(name, self._forms(name, ids)) if one.id in ids]

    def keyed(self, keys: Sequence[str]) -> list[Account]:
        """Give every account with one of these keys: decisions may be about accounts without a Clever id."""
        name = self._settings.accounts.key
        return [one for one in self._having(name, self._forms(name, keys)) if one.key in keys]

    def _forms(self, name: str, values: Sequence[str]) -> list[object]:
        """Give ids or keys as the column may hold them."""
        column = self._table.c[name]
        if isinstance(column.type, Integer):
            return [int(one) for one in values if one.isascii() and one.isdecimal() and int(one) < _GREATEST]
        return forms_of(column, self._engine.dialect.name, values)

    def _having(self, name: str, values: Sequence[object]) -> list[Account]:
        maker = Maker(self._settings)
        query = select(*(self._table.c[one] for one in maker.wanted)).where(self._table.c[name].in_([*values]))
        with connected(self._engine) as connection:
            return [maker.account(row, lambda _: True) for row in connection.execute(query)]

    def aliases(self, ids: Sequence[str]) -> list[tuple[str, str, str, str]]:
        """Give (district, role, old id, v3.0 id) wherever one of these is the old one or the new one."""
        if not self._there():
            return []
        table = self._journal.aliases.c
        query = select(table.district, table.role, table.old, table.new)
        query = query.where(or_(table.old.in_([*ids]), table.new.in_([*ids])))
        with connected(self._engine) as connection:
            return [(row[0], row[1], row[2], row[3]) for row in connection.execute(query)]

    def _there(self) -> bool:
        """Say whether anything was ever carried out here; once it was, it was."""
        if not self._migrated:
            with connected(self._engine) as connection:
                self._migrated = self._journal.there(connection)
        return self._migrated

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()
