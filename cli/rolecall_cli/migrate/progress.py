"""How far a plan is: a bar with its rate and the time that remains on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from typing import Any, Final, Self

import typer

from rolecall_cli.style import shown

_EVERY: Final = 10.0
_OFTEN: Final = 0.2


class Progress:
    """Called with what is being read, and how much of it so far. `expect` says how much there is, if it is known."""

    def __init__(self) -> None:
        """Say nothing before there is something to say."""
        self._stack = ExitStack()
        self._bar: Any = None
        self._what, self._began, self._said = "", 0.0, time.monotonic()
        self._lengths: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def expect(self, what: str, number: int | None) -> None:
        """Say how many there are."""
        if number:
            self._lengths[what] = number

    def __call__(self, what: str, number: int) -> None:
        """Take note of how far it is."""
        now = time.monotonic()
        if what != self._what:
            self._what, self._began = what, now
            self._stack.close()
            self._bar = None
        if sys.stderr.isatty():
            self._draw(what, number, now)
        elif now - self._said > _EVERY:
            self._said = now
            typer.echo(shown(f"{what}: {number:,} so far{self._rate(number, now)}"), err=True)

    def _rate(self, number: int, now: float) -> str:
        spent = now - self._began
        return f", {number / spent:,.0f} a second" if spent > _OFTEN else ""

    def _draw(self, what: str, number: int, now: float) -> None:
        if self._bar is None:
            bar: Any = typer.progressbar(length=self._lengths.get(what, number), file=sys.stderr, show_eta=True)
            self._bar = self._stack.enter_context(bar)
        self._bar.label = f"{what}: {number:,}{self._rate(number, now)}"
        self._bar.update(max(number - self._bar.pos, 0))
        self._bar.render_progress()
