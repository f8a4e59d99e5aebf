"""`rolecall demo`: real decisions about a made-up district, and the district itself to try things on."""

import json
import re

import pytest
from rolecall import Snapshot
from rolecall.testing import CAST, demo_district
from rolecall_cli.commands.demo import SCENES
from shell import facts, process, run


def test_each_scene_is_a_question_an_answer_and_the_rule_behind_it():
    """Every scene of the demo is decided, and both answers occur."""
    ran = run("demo")
    assert (ran.code, ran.err) == (0, "")
    title, *scenes, go_on = ran.out.split("\n\n")
    assert title.startswith("Oakvale, a made-up district, on 2026-10-14, under the policy in ")
    assert len(scenes) == len(SCENES)
    assert go_on.startswith("Go on\n")
    for scene, text in zip(SCENES, scenes, strict=True):
        question, answer, *rest = text.splitlines()
        assert question.startswith(f"Has the {scene.who.replace('_', ' ')}")
        assert f"`{scene.permission}` permission for the {scene.kind} “{scene.place.replace('_', ' ')}”?" in question
        assert re.match(r"  (Yes|No)\. [A-Z].*[.!?]$", answer)
        assert f"  {scene.who.replace('_', ' ')}: {CAST[scene.who].says}" in rest
    assert {text.splitlines()[1][:5] for text in scenes} == {"  Yes", "  No."}


def test_the_commands_it_ends_with_work(tmp_path, monkeypatch):
    """Whoever goes on as told sees something."""
    monkeypatch.chdir(tmp_path)
    commands = run("demo").out.split("Go on\n")[1].replace("\\\n", " ").strip().splitlines()
    for line in commands:
        words = re.split(r"   +", line.strip(), maxsplit=1)[0] if "--write" in line else line
        ran = run(*words.split()[1:], *(() if "--write" in line else facts()[:2]))
        assert ran.code == 0, ran.err


@pytest.mark.parametrize("name", ["demo.json", "demo.jsonl"])
def test_the_district_is_written_as_a_snapshot(tmp_path, name):
    """As one object or as lines, by the file's name; it loads, and holds as many people as asked for."""
    ran = run("demo", "--write", tmp_path / name, "--users", 120)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == f"wrote a district of 120 people to {tmp_path / name}\n"
    found = Snapshot.load(tmp_path / name)
    assert (len(found.users), found.reports) == (120, ())
    if name == "demo.json":
        assert json.loads((tmp_path / name).read_text()) == demo_district(users=120)


def test_requests_about_it_are_written_and_can_be_decided(tmp_path):
    """Each line is a valid request about the district that goes with it."""
    file, district = tmp_path / "requests.jsonl", tmp_path / "demo.json"
    assert run("demo", "--write", district, "--requests", file, "--count", 50).code == 0
    ran = run("decide", *facts(district), file)
    assert (ran.code, len(ran.out.splitlines()), ran.err) == (0, 50, "")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--users", 99), "greater than or equal to 100|x>=100"),
        (("--count", 0), "greater than or equal to 1|x>=1"),
        (("--write", "none/demo.json"), "cannot write `none/demo.json`: No such file or directory"),
        (("--write", "none/demo.jsonl"), "cannot write `none/demo.jsonl`: No such file or directory"),
        (("--requests", "."), "cannot write `.`: Is a directory"),
    ],
)
def test_wrong_usage_is_2_and_never_a_traceback(tmp_path, monkeypatch, options, said):
    """What cannot be made or written says why."""
    monkeypatch.chdir(tmp_path)
    ran = run("demo", *options)
    assert (ran.code, ran.out) == (2, "")
    assert re.search(said, ran.err)


def test_it_works_anywhere(tmp_path):
    """The demo needs no file: not a policy, not a snapshot."""
    ran = process("demo", cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.count("\n  Yes. ") + ran.out.count("\n  No. ") == len(SCENES)
