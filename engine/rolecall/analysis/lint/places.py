"""Which rule, set, type or role a place in a policy's files belongs to, and how one is taken out of its text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from rolecall.analysis.layout.tree import Group, Part, Text, Tree, lines_before, read_tree
from rolecall.analysis.lint.problem import CannotFixError, Edit
from rolecall.vocabulary.origin import Origin, Source

_SECTIONS: Final = {"rules": "rule", "permission_sets": "permission set", "resources": "resource type", "roles": "role"}


class Element(msgspec.Struct, frozen=True, eq=False):
    """A rule, permission set, resource type or role, and where it is written: its part, its first and last line."""

    kind: str
    name: str
    file: File
    part: Part
    first: int
    last: int

    def entry(self, key: str) -> Part | None:
        """Give one of its entries."""
        return entry(self.part.value, key)


class File:
    """A file as a tree, with its lines."""

    def __init__(self, source: Source, tree: Tree) -> None:
        """Comments need not be attached."""
        self.source, self.tree = source, tree
        self.starts = [0]
        for line in source.text.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        first = tree.root.parts[0].key if tree.root.parts else None
        self.begins = first.value if first else ""
        self.elements = [*self._elements()] if self.begins == "rolecall" else []

    def _elements(self) -> Iterator[Element]:
        for section in self.tree.root.parts:
            kind = _SECTIONS.get(section.key.value if section.key else "")
            for part in section.value.parts if kind and isinstance(section.value, Group) else ():
                named = entry(part.value, "id") if kind == "rule" else part
                name = part.key.value if part.key else ""
                if kind == "rule" and named and isinstance(named.value, Text):
                    name = named.value.value
                yield Element(kind or "", name, self, part, self.line(part.start), self.line(max(part.end - 1, 0)))

    def line(self, offset: int) -> int:
        """Give the number of the line of a place, from 1 on."""
        low, high = 0, len(self.starts)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.starts[middle] <= offset else (low, middle)
        return low + 1

    def offset(self, origin: Origin) -> int:
        """Give a place as an offset."""
        return self.starts[min(origin.line, len(self.starts)) - 1] + origin.column - 1

    def at_line(self, number: int) -> Element | None:
        """Give the innermost element that a line lies in."""
        return next((one for one in self.elements if one.first <= number <= one.last), None)

    def at(self, origin: Origin) -> Element | None:
        """Give the element that a place lies in; of several in one line, the one that begins last before it."""
        offset = self.offset(origin)
        inside = [one for one in self.elements if one.part.start <= offset < max(one.part.end, one.part.start + 1)]
        return inside[-1] if inside else self.at_line(origin.line)

    def names(self, wanted: Iterable[str]) -> str:
        """Give one of these names that stands in the file as a value; empty where none does."""
        values = {part.value.value for part in self.tree.parts if isinstance(part.value, Text)}
        # A grid's table is one text: its words are looked at.
        words = {word for value in values for word in value.replace(",", " ").split()} | values
        return next((name for name in wanted if name in words), "")


def read_files(sources: Iterable[Source]) -> dict[str, File]:
    """Read each file that is no fault of the loader's."""
    found = {}
    for source in sources:
        tree = read_tree(source.text)
        if tree is not None:
            found[source.name] = File(source, tree)
    return found


def entry(value: Text | Group, key: str) -> Part | None:
    """Give an entry of a mapping by its key."""
    parts = value.parts if isinstance(value, Group) and value.mapping else []
    return next((part for part in parts if part.key and part.key.value == key), None)


def listed_in(element: Element, key: str, name: str) -> Part | None:
    """Give what has to go so that an entry's list does not name this: of several names one, of one the whole entry."""
    line = element.entry(key)
    parts = line.value.parts if line and isinstance(line.value, Group) else []
    chosen = next((part for part in parts if isinstance(part.value, Text) and part.value.value == name), None)
    return chosen if chosen is None or len(parts) > 1 else line


def without(file: File, part: Part) -> Edit:
    """Take a part out of its text; its comments would be lost, so there must be none."""
    siblings = part.up.parts
    place = siblings.index(part)
    if len(siblings) == 1:
        raise CannotFixError("nothing would be left beside it")
    text, start, end = file.source.text, part.start, part.end
    before = lines_before(text, start)
    if not part.up.flow and not before.strip():
        start -= len(before)
        end = _line_end(text, end)
        _refuse_comments(file, _above(file, start), end)
        if text[end:].startswith(("\n", "\r\n")) and (not start or not _line_above(text, start).strip()):
            end = _line_end(text, end)
    elif place + 1 < len(siblings):
        end = siblings[place + 1].start
    elif part.up.flow:
        start = siblings[place - 1].end
    else:
        end = _line_end(text, end)
    _refuse_comments(file, start, end)
    return Edit(file.source, start, end)


def _refuse_comments(file: File, start: int, end: int) -> None:
    if any(start <= one.start < end for one in file.tree.comments):
        raise CannotFixError("a comment stands there, and would be lost or left behind")


def _line_end(text: str, offset: int) -> int:
    """Give where the next line begins."""
    found = [place + 1 for mark in ("\n", "\r") if (place := text.find(mark, offset)) >= 0]
    end = min(found, default=len(text))
    return end + 1 if text[end - 1 : end + 1] == "\r\n" else end


def _line_above(text: str, start: int) -> str:
    """Give the line before the one that begins here."""
    end = start - (2 if text[:start].endswith("\r\n") else 1)
    return lines_before(text, end)


def _above(file: File, start: int) -> int:
    """Give where the comment lines begin that stand directly over a line."""
    while start and _line_above(file.source.text, start).lstrip().startswith("#"):
        start -= len(_line_above(file.source.text, start)) + (2 if file.source.text[:start].endswith("\r\n") else 1)
    return start
