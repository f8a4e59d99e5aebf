"""What a migration costs: accounts with five tables that refer to them, planned, carried over, and back.

`python tests/benchmarks/migration.py [ACCOUNTS] [sqlite|postgresql …]`: a million in both, if it does not say otherwise.
The plan is timed over SQLite; that one is carried out in both.
"""

from __future__ import annotations

import gc
import random
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
from rolecall.migration import Planner, open_accounts, read_map, read_plan
from rolecall.migration.applying.carrying import Carrier
from rolecall.migration.applying.rehearsing import state
from rolecall.migration.applying.undoing import Undoer
from rolecall.migration.model import AccountColumns, Choice, Settings
from rolecall.migration.written import Plan

ACCOUNTS: Final = 1_000_000
DATABASES: Final = ("sqlite", "postgresql")
TABLES: Final = ("enrolments", "grades", "notes", "sessions", "badges")
_KINDS: Final = (("student", 70), ("teacher", 20), ("school_admin", 8), ("district_admin", 2))
_DISTRICTS: Final = 50


class Carried(msgspec.Struct, frozen=True):
    """A plan carried out and taken back: how many accounts it moved (of how many), rows that changed, seconds.

    `busy` are the seconds of them that this process computed, for both: PostgreSQL's own are not among them.
    """

    database: str
    accounts: int
    moved: int
    rows: int
    apply: float
    rollback: float
    busy: tuple[float, float]


class Measured(msgspec.Struct, frozen=True):
    """A plan: how many accounts and rows that refer to them, seconds (and how many of them it computed), the most memory in MiB, what came of them."""

    accounts: int
    rows: int
    seconds: float
    busy: float
    memory: float
    size: float
    outcomes: dict[str, int]
    carried: tuple[Carried, ...] = ()


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
        database.execute(f"CREATE INDEX {table}_account ON {table} (account)")
        count = accounts // 2
        values = ((rng.randrange(1, accounts + 1), thing) for thing in range(count))
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


def measure(accounts: int, databases: Sequence[str] = ()) -> Measured:
    """Time a plan, everything from opening the map to the last byte written; and carry it out in some databases."""
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
        memory = max(_peak(), before)
        plan = read_plan(folder / "plan.jsonl")
        carried = tuple(carry(url if one == "sqlite" else copied(folder), plan) for one in databases)
        return Measured(accounts, rows, seconds, busy, memory, size, header.outcomes, carried)


def copied(folder: Path) -> str:
    """Copy the database into a PostgreSQL."""
    import postgres  # noqa: PLC0415 - a server that only this needs
    import psycopg  # noqa: PLC0415

    url = postgres.new_database()
    source = sqlite3.connect(folder / "app.db")
    with psycopg.connect(url) as target:
        for name, said in source.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall():
            target.execute(said)
            with target.cursor().copy(f"COPY {name} FROM STDIN") as copy:
                for row in source.execute(f"SELECT * FROM {name}"):  # noqa: S608 - our own names
                    copy.write_row(row)
        for (said,) in source.execute("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"):
            target.execute(said)
        target.commit()
        target.autocommit = True
        target.execute("ANALYZE")
    source.close()
    return str(url)


def carry(url: str, plan: Plan) -> Carried:
    """Carry a plan out and take it back; the very first state must come of it."""
    first = state(url)
    began, computed = time.perf_counter(), time.process_time()
    done = Carrier(plan, url, commit=True).run()
    applied, half = time.perf_counter(), time.process_time()
    back = Undoer(url, done.run or 0, commit=True).run()
    undone, ended = time.perf_counter(), time.process_time()
    if done.left or back.left or state(url) != first:
        raise AssertionError("it is not what it was")
    moved = sum(done.accounts[one] for one in ("rekeyed", "merged"))
    name = url.partition(":")[0]
    busy = (half - computed, ended - half)
    return Carried(name, done.accounts.total(), moved, done.rows.total(), applied - began, undone - applied, busy)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print what was measured."""
    found = measure(int(sys.argv[1]) if len(sys.argv) > 1 else ACCOUNTS, sys.argv[2:] or DATABASES)
    print(f"{found.accounts:,} accounts, {found.rows:,} rows in {len(TABLES)} tables that refer to them (SQLite)")
    print(
        f"plan: {found.seconds:.1f} s (target 60; {found.busy:.1f} s of computing), {found.memory:,.0f} MiB at most (target 1,024), {found.size:.0f} MB"
    )
    for name, number in found.outcomes.items():
        print(f"  {number:>9,} {name}")
    for one in found.carried:
        for verb, spent, busy in (("apply", one.apply, one.busy[0]), ("rollback", one.rollback, one.busy[1])):
            print(
                f"{one.database} {verb}: {spent:.1f} s ({busy:.1f} s of computing), {one.accounts / spent:,.0f} accounts a second (target 5,000), "
                f"{one.moved / spent:,.0f} of them that change, {one.rows / spent:,.0f} rows"
            )


if __name__ == "__main__":
    main()
