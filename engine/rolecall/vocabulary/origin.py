"""Where in a policy file something was written, and what the checks have to say about it."""

from __future__ import annotations

from typing import Literal

import msgspec


class Source(msgspec.Struct, frozen=True, eq=False):
    """One policy file as it was read: its name as a person would type it, and its text (no byte order mark)."""

    name: str
    text: str

    def line(self, number: int) -> str:
        """Give the text of line `number` (1-based), or an empty string past the end."""
        lines = self.text.splitlines()
        return lines[number - 1] if 0 < number <= len(lines) else ""


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
        rows = [f"{self.severity}[{self.code}]: {self.message}"]
        margin = ""
        if self.origin:
            at = self.origin
            margin = " " * len(str(at.line))
            text = at.source.line(at.line)
            shown = text.replace("\t", " ")
            caret = "^" * max(1, min(at.width, len(text) - at.column + 1))
            rows += [f"{margin}--> {at.file}:{at.line}:{at.column}", f"{margin} |"]
            rows += [f"{at.line} | {shown}", f"{margin} | {' ' * (at.column - 1)}{caret}"]
        rows += [f"{margin} = {label}: {text}" for label, text in self.details]
        rows += [f"{margin} = help: {text}" for text in self.helps]
        return "\n".join(rows)
