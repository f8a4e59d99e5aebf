"""Ctrl-C while something is carried out: the person in hand is finished, then it ends; the second one ends at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager

import typer

from rolecall_cli.signals import ASKING, until_asked


@contextmanager
def stopping() -> Generator[Callable[[], bool]]:
    """Give what says whether somebody wants it to end. A signal that the process was told to ignore is ignored."""
    heard = tuple(number for number in ASKING if signal.getsignal(number) is not signal.SIG_IGN)
    with until_asked(heard, _tell) as asked:
        yield asked.is_set


def _tell() -> None:
    typer.echo("ending after this person; once more ends at once, and loses nothing", err=True)
