"""The README's tour works as written, command by command, and shows what is printed."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from rolecall.loader import read_policy
from rolecall.testing import demo_district
from rolecall_cli.main import app
from typer.main import get_command

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
TOUR = re.findall(
    r"^```(\w+)\n(.*?)^```$", README.split("## Five minutes")[1].split("\n## ")[0], re.MULTILINE | re.DOTALL
)


@pytest.fixture
def shell(tmp_path):
    """A shell in a copy of the checkout, with the virtual environment active."""
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ROLECALL_")}

    def typed(commands):
        return subprocess.run(
            ["bash", "-c", commands],
            cwd=tmp_path,
            env={**environment, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )

    return typed


def test_the_two_set_up_lines_are_the_first_blocks():
    """Each is one line that makes the environment, installs, and does what the sentence above it says."""
    first, second = (text for kind, text in BLOCKS[:2] if kind == "console")
    assert first.startswith("python3 -m venv .venv && .venv/bin/pip install")
    assert first.endswith("rolecall demo\n")
    assert second.endswith("pytest -q -n auto\n")
    assert (first.count("\n"), second.count("\n")) == (1, 1)


def test_the_tour_works_as_written(shell):
    """Every command ends as the text says, and every block of output is what is printed."""
    said = []
    for number, (kind, text) in enumerate(TOUR):
        if kind == "console":
            ran = shell(text)
            said.append(ran)
            shows = TOUR[number + 1 : number + 2]
            refused = bool(shows) and shows[0][0] == "text"
            assert ran.returncode == (1 if refused else 0), ran.stderr
            assert "Traceback" not in ran.stderr
        else:
            assert kind == "text"
            assert text in said[-1].stdout
    principal, typo, promise, wider = said
    assert "has view and report permissions for section" in principal.stdout
    assert "rule `administrators-view-their-schools` gives view and report" in principal.stdout
    assert "  edit: no rule gives it to the roles held here" in principal.stdout
    assert (typo.stdout.count("error["), promise.stdout.count("error[")) == (1, 1)
    assert "note[allowed-cut]" in wider.stdout
    assert "mine: 0 errors, 0 warnings" in wider.stdout
    assert "has edit permission for section" in wider.stdout


def test_every_command_in_the_table_is_one():
    """The table has each command and no other, with options that it has."""
    rows = re.findall(r"^\| `rolecall (\w+)(.*?)` \| (.*?) \|$", README, re.MULTILINE)
    commands = get_command(app).commands
    assert {name for name, _, _ in rows} == set(commands)
    for name, usage, text in rows:
        known = {option for parameter in commands[name].params for option in parameter.opts}
        assert set(re.findall(r"--[a-z]+", usage + text)) <= known


def test_the_example_in_python_runs(tmp_path, monkeypatch):
    """Over the demo district and the shipped policy, the block runs as it stands."""
    (code,) = (text for kind, text in BLOCKS if kind == "python")
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    (tmp_path / "demo.json").write_text(json.dumps(demo_district()))
    scope = {}
    exec(code, scope)  # noqa: S102 - the README's own code
    assert scope["decision"].permissions == {"view", "report", "edit", "take_attendance"}
    for name in re.findall(r"decision\.(\w+)|, \.(\w+)", code):
        assert hasattr(scope["decision"], "".join(name))


def test_the_rules_shown_are_rules(tmp_path):
    """The fragment of a policy loads beside the shipped one, but for what the shipped one says about the same cell."""
    (fragment,) = (text for kind, text in BLOCKS if kind == "yaml")
    shown = yaml.safe_load(fragment)["rules"]
    shipped = {rule["id"]: rule for rule in yaml.safe_load((ROOT / "policies/educators.yaml").read_text())["rules"]}
    assert shown[0]["id"] in shipped
    sets = "permission_sets:\n  editor: {section: [edit]}\n  no-grades: {include: [all], except: {grade: [view]}}\n"
    types = "resources:\n  section: {permissions: {view: , edit: {implies: [view]}}}\n  grade: {within: [student, section], permissions: [view]}\n"
    (tmp_path / "p.yaml").write_text(f"rolecall: 1\napplication: x\n{types}{sets}{fragment}")
    policy, findings = read_policy(tmp_path)
    assert [one.render() for one in findings] == []
    assert [rule.id for rule in policy.rules] == [rule["id"] for rule in shown]


def test_every_path_in_the_readme_is_there():
    """Links, and the files and folders that the house and the recipes name."""
    links = set(re.findall(r"\]\(([\w./]+)\)", README))
    named = set(re.findall(r"`((?:engine|cli|tests|docs|policies|\.ci)/[\w./]*)[`/]", README))
    assert links
    assert {one for one in links | named if not (ROOT / one).exists()} == set()


def test_commands_are_not_quoted_away():
    """Each line of the tour is a command that a shell can read."""
    for kind, text in TOUR:
        for line in text.splitlines() if kind == "console" else ():
            assert shlex.split(line)[0] in {"rolecall", "cp", "sed"}
