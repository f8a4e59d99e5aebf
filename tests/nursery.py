"""Processes to be killed, started quickly: one process imports what they need, and is forked for each of them.

`Nursery().start("module:function", …)` gives a `Child`; it has begun when that returns. As a program, this file is the
process that is forked: it reads a call a line from standard input, and says when it began and how it ended. A module's
`before_fork`, if it has one, is called there before: what it keeps need not be done by each child.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
import traceback
from contextlib import suppress
from pathlib import Path


class Nursery:
    """One process, which has one child at a time."""

    def __init__(self):
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def start(self, function, *arguments):
        """Start a child that calls a function of a module in this folder; what it prints can be read."""
        self._process.stdin.write(json.dumps([function, *map(str, arguments)]) + "\n")
        self._process.stdin.flush()
        return Child(self._process.stdout)


class Child:
    """A process that was started, and has begun."""

    def __init__(self, said):
        self._said = said
        word, number = self.line().split()
        assert word == "began"
        self.number = int(number)

    def line(self):
        """The next line that it printed; an empty text at its end."""
        return self._said.readline().strip()

    def kill(self):
        """Kill it, as `kill -9` does; say whether it had come to its end before."""
        with suppress(ProcessLookupError):
            os.kill(self.number, signal.SIGKILL)
        return self.end()[0] == 0

    def end(self):
        """Wait for its end; give its exit code (that of a kill is -9) and the lines that it printed."""
        lines = []
        while not (line := self.line()).startswith("ended "):
            assert line, "the nursery is gone"
            lines.append(line)
        return int(line.split()[1]), lines


def serve():
    """Fork for each line."""
    sys.path.insert(0, str(Path(__file__).parent))
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        where, _, function = name.partition(":")
        module = importlib.import_module(where)
        call = getattr(module, function)
        getattr(module, "before_fork", lambda *_: None)(*arguments)
        number = os.fork()
        if number == 0:
            code = 1
            try:
                print(f"began {os.getpid()}", flush=True)
                call(*arguments)
                code = 0
            except BaseException:  # noqa: BLE001 - a fork must not go on in the parent's place
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                os._exit(code)
        print(f"ended {os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])}", flush=True)


if __name__ == "__main__":
    serve()
