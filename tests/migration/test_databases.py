"""What is found in each kind of database: foreign keys from everywhere, what cannot be undone, and no password."""

import gc
import sys
import time
import tracemalloc
from itertools import islice
from types import SimpleNamespace

import mariadb
import postgres
import pytest
from migration.worlds import made_map, outcome_of
from rolecall import FactsError
from rolecall.migration import Planner, Settings, open_accounts
from rolecall.migration.accounts.foreign_keys import not_looked_at
from rolecall.migration.model import AccountColumns, PersonStep, Reference
from sqlalchemy import create_engine, text

MAP = [("d1", "teacher", "o1", "n1"), ("d1", "staff", "o2", "n1")]
COLUMNS = AccountColumns("accounts", "id", "clever", "kind")
SETTINGS = Settings(accounts=COLUMNS)
ACCOUNTS = "CREATE TABLE accounts (id {key} PRIMARY KEY, clever VARCHAR(30) UNIQUE, kind VARCHAR(20))"


def made(kind, tmp_path, *statements):
    """A database in which these statements were executed."""
    new = {"sqlite": lambda: f"sqlite:///{tmp_path / 'app.db'}", "postgresql": postgres.new_database}
    url = (new | {"mariadb": mariadb.new_database})[kind]()
    execute(url, *statements)
    return url


def execute(url, *statements):
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def tables(url, settings=SETTINGS):
    source = open_accounts(url, settings)
    found = source.tables()
    source.close()
    return found


def quick(warnings):
    """Without what is said of indexes: tests of something else make few."""
    return tuple(one for one in warnings if "Before a great run" not in one)


def planned(url, settings):
    source = open_accounts(url, settings)
    planner = Planner(made_map(MAP, []), settings)
    header = planner.run(source)
    steps = [*planner.body.steps()]
    source.close()
    planner.close()
    return header, steps


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
def test_foreign_keys_of_every_kind(kind, tmp_path):
    """To the key, to another column, to two columns; from the table itself; with rows that would go with the account."""
    url = made(
        kind,
        tmp_path,
        "CREATE TABLE accounts (id INTEGER PRIMARY KEY, clever VARCHAR(30) UNIQUE, kind VARCHAR(20), "
        "boss INTEGER REFERENCES accounts (id), UNIQUE (id, kind))",
        "CREATE TABLE grades (account INTEGER NOT NULL, class VARCHAR(9), term INTEGER, UNIQUE (class, account, term), "
        "FOREIGN KEY (account) REFERENCES accounts (id) ON DELETE CASCADE)",
        "CREATE TABLE badges (holder VARCHAR(30) REFERENCES accounts (clever) ON DELETE CASCADE)",
        "CREATE TABLE desks (room INTEGER, account INTEGER, kind VARCHAR(20), PRIMARY KEY (room, account), "
        "FOREIGN KEY (account, kind) REFERENCES accounts (id, kind))",
        "CREATE TABLE pairs (one INTEGER REFERENCES accounts (id), two INTEGER REFERENCES accounts (id) "
        "ON DELETE SET NULL, UNIQUE (one, two))",
        "CREATE TABLE other (id INTEGER PRIMARY KEY)",
        "CREATE TABLE stranger (account INTEGER REFERENCES other (id))",
    )
    found = tables(url)
    assert [(one.table, one.columns, one.keys) for one in found.referring] == [
        ("accounts", ("boss",), ()),
        ("desks", ("account",), (("room", "account"),)),
        ("grades", ("account",), (("class", "account", "term"),)),
        ("pairs", ("one", "two"), (("one", "two"),)),
    ]
    assert found.others == (("badges", "holder", "clever"), ("desks", "kind", "kind"))
    assert found.warnings == (
        "`badges` refers to accounts by `clever`, not by `id`: it is not looked at",
        "`desks` refers to accounts by `id, kind` together: its rows can go to an account only that has the same",
    )
    assert found.without_transactions == ()


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_foreign_keys_from_other_schemas(kind, tmp_path):
    """They are found wherever they stand, and told with their schema; a table of the same name there is another one."""
    url = made(kind, tmp_path, ACCOUNTS.format(key="INTEGER"), "INSERT INTO accounts VALUES (1, 'o1', 'teacher')")
    schema = url.split("?", maxsplit=1)[0].rpartition("/")[2] if kind == "mariadb" else url.rpartition("%3D")[2]
    other = f"{schema}_grading"
    execute(
        url,
        "INSERT INTO accounts VALUES (2, 'o2', 'staff')",
        "CREATE TABLE grades (account INTEGER REFERENCES accounts (id))",
        f"CREATE SCHEMA {other}",
        f"CREATE TABLE {other}.accounts (id INTEGER PRIMARY KEY)",
        f"CREATE TABLE {other}.theirs (account INTEGER REFERENCES {other}.accounts (id))",
        f"CREATE TABLE {other}.grades (account INTEGER PRIMARY KEY REFERENCES {schema}.accounts (id) ON DELETE CASCADE)",
        f"CREATE TABLE {other}.badges (holder VARCHAR(30) REFERENCES {schema}.accounts (clever))",
        f"INSERT INTO {other}.grades VALUES (1), (2)",  # noqa: S608 - the test's own name
        f"CREATE TABLE {other}.loose (owner INTEGER)",
    )
    declared = (Reference(f"{other}.loose", "owner", declared=True), Reference(f"{schema}.grades", "account"))
    header, steps = planned(url, Settings(accounts=COLUMNS, references=declared))
    assert [one["table"] for one in header.references] == ["grades", f"{other}.grades", f"{other}.loose"]
    assert outcome_of(steps) == {"1": "unique-key", "2": "unique-key"}
    assert next(one for one in steps if isinstance(one, PersonStep)).clashes[0].table == f"{other}.grades"
    assert quick(header.warnings) == (
        f"`{other}.badges` refers to accounts by `clever`, not by `id`: it is not looked at",
    )
    named = AccountColumns(f"{schema}.accounts", "id", "clever", "kind")
    assert [one.table for one in tables(url, Settings(accounts=named)).referring] == ["grades", f"{other}.grades"]
    theirs = AccountColumns(f"{other}.accounts", "id", "id", "id")
    assert [one.table for one in tables(url, Settings(accounts=theirs)).referring] == ["theirs"]


def test_a_partitioned_table_is_looked_at_once(tmp_path):
    """Its partitions' foreign keys are its own."""
    url = made(
        "postgresql",
        tmp_path,
        ACCOUNTS.format(key="INTEGER"),
        "CREATE TABLE visits (account INTEGER REFERENCES accounts (id), day INTEGER) PARTITION BY RANGE (day)",
        "CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM (1) TO (9)",
    )
    assert [one.table for one in tables(url).referring] == ["visits"]


def test_sqlite_takes_names_in_any_case(tmp_path):
    """And so do its foreign keys."""
    url = made(
        "sqlite",
        tmp_path,
        ACCOUNTS.format(key="INTEGER"),
        "CREATE TABLE grades (account INTEGER REFERENCES Accounts (ID))",
    )
    assert [(one.table, one.columns) for one in tables(url).referring] == [("grades", ("account",))]


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mariadb+pymysql"])
def test_a_url_needs_no_driver(scheme, tmp_path):
    """`mysql://` and `mariadb://` mean PyMySQL, as `postgresql://` means psycopg."""
    url = made("mariadb", tmp_path, ACCOUNTS.format(key="INTEGER"), "INSERT INTO accounts VALUES (1, 'o1', 'teacher')")
    source = open_accounts(url.replace("mysql+pymysql", scheme), SETTINGS)
    assert [one.key for one in source.read(bool)] == ["1"]
    assert source.name.startswith(scheme)
    source.close()


@pytest.mark.parametrize(
    ("scheme", "driver", "extra"), [("mariadb", "pymysql", "mysql"), ("postgresql", "psycopg", "postgres")]
)
def test_a_driver_that_is_missing(monkeypatch, scheme, driver, extra):
    """The error names what to install."""
    monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(FactsError) as error:
        open_accounts(f"{scheme}://root:hunter2@localhost/x", SETTINGS)
    assert str(error.value) == (
        f"the database's driver `{driver}` is not installed, which comes with `pip install 'rolecall[{extra}]'`"
    )


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("mysql://root:hunter2@localhost/x?unix_socket={socket}", "Access denied"),
        ("mysql://root@localhost/x?unix_socket={socket}&password=hunter2", "Access denied"),
        ("mysql://root:hunter2@localhost/x?unix_socket={socket}&nonsense=hunter2", "unexpected keyword argument"),
        ("mysql://root:hunter2@localhost/x?unix_socket={socket}&charset=hunter2", "cannot be read"),
        ("mysql://root:a@hunter2@localhost/x", "is written `%40`"),
        ("mysql://root:a@b/hunter2@localhost/x", "is written `%40`"),
        ("mysql://root:a@127.0.0.1:1?hunter2@localhost/x", "Can't connect"),
        ("mysql://root:a@127.0.0.1:1?hunter2@localhost=x", "is written `%40`"),
        ("mysql://root:a@b:hunter2@localhost/x", "no database's URL"),
        ("mysql:hunter2@localhost/x", "no database's URL"),
        ("postgresql:/root:hunter2@localhost/x", "no database's URL"),
        ("mysql+nonsense://root:hunter2@localhost/x", "no database's URL"),
    ],
)
def test_a_password_is_never_told(where, says):
    """Whatever is wrong with the URL, the sentence does not hold it, though the driver's may."""
    with pytest.raises(FactsError, match=says) as error:
        open_accounts(where.format(socket=mariadb.server().socket), SETTINGS)
    assert "hunter2" not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__ or error.value.__context__ is None


def test_a_name_holds_no_password(tmp_path):
    """Nor do errors on the way, and a user's may be of any letters."""
    url = made("mariadb", tmp_path, ACCOUNTS.format(key="INTEGER"))
    database = url.split("?", maxsplit=1)[0].rpartition("/")[2]
    user = f"u_{database}"
    execute(
        url,
        f"CREATE USER {user}@localhost IDENTIFIED BY 'hunter@2/:'",
        f"GRANT SELECT ON {database}.* TO {user}@localhost",
    )
    source = open_accounts(url.replace("root@", f"{user}:hunter%402%2F%3A@"), SETTINGS)
    assert source.name == f"mysql+pymysql://{user}:***@localhost/{database}"
    execute(url, "DROP TABLE accounts")
    for ask in (lambda: [*source.read(bool)], source.count):
        with pytest.raises(FactsError, match="cannot be read") as error:
            ask()
        assert "hunter" not in str(error.value)
    source.close()


def test_a_login_that_does_not_see_everything(tmp_path):
    """MariaDB hides foreign keys of tables that a login has no privilege on: the plan warns, for they may be there."""
    url = made("mariadb", tmp_path, ACCOUNTS.format(key="INTEGER"))
    database = url.split("?", maxsplit=1)[0].rpartition("/")[2]
    execute(
        url,
        f"CREATE DATABASE {database}_hidden",
        f"CREATE TABLE {database}_hidden.grades (account INTEGER REFERENCES {database}.accounts (id))",
        f"CREATE USER h_{database}@localhost",
        f"GRANT SELECT ON {database}.* TO h_{database}@localhost",
    )
    theirs = url.replace("root@", f"h_{database}@")
    assert tables(theirs).referring == ()
    assert "`SELECT` on `*.*`" in tables(theirs).warnings[0]
    execute(url, f"GRANT SELECT ON *.* TO h_{database}@localhost")
    assert [one.table for one in tables(theirs).referring] == [f"{database}_hidden.grades"]
    assert tables(theirs).warnings == ()


def test_databases_of_other_kinds():
    """In one that was never tried, the plan says where nobody looked."""
    looked = SimpleNamespace(dialect=SimpleNamespace(name="oracle"))
    assert not_looked_at(looked).startswith("in `oracle`, foreign keys are looked for in the schema of accounts alone")


def test_rows_that_are_hidden_are_an_error(tmp_path):
    """PostgreSQL would leave out what row-level security hides: an account less, and nobody told."""
    url = made("postgresql", tmp_path, ACCOUNTS.format(key="INTEGER"))
    schema = url.rpartition("%3D")[2]
    execute(
        url,
        "INSERT INTO accounts VALUES (1, 'o1', 'teacher'), (2, 'o2', 'staff')",
        f"CREATE ROLE r_{schema} LOGIN",
        f"GRANT USAGE ON SCHEMA {schema} TO r_{schema}",
        f"GRANT SELECT ON accounts TO r_{schema}",
    )
    theirs = url.replace("//postgres:@", f"//r_{schema}@")
    assert theirs != url
    source = open_accounts(theirs, SETTINGS)
    assert len([*source.read(bool)]) == 2
    source.close()
    execute(url, "ALTER TABLE accounts ENABLE ROW LEVEL SECURITY", "CREATE POLICY mine ON accounts USING (id = 1)")
    source = open_accounts(theirs, SETTINGS)
    with pytest.raises(FactsError, match="row-level security"):
        list(source.read(bool))
    source.close()


def test_tables_that_are_not_transactional(tmp_path):
    """In MyISAM nothing can be undone: the plan says so, of accounts and of what refers to them."""
    url = made(
        "mariadb",
        tmp_path,
        f"{ACCOUNTS.format(key='INTEGER')} ENGINE=MyISAM",
        "CREATE TABLE loose (owner INTEGER) ENGINE=Aria",
        "CREATE TABLE safe (owner INTEGER)",
    )
    declared = tuple(Reference(name, "owner", declared=True) for name in ("loose", "safe"))
    header, _ = planned(url, Settings(accounts=COLUMNS, references=declared))
    assert quick(header.warnings) == (
        "`accounts` is kept by MyISAM: not transactional, so `apply` will refuse it",
        "`loose` is kept by Aria: not transactional, so `apply` will refuse it",
    )
    assert tables(url, Settings(accounts=COLUMNS, references=declared)).without_transactions == ("accounts", "loose")


@pytest.mark.parametrize(
    ("kind", "collation", "held"),
    [
        ("mariadb", "COLLATE utf8mb4_general_ci", True),
        ("mariadb", "COLLATE utf8mb4_bin", False),
        ("postgresql", "", False),
    ],
)
def test_rows_meet_where_the_database_says_so(kind, collation, held, tmp_path):
    """A unique key may take two texts for one that differ in case: then a merge would break it."""
    url = made(
        kind,
        tmp_path,
        ACCOUNTS.format(key="INTEGER"),
        "INSERT INTO accounts VALUES (1, 'o1', 'teacher'), (2, 'o2', 'staff')",
        f"CREATE TABLE tags (account INTEGER REFERENCES accounts (id), tag VARCHAR(9) {collation}, PRIMARY KEY (tag, account))",
        "INSERT INTO tags VALUES (1, 'Blue'), (2, 'blue')",
    )
    _, steps = planned(url, SETTINGS)
    assert set(outcome_of(steps).values()) == {"unique-key" if held else "merged"}


@pytest.mark.parametrize(("kind", "key"), [("mariadb", "BINARY(4)"), ("mariadb", "CHAR(6)"), ("postgresql", "CHAR(6)")])
def test_keys_that_are_bytes_or_padded(kind, key, tmp_path):
    """What refers to accounts is found by them as well."""
    url = made(
        kind,
        tmp_path,
        ACCOUNTS.format(key=key),
        "INSERT INTO accounts VALUES ('aaaa', 'o1', 'teacher'), ('bbbb', 'o2', 'staff')",
        f"CREATE TABLE profiles (account {key} UNIQUE REFERENCES accounts (id))",
        "INSERT INTO profiles VALUES ('aaaa'), ('bbbb')",
    )
    header, steps = planned(url, SETTINGS)
    assert set(outcome_of(steps).values()) == {"unique-key"}
    assert [one["rows"] for one in header.references] == [1]


def test_rows_are_not_all_held(tmp_path):
    """60 MB of accounts pass through a few; who stops early reads no more, and leaves no connection."""
    url = made(
        "mariadb",
        tmp_path,
        "CREATE TABLE accounts (PRIMARY KEY (id)) SELECT seq AS id, CONCAT(REPEAT('x', 2000), seq) AS clever, "
        "'teacher' AS kind FROM seq_1_to_30000",
    )
    source = open_accounts(url, SETTINGS)
    tracemalloc.start()
    assert sum(1 for _ in source.read(bool)) == 30_000
    assert tracemalloc.get_traced_memory()[1] < 30_000_000
    tracemalloc.stop()
    engine = create_engine(url)
    with engine.connect() as connection:
        sent = text("SHOW GLOBAL STATUS LIKE 'Bytes_sent'")
        before = int(connection.execute(sent).one()[1])
        rows = source.read(bool)
        assert [one.key for one in islice(rows, 2)] == ["1", "2"]
        rows.close()
        del rows
        gc.collect()
        source.close()
        mine = text("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE()")
        while connection.scalar(mine) > 1:
            time.sleep(0.01)
        assert int(connection.execute(sent).one()[1]) - before < 30_000_000
    engine.dispose()


def test_a_connection_that_is_lost_on_the_way(tmp_path):
    """What was not read is not taken for the end."""
    url = made(
        "mariadb",
        tmp_path,
        "CREATE TABLE accounts (PRIMARY KEY (id)) SELECT seq AS id, CONCAT(REPEAT('x', 2000), seq) AS clever, "
        "'teacher' AS kind FROM seq_1_to_30000",
    )
    source = open_accounts(url, SETTINGS)
    rows = source.read(bool)
    next(rows)
    engine = create_engine(url)
    with engine.connect() as connection:
        found = "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()"
        connection.execute(text(f"KILL {connection.scalar(text(found))}"))
    engine.dispose()
    with pytest.raises(FactsError, match="Lost connection"):
        list(rows)
    source.close()


def test_one_connection_for_all_tables(tmp_path):
    """However many tables there are, they are looked at over one connection: each takes a handshake."""
    many = [f"CREATE TABLE t{number} (account INTEGER REFERENCES accounts (id))" for number in range(9)]
    url = made("mariadb", tmp_path, ACCOUNTS.format(key="INTEGER"), *many)
    engine = create_engine(url)
    with engine.connect() as connection:
        asked = text("SHOW GLOBAL STATUS LIKE 'Connections'")
        before = int(connection.execute(asked).one()[1])
        assert len(tables(url).referring) == 9
        assert int(connection.execute(asked).one()[1]) - before == 1
    engine.dispose()
