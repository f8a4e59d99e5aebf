"""Tables whose own names have a dot, as `my.grades`: carried over, rehearsed and undone like any other."""

import pytest
from migration.test_databases import ACCOUNTS, COLUMNS, MAP, execute, made, planned, tables
from migration.worlds import written
from msgspec.structs import replace
from rolecall import FactsError
from rolecall.migration import Settings
from rolecall.migration.applying.rehearsing import rehearse
from rolecall.migration.model import Reference

HELD = "INSERT INTO accounts VALUES (1, 'o1', 'teacher'), (2, 'o2', 'staff')"
SETTINGS = Settings(accounts=COLUMNS, references=(Reference("a.loose", "owner", declared=True),))


def quoted(kind, name):
    return f"`{name}`" if kind == "mariadb" else f'"{name}"'


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
def test_a_table_named_with_a_dot(kind, tmp_path):
    """Whether it refers to accounts, is declared to, or has nothing to do with them."""
    grades, loose, other = (quoted(kind, one) for one in ("my.grades", "a.loose", "its.own"))
    url = made(
        kind,
        tmp_path,
        ACCOUNTS.format(key="INTEGER"),
        HELD,
        f"CREATE TABLE {grades} (id INTEGER PRIMARY KEY, account INTEGER REFERENCES accounts (id))",
        f"CREATE TABLE {loose} (id INTEGER PRIMARY KEY, owner INTEGER)",
        f"CREATE TABLE {other} (id INTEGER PRIMARY KEY)",
        f"INSERT INTO {grades} VALUES (1, 1), (2, 2)",  # noqa: S608 - the test's own name
        f"INSERT INTO {loose} VALUES (1, 1)",  # noqa: S608 - the test's own name
        f"INSERT INTO {other} VALUES (7)",  # noqa: S608 - the test's own name
    )
    plan = written(url, SETTINGS, MAP, tmp_path)
    scratch = "" if kind == "sqlite" else made(kind, tmp_path)
    found = rehearse(plan, url, scratch)
    assert found.good
    assert found.before["its.own"][0] == 1
    assert found.outcome.rows == {"accounts": 2, "my.grades": 1, "a.loose": 1}


def test_a_name_that_means_two_tables(tmp_path):
    """A table of another schema and one that is called so with its dot: neither is guessed."""
    url = made("postgresql", tmp_path, ACCOUNTS.format(key="INTEGER"))
    other = f"{url.rpartition('%3D')[2]}_two"
    execute(
        url,
        f"CREATE SCHEMA {other}",
        f"CREATE TABLE {other}.grades (id INTEGER PRIMARY KEY, account INTEGER REFERENCES accounts (id))",
        f'CREATE TABLE "{other}.grades" (id INTEGER PRIMARY KEY, account INTEGER REFERENCES accounts (id))',
    )
    with pytest.raises(FactsError, match="or a table that is called so with its dot: rename that one"):
        tables(url)
    with pytest.raises(FactsError, match="or a table that is called so with its dot: rename that one"):
        planned(url, Settings(accounts=COLUMNS, references=(Reference(f"{other}.grades", "account", declared=True),)))


def test_a_dot_in_a_schema_that_is_named(tmp_path):
    """The plan would call it by two dots: it says so."""
    url = made("postgresql", tmp_path, ACCOUNTS.format(key="INTEGER"))
    schema = url.rpartition("%3D")[2]
    execute(url, 'CREATE TABLE "my.grades" (id INTEGER PRIMARY KEY, account INTEGER REFERENCES accounts (id))')
    with pytest.raises(
        FactsError, match=r"`my\.grades` has a dot in its own name and stands in a schema that is named"
    ):
        tables(url, Settings(accounts=replace(COLUMNS, table=f"{schema}.accounts")))
