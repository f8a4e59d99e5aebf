"""What a plan of a migration costs: accounts in SQLite, with five tables that refer to them.

`python tests/benchmarks/migration.py [ACCOUNTS]`: a million, if it does not say otherwise.
"""

from __future__ import annotations

import gc
import random
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from rolecall.migration import Planner, open_accounts, read_map
from rolecall.migration.model import AccountColumns, Choice, Settings

ACCOUNTS: Final = 1_000_000
TABLES: Final = ("enrolments", "grades", "notes", "sessions", "badges")
_KINDS: Final = (("student", 70), ("teacher", 20), ("school_admin", 8), ("district_admin", 2))
_DISTRICTS: Final = 50


class Measured(msgspec.Struct, frozen=True):
    """A plan: how many accounts and rows that refer to them, seconds (and how many of them it computed), the most memory in MiB, what came of them."""

    accounts: int
    rows: int
    seconds: float
    busy: float
    memory: float
    size: float
    outcomes: dict[str, int]


def world(folder: Path, accounts: int) -> tuple[str, Path, int]:
    """Make a database and a map: seven in ten are students, a quarter of the employees have several accounts."""
    rng = random.Random(7)
    database = sqlite3.connect(folder / "app.db")
    database.execute(
        "CREATE TABLE accounts (id INTEGER PRIMARY KEY, clever_id TEXT UNIQUE, kind TEXT, district TEXT,"
        " locked INTEGER, last_login TEXT, points INTEGER, email TEXT)"
    )
    with (folder / "map.csv").open("w", encoding="utf-8") as file:
        file.write("district,role,role_id,user_id\n")
        database.executemany("INSERT INTO accounts VALUES (?,?,?,?,?,?,?,?)", people(rng, accounts, file.write))
    rows = 0
    for number, table in enumerate(TABLES):
        unique = ", UNIQUE (account, thing)" if number < 3 else ""
        database.execute(
            f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, account INTEGER REFERENCES accounts (id), thing INTEGER{unique})"
        )
        count = accounts // 2
        values = ((rng.randrange(1, accounts + 1), number) for number in range(count))
        database.executemany(f"INSERT INTO {table} (account, thing) VALUES (?, ?)", values)  # noqa: S608 - our own names
        rows += count
    database.commit()
    database.close()
    return f"sqlite:///{folder / 'app.db'}", folder / "map.csv", rows


def people(rng: random.Random, accounts: int, line: object) -> Iterator[tuple[object, ...]]:
    """Give rows of accounts, and write the map's."""
    roles, weights = zip(*_KINDS, strict=True)
    last, had = "", set[str]()
    for number in range(1, accounts + 1):
        (kind,) = rng.choices(roles, weights)
        district = f"d{number % _DISTRICTS:023x}"
        old = f"5{number:023x}"
        if kind == "student":
            new = old
        elif last and kind not in had and rng.random() < 0.25:
            new, district = last, f"d{int(last[1:], 16) % _DISTRICTS:023x}"
            had.add(kind)
        else:
            new = last = f"6{number:023x}"
            had = {kind}
        if rng.random() < 0.98:
            line(f"{district},{kind},{old},{new}\n")  # type: ignore[operator]
        yield (
            number,
            old,
            kind,
            district,
            0,
            f"2026-0{rng.randrange(1, 7)}-01",
            rng.randrange(100),
            f"u{number}@example",
        )


def measure(accounts: int) -> Measured:
    """Time a plan, everything from opening the map to the last byte written."""
    columns = AccountColumns("accounts", "id", "clever_id", "kind", "district", "locked", "last_login")
    choice = Choice(survivor="most-recent", columns={"points": "sum"})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url, rows_of_map, rows = world(folder, accounts)
        before = _peak()
        gc.disable()
        began, computed = time.perf_counter(), time.process_time()
        settings = Settings(columns, choice=choice)
        planner = Planner(read_map(str(rows_of_map)), settings)
        source = open_accounts(url, settings)
        header = planner.run(source)
        with (folder / "plan.jsonl").open("wb") as out:
            planner.write(out)
        seconds, busy = time.perf_counter() - began, time.process_time() - computed
        gc.enable()
        source.close()
        planner.close()
        if sum(header.outcomes.values()) != accounts:
            raise AssertionError("the outcomes do not add up")
        size = (folder / "plan.jsonl").stat().st_size / 1e6
        return Measured(accounts, rows, seconds, busy, max(_peak(), before), size, header.outcomes)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print what was measured."""
    found = measure(int(sys.argv[1]) if len(sys.argv) > 1 else ACCOUNTS)
    print(f"{found.accounts:,} accounts, {found.rows:,} rows in {len(TABLES)} tables that refer to them (SQLite)")
    print(
        f"plan: {found.seconds:.1f} s (target 60; {found.busy:.1f} s of computing), {found.memory:,.0f} MiB at most (target 1,024), {found.size:.0f} MB"
    )
    for name, number in found.outcomes.items():
        print(f"  {number:>9,} {name}")


if __name__ == "__main__":
    main()
