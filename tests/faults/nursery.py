"""A process that forks others, each ready at once to sync and to be killed: `python -m faults.nursery`.

On standard input there is a job a line, as JSON; on standard output the number of the process that does it. What came
of it is in the file that the job names.
"""

import atexit
import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from functools import cache
from pathlib import Path

import psycopg  # noqa: F401 - there before a child is forked
import sqlalchemy.dialects.postgresql
import sqlalchemy.dialects.sqlite  # noqa: F401 - as above
from rolecall import FactsError
from rolecall.facts.clever import Clever, StaticTokens
from rolecall.facts.store import Store
from rolecall.facts.store.guard import Guard
from rolecall.facts.sync import job as jobs
from rolecall.facts.sync import sync_district

from faults import planted
from faults.world import DISTRICTS, Running

_TESTS = Path(__file__).parents[1]


class Child:
    """A process that does a job."""

    def __init__(self, pid, result):
        self.pid, self.result = pid, result

    @property
    def alive(self):
        """Whether it is still at it."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self):
        """`kill -9`; whether it was still alive, and is gone now."""
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        self.wait()
        return not self.result.exists()

    def wait(self, seconds=60.0):
        """Wait until it is gone; what came of it, or an empty dictionary."""
        until = time.monotonic() + seconds
        while self.alive:
            assert time.monotonic() < until, "a child does not come to an end"
            time.sleep(0.002)
        return json.loads(self.result.read_text()) if self.result.exists() else {}


@cache
def nursery():
    """The one of this process, until it ends."""
    found = Nursery()
    atexit.register(found.close)
    return found


class Nursery:
    """Children, for a while."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.children = 0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "faults.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(_TESTS)},
        )

    def close(self):
        """Let nobody be born any more."""
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.folder.cleanup()

    def child(self, **job):
        """Let a child do a job: see `work`."""
        self.children += 1
        result = Path(self.folder.name, f"{self.children}.json")
        self.process.stdin.write(json.dumps(job | {"result": str(result)}) + "\n")
        self.process.stdin.flush()
        return Child(int(self.process.stdout.readline()), result)


def work(job):
    """Sync: once, or (`stop`) time and again until a file of that name is there; give how often each thing came of it.

    `limit` is the largest size that a file may have, as if the disk were full; `bug` is a bug to be planted.
    """
    if job.get("limit"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (job["limit"], job["limit"]))
    jobs._EVENTS = job["events"]
    moment = Running(job["began"])
    clever = Clever(StaticTokens(job["tokens"]), base_url=job["url"], page=job["page"], per_minute=10**6)
    found = Counter()
    with planted.planted(job.get("bug")):
        store = Store.open(job["store"], guard=Guard(least=10**6))
        store.expect(DISTRICTS)
        while True:
            for district in DISTRICTS:
                try:
                    synced = sync_district(clever, store, district, clock=moment.wall, full=job.get("full", False))
                    found[synced.how] += 1
                except FactsError as error:
                    found[type(error).__name__] += 1
            if not job.get("stop") or Path(job["stop"]).exists():
                break
    store.close()
    clever.close()
    return found


def main():
    """Fork a child for each job."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them: whoever asked sees that they are gone
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _child(job)
        print(pid, flush=True)


def _child(job):
    code = 1
    try:
        with contextlib.suppress(KeyboardInterrupt):
            found = work(job)
            part = Path(job["result"] + ".part")
            part.write_text(json.dumps(found))
            part.rename(job["result"])
            code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
