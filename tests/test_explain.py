"""What a support agent reads: goldens in `cases/explain`, as text and as markdown, for each way that a decision comes out.

ROLECALL_REGOLD=1 writes the goldens anew.
"""

import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from demo import NOW, POLICIES, assignment, at, grade, note, pdp, snapshot, table, who
from rolecall import Authorizer, Decision, Resource, Snapshot
from rolecall.counterfactual import counterfactuals
from rolecall.explain import Explanation, explain, render
from rolecall.loader import load_policy
from rolecall.record import record
from rolecall.testing import CAST, demo_district
from rolecall.vocabulary.reasons import SENTENCES

GOLDENS = Path(__file__).parent / "cases" / "explain"
TEACHER = who("multi_role_teacher")
ALGEBRA = at("algebra_class")
LEGACY = next(
    user["roles"]["teacher"]["legacy_id"] for user in demo_district(users=100)["users"] if user["id"] == TEACHER
)


def with_end(until: str) -> Authorizer:
    """The demo district, where an assignment of the teacher's ends at a time that nobody can read."""
    wrong = {"user": TEACHER, "role": "substitute", "scope": "section", "id": who("covered_class"), "until": until}
    return pdp(facts=Snapshot.read({**demo_district(users=100), "assignments": [wrong]}, "demo.json"))


CASES: dict[str, Callable[[Authorizer], Decision]] = {
    "granted": lambda e: e.authorize(TEACHER, ALGEBRA, "edit"),
    "granted-everything": lambda e: e.authorize(TEACHER, ALGEBRA),
    "granted-acting": lambda e: e.authorize(TEACHER, ALGEBRA, acting_as=["teacher"]),
    "granted-some": lambda e: e.authorize(TEACHER, assignment(locked=True)),
    "granted-substitute": lambda e: e.authorize(who("substitute"), at("covered_class"), "take_attendance"),
    "granted-owner": lambda e: e.authorize(who("co_teacher"), note("child_high", who("co_teacher")), "view"),
    "capped": lambda e: e.authorize(who("past_teacher"), at("past_class"), "edit"),
    "capped-doubtful": lambda e: e.authorize(who("csv_tech_lead"), grade("child_high", "algebra_class"), "view"),
    "capped-everything": lambda e: e.authorize(who("tech_lead"), grade("child_high", "algebra_class")),
    "capped-unknown": lambda e: e.authorize(TEACHER, assignment(locked=None, visibility="shown"), "edit"),
    "no-rule": lambda e: e.authorize(who("principal"), ALGEBRA, "edit"),
    "no-rule-acting": lambda e: e.authorize(TEACHER, ALGEBRA, "edit", acting_as=["staff"]),
    "no-rule-everything": lambda e: e.authorize(who("emergency_contact"), at("child_elementary")),
    "no-rule-not-listed": lambda e: e.authorize(who("teacher"), grade("child_high", "covered_class"), "edit"),
    "no-rule-not-rostered": lambda e: e.authorize(who("rostered_non_teacher"), at("mismatched_class"), "edit"),
    "no-rule-nowhere": lambda e: e.authorize(who("staff_nowhere"), ALGEBRA, "view"),
    "no-rule-owner": lambda e: e.authorize(who("co_teacher"), note("child_high", None), "edit"),
    "no-rule-wrong-school": lambda e: e.authorize(who("principal"), at("covered_class"), "view"),
    "no-rule-portal-only": lambda e: e.authorize(who("principal"), ALGEBRA, "support"),
    "no-rule-tech-lead-elsewhere": lambda e: e.authorize(who("tech_lead"), at("covered_class"), "support"),
    "no-rule-student-of-another-class": lambda e: e.authorize(who("child_elementary"), ALGEBRA, "view"),
    "no-rule-guardian-of-another-child": lambda e: e.authorize(who("guardian"), at("student_in_several"), "view"),
    "no-rule-emergency-contact": lambda e: e.authorize(who("emergency_contact"), at("child_elementary"), "view"),
    "no-rule-substitute-expired": lambda e: e.authorize(who("former_substitute"), at("covered_class"), "take_attendance"),
    "no-rule-unpublished": lambda e: e.authorize(who("guardian"), grade("child_high", "algebra_class", published=False), "view"),
    "no-role": lambda e: e.authorize(who("nobody"), ALGEBRA, "view"),
    "not-acting": lambda e: e.authorize(TEACHER, ALGEBRA, "edit", acting_as=["district_admin", "student"]),
    "not-acting-doubtful": lambda e: e.authorize(who("teaching_student"), at("middle"), "view", acting_as=["teacher"]),
    "not-acting-nothing": lambda e: e.authorize(TEACHER, ALGEBRA, "edit", acting_as=[]),
    "other-district": lambda e: e.authorize(who("other_teacher"), note("child_high", None), "view"),
    "subject-not-found": lambda e: e.authorize("ca5700000000000000000099", ALGEBRA, "view"),
    "subject-not-found-legacy": lambda e: e.authorize(LEGACY, ALGEBRA, "view"),
    "resource-not-found": lambda e: e.authorize(TEACHER, Resource("section", "5ec000000000000000000099"), "view"),
    "resource-not-found-loaded": lambda _: pdp(resources={"note": {}.get}).authorize(TEACHER, note("child_high"), "view"),
    "place-not-found": lambda e: e.authorize(TEACHER, Resource("assignment", "a1", {"section": "5ec099"}), "edit"),
    "place-not-found-apart": lambda e: e.authorize(TEACHER, grade("other_student", "algebra_class"), "view"),
    "indeterminate-stale": lambda _: pdp(clock=lambda: NOW + timedelta(hours=31), max_stale=timedelta(hours=24)).authorize(TEACHER, ALGEBRA, "edit"),
    "indeterminate": lambda _: with_end("31 October").authorize(TEACHER, ALGEBRA, "edit"),
    "indeterminate-everything": lambda _: with_end("31 October").authorize(TEACHER, ALGEBRA),
    "indeterminate-port": lambda _: pdp(assignments=lambda _: 1 / 0).authorize(TEACHER, ALGEBRA, "edit"),
}  # fmt: skip


def normalised(text: str) -> str:
    """Give a text without what differs from run to run, and with names for the ids of the cast."""
    text = text.replace(LEGACY, "<legacy id of multi_role_teacher>").replace(f"{POLICIES}/", "policies/")
    for name, cast in CAST.items():
        text = text.replace(cast.id, f"<{name}>")
    text = re.sub(r"decision [0-9a-f-]{36}", "decision …", text)
    return re.sub(r"sha256:[0-9a-f]+", "sha256:…", text)


@cache
def policy():
    return load_policy(POLICIES)


@cache
def told(name: str) -> tuple[Decision, Explanation]:
    """A case decided and explained, with what would change it."""
    decision = CASES[name](pdp())
    return decision, explain(decision, changes=counterfactuals(decision, table(), policy=policy(), roster=snapshot()))


@pytest.mark.parametrize(("shape", "ending"), [(render.text, "txt"), (render.markdown, "md")])
@pytest.mark.parametrize("name", CASES)
def test_an_explanation_reads_as_its_golden(name, shape, ending):
    """The golden of a case is what `rolecall explain` gives for it, with names in place of ids."""
    decision, said = told(name)
    text = normalised(shape(said)).rstrip("\n") + "\n"
    golden = GOLDENS / f"{name}.{ending}"
    if os.environ.get("ROLECALL_REGOLD"):
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")
    assert name.startswith(decision.code)


def test_every_reason_code_has_a_golden_and_no_golden_is_left_over():
    """A new code needs a case; a case that is gone leaves no file."""
    codes = {CASES[name](pdp()).code for name in CASES}
    assert codes == set(SENTENCES)
    assert {file.name for file in GOLDENS.iterdir()} == {
        f"{name}.{ending}" for name in CASES for ending in ("txt", "md")
    }


def sentences(value: object) -> Iterator[str]:
    """Give every text in JSON-ready data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from sentences(part)


@pytest.mark.parametrize("name", CASES)
def test_an_explanation_says_nothing_but_what_the_decision_holds(name):
    """Codes, rules and the permissions allowed and missing are the decision's own, and every permission is one or other."""
    decision, said = told(name)
    data = record(decision)
    assert (said.code, said.decision, said.policy) == (decision.code, decision.id, data["policy"])
    lines = (*said.allowed, *said.missing)
    every = set(decision.grounds.permissions[decision.resource.type]) if decision.cell.code == "table" else set()
    assert {line.permission for line in said.allowed} == decision.permissions
    assert {line.permission for line in lines} == every
    for line in lines:
        assert line.code == decision.code_of(line.permission)
        assert [one["rule"] for one in line.given_by] == [rule.id for rule in decision.given_by(line.permission)]
    known = set(sentences(data))
    assert {one["at"] for line in lines for one in line.given_by} | {rule.at for rule in said.rules} <= known


@pytest.mark.parametrize("name", CASES)
def test_sentences_are_sentences(name):
    """Each begins with a capital, ends with one stop, and has nothing twice or unfilled in it."""
    said = explain(CASES[name](pdp())).sentence
    assert said[0].isupper()
    assert re.search(r"[a-z`)0-9]\.$", said)
    assert not re.search(r"\.\.|  |\bNone\b|\*|: :|,,|\(\)", said)


def test_no_name_or_address_enters_an_explanation():
    """Ids only: names and e-mail addresses are for whoever is entitled to them."""
    people = [user for user in demo_district(users=100)["users"] if user["id"] == TEACHER]
    secret = {people[0]["name"]["last"], people[0]["email"]}
    for name in CASES:
        decision, said = told(name)
        text = render.text(said) + render.page(said) + str(record(decision))
        assert not any(word in text for word in secret)
