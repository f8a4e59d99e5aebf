"""Colour, on a terminal only, and never where NO_COLOR is set (https://no-color.org)."""

from __future__ import annotations

import os
import sys

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}


def colourful() -> bool:
    """Say whether standard output is a terminal that wants colour."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def shown(text: str) -> str:
    """Give a line without what a terminal would obey rather than show: ids and designations are anybody's text."""
    from rolecall.vocabulary.origin import visible  # noqa: PLC0415 - keeps --help quick

    return visible(text)


def styled(text: str, style: str) -> str:
    """Give the text in a style, where there is colour."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if colourful() else text
