"""A file's text as a tree: every part with where it begins and ends, and every comment. The events have no comments.

Between two scalars a file holds white space, brackets, dashes, commas, colons and comments, for anchors, tags and
aliases are refused: so a `#` there begins a comment, and one within a scalar does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, Final, cast

import msgspec
import yaml

_PARSER: Final = getattr(yaml, "CLoader", yaml.Loader)
_COMMENT: Final = re.compile(r"#[^\r\n]*")
_BLANK_END: Final = re.compile(r"(?:\r?\n[ \t]*)+\Z|\r?\n?\Z")
_HEADER: Final = re.compile(r"[|>][-+0-9]*[ \t]+(#[^\r\n]*)")


class Text(msgspec.Struct, eq=False):
    """A scalar: where it stands, how it is quoted (empty where it is not), and its value."""

    start: int
    end: int
    style: str
    value: str

    @property
    def block(self) -> bool:
        """Whether it is written below its key, after `|` or `>`."""
        return self.style in ("|", ">")


class Group(msgspec.Struct, eq=False):
    """A list or a mapping, in brackets (`flow`) or in lines; `tail` are comments after its last part.

    `end` is where the bracket closes, or where the last part ends; `column` is that of its first part.
    """

    start: int
    end: int
    mapping: bool
    flow: bool
    parts: list[Part]
    owner: Part | None
    column: int = 0
    tail: list[str] = msgspec.field(default_factory=list)


class Part(msgspec.Struct, eq=False):
    """An entry of a mapping or a list.

    `above` are the comment lines over it (empty: a blank line), `beside` those that end its line.
    """

    start: int
    key: Text | None
    value: Text | Group
    up: Group
    above: list[str] = msgspec.field(default_factory=list)
    beside: list[Comment] = msgspec.field(default_factory=list)

    @property
    def end(self) -> int:
        """Where the part ends."""
        return max(self.value.end, self.key.end if self.key else self.start)


class Comment(msgspec.Struct, frozen=True):
    """A comment: where it begins, its text from the `#` on, and whether it has its line for itself."""

    start: int
    text: str
    alone: bool
    column: int


class Tree(msgspec.Struct, eq=False):
    """A file: its text, its root mapping, every part in the order of the text, every comment."""

    text: str
    root: Group
    parts: list[Part]
    comments: list[Comment]


def read_tree(text: str) -> Tree | None:
    """Read a file that the loader finds no fault with; None where its root is no mapping."""
    events = [
        event
        for event in yaml.parse(text, Loader=_PARSER)
        if isinstance(event, yaml.CollectionEndEvent | yaml.NodeEvent)
    ]
    comments = list(_comments(text, events))
    builder = _Builder(text, comments)
    root = builder.node(iter(events), None)
    if not isinstance(root, Group) or not root.mapping:
        return None
    return Tree(text, root, builder.parts, comments)


def lines_before(text: str, offset: int) -> str:
    """Give what stands before a place in its line."""
    return text[max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1 : offset]


def _span(event: yaml.Event) -> tuple[int, int]:
    start, end = cast("yaml.Mark", event.start_mark), cast("yaml.Mark", event.end_mark)
    return start.index, end.index


def _comments(text: str, events: Iterable[yaml.Event]) -> Iterator[Comment]:
    """Find the comments: outside scalars, and after the `|` or `>` of one."""
    scalars = (_span(event) for event in events if isinstance(event, yaml.ScalarEvent))
    spans = [(0, 0), *scalars, (len(text), len(text))]
    for (begun, ended), (following, _) in pairwise(spans):
        header = _HEADER.match(text, begun, ended)
        if header:
            yield _comment(text, header.start(1), header.group(1))
        for match in _COMMENT.finditer(text, ended, following):
            yield _comment(text, match.start(), match.group())


def _comment(text: str, start: int, said: str) -> Comment:
    before = lines_before(text, start)
    return Comment(start, said.rstrip(), not before.strip(), len(before))


class _Builder:
    """Builds the tree from events."""

    def __init__(self, text: str, comments: list[Comment]) -> None:
        self.text = text
        self.inside = [(one.start, one.start + len(one.text)) for one in comments]
        self.parts: list[Part] = []

    def node(self, events: Iterator[yaml.Event], owner: Part | None, event: yaml.Event | None = None) -> Text | Group:
        """Read the node that comes next (or that begins with `event`)."""
        event = next(events) if event is None else event
        start, end = _span(event)
        if isinstance(event, yaml.ScalarEvent):
            style = event.style or ""
            if style in ("|", ">"):
                end = start + len(_BLANK_END.sub("", self.text[start:end]))
            return Text(start, end, style, event.value)
        flow = bool(cast("Any", event).flow_style)
        group = Group(start, end, isinstance(event, yaml.MappingStartEvent), flow, [], owner)
        before = start
        while not isinstance(inner := next(events), yaml.CollectionEndEvent):
            before = self._part(group, inner, events, before)
        group.end = _span(inner)[1] if group.flow else before
        if group.parts:
            group.column = len(lines_before(self.text, group.parts[0].start))
        return group

    def _part(self, group: Group, event: yaml.Event, events: Iterator[yaml.Event], before: int) -> int:
        """Read one part of a group; gives where it ends."""
        start = _span(event)[0]
        key = None
        if group.mapping:
            key = cast("Text", self.node(events, None, event))
        elif not group.flow:
            start = self._dash(before, start)
        # The place is kept before the value is read, so that parts stand in the order of the text.
        part = Part(start, key, Text(start, start, "", ""), group)
        self.parts.append(part)
        group.parts.append(part)
        part.value = self.node(events, part, None if group.mapping else event)
        return part.end

    def _dash(self, before: int, until: int) -> int:
        """Find the dash of a list's entry: the first one that is in no comment."""
        place = self.text.find("-", before, until + 1)
        while place >= 0 and any(start <= place < end for start, end in self.inside):
            place = self.text.find("-", place + 1, until + 1)
        return place if place >= 0 else until
