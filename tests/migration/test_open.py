"""`Resolver.open`: whose login it is, asked of the application's own database, before a run and after it."""

import asyncio
import sqlite3
import subprocess
import sys

import pytest
from migration.decided import decision, decisions_of
from migration.worlds import made_map
from rolecall.errors import FactsError
from rolecall.migration import Choice, Planner, Resolver, Settings, open_accounts, read_plan
from rolecall.migration.applying.carrying import Carrier
from rolecall.migration.login import Way
from rolecall.migration.model import AccountColumns, placed_in

ROWS = [("d1", "teacher", "o1", "n1"), ("d1", "staff", "o2", "n1"), ("d1", "teacher", "o3", "n3")]
USER = {"id": "n1", "district": "d1", "roles": {"teacher": {"legacy_id": "o1"}, "staff": {"legacy_id": "o2"}}}
TEACHER = {"id": "n3", "district": "d1", "roles": {"teacher": {"legacy_id": "o3"}}}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Three accounts with old ids, and one without any."""
    monkeypatch.chdir(tmp_path)
    with sqlite3.connect("app.db") as database:
        database.execute("CREATE TABLE accounts (id INTEGER PRIMARY KEY, clever_id TEXT UNIQUE, role TEXT)")
        rows = [(1, "o1", "teacher"), (2, "o2", "staff"), (3, "o3", "teacher"), (4, None, "staff")]
        database.executemany("INSERT INTO accounts VALUES (?,?,?)", rows)
    database.close()
    return tmp_path


def settings(do="consolidate", **columns):
    return Settings(accounts=AccountColumns(**{"table": "accounts", **columns}), choice=Choice(do))


def applied(said):
    """A plan, carried out."""
    source = open_accounts("sqlite:///app.db", said)
    planner = Planner(made_map(ROWS, []), said)
    planner.run(source)
    with open("plan.jsonl", "wb") as file:  # noqa: PTH123 - the test's own folder
        planner.write(file)
    planner.close()
    source.close()
    plan = read_plan("plan.jsonl")
    Carrier(plan, "sqlite:///app.db", commit=True).run()
    return plan


@pytest.fixture
def opened():
    """Resolvers that are let go of at the end."""
    found = []

    def make(said, **more):
        found.append(Resolver.open("sqlite:///app.db", said, **more))
        return found[-1]

    yield make
    for one in found:
        one.close()


def test_before_and_after_a_run(opened):
    """The same resolver: two accounts that belong together, then the one that they have become; old ids go on."""
    resolver = opened(settings())
    before = resolver.resolve(USER)
    assert (before.account, [one.outcome for one in before.accounts]) == ("2", ["merged", "merged"])
    with pytest.raises(FactsError, match="the id `o1` is nobody's, as far as the aliases know"):
        resolver.current("o1")
    applied(settings())
    after = resolver.resolve(USER)
    assert (after.account, [one.outcome for one in after.accounts]) == ("2", ["already-migrated"])
    assert {resolver.current(one) for one in ("o1", "o2", "n1")} == {"n1"}
    assert asyncio.run(resolver.aresolve(USER)) == after
    assert asyncio.run(resolver.acurrent("o3")) == "n3"


@pytest.mark.parametrize("do", ["link", "separate"])
def test_accounts_that_stay_apart(opened, do):
    """Linked rows are untouched, separate ones carry the v3.0 id: each role has its account, before and after."""
    if do == "separate":
        with sqlite3.connect("app.db") as database:
            database.executescript(
                "ALTER TABLE accounts RENAME TO old; CREATE TABLE accounts (id INTEGER PRIMARY KEY, clever_id TEXT, "
                "role TEXT, UNIQUE (clever_id, role)); INSERT INTO accounts SELECT * FROM old; DROP TABLE old"
            )
        database.close()
    ways = (Way("teacher", "1", ("teacher",)), Way("staff", "2", ("staff",)))
    resolver = opened(settings(do))
    assert resolver.resolve(USER).choices() == ways
    applied(settings(do))
    assert resolver.resolve(USER).choices() == ways
    ids = {"link": ["o1", "o2"], "separate": ["n1", "n1"]}[do]
    database = sqlite3.connect("app.db")
    assert [row[0] for row in database.execute("SELECT clever_id FROM accounts WHERE id < 3 ORDER BY id")] == ids
    database.close()


def test_an_account_without_an_id_that_somebody_decided_about(opened):
    """It is found by its key."""
    plan = applied(settings("link"))
    (held,) = [one for step in plan.steps() for one in placed_in(step) if one.outcome == "null-id"]
    match = opened(settings("link"), decisions=decisions_of([decision(held, "person", "n3")])).resolve(TEACHER)
    assert {one.key for one in match.accounts} == {"3", "4"}


@pytest.mark.parametrize(
    ("url", "columns", "says"),
    [
        ("sqlite:///none.db", {}, "`sqlite:///.*none.db` cannot be read: unable to open database file"),
        ("sqlite:///app.db", {"table": ""}, "which table of the database holds accounts"),
        ("sqlite:///app.db", {"table": "acounts"}, "no table `acounts`; did you mean `accounts`"),
        ("sqlite:///app.db", {"role": "rol"}, "the table `accounts` has no column `rol`; did you mean `role`"),
        ("postgresql://u:geheim@127.0.0.1:1/x", {}, r"u:\*\*\*@127.0.0.1:1/x` cannot be read"),
        ("app.db", {}, "this is no database's URL"),
    ],
)
def test_what_cannot_be_opened(folder, url, columns, says):
    """A sentence at start-up, without the password; nothing is made."""
    with pytest.raises(FactsError, match=says) as caught:
        Resolver.open(url, settings(**columns))
    assert "geheim" not in str(caught.value)
    assert [one.name for one in folder.iterdir()] == ["app.db"]


def test_without_sqlalchemy():
    """Importing the rest needs none; opening says what to install."""
    script = (
        "import sys; sys.modules['sqlalchemy'] = None\n"
        "from rolecall.migration import Resolver, Settings\n"
        "try:\n    Resolver.open('sqlite:///app.db', Settings())\nexcept Exception as error:\n    print(error)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "a database needs `sqlalchemy`, which comes with `pip install 'rolecall[migrate]'`\n"
