"""Ctrl-C while something is carried out: the person in hand is finished, then it ends; the second one ends at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

import typer


@contextmanager
def stopping() -> Generator[Callable[[], bool]]:
    """Give what says whether somebody wants it to end."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    asked: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        signal.signal(number, before[signal.Signals(number)])
        typer.echo("ending after this person; once more ends at once, and loses nothing", err=True)

    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, ask)
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
