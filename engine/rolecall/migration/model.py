"""The nouns of a migration: accounts, choices, settings, and the steps of a plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import msgspec

from rolecall.vocabulary.roles import CLEVER_ROLES, EMPLOYEES

Do = Literal["consolidate", "link", "separate", "cut-over"]
Policy = Literal["keep", "filled", "max", "min", "sum", "same"]

ROLE_ORDER: Final = ("district_admin", "staff", "teacher")
"""Which account survives where the rule leaves it open: the one that was given the most trust."""

_WRITTEN: Final = {"schooladmin": "staff", "districtadmin": "district_admin", "admin": "", "guardian": "contact"}
_PLAIN: Final = {name.replace("_", ""): name for name in CLEVER_ROLES} | {k: v for k, v in _WRITTEN.items() if v}


def clever_role(text: str) -> str:
    """Give Clever's v3.0 role for how applications and old APIs write it (`SchoolAdmins`, `school_admin`), or ""."""
    plain = text.strip().lower().replace("_", "").replace("-", "").replace(" ", "")
    return _PLAIN.get(plain) or _PLAIN.get(plain.removesuffix("s"), "")


class Account(msgspec.Struct, frozen=True, gc=False):
    """One of the application's accounts: its key, the Clever id it carries (empty: none), its role (empty: unknown).

    `active` is when somebody last used it (nanoseconds since 1970; None: never; `UNREADABLE`: cannot be told).
    `print` is a fingerprint of all of the row that decides something. `values` are the columns that a merge looks at.
    `word` is how an unknown role is written, where that looks like the word for one.
    """

    key: str
    id: str
    role: str
    district: str = ""
    locked: bool = False
    active: int | None = None
    print: str = ""
    values: tuple[object, ...] = ()
    like: tuple[str, ...] = ()
    word: str = ""


UNREADABLE: Final = -(1 << 62)

Told = Callable[[str, int], None]
"""Hears what is being done, and how many of it are behind."""


class Choice(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is done with several accounts of one person.

    `survivor` says which account of a merge stays: `most-recent`, or roles in order, or a column whose greatest value
    wins. `columns` say what the survivor takes from the others. `date` is the cut-over (nanoseconds since 1970).
    """

    do: Do = "consolidate"
    survivor: Literal["most-recent"] | tuple[str, ...] = ROLE_ORDER
    survivor_column: str = ""
    columns: dict[str, Policy] = {}
    date: int | None = None


class Reference(msgspec.Struct, frozen=True):
    """A column of a table that names accounts by their key. `clash` says what a broken unique key means for a merge.

    `only` are columns and their values (as text): in other rows the column names something else.
    """

    table: str
    column: str
    clash: Literal["hold", "keep"] = "hold"
    declared: bool = False
    only: dict[str, str] = {}


class AccountColumns(msgspec.Struct, frozen=True):
    """Where the parts of an account stand; an empty name is a part that the application does not keep.

    `archive` is what marks an account as put away: columns, and the values that they are set to.
    """

    table: str = ""
    key: str = "id"
    id: str = "clever_id"
    role: str = "role"
    district: str = ""
    locked: str = ""
    active: str = ""
    roles: dict[str, str] = {}
    alike: dict[str, str] = {}
    archive: dict[str, str | int | float | bool | None] = {}


class MapColumns(msgspec.Struct, frozen=True):
    """Where the parts of Clever's exported rows stand: names, or numbers from 1; None where they are to be found."""

    old: str | int | None = None
    new: str | int | None = None
    role: str | int | None = None
    district: str | int | None = None
    separator: str = ""
    encoding: str = ""


class Settings(msgspec.Struct, frozen=True):
    """All that a migration file says. `districts` are choices that differ from `choice`."""

    accounts: AccountColumns = AccountColumns()
    map: MapColumns = MapColumns()
    choice: Choice = Choice()
    districts: dict[str, Choice] = {}
    references: tuple[Reference, ...] = ()
    clash: Literal["hold", "keep"] = "hold"
    file: str = ""

    def of(self, district: str) -> Choice:
        """Give the choice for a district."""
        return self.districts.get(district, self.choice)

    def looks_at_activity(self) -> bool:
        """Say whether anything depends on when an account was last used."""
        return any(
            one.do == "cut-over" or one.survivor == "most-recent" for one in (self.choice, *self.districts.values())
        )

    def extra_columns(self) -> tuple[str, ...]:
        """Give the columns that merges look at, each once, in order."""
        found: dict[str, None] = {}
        for choice in (self.choice, *self.districts.values()):
            if choice.do == "consolidate":
                found |= dict.fromkeys(filter(None, (choice.survivor_column, *choice.columns)))
        return tuple(found)


class Placed(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An account in a plan, with its outcome."""

    key: str
    outcome: str
    id: str = ""
    role: str = ""
    district: str = ""
    print: str = ""


class AccountStep(msgspec.Struct, frozen=True, omit_defaults=True, tag="account", tag_field="kind", gc=False):
    """An account that is nobody's in the map, or is settled by itself. `like` are v3.0 ids that it merely resembles."""

    account: Placed
    like: tuple[tuple[str, str], ...] = ()


class Clash(msgspec.Struct, frozen=True):
    """Rows of a table that would meet under one unique key: the table, the key's columns, how many too many."""

    table: str
    columns: tuple[str, ...]
    rows: int


Old = tuple[str, str, str]
"""(district, role, old id) of somebody in the map."""


class PersonStep(msgspec.Struct, frozen=True, omit_defaults=True, tag="person", tag_field="kind"):
    """A person of the map with their accounts.

    `survivor` is the key of the account that stays in a merge; `columns` say where its values come from then: the key
    of another account, or `sum`. `olds` are all old ids that the map has for them, with an account or without.
    """

    person: str
    district: str
    choice: Do
    accounts: tuple[Placed, ...]
    survivor: str = ""
    columns: dict[str, str] = {}
    clashes: tuple[Clash, ...] = ()
    olds: tuple[Old, ...] = ()


class NewStep(msgspec.Struct, frozen=True, omit_defaults=True, tag="new", tag_field="kind", gc=False):
    """A person of the map who has no account yet."""

    person: str
    district: str
    roles: tuple[str, ...] = ()
    olds: tuple[Old, ...] = ()


class AliasStep(msgspec.Struct, frozen=True, omit_defaults=True, tag="alias", tag_field="kind", gc=False):
    """A student whose id stands in the way of an employee's, or is not what it was (`new` is empty then)."""

    district: str
    old: str
    new: str = ""


class EffectStep(msgspec.Struct, frozen=True, omit_defaults=True, tag="effect", tag_field="kind"):
    """What somebody could do before and cannot after (`lost`), or the other way round (`gained`), and by which rules.

    `role` is that of the old account, for a loss. `places` are how many resources; `example` is one of them.
    """

    person: str
    direction: Literal["lost", "gained"]
    type: str
    permissions: tuple[str, ...]
    role: str
    places: int
    example: str
    rules: tuple[str, ...]
    because: str
    always: bool = True


Step = AccountStep | PersonStep | NewStep | AliasStep | EffectStep


def placed_in(step: Step) -> tuple[Placed, ...]:
    """Give the accounts of a step."""
    return step.accounts if isinstance(step, PersonStep) else (step.account,) if isinstance(step, AccountStep) else ()


__all__ = [
    "EMPLOYEES",
    "UNREADABLE",
    "Account",
    "AccountColumns",
    "AccountStep",
    "AliasStep",
    "Choice",
    "Clash",
    "EffectStep",
    "MapColumns",
    "NewStep",
    "Old",
    "PersonStep",
    "Placed",
    "Reference",
    "Settings",
    "Step",
    "Told",
    "clever_role",
    "placed_in",
]
