"""Mistakes as people make them in the shipped policy, each caught by some tool, and how many by which."""

import os
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest
from analysis.catching import catch, table
from analysis.mistakes import KINDS, SHIPPED, Mistake, mistakes

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
REGOLD = os.environ.get("ROLECALL_REGOLD") == "1"
BEGIN, END = "<!-- mistakes -->\n", "<!-- /mistakes -->\n"


def test_they_are_distinct_and_the_same_each_time():
    """No edit is made twice, each changes a file, and the kinds take turns."""
    first = list(islice(mistakes(), 700))
    assert len({(one.file, one.text) for one in first}) == 700
    assert first == list(islice(mistakes(), 700))
    assert [one.kind for one in first[: len(KINDS)]] == list(KINDS)


def test_a_sample_is_caught():
    """Of every second kind one: some tool catches each that means something else."""
    found = [
        one for one in (catch(mistake, every=False) for mistake in islice(mistakes(), 0, 36, 2)) if one is not None
    ]
    assert [one.mistake.line for one in found if not one.by] == []
    assert len(found) > 14
    assert {"check", "test", "diff"} <= {tool for one in found for tool in one.by}


def test_what_means_the_same_is_no_mistake():
    """A comment, and names in another order."""
    for old, new in (
        ("rolecall: 1", "# said\nrolecall: 1"),
        ("[section, assignment, grade]", "[grade, section, assignment]"),
    ):
        assert old in SHIPPED["limits.yaml"]
        assert catch(Mistake("none", "limits.yaml", SHIPPED["limits.yaml"].replace(old, new))) is None


def test_the_page_speaks_of_500():
    """The table's rows are the kinds, and come to its last row, which is 500."""
    rows = [row.split(" | ") for row in shown().splitlines()[2:]]
    assert [row[0].removeprefix("| ") for row in rows] == [*KINDS, "**all**"]
    numbers = [[int(cell.removesuffix(" |")) for cell in row[1:]] for row in rows]
    assert numbers[-1] == [sum(column) for column in zip(*numbers[:-1], strict=True)]
    assert numbers[-1][0] == 500


def shown():
    """The table on the page."""
    return PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]


@pytest.mark.full
def test_500_are_caught():
    """Every tool is asked about each, some tool catches it, and the page says how many each caught."""
    found = list(islice((one for one in map(catch, mistakes()) if one is not None), 500))
    assert len(found) == 500
    assert [one.mistake.line for one in found if not one.by] == []
    assert min(Counter(one.mistake.kind for one in found).values()) >= 1
    said = table(sorted(found, key=lambda one: [*KINDS].index(one.mistake.kind)))
    if REGOLD:
        before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
        PAGE.write_text(before + BEGIN + said + END + rest.partition(END)[2], "utf-8")
    assert said == shown()
