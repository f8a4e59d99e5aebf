"""Plans carried out in databases that are not as one would like them: each time, what comes of it, and taken back."""

import mariadb
import postgres
import pytest
from migration.apps import driver, new_url
from migration.decided import decision, decisions_of, held
from migration.worlds import written
from rolecall import FactsError
from rolecall.migration import Choice, Settings
from rolecall.migration.applying.carrying import Carrier
from rolecall.migration.applying.ports import Ports
from rolecall.migration.applying.rehearsing import rehearse, state
from rolecall.migration.applying.undoing import Undoer
from rolecall.migration.applying.verifying import verify
from rolecall.migration.model import AccountColumns, Clash, PersonStep, Reference
from sqlalchemy import create_engine

EVERY = ("sqlite", "postgresql", "mariadb")
COLUMNS = AccountColumns("accounts", "id", "clever", "kind")
KEEP = Settings(accounts=COLUMNS, clash="keep")
MAP = [
    ("d1", "teacher", "o1", "n1"),
    ("d1", "staff", "o2", "n1"),
    ("d1", "teacher", "o3", "n3"),
    ("d1", "teacher", "o4", "n4"),
    ("d1", "staff", "o5", "n4"),
]
ROWS = (
    "INSERT INTO accounts (id, clever, kind) VALUES (1, 'o1', 'teacher'), (2, 'o2', 'staff'), (3, 'o3', 'teacher'), "
    "(4, 'o4', 'teacher'), (5, 'o5', 'staff')"
)
every = pytest.mark.parametrize("kind", EVERY)


def accounts(more="", key="INTEGER", clever="VARCHAR(30)"):
    return f"CREATE TABLE accounts (id {key} PRIMARY KEY, clever {clever}, kind VARCHAR(20){more})"


class App:
    """A database in which these statements were executed, and the plan for it."""

    def __init__(self, kind, folder, *statements, settings=KEEP, rows=MAP):
        self.url, self.folder, self.settings = new_url(kind, folder), folder, settings
        self.execute(*statements)
        self.first = state(self.url)
        self.plan = self.planned(rows)

    def execute(self, *statements):
        engine = create_engine(driver(self.url))
        with engine.begin() as connection:
            for one in statements:
                connection.exec_driver_sql(one if self.url.startswith("sqlite") else one.replace("%", "%%"))
        engine.dispose()

    def all(self, query):
        engine = create_engine(driver(self.url))
        with engine.begin() as connection:
            found = [tuple(row) for row in connection.exec_driver_sql(query)]
        engine.dispose()
        return found

    def planned(self, rows, decisions=None):
        return written(self.url, self.settings, rows, self.folder, decisions)

    def apply(self):
        """Carry it out; give who was left, by their accounts, and why."""
        done = Carrier(self.plan, self.url, commit=True).run()
        assert done.state == "applied"
        assert verify(self.url).findings == []
        return {one.accounts: one.why for one in done.left}

    def rollback(self):
        """Take it back; give why somebody was left."""
        return [one.why for one in Undoer(self.url, 1, commit=True).run().left]


@pytest.mark.parametrize("seen", ["2026-01-02T03:04:05Z", "soon", ""])
def test_sqlite_is_read_as_it_is_stored(tmp_path, seen):
    """Whatever a column is declared to be, SQLite keeps what it is given, and so must we."""
    app = App(
        "sqlite",
        tmp_path,
        accounts(", seen DATETIME, born DATE, points NUMERIC, fine BOOLEAN, more JSON"),
        ROWS,
        f"UPDATE accounts SET seen = '{seen}', born = '2026-01-02T00', points = 'ten', fine = 'yes', more = '{{'",  # noqa: S608 - the test's own names
        settings=Settings(
            accounts=AccountColumns("accounts", "id", "clever", "kind", active="seen", locked=""),
            choice=Choice(survivor="most-recent", columns=dict.fromkeys(("born", "points", "fine", "more"), "filled")),
        ),
    )
    assert app.apply() == {}
    assert app.rollback() == []
    assert state(app.url) == app.first


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_an_index_of_some_rows_is_no_key(kind, tmp_path):
    """What it leaves out does not meet, and no row is dropped for it; where rows meet, the database refuses just them."""
    app = App(
        kind,
        tmp_path,
        accounts(),
        ROWS,
        "CREATE TABLE places (n INTEGER PRIMARY KEY, account INTEGER REFERENCES accounts (id), class VARCHAR(9), gone INTEGER)",
        "CREATE UNIQUE INDEX present ON places (account, class) WHERE gone IS NULL",
        "INSERT INTO places VALUES (1, 1, 'a', 1), (2, 2, 'a', NULL), (3, 4, 'a', NULL), (4, 5, 'a', NULL)",
    )
    assert [*app.apply()] == [("4", "5")]
    assert app.all("SELECT n, account FROM places ORDER BY n") == [(1, 2), (2, 2), (3, 4), (4, 5)]
    assert app.rollback() == []
    assert state(app.url) == app.first


@every
def test_a_key_of_what_the_database_reckons(kind, tmp_path):
    """The database refuses where it would be broken, and just these people are left."""
    app = App(
        kind,
        tmp_path,
        accounts(),
        ROWS,
        "CREATE TABLE places (n INTEGER PRIMARY KEY, account INTEGER REFERENCES accounts (id), class VARCHAR(9), "
        "plain VARCHAR(9) GENERATED ALWAYS AS (lower(class)) STORED, UNIQUE (account, plain))",
        "INSERT INTO places (n, account, class) VALUES (1, 1, 'a'), (2, 2, 'A'), (3, 4, 'a')",
    )
    assert [*app.apply()] == [("1", "2")]
    assert app.rollback() == []
    assert state(app.url) == app.first


@every
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("TIMESTAMP", "2026-07-01"),
        ("NUMERIC(6, 2)", 1),
        ("VARCHAR(9)", 5),
        ("SMALLINT", "3"),
        ("REAL", 0.1),
        ("BIT(1)", "1"),
        ("JSONB", '{"b":1, "a":2}'),
    ],
)
def test_what_puts_accounts_away_is_held_as_the_database_likes(kind, column, value, tmp_path):
    """A date gets its time, a number its digits: that is no change of somebody else's, and is taken back."""
    if kind == "mariadb":  # its TIMESTAMP is never null; a boolean of other frameworks is a bit
        column = {"TIMESTAMP": "DATETIME", "JSONB": "JSON", "REAL": "FLOAT"}.get(column, column)
        value = True if column == "BIT(1)" else value
    columns = AccountColumns("accounts", "id", "clever", "kind", active="seen", archive={"gone": value})
    app = App(
        kind,
        tmp_path,
        accounts(f", seen VARCHAR(30), gone {column}"),
        ROWS,
        settings=Settings(accounts=columns, choice=Choice("cut-over", date=1)),
    )
    assert app.apply() == {}
    assert app.rollback() == []
    assert state(app.url) == app.first


@every
@pytest.mark.parametrize(
    ("column", "mine", "theirs"), [("FLOAT", 0.1, 0.2), ("DOUBLE PRECISION", 1e20, 3e20), ("NUMERIC(8, 2)", 1.5, 2)]
)
def test_what_is_added_up_is_held_as_the_database_likes(kind, column, mine, theirs, tmp_path):
    """Whatever digits it has then, it is what the run wrote. An account may name one that is added up."""
    app = App(
        kind,
        tmp_path,
        accounts(f", points {column}, boss INTEGER REFERENCES accounts (id)"),
        ROWS,
        f"UPDATE accounts SET points = {mine}, boss = 4",  # noqa: S608 - the test's own names
        f"UPDATE accounts SET points = {theirs} WHERE id IN (2, 5)",  # noqa: S608 - as above
        settings=Settings(accounts=COLUMNS, choice=Choice(columns={"points": "sum"})),
    )
    assert app.apply() == {}
    assert [float(row[0]) for row in app.all("SELECT points FROM accounts WHERE id <> 3")] == [
        pytest.approx(mine + theirs)
    ] * 2
    assert app.rollback() == []
    assert state(app.url) == app.first


@every
@pytest.mark.parametrize(("column", "value"), [("VARCHAR(20)", "User"), ("INTEGER", 7)])
def test_a_column_that_names_accounts_in_some_rows_only(kind, column, value, tmp_path):
    """Rails' polymorphic associations, Django's content types: a post with the account's number stays that post's."""
    other = "Post" if value == "User" else 8
    app = App(
        kind,
        tmp_path,
        accounts(),
        ROWS,
        f"CREATE TABLE notes (n INTEGER PRIMARY KEY, owner_id VARCHAR(20), owner_type {column}, tag VARCHAR(9), "
        "UNIQUE (owner_type, owner_id, tag))",
        *(
            f"INSERT INTO notes VALUES ({number}, '{owner}', '{what}', 'a')"  # noqa: S608 - the test's own names
            for number, owner, what in (
                (1, 1, value),
                (2, 1, other),
                (3, 2, value),
                (4, 2, other),
                (5, 4, value),
                (6, 5, other),
            )
        ),
        settings=Settings(
            accounts=COLUMNS,
            references=(Reference("notes", "owner_id", "keep", declared=True, only={"owner_type": str(value)}),),
        ),
    )
    assert [one.clashes for one in app.plan.steps() if isinstance(one, PersonStep) and one.clashes] == [
        (Clash("notes", ("owner_type", "owner_id", "tag"), 1),)
    ]
    assert app.apply() == {}
    assert app.all("SELECT n, owner_id FROM notes ORDER BY n") == [(2, "1"), (3, "2"), (4, "2"), (5, "5"), (6, "5")]
    app.execute(f"INSERT INTO notes VALUES (9, '1', '{other}', 'b'), (10, '1', '{value}', 'b')")  # noqa: S608 - as above
    assert [(one.kind, one.row) for one in verify(app.url).findings] == [("dangling", "1")]
    app.execute("DELETE FROM notes WHERE n > 8")
    assert app.rollback() == []
    assert state(app.url) == app.first


PARTS = (
    "CREATE TABLE marks (n INTEGER, account INTEGER REFERENCES accounts (id)) PARTITION BY RANGE (account)",
    "ALTER TABLE marks ADD PRIMARY KEY (n, account)",
    "CREATE TABLE marks_1 PARTITION OF marks FOR VALUES FROM (0) TO (9)",
    "INSERT INTO marks VALUES (1, 1), (2, 2), (3, 4)",
)
ROUND = (
    "CREATE TABLE desks (n INTEGER PRIMARY KEY, account INTEGER REFERENCES accounts (id))",
    "INSERT INTO desks VALUES (1, 1)",
    "ALTER TABLE accounts ADD COLUMN desk INTEGER REFERENCES desks (n)",
    "UPDATE accounts SET desk = 1",
)
ODD = ("ALTER TABLE accounts ADD COLUMN place INET6", "UPDATE accounts SET place = '::1'")
SHORT = "CREATE DOMAIN short AS VARCHAR(9) CHECK (value <> '')"
OWN = (
    SHORT,
    "ALTER TABLE accounts ADD COLUMN place short, ADD COLUMN places short[]",
    "UPDATE accounts SET place = 'a'",
)


@pytest.mark.parametrize(
    ("kind", "more", "first"),
    [
        ("postgresql", PARTS, ()),
        ("postgresql", ROUND, ()),
        ("postgresql", OWN, (SHORT,)),
        ("mariadb", ROUND, ()),
        ("mariadb", ODD, ()),
    ],
)
def test_a_rehearsal_of_what_is_not_plain(kind, more, first, tmp_path, recwarn):
    """A partition's rows are copied once; tables may refer to each other; of types the database's own word is taken."""
    app, scratch = App(kind, tmp_path, accounts(), ROWS, *more), new_url(kind, tmp_path)
    for one in first:
        with pytest.raises(
            FactsError, match="and not what they need besides, such as types, functions and extensions: make that"
        ):
            rehearse(app.plan, app.url, scratch)
        postgres.execute(scratch, one)
    found = rehearse(app.plan, app.url, scratch)
    assert (found.outcome.left, found.findings, found.good) == ([], [], True)
    assert [str(one.message) for one in recwarn] == []


def test_a_dry_run_tries_what_is_put_off_too(tmp_path):
    """In PostgreSQL a constraint may wait until the end of the transaction, as all of Django's foreign keys do."""
    app = App(
        "postgresql",
        tmp_path,
        accounts(clever="VARCHAR(30) UNIQUE"),
        ROWS,
        "CREATE TABLE logins (n INTEGER, clever VARCHAR(30) REFERENCES accounts (clever) DEFERRABLE INITIALLY DEFERRED)",
        "INSERT INTO logins VALUES (1, 'o3')",
    )
    tried = Carrier(app.plan, app.url).run()
    assert {one.accounts: one.why for one in tried.left} == app.apply()
    assert [one.accounts for one in tried.left] == [("3",)]


@every
def test_a_column_that_was_added_since(kind, tmp_path):
    """Rows are put back all the same; the new column has its default in them."""
    app = App(
        kind,
        tmp_path,
        accounts(),
        ROWS,
        "CREATE TABLE places (n INTEGER PRIMARY KEY, account INTEGER REFERENCES accounts (id), UNIQUE (account))",
        "INSERT INTO places VALUES (1, 1), (2, 2)",
    )
    assert app.apply() == {}
    app.execute("ALTER TABLE accounts ADD COLUMN added INTEGER DEFAULT 7", "ALTER TABLE places ADD COLUMN word TEXT")
    assert app.rollback() == []
    assert sorted(app.all("SELECT id, clever, added FROM accounts")) == [(n, f"o{n}", 7) for n in range(1, 6)]
    assert sorted(app.all("SELECT n, account, word FROM places")) == [(1, 1, None), (2, 2, None)]


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_an_id_that_does_not_fit(kind, tmp_path):
    """Nothing is cut short, even where the server would: the person is left."""
    if kind == "mariadb":
        mariadb.server().execute("SET GLOBAL sql_mode = ''")
    try:
        rows = [("d1", "teacher", "o1", "n1-very-long"), ("d1", "teacher", "o3", "n3")]
        app = App(kind, tmp_path, accounts(clever="VARCHAR(4)"), ROWS, rows=rows)
        assert [*app.apply()] == [("1",)]
        assert ("o1",) in app.all("SELECT clever FROM accounts")
    finally:
        if kind == "mariadb":
            mariadb.server().execute("SET GLOBAL sql_mode = DEFAULT")


def test_what_mariadb_would_not_take(tmp_path):
    """A key of 0 and dates of zeros, from a server that is less strict, are put back as they were."""
    mariadb.server().execute("SET GLOBAL sql_mode = ''")
    try:
        app = App(
            "mariadb",
            tmp_path,
            accounts(", day DATE, moment DATETIME", key="INTEGER AUTO_INCREMENT"),
            ROWS,
            "UPDATE accounts SET day = '0000-00-00', moment = '2020-00-00 00:00:00' WHERE id = 1",
            "UPDATE accounts SET id = 0 WHERE id = 4",
        )
    finally:
        mariadb.server().execute("SET GLOBAL sql_mode = DEFAULT")
    assert app.apply() == {}
    assert app.rollback() == []
    assert state(app.url) == app.first


def test_a_server_in_another_time_zone(tmp_path):
    """The plan and what carries it out see the same times."""
    mariadb.server().execute("SET GLOBAL time_zone = '+05:00'")
    try:
        columns = AccountColumns("accounts", "id", "clever", "kind", active="seen")
        settings = Settings(accounts=columns, choice=Choice(survivor="most-recent"))
        when = "UPDATE accounts SET seen = '2026-01-02 03:04:05'"
        app = App("mariadb", tmp_path, accounts(", seen TIMESTAMP NULL"), ROWS, when, settings=settings)
        assert app.apply() == {}
    finally:
        mariadb.server().execute("SET GLOBAL time_zone = DEFAULT")


def test_names_in_ansi_quotes(tmp_path):
    """A server that quotes names as the standard does is read like any other."""
    mariadb.server().execute("SET GLOBAL sql_mode = 'ANSI_QUOTES'")
    try:
        assert App("mariadb", tmp_path, accounts(), ROWS).apply() == {}
    finally:
        mariadb.server().execute("SET GLOBAL sql_mode = DEFAULT")


def test_columns_that_mariadb_sets_by_itself(tmp_path):
    """When a row was last changed by the application stays as it is, and is so after a rollback."""
    stamp = "TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"
    app = App("mariadb", tmp_path, accounts(f", changed {stamp}"), ROWS, "UPDATE accounts SET changed = '2020-01-01'")
    assert app.apply() == {}
    assert {str(one) for (one,) in app.all("SELECT changed FROM accounts")} == {"2020-01-01 00:00:00"}
    assert app.rollback() == []
    assert state(app.url) == app.first


_TRIGGERS = {
    "sqlite": ["CREATE TRIGGER stamp AFTER UPDATE OF clever ON accounts BEGIN UPDATE accounts SET n = n + 1; END"],
    "postgresql": [
        "CREATE FUNCTION stamp() RETURNS trigger AS $$ BEGIN NEW.n = NEW.n + 1; RETURN NEW; END $$ LANGUAGE plpgsql",
        "CREATE TRIGGER stamp BEFORE UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION stamp()",
    ],
    "mariadb": ["CREATE TRIGGER stamp BEFORE UPDATE ON accounts FOR EACH ROW SET NEW.n = NEW.n + 1"],
}


@every
def test_triggers_are_told(kind, tmp_path):
    """What they write is not taken back, and the plan says so; nobody is left for it."""
    app = App(kind, tmp_path, accounts(", n INTEGER DEFAULT 0"), ROWS, *_TRIGGERS[kind])
    assert [one for one in app.plan.header.warnings if "`accounts` has triggers (`stamp`)" in one]
    assert app.apply() == {}
    assert app.rollback() == []
    assert sorted(app.all("SELECT id, clever FROM accounts")) == [(n, f"o{n}") for n in range(1, 6)]


@every
@pytest.mark.parametrize("does", ["ON UPDATE SET NULL", "ON UPDATE CASCADE"])
def test_rows_that_name_an_account_by_its_clever_id(kind, does, tmp_path):
    """They may follow. Where the database would empty them, or SQLite leave them behind, the person is left."""
    app = App(
        kind,
        tmp_path,
        accounts(", UNIQUE (clever)"),
        ROWS,
        f"CREATE TABLE badges (n INTEGER PRIMARY KEY, holder VARCHAR(30), FOREIGN KEY (holder) REFERENCES accounts (clever) {does})",
        "INSERT INTO badges VALUES (1, 'o3'), (2, 'o2')",
    )
    follows = kind != "sqlite" and does == "ON UPDATE CASCADE"
    assert [*app.apply()] == ([] if follows else [("1", "2"), ("3",)])
    assert sorted(app.all("SELECT holder FROM badges")) == ([("n1",), ("n3",)] if follows else [("o2",), ("o3",)])
    assert app.rollback() == []
    assert state(app.url) == app.first


@every
def test_rows_that_name_an_account_by_two_columns(kind, tmp_path):
    """Where the account that stays has not both, the person is left."""
    app = App(
        kind,
        tmp_path,
        accounts(", UNIQUE (id, kind)"),
        ROWS,
        "CREATE TABLE desks (n INTEGER PRIMARY KEY, account INTEGER, kind VARCHAR(20), "
        "FOREIGN KEY (account, kind) REFERENCES accounts (id, kind) ON DELETE CASCADE)",
        "INSERT INTO desks VALUES (1, 1, 'teacher'), (2, 5, 'staff')",
    )
    assert [*app.apply()] == [("1", "2")]
    assert app.all("SELECT account, kind FROM desks ORDER BY n") == [(1, "teacher"), (5, "staff")]


@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
def test_rows_that_only_the_database_sees(kind, tmp_path):
    """A key in another case names the account to the database alone: such rows do not go with it."""
    folded = {"sqlite": "COLLATE NOCASE", "mariadb": "COLLATE utf8mb4_general_ci"}[kind]
    app = App(
        kind,
        tmp_path,
        accounts(key=f"VARCHAR(9) {folded}"),
        ROWS,
        "UPDATE accounts SET id = 'a' WHERE id = '1'",
        f"CREATE TABLE grades (account VARCHAR(9) {folded}, n INTEGER, "
        "FOREIGN KEY (account) REFERENCES accounts (id) ON DELETE CASCADE)",
        "INSERT INTO grades VALUES ('A', 1)",
    )
    assert [*app.apply()] == [("2", "a")]
    assert app.all("SELECT account FROM grades") == [("A",)]


_BYTES = {"sqlite": ("BLOB", "X'{}'"), "postgresql": ("BYTEA", "'\\x{}'"), "mariadb": ("BINARY(12)", "X'{}'")}


@every
def test_ids_that_are_bytes(kind, tmp_path):
    """They are found at login and by `verify`; an id of the map that is none in hexadecimal digits is in nobody's way."""
    a, b, c, new = (one * 24 for one in "abcd")
    type_, written = _BYTES[kind]
    rows = [
        ("d1", "teacher", a, new),
        ("d1", "staff", b, new),
        ("d1", "staff", "T-12", new),
        ("d1", "teacher", c, "T-9"),
    ]
    values = ", ".join(
        f"({n}, {written.format(one)}, '{role}')"
        for n, one, role in ((1, a, "teacher"), (2, b, "staff"), (3, c, "teacher"))
    )
    app = App(kind, tmp_path, accounts(clever=type_), f"INSERT INTO accounts VALUES {values}", rows=rows)  # noqa: S608 - the test's own names
    done = Carrier(app.plan, app.url, commit=True).run()
    assert {one.accounts: one.why for one in done.left} == {
        ("3",): "`clever` holds bytes, and `T-9` is none in hexadecimal digits"
    }
    ports = Ports(app.url, KEEP)
    assert [one.key for one in ports.accounts([new, a, "T-12"])] == ["2"]
    assert [one.key for one in ports.keyed(["2", "x", "9" * 40])] == ["2"]
    ports.close()
    assert verify(app.url).open == 1
    app.execute(f"INSERT INTO accounts VALUES (9, {written.format(a)}, 'teacher')")  # noqa: S608 - the test's own names
    assert [one.row for one in verify(app.url).findings] == ["9"]


def test_numbers_that_give_way_to_texts(tmp_path):
    """In SQLite an old id may be stored as a number; the new one is text."""
    app = App(
        "sqlite",
        tmp_path,
        accounts(clever="NUMERIC"),
        "INSERT INTO accounts VALUES (1, 12, 'teacher')",
        rows=[("", "teacher", "12", "5f1a")],
    )
    assert app.apply() == {}
    assert app.all("SELECT clever FROM accounts") == [("5f1a",)]
    assert app.rollback() == []
    assert state(app.url) == app.first


@every
def test_an_id_that_is_none(kind, tmp_path):
    """A district of a hundred letters is kept out of the aliases, not cut short, and stops nobody."""
    rows = [("d" * 100, "teacher", "o1", "n1"), ("d1", "teacher", "o3", "n3")]
    app = App(kind, tmp_path, accounts(), ROWS, rows=rows)
    assert app.apply() == {}
    assert {one for (one,) in app.all("SELECT district FROM rolecall_aliases")} == {"d1"}


def test_no_values_in_what_is_told(tmp_path):
    """MariaDB quotes the row that is there already: it may hold an address."""
    app = App(
        "mariadb",
        tmp_path,
        accounts(),
        ROWS,
        "CREATE TABLE people (n INTEGER PRIMARY KEY, account INTEGER REFERENCES accounts (id), "
        "email VARCHAR(30) COLLATE utf8mb4_general_ci, UNIQUE (email, account))",
        "INSERT INTO people VALUES (1, 1, 'it''s@x.org'), (2, 2, 'IT''S@x.org')",
    )
    assert app.apply() == {("1", "2"): "Duplicate entry for key 'email'"}
    assert app.all("SELECT why FROM rolecall_refused") == [("Duplicate entry for key 'email'",)]


def test_no_values_where_it_cannot_be_read(tmp_path):
    """SQLite quotes a text that is none."""
    with pytest.raises(FactsError) as error:
        App("sqlite", tmp_path, accounts(), "INSERT INTO accounts VALUES (1, CAST(X'5365637265FF' AS TEXT), 'teacher')")
    assert "Could not decode to UTF-8" in str(error.value)
    assert "Secre" not in str(error.value)


@every
def test_names_of_any_letters(kind, tmp_path):
    """Tables, columns and keys with spaces, signs and quotes: planned, rehearsed, carried out, taken back."""
    mark = "`" if kind == "mariadb" else '"'
    users, key, clever, role, grades, who, rank = (
        f"{mark}{one}{mark}" for one in ("Us er%:a", "I d%", "clever:ID", "select", "Gr:ades%", "Ac ct%s", "or'der")
    )
    slash = "\\\\" if kind == "mariadb" else "\\"
    app = App(
        kind,
        tmp_path,
        f"CREATE TABLE {users} ({key} VARCHAR(40) PRIMARY KEY, {clever} VARCHAR(30), {role} VARCHAR(20))",
        f"CREATE TABLE {grades} (n INTEGER PRIMARY KEY, {who} VARCHAR(40), {rank} INTEGER, UNIQUE ({who}, {rank}), "
        f"FOREIGN KEY ({who}) REFERENCES {users} ({key}) ON DELETE CASCADE)",
        f"INSERT INTO {users} VALUES ('a''b%', 'o1', 'teacher'), ('c:d{slash}é', 'o2', 'staff'), ('☃', 'o3', 'teacher')",  # noqa: S608 - the test's own names
        f"INSERT INTO {grades} VALUES (1, 'a''b%', 1), (2, 'c:d{slash}é', 1), (3, 'a''b%', 2)",  # noqa: S608 - the test's own names
        settings=Settings(accounts=AccountColumns("Us er%:a", "I d%", "clever:ID", "select"), clash="keep"),
    )
    scratch = "" if kind == "sqlite" else new_url(kind, tmp_path)
    assert rehearse(app.plan, app.url, scratch).good
    assert app.apply() == {}
    assert sorted(app.all(f"SELECT {who}, {rank} FROM {grades}".replace("%", "%%" if kind != "sqlite" else "%"))) == [  # noqa: S608 - the test's own names
        ("c:d\\é", 1),
        ("c:d\\é", 2),
    ]
    assert app.rollback() == []
    assert state(app.url) == app.first


@every
def test_rows_that_nothing_tells_apart(kind, tmp_path):
    """In a table without a key no row is dropped, and nobody held, because two are alike; each goes back to its account."""
    folded = {"sqlite": "COLLATE NOCASE", "mariadb": "COLLATE utf8mb4_general_ci"}.get(kind, "")
    app = App(
        kind,
        tmp_path,
        accounts(),
        ROWS,
        f"CREATE TABLE visits (account INTEGER REFERENCES accounts (id), page VARCHAR(9) {folded}, "
        "guest INTEGER REFERENCES accounts (id), took FLOAT)",
        "INSERT INTO visits VALUES (1, 'a', 3, 0.1), (2, 'a', 3, 0.1), (1, 'b', NULL, 0.3), (1, 'b', NULL, 0.3), "
        "(2, 'B', NULL, 0.3), (1, 'a', 4, 1), (2, 'a', 5, 1), (1, 'A', 4, 1), (2, 'a', 4, 1), (2, 'a', 5, 1)",
        settings=Settings(accounts=COLUMNS),
    )
    assert app.apply() == {}
    assert app.all(
        "SELECT account, guest, COUNT(*) FROM visits GROUP BY account, guest ORDER BY guest IS NULL, guest"
    ) == [
        (2, 3, 2),
        (2, 5, 5),
        (2, None, 3),
    ]
    app.execute("INSERT INTO visits VALUES (2, 'b', NULL, 0.3)")
    assert app.rollback() == []
    assert sorted(app.all("SELECT account, COUNT(*) FROM visits GROUP BY account")) == [(1, 5), (2, 6)]
    word = "BINARY " if kind == "mariadb" else ""
    app.execute(f"DELETE FROM visits WHERE account = 2 AND {word}page = 'b' {'COLLATE BINARY' * (kind == 'sqlite')}")  # noqa: S608 - the test's own names
    assert state(app.url) == app.first


def test_types_that_know_no_equality(tmp_path):
    """PostgreSQL cannot compare some values, and takes others for equal that are written differently."""
    app = App(
        "postgresql",
        tmp_path,
        accounts(),
        ROWS,
        "CREATE TABLE visits (account INTEGER REFERENCES accounts (id), more JSON, took NUMERIC, place POINT)",
        """INSERT INTO visits VALUES (1, '{"a": 1}', 1.0, '(1,2)'), (1, '{"a":1}', 1.00, NULL), (2, '{"a":1}', 1.0, NULL)""",
    )
    assert app.apply() == {}
    assert app.all("SELECT DISTINCT account FROM visits") == [(2,)]
    assert app.rollback() == []
    assert state(app.url) == app.first


@every
def test_a_value_that_must_not_be(kind, tmp_path):
    """A CHECK holds back whom it is about, and nobody else."""
    app = App(kind, tmp_path, accounts(clever="VARCHAR(30) CHECK (clever <> 'n3')"), ROWS)
    assert [*app.apply()] == [("3",)]
    assert app.rollback() == []
    assert state(app.url) == app.first


def test_a_login_that_may_not_write(tmp_path):
    """It is told at once, and not by leaving everybody: the same plan can be carried out by another login."""
    app = App(
        "postgresql",
        tmp_path,
        accounts(),
        ROWS,
        "CREATE TABLE grades (n INTEGER PRIMARY KEY, account INTEGER REFERENCES accounts (id))",
        "INSERT INTO grades VALUES (1, 1)",
    )
    schema = app.url.rpartition("%3D")[2]
    app.execute(
        f"CREATE ROLE w_{schema} LOGIN",
        f"GRANT USAGE, CREATE ON SCHEMA {schema} TO w_{schema}",
        f"GRANT SELECT, UPDATE, DELETE ON accounts TO w_{schema}",
        f"GRANT SELECT ON grades TO w_{schema}",
    )
    theirs = app.url.replace("//postgres:@", f"//w_{schema}@")
    with pytest.raises(FactsError, match="this login may not UPDATE in `grades`"):
        Carrier(app.plan, theirs, commit=True).run()
    app.execute(f"GRANT UPDATE (n) ON grades TO w_{schema}")  # a column, but not the one: only the run can tell
    with pytest.raises(FactsError, match="permission denied for table grades"):
        Carrier(app.plan, theirs, commit=True).run()
    assert state(app.url) == app.first
    app.execute(f"REVOKE ALL ON rolecall_runs FROM w_{schema}", "ALTER TABLE rolecall_runs OWNER TO postgres")
    with pytest.raises(FactsError, match="permission denied for table rolecall_runs"):
        Carrier(app.plan, theirs, commit=True).run()
    assert app.apply() == {}


def test_rows_that_may_give_way_in_another_schema(tmp_path):
    """What somebody decided about one table is about that one: not about another of the same name elsewhere."""
    made = "grades (n INTEGER PRIMARY KEY, account INTEGER REFERENCES accounts (id), class VARCHAR(9), UNIQUE (account, class))"
    app = App("postgresql", tmp_path, accounts(), ROWS, f"CREATE TABLE {made}")
    there = f"{app.url.rpartition('%3D')[2]}_more"
    app.execute(
        f"CREATE SCHEMA {there}",
        f"CREATE TABLE {there}.{made}",
        f"INSERT INTO {there}.grades VALUES (1, 1, 'a'), (2, 2, 'a')",  # noqa: S608 - the test's own names
        "INSERT INTO grades VALUES (3, 4, 'a')",
    )
    app.settings = Settings(accounts=COLUMNS)
    first = app.planned(MAP)
    by = {one.key: one for one in held([*first.steps()])}
    assert {key: one.outcome for key, one in by.items()} == {"1": "unique-key", "2": "unique-key"}
    go = decisions_of([decision(by["1"], "go"), decision(by["2"], "go")])
    app.plan = app.planned(MAP, go)
    app.execute("INSERT INTO grades VALUES (4, 5, 'a')")
    assert app.apply() == {("4", "5"): "two rows of `grades` would meet under the unique key (account, class)"}
    assert app.all(f"SELECT n FROM {there}.grades") == [(2,)]  # noqa: S608 - the test's own names
