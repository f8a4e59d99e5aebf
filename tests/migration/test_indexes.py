"""What a great run needs is told before it: an index for each column that names accounts, a key for each table."""

import pytest
from migration.test_databases import ACCOUNTS, COLUMNS, execute, made, planned, tables
from rolecall.migration import Choice, Settings
from rolecall.migration.model import Reference

KEY = "id INTEGER PRIMARY KEY, account INTEGER REFERENCES accounts (id)"
HELD = "INSERT INTO accounts VALUES (1, 'o1', 'teacher'), (2, 'o2', 'staff')"


def fix(said):
    """The statement that a warning gives."""
    return said.partition("Before a great run: `")[2].removesuffix("`")


def assert_told_and_mended(url, settings, *columns):
    """See that the plan names just these columns, and none once what it gives is pasted."""
    header, _ = planned(url, settings)
    assert [one.partition(" names")[0] for one in header.warnings] == [*columns]
    execute(url, *map(fix, header.warnings))
    assert planned(url, settings)[0].warnings == ()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_reference_without_an_index_is_told(kind, tmp_path):
    """By name, declared or a foreign key, in the plan; what is pasted mends it, whatever things are called."""
    url = made(
        kind,
        tmp_path,
        ACCOUNTS.format(key="INTEGER"),
        HELD,
        f"CREATE TABLE grades ({KEY}, given_by INTEGER REFERENCES accounts (id))",
        "CREATE INDEX given ON grades (given_by)",
        "CREATE TABLE loose (id INTEGER PRIMARY KEY, owner INTEGER)",
        'CREATE TABLE "My ""Visits%" (id INTEGER PRIMARY KEY, "Who is" INTEGER REFERENCES accounts (id))',
    )
    settings = Settings(accounts=COLUMNS, references=(Reference("loose", "owner", declared=True),))
    assert_told_and_mended(url, settings, '`My "Visits%.Who is`', "`grades.account`", "`loose.owner`")


def test_mariadb_makes_indexes_for_foreign_keys(tmp_path):
    """So it lacks those of declared columns alone; a long text takes the beginning of it, an index of words is none."""
    url = made(
        "mariadb",
        tmp_path,
        ACCOUNTS.format(key="INTEGER"),
        HELD,
        f"CREATE TABLE grades ({KEY})",
        "CREATE TABLE loose (id INTEGER PRIMARY KEY, owner INTEGER, `the wri%ter` TEXT, FULLTEXT (`the wri%ter`))",
    )
    declared = tuple(Reference("loose", one, declared=True) for one in ("owner", "the wri%ter"))
    settings = Settings(accounts=COLUMNS, references=declared)
    assert_told_and_mended(url, settings, "`loose.owner`", "`loose.the wri%ter`")


@pytest.mark.parametrize(
    ("kind", "columns", "index", "told"),
    [
        ("sqlite", "account INTEGER PRIMARY KEY REFERENCES accounts (id)", "", False),
        ("sqlite", f"{KEY}, n INTEGER, UNIQUE (account, n)", "", False),
        ("sqlite", f"{KEY}, n INTEGER, UNIQUE (n, account)", "", True),
        ("sqlite", KEY, "INDEX i ON t (account) WHERE account IS NOT NULL", False),
        ("sqlite", KEY, "INDEX i ON t (account) WHERE id > 3", True),
        ("sqlite", KEY, "INDEX i ON t (abs(account))", True),
        ("postgresql", "account INTEGER PRIMARY KEY REFERENCES accounts (id)", "", False),
        ("postgresql", f"{KEY}, n INTEGER, UNIQUE (account, n)", "", False),
        ("postgresql", f"{KEY}, n INTEGER, UNIQUE (n, account)", "", True),
        ("postgresql", KEY, "INDEX i ON t (account) WHERE account IS NOT NULL", False),
        ("postgresql", KEY, "INDEX i ON t (account) WHERE id > 3", True),
        ("postgresql", KEY, "INDEX i ON t (id) INCLUDE (account)", True),
        ("postgresql", KEY, "INDEX i ON t USING hash (account)", False),
        ("postgresql", KEY, "INDEX i ON t USING brin (account)", True),
        ("mariadb", f"{KEY}, n INTEGER, UNIQUE (account, n)", "", False),
    ],
)
def test_what_serves_as_an_index(kind, columns, index, told, tmp_path):
    """A key or an index that begins with the column and holds every account's rows: then nothing is told."""
    url = made(kind, tmp_path, ACCOUNTS.format(key="INTEGER"), f"CREATE TABLE t ({columns})")
    execute(url, *([f"CREATE {index}"] if index else []))
    assert bool(tables(url).slow) is told


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
def test_a_table_without_a_key_is_told(kind, tmp_path):
    """A unique key that is never null is as good as a primary one; what is pasted mends it. SQLite adds no key."""
    url = made(
        kind,
        tmp_path,
        ACCOUNTS.format(key="INTEGER"),
        HELD,
        "CREATE TABLE visits (account INTEGER REFERENCES accounts (id), ID VARCHAR(9))",
        "CREATE INDEX of_visits ON visits (account)",
        "CREATE TABLE seats (account INTEGER NOT NULL UNIQUE REFERENCES accounts (id))",
        "CREATE TABLE desks (account INTEGER UNIQUE REFERENCES accounts (id))",
        "INSERT INTO visits VALUES (1, 'a'), (1, 'a')",
    )
    slow = tables(url).slow
    assert [one.partition(" has no primary key")[0] for one in slow] == ["`desks`", "`visits`"]
    if kind == "sqlite":
        assert all(one.endswith("Before a great run: make the table anew with one") for one in slow)
        return
    assert "ADD COLUMN row_id" in slow[1]
    execute(url, *map(fix, slow))
    assert tables(url).slow == ()


def test_only_what_is_done_is_told(tmp_path):
    """Who links moves no rows. That accounts are found by their Clever id quickly matters to every choice, and at login."""
    url = made(
        "sqlite",
        tmp_path,
        "CREATE TABLE accounts (id INTEGER PRIMARY KEY, clever TEXT, kind TEXT)",
        f"CREATE TABLE grades ({KEY})",
    )
    linking = Settings(accounts=COLUMNS, choice=Choice("link"))
    (said,) = tables(url, linking).slow
    assert said.startswith("`accounts.clever` is at the beginning of no index")
    assert len(tables(url).slow) == 2
    execute(url, fix(said))
    assert tables(url, linking).slow == ()
