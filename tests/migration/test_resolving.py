"""The table of conflicts: what it holds, and what is wrong in one that people filled in, each by its line."""

import csv
import io
from io import BytesIO

import pytest
from migration.worlds import Given, made_map
from rolecall.errors import FactsError, MigrationError
from rolecall.migration import Account, Choice, Planner, Settings, read_decisions, read_plan, resolve
from rolecall.migration.conflicts import ASKED, TOLD, as_conflicts
from rolecall.migration.deciding import Decision

ROWS = [("d1", "teacher", "o1", "n1"), ("d1", "teacher", "o9", "n1"), ("d1", "teacher", "o4", "n3")]
ROWS += [("d1", "teacher", "o4", "n4"), ("d2", "staff", "o5", "n5")]
ACCOUNTS = [
    Account("1", "o1", "teacher", "d1", print="p1"),
    Account("=2", "o9", "teacher", "d1", print="p2"),
    Account("3", "", "teacher", "d1", print="p3"),
    Account("4", "o4", "teacher", "d1", print="p4"),
    Account("5", "s2", "student", "d1", print="p5"),
    Account("6", "=7+1", "", "d1", print="p6"),
    Account("7", "x1", "teacher", "d1"),
    Account("8", "o5", "staff", "d1", print="p8"),
]


@pytest.fixture
def plan(tmp_path):
    """A plan with something of what can be decided."""
    settings = Settings(choice=Choice("link"), districts={"d1": Choice("consolidate")})
    planner = Planner(made_map(ROWS, [("d1", "s9", "s2")]), settings)
    planner.run(Given(ACCOUNTS))
    out = BytesIO()
    planner.write(out)
    planner.close()
    path = tmp_path / "plan.jsonl"
    path.write_bytes(out.getvalue())
    return read_plan(path)


def table(plan):
    """The table as rows, by account."""
    return {row["account"]: row for row in csv.DictReader(io.StringIO("".join(as_conflicts(plan))))}


def filled(folder, plan, *, encoding="utf-8", separator=",", **words):
    """The table with decisions written into it: `k3={"decision": "leave", …}`; `by` and `why` are there unless told."""
    rows = table(plan)
    for key, cells in words.items():
        rows[{"k2": "'=2"}.get(key, key[1:])] |= {"by": "it-7", "why": "so said the school"} | cells
    path = folder / "conflicts.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, [*TOLD, *ASKED], delimiter=separator)
        writer.writeheader()
        writer.writerows(rows.values())
    return path


def wrong(path, plan):
    """The findings of a table that is wrong, as they are told."""
    with pytest.raises(MigrationError) as error:
        resolve(path, plan)
    return str(error.value)


def test_a_row_for_each_account_that_is_held(plan):
    """Whom the map knows by the id, what can be decided, four empty cells; no cell is a formula."""
    rows = table(plan)
    assert [*rows] == ["3", "4", "5", "6", "8", "1", "'=2"]
    assert rows["4"]["candidates"] == "n3 n4"
    assert rows["8"]["candidates"] == "n5"
    assert (rows["1"]["person"], rows["1"]["candidates"]) == ("n1", "")
    assert rows["5"]["can"] == "leave: it stays as it is"
    assert "person" in rows["3"]["can"]
    assert rows["6"]["clever_id"] == "'=7+1"
    assert all(row[name] == "" for row in rows.values() for name in ASKED)


def test_a_table_in_which_nothing_is_written_decides_nothing(tmp_path, plan):
    """Everything is still open."""
    found = resolve(filled(tmp_path, plan), plan)
    assert (found.decisions, found.open) == ((), 7)


@pytest.mark.parametrize(
    ("encoding", "separator"), [("utf-8", ","), ("utf-16", ";"), ("utf-8-sig", "\t"), ("cp1252", ";")]
)
def test_what_is_written_becomes_decisions(tmp_path, plan, encoding, separator):
    """With the fingerprint of the plan; a spreadsheet may have saved the table in its own way; no word of `why` goes along."""
    path = filled(
        tmp_path,
        plan,
        encoding=encoding,
        separator=separator,
        k2={"decision": "Leave "},
        k3={"decision": "person", "v3_id": "n4", "why": "Zoë said so,\nand again"},
        k6={"decision": "leave"},
    )
    found = resolve(path, plan)
    assert found.open == 4
    assert [(one.account, one.decision, one.print, one.v3_id) for one in found.decisions] == [
        ("3", "person", "p3", "n4"),
        ("6", "leave", "p6", ""),
        ("=2", "leave", "p2", ""),
    ]
    (tmp_path / "decisions.jsonl").write_bytes(found.data)
    (read,) = read_decisions(tmp_path / "decisions.jsonl").files
    assert read.decisions == found.decisions
    assert read.decisions[0] == Decision("3", "null-id", "person", "p3", "", "n4", 2)
    assert [one.line for one in read.decisions] == [2, 6, 9]
    assert not any(word in found.data for word in (b"Zo", b"it-7", b"school"))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            {"k3": {"decision": "leave", "by": ""}},
            [":2:1", "`by` is empty: nobody says who decided it", "fill `by` in"],
        ),
        ({"k3": {"decision": "leave", "why": " "}}, ["`why` is empty: nobody says why it was decided so"]),
        ({"k3": {"decision": "leaf"}}, ["cannot be decided to be `leaf`", "did you mean `leave`?"]),
        ({"k3": {"decision": "go"}}, ["`null-id` cannot be decided to be `go`", "known: `leave`, `person`"]),
        ({"k5": {"decision": "person"}}, [":4:1", "of a student's account cannot be decided to be `person`"]),
        ({"k3": {}}, ["there is no decision, though something is written beside it", "empty the other cells"]),
        ({"k4": {"decision": "person"}}, [":3:1", "whose account is it?", "as that of `n3` and `n4`"]),
        ({"k3": {"decision": "leave", "v3_id": "n1"}}, ["`v3_id` belongs to `person`", "or decide `person`"]),
        ({"k5": {"decision": "leave", "v3_id": "n1"}}, ["`v3_id` belongs to `person`", "empty `v3_id`"]),
        ({"k4": {"decision": "person", "v3_id": "n9"}}, ["the plan knows no person `n9`", "of `n3` and `n4`"]),
        (
            {"k1": {"decision": "person", "v3_id": "n1"}},
            [":7:1", "`n1` is whose account it is already", "name somebody else"],
        ),
        ({"k6": {"decision": "person", "v3_id": "n5"}}, ["the accounts of `n5` stay apart", "accounts: {roles:"]),
        ({"k3": {"decision": "leave", "outcome": "locked"}}, ["the plan says outcome `null-id`, and the row `locked`"]),
        (
            {"k4": {"decision": "leave", "clever_id": "4E+10"}},
            ["the plan says clever_id `o4`", "load the column as text"],
        ),
        ({"k3": {"decision": "leave", "account": "7"}}, ["the plan does not hold the account `7`"]),
        ({"k3": {"decision": "leave", "account": ""}}, ["for the row names none"]),
        ({"k4": {"decision": "leave", "account": "3"}, "k3": {"decision": "leave"}}, ["`3` stands in line 2 already"]),
    ],
)
def test_a_mistake_is_told_with_its_line_and_fix(tmp_path, plan, words, says):
    """Each one, in the words of the table."""
    said = wrong(filled(tmp_path, plan, **words), plan)
    for one in says:
        assert one in said
    assert f"conflicts.csv` has {said.count('error[')} error" in said


def test_all_mistakes_are_told_at_once_in_order(tmp_path, plan):
    """Not the first one alone."""
    said = wrong(
        filled(tmp_path, plan, k6={"decision": "x"}, k3={"decision": "y"}, k8={"decision": "leave", "by": ""}), plan
    )
    assert said.index("`y`") < said.index("`x`") < said.index("`by` is empty")
    assert "has 3 errors" in said


def test_people_of_other_districts_may_be_named(tmp_path, plan):
    """A conflict about the district is what `person` is for."""
    found = resolve(filled(tmp_path, plan, k8={"decision": "person", "v3_id": "n5"}), plan)
    assert [(one.account, one.v3_id) for one in found.decisions] == [("8", "n5")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('account,outcome,decision,v3_id,by,why\n3,null-id,leave,,it-7,"open\n4,two-new-ids,leave,,it-7,so\n', ":2:1"),
        ("account,outcome,decision,v3_id,by,why\n\n3,null-id,leave,,it-7,so,more\n", ":3:1"),
    ],
)
def test_rows_that_cannot_be_read_are_told(tmp_path, plan, text, says):
    """A quote that is not closed, a cell too many: nothing behind it is guessed at."""
    (tmp_path / "conflicts.csv").write_text(text)
    said = wrong(tmp_path / "conflicts.csv", plan)
    assert "no-row" in said
    assert says in said


def test_a_short_table_will_do(tmp_path, plan):
    """Columns that only inform may be left out, rows too; a row that ends early has blank cells."""
    (tmp_path / "conflicts.csv").write_text("why,by,account,outcome,decision,v3_id\nso,it-7,=2,same-role-twice,leave\n")
    found = resolve(tmp_path / "conflicts.csv", plan)
    assert [one.account for one in found.decisions] == ["=2"]
    assert found.open == 6


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "there is no file"),
        ("account,outcome,decisoin,v3_id,by,why\n", "did you mean `decisoin`?"),
        ("", "is empty"),
    ],
)
def test_what_is_no_table(tmp_path, plan, text, says):
    """No file, a column that is called otherwise, nothing at all."""
    if text is not None:
        (tmp_path / "conflicts.csv").write_text(text)
    with pytest.raises(FactsError) as error:
        resolve(tmp_path / "conflicts.csv", plan)
    assert says in str(error.value)
