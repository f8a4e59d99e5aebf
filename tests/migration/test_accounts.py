"""The application's accounts: files, and any SQL database by reflection, with what refers to them."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal

import mariadb
import postgres
import pytest
from migration.worlds import made_map, outcome_of, planned
from rolecall import FactsError
from rolecall.migration import Account, Planner, Settings, open_accounts
from rolecall.migration.accounts.making import Maker, comparable, instant, truth
from rolecall.migration.accounts.making import text as as_text
from rolecall.migration.model import UNREADABLE, AccountColumns, Choice, PersonStep, Reference
from sqlalchemy import create_engine, text

MAP = [("d1", "teacher", "o1", "n1"), ("d1", "staff", "o2", "n1"), ("d1", "teacher", "o3", "n3")]
COLUMNS = AccountColumns("accounts", "id", "clever", "kind", "district", "", "seen", roles={"T": "teacher"})


def read(where, settings=None):
    source = open_accounts(str(where), settings or Settings(accounts=COLUMNS))
    found = [*source.read(lambda _: True)]
    source.close()
    return found, source


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_files(tmp_path, name):
    """CSV and JSON lines give the same accounts."""
    rows = [{"id": "1", "clever": "o1", "kind": "T", "district": "d1", "seen": "2026-06-01"}]
    rows += [{"id": "2", "clever": "", "kind": "school_admin", "district": "d1", "seen": ""}]
    table = "\n".join([",".join(rows[0]), *(",".join(one.values()) for one in rows)]) + "\n"
    lines = "".join(json.dumps(one) + "\n\n" for one in rows)
    (tmp_path / name).write_text(table if name == "a.csv" else lines)
    found, source = read(tmp_path / name)
    assert [(one.key, one.id, one.role, one.district) for one in found] == [
        ("1", "o1", "teacher", "d1"),
        ("2", "", "staff", "d1"),
    ]
    assert found[0].active == instant(date(2026, 6, 1))
    assert source.digest.startswith("sha256:")
    assert source.count() >= 2
    assert source.tables() is None


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", "id,clever\n1,2\n", "`a.csv` has no column `kind`"),
        ("a.csv", "id,clever,kind,district,seen\n1,o1,T,d1,\n1,o2,T,d1,\n", "a.csv:3: the key `1` stands twice"),
        ("a.csv", "id,clever,kind,district,seen\n1,o1\n", "a.csv:2: the line is no row of 5 cells"),
        ("a.csv", "id,clever,kind,district,seen\n,o1,T,d1,\n", "a.csv:2: the account has no key (`id`)"),
        ("a.jsonl", "[]\n", "a.jsonl:1: an account must be a JSON object"),
        ("a.jsonl", "{\n", "a.jsonl:1: not JSON"),
        ("a.jsonl", '{"id": 1, "clever": "o1"}\n', "a.jsonl:1` has no column `kind`"),
        (
            "a.csv",
            "1,Ada Lovelace,ada@x.example\n",
            "no column `id` (the migration file says what columns are called); it has no l",
        ),
        ("b.csv", None, "there is no file"),
    ],
)
def test_a_file_in_which_an_account_would_be_lost_is_refused(tmp_path, name, content, says):
    """With file and line."""
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(FactsError) as error:
        read(tmp_path / name)
    assert says in str(error.value)
    assert "Ada" not in str(error.value)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        (" ", None),
        (0, 0),
        ("60", 60),
        (1_700_000_000_000, 1_700_000_000),
        (Decimal("1.5"), 1.5),
        ("1970-01-01", 0),
        ("1970-01-01 00:01:00", 60),
        ("1970-01-01T01:00:00+01:00", 0),
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(1970, 1, 1, 0, 1), 60),  # noqa: DTZ001 - databases give such
        ("yesterday", UNREADABLE / 1e9),
    ],
)
def test_times_as_databases_keep_them(value, seconds):
    """Texts, numbers of seconds or milliseconds, dates; without a zone it is UTC; else it is said to be unreadable."""
    assert instant(value) == (None if seconds is None else seconds * 1e9)


def test_a_role_that_is_yes_or_no():
    """PostgreSQL's `true` is what the migration file calls so; other databases hold 1 and 0."""
    roles = {"true": "staff", "false": "teacher", "1": "staff", "0": "teacher"}
    for values in ((True, False), (1, 0)):
        maker = Maker(Settings(accounts=AccountColumns(roles=roles)))
        made = [maker.account(row, lambda _: True) for row in ((1, "o1", values[0]), (2, "o2", values[1]))]
        assert [one.role for one in made] == ["staff", "teacher"]


def test_yes_and_no():
    """What a column of yes and no means."""
    assert [truth(one) for one in ("t", "yes", 1, True, "no", "F", "0", "", 0, None)] == [True] * 4 + [False] * 6


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def url(request, tmp_path):
    """An application's database: accounts, and four tables that refer to them."""
    new = {"sqlite": lambda: f"sqlite:///{tmp_path / 'app.db'}", "postgresql": postgres.new_database}
    where = (new | {"mariadb": mariadb.new_database})[request.param]()
    engine = create_engine(where.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        for statement in SCHEMA.split(";"):
            connection.execute(text(statement))
    engine.dispose()
    return where


SCHEMA = """
CREATE TABLE accounts (id INTEGER PRIMARY KEY, clever VARCHAR(30) UNIQUE, kind VARCHAR(20), district VARCHAR(30),
    seen TIMESTAMP, points INTEGER, boss INTEGER REFERENCES accounts (id));
INSERT INTO accounts VALUES (10, 'o3', 'T', 'd1', NULL, 1, NULL),
    (2, 'o2', 'school_admin', 'd1', '2026-06-02 00:00:00', 3, 10), (1, 'o1', 'T', 'd1', '2026-06-01 00:00:00', 4, 2);
CREATE TABLE enrolments (account INTEGER REFERENCES accounts (id), class VARCHAR(9), PRIMARY KEY (account, class));
INSERT INTO enrolments VALUES (1, 'a'), (1, 'b'), (2, 'a'), (10, 'a');
CREATE TABLE profiles (account INTEGER UNIQUE REFERENCES accounts (id), theme VARCHAR(9));
INSERT INTO profiles VALUES (1, 'x'), (10, 'y');
CREATE TABLE seats (class VARCHAR(9), seat INTEGER, account INTEGER REFERENCES accounts (id));
CREATE UNIQUE INDEX one_seat ON seats (class, account);
INSERT INTO seats VALUES ('a', 1, 1), ('a', 2, NULL), (NULL, 3, 1), (NULL, 3, 2);
CREATE TABLE loose (owner VARCHAR(9));
INSERT INTO loose VALUES ('1'), ('7')
"""


def plan(url, **more):
    settings = Settings(accounts=COLUMNS, choice=Choice(survivor="most-recent", columns={"points": "sum"}), **more)
    source = open_accounts(url, settings)
    planner = Planner(made_map(MAP, []), settings)
    header = planner.run(source)
    steps = [*planner.body.steps()]
    source.close()
    planner.close()
    return header, steps


def test_a_merge_that_would_break_a_unique_key_is_held(url):
    """Primary keys, unique constraints and unique indexes are found by reflection; null equals nothing."""
    header, steps = plan(url)
    assert outcome_of(steps) == {"10": "rekeyed", "1": "unique-key", "2": "unique-key"}
    (clash,) = next(one for one in steps if isinstance(one, PersonStep) and one.clashes).clashes
    assert (clash.table, clash.columns, clash.rows) == ("enrolments", ("account", "class"), 1)
    assert [(one["table"], one["rows"]) for one in header.references] == [
        ("accounts", 0),
        ("enrolments", 2),
        ("profiles", 1),
        ("seats", 2),
    ]
    assert [one for one in header.warnings if "Before a great run" not in one] == []


def test_clashes_may_be_settled_in_favour_of_the_survivor(url):
    """With `clashes: keep` the merge stays a merge, and says which rows meet."""
    declared = (Reference("loose", "owner", declared=True),)
    header, steps = plan(url, clash="keep", references=declared)
    step = next(one for one in steps if isinstance(one, PersonStep) and one.person == "n1")
    assert (step.survivor, step.columns, len(step.clashes)) == ("2", {"points": "sum"}, 1)
    assert {one["table"]: one["rows"] for one in header.references}["loose"] == 1


@pytest.mark.parametrize(
    ("key", "references", "told"),
    [
        ("id", (), ["`grades.author`", "make `user_id` the accounts' `key`, and name them"]),
        ("user_id", (), ["`grades.author`", "they are not looked at, and stay where they are; name them"]),
        ("user_id", (Reference("grades", "author", declared=True),), []),
    ],
)
def test_what_refers_to_a_table_beside_accounts_is_told(tmp_path, key, references, told):
    """A profile and its user: what names users stays with the one whose profile goes, unless it is named."""
    with closing(sqlite3.connect(tmp_path / "app.db")) as database:
        database.executescript("""
            CREATE TABLE users (id INTEGER PRIMARY KEY);
            CREATE TABLE profiles (id INTEGER PRIMARY KEY, user_id INTEGER UNIQUE REFERENCES users (id),
                lost INTEGER UNIQUE REFERENCES absent (id), clever TEXT, kind TEXT);
            CREATE TABLE grades (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users (id));
            INSERT INTO users VALUES (1), (2); INSERT INTO grades VALUES (1, 1);
            INSERT INTO profiles VALUES (7, 1, NULL, 'o1', 'teacher'), (8, 2, NULL, 'o2', 'staff');
        """)
    columns = AccountColumns("profiles", key, "clever", "kind")
    source = open_accounts(f"sqlite:///{tmp_path / 'app.db'}", Settings(accounts=columns, references=references))
    assert source.name == f"sqlite:///{tmp_path / 'app.db'}"  # as it was given, not as it is opened
    assert source.tables().warnings == () if not told else all(one in source.tables().warnings[0] for one in told)
    source.close()


def test_the_same_database_gives_the_same_plan(url):
    """Byte for byte, and another row gives another fingerprint."""
    assert plan(url) == plan(url)


def test_accounts_that_share_an_id_need_another_key(url):
    """A unique Clever id cannot be kept by two accounts of one person: the plan says so."""
    settings = Settings(accounts=COLUMNS, choice=Choice("separate"))
    source = open_accounts(url, settings)
    planner = Planner(made_map(MAP, []), settings)
    header = planner.run(source)
    source.close()
    planner.close()
    assert "`accounts.clever` is unique" in header.warnings[0]


@pytest.mark.parametrize(
    ("columns", "references", "says"),
    [
        (AccountColumns(), (), "which table of the database holds accounts?"),
        (AccountColumns("acounts"), (), "no table `acounts`; did you mean `accounts`?"),
        (AccountColumns("accounts", "id", "clevr"), (), "no column `clevr`; did you mean `clever`?"),
        (AccountColumns("accounts", "kind", "clever", "kind"), (), "`accounts.kind` is not unique"),
        (COLUMNS, (Reference("loose", "ownr"),), "the table `loose` has no column `ownr`; did you mean `owner`?"),
    ],
)
def test_a_database_that_is_not_as_said(url, columns, references, says):
    """Each mistake is a sentence with the likely fix."""
    with pytest.raises(FactsError) as error:
        open_accounts(url, Settings(accounts=columns, references=references))
    assert says in str(error.value)


@pytest.mark.parametrize("where", ["nonsense://x", "sqlite:////nowhere/at/all.db", "mysql+nonsense://x"])
def test_no_database(where):
    """A URL of none, and a file that is not there: nothing is created."""
    with pytest.raises(FactsError):
        read(where)


def test_likenesses_are_told_and_match_nobody():
    """An account that nobody has, with the e-mail of somebody: told, and unmapped all the same."""
    found = made_map(MAP, [])
    found.alike[("d1", "email", "a@x")] = ["n3"]
    settings = Settings(accounts=AccountColumns(alike={"email": "mail"}))
    stranger = Account("1", "o9", "teacher", "d1", like=("A@x",))
    header, steps, _ = planned(found, [stranger], settings)
    assert outcome_of(steps) == {"1": "unmapped"}
    assert steps[0].like == (("email", "n3"),)
    assert header.people["alike"] == 1


def test_values_as_databases_give_them():
    """Bytes are told in hexadecimal digits; whatever cannot be compared is compared as text."""
    assert [as_text(one) for one in (b"\x01", 7, None, " x ")] == ["01", "7", "", "x"]
    assert [comparable(one) for one in (date(2026, 7, 1), b"x", 1)] == ["2026-07-01", "b'x'", 1]


def test_a_database_that_fails_on_the_way_is_a_sentence(tmp_path):
    """A table that goes while it is read; a file that is no database."""
    (tmp_path / "text.db").write_text("this is no database, however long the text may be" * 50)
    with pytest.raises(FactsError, match="cannot be read"):
        read(f"sqlite:///{tmp_path / 'text.db'}")
    engine = create_engine(f"sqlite:///{tmp_path / 'app.db'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE accounts (id INTEGER PRIMARY KEY, clever, kind, district, seen)"))
        connection.execute(text("CREATE TABLE grades (account INTEGER REFERENCES accounts (id))"))
        connection.execute(text("CREATE TABLE odd (who TEXT REFERENCES accounts (clever))"))
    source = open_accounts(f"sqlite:///{tmp_path / 'app.db'}", Settings(accounts=COLUMNS))
    assert source.tables().warnings == ("`odd` refers to accounts by `clever`, not by `id`: it is not looked at",)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE grades"))
        connection.execute(text("DROP TABLE accounts"))
    engine.dispose()
    for ask in (lambda: [*source.read(bool)], lambda: [*source.tables().rows("grades", ("account",))]):
        with pytest.raises(FactsError, match="cannot be read: no such table"):
            ask()
    source.close()


@pytest.mark.parametrize(
    ("choice", "same"),
    [(Choice(), True), (Choice("consolidate", "most-recent"), False), (Choice("cut-over", date=1), False)],
)
def test_a_login_makes_no_plan_stale(tmp_path, choice, same):
    """When somebody was last there is in the fingerprint only where it decides something; their role always is."""
    prints = []
    for seen, kind in (("2026-06-01", "T"), ("2026-06-02", "T"), ("2026-06-01", "staff")):
        (tmp_path / "a.csv").write_text(f"id,clever,kind,district,seen\n1,o1,{kind},d1,{seen}\n")
        ((account,), _) = read(tmp_path / "a.csv", Settings(accounts=COLUMNS, choice=choice))
        prints.append(account.print)
    assert (prints[0] == prints[1]) is same
    assert prints[0] != prints[2]
