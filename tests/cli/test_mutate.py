"""`rolecall mutate`: the edits that no test would notice."""

import json
import shutil
from pathlib import Path

import pytest
from cli.test_test import GOOD, golden
from demo import POLICIES
from rolecall_cli.main import app
from shell import run
from typer.testing import CliRunner

CASES = Path(__file__).parents[1] / "cases" / "grids"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder of one's own, with the small policy, and one test that passes."""
    shutil.copytree(CASES / "policy", tmp_path / "policy")
    (tmp_path / "policy" / "tests.yaml").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_shipped_tests_notice_every_change():
    """Every mutant that means something else is noticed: none of them survives."""
    ran = run("mutate", POLICIES, "--format", "json")
    data = json.loads(ran.out)
    assert (ran.code, data["survivors"], data["percent"]) == (0, [], 100.0)
    assert data["counts"]["killed"] > 300


def test_a_survivor_is_shown_as_the_edit_that_nobody_would_notice(here):
    """Its place, the line before and after, what it would do, and a test that would tell."""
    assert here.is_dir()
    ran = run("mutate", "policy", "--filter", "staff-view", "--most", "6")
    assert ran.code == 1
    golden("mutate.txt", ran.out + ran.err)


def test_the_test_that_is_offered_notices(here):
    """Pasted, it passes today, and the change is noticed."""
    for family in ("drop-rule", "other-scope", "drop-permission", "add-permission", "drop-for", "everyone"):
        out = run("mutate", "policy", "--filter", family, "--most", "1").out
        if "This test would notice:" in out:
            offered = out.partition("This test would notice:\n")[2].partition("\n\n")[0]
            before = json.loads(run("mutate", "policy", "--filter", family, "--format", "json").out)["survivors"]
            (here / "policy" / "more.yaml").write_text(f"rolecall-tests: 1\ntests:\n{offered}\n")
            assert run("test", "policy").code == 0
            after = json.loads(run("mutate", "policy", "--filter", family, "--format", "json").out)["survivors"]
            assert before[0] not in after
            assert len(after) < len(before)


def test_a_test_that_fails_says_nothing_of_changes(here):
    """It has to be mended first."""
    (here / "policy" / "tests.yaml").write_text(GOOD.replace("yes", "no"))
    ran = run("mutate", "policy")
    assert (ran.code, ran.out) == (1, "")
    assert "a test fails" in ran.err


def test_malformed_tests_are_wrong_usage(here):
    """As with `rolecall test`."""
    (here / "policy" / "tests.yaml").write_text("rolecall-tests: 2\n")
    assert run("mutate", "policy").code == 2


def test_what_cannot_be_decided_is_said_and_no_success(here, monkeypatch):
    """A policy too entangled counts against the score."""
    from rolecall.analysis.diagrams import TooLargeError  # noqa: PLC0415 - only here

    def refuse(*_):
        raise TooLargeError

    assert here.is_dir()
    monkeypatch.setattr("rolecall.analysis.mutation.same_meaning", refuse)
    ran = run("mutate", "policy", "--filter", "staff-view")
    assert ran.code == 1
    assert "not decided" in ran.out


@pytest.mark.parametrize("name", ["test", "mutate"])
def test_help_has_a_sentence_for_each_option(name):
    """As every command's has."""
    result = CliRunner().invoke(app, [name, "--help"])
    assert result.exit_code == 0
    assert "--filter" in result.output
