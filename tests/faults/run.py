"""The run: every scenario, in two processes at once, and the table that comes of it."""

import json
import os
import random
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from unittest.mock import patch

from rolecall.facts.sync import job

from faults import answers, circumstances, disk, files, kills, restarts, sockets, together
from faults.benches import MAX_AGE, MAX_STALE
from faults.judge import Tally
from faults.table import problems, rendered, total, write

WORKERS = 2


@dataclass(frozen=True)
class Size:
    """How much is asked.

    `asked` questions in each round, and some more; so many `kills` of a kind; `full` is every fault at every endpoint.
    """

    full: bool
    asked: int
    kills: int
    seed: int = 1


SMALL = Size(full=False, asked=3, kills=2)
FULL = Size(full=True, asked=7, kills=75)

SCENARIOS = {
    name: one
    for module in (answers, circumstances, sockets, kills, disk, files, together, restarts)
    for name, one in module.scenarios().items()
}
_LONG = ("kill -9", "JSON of", "disk", "several", "PostgreSQL", "cut, hung up")


def run(name, size):
    """Run one scenario."""
    random.seed(f"{name}:{size.seed}")  # the client's jitter, too
    tally = Tally(name)
    with patch.object(job, "_EVENTS", 3):  # so that a few events are several pages
        SCENARIOS[name](tally, size)
    return tally


def everything(size, told=lambda _: None):
    """Run all of them, each in one of two processes; give the tallies in order."""
    waiting: SimpleQueue[str] = SimpleQueue()
    for name in sorted(SCENARIOS, key=lambda one: not one.startswith(_LONG)):
        waiting.put(name)
    found: dict[str, Tally] = {}
    threads = [threading.Thread(target=_feed, args=(waiting, found, size, told)) for _ in range(WORKERS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return [found[name] for name in SCENARIOS if name in found]


def _feed(waiting, found, size, told):
    """Let a process of its own run one scenario after the other."""
    command = [sys.executable, "-m", "faults.run", json.dumps(asdict(size))]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        while True:
            try:
                name = waiting.get_nowait()
            except Empty:
                break
            worker.stdin.write(name + "\n")
            worker.stdin.flush()
            line = worker.stdout.readline()
            if not line:
                told(f"{name}: the process that ran it came to an end")
                break
            fields = json.loads(line)
            tally = Tally(**fields | {key: Counter(fields[key]) for key in ("injected", "allows")})
            found[name] = tally
            told(f"{tally.decisions:8,} decisions: {name}")
        worker.stdin.close()


def _work():
    """Run the scenarios that are named on standard input."""
    size = Size(**json.loads(sys.argv[1]))
    for line in sys.stdin:
        print(json.dumps(vars(run(line.rstrip("\n"), size))), flush=True)


def main():
    """Run everything, print the table, and write it into the page; `--small` only prints."""
    size = SMALL if "--small" in sys.argv else FULL
    tallies = everything(size, lambda said: print(said, file=sys.stderr, flush=True))
    missing = [name for name in SCENARIOS if name not in {one.name for one in tallies}]
    settings = {
        "people in the demo district": 100,
        "`max_age` of facts asked directly": f"{MAX_AGE} seconds",
        "`max_stale`": f"{MAX_STALE} seconds",
    }
    text = rendered(tallies, size, settings)
    print(text)
    wrong = [sentence for one in tallies for sentence in problems(one)] + [f"{name}: did not run" for name in missing]
    print(*wrong, sep="\n")
    if size.full and not missing:
        write(text)
    whole = total(tallies)
    sys.exit(1 if wrong or whole.wrong_allow + whole.lost + whole.doubled else 0)


if __name__ == "__main__":
    _work()
