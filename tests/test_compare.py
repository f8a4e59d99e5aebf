"""Why may she and not I: the difference of two people, role by role and rule by rule, and what would make it none."""

import os
from pathlib import Path

import pytest
from demo import POLICIES, assignment, at, grade, pdp, snapshot, table, who
from rolecall.counterfactual import counterfactuals
from rolecall.explain.compare import Comparison, compared, comparison_data, lacked
from rolecall.explain.render import lay_out
from rolecall.loader import load_policy
from test_explain import normalised

GOLDENS = Path(__file__).parent / "cases" / "explain_compare"
CASES = {
    "teacher-and-principal": ("co_teacher", "principal", at("algebra_class"), "edit"),
    "teacher-and-non-teacher": ("teacher", "rostered_non_teacher", at("covered_class"), "take_attendance"),
    "guardian-and-emergency-contact": ("emergency_contact", "guardian", at("child_elementary"), "view"),
    "tech-lead-and-staff": ("tech_lead", "principal", grade("child_high", "algebra_class"), "view"),
    "everything": ("multi_role_teacher", "co_teacher", at("algebra_class"), None),
    "alike": ("teacher", "teacher", at("covered_class"), None),
    "both": ("multi_role_teacher", "co_teacher", at("algebra_class"), "edit"),
    "neither": ("multi_role_teacher", "co_teacher", assignment(locked=True), "edit"),
}


def comparison(first, second, thing, permission, **options):
    engine = pdp(**options)
    both = [engine.authorize(who(name), thing, permission) for name in (first, second)]
    found = []
    for one, name in lacked(*both):
        decision = engine.authorize(one.subject, thing, name)
        found.append((decision, counterfactuals(decision, table(), policy=load_policy(POLICIES), roster=snapshot())))
    return Comparison(*both, tuple(found))


@pytest.mark.parametrize("name", CASES)
def test_a_comparison_reads_as_its_golden(name):
    """With names in place of ids; ROLECALL_REGOLD=1 writes the goldens anew."""
    one = comparison(*CASES[name])
    said, parts = compared(one)
    text = normalised(lay_out(said, parts, "")).rstrip() + "\n"
    golden = GOLDENS / f"{name}.txt"
    if os.environ.get("ROLECALL_REGOLD"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")
    data = comparison_data(one)
    assert (data["schema"], data["sentence"]) == (1, said)
    assert [one["user"] for one in data["changes"]] == [decision.subject for decision, _ in one.lacking]


def test_no_golden_is_left_over():
    """Each has its case."""
    assert {file.stem for file in GOLDENS.iterdir()} == set(CASES)


def test_what_cannot_be_decided_is_not_compared():
    """Nobody is told a plain no."""
    one = comparison("teacher", "principal", at("algebra_class"), "view", assignments=lambda _: 1 / 0)
    assert compared(one)[0].startswith("Nobody can tell now what users ")


def test_what_is_not_told_is_named():
    """Of many permissions the first few are told about; the others can be asked about."""
    one = comparison("multi_role_teacher", "nobody", at("algebra_class"), None)
    last = compared(one)[1][-1]
    assert [row.text for row in last.rows] == ["Ask with `--permission take_attendance` to see."]


def test_whoever_lacks_it_is_told_what_would_give_it():
    """Whichever of the two it is."""
    one = comparison("principal", "co_teacher", at("algebra_class"), "edit")
    ((lacking, changes),) = one.lacking
    assert lacking.subject == who("principal")
    assert changes.wanted == "allow"
