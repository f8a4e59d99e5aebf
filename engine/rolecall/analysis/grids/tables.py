"""A grid drawn as a table: a line of permissions, then a line for each person. Bars between columns are ornament.

Over the people stands a word of the author's (`who`): YAML takes a text's indentation from its first line, so the line
of permissions has to begin where the others do.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from rolecall.loader.names import Names
from rolecall.loader.nodes import Scalar
from rolecall.vocabulary.origin import Origin

_WORD: Final = re.compile(r"[^\s|]+")
_RULE: Final = re.compile(r":?-{2,}:?\Z")

Word = tuple[str, Origin]


class Drawn(msgspec.Struct, frozen=True):
    """A table: permissions, and for each person the name and as many answers; `over` is the word over the people."""

    header: tuple[Word, ...]
    rows: tuple[tuple[Word, ...], ...]
    over: Word | None


def read_table(node: Scalar, names: Names) -> Drawn | None:
    """Read a table that stands after `grid: |`; None (and a finding) where it is none."""
    at = node.origin
    if at.source.line(at.line)[at.column - 1 : at.column] != "|":
        names.error(
            "test-table", "a table stands below its key", at, "write `grid: |`, and a line for each person below"
        )
        return None
    height = str(node.value).rstrip("\n").count("\n") + 1
    lines = [words for number in range(1, height + 1) if (words := _words(at, at.line + number))]
    lines = [words for words in lines if not all(_RULE.match(word) for word, _ in words)]
    if len(lines) < 2:  # noqa: PLR2004 - permissions, and somebody
        names.error(
            "test-table", "the table has no people", at, "write a line of permissions, then one for each person"
        )
        return None
    header = [*lines[0]]
    rows: list[tuple[Word, ...]] = []
    over = None
    if len(header) >= max(map(len, lines[1:])):
        over, *header = header
    for number, (name, place) in enumerate(header):
        if name in (one for one, _ in header[:number]):
            names.error("duplicate-name", f"`{name}` stands twice in the table", place, "keep one of them")
    for words in lines[1:]:
        if len(words) != len(header) + 1:
            answers = f"{len(words) - 1} answer{'' if len(words) == 2 else 's'}"  # noqa: PLR2004 - a name and one
            said = f"`{words[0][0]}` has {answers} for {len(header)} permissions"
            names.error("test-table", said, words[0][1], "write yes, no or - below each permission")
        elif any(words[0][0] == row[0][0] for row in rows):
            names.error("duplicate-name", f"`{words[0][0]}` stands twice in the table", words[0][1], "keep one of them")
        else:
            rows.append(words)
    return Drawn(tuple(header), tuple(rows), over)


def _words(at: Origin, line: int) -> tuple[Word, ...]:
    """Give the words of a line of the file, each with its place; what follows ` #` is a comment."""
    shown = re.split(r"(?:^|\s)#", at.source.line(line), maxsplit=1)[0]
    return tuple(
        (found.group(), Origin(at.source, line, found.start() + 1, len(found.group())))
        for found in _WORD.finditer(shown)
    )
