"""Doing something again each time that files change."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

PAUSE = 0.3  # seconds between two looks
SETTLE = 0.05  # seconds for which nothing may change before it counts as saved

State = dict[str, tuple[int, int]]


def changes(paths: Callable[[], list[Path]], pause: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Yield once, and then whenever a file of `paths` (or below a folder of them) is changed, added or removed.

    An editor that saves several files, or one in several steps, is waited for until it has done.
    """
    before = look(paths())
    yield
    while True:
        pause(PAUSE)
        now = look(paths())
        if now != before:
            while now != before:
                before = now
                pause(SETTLE)
                now = look(paths())
            yield


def look(paths: list[Path]) -> State:
    """Give when each file was changed, and its size."""
    found: State = {}
    for path in paths:
        files = [path] if path.is_file() else [Path(top, name) for top, _, names in os.walk(path) for name in names]
        for file in files:
            try:
                stat = file.stat()
            except OSError:
                continue  # gone since it was listed: the next look tells
            found[str(file)] = (stat.st_mtime_ns, stat.st_size)
    return found
