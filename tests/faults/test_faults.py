"""Whatever fails, nobody is allowed what the truth did not allow, and no event is lost or applied twice."""

from dataclasses import replace

import pytest

from faults.planted import BUGS, planted
from faults.run import FULL, SCENARIOS, SMALL, everything, run
from faults.table import BEGIN, COLUMNS, END, PAGE, problems, total

_SELDOM = ("PostgreSQL", "several", "over real sockets", "disk full", "kill -9 during a full read", "locked")
_OF_STORES = ("401", "connection cut", "JSON of", "404", "a page")


def is_brief(name):
    """Whether a scenario is run each time; the others at full size."""
    if any(one in name for one in _SELDOM):
        return False
    return "lists and events" not in name or name.startswith((*_OF_STORES, "changes"))


@pytest.mark.parametrize("name", [name for name in SCENARIOS if is_brief(name)])
def test_under_a_fault_answers_are_right_or_none(name):
    """Each fault was met, something was allowed before and after it, and no answer was wrong."""
    assert problems(run(name, SMALL)) == []


@pytest.mark.full
@pytest.mark.parametrize(("asked", "seed"), [(6, 1), (9, 3)])
@pytest.mark.parametrize("name", [name for name in SCENARIOS if "clock" in name])
def test_no_clock_makes_old_facts_young(name, asked, seed):
    """With other questions and other changes, too: six of seed 1 once showed what the whole table did not."""
    assert problems(run(name, replace(FULL, asked=asked, seed=seed))) == []


@pytest.mark.full
def test_the_whole_table():
    """A hundred thousand decisions, two hundred kills: no wrong answer, no event lost or doubled."""
    tallies = everything(FULL, print)
    assert [one.name for one in tallies] == list(SCENARIOS)
    assert [sentence for one in tallies for sentence in problems(one)] == []
    whole = total(tallies)
    assert (whole.wrong_allow, whole.lost, whole.doubled) == (0, 0, 0)
    assert whole.decisions >= 100_000
    assert whole.kills >= 200


def test_the_page_shows_a_run_of_all_this():
    """The table in the documentation has a line for each scenario, and says of each that nothing was allowed wrongly."""
    table = PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in table.splitlines() if line[:2] == "| "]
    heads, *rows = rows
    assert heads[1:-1] == list(COLUMNS.values())
    assert [row[0] for row in rows[1:]] == [*SCENARIOS, "**all of them**"]
    for row in rows[1:]:
        said = dict(zip(heads, row, strict=True))
        assert (said["wrong allow"], said["events lost"], said["events doubled"]) in {("0", "0", "0"), ("0", "-", "-")}
    assert int(said["decisions"].replace(",", "")) >= 100_000


@pytest.mark.full
@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_seen(name):
    """With a bug in the engine the columns that speak of it do not stay empty."""
    bug = BUGS[name]
    for seed in range(1, 6):
        with planted(name):
            tally = run(bug.scenario, replace(FULL, kills=20, seed=seed))
        if any(getattr(tally, column) for column in bug.columns):
            return
    pytest.fail(f"`{name}` stays hidden: {tally}")
