"""What a process does with its logs at its end, and when it forks."""

from __future__ import annotations

import atexit
import os
import sys
from typing import Final, Protocol

# Longer than SQLite waits for another process before a write fails, so that a fork finds no write under way.
_PATIENCE: Final = 15.0


class Writer(Protocol):
    """A log that this process writes to."""

    @property
    def closed(self) -> bool:
        """Whether nothing more is taken."""
        ...  # a Protocol's body

    def close(self) -> None:
        """Write what waits, then take nothing more."""
        ...  # a Protocol's body

    def pause(self, timeout: float) -> bool:
        """Let no write be under way; false where it takes too long (seconds)."""
        ...  # a Protocol's body

    def resume(self) -> None:
        """Go on."""
        ...  # a Protocol's body

    def forked(self) -> None:
        """Begin anew, in a forked child."""
        ...  # a Protocol's body


_open: Final[set[Writer]] = set()
_paused: Final[list[Writer]] = []


def watch(writer: Writer) -> None:
    """Look after a log until it is closed: whoever opened it may have let go of it while records wait."""
    _open.add(writer)
    _at_end()


def forget(writer: Writer) -> None:
    """Look after a log no more."""
    _open.discard(writer)


def _at_end(_: object = None) -> None:
    """Close all logs at the end of a process of `multiprocessing`, too: its children know no `atexit` before 3.13."""
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.Finalize(None, _close_all, exitpriority=100)


def _still_open() -> list[Writer]:
    return [one for one in list(_open) if not one.closed]


def _close_all() -> None:
    for one in _still_open():
        one.close()


def _before_fork() -> None:
    """Let no store be in the midst of a write: the child would have its locks, and nobody to open them."""
    _paused[:] = [one for one in _still_open() if one.pause(_PATIENCE)]


def _in_parent() -> None:
    while _paused:
        _paused.pop().resume()


def _in_child() -> None:
    _paused.clear()
    util = sys.modules.get("multiprocessing.util")
    if util is not None:  # it forgets at once what was to be done at the end, but for what is asked for like this
        util.register_after_fork(_close_all, _at_end)
    for one in _still_open():
        one.forked()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_in_parent, after_in_child=_in_child)
