"""`rolecall test`: how tests come out, in every format, and what the exit code says."""

import json
import os
import shutil
import threading
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import uptime
import yaml
from demo import POLICIES
from rolecall_cli import covering, watching
from shell import process, run

CASES = Path(__file__).parents[1] / "cases" / "grids"
GOLDEN = {
    "text.txt": (),
    "strict.txt": ("--strict",),
    "json.json": ("--format", "json", "--coverage"),
    "junit.xml": ("--format", "junit"),
    "github.txt": ("--format", "github"),
    "tap.txt": ("--format", "tap"),
    "coverage.txt": ("--coverage", "--missing", "2"),
}
GOOD = "rolecall-tests: 1\ntests:\n  - test: it\n    people: {ann: {teacher: section}}\n    on: section\n    grid: {ann: {edit: yes}}\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder of one's own, with the small policy and its tests."""
    shutil.copytree(CASES / "policy", tmp_path / "policy")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ROLECALL_POLICIES", raising=False)
    return tmp_path


def golden(name, text):
    """Hold a text against the one that is kept; with ROLECALL_REGOLD set, keep it."""
    file = CASES / name
    if os.environ.get("ROLECALL_REGOLD"):
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


@pytest.mark.parametrize("name", GOLDEN)
def test_each_format_is_as_it_is_kept(here, name):
    """Failures in every shape: a grid, a list, an unexpected reason; sentences with marks of every format in them."""
    assert here.is_dir()
    ran = run("test", "policy", *GOLDEN[name])
    assert ran.code == 1
    golden(name, ran.out + ran.err)


def test_one_file_that_uses_the_people_of_another_says_how_to_run_it():
    """Its folder has to be read; `--filter` then leaves the others out."""
    ran = run("test", POLICIES, "--tests", POLICIES / "tests" / "places.yaml")
    assert ran.code == 2
    assert ran.err.endswith(
        "note: what other files name is known where the folder is read, not one file: --filter takes a file's name\n"
    )
    assert " tests, 0 failed; " in run("test", POLICIES, "--filter", "places.yaml").out


def test_programs_can_read_the_formats(here):
    """JSON, XML and TAP's YAML are well-formed, and say the same."""
    assert here.is_dir()
    data = json.loads(run("test", "policy", "--format", "json").out)
    suite = ET.fromstring(run("test", "policy", "--format", "junit").out)  # noqa: S314 - as above
    failed = [one for one in data["tests"] if not one["passed"]]
    assert len(suite.findall(".//failure")) == len(failed) == data["counts"]["failed"] == int(suite.get("failures"))
    assert [one.get("name") for one in suite.iter("testcase")] == [one["test"] for one in data["tests"]]
    tap = run("test", "policy", "--format", "tap").out
    blocks = [yaml.safe_load(part.partition("  ...")[0]) for part in tap.split("  ---\n")[1:]]
    assert [len(one["wrong"]) for one in blocks] == [len(one["failures"]) for one in failed]
    notes = [line for line in run("test", "policy", "--format", "github").out.splitlines() if line.startswith("::")]
    assert len(notes) == data["counts"]["wrong"]


def test_lines_of_the_policy_are_covered(here):
    """LCOV and Cobertura's XML are as they are kept, and count the same lines."""
    run("test", "policy", "--lcov", "lcov.info", "--cobertura", "cobertura.xml")
    lcov, xml = ((here / name).read_text("utf-8") for name in ("lcov.info", "cobertura.xml"))
    golden("lcov.info", lcov)
    golden("cobertura.xml", xml)
    found = ET.fromstring(xml)  # noqa: S314 - as above
    hits = {int(line.get("number")): int(line.get("hits")) for line in found.iter("line")}
    assert hits == {
        int(n): int(h) for n, h in (row[3:].split(",") for row in lcov.splitlines() if row.startswith("DA:"))
    }
    assert found.get("lines-valid") == str(len(hits))


def test_too_little_coverage_is_a_failure(here):
    """The threshold says how much is asked for, and standard error how much there is."""
    (here / "policy" / "tests.yaml").write_text(GOOD.replace("{edit: yes}", "[view, edit]"))
    assert run("test", "policy", "--fail-under", "5").code == 0
    ran = run("test", "policy", "--fail-under", "99")
    assert ran.code == 1
    assert "less than the 99 % asked for" in ran.err


def test_a_type_too_large_to_walk_is_said_not_to_be_decided(here, monkeypatch):
    """Its cells are counted, its situations are not, and no threshold is met."""
    monkeypatch.setattr("rolecall.analysis.coverage.LIMIT", 0)
    (here / "policy" / "tests.yaml").write_text(GOOD)
    ran = run("test", "policy", "--fail-under", "0")
    assert ran.code == 1
    assert "too many to walk" in ran.out
    assert "not decided" in ran.out + ran.err


def test_passing_tests_are_told_in_a_line(here):
    """And the exit code is 0."""
    (here / "policy" / "tests.yaml").write_text(GOOD)
    ran = run("test", "policy")
    assert (ran.code, ran.out, ran.err) == (0, "1 test, 0 failed; 1 answer asserted, 0 wrong\n", "")


def test_tests_may_be_in_another_folder(here):
    """Or in one file; the policy is the folder `policies` where none is named."""
    (here / "t.yaml").write_text(GOOD)
    (here / "policies").symlink_to(POLICIES)
    assert run("test", "policy", "--tests", "t.yaml").code == 0
    assert run("test", "--tests", "t.yaml").code == 0


def test_words_choose_tests(here):
    """Where none has them, nothing was tested, and that is no success."""
    assert here.is_dir()
    assert run("test", "policy", "--filter", "FAMILIES").code == 0
    ran = run("test", "policy", "--filter", "no such words")
    assert (ran.code, ran.out) == (2, "")
    assert "no test has these words" in ran.err


def test_no_tests_are_no_success(here):
    """A folder without tests, or a path that is not there, is wrong usage."""
    (here / "policy" / "tests.yaml").unlink()
    assert run("test", "policy").code == 2
    assert run("test", "policy", "--tests", "none").code == 2


def test_malformed_tests_are_not_failed_tests(here):
    """Every mistake is on standard error with its place; the exit code is 2."""
    (here / "policy" / "tests.yaml").write_text(GOOD.replace("ann: {teacher", "ann: {techer"))
    ran = run("test", "policy")
    assert (ran.code, ran.out) == (2, "")
    assert "did you mean `teacher`?" in ran.err
    assert "the tests have 1 error" in ran.err


def test_an_invalid_policy_is_told_as_such(here):
    """The exit code is 3."""
    (here / "policy" / "policy.yaml").write_text("rolecall: 1\n")
    assert run("test", "policy").code == 3


def test_strict_asks_for_names_that_no_test_uses(here):
    """They were meant for something."""
    text = GOOD.replace("\ntests:", "\npeople: {zoe: {staff: school}}\ntests:").replace("{edit: yes}", "[edit, view]")
    (here / "policy" / "tests.yaml").write_text(text)
    ran = run("test", "policy", "--strict")
    assert ran.code == 1
    assert "`zoe` is named, and no test uses it" in ran.err
    assert run("test", "policy").code == 0


def test_the_shipped_tests_pass_strictly():
    """Nothing that they could say is left unsaid, and every rule is seen from both sides."""
    ran = run("test", "--strict", "--coverage", POLICIES)
    assert (ran.code, ran.err) == (0, "")
    assert "83 of 83 sides of rules seen" in ran.out


def test_the_schema_of_tests_can_be_had():
    """By `schema --tests`."""
    assert json.loads(run("schema", "--tests").out)["$id"] == "urn:rolecall:tests:1"


def test_watching_tests_again_when_a_file_is_saved(here):
    """A change of content, a new file and a file that is gone are changes; nothing else is."""
    looks = watching.changes(lambda: [here], pause=lambda _: None)
    next(looks)
    for change in (
        lambda: (here / "policy" / "new.yaml").write_text("x"),
        lambda: (here / "policy" / "new.yaml").write_text("more"),
        (here / "policy" / "new.yaml").unlink,
    ):
        timer = threading.Timer(0.05, change)
        timer.start()
        next(looks)
        timer.join()


def test_watching_goes_on_after_a_mistake(here, monkeypatch):
    """A policy that is invalid for a moment is told, and tested again once it is mended."""
    (here / "policy" / "tests.yaml").write_text(GOOD)
    good = (here / "policy" / "policy.yaml").read_text()

    def looks(_):
        yield
        (here / "policy" / "policy.yaml").write_text("rolecall: 1\nrules: 7\n")
        yield
        (here / "policy" / "policy.yaml").write_text(good)
        yield

    monkeypatch.setattr(watching, "changes", looks)
    ran = run("test", "policy", "--watch")
    assert ran.code == 0
    assert ran.out.count("1 test, 0 failed") == 2
    assert "`rules` is a number" in ran.out


def test_it_is_quick():
    """From the shell, the shipped policy's tests take no longer than a person waits for."""
    start = uptime.seconds()
    assert process("test", POLICIES).code == 0
    assert uptime.seconds() - start < 10  # about half a second on a machine that does nothing else


def test_covered_lines_are_those_of_the_rules():
    """Each rule's line and each bound's, in the file in which they are written."""
    from rolecall.analysis.coverage import measure  # noqa: PLC0415 - only here
    from rolecall.compiler import load_table  # noqa: PLC0415
    from rolecall.loader import load_policy  # noqa: PLC0415

    policy = load_policy(CASES / "policy")
    found = covering.lines(measure(load_table(policy), {}), policy)
    (numbers,) = (found[source.name] for source in policy.sources)
    assert {one.origin.line for one in policy.rules} <= set(numbers)
    assert all(line.hits == 0 for line in numbers.values())
