"""Unique keys for which `Art` is `art`: what a plan promises and cannot see is told, and nobody's rows are lost by it."""

import pytest
from migration.test_databases import ACCOUNTS, COLUMNS, MAP, made, tables
from migration.worlds import written
from rolecall.migration import Settings
from rolecall.migration.applying.carrying import Carrier
from sqlalchemy import create_engine, text

TAGS = "CREATE TABLE tags (account INTEGER REFERENCES accounts (id), tag {of}, PRIMARY KEY (tag, account))"
CITEXT = "CREATE DOMAIN citext AS TEXT"  # the extension, and ICU's collations, are not in every build


@pytest.mark.parametrize(
    ("kind", "of", "clash", "told"),
    [
        ("sqlite", "TEXT COLLATE NOCASE", "keep", True),
        ("sqlite", "TEXT COLLATE NOCASE", "hold", True),
        ("sqlite", "TEXT", "keep", False),
        ("postgresql", "citext", "hold", True),
        ("postgresql", "TEXT", "keep", False),
        ("mariadb", "VARCHAR(9) COLLATE utf8mb4_general_ci", "keep", True),
        ("mariadb", "VARCHAR(9) COLLATE utf8mb4_general_ci", "hold", False),
        ("mariadb", "VARCHAR(9) COLLATE utf8mb4_bin", "keep", False),
        ("mariadb", "VARBINARY(9)", "keep", False),
        ("mariadb", "INTEGER", "keep", False),
    ],
)
def test_keys_that_do_not_tell_texts_apart(kind, of, clash, told, tmp_path):
    """Each is told by name; MariaDB's, which the plan reads as it does, only where rows would be dropped."""
    first = [CITEXT] if of == "citext" else []
    url = made(kind, tmp_path, ACCOUNTS.format(key="INTEGER"), *first, TAGS.format(of=of))
    said = [one for one in tables(url, Settings(accounts=COLUMNS, clash=clash)).warnings if "for equal" in one]
    assert len(said) == told
    assert all("`tags` has a unique key (tag, account)" in one and "texts in `tag` for equal" in one for one in said)


@pytest.mark.parametrize(
    ("kind", "of"), [("sqlite", "TEXT COLLATE NOCASE"), ("mariadb", "VARCHAR(9) COLLATE utf8mb4_general_ci")]
)
def test_where_rows_meet_so_the_person_is_left(kind, of, tmp_path):
    """As the warning says: whole, with a reason."""
    url = made(
        kind,
        tmp_path,
        ACCOUNTS.format(key="INTEGER"),
        TAGS.format(of=of),
        "INSERT INTO accounts VALUES (1, 'o1', 'teacher'), (2, 'o2', 'staff')",
        "INSERT INTO tags VALUES (1, 'Art'), (2, 'art')",
    )
    settings = Settings(accounts=COLUMNS, clash="keep")
    plan = written(url, settings, MAP, tmp_path)
    assert [one for one in plan.header.warnings if "for equal" in one]
    found = Carrier(plan, url, commit=True).run()
    assert [one.person for one in found.left] == ["n1"]
    with create_engine(url).connect() as connection:
        assert sorted(map(tuple, connection.execute(text("SELECT * FROM tags")))) == [(1, "Art"), (2, "art")]
