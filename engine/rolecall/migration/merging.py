"""A merge: which account stays, and which of its columns take their value from another one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from rolecall.migration.model import ROLE_ORDER, Account, Choice

SUM: Final = "sum"


def survivor_of(person: str, accounts: Sequence[Account], choice: Choice, extra: Sequence[str]) -> Account:
    """Give the account that stays: one that carries the v3.0 id already; else as the choice says; else by role."""
    carrying = [one for one in accounts if one.id == person]
    return min(carrying or accounts, key=_rank(choice, extra))


def _rank(choice: Choice, extra: Sequence[str]) -> Callable[[Account], tuple[object, ...]]:
    """Give the order in which accounts are preferred, the best first. Every tie ends at the key."""
    order = choice.survivor if isinstance(choice.survivor, tuple) else ROLE_ORDER
    column = extra.index(choice.survivor_column) if choice.survivor_column else -1

    def rank(account: Account) -> tuple[object, ...]:
        roles = (order.index(account.role) if account.role in order else len(order), account.role, account.key)
        if column >= 0:
            return (*_falling(account.values[column]), *roles)
        if choice.survivor == "most-recent":
            return (*_falling(account.active), *roles)
        return roles

    return rank


def _falling(value: object) -> tuple[object, ...]:
    """Give what sorts the greatest value first, numbers before texts, and nothing last."""
    if value is None or value == "":
        return (2, 0, ())
    number = as_number(value)
    if number is not None:
        return (0, -number, ())
    return (1, 0, (*(-ord(one) for one in str(value)), 1))


def as_number(value: object) -> float | int | None:
    """Give a value as a number, where it is one or is written as one."""
    if isinstance(value, int | float):
        return value
    try:
        return int(str(value))
    except ValueError:
        try:
            found = float(str(value))
        except ValueError:
            return None
        return found if found == found else None  # noqa: PLR0124 - NaN is the number that is not itself


def columns_of(
    stays: Account, accounts: Sequence[Account], choice: Choice, extra: Sequence[str], *, differ: bool = False
) -> dict[str, str] | None:
    """Say where the survivor's columns come from: the key of another account, or `sum`. None where they may not differ.

    A column that keeps the survivor's value is left out. With `differ` those that may not differ are among them.
    """
    found: dict[str, str] = {}
    others = [one for one in accounts if one is not stays]
    for column, policy in choice.columns.items():
        at = extra.index(column)
        mine, theirs = stays.values[at], [one.values[at] for one in others]
        if policy == "same":
            if not differ and any(value != mine for value in theirs):
                return None
        elif policy == "sum":
            # What is no number is not passed over: whoever carries the plan out says that it cannot be added up.
            if any(as_number(value) != 0 for value in theirs if value not in (None, "")):
                found[column] = SUM
        else:
            source = _source(stays, others, at, policy)
            if source is not stays:
                found[column] = source.key
    return found


def _source(stays: Account, others: Sequence[Account], at: int, policy: str) -> Account:
    """Give the account whose value of a column is taken; the survivor's where it does as well."""
    filled = [one for one in (stays, *others) if one.values[at] not in (None, "")]
    if policy == "keep" or not filled:
        return stays
    if policy == "filled":
        return filled[0]
    best = sorted(filled, key=lambda one: _falling(one.values[at]))
    wanted = _falling((best[0] if policy == "max" else best[-1]).values[at])
    return next(one for one in filled if _falling(one.values[at]) == wanted)
