"""The command line, called as a person calls it: in this process for speed, or as a process of its own."""

import atexit
import io
import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple
from unittest import mock

from demo import POLICIES
from rolecall.testing import demo_district
from rolecall_cli.main import main


class Ran(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str


@cache
def demo_file():
    """The demo district as a snapshot file."""
    folder = mkdtemp(prefix="rolecall-")
    atexit.register(shutil.rmtree, folder)
    file = Path(folder) / "demo.json"
    file.write_text(json.dumps(demo_district(users=100)), "utf-8")
    return file


def run(*arguments, stdin=b""):
    """Run `rolecall` in this process, standard streams and exit code as a shell sees them."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    code = 0
    with (
        mock.patch.object(sys, "argv", ["rolecall", *map(str, arguments)]),
        mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin))),
        mock.patch.object(sys, "stdout", out),
        mock.patch.object(sys, "stderr", err),
    ):
        try:
            main()
        except SystemExit as done:
            code = done.code or 0
    return Ran(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))


def process(*arguments, stdin=b"", **options):
    """Run `python -m rolecall_cli` as a process of its own."""
    command = [sys.executable, "-m", "rolecall_cli", *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=60, **options)
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def facts(snapshot=None, policies=POLICIES):
    """The options that name the policy and the facts."""
    return ("--policies", policies, "--snapshot", snapshot or demo_file())


def lines(*requests):
    """Requests as `decide` reads them, a line each; bytes are a line as they are."""
    return b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in requests)
