"""A scalar on its new lines: what is between its marks stays as it is, only what YAML does not read is moved."""

from __future__ import annotations

from rolecall.analysis.layout.tree import Text


def one_line(text: str, scalar: Text) -> str | None:
    """Give a scalar as it stands in its line; None for one that takes several."""
    raw = text[scalar.start : scalar.end]
    return None if scalar.block or "\n" in raw else raw


def several_lines(text: str, scalar: Text, indent: int) -> list[str]:
    """Give the lines of a scalar that takes several; all but the first begin at `indent`."""
    raw = text[scalar.start : scalar.end]
    if scalar.block:
        return _block(raw, scalar, indent)
    first, *rest = raw.split("\n")
    # Of a plain or quoted text YAML reads neither what begins a line nor (unless it is escaped) what ends it.
    lines = [line.lstrip(" \t") for line in rest]
    return [first.rstrip() if not scalar.style else first, *(" " * indent + line if line else "" for line in lines)]


def _block(raw: str, scalar: Text, indent: int) -> list[str]:
    """Move the lines of a block scalar; how its end is read may have to be said anew at the end of a file."""
    ends = len(scalar.value) - len(scalar.value.rstrip("\n"))
    if ends == len(scalar.value):  # nothing but line breaks
        return [scalar.style + ("+" if ends else "-"), *[""] * ends]
    lines = scalar.value.rstrip("\n").split("\n") if scalar.style == "|" else _folded(raw, scalar)
    first = next(number for number, line in enumerate(lines) if line.strip(" "))
    said = "2" if any(line.startswith(" ") for line in lines[: first + 1]) else ""
    chomp = "-" if not ends else "" if ends == 1 else "+"
    moved = [" " * indent + line if line else "" for line in lines]
    return [scalar.style + said + chomp, *moved, *[""] * (ends - 1)]


def _folded(raw: str, scalar: Text) -> list[str]:
    """Give the lines of a folded scalar without their margin: its first line of text begins as its value does."""
    _, *lines = raw.split("\n")
    first = next(line for line in lines if line.strip(" "))
    kept = next(line for line in scalar.value.split("\n") if line.strip(" "))
    margin = _leading(first) - _leading(kept)
    return [line[margin:] for line in lines]


def _leading(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
