"""Accounts from rows: values as they come from a database or a file, made comparable, and a fingerprint of the row."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

import msgspec

from rolecall.instants import nanoseconds, parse_instant
from rolecall.migration.model import EMPLOYEES, UNREADABLE, Account, Settings, clever_role

_SECOND: Final = 1_000_000_000
_MILLI: Final = 1 << 40  # a number of seconds beyond the year 36000 is one of milliseconds
_FALSE: Final = frozenset({"", "0", "f", "false", "n", "no", "off", "none", "null"})
_LONGEST: Final = 20
_DIGITS: Final = 3
_EASY: Final = (str, int, float, bool, Decimal, type(None))


class Maker:
    """Makes accounts of rows whose cells stand in the order of `wanted`. Keeps a digest of all rows."""

    def __init__(self, settings: Settings) -> None:
        """Say which columns are needed, and where they will stand."""
        columns = settings.accounts
        self.extra = settings.extra_columns()
        self.alike = tuple(columns.alike.items())
        parts = (columns.key, columns.id, columns.role, columns.district, columns.locked, columns.active)
        self.wanted = tuple(dict.fromkeys(filter(None, (*parts, *self.extra, *columns.alike.values()))))
        where = {name: number for number, name in enumerate(self.wanted)}
        self.at = [where.get(name, -1) for name in parts]
        # What decides nothing may change between plan and apply: likenesses, and most often when somebody logged in.
        deciding = {*parts[:-1], *self.extra, *(parts[-1:] if settings.looks_at_activity() else ())}
        at = tuple(number for number, name in enumerate(self.wanted) if name in deciding)
        self._deciding = None if len(at) == len(self.wanted) else at
        self.extra_at = [where[name] for name in self.extra]
        self.alike_at = [where[name] for name in columns.alike.values()]
        self.roles: dict[object, str] = {}
        self.roles.update(columns.roles)
        self.districts: dict[object, str] = {}
        self._encode = msgspec.msgpack.Encoder(enc_hook=str, decimal_format="string").encode
        self._all = hashlib.sha256()

    def account(self, row: Sequence[object], keep: Callable[[str], bool]) -> Account:
        """Make an account."""
        key, id_, role, district, locked, active = self.at
        encoded = self._encode(tuple(row))
        self._all.update(encoded)
        clever = text(row[id_])
        written = row[role]
        known = self.roles.get(written)
        if known is None:
            said = as_written(written)
            known = self.roles[written] = self.roles.get(said) or clever_role(said)
        place = ""
        if district >= 0:
            value = row[district]
            place = self.districts[value] if value in self.districts else self.districts.setdefault(value, text(value))
        kept = keep(clever)
        return Account(
            key=text(row[key]),
            id=clever,
            role=known,
            district=place,
            locked=locked >= 0 and truth(row[locked]),
            active=None if active < 0 or known not in EMPLOYEES else instant(row[active]),
            print=hashlib.blake2b(self._decides(row, encoded), digest_size=8).hexdigest(),
            values=tuple(comparable(row[one]) for one in self.extra_at) if kept else (),
            like=tuple(text(row[one]) for one in self.alike_at) if self.alike_at else (),
            word="" if known else _word(as_written(written)),
        )

    def _decides(self, row: Sequence[object], encoded: bytes) -> bytes:
        """Give what decides of a row what comes of it."""
        return encoded if self._deciding is None else self._encode([row[one] for one in self._deciding])

    def digest(self) -> str:
        """Give the digest of all rows made so far."""
        return f"sha256:{self._all.hexdigest()}"


def text(value: object) -> str:
    """Give a value as text without space around it; nothing is an empty one."""
    if isinstance(value, str):
        return value.strip()
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.hex()
    return str(value).strip()


def as_written(role: object) -> str:
    """Give an account's role as a migration file writes it: a column of yes and no holds `true` and `false`."""
    return text(role).lower() if isinstance(role, bool) else text(role)


def _word(said: str) -> str:
    """Give what an unknown role is written like if it may be told: a short word, no number, no address."""
    if len(said) > (_DIGITS if said.isdigit() else _LONGEST):
        return ""
    return said if all(one.isalnum() or one in "_-" for one in said) else ""


def truth(value: object) -> bool:
    """Say whether a value of a yes-or-no column means yes."""
    return value.strip().lower() not in _FALSE if isinstance(value, str) else bool(value)


def instant(value: object) -> int | None:
    """Give a time as nanoseconds since 1970; a time without a zone is UTC; `UNREADABLE` where it cannot be told."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, datetime):
        return nanoseconds(value if value.tzinfo else value.replace(tzinfo=UTC))
    if isinstance(value, date):
        return nanoseconds(datetime(value.year, value.month, value.day, tzinfo=UTC))
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return int(value * _SECOND) if value < _MILLI else int(value * (_SECOND // 1000))
    written = str(value).strip()
    if written.isdigit():
        return instant(int(written))
    found = parse_instant(written.replace(" ", "T", 1))
    if found is None:
        try:
            read = datetime.fromisoformat(written)
        except ValueError:
            return UNREADABLE
        found = nanoseconds(read if read.tzinfo else read.replace(tzinfo=UTC))
    return found


def comparable(value: object) -> object:
    """Give a value that can be compared with others of its column; nothing stays None."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if isinstance(value, _EASY) else str(value)
