"""The `rolecall` command as a whole: help, streams, colour, pipes, and how it fails."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from demo import who
from rolecall.testing import demo_district
from rolecall_cli import main
from rolecall_cli.main import app
from shell import demo_file, facts, process, run
from typer.testing import CliRunner

COMMANDS = [
    "check", "test", "mutate", "decide", "explain", "permissions", "history", "assign", "unassign", "doctor", "demo", "schema",
]  # fmt: skip
EXPLAIN = ("explain", *facts(), "--user", who("teacher"), "--resource", f"section:{who('covered_class')}")


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_lists_every_command_and_the_exit_codes(option):
    """Each command has its first sentence, and the codes are told."""
    ran = run(option)
    assert (ran.code, ran.err) == (0, "")
    assert "0 done; 1 the answer is no; 2 wrong usage; 3 the policy is" in ran.out
    for name in COMMANDS:
        assert f"\n  {name}  " in ran.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name):
    """A sentence about it, and every option with one of its own."""
    result = CliRunner().invoke(app, [name, "--help"])
    assert result.exit_code == 0
    assert f"Usage: rolecall {name} [OPTIONS]" in result.output
    options = result.output.split("Options:")[1].splitlines()
    assert all(len(line.split("  ")) > 2 or line.startswith("      ") for line in options if line.strip())


def test_help_loads_nothing_heavy():
    """`--help` is quick: neither the YAML reader nor the schema validator is imported for it."""
    code = (
        "import sys; sys.argv = ['rolecall', '--help']\n"
        "from rolecall_cli.main import main\n"
        "try: main()\n"
        "finally: print(*sorted({one.partition('.')[0] for one in sys.modules}), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"yaml", "jsonschema", "jsonschema_rs", "rolecall"} & set(done.stderr.split())


def test_no_command_and_unknown_ones_are_wrong_usage():
    """Help is shown, or the likely typo named; the exit code is 2."""
    ran = process()
    assert ran.code == 2
    assert "Usage: " in ran.out + ran.err
    ran = process("explian")
    assert (ran.code, ran.out) == (2, "")
    assert "No such command 'explian'" in ran.err


def test_the_module_and_the_script_are_the_same():
    """`python -m rolecall_cli` is `rolecall`."""
    script = Path(sys.executable).parent / "rolecall"
    done = subprocess.run([script, "schema"], capture_output=True, text=True, check=True)
    assert done.stdout == process("schema").out


def on_a_terminal(*arguments, **environment):
    """What a command writes to a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "rolecall_cli", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", **environment},
    ) as running:
        os.close(theirs)
        seen = b""
        while True:
            try:
                more = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not more:
                break
            seen += more
        running.wait(30)
    os.close(ours)
    return seen.decode().replace("\r\n", "\n")


def test_colour_is_for_terminals_that_want_it(monkeypatch):
    """On a terminal the answer is green; with NO_COLOR, a dumb terminal or a pipe there is none."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    colourful = on_a_terminal(*EXPLAIN)
    assert colourful.startswith(f"\x1b[32mUser {who('teacher')} has view, edit and take_attendance permissions")
    plain = [on_a_terminal(*EXPLAIN, NO_COLOR="1"), on_a_terminal(*EXPLAIN, TERM="dumb"), run(*EXPLAIN).out]
    assert not any("\x1b" in text for text in plain)


def test_a_progress_bar_is_only_for_a_terminal(tmp_path):
    """On a terminal a file of requests has one, and one without a size is no trouble."""
    file = tmp_path / "requests.jsonl"
    file.write_text('{"subject":{}}\n' * 3)
    assert "deciding" in on_a_terminal("decide", *facts(), file)
    assert "Traceback" not in on_a_terminal("decide", *facts(), os.devnull)
    assert run("decide", *facts(), file).err == ""


@pytest.mark.parametrize("arguments", [("demo",), ("schema",)])
def test_a_closed_pipe_is_no_traceback(arguments):
    """`rolecall … | head -n 0` ends quietly."""
    with subprocess.Popen(
        [sys.executable, "-m", "rolecall_cli", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(30) in (0, 1)


def test_an_environment_without_letters_is_no_crash():
    """Where standard output is ASCII an error and an answer are written all the same."""
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    ran = process(*EXPLAIN[:-1], "“:ü", env=environment)
    assert (ran.code, "Traceback" in ran.err) == (2, False)
    request = '{"subject":{"type":"“","id":"ü"},"resource":{}}'
    ran = process("decide", *facts(), stdin=request.encode(), env=environment)
    assert (ran.code, ran.out.isascii()) == (1, True)


def test_output_that_cannot_be_written_is_a_sentence():
    """A full disk is no traceback."""
    with Path("/dev/full").open("w") as full:
        for arguments in (("schema",), EXPLAIN):
            done = subprocess.run(
                [sys.executable, "-m", "rolecall_cli", *map(str, arguments)],
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
            assert (done.returncode, done.stderr) == (1, "rolecall: No space left on device\n")


def test_what_a_terminal_would_obey_is_not_written_to_it(tmp_path):
    """Ids and designations are anybody's text: no escape sequence in them reaches a terminal."""
    district = demo_district(users=100)
    (user,) = (one for one in district["users"] if one["id"] == who("principal"))
    user["roles"]["staff"]["roles"] = ["\x1b]0;owned\x07", "SchoolTechLead"]
    user["roles"]["teacher"] = {"school": "\x1b[2J"}
    district["schools"].append({"id": "\x1b[31m", "district": who("district")})
    file = tmp_path / "odd.json"
    file.write_text(json.dumps(district))
    for arguments in (
        ("--user", who("principal"), "--resource", f"school:{who('high')}"),
        ("--user", "\x1b[31m", "--resource", "school:\x1b[31m"),
        ("--user", "x", "--resource", "\x1b[31m:x"),
    ):
        text = on_a_terminal("explain", *facts(file), *arguments, NO_COLOR="1")
        assert ("User" in text or "rolecall:" in text, "\x1b" in text, "\x07" in text) == (True, False, False)


def test_a_standard_output_that_is_closed_is_no_fault():
    """Only the exit code is left to tell the answer."""
    command = [sys.executable, "-m", "rolecall_cli", *map(str, EXPLAIN)]
    ran = subprocess.run(command, close_fds=False, stderr=subprocess.PIPE, check=False, preexec_fn=lambda: os.close(1))
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_options_may_come_from_the_environment(monkeypatch, tmp_path):
    """ROLECALL_POLICIES and ROLECALL_SNAPSHOT stand for their options."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROLECALL_POLICIES", str(facts()[1]))
    monkeypatch.setenv("ROLECALL_SNAPSHOT", str(demo_file()))
    assert run("permissions", "--user", who("teacher")).code == 0


def test_a_fault_of_its_own_is_not_hidden(monkeypatch):
    """What rolecall does not raise on purpose is raised on, so that it can be reported."""

    def broken():
        raise ZeroDivisionError

    monkeypatch.setattr(main, "app", broken)
    with pytest.raises(ZeroDivisionError):
        main.main()
