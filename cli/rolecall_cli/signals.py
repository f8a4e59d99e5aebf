"""Ctrl-C and SIGTERM as a wish to end well; the second one ends the process at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Event
from typing import Final

ASKING: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def until_asked(
    numbers: tuple[signal.Signals, ...] = ASKING, told: Callable[[], None] = lambda: None
) -> Generator[Event]:
    """Give an event that these signals set; `told` is called as well, when the first one comes."""
    asked = Event()
    before = {number: signal.getsignal(number) for number in numbers}

    def ask(number: int, _frame: object) -> None:
        asked.set()
        signal.signal(number, before[signal.Signals(number)])
        told()

    for number in before:
        signal.signal(number, ask)
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
