"""What was decided, carried out in a database: the rows, the login before and after, the next plan."""

import sqlite3

import pytest
from migration.decided import decision, decisions_of, held
from migration.worlds import made_map, outcome_of
from rolecall.migration import Choice, Planner, Resolver, Settings, open_accounts, read_plan
from rolecall.migration.applying.carrying import Carrier
from rolecall.migration.applying.ports import Ports
from rolecall.migration.model import AccountColumns

ROWS = [
    ("d1", "teacher", "o1", "n1"),
    ("d1", "staff", "o2", "n1"),
    ("d1", "teacher", "o3", "n3"),
    ("d1", "staff", "o4", "n3"),
]
SETTINGS = Settings(accounts=AccountColumns(table="accounts"), choice=Choice())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two teachers of one person whose grades meet under a unique key; an account without an id; a stranger."""
    monkeypatch.chdir(tmp_path)
    database = sqlite3.connect("app.db")
    database.executescript(
        "CREATE TABLE accounts (id INTEGER PRIMARY KEY, clever_id TEXT, role TEXT);"
        "CREATE TABLE grades (id INTEGER PRIMARY KEY, account INTEGER REFERENCES accounts (id), class TEXT,"
        " UNIQUE (account, class));"
        "INSERT INTO accounts VALUES (1, 'o1', 'teacher'), (2, 'o2', 'staff'), (3, NULL, 'teacher'), (4, 'o4', 'staff'),"
        " (5, 'o3', 'janitor');"
        "INSERT INTO grades (account, class) VALUES (1, 'a'), (2, 'a'), (1, 'b'), (3, 'c');"
    )
    database.close()
    return tmp_path


def made(decisions=None):
    """A plan of the database as it is."""
    source = open_accounts("sqlite:///app.db", SETTINGS)
    planner = Planner(made_map(ROWS, []), SETTINGS, decisions=decisions)
    planner.run(source)
    with open("plan.jsonl", "wb") as file:  # noqa: PTH123 - a name in the test's own folder
        planner.write(file)
    planner.close()
    source.close()
    return read_plan("plan.jsonl")


def rows(query):
    database = sqlite3.connect("app.db")
    found = database.execute(query).fetchall()
    database.close()
    return found


def login(decisions):
    """Who logs in as n3, with the ports over the database."""
    ports = Ports("sqlite:///app.db", SETTINGS)
    resolver = Resolver(
        ports.accounts, aliases=made_map(ROWS, []).rows, settings=SETTINGS, decisions=decisions, keyed=ports.keyed
    )
    found = resolver.resolve({"id": "n3", "district": "d1", "roles": {"teacher": {"legacy_id": "o3"}}})
    ports.close()
    return found


@pytest.mark.usefixtures("folder")
def test_what_was_decided_is_carried_out():
    """`go` keeps the survivor's rows, `person` moves what the account had, `leave` touches nothing; and it stays decided."""
    first = made()
    by = {one.key: one for one in held([*first.steps()])}
    assert {key: one.outcome for key, one in by.items()} == {
        "1": "unique-key",
        "2": "unique-key",
        "3": "null-id",
        "5": "unknown-role",
    }
    decisions = decisions_of(
        [
            decision(by["1"], "go"),
            decision(by["2"], "go"),
            decision(by["3"], "person", "n3"),
            decision(by["5"], "leave"),
        ]
    )
    plan = made(decisions)
    assert plan.header.outcomes == {"merged": 4, "left": 1}
    before = login(decisions)
    assert (before.account, before.conflict) == ("4", "")
    done = Carrier(plan, "sqlite:///app.db", commit=True).run()
    assert (done.state, done.left) == ("applied", [])
    assert rows("SELECT * FROM accounts ORDER BY id") == [(2, "n1", "staff"), (4, "n3", "staff"), (5, "o3", "janitor")]
    assert rows("SELECT account, class FROM grades ORDER BY id") == [(2, "a"), (2, "b"), (4, "c")]
    assert login(decisions).account == "4"
    again = made(decisions)
    assert outcome_of([*again.steps()]) == {"2": "already-migrated", "4": "already-migrated", "5": "left"}
