"""`rolecall watch`: a real process that is watched while files are saved, broken, mended; one screen each time."""

import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from fcntl import ioctl
from termios import TIOCSWINSZ

import pytest
from demo import POLICIES
from rolecall_cli import watching
from shell import run

POLICY = """\
rolecall: 1
application: x
resources: {section: {permissions: {view: , edit: {implies: [view]}}}}
rules:
  - {id: teachers, because: Teachers work., when: {teacher: section}, min: {section: [edit]}}
  - {id: helpers, because: Staff look., when: {staff: school}, min: {section: [view]}}
"""
TESTS = """\
rolecall-tests: 1
tests:
  - test: who does what
    people: {ann: {teacher: section}, bob: {staff: school}}
    on: section
    grid: {ann: [view, edit], bob: [view]}
"""
CLAIMS = """\
rolecall-claims: 1
claims:
  - {id: looking, because: Looking changes nothing., never: {section: [edit]}, when: {staff: anywhere}, unless: {teacher: section}}
"""
PAGE = POLICIES.parent / "docs" / "new.md"
EDIT = ("    min: {note: [edit]}", "    min: {note: [view]}")
WIDER = POLICY.replace("min: {section: [view]}", "min: {section: [edit]}")
WAIT = 20.0


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A small policy with a test and a claim."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("ROLECALL_POLICIES", raising=False)
    made = tmp_path / "mine"
    made.mkdir()
    for name, text in (("policy", POLICY), ("tests", TESTS), ("claims", CLAIMS)):
        (made / f"{name}.yaml").write_text(text, "utf-8")
    return made


class Watched:
    """A watching process, with all that it has written."""

    def __init__(self, process, read):
        self.process, self.read, self.text = process, read, ""
        self.thread = threading.Thread(target=self._drain)
        self.thread.start()

    def _drain(self):
        while True:
            try:
                data = os.read(self.read, 65536)
            except OSError:  # the terminal is gone with the process
                return
            if not data:
                return
            self.text += data.decode("utf-8", "replace").replace("\r\n", "\n")

    def until(self, pattern, after=0):
        """Wait for a text; gives where it ends."""
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            if found := re.compile(pattern).search(self.text, after):
                return found.end()
            time.sleep(0.02)
        raise AssertionError(f"{pattern!r} is not in {self.text[after:]!r}")

    def stop(self):
        """Press Ctrl-C; gives the exit code."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(WAIT)
        self.thread.join(WAIT)
        return code


@contextmanager
def watching_process(*arguments, terminal=None):
    """Start `rolecall watch`, on a pipe or on a terminal of so many lines and columns."""
    command = [sys.executable, "-m", "rolecall_cli", "watch", *map(str, arguments)]
    environment = {key: value for key, value in os.environ.items() if key not in ("LINES", "COLUMNS")}
    if terminal is None:
        read, write = os.pipe()
    else:
        read, write = pty.openpty()
        ioctl(write, TIOCSWINSZ, struct.pack("HHHH", *terminal, 0, 0))
    process = subprocess.Popen(command, stdout=write, stderr=write, stdin=subprocess.DEVNULL, env=environment)
    os.close(write)
    watched = Watched(process, read)
    try:
        yield watched
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        watched.thread.join(WAIT)
        os.close(read)


def test_each_save_is_told(folder):
    """What is right, what an edit means, which test and claim it breaks; a broken file, a mended one; Ctrl-C ends it."""
    policy = folder / "policy.yaml"
    with watching_process(folder) as watched:
        at = watched.until(r"check +0 errors, 0 warnings\ntest +1 test, 0 failed; 4 answers asserted, 0 wrong\n")
        at = watched.until(r"prove +1 of 1 claims proven\ndiff +since the start: no change in meaning\n", at)
        policy.write_text(WIDER, "utf-8")
        at = watched.until(r"test +1 test, 1 failed; 4 answers asserted, 1 wrong\nprove +0 of 1 claims proven\n", at)
        at = watched.until(r"diff +since the start: the meaning changes\n", at)
        at = watched.until(
            r"failed: who does what \(.*tests.yaml:3\)\n  bob on section: edit is yes, and should be no\n", at
        )
        at = watched.until(
            r"false: looking \(.*claims.yaml:3\)\n  claimed: Looking changes nothing.\n  but staff of ", at
        )
        at = watched.until(r"\+ gained  edit\n +whoever is staff of the school, unless .*\n +gives it: helpers ", at)
        policy.write_text(POLICY + "  x: [\n", "utf-8")
        at = watched.until(r"check +1 error, 0 warnings\ntest, prove, diff +when the policy can be read again\n", at)
        at = watched.until(r"error\[not-yaml\]", at)
        policy.unlink()
        at = watched.until(r"error\[no-policy\]", at)
        (folder / "tests.yaml").write_text(TESTS.replace("[view]", "[veiw]"), "utf-8")
        (folder / "claims.yaml").write_text(CLAIMS.replace("staff:", "stuff:"), "utf-8")
        policy.write_text(POLICY, "utf-8")
        at = watched.until(r"test +cannot be read: 1 error\nprove +cannot be read: 1 error\n", at)
        at = watched.until(r"did you mean `view`\?(?s:.)*did you mean `staff`\?", at)
        (folder / "tests.yaml").unlink()
        (folder / "claims.yaml").unlink()
        at = watched.until(
            r"test +no tests: .*\nprove +no claims: .*\ndiff +since the start: no change in meaning\n", at
        )
        assert watched.stop() == 0
    assert "Traceback" not in watched.text
    assert "Abort" not in watched.text


def test_a_terminal_is_one_screen(folder):
    """It is cleared each time, and no screen is taller than the terminal, whatever there is to say."""
    more = "".join(
        f"  - {{id: more-{number}, because: More., when: {{staff: school, teacher: school}}, min: {{section: [edit]}}}}\n"
        for number in range(30)
    )
    with watching_process(folder, terminal=(18, 80)) as watched:
        at = watched.until("no change in meaning")
        (folder / "policy.yaml").write_text(WIDER + more, "utf-8")
        watched.until("── diff ──", at)
        watched.until(r"more lines: `rolecall \w+` has all", at)
        assert watched.stop() == 0
    screens = watched.text.split("\x1b[2J\x1b[3J\x1b[H")[1:]
    assert len(screens) == 2
    for screen in screens:
        rows = screen.rstrip("\n").split("\n")
        assert sum(max(1, -(-len(row) // 80)) for row in rows) <= 18, screen


def test_what_it_is_compared_with(folder, tmp_path):
    """Another folder; where the start is broken, the first version that can be read."""
    old = tmp_path / "old.yaml"
    old.write_text(WIDER, "utf-8")
    with watching_process(folder, "--against", old) as watched:
        watched.until(rf"diff +since {old}: the meaning changes\n")
        watched.until("- lost  edit")
    (folder / "policy.yaml").write_text("rolecall: 1\nrules: 7\n", "utf-8")
    with watching_process(folder) as watched:
        at = watched.until("`rules` is a number")
        (folder / "policy.yaml").write_text(POLICY, "utf-8")
        watched.until("since the start: no change in meaning", at)


def test_a_snapshot_that_is_none_is_told(folder):
    """And watching goes on."""
    (folder / "tests.yaml").write_text(
        "rolecall-tests: 1\nsnapshot: s.json\npeople: {ann: u}\nresources: {a: {type: section, id: s}}\n"
        "tests:\n  - {test: one, on: a, grid: {ann: none}}\n"
    )
    (folder / "s.json").write_text("{")
    with watching_process(folder) as watched:
        watched.until(r"test +cannot be run\n(?s:.)*── test ──\n.*s\.json")
        assert watched.stop() == 0


def test_what_is_not_there_is_wrong_usage(tmp_path):
    """A folder, and what it is to be compared with."""
    ran = run("watch", tmp_path / "none")
    assert ran.code == 2
    assert "there is no file or folder" in ran.err
    (tmp_path / "p.yaml").write_text(POLICY)
    ran = run("watch", tmp_path / "p.yaml", "--against", "no-such")
    assert ran.code == 2
    assert "is neither a file, a folder nor a git revision" in ran.err


def test_several_saves_are_one(tmp_path):
    """While files still change, nothing is told; then once."""
    shutil.copy(__file__, tmp_path / "a")
    looks = []

    def pause(seconds):
        looks.append(seconds)
        if len(looks) in (2, 3, 4):
            (tmp_path / f"f{len(looks)}").write_text("x" * len(looks))

    found = watching.changes(lambda: [tmp_path], pause=pause)
    next(found)
    next(found)
    assert looks == [watching.PAUSE, watching.PAUSE, watching.SETTLE, watching.SETTLE, watching.SETTLE]


def test_the_page_shows_a_screen(tmp_path, monkeypatch):
    """The screen in docs/new.md is what one edit of the shipped policy comes to, as far as it is shown."""
    shown = re.search(r"```text watch\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[1]
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(tmp_path)
    shutil.copytree(POLICIES, "mine")
    file = tmp_path / "mine" / "educators.yaml"

    def looks(_):
        yield
        file.write_text(file.read_text("utf-8").replace(*EDIT), "utf-8")
        yield

    monkeypatch.setattr(watching, "changes", looks)
    assert f"\n\n{shown}" in run("watch", "mine").out


def test_in_this_process(folder, monkeypatch):
    """The screen of each look, where the looks are made by the test."""

    def looks(_):
        yield
        (folder / "policy.yaml").write_text(WIDER, "utf-8")
        yield
        (folder / "policy.yaml").write_text("rolecall: 1\n", "utf-8")
        yield
        raise KeyboardInterrupt

    monkeypatch.setattr(watching, "changes", looks)
    ran = run("watch", folder)
    assert (ran.code, ran.err) == (0, "")
    assert [ran.out.count(one) for one in ("no change in meaning", "the meaning changes", "missing-key")] == [1, 1, 1]
