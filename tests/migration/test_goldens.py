"""A plan of a small world with something of everything, and its reports, word for word.

Goldens in `cases/migrate`; ROLECALL_REGOLD=1 writes them anew.
"""

import os
from pathlib import Path

import pytest
from migration.worlds import Given
from rolecall.migration import Account, Choice, Map, Planner, Settings, read_plan
from rolecall.migration.mapping.index import Source
from rolecall.migration.model import AccountColumns, Clash, EffectStep, PersonStep, Placed
from rolecall.migration.references import Referring
from rolecall.migration.report import as_csv, as_page, as_text

CASES = Path(__file__).parents[1] / "cases" / "migrate"
NOON = 1_782_900_000_000_000_000


class Tables:
    """One table that refers to accounts."""

    referring = (Referring("enrolments", ("account",), (("account", "class"),)),)
    warnings = ("`old` refers to accounts by `name`, not by `id`: it is not looked at",)
    slow = ()

    def rows(self, _table, _columns):
        return iter([("12", "a"), ("13", "a"), ("13", None), ("1", "a"), ("2", "b")])


def the_map():
    """Two who had two accounts, a contradiction, a student who is stopped, a chain, somebody new."""
    found = Map()
    rows = [("teacher", "o1", "n1"), ("staff", "o2", "n1"), ("teacher", "o3", "n3"), ("staff", "o5", "n5")]
    rows += [("teacher", "o4", "n4"), ("teacher", "o4", "n3"), ("teacher", "n5", "n6"), ("staff", "o7", "n7")]
    rows += [("teacher", "o12", "n12"), ("staff", "o13", "n12"), ("teacher", "o20", "n20")]
    for number, row in enumerate(rows, 2):
        found.add("d1", *row, where=f"d1.csv:{number}")
    found.add("d2", "teacher", "o30", "n30")
    found.add("d3", "teacher", "o31", "n31")
    found.add("d3", "staff", "o32", "n31")
    found.add("d4", "teacher", "o40", "n40")
    found.add_student("d1", "s1", "s1")
    found.add_student("d1", "s3", "s2", "d1.csv:20")
    found.problem("d1.csv:21", "blank", "the old id is blank")
    found.contacts = 2
    found.alike[("d1", "email", "a@x")] = ["n3"]
    found.sources.append(Source("d1.csv", "sha256:0", 21, ("read as cp1252, which is a guess",)))
    return found


ACCOUNTS = [
    Account("1", "o1", "teacher", "d1"),
    Account("2", "o2", "staff", "d1"),
    Account("3", "o3", "teacher", "d1", like=("",)),
    Account("4", "o4", "teacher", "d1"),
    Account("5", "o5", "staff", "d1"),
    Account("6", "s1", "student", "d1"),
    Account("7", "s2", "student", "d1"),
    Account("8", "c1", "contact", "d1"),
    Account("9", "", "teacher", "d1"),
    Account("10", "o9", "teacher", "d1", like=("A@X",)),
    Account("11", "o1", "", "d1"),
    Account("12", "o12", "teacher", "d1"),
    Account("13", "o13", "staff", "d1"),
    Account("14", "n20", "teacher", "d1"),
    Account("15", "o30", "teacher", "d1"),
    Account("16", "o30", "teacher", "d2", locked=True),
    Account("17", "o31", "teacher", "d3"),
    Account("18", "o32", "staff", "d3"),
    Account("19", "o40", "teacher", "d4", active=NOON - 1),
    Account("20", "o7", "teacher", "d1"),
    Account("21", "o40", "teacher", "d4", active=NOON),
]


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """The plan, as a file."""
    settings = Settings(
        accounts=AccountColumns(alike={"email": "mail"}),
        districts={"d3": Choice("link"), "d4": Choice("cut-over", date=NOON)},
    )
    planner = Planner(the_map(), settings, max_losses=0)
    planner.run(Given(ACCOUNTS, Tables()))
    path = tmp_path_factory.mktemp("plan") / "plan.jsonl"
    with path.open("wb") as file:
        planner.write(file)
    planner.close()
    return read_plan(path)


def written(name, text):
    """The golden of that name, or a new one."""
    file = CASES / name
    if os.environ.get("ROLECALL_REGOLD"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


def test_the_plan(plan):
    """Header and steps."""
    written("plan.jsonl", plan.path.read_text("utf-8"))


@pytest.mark.parametrize(
    ("name", "told"),
    [("report.txt", as_text), ("report.html", as_page), ("report.csv", lambda one: "".join(as_csv(one)))],
)
def test_the_reports(plan, name, told):
    """As text, as a page, as a table."""
    written(name, told(plan))


def test_effects_in_words(plan, monkeypatch):
    """A loss with its role, rule and reason; a gain in some states."""
    lost = EffectStep(
        "n1", "lost", "section", ("grade",), "teacher", 2, "c1", ("lead (p.yaml:9)",), "Leads never grade."
    )
    gained = EffectStep("n1", "gained", "work", ("see", "mark"), "", 1, "c1", (), "No rule.", always=False)
    step = PersonStep("n1", "d1", "consolidate", (Placed("1", "merged"),), clashes=(Clash("grades", ("a", "b"), 2),))
    monkeypatch.setattr(plan, "steps", lambda: iter([step, lost, gained]))
    said = as_text(plan)
    assert "`n1` loses grade on 2 sections that the teacher account had, such as `c1`" in said
    assert "Leads never grade. By lead (p.yaml:9)" in said
    assert "`n1` gains see and mark on 1 work in some states, such as `c1`" in said
    assert "`n1`: 2 too many in `grades` under (a, b)" in said
    assert plan.effects() == [lost, gained]
