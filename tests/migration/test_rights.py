"""Logins that may not do what a plan takes: a sentence before anything is begun, and nothing is there afterwards."""

from itertools import count

import postgres
import pytest
from migration.test_databases import ACCOUNTS, COLUMNS, MAP
from migration.worlds import written
from rolecall import FactsError
from rolecall.migration import Settings
from rolecall.migration.applying.carrying import Carrier

_numbers = count(1)
ALL = "GRANT ALL ON accounts, grades TO {login}"
HIDING = "ALTER TABLE grades ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON grades USING (id > 1)"


@pytest.fixture
def database(tmp_path):
    """A database, a plan for it, and a login's name."""
    number = next(_numbers)
    name, login = f"rights_{number}", f"login_{number}"
    address = postgres.server().get_uri()
    postgres.execute(address, f"CREATE DATABASE {name}", f"CREATE ROLE {login} LOGIN")
    url = address.replace("/postgres?", f"/{name}?")
    postgres.execute(
        url,
        ACCOUNTS.format(key="INTEGER"),
        "CREATE TABLE grades (id INTEGER PRIMARY KEY, account INTEGER REFERENCES accounts (id))",
        "INSERT INTO accounts VALUES (1, 'o1', 'teacher'), (2, 'o2', 'staff')",
        "INSERT INTO grades VALUES (1, 1), (2, 2)",
        f"GRANT CREATE ON SCHEMA public TO {login}",
    )
    settings = Settings(accounts=COLUMNS)
    yield url, written(url, settings, MAP, tmp_path), login
    postgres.execute(url, f"DROP OWNED BY {login}")
    postgres.execute(address, f"DROP DATABASE {name}", f"DROP ROLE {login}")


@pytest.mark.parametrize(
    ("granted", "says"),
    [
        (
            "GRANT SELECT ON accounts, grades TO {login}",
            "may not UPDATE in `accounts`: `GRANT UPDATE ON accounts TO …`",
        ),
        (f"{ALL}; REVOKE UPDATE ON grades FROM {{login}}", "may not UPDATE in `grades`"),
        (f"{ALL}; REVOKE ALL ON grades FROM {{login}}", "may not SELECT in `grades`"),
        (f"{ALL}; REVOKE DELETE ON accounts FROM {{login}}", "may not DELETE in `accounts`"),
        (f"{ALL}; {HIDING}", "row-level security hides rows of `grades` from this login"),
    ],
)
def test_a_login_that_may_not(database, granted, says):
    """The right is named with the table; no run is begun that would stand half done, and no table is made."""
    url, plan, login = database
    postgres.execute(url, *granted.format(login=login).split("; "))
    theirs = url.replace("postgres:@", f"{login}:@")
    for commit in (False, True):
        with pytest.raises(FactsError) as error:
            Carrier(plan, theirs, commit=commit).run()
        assert says in str(error.value)
    postgres.execute(url, "CREATE TABLE rolecall_runs (nothing INTEGER)", "DROP TABLE rolecall_runs")


def test_a_login_that_may(database):
    """An ordinary one, that owns nothing."""
    url, plan, login = database
    postgres.execute(url, ALL.format(login=login))
    found = Carrier(plan, url.replace("postgres:@", f"{login}:@"), commit=True).run()
    assert (found.state, found.left) == ("applied", [])
