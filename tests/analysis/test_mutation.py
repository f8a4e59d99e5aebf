"""A mutant is killed exactly where running the tests on it fails."""

from collections import Counter
from pathlib import Path

from rolecall.analysis.grids import Bench, read_tests
from rolecall.analysis.grids.paste import telling_test
from rolecall.analysis.mutants import FAMILIES, mutants
from rolecall.analysis.mutation import mutate
from rolecall.compiler import load_table
from rolecall.compiler.halves import make_table
from rolecall.loader import load_policy

POLICY = Path(__file__).parents[1] / "cases" / "grids" / "policy" / "policy.yaml"
TESTS = """rolecall-tests: 1
people:
  ann: {teacher: section}
  amy: {teacher: section, staff: elsewhere}
  bob: {staff: school}
  sue: {student: student}
tests:
  - test: a class
    on: section
    grid: {ann: [view, edit], bob: [view, report]}
  - test: a past class
    on: {type: section, is: {term: past}}
    grid: {ann: {edit: {no: past-classes-are-read-only}}}
  - test: acting as staff
    on: section
    acting_as: staff
    grid: {amy: {edit: {no: no-rule}}}
  - test: a grade
    on: {type: grade, is: {published: true}}
    grid: {sue: [view], bob: none}
"""


def small(tmp_path):
    """The small policy, its table, and the results of the tests above."""
    (tmp_path / "tests.yaml").write_text(TESTS)
    policy = load_policy(POLICY)
    table = load_table(policy)
    files, findings = read_tests(tmp_path, policy)
    assert findings == []
    results = Bench(table).run(files)
    assert all(one.passed for one in results)
    return policy, table, files, results


def test_a_mutant_is_killed_where_a_test_fails_on_it(tmp_path):
    """Looking the same questions up in the mutant's table comes to what asking everything anew does."""
    policy, table, files, results = small(tmp_path)
    outcomes = mutate(policy, table, results).outcomes
    for one in outcomes:
        fails = any(not result.passed for result in Bench(make_table(one.mutant.policy)).run(files))
        assert fails == (one.fate == "killed"), (one.mutant.before, one.mutant.after)
    assert {"killed", "survived", "equivalent"} <= {one.fate for one in outcomes}


def test_a_telling_test_passes_today_and_fails_on_the_mutant(tmp_path):
    """For each survivor that changes something beyond doubt there is one, and it is as good as its word."""
    policy, table, _, results = small(tmp_path)
    told = 0
    for one in mutate(policy, table, results).survivors:
        for change in one.changes(table, policy)[:2]:
            state = {name: values[0] for name, values in (change.states[0] if change.states else {}).items()}
            text = telling_test(table, one.table, change.type, change.who, state, "it")
            if text is not None:
                (tmp_path / "tests.yaml").write_text(f"rolecall-tests: 1\ntests:\n{text}\n")
                files, findings = read_tests(tmp_path, policy)
                assert findings == []
                assert all(result.passed for result in Bench(table).run(files))
                assert not all(result.passed for result in Bench(one.table).run(files))
                told += 1
    assert told > 20


def test_every_family_is_tried():
    """The small policy gives mutants of each family but that of sets, of which it has none."""
    policy = load_policy(POLICY)
    assert [name for name, family in FAMILIES.items() if not list(family(policy))] == ["drop-role", "sets"]
    assert max(Counter((one.family, one.rule, one.before, one.after) for one in mutants(policy)).values()) == 1
