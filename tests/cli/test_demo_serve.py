"""`rolecall demo --serve`: the demo district behind Clever's API, as a process of its own."""

import re
import signal
import socket
import subprocess
import sys
import time
from types import SimpleNamespace

import httpx
import pytest
from rolecall.testing import CAST
from shell import run


@pytest.fixture
def served():
    """The command as a person starts it, and the lines that it says; stopped by Ctrl-C."""
    running = []

    def start(*options):
        command = [sys.executable, "-m", "rolecall_cli", "demo", "--serve", "--port", "0", *map(str, options)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        running.append(process)
        return process, [process.stdout.readline().rstrip("\n") for _ in range(8)]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def stop(process):
    """Ctrl-C; what it said until then, and how it ended."""
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    return out, err, process.returncode


def test_it_serves_until_ctrl_c_and_says_how_to_go_on(served):
    """The URL and the token that it prints are good, and it ends without an error."""
    process, said = served("--users", 120)
    assert re.fullmatch(r"Oakvale, a made-up district of 120 people, at http://127\.0\.0\.1:\d+ until Ctrl-C", said[0])
    exported = dict(re.fullmatch(r"  export (\w+)=(\S+)", line).groups() for line in said[3:5])
    assert list(exported) == ["ROLECALL_CLEVER_URL", "ROLECALL_CLEVER_TOKEN"]
    assert exported["ROLECALL_CLEVER_URL"] in said[0]
    assert re.match(r"  \S+ sync  ", said[5])
    assert re.match(r"  \S+ explain --store \S+ --user ca57\S+ \\", said[6])
    headers = {"Authorization": f"Bearer {exported['ROLECALL_CLEVER_TOKEN']}"}
    with httpx.Client(base_url=exported["ROLECALL_CLEVER_URL"], headers=headers) as client:
        assert client.get("/v3.0/districts").json()["data"][0]["data"]["id"] == CAST["district"].id
        assert len(client.get("/v3.0/users?limit=1000").json()["data"]) == 117
        assert client.get("/v3.0/events").json()["data"] == []
    out, err, code = stop(process)
    assert (out.splitlines(), err, code) == (["stopped"], "", 0)


def test_roster_changes_are_made_up_as_often_as_asked(served):
    """Each is a line, and an event."""
    process, said = served("--events-every", 0.01)
    lines = [process.stdout.readline().rstrip("\n") for _ in range(3)]
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d .+ (joins|leaves) .+ \(section [0-9a-f]{24}\)", line) for line in lines)
    url = said[3].partition("=")[2]
    got = httpx.get(f"{url}/v3.0/events?limit=3", headers={"Authorization": "Bearer demo-token"}).json()["data"]
    assert [one["data"]["type"] for one in got] == ["sections.updated"] * 3
    assert [one["data"]["data"]["object"]["id"] for one in got] == [line[-25:-1] for line in lines]
    assert stop(process)[1:] == ("", 0)


def test_it_works_in_this_process_too(monkeypatch):
    """Ctrl-C between two changes ends it without an error."""
    waited = []

    def sleep(seconds):
        waited.append(seconds)
        if len(waited) > 2:
            raise KeyboardInterrupt

    clock = SimpleNamespace(sleep=sleep, strftime=time.strftime)
    monkeypatch.setattr("rolecall_cli.demo_server.time", clock)
    ran = run("demo", "--serve", "--port", 0, "--users", 100, "--events-every", 5)
    assert (ran.code, ran.err, ran.out.splitlines()[-1]) == (0, "", "stopped")
    assert waited == [5, 5, 5]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--events-every", 5), "changes are made to a district that is served: add --serve"),
        (("--serve", "--port", 70000), "65535"),
        (("--serve", "--events-every", 0), "0.01"),
    ],
)
def test_wrong_usage_is_2(options, said):
    """And says what was wrong."""
    ran = run("demo", *options)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_a_port_that_is_taken_is_wrong_usage():
    """With what to do about it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ran = run("demo", "--serve", "--port", taken.getsockname()[1])
    assert (ran.code, ran.out) == (2, "")
    assert "in use): give another one, or 0 for any that is free" in ran.err


def test_what_to_install_is_said(monkeypatch):
    """Where there is no uvicorn."""
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "rolecall.testing.fake.server", raising=False)
    ran = run("demo", "--serve", "--port", 0)
    assert (ran.code, ran.out) == (2, "")
    assert "pip install 'rolecall[serve]'" in ran.err
