"""A table that accounts stand beside row by row, as a profile does beside a user; what refers to it is not followed."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import Inspector, Table

from rolecall.errors import FactsError
from rolecall.migration.accounts.foreign_keys import quietly, referring_to, reflect, unique_keys


def beside(looked: Inspector, accounts: Table, key: str, named: Collection[tuple[str, str]]) -> Iterator[str]:
    """Warn of columns that refer to a table which accounts refer to one to one; not of those that are `named`."""
    alone = {one[0] for one in unique_keys(looked, accounts) if len(one) == 1}
    with quietly():
        keys = looked.get_foreign_keys(accounts.name, accounts.schema)
    for one in keys:
        (column, *more), other = one["constrained_columns"], one["referred_table"]
        if more or column not in alone or other == accounts.name:
            continue
        try:
            there = reflect(looked, one["referred_schema"], other)
        except FactsError:  # SQLite lets a key refer to what is not there; MariaDB hides what a login may not see
            continue
        columns = [
            f"`{foreign.name}.{here}`"
            for foreign in referring_to(looked, there)
            for here, theirs in foreign.pairs
            if theirs in one["referred_columns"]
            and foreign.table != accounts.name
            and (foreign.name, here) not in named
        ]
        if not columns:
            continue
        said = (
            f"rows of `{accounts.name}` are rows of `{other}` too (`{column}`), and {', '.join(columns)} name these: "
        )
        first = "" if column == key else f"make `{column}` the accounts' `key`, and "
        yield f"{said}they are not looked at, and stay where they are; {first}name them under `references`"
