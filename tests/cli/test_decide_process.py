"""`rolecall decide` as a process: exit codes, streams, pipes, and memory."""

import json
import subprocess
import sys
import threading

import pytest
from demo import POLICIES, who
from rolecall.testing import demo_district, demo_requests
from shell import facts, lines, process, run

YES = {
    "subject": {"type": "user", "id": who("multi_role_teacher")},
    "action": {"name": "edit"},
    "resource": {"type": "section", "id": who("algebra_class")},
}
NO = YES | {"action": {"name": "support"}}


@pytest.fixture
def doubted(tmp_path):
    """The demo district, where nothing can be decided about the principal."""
    wrong = {"user": who("principal"), "role": "coach", "scope": "school", "id": "x", "until": "31 October"}
    file = tmp_path / "doubted.json"
    file.write_text(json.dumps({**demo_district(users=100), "assignments": [wrong]}))
    return file


def test_an_indeterminate_decision_says_why_and_the_exit_code_is_4_unless_it_is_1(doubted):
    """It is no plain no; an unanswerable line besides makes the exit code 1."""
    unknown = YES | {"subject": {"type": "user", "id": who("principal")}}
    ran = run("decide", *facts(doubted), stdin=lines(unknown, YES))
    first, second = map(json.loads, ran.out.splitlines())
    assert ran.code == 4
    assert (first["decision"], first["context"]["permissions"], second["decision"]) == (False, [], True)
    assert first["context"]["indeterminate"].startswith("their assignment as `coach`")
    for order in ((unknown, b"{"), (b"{", unknown)):
        assert run("decide", *facts(doubted), stdin=lines(*order)).code == 1


def test_exit_codes_and_streams_of_a_process(tmp_path):
    """0, 1, 2, 3 and 4, as a shell sees them; errors are on standard error and never a traceback."""
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "p.yaml").write_text("rolecall: 1\napplication: x\nrules: 7\n")
    (tmp_path / "bad.json").write_text('{"users":[{"id":7}]}')
    for code, arguments, said in [
        (0, facts(), ""),
        (2, (*facts(), "--nonsense"), "No such option"),
        (2, ("--policies", POLICIES), "there are no facts to decide on"),
        (3, facts(policies=tmp_path / "bad"), "error["),
        (3, facts(policies=tmp_path / "none"), "there is no file or folder"),
        (4, facts(tmp_path / "none.json"), "cannot be read: No such file"),
        (4, facts(tmp_path / "bad.json"), "must be a text, not a number"),
    ]:
        ran = run("decide", *arguments, stdin=lines(YES))
        assert (ran.code, bool(ran.out)) == (code, code == 0)
        assert said in ran.err
    ran = process("decide", *facts(), stdin=lines(YES, b"{"))
    assert (ran.code, ran.out.count("\n"), ran.err) == (1, 2, "")
    ran = process("decide", *facts(tmp_path / "bad.json"), stdin=lines(YES))
    assert (ran.code, ran.out, "Traceback" in ran.err) == (4, "", False)


def test_a_reader_that_has_had_enough_ends_it_quietly():
    """A broken pipe is no traceback."""
    command = [sys.executable, "-m", "rolecall_cli", "decide", *map(str, facts())]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdin.write(lines(YES))
        running.stdin.flush()
        assert json.loads(running.stdout.readline())["decision"] is True
        running.stdout.close()
        try:
            running.stdin.write(lines(*[YES] * 2000))
            running.stdin.close()
        except BrokenPipeError:
            pass
        assert running.stderr.read() == b""
        assert running.wait(30) == 1


def test_each_answer_is_written_before_the_next_request_is_there():
    """A program can ask one line at a time, and wait for each answer."""
    command = [sys.executable, "-m", "rolecall_cli", "decide", *map(str, facts())]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        giving_up = threading.Timer(30, running.kill)
        giving_up.start()
        for request, decision in ((YES, True), (NO, False), (YES, True)):
            running.stdin.write(lines(request))
            running.stdin.flush()
            assert json.loads(running.stdout.readline())["decision"] is decision
        running.stdin.close()
        assert running.wait(30) == 0
        giving_up.cancel()


def peak(file, tmp_path):
    """The most memory that `decide` used for a file of requests, in KiB."""
    code = (
        "import resource, runpy, sys\n"
        "sys.argv[0] = 'rolecall'\n"
        "try: runpy.run_module('rolecall_cli', run_name='__main__')\n"
        "except SystemExit as done: assert not done.code, done.code\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\n"
    )
    with (tmp_path / "answers.jsonl").open("wb") as out:
        done = subprocess.run(
            [sys.executable, "-c", code, "decide", *map(str, facts()), str(file)],
            stdout=out,
            stderr=subprocess.PIPE,
            check=True,
        )
    return int(done.stderr)


@pytest.mark.full
def test_a_long_stream_takes_no_more_memory_than_a_short_one(tmp_path):
    """Two hundred thousand requests, about people and places held and made up, are answered in constant memory."""
    short, long = tmp_path / "short.jsonl", tmp_path / "long.jsonl"
    some = [json.dumps(one) for one in demo_requests(demo_district(users=100), 5_000)]
    short.write_text("\n".join(some))
    with long.open("w") as stream:
        for number in range(200_000):
            line = some[number % len(some)]
            stream.write(line.replace('"id": "c', f'"id": "{number}c', 1) + "\n" if number % 3 == 0 else line + "\n")
    before, after = peak(short, tmp_path), peak(long, tmp_path)
    assert (tmp_path / "answers.jsonl").read_bytes().count(b"\n") == 200_000
    assert after < before + 8_192
