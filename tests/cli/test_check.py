"""`rolecall check`: what is wrong with a policy, and how large its table is."""

import json
import re

import pytest
from demo import POLICIES
from shell import run

GOOD = """\
rolecall: 1
application: x
resources: {section: {permissions: [view]}}
rules:
  - {id: r, because: Teachers see what they teach., when: {teacher: section}, min: all}
"""
UNUSED = GOOD + "permission_sets: {unused: {section: [view]}}\n"


@pytest.fixture
def policy(tmp_path):
    def written(text, name="p.yaml"):
        file = tmp_path / name
        file.write_text(text, "utf-8")
        return file

    return written


def test_the_shipped_policy_is_clean():
    """No error and no warning, strictly; the summary counts rules and reachable cells by type."""
    ran = run("check", "--strict", POLICIES)
    assert (ran.code, ran.err) == (0, "")
    assert f"{POLICIES}: 0 errors, 0 warnings," in ran.out
    assert "; 18 rules, " in ran.out
    for kind in ("district", "school", "section", "student", "assignment", "grade", "note"):
        assert f"\n  {kind} " in ran.out


@pytest.mark.parametrize(
    ("comment", "code"),
    [
        ("# rolecall: ignore unused-set - the next release hands it out", 0),
        ("# rolecall: ignore unused-set", 1),
        ("# rolecall: ignore dead-rule - the next release hands it out", 1),
    ],
)
def test_a_warning_that_a_comment_ignores_with_a_reason_is_passed_over(policy, comment, code):
    """As `rolecall lint` does, so that the hook and the workflow let it through; how many there are is said."""
    file = policy(f"{GOOD}permission_sets:\n  {comment}\n  unused: {{section: [view]}}\n")
    ran = run("check", "--strict", file)
    assert (ran.code, "warning[unused-set]" in ran.out) == (code, bool(code))
    assert ("0 notes, 1 warning passed over (`rolecall: ignore` in the policy says why)" in ran.out) == (not code)
    assert json.loads(run("check", "--format", "json", file).out)["passed_over"] == 1 - code


def test_the_path_is_policies_by_default(tmp_path, monkeypatch, policy):
    """`rolecall check` alone checks the folder `policies`, or what ROLECALL_POLICIES names."""
    policy(GOOD)
    monkeypatch.chdir(tmp_path)
    assert run("check").code == 2
    (tmp_path / "policies").symlink_to(POLICIES)
    assert "18 rules" in run("check").out
    monkeypatch.setenv("ROLECALL_POLICIES", "p.yaml")
    assert "p.yaml: 0 errors, 0 warnings, 0 notes; 1 rules" in run("check").out


def test_warnings_make_the_answer_no_only_with_strict(policy):
    """A warning is shown either way."""
    file = policy(UNUSED)
    for options, code in (((), 0), (("--strict",), 1)):
        ran = run("check", *options, file)
        assert (ran.code, ran.err) == (code, "")
        assert "warning[unused-set]: " in ran.out
        assert "0 errors, 1 warning, 0 notes" in ran.out


def test_errors_make_the_answer_no_and_show_no_table(policy):
    """Every error has its code, its place, its line and a caret; the exit code is 1."""
    file = policy(GOOD.replace("teacher: section", "techer: section"))
    ran = run("check", file)
    assert (ran.code, ran.err) == (1, "")
    assert re.search(
        rf"error\[unknown-name\]: there is no role `techer`\n +--> {re.escape(str(file))}:5:\d+\n", ran.out
    )
    assert re.search(r"\n5 \|   - \{id: r, .*\n +\| +\^{6}\n", ran.out)
    assert "= help: did you mean `teacher`?" in ran.out
    assert "1 error, 0 warnings, 0 notes" in ran.out
    assert "cells" not in ran.out


def test_a_program_gets_the_same_as_data(policy):
    """`--format json` gives the counts, the cells and every finding with its place and helps."""
    ran = run("check", "--format", "json", policy(GOOD.replace("min: all", "min: al")))
    data = json.loads(ran.out)
    assert (ran.code, data["schema"], data["digest"], data["cells"]) == (1, 1, None, {})
    assert data["counts"] == {"error": 1, "warning": 0, "note": 0}
    (finding,) = data["findings"]
    assert (finding["code"], finding["severity"], finding["line"]) == ("unknown-name", "error", 5)
    assert set(finding) == {"code", "severity", "message", "file", "line", "column", "details", "helps"}
    good = json.loads(run("check", "--format", "json", POLICIES).out)
    assert good["digest"].startswith("sha256:")
    assert (good["counts"]["error"], good["counts"]["warning"]) == (0, 0)
    assert set(good["cells"]) == {"district", "school", "section", "student", "assignment", "grade", "note"}


def test_every_error_of_every_file_is_shown_at_once(policy, tmp_path):
    """Sorted by file, then by line; one bad file hides no other."""
    policy(GOOD.replace("teacher: section", "techer: section"), "b.yaml")
    policy("rolecall: 1\nrules: 7\n", "a.yaml")
    out = run("check", tmp_path).out
    assert out.index("a.yaml:2") < out.index("b.yaml:5")


@pytest.mark.parametrize("text", ["", "# nothing\n", "[", "\t", "rolecall: 2\n", "other: 1\n", "rolecall: 1\n---\n"])
def test_what_is_no_policy_is_an_error_and_never_a_traceback(policy, text):
    """Whatever the file holds, there is a finding."""
    ran = run("check", policy(text))
    assert ran.code == 1
    assert "error[" in ran.out


def test_a_path_that_is_not_there_is_wrong_usage(tmp_path):
    """The exit code tells a typo in the path from an error in the policy."""
    ran = run("check", tmp_path / "none")
    assert (ran.code, ran.out) == (2, "")
    assert "there is no file or folder" in ran.err


def test_a_format_that_there_is_not_is_wrong_usage():
    """The formats are named."""
    ran = run("check", "--format", "xml", POLICIES)
    assert (ran.code, ran.out) == (2, "")
    assert "'text', 'json'" in ran.err
