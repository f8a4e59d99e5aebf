"""What a lint rule has to say, and what could be done about it."""

from __future__ import annotations

import msgspec

from rolecall.vocabulary.origin import Finding, Source


class Edit(msgspec.Struct, frozen=True, eq=False):
    """A piece of a file's text, by where it begins and ends, and what takes its place."""

    source: Source
    start: int
    end: int
    text: str = ""


class Fix(msgspec.Struct, frozen=True, eq=False):
    """Edits that belong together, what they do as one says it, and the names that nothing has afterwards."""

    said: str
    edits: tuple[Edit, ...]
    gone: tuple[str, ...] = ()


class Problem(msgspec.Struct, frozen=True, eq=False):
    """A finding with its fix; without one, `why` may say why there is none."""

    finding: Finding
    fix: Fix | None = None
    why: str = ""


class CannotFixError(Exception):
    """Something about a text keeps a fix from being made; the message says what."""
