"""The tree written anew: one way to indent, to space and to break, whatever the author's was."""

from __future__ import annotations

from itertools import groupby
from typing import Final

import msgspec

from rolecall.analysis.layout.scalars import one_line, several_lines
from rolecall.analysis.layout.tree import Comment, Group, Part, Text, Tree

WIDTH: Final = 120
"""How long a line may be before a list or mapping in brackets is written in lines of its own."""

_STEP: Final = 2
_RULE: Final = ("id", "because", "for", "when", "unless", "if", "if_unknown", "min", "max", "overrides")


class _Line(msgspec.Struct):
    """A line: its text, and the comment that ends it."""

    code: str
    comment: Comment | None = None


def print_tree(tree: Tree) -> str:
    """Write a tree whose comments are attached. The last line ends, too."""
    printer = _Printer(tree)
    printer.group(tree.root, 0, "")
    return "".join(f"{line}\n" for line in printer.done())


class _Printer:
    """Writes lines from the top to the end."""

    def __init__(self, tree: Tree) -> None:
        self.text, self.lines = tree.text, list[_Line]()
        self.closed = False  # whether a blank line would belong to the scalar above it
        parts = tree.root.parts
        is_policy = bool(parts) and parts[0].key is not None and parts[0].key.value == "rolecall"
        rules = [part.value for part in parts if is_policy and part.key and part.key.value == "rules"]
        self.rules = {id(part.value) for group in rules if isinstance(group, Group) for part in group.parts}

    # structure

    def group(self, group: Group, indent: int, lead: str) -> None:
        """Write a list or mapping in lines; `lead` is what stands before its first part: spaces, and perhaps a dash."""
        for number, part in enumerate(self.ordered(group)):
            before = " " * indent if number else lead
            if not before.strip():  # behind a dash, the comments were written above it
                self.above(self.over(part, before), indent, first=number == 0)
            self.part(part, indent, before)
        self.above(group.tail, indent, first=False)

    def part(self, part: Part, indent: int, lead: str) -> None:
        """Write one part."""
        head = lead + (self.text[part.key.start : part.key.end] + ":" if part.key else "-")
        value, comment = part.value, part.beside[-1] if part.beside else None
        if isinstance(value, Group):
            if self.lowered(value, head):
                self.lower(part, value, indent, head)
            else:
                self.line(f"{head} {self.inline(value)}", comment)
            return
        plain = one_line(self.text, value)
        if plain is not None:
            self.line(f"{head} {plain}" if plain else head, comment)
            return
        first, *rest = several_lines(self.text, value, indent + _STEP)
        self.line(f"{head} {first}", comment if value.block else None)
        self.lines += map(_Line, rest)
        if not value.block:
            self.lines[-1].comment = comment
        self.closed = value.block and "+" in first

    def lower(self, part: Part, value: Group, indent: int, head: str) -> None:
        """Write a list or mapping below its key, or from its dash on."""
        if part.key:
            self.line(head, part.beside[-1] if part.beside else None)
            self.group(value, indent + _STEP, " " * (indent + _STEP))
        else:
            self.group(value, indent + _STEP, head + " ")

    def over(self, part: Part, lead: str) -> list[str]:
        """Give the lines over a part: of comments beside it only one can stay there, and none beside a bare dash."""
        value, head = part.value, f"{lead}-"
        if part.key is None and isinstance(value, Group) and self.lowered(value, head):
            first = self.over(self.ordered(value)[0], f"{head} ")
            return [*part.above, *(one.text for one in part.beside), *(line for line in first if line)]
        return [*part.above, *(one.text for one in part.beside[:-1])]

    def lowered(self, value: Group, head: str) -> bool:
        """Say whether a list or mapping has lines of its own: it has some, or comments, or is too long for one."""
        line = self.inline(value)
        return bool(value.parts) and (line is None or len(head) + 1 + len(line) > WIDTH)

    def ordered(self, group: Group) -> list[Part]:
        """Give the parts in their order: that of the author, but for the keys of a rule."""
        if id(group) not in self.rules or not group.mapping:
            return group.parts
        order = {key: number for number, key in enumerate(_RULE)}
        return sorted(group.parts, key=lambda part: order.get(part.key.value if part.key else "", len(order)))

    # lines

    def above(self, lines: list[str], indent: int, first: bool) -> None:
        """Write comment lines, and one blank line where there are some; a block begins with none."""
        for blank, several in groupby(lines, key=lambda line: not line):
            if not blank:
                self.lines += [_Line(" " * indent + line) for line in several]
                self.closed = False
            elif not self.closed and not first:
                self.lines.append(_Line(""))
            first = False

    def line(self, code: str, comment: Comment | None) -> None:
        """Write a line with its comment."""
        self.lines.append(_Line(code.rstrip(), comment))
        self.closed = False

    def inline(self, value: Text | Group) -> str | None:
        """Give a value in one line; None where it has lines of its own, or comments."""
        if isinstance(value, Text):
            return one_line(self.text, value)
        if not value.flow or any(value.tail) or (value.owner is None):
            return None
        found = []
        for part in self.ordered(value):
            said = None if any(part.above) or part.beside else self.inline(part.value)
            if said is None:
                return None
            found.append(f"{self.text[part.key.start : part.key.end]}: {said}" if part.key else said)
        opened, closed = "{}" if value.mapping else "[]"
        return f"{opened}{', '.join(found)}{closed}"

    def done(self) -> list[str]:
        """Give the lines. Comments that stood in one column are in one column still; others follow two spaces on."""
        found: list[str] = []
        rows: list[tuple[int, _Line, Comment]] = []

        def align() -> None:
            column = max((len(row.code) for _, row, _ in rows), default=0) + _STEP
            wide = any(column + len(comment.text) > WIDTH for _, _, comment in rows)
            for place, row, comment in rows:
                found[place] = f"{row.code}  {comment.text}" if wide else f"{row.code:<{column}}{comment.text}"
            rows.clear()

        for row in self.lines:
            if (rows and not row.code) or (row.comment and rows and rows[-1][2].column != row.comment.column):
                align()
            if row.comment:
                rows.append((len(found), row, row.comment))
            found.append(row.code)
        align()
        return found
