"""`rolecall prove`: claims about a policy, decided and told."""

import json
import os
from pathlib import Path

import pytest
import yaml
from demo import POLICIES
from jsonschema import Draft202012Validator
from shell import run

CASES = Path(__file__).parents[1] / "cases" / "prove"
REGOLD = os.environ.get("ROLECALL_REGOLD") == "1"


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    """No colour, and no policy but the one that is given."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("ROLECALL_POLICIES", raising=False)


def golden(file, said):
    """See that a text is the one that was agreed."""
    if REGOLD:
        file.write_text(said, "utf-8")
    assert said == file.read_text("utf-8")


@pytest.mark.parametrize(("form", "file"), [("text", "text.txt"), ("json", "data.json"), ("github", "github.txt")])
def test_the_texts_are_as_agreed(form, file, monkeypatch):
    """Each format of verdicts of every kind is the golden one, and the answer is no."""
    monkeypatch.chdir(CASES / "false")
    ran = run("prove", ".", "--format", form)
    assert (ran.code, ran.err) == (1, "")
    golden(Path(file), ran.out)


def test_mistakes_in_claims_are_told_all_at_once(monkeypatch):
    """Each with its place and a likely fix, and exit code 3."""
    monkeypatch.chdir(CASES / "refused")
    ran = run("prove", ".")
    assert (ran.code, ran.out) == (3, "")
    golden(Path("errors.txt"), ran.err)


def test_the_shipped_claims_are_proven_and_none_is_vacuous():
    """All of them, each over some cells of some type."""
    ran = run("prove", POLICIES, "--format", "json")
    assert ran.code == 0
    claims = json.loads(ran.out)["claims"]
    assert len(claims) >= 15
    assert {one["answer"] for one in claims} == {"proven"}
    assert all(sum(one["cells"].values()) for one in claims)
    assert {one["kind"] for one in claims} == {"never", "always", "same", "at-least", "separation", "monotone"}


def test_a_ready_test_fails_until_the_claim_holds(tmp_path, monkeypatch):
    """The tests that come with counterexamples are tests, and each of them fails."""
    monkeypatch.chdir(CASES / "false")
    found = json.loads(run("prove", ".", "--format", "json").out)["claims"]
    tests = [test for one in found if one["counterexample"] for test in one["counterexample"]["tests"]]
    assert len(tests) >= 4
    for number, test in enumerate(tests):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "policy.yaml").write_text(Path("policy.yaml").read_text("utf-8"), "utf-8")
        (folder / "tests.yaml").write_text(f"rolecall-tests: 1\ntests:\n{test}\n", "utf-8")
        ran = run("test", folder)
        assert (ran.code, ran.err) == (1, ""), test


def test_the_schema_knows_the_shipped_claims():
    """`rolecall schema --claims` is a JSON Schema, which the shipped file obeys."""
    schema = json.loads(run("schema", "--claims").out)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(yaml.safe_load((POLICIES / "claims.yaml").read_text("utf-8")))


def test_wrong_usage(tmp_path):
    """A folder without claims, a filter that leaves none, a path that is none."""
    (tmp_path / "p.yaml").write_text(
        "rolecall: 1\napplication: x\nresources: {school: {permissions: [view]}}\n", "utf-8"
    )
    for arguments, said in (
        ([tmp_path], "holds no claims"),
        ([POLICIES, "--filter", "no-such-claim"], "no claim in"),
        ([tmp_path / "none"], "there is no file or folder"),
    ):
        ran = run("prove", *arguments)
        assert ran.code == 2
        assert said in " ".join(ran.err.split())
