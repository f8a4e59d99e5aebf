"""`rolecall migrate resolve`: from a plan to a table, to decisions, to a plan in which they count."""

import csv

import pytest
from demo import POLICIES
from rolecall.migration import read_plan
from rolecall.migration.outcomes import CONFLICTS
from shell import demo_file, run

ONE, TWO = "1e6ac1000000000000000003", "ca5700000000000000000003"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Three accounts: one that is settled, one without an id, one whose role nobody knows."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "accounts.csv").write_text(f"id,clever_id,role\n1,{ONE},teacher\n2,,teacher\n3,{ONE},tutor\n")
    plan()
    conflicts = run("migrate", "report", "plan.jsonl", "--format", "conflicts").out
    (tmp_path / "conflicts.csv").write_text(conflicts)
    return tmp_path


def plan(*more, out="plan.jsonl"):
    return run("migrate", "plan", "--accounts", "accounts.csv", "--map", demo_file(), "-o", out, *more)


def write(folder, **words):
    """Fill the table in."""
    with (folder / "conflicts.csv").open(newline="") as file:
        rows = [*csv.DictReader(file)]
    with (folder / "conflicts.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0]])
        writer.writeheader()
        for row in rows:
            said = words.get(f"k{row['account']}")
            cells = (
                {"by": "it-7", "why": "so"} | dict(zip(("decision", "v3_id"), (*said.split(), ""), strict=False))
                if said
                else {}
            )
            writer.writerow(row | cells)


def test_from_conflicts_to_a_plan_without_any(folder):
    """What is decided counts, what is open makes the exit code 1; with the policy the decided are asked about as well."""
    write(folder, k2=f"person {TWO}")
    ran = run("migrate", "resolve", "conflicts.csv", "plan.jsonl", "-o", "decisions.jsonl")
    assert (ran.code, ran.out, ran.err) == (1, "", "1 decided, 1 still open\n")
    ran = plan("--decisions", "decisions.jsonl", out="second.jsonl")
    assert ran.code == 1
    assert "decisions.jsonl: 1 of 1 decisions count" in ran.err
    assert read_plan("second.jsonl").header.outcomes == {"unknown-role": 1, "same-role-twice": 2}
    write(folder, k2="leave", k3=f"person {TWO}")
    assert run("migrate", "resolve", "conflicts.csv", "plan.jsonl", "-o", "decisions.jsonl").code == 0
    options = ("--decisions", "decisions.jsonl", "--policies", POLICIES, "--snapshot", demo_file())
    assert plan(*options, out="third.jsonl").code == 0
    header = read_plan("third.jsonl").header
    assert header.outcomes == {"merged": 2, "left": 1}
    assert [(one["name"], one["decisions"], one["counted"]) for one in header.decisions] == [("decisions.jsonl", 2, 2)]
    assert not CONFLICTS.keys() & header.outcomes.keys()
    plan(*options, out="again.jsonl")
    assert (folder / "again.jsonl").read_bytes() == (folder / "third.jsonl").read_bytes()


def test_decisions_that_do_not_count_are_told(folder):
    """A row that has changed, an account that is gone; the plan is as if nobody had decided."""
    write(folder, k2="leave", k3="leave")
    run("migrate", "resolve", "conflicts.csv", "plan.jsonl", "-o", "decisions.jsonl")
    (folder / "accounts.csv").write_text(f"id,clever_id,role\n1,{ONE},teacher\n3,{ONE},janitor\n")
    ran = plan("--decisions", "decisions.jsonl")
    assert ran.code == 1
    assert "decisions.jsonl: 0 of 2 decisions count" in ran.err
    assert "the decision about account `2` (`null-id`) does not count: the account is gone" in ran.err
    assert "the decision about account `3` (`unknown-role`) does not count: the account has changed since" in ran.err
    assert read_plan("plan.jsonl").header.outcomes == {"rekeyed": 1, "unknown-role": 1}


def test_many_that_do_not_count_are_counted(folder):
    """The first twenty are told one by one."""
    rows = "".join(f"{number},,teacher\n" for number in range(100, 125))
    (folder / "accounts.csv").write_text(f"id,clever_id,role\n{rows}")
    plan()
    (folder / "conflicts.csv").write_text(run("migrate", "report", "plan.jsonl", "--format", "conflicts").out)
    write(folder, **{f"k{number}": "leave" for number in range(100, 125)})
    ran = run("migrate", "resolve", "conflicts.csv", "plan.jsonl")
    assert (ran.code, ran.err) == (0, "25 decided, 0 still open\n")
    (folder / "decisions.jsonl").write_text(ran.out)
    (folder / "accounts.csv").write_text("id,clever_id,role\n1,,teacher\n")
    ran = plan("--decisions", "decisions.jsonl")
    assert ran.err.count("does not count") == 20
    assert "nor do 5 more" in ran.err


def test_nothing_is_written_if_anything_is_wrong(folder):
    """One row is right, another is not."""
    write(folder, k2="leave", k3="stay")
    ran = run("migrate", "resolve", "conflicts.csv", "plan.jsonl", "-o", "decisions.jsonl")
    assert ran.code == 2
    assert "conflicts.csv:3:1" in ran.err
    assert not (folder / "decisions.jsonl").exists()


def test_a_table_is_no_file_of_decisions(folder):
    """`plan --decisions` says what makes one of it."""
    ran = plan("--decisions", "conflicts.csv", out="other.jsonl")
    assert ran.code == 4
    assert "is made into decisions by `rolecall migrate resolve`" in ran.err
    assert not (folder / "other.jsonl").exists()
