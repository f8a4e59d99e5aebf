"""Where in a policy file something was written, and what the checks have to say about it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal

import msgspec

# What ends a line for YAML, and so for positions.
_BREAK: Final = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
_LONG: Final = 160
# What a terminal would obey rather than show.
_UNSHOWN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Source(msgspec.Struct, frozen=True, eq=False):
    """One policy file as it was read: its name as a person would type it, and its text (no byte order mark)."""

    name: str
    text: str

    def line(self, number: int) -> str:
        """Give the text of line `number` (1-based), or an empty string past the end."""
        lines = _lines(self.text)
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def at(self, offset: int) -> Origin:
        """Give the place of the character at `offset`."""
        lines = _BREAK.split(self.text[: max(offset, 0)])
        return Origin(self, len(lines), len(lines[-1]) + 1)


class Origin(msgspec.Struct, frozen=True):
    """A place in a file: `line` and `column` are 1-based, `width` is in characters (for the caret)."""

    source: Source
    line: int
    column: int
    width: int = 1

    @property
    def file(self) -> str:
        """The file's name, as a person would type it."""
        return self.source.name

    def __str__(self) -> str:
        """Give `file:line`, the form that editors and people jump to."""
        return f"{self.source.name}:{self.line}"


Severity = Literal["error", "warning", "note"]


@lru_cache(maxsize=4)
def _lines(text: str) -> list[str]:
    """Give the lines of a text; kept, for a file can have many findings."""
    return _BREAK.split(text)


class Finding(msgspec.Struct, frozen=True):
    """One thing that a check has to say about a policy.

    `code` is stable (kebab-case, documented in `docs/errors.md`); `details` are label and sentence pairs that belong
    to it; `helps` are the likely fixes, best first, each ready to follow or to paste.
    """

    code: str
    message: str
    origin: Origin | None = None
    severity: Severity = "error"
    details: tuple[tuple[str, str], ...] = ()
    helps: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[str, int, int]:
        """File, line and column, for sorting; findings about no file come first."""
        at = self.origin
        return (at.file, at.line, at.column) if at else ("", 0, 0)

    def render(self) -> str:
        """Give the finding as a person reads it: the sentence, the place, the line with a caret, the fixes."""
        rows = [f"{self.severity}[{self.code}]: {visible(self.message)}"]
        margin = ""
        if self.origin:
            at = self.origin
            margin = " " * len(str(at.line))
            rows.append(f"{margin}--> {visible(at.file)}:{at.line}:{at.column}")
        if self.origin and self.origin.source.text:
            shown, before, width = _excerpt(self.origin)
            rows += [f"{margin} |", f"{self.origin.line} | {shown}".rstrip(), f"{margin} | {' ' * before}{'^' * width}"]
        rows += [f"{margin} = {label}: {visible(text)}" for label, text in self.details]
        rows += [f"{margin} = help: {visible(text)}" for text in self.helps]
        return "\n".join(rows)


def _excerpt(at: Origin) -> tuple[str, int, int]:
    """Give the line (of a long one what is near), what stands before the caret, and the caret's width."""
    text = at.source.line(at.line)
    start = max(0, at.column - _LONG // 2) if len(text) > _LONG else 0
    shown = text[start : start + _LONG]
    before = at.column - 1 - start
    width = max(1, min(at.width, len(shown) - before))
    more = "…" if len(text) > start + _LONG else ""
    shown = visible(shown.replace("\t", " ")) + more
    return (f"…{shown}", before + 1, width) if start else (shown, before, width)


def visible(text: str) -> str:
    """Give a text with `\ufffd` for each character that a terminal would obey rather than show."""
    return _UNSHOWN.sub("\ufffd", text)
