"""`rolecall migrate rehearse`, `apply`, `status`, `verify` and `rollback`: what they say, and what is said of mistakes."""

import re
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager

import pytest
from rolecall_cli.migrate import apply as applying
from rolecall_cli.migrate import rollback as undoing
from shell import run

DISTRICT = "d15700000000000000000001"
TABLES = """
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, clever_id TEXT UNIQUE, role TEXT, district TEXT, theme TEXT);
    CREATE TABLE enrolments (id INTEGER PRIMARY KEY, account INTEGER REFERENCES accounts (id), section TEXT,
                             UNIQUE (account, section));
    CREATE TABLE grades (id INTEGER PRIMARY KEY, given_by INTEGER REFERENCES accounts (id), mark TEXT);
    INSERT INTO accounts VALUES (1, '1e6ac1000000000000000001', 'teacher', 'D', 'dark'),
        (2, '1e6ac2000000000000000001', 'staff', 'D', NULL), (3, '1e6ac1000000000000000003', 'teacher', 'D', NULL),
        (4, 'ca5700000000000000000019', 'student', 'D', NULL), (5, NULL, 'teacher', 'D', NULL);
    INSERT INTO enrolments VALUES (1, 1, 's1'), (2, 2, 's1'), (3, 3, 's5');
    INSERT INTO grades VALUES (1, 1, 'A'), (2, 3, 'B');
"""
FILE = """\
rolecall-migration: 1
accounts: {table: accounts, district: district}
choose: {do: consolidate, columns: {theme: filled}}
clashes: keep
"""
CUT_OVER = """\
rolecall-migration: 1
accounts: {table: accounts, district: district, last_active: seen}
choose: {do: cut-over, date: 2026-07-01}
"""
MAP = f"""\
district,role,role_id,user_id
{DISTRICT},teacher,1e6ac1000000000000000001,ca5700000000000000000001
{DISTRICT},staff,1e6ac2000000000000000001,ca5700000000000000000001
{DISTRICT},teacher,1e6ac1000000000000000003,ca5700000000000000000003
{DISTRICT},teacher,1e6ac1000000000000000009,ca5700000000000000000009
"""
COUNTS = "  2 merged\n  1 null-id\n  1 rekeyed\n  1 unchanged-student\n"
CHANGED = "  rows changed: 3 of accounts, 1 of enrolments, 1 of grades\n"
DRY = "dry run: everything was tried and taken back; `--commit` does it\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A database of five accounts and what is around them, and a plan for it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROLECALL_ACCOUNTS", "sqlite:///app.db")
    execute(TABLES.replace("'D'", f"'{DISTRICT}'"))
    (tmp_path / "migration.yaml").write_text(FILE)
    (tmp_path / "map.csv").write_text(MAP)
    plan()
    return tmp_path


def execute(script):
    """Change the database as some other part of the application would."""
    with closing(sqlite3.connect("app.db")) as database:
        database.executescript(script)


def all_rows():
    """Everything that is the application's own."""
    with closing(sqlite3.connect("app.db")) as database:
        names = ("accounts", "enrolments", "grades")
        return [database.execute(f"SELECT * FROM {one} ORDER BY 1").fetchall() for one in names]  # noqa: S608 - ours


def plan(*more, out="plan.jsonl"):
    return run("migrate", "plan", "--config", "migration.yaml", "--map", "map.csv", "-o", out, *more)


def migrate(*words):
    """A verb, with what differs from run to run left out of what it says."""
    ran = run("migrate", *words)
    said = re.sub(r"sha256:[0-9a-f]{64}", "sha256:…", ran.out)
    return ran._replace(out=re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", said))


@contextmanager
def stopped(after):
    """Somebody who presses Ctrl-C, and is heard at this question."""
    asked = iter(range(1000))
    yield lambda: next(asked) >= after


def test_a_rehearsal(folder):
    """A certificate, and nothing is left of it: neither in the database nor beside it."""
    before = (folder / "app.db").read_bytes()
    ran = migrate("rehearse", "plan.jsonl")
    assert (ran.code, ran.err) == (0, "")
    said = re.sub(r"[\d.]+ s\b", "N s", ran.out)
    assert said == (
        "Rehearsal of the plan sha256:…\n  on a copy of sqlite:///app.db: a file that is gone again\n"
        "  10 rows of 3 tables; 8 after it was applied\n"
        "  before   sha256:…\n  copied   sha256:…\n  applied  sha256:…\n  undone   sha256:…\n"
        f"{COUNTS}  apply N s, verify N s, rollback N s\nIt can be carried out, and undone.\n"
    )
    digests = re.findall(r"(before|copied|applied|undone) +(sha256:\w+)", run("migrate", "rehearse", "plan.jsonl").out)
    found = dict(digests)
    assert found["before"] == found["copied"] == found["undone"] != found["applied"]
    assert (folder / "app.db").read_bytes() == before


def test_the_whole_way():
    """A dry run, the real one, once more, how it stands, and back: what is said at each step."""
    first = all_rows()
    assert migrate("apply", "plan.jsonl") == (0, DRY + COUNTS + CHANGED, "")
    assert all_rows() == first
    begun = "run 1: applied; `rolecall migrate rollback 1` would undo it\n"
    assert migrate("apply", "plan.jsonl", "--commit") == (0, begun + COUNTS + CHANGED, "")
    after = all_rows()
    assert after[0][0][:2] == (2, "ca5700000000000000000001")
    for more in ((), ("--commit",)):
        said = "run 1 has applied this plan already: nothing is left to do\n"
        assert migrate("apply", "plan.jsonl", *more) == (0, said + COUNTS, "")
    ran = migrate("status")
    steps = re.search(r"step (\d+) of \1", ran.out)
    assert steps is not None
    line = f"run 1: applied, {steps[0]}, begun TIME, ended TIME\n  plan sha256:…\n"
    assert ran == (0, line + COUNTS, "")
    assert migrate("verify") == (0, "runs in force: 1; rows looked at: 5; findings: 0\n", "")
    assert migrate("rollback", "1") == (0, DRY + "  2 people undone\n", "")
    assert all_rows() == after
    assert migrate("rollback", "1", "--commit") == (0, "run 1: undone\n  2 people undone\n", "")
    assert all_rows() == first
    assert migrate("status").out.startswith("run 1: undone, ")
    assert migrate("verify").out == "runs in force: 0; rows looked at: 0; findings: 0\n"


def test_who_has_changed_is_left_as_they_are():
    """The others are carried over all the same; the exit code is 1, and `status` goes on telling it."""
    execute("UPDATE accounts SET theme = 'light' WHERE id = 1")
    ran = migrate("apply", "plan.jsonl", "--commit")
    left = (
        "  left as they were: `ca5700000000000000000001` (1, 2): "
        "the account `1` has changed since the plan was made: plan again\n"
    )
    assert ran.code == 1
    assert ran.out.endswith("  rows changed: 1 of accounts\n" + left)
    assert "  2 refused\n" in ran.out
    assert migrate("status").out.endswith(left)
    told = "findings: 0\n  2 carry an old id because the plan holds them, or a run left them: `report` and `status` say why\n"
    assert migrate("verify").out.endswith(told)
    plan(out="again.jsonl")
    ran = migrate("apply", "again.jsonl", "--commit")
    assert (ran.code, "  2 merged\n" in ran.out) == (0, True)


def test_what_verify_finds():
    """Each kind of finding in words that say what it is about, and the exit code 1."""
    migrate("apply", "plan.jsonl", "--commit")
    execute(
        "UPDATE accounts SET theme = 'light' WHERE id = 2; INSERT INTO grades VALUES (3, 1, 'C');"
        "INSERT INTO accounts VALUES (9, '1e6ac1000000000000000009', 'teacher', NULL, NULL)"
    )
    ran = migrate("verify")
    assert ran.code == 1
    assert ran.out == (
        "runs in force: 1; rows looked at: 5; findings: 3\n"
        "  changed: the row 2 of `accounts` has another `theme` (run 1)\n"
        "  dangling: `grades.given_by` names the account 1, which was merged into another\n"
        "  old-id: the account 9 carries an old id of `ca5700000000000000000009`: plan again, or find what writes "
        "it\n"
    )


def test_a_rollback_leaves_what_others_changed():
    """They are named; and once that is mended, the same command undoes the rest."""
    first = all_rows()
    migrate("apply", "plan.jsonl", "--commit")
    execute("UPDATE accounts SET theme = 'light' WHERE id = 2")
    left = "`ca5700000000000000000001` (1, 2): `accounts.theme` has been changed since\n"
    ran = migrate("rollback", "1", "--commit")
    assert ran == (1, f"run 1: undone\n  1 people undone\n  left as they were: {left}", "")
    assert migrate("status").out.endswith(f"  left as they were by the rollback: {left}")
    execute("UPDATE accounts SET theme = 'dark' WHERE id = 2")
    assert migrate("rollback", "1", "--commit") == (0, "run 1: undone\n  1 people undone\n", "")
    assert all_rows() == first


def test_stopped_and_gone_on_with(monkeypatch):
    """Ctrl-C ends after the person in hand; the same command goes on; meanwhile no other plan is applied."""
    first = all_rows()
    execute("INSERT INTO accounts VALUES (6, NULL, 'staff', NULL, NULL)")
    plan(out="other.jsonl")
    execute("DELETE FROM accounts WHERE id = 6")
    with monkeypatch.context() as patched:
        patched.setattr(applying, "stopping", lambda: stopped(0))
        ran = migrate("apply", "plan.jsonl", "--commit", "--batch", "1")
    assert ran.code == 1
    assert re.match(r"run 1: stopped at step \d+ of \d+; the same command goes on\n", ran.out)
    ran = migrate("status")
    assert (ran.code, ran.out.partition(",")[0]) == (1, "run 1: applying")
    assert "half-done: run 1 is applying, at step" in migrate("verify").out
    ran = migrate("apply", "other.jsonl", "--commit")
    half = "rolecall: run 1, of another plan, is half done: apply that plan to its end, or undo it with "
    assert (ran.code, ran.err) == (4, half + "`rolecall migrate rollback 1 --commit`\n")
    assert migrate("apply", "plan.jsonl", "--commit").code == 0
    with monkeypatch.context() as patched:
        patched.setattr(undoing, "stopping", lambda: stopped(0))
        patched.setattr("rolecall.migration.applying.undoing.BATCH", 1)
        ran = migrate("rollback", "1", "--commit")
    assert (ran.code, ran.out.splitlines()[0]) == (1, "run 1: stopped; the same command goes on")
    ran = migrate("apply", "plan.jsonl", "--commit")
    half = "rolecall: run 1 is half undone: `rolecall migrate rollback 1 --commit` goes on with that; apply the plan after it\n"
    assert (ran.code, ran.err) == (4, half)
    assert migrate("rollback", "1", "--commit").code == 0
    assert all_rows() == first


def test_runs_are_undone_in_the_opposite_order():
    """The last one first; a number that there is not is told with those that there are."""
    migrate("apply", "plan.jsonl", "--commit")
    execute(
        "INSERT INTO accounts SELECT 9, '1e6ac1000000000000000009', role, district, NULL FROM accounts WHERE id = 1"
    )
    plan(out="second.jsonl")
    assert migrate("apply", "second.jsonl", "--commit").code == 0
    ran = migrate("rollback", "1")
    assert (ran.code, ran.err) == (4, "rolecall: run 2 came after run 1: `rolecall migrate rollback 2` first\n")
    ran = migrate("rollback", "7")
    assert (ran.code, ran.err) == (4, "rolecall: there is no run 7 here; there is 1, 2\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["apply", "none.jsonl"], "the plan `none.jsonl` cannot be read: No such file or directory"),
        (
            ["apply", "migration.yaml"],
            (
                "`migration.yaml` is no plan: its first line is not the header of one; "
                "`rolecall migrate plan -o FILE` makes one"
            ),
        ),
        (
            ["apply", "cut.jsonl"],
            (
                "`cut.jsonl` is not as it was made: its steps have another digest than its header "
                "says; `rolecall migrate plan` makes it anew"
            ),
        ),
        (
            ["apply", "csv.jsonl"],
            (
                "the plan is about accounts of a file, and only those in a database are carried over: "
                "make it of the database, with `--accounts URL`"
            ),
        ),
        (
            ["apply", "plan.jsonl", "--accounts", "a.csv"],
            ("this is no database's URL; one is, for example, `sqlite:///app.db`"),
        ),
        (["status", "--accounts", "sqlite:///none.db"], "there is no file `none.db`"),
        (
            ["status", "--accounts", "sqlite://"],
            ("a database in memory is nobody else's; one in a file is, for example, `sqlite:///app.db`"),
        ),
        (
            ["rehearse", "plan.jsonl", "--scratch", "sqlite:///x.db"],
            ("SQLite is rehearsed on a copy of its file, which needs no `--scratch`"),
        ),
        (
            ["rollback", "1"],
            (
                "nothing was ever carried out here: there are no tables of rolecall's (`--schema` names the "
                "schema that they are in, where the accounts' table has one)"
            ),
        ),
        (["status", "--accounts", "mssql://u:geheim@h/x"], None),
        (["status", "--accounts", "postgresql://u:geheim@127.0.0.1:1/x"], None),
        (["status", "--accounts", "mysql://u:geheim@127.0.0.1:1/x"], None),
        (
            ["verify", "--accounts", "postgresql://u:ge@heim@127.0.0.1:1/x"],
            ("an `@` in a URL's user name or password is written `%40`, a `/` `%2F`, a `:` `%3A`"),
        ),
    ],
)
def test_mistakes(folder, words, says):
    """Each is one sentence that says what to do, the exit code 4, and nothing of a password; nothing is made."""
    (folder / "a.csv").write_text("id,clever_id,role\n1,1e6ac1000000000000000001,teacher\n")
    run("migrate", "plan", "--accounts", "a.csv", "--map", "map.csv", "-o", "csv.jsonl")
    (folder / "cut.jsonl").write_bytes((folder / "plan.jsonl").read_bytes()[:-30])
    there = {one.name for one in folder.iterdir()}
    ran = migrate(*words)
    assert (ran.code, ran.out) == (4, "")
    assert len(ran.err.splitlines()) == 1
    assert "heim" not in ran.err
    if says is not None:
        assert ran.err == f"rolecall: {says}\n"
    assert {one.name for one in folder.iterdir()} - there <= {"app.db.rolecall-lock"}


def test_a_plan_that_is_refused_is_not_applied(folder):
    """Neither for real nor on a copy; the sentence says why, and where the rest is told."""
    (folder / "migration.yaml").write_text(CUT_OVER)
    execute("ALTER TABLE accounts ADD COLUMN seen TEXT; UPDATE accounts SET seen = '2026-09-01 08:00:00'")
    plan()
    for verb in ("apply", "rehearse"):
        ran = migrate(verb, "plan.jsonl")
        assert ran.code == 4
        assert ran.err.startswith(
            "rolecall: the plan is refused, see its `report`: cut over: 3 accounts are still active\n"
        )


def test_a_cut_over_that_does_not_say_how(folder):
    """Who is put away, and in which column, is the migration file's to say."""
    (folder / "migration.yaml").write_text(CUT_OVER)
    execute("ALTER TABLE accounts ADD COLUMN seen TEXT; UPDATE accounts SET seen = '2026-06-01 08:00:00'")
    plan()
    ran = migrate("apply", "plan.jsonl")
    assert ran.code == 4
    assert "does not say how: add `archive: {COLUMN: VALUE}` to its `accounts`, and plan again" in ran.err


def test_without_sqlalchemy():
    """Every verb says what to install."""
    script = (
        "import sys; sys.modules['sqlalchemy'] = None; from rolecall_cli.main import main; "
        "sys.argv = ['rolecall', 'migrate', *sys.argv[1:]]; main()"
    )
    for words in (["apply", "plan.jsonl"], ["rehearse", "plan.jsonl"], ["status"], ["verify"], ["rollback", "1"]):
        ran = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=False)
        said = "rolecall: a database needs `sqlalchemy`, which comes with `pip install 'rolecall[migrate]'`\n"
        assert (ran.returncode, ran.stdout, ran.stderr) == (4, "", said)


def test_a_driver_that_is_missing(monkeypatch):
    """So is a driver."""
    monkeypatch.setitem(sys.modules, "pymysql", None)
    ran = migrate("status", "--accounts", "mysql://u:geheim@h/x")
    said = "the database's driver `pymysql` is not installed, which comes with `pip install 'rolecall[mysql]'`"
    assert (ran.code, ran.err) == (4, f"rolecall: {said}\n")


def test_two_at_once(folder):
    """While somebody else holds the lock, nothing is begun."""
    with closing(sqlite3.connect(folder / "app.db.rolecall-lock", isolation_level=None)) as lock:
        lock.execute("BEGIN EXCLUSIVE")
        ran = migrate("apply", "plan.jsonl", "--commit")
    said = "another run is being carried out in `sqlite:///app.db`: wait until it ends, or end it"
    assert (ran.code, ran.err) == (4, f"rolecall: {said}\n")


def test_what_the_plan_holds_does_not_spoil_a_rehearsal(folder):
    """A locked account keeps its old id, as the plan says; `verify` tells of it until somebody decides."""
    execute("ALTER TABLE accounts ADD COLUMN frozen INTEGER; UPDATE accounts SET frozen = 1 WHERE id = 3")
    (folder / "migration.yaml").write_text(FILE.replace("district: district", "district: district, locked: frozen"))
    plan()
    ran = migrate("rehearse", "plan.jsonl")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "It can be carried out, and undone.")
    assert "old-id" not in ran.out
    assert migrate("apply", "plan.jsonl", "--commit").code == 0
    ran = migrate("verify")
    assert (ran.code, "old-id" in ran.out, "1 carry an old id because the plan holds them" in ran.out) == (
        0,
        False,
        True,
    )


def test_the_commands_that_are_told_name_the_schema(folder):
    """Where the accounts' table was named with one: `rollback` has no plan to learn it from."""
    (folder / "migration.yaml").write_text(FILE.replace("table: accounts", "table: main.accounts"))
    plan()
    before = all_rows()
    said = migrate("apply", "plan.jsonl", "--commit").out.splitlines()[0]
    assert said == "run 1: applied; `rolecall migrate rollback 1 --schema main` would undo it"
    plan(out="again.jsonl")
    migrate("apply", "again.jsonl", "--commit")
    assert "`rolecall migrate rollback 2 --schema main` first" in migrate("rollback", "1", "--schema", "main").err
    for run_number in ("2", "1"):
        migrate("rollback", run_number, "--schema", "main", "--commit")
    assert all_rows() == before
