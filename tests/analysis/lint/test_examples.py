"""Each lint rule is documented by its own file: the bad example is found by it and by no other, the good one is not."""

import re
import textwrap
from pathlib import Path

import pytest
from rolecall.analysis.lint import IDS, explain, lint, titles
from rolecall.analysis.lint import rules as folder
from rolecall.loader import merge_sources
from rolecall.vocabulary.origin import Finding, Source


def example(rule: str, which: str) -> str:
    """Give the bad or the good example of a rule."""
    found = re.search(rf"^{which}:\n\n((?:    .*\n|\n)+)", explain(rule) + "\n", re.MULTILINE)
    assert found, f"{rule} has no {which.lower()} example"
    return textwrap.dedent(found.group(1))


def findings(text: str) -> list[Finding]:
    """Give what lint finds in a policy that loads."""
    source = Source("policy.yaml", text)
    policy, found = merge_sources([source], [], Path("policy.yaml"))
    assert policy is not None, [one.render() for one in found]
    assert found == []
    return [one.finding for one in lint(policy, [source])]


@pytest.mark.parametrize("rule", IDS)
def test_the_bad_example_is_found_by_its_rule_alone(rule: str) -> None:
    """Notes of cuts that are allowed apart, which tell what `overrides` in an example does."""
    codes = {one.code for one in findings(example(rule, "Bad"))}
    assert codes - ({"allowed-cut"} - {rule}) == {rule}


@pytest.mark.parametrize("rule", IDS)
def test_the_good_example_is_not(rule: str) -> None:
    """Nothing is found in it, those notes apart."""
    assert {one.code for one in findings(example(rule, "Good"))} <= {"allowed-cut"} - {rule}


def test_every_file_is_a_rule_and_has_a_title() -> None:
    """The id is the file's name; the first line of its docstring is a whole sentence."""
    files = {file.stem.replace("_", "-") for file in Path(folder.__file__).parent.glob("*.py")}
    assert files - {"--init--"} == set(IDS)
    assert all(title.endswith(".") for title in titles().values())
