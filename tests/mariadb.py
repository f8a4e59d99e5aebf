"""A real MariaDB for tests, from the distribution's package `mariadb-server`: started once in each process that asks.

Where it cannot be started, the tests that need it are skipped, and say so.
"""

import atexit
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from functools import cache
from itertools import count
from pathlib import Path

import pymysql
import pytest

_numbers = count(1)
_WHERE = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
_SECONDS = 60

# Small, and with little care for the disk: what is committed outlives the server's end, not the machine's.
_SMALL = ("--innodb-buffer-pool-size=32M", "--innodb-log-file-size=8M")
_SERVER = (
    "--skip-networking",
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-flush-method=nosync",
    "--performance-schema=off",
    "--aria-pagecache-buffer-size=1M",
    "--key-buffer-size=1M",
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_bin",
)

# The server's parent: it starts and ends the server when told to (a line each, answered by a line), and when this
# process is no more, however that came to its end, it ends the server and removes its folder.
_WATCHDOG = """
import shutil, subprocess, sys
folder, *command = sys.argv[1:]
server = None
def end():
    if server is not None:
        server.kill()
        server.wait()
for line in sys.stdin:
    end()
    if line == "start\\n":
        with open(folder + "/log", "ab") as log:
            server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    print("done", flush=True)
end()
shutil.rmtree(folder, ignore_errors=True)
"""


class _Server:
    """The server of this process, on a socket in a folder of its own."""

    def __init__(self, folder):
        self.folder, self.socket = folder, folder / "socket"
        options = ["--no-defaults", f"--datadir={folder / 'data'}", *_SMALL]
        if os.geteuid() == 0:
            options.append("--user=root")
        install, server = (shutil.which(name, path=_WHERE) for name in ("mariadb-install-db", "mariadbd"))
        if install is None or server is None:
            raise FileNotFoundError("mariadb-server is not installed")
        making = [install, *options, "--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run(making, check=True, capture_output=True, timeout=_SECONDS)
        here = (f"--socket={self.socket}", f"--pid-file={folder / 'pid'}")
        command = [sys.executable, "-c", _WATCHDOG, str(folder), server, *options, *here, *_SERVER]
        pipe = subprocess.PIPE
        self.watchdog = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, start_new_session=True)
        try:
            self.start()
        except BaseException:
            self.let_go()
            raise

    def start(self):
        """Start it, and wait until it answers."""
        self._tell("start")
        until = time.monotonic() + _SECONDS
        while not self._answers():  # PyMySQL would leave each socket that it tries in vain open
            if time.monotonic() > until:
                raise TimeoutError(self.folder.joinpath("log").read_text(errors="replace")[-500:])
            time.sleep(0.02)

    def _answers(self):
        with socket.socket(socket.AF_UNIX) as tried:
            try:
                tried.connect(str(self.socket))
                return bool(tried.recv(1))
            except OSError:
                return False

    def stop(self):
        """End it as a crash would: at once."""
        self._tell("stop")

    def execute(self, *statements, database=None):
        """Run statements, each for itself."""
        where = {"user": "root", "unix_socket": str(self.socket), "database": database, "autocommit": True}
        with closing(pymysql.connect(**where)) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def let_go(self):
        """End it for good."""
        self.watchdog.communicate()

    def _tell(self, what):
        self.watchdog.stdin.write(f"{what}\n")
        self.watchdog.stdin.flush()
        if self.watchdog.stdout.readline() != "done\n":
            raise ChildProcessError("the watchdog is gone")


@cache
def _started():
    """The server, or why there is none. The path is short: a socket's may have about a hundred characters."""
    folder = Path(tempfile.mkdtemp(prefix="my-", dir="/tmp" if Path("/tmp").is_dir() else None))  # noqa: S108 - the path has to be short
    try:
        found = _Server(folder)
    except Exception as error:  # noqa: BLE001 - whatever it is, there is no server
        shutil.rmtree(folder, ignore_errors=True)
        why = f": {error}" if isinstance(error, FileNotFoundError) else ""
        return f"MariaDB cannot be started here: {type(error).__name__}{why}"
    atexit.register(found.let_go)
    return found


def server():
    """The server of this process: `.stop()` and `.start()` it as you like, but leave it running."""
    found = _started()
    if isinstance(found, str):
        pytest.skip(found)
    return found


def new_database(name=None):
    """The address of an empty database. Text in it is compared byte by byte, save for spaces at its end."""
    name = name or f"test_{next(_numbers)}"
    found = server()
    found.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
    return f"mysql+pymysql://root@localhost/{name}?unix_socket={found.socket}"
