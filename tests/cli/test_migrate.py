"""`rolecall migrate`: plans and their reports, and the sentences for what is wrong."""

import json
import sqlite3

import pytest
from demo import POLICIES
from rolecall.facts.store import Store
from rolecall.migration import read_plan
from rolecall.migration.outcomes import CONFLICTS
from rolecall_cli.migrate import progress
from shell import demo_file, run
from stores import filled

KINDS = {"staff": "school_admin"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The demo district's accounts as a CSV and in a database, with what is wrong in real ones."""
    monkeypatch.chdir(tmp_path)
    district = json.loads(demo_file().read_text())
    rows = [
        (role["legacy_id"], KINDS.get(name, name), user["district"])
        for user in district["users"]
        for name, role in (user.get("roles") or {}).items()
    ]
    rows += [("", "teacher", rows[0][2]), ("<b>x", "teacher", rows[0][2]), ("=1", "janitor", "")]
    lines = [f"{number},{','.join(one)}" for number, one in enumerate(rows, 1)]
    (tmp_path / "accounts.csv").write_text("\n".join(["id,clever_id,role,district", *lines, ""]))
    database = sqlite3.connect("app.db")
    database.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, clever_id TEXT, role TEXT, district TEXT)")
    database.executemany("INSERT INTO people VALUES (?,?,?,?)", [(n, *one) for n, one in enumerate(rows, 1)])
    database.commit()
    database.close()
    (tmp_path / "migration.yaml").write_text("rolecall-migration: 1\naccounts: {table: people, district: district}\n")
    return tmp_path


def plan(*more, accounts="accounts.csv", out="plan.jsonl"):
    return run("migrate", "plan", "--accounts", accounts, "--map", demo_file(), "-o", out, *more)


def test_a_plan_of_the_demo_district(folder):
    """Every account is counted, and what is held makes the exit code 1."""
    ran = plan("--policies", POLICIES, "--snapshot", demo_file())
    assert ran.code == 1
    assert ran.out == ""
    first = ran.err.splitlines()[0]
    header = read_plan("plan.jsonl").header
    held = sum(number for name, number in header.outcomes.items() if name in CONFLICTS)
    assert first == f"{header.accounts['count']:,} accounts: {header.accounts['count'] - held:,} settled, {held:,} held"
    assert "people lose permissions" in ran.err
    assert not list(folder.glob("*.part"))


def test_a_database_gives_the_same_outcomes_as_a_file(folder):
    """SQL by reflection and CSV say the same, and the same again is the same, byte for byte."""
    plan("--config", "migration.yaml", accounts="sqlite:///app.db")
    once = (folder / "plan.jsonl").read_bytes()
    plan("--config", "migration.yaml", accounts="sqlite:///app.db", out="again.jsonl")
    assert once == (folder / "again.jsonl").read_bytes()
    plan("--config", "migration.yaml", out="file.jsonl")
    assert read_plan("plan.jsonl").header.outcomes == read_plan("file.jsonl").header.outcomes


def test_a_plan_goes_to_standard_output(folder):
    """Without `-o`."""
    ran = run("migrate", "plan", "--accounts", "accounts.csv", "--map", demo_file())
    (folder / "piped.jsonl").write_text(ran.out)
    assert read_plan("piped.jsonl").header.accounts["source"] == "accounts.csv"


@pytest.mark.usefixtures("folder")
def test_reports():
    """Text for a person, CSV with a line an account, JSON with every conflict, a page that runs nothing."""
    plan("--policies", POLICIES, "--snapshot", demo_file())
    said = run("migrate", "report", "plan.jsonl")
    assert said.code == 0
    assert "What comes of the accounts" in said.out
    assert "`null-id`: the account has no Clever id" in said.out
    table = run("migrate", "report", "plan.jsonl", "--format", "csv").out.splitlines()
    total = read_plan("plan.jsonl").header.accounts["count"]
    assert len(table) == total + 1
    assert any("'=1" in line for line in table)
    data = json.loads(run("migrate", "report", "plan.jsonl", "--format", "json").out)
    assert {one["outcome"] for one in data["conflicts"]} <= set(CONFLICTS)
    assert data["schema"] == 1
    page = run("migrate", "report", "plan.jsonl", "--format", "html").out
    assert "default-src 'none'" in page
    assert "<b>x" not in page
    assert "<script" not in page


def test_losses_above_the_limit_are_refused(folder):
    """The policy that takes from tech leads makes teachers lose something; the plan is written, and refused."""
    (folder / "p.yaml").write_text(
        "rolecall: 1\napplication: x\nresources: {section: {permissions: [view]}}\n"
        "permission_sets: {look: {section: [view]}}\nrules:\n"
        "  - {id: t, because: T., when: {teacher: section}, min: look}\n"
        "  - {id: s, because: Staff never., when: {staff: anywhere}, max: none, overrides: all}\n"
    )
    ran = plan("--policies", "p.yaml", "--snapshot", demo_file(), "--max-losses", "0")
    assert ran.code == 1
    assert "would lose permissions, and 0 may" in ran.err
    assert "Staff never. By s (p.yaml:7)" in run("migrate", "report", "plan.jsonl").out


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        (["--max-losses", "1"], 2, "losses are counted by a policy: give `--policies`"),
        (["--policies", "nowhere", "--snapshot", "x"], 3, "there is no file or folder `nowhere`"),
        (["--config", "none.yaml"], 2, "the migration file has 1 error"),
        (["--map", "none.csv"], 4, "there is no file or folder `none.csv`"),
        (["--map", "sqlite:///none.db"], 4, "none.db`; `rolecall sync` makes one, `--map` names another"),
    ],
)
def test_wrong_usage_is_a_sentence(folder, monkeypatch, more, code, says):
    """With the exit code that says whose fault it is."""
    monkeypatch.delenv("ROLECALL_SNAPSHOT", raising=False)
    ran = plan(*more)
    assert ran.code == code
    assert says in " ".join(ran.err.replace("│", " ").split())
    assert not (folder / "plan.jsonl").exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda _: "", "is no plan"),
        (lambda text: text.replace('"rolecall-plan":1', '"rolecall-plan":9'), "a plan of version 9"),
        (lambda text: text.replace("rekeyed", "unmapped", 2), "is not as it was made"),
    ],
)
def test_a_plan_that_was_changed_is_refused(folder, change, says):
    """No header, another version, other steps."""
    plan()
    (folder / "plan.jsonl").write_text(change((folder / "plan.jsonl").read_text()))
    ran = run("migrate", "report", "plan.jsonl")
    assert ran.code == 4
    assert says in ran.err


def test_the_schema_of_migration_files():
    """For editors."""
    assert json.loads(run("schema", "--migration").out)["$id"] == "urn:rolecall:migration:1"


def test_a_bar_on_a_terminal(monkeypatch):
    """What is read, how fast; the end of one thing is the start of the next."""
    drawn = []

    class Terminal:
        def isatty(self):
            return True

        def write(self, text):
            drawn.append(text)

        def flush(self):
            pass

    monkeypatch.setattr("sys.stderr", Terminal())
    with progress.Progress() as told:
        told.expect("accounts", 20)
        told("rows of the map", 5)
        told("accounts", 10)
        told("accounts", 20)
    assert "accounts: 20" in "".join(drawn)


def test_lines_without_a_terminal(monkeypatch, capsys):
    """Now and then, not for every row."""
    monkeypatch.setattr(progress, "_EVERY", -1.0)
    with progress.Progress() as told:
        told("accounts", 1_000)
    assert capsys.readouterr().err.startswith("accounts: 1,000 so far")


def test_a_roster_store_is_map_and_facts(folder):
    """The same outcomes and effects as from the snapshot that was read into it."""
    store = Store.open("store.db", create=True)
    filled(store, json.loads(demo_file().read_text()))
    store.close()
    plan("--policies", POLICIES, "--snapshot", demo_file())
    at = ("--at", "2026-10-14T15:00:00Z")
    options = ("--policies", POLICIES, "--store", "sqlite:///store.db", "-o", "of_store.jsonl", *at)
    run("migrate", "plan", "--accounts", "accounts.csv", "--map", "sqlite:///store.db", *options)
    one, other = read_plan("plan.jsonl"), read_plan(folder / "of_store.jsonl")
    assert one.header.outcomes == other.header.outcomes
    assert one.effects() == other.effects()


def test_what_is_wrong_in_the_map_is_noted(folder):
    """The first bad row by file and line, guesses, and people whom the facts lack."""
    (folder / "map.csv").write_bytes(b"role_id,user_id,\xd1\nx1,y1,z\n,y2,z\n")
    (folder / "more.csv").write_text("id,clever_id,role\n1,x1,teacher\n")
    options = ("--policies", POLICIES, "--snapshot", demo_file(), "-o", "plan.jsonl")
    ran = run("migrate", "plan", "--accounts", "more.csv", "--map", "map.csv", *options)
    assert ran.code == 0
    for said in (
        "1 rows of the map are wrong, the first: map.csv:3",
        "cp1252, which is a guess",
        "the facts hold nothing",
    ):
        assert said in ran.err
