"""Where people work: the workflow, the hooks and the editor's settings that the pages show do what is said of them."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from demo import POLICIES
from rolecall.loader import schema
from rolecall_cli.main import app
from shell import run
from test_docs import blocks
from typer.main import get_command

ROOT = Path(__file__).parents[1]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
WHO = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "init.defaultBranch=main"]


def shown(name):
    """The file of that name, as a page shows it."""
    (block,) = (block for block in blocks("yaml", "json") if block.said == name)
    return block.text


def git(folder, *arguments):
    """Run git as nobody in particular."""
    subprocess.run(["git", *WHO, *arguments], cwd=folder, check=True, capture_output=True)


def workflow():
    """The workflow, read; `on` is the text that YAML 1.2 takes it for."""
    return yaml.load(shown(".github/workflows/policy.yaml"), yaml.BaseLoader)  # noqa: S506 - texts only, as GitHub reads `on`


def steps():
    """The commands of the workflow by the step's name."""
    return {step["name"]: step for step in workflow()["jobs"]["policy"]["steps"] if "run" in step}


@pytest.fixture
def repository(tmp_path):
    """The shipped policy in git, with a clone's view of the base: a branch that is open, and `origin/main`."""
    folder = tmp_path / "repository"
    shutil.copytree(POLICIES, folder / "policies")
    git(tmp_path, "init", str(folder))
    git(folder, "add", ".")
    git(folder, "commit", "-m", "base")
    git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(folder, "checkout", "-b", "edit")
    return folder


def ran(folder, step, *, pipefail=True, **environment):
    """Run a step as the runner does: bash, any failure ends it; that of a pipe's beginning only where asked for."""
    variables = {key: value for key, value in os.environ.items() if not key.startswith("ROLECALL_")}
    variables |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "BASE": "origin/main",
        "GITHUB_STEP_SUMMARY": str(folder.parent / "summary.md"),
        "NO_COLOR": "1",
        **environment,
    }
    command = ["bash", "--noprofile", "--norc", "-e", *(("-o", "pipefail") if pipefail else ()), "-c"]
    command += [steps()[step]["run"]]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


def edit(folder, old, new):
    """Commit an edit of the policy on the branch."""
    file = folder / "policies" / "educators.yaml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    git(folder, "commit", "-am", "edit")


def test_the_workflow_is_one():
    """It has what GitHub asks for, only the rights that it needs, and runs what it is said to run, in that order."""
    found = workflow()
    assert {"name", "on", "permissions", "jobs"} == set(found)
    assert found["permissions"] == {"contents": "read", "pull-requests": "write"}
    assert found["on"] == {"pull_request": {"paths": ["policies/**"]}}
    assert list(steps()) == ["install", "check", "test", "prove", "diff", "comment", "gate"]
    assert found["jobs"]["policy"]["concurrency"]["cancel-in-progress"] == "true"  # or an older run has the last word
    for step in steps().values():
        assert "${{" not in step["run"]  # whatever somebody calls a branch is never part of a command
    commands = get_command(app).commands
    for word in re.findall(
        r"rolecall (\w+)", " ".join(step["run"] for name, step in steps().items() if name != "install")
    ):
        assert word in commands


@pytest.mark.full
def test_the_workflow_lets_a_refactoring_through(repository):
    """Every step is content, and the comment says that nothing changes."""
    edit(repository, "# `min` gives", "# a remark\n# `min` gives")
    for name in ("check", "test", "prove", "diff", "gate"):
        done = ran(repository, name)
        assert done.returncode == 0, (name, done.stdout, done.stderr)
    assert "### Policy: no change in meaning" in (repository / "comment.md").read_text("utf-8")
    assert (repository.parent / "summary.md").read_text("utf-8") == (repository / "comment.md").read_text("utf-8")


def test_the_workflow_stops_what_is_not_meant(repository):
    """A wider rule fails a test, a claim and the gate; the comment says what it means."""
    edit(repository, "when: {SchoolTechLead: school}", "when: {staff: school}")
    codes = {name: ran(repository, name).returncode for name in ("check", "test", "prove", "diff", "gate")}
    assert codes == {"check": 0, "test": 1, "prove": 1, "diff": 0, "gate": 1}
    assert "**+** gained | `student.reset_login`" in (repository / "comment.md").read_text("utf-8")


@pytest.mark.full
def test_the_workflow_tells_of_a_broken_policy(repository):
    """The check says why; the comment says that there is nothing to compare."""
    edit(repository, "when: {staff: school}", "when: {stuff: school}")
    codes = {name: ran(repository, name).returncode for name in ("check", "diff")}
    assert codes == {"check": 1, "diff": 0}
    assert (repository / "comment.md").read_text("utf-8").startswith("<!-- rolecall-diff -->\nThe policy, or ")


def test_the_workflow_comments_once(repository, tmp_path):
    """Where there is a comment of its own it is replaced; where there is none, or another's, one is made."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "gh").write_text('#!/bin/sh\necho "$*" >> "$LOG"\ncase "$*" in *--paginate*) cat "$FOUND";; esac\n')
    (bin_ / "gh").chmod(0o755)
    (repository / "comment.md").write_text("<!-- rolecall-diff -->\n")
    for found, expected in (("", "api repos/o/r/issues/7/comments -F body=@comment.md"),
                            ("41\n42\n", "api --method PATCH repos/o/r/issues/comments/41 -F body=@comment.md")):  # fmt: skip
        (tmp_path / "found").write_text(found)
        (tmp_path / "log").write_text("")
        done = ran(repository, "comment", PATH=f"{bin_}{os.pathsep}{os.environ['PATH']}", LOG=str(tmp_path / "log"),
                   FOUND=str(tmp_path / "found"), GITHUB_REPOSITORY="o/r", PULL="7")  # fmt: skip
        assert done.returncode == 0, done.stderr
        first, second = (tmp_path / "log").read_text("utf-8").splitlines()
        assert first.startswith("api --paginate repos/o/r/issues/7/comments --jq ")
        assert second == expected
    (bin_ / "gh").write_text('#!/bin/sh\necho "$*" >> "$LOG"\nexit 1\n')
    (tmp_path / "log").write_text("")
    done = ran(repository, "comment", pipefail=False, PATH=f"{bin_}{os.pathsep}{os.environ['PATH']}",
               LOG=str(tmp_path / "log"), GITHUB_REPOSITORY="o/r", PULL="7")  # fmt: skip
    assert done.returncode == 1  # where GitHub does not say what comments there are, there is no second one
    assert len((tmp_path / "log").read_text("utf-8").splitlines()) == 1
    markdown = run("diff", POLICIES, POLICIES, "--format", "markdown").out
    assert markdown.startswith("<!-- rolecall-diff -->\n")
    assert 'startswith("<!-- rolecall-diff -->")' in steps()["comment"]["run"]


def test_each_hook_is_a_command():
    """With options that it has; the page names every hook, and no other."""
    commands = get_command(app).commands
    for hook in HOOKS:
        program, name, *options = hook["entry"].split(" ")
        assert program == "rolecall"
        assert set(options) <= {option for one in commands[name].params for option in one.opts}
        assert hook["id"] == f"rolecall-{name}"
        assert re.search(hook["files"], "policies/deep/rules.yaml")
        assert not re.search(hook["files"], "src/policies.yaml")
        assert run(*hook["entry"].split(" ")[1:], POLICIES).code == 0
    (repo,) = yaml.safe_load(shown(".pre-commit-config.yaml"))["repos"]
    assert [one["id"] for one in repo["hooks"]] == [hook["id"] for hook in HOOKS]


def pre_commit(folder, *arguments):
    """Run pre-commit, its store in a folder of its own."""
    variables = {**os.environ, "PRE_COMMIT_HOME": str(folder.parent / "store"), "NO_COLOR": "1"}
    variables |= {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    command = [sys.executable, "-m", "pre_commit", *arguments]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


needs_pre_commit = pytest.mark.skipif(find_spec("pre_commit") is None, reason="pre-commit is not installed")


@needs_pre_commit
def test_pre_commit_reads_the_hooks(repository):
    """Its own validators have nothing against the file, and the configuration on the page."""
    assert pre_commit(repository, "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml")).returncode == 0
    config = repository / ".pre-commit-config.yaml"
    config.write_text(shown(".pre-commit-config.yaml"), "utf-8")
    assert pre_commit(repository, "validate-config", str(config)).returncode == 0


@needs_pre_commit
@pytest.mark.full
def test_pre_commit_runs_the_hooks(repository, tmp_path):
    """As it does for anybody: it clones rolecall, installs it, and runs each hook; a wrong policy is not committed."""
    checkout = tmp_path / "rolecall"
    shutil.copytree(
        ROOT,
        checkout,
        ignore=shutil.ignore_patterns(".*_cache", ".venv", ".git", "tests", "__pycache__", ".hypothesis"),
    )
    git(tmp_path, "init", str(checkout))
    git(checkout, "add", "-f", ".")
    git(checkout, "commit", "-m", "one")
    git(checkout, "tag", "v0.1.0")
    (repository / ".pre-commit-config.yaml").write_text(
        shown(".pre-commit-config.yaml").replace("https://github.com/your-organisation/rolecall", str(checkout)),
        "utf-8",
    )
    git(repository, "add", ".")
    done = pre_commit(repository, "run", "--all-files")
    if "InstallationError" in done.stdout or "pip" in done.stderr:
        pytest.skip("no packages can be installed here")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Passed") == len(HOOKS)
    edit(repository, "when: {SchoolTechLead: school}", "when: {staff: school}")
    done = pre_commit(repository, "run", "--all-files")
    assert done.returncode == 1
    assert [done.stdout.count(one) for one in ("Passed", "Failed")] == [2, 3]


def test_the_editor_finds_the_schemas(tmp_path, monkeypatch):
    """Each pattern of the settings matches a file that `rolecall new` writes, with the schema of such files beside it."""
    monkeypatch.chdir(tmp_path)
    assert run("new", "--yes").code == 0
    settings = json.loads(shown(".vscode/settings.json"))
    matched = set()
    for name, patterns in settings["yaml.schemas"].items():
        found = json.loads(Path(name).read_text("utf-8"))
        for pattern in [patterns] if isinstance(patterns, str) else patterns:
            files = [*Path().glob(pattern)]
            assert files, pattern
            for file in files:
                key = next(iter(yaml.load(file.read_text("utf-8"), yaml.BaseLoader)))  # noqa: S506 - the first key only
                assert found == schema({"rolecall": "policy-1"}.get(key, f"{key.removeprefix('rolecall-')}-1"))
                matched.add(file)
    assert matched == {*Path("policies").rglob("*.yaml")}
    assert json.loads(shown(".vscode/extensions.json")) == {"recommendations": ["redhat.vscode-yaml"]}
