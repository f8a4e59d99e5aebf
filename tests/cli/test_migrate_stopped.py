"""`rolecall migrate apply` and `rollback` as processes: Ctrl-C, two at once, how far they are."""

import os
import pty
import signal
import subprocess
import sys
import time
from unittest import mock

import pytest
from migration.apps import App, new_url
from rolecall.migration.applying.rehearsing import state
from shell import run

PEOPLE = 120
PATIENCE = 60


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def app(request, tmp_path):
    """An application of teachers who are all rekeyed, and its plan."""
    found = App(new_url(request.param, tmp_path), people=0).make()
    with found.connect() as connection:
        for number in range(100, 100 + PEOPLE):
            found.map.add("d1", "teacher", f"old{number}", f"new{number}")
            row = {"id": number, "clever_id": f"old{number}", "kind": "teacher", "district": "d1"}
            found.insert(connection, "accounts", row)
    found.plan(tmp_path)
    found.command = ("migrate", "apply", tmp_path / "plan.jsonl", "--accounts", found.url, "--commit", "--batch", "1")
    found.back = ("migrate", "rollback", "1", "--accounts", found.url, "--commit")
    return found


def started(command, stderr=subprocess.PIPE):
    words = [sys.executable, "-m", "rolecall_cli", *map(str, command)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=stderr, text=True)


def wait_for(app, said):
    """Wait until something is so."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            if app.all(said)[0][0]:
                return
        except Exception:  # noqa: BLE001, S110 - the tables are not there yet, or are locked
            pass
        time.sleep(0.02)
    raise AssertionError("it does not begin")


def test_ctrl_c_ends_after_the_person_in_hand_and_the_same_goes_on(app):
    """Exit code 1, a run that is half done and says so; the same command ends it, and a rollback gives all back."""
    first = state(app.url)
    child = started(app.command)
    wait_for(app, "SELECT position FROM rolecall_runs")
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=PATIENCE)
    assert (child.returncode, "ending after this person" in err) == (1, True)
    assert "stopped at step" in out
    (half,) = app.all("SELECT state, position, steps FROM rolecall_runs")
    assert half[0] == "applying"
    assert 0 < half[1] < half[2]
    changed = app.all("SELECT COUNT(*) FROM accounts WHERE clever_id LIKE 'new%'")[0][0]
    assert 0 < changed < PEOPLE
    assert app.all("SELECT COUNT(*) FROM rolecall_journal") == [(changed,)]
    assert run("migrate", "status", "--accounts", app.url).code == 1
    ended = run(*app.command)
    assert ended.code == 0
    assert f"{PEOPLE:,} rekeyed" in ended.out
    assert run(*app.back).code == 0
    assert state(app.url) == first


def test_the_second_of_two_is_told(app):
    """While one process carries a plan out, another one is refused with a sentence; the first one ends well."""
    child = started(app.command)
    wait_for(app, "SELECT position FROM rolecall_runs")
    child.send_signal(signal.SIGSTOP)
    for command in (app.command, app.back, app.command[:5]):
        second = run(*command)
        assert (second.code, "another run is being carried out" in second.err) == (4, True)
    child.send_signal(signal.SIGCONT)
    child.communicate(timeout=PATIENCE)
    assert child.returncode == 0
    assert app.all("SELECT state, steps - position FROM rolecall_runs") == [("applied", 0)]


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_how_far_it_is(app):
    """A line now and then where nobody looks on; a bar with its rate on a terminal."""
    with mock.patch("rolecall_cli.migrate.progress._EVERY", -1):
        said = run(*app.command[:5]).err
    assert "accounts: " in said
    assert " so far" in said
    ours, theirs = pty.openpty()
    child = started(app.command, stderr=theirs)
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 4096):
            seen += chunk
    except OSError:  # what Linux says at the end of a terminal
        pass
    os.close(ours)
    child.communicate(timeout=PATIENCE)
    assert child.returncode == 0
    assert b"accounts: " in seen
    assert b" a second" in seen
    assert b"%" in seen
