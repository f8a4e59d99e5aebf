"""YAML text to nodes with positions, read event by event: the 1.2 core schema, and none of YAML's traps.

PyYAML's C parser gives the events (its `compose` can crash the process on deep nesting; events cannot, and reading
stops at `MAX_DEPTH`). Anchors, aliases, tags, directives, duplicate and non-string keys are refused here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

import msgspec
import yaml

from rolecall.vocabulary.origin import Finding, Origin, Source

MAX_DEPTH = 32
_PARSER = getattr(yaml, "CLoader", yaml.Loader)

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_INTEGER = re.compile(r"[-+]?[0-9]+\Z|0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z|[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")

# What YAML allows in no file, written out or not (YAML 1.2, section 5.1); and what would hide a rule from whoever reads
# the file: line breaks to YAML 1.1's parser that nothing else breaks at, and marks that turn text around.
_NOT_TEXT = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_MERGE = re.compile(r"^<{7} ", re.MULTILINE)

Data = None | bool | int | float | str | list["Data"] | dict[str, "Data"]


class Scalar(msgspec.Struct, frozen=True):
    """A single value: `None`, a boolean, a number or a string."""

    value: None | bool | int | float | str
    origin: Origin

    def data(self) -> Data:
        """Give the plain value."""
        return self.value


class Sequence(msgspec.Struct, frozen=True):
    """A list of nodes."""

    items: tuple[Node, ...]
    origin: Origin

    def data(self) -> Data:
        """Give plain lists, dictionaries and values."""
        return [item.data() for item in self.items]


class Mapping(msgspec.Struct, frozen=True):
    """Keys to nodes, in the order written; keys are unique strings."""

    keys: dict[str, Origin]
    values: dict[str, Node]
    origin: Origin

    def data(self) -> Data:
        """Give plain lists, dictionaries and values."""
        return {key: value.data() for key, value in self.values.items()}


Node = Scalar | Sequence | Mapping


def resolve(text: str) -> None | bool | int | float | str:
    """Give the value of a plain scalar by YAML 1.2's core schema; of booleans only `true` and `false` are known.

    Numbers matter to a policy only in that they are none of its words, so a long one may lose digits.
    """
    if text in _NULLS:
        return None
    if text in ("true", "false"):
        return text == "true"
    if _INTEGER.match(text):
        return int(text[:20], 0 if text[:2] in ("0o", "0x") else 10)
    if _FLOAT.match(text):
        return float(text.casefold().replace(".inf", "inf").replace(".nan", "nan"))
    return text


class _Refused(Exception):
    """Reading cannot go on; the finding is already kept."""


def parse(source: Source, findings: list[Finding]) -> Node | None:
    """Read one document; what is wrong is added to `findings`. None where there is nothing to go on with."""
    if (odd := _NOT_TEXT.search(source.text)) is not None:
        name = f"U+{ord(odd.group()):04X}"
        message = f"the file holds the control character {name}, which is no text"
        findings.append(
            Finding("not-text", message, source.at(odd.start()), helps=("delete it, and type the line anew",))
        )
        return None
    reader, before = _Reader(source, findings), len(findings)
    try:
        try:
            return reader.document(iter(yaml.parse(source.text, Loader=_PARSER)))
        except yaml.MarkedYAMLError as error:
            if "nesting depth" not in str(error.problem):
                raise
            # Newer C parsers look ahead past `MAX_DEPTH` and give up there; Python's comes to it first, and says where.
            del findings[before:]
            return reader.document(iter(yaml.parse(source.text, Loader=yaml.Loader)))
    except _Refused:
        return None
    except yaml.MarkedYAMLError as error:
        findings.append(_half_merged(source) or _syntax(source, error))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        findings.append(Finding("not-yaml", f"the file is not YAML: {error}", Origin(source, 1, 1)))
    return None


def _half_merged(source: Source) -> Finding | None:
    """Say that git left its marks, where it did: whatever else the parser stumbles over comes of them."""
    found = _MERGE.search(source.text)
    helps = ("keep what is meant of both sides, and delete the lines that begin with <<<<<<<, ======= and >>>>>>>",)
    return found and Finding("not-yaml", "a merge was left half done here", source.at(found.start()), helps=helps)


def _syntax(source: Source, error: yaml.MarkedYAMLError) -> Finding:
    """Say in plain words what the YAML parser stumbled over, at the place where an author can mend it."""
    mark = error.problem_mark or error.context_mark
    at = Origin(source, mark.line + 1, mark.column + 1) if mark else Origin(source, 1, 1)
    start = error.context_mark or mark
    begun = Origin(source, start.line + 1, start.column + 1) if start else at
    problem, context = str(error.problem or ""), str(error.context or "")
    line = source.line(at.line)
    here = line[at.column - 1 : at.column]
    opened = source.line(begun.line)[begun.column - 1 : begun.column]
    if here == "\t" or "\t" in line[: len(line) - len(line.lstrip())] or "tab character" in problem:
        return Finding("tab", "a tab stands where YAML wants spaces", at, helps=("indent with spaces, two a level",))
    if "directive" in context or "directive" in problem:
        return Finding(
            "directive", "a `%` directive is refused", Origin(source, at.line, 1), helps=("delete the line",)
        )
    if "tag handle" in problem or "a tag" in context:
        return Finding(
            "tag", "a tag (a word that begins with `!`) is refused", begun, helps=("put the text in quotes",)
        )
    if "while scanning an a" in context or "undefined alias" in problem:
        helps = (
            "put a text that begins with `*` or `&` in quotes",
            "write a repeated value out: anchors and aliases are refused",
        )
        return Finding("alias", f"`{opened}` stands for an anchor or an alias", begun, helps=helps)
    if "quoted scalar" in context and "end of stream" in problem:
        return Finding(
            "not-yaml", f"the text that {opened} begins here has no end", begun, helps=(f"close it with {opened}",)
        )
    if "',' or '" in problem:
        closing = {"[": "]", "{": "}"}.get(opened, "]")
        if begun.line != at.line:
            return Finding(
                "not-yaml", f"the `{opened}` has no `{closing}`", begun, helps=(f"close it with `{closing}`",)
            )
        message = f"a `,` or a `{closing}` is missing before this"
        return Finding(
            "not-yaml", message, at, helps=("put a comma between two entries, and a text with commas in quotes",)
        )
    for fragment, message, help_, at_start in _SAID:
        if fragment in problem or fragment in context:
            return Finding("not-yaml", message.replace("HERE", here), begun if at_start else at, helps=(help_,))
    return Finding("not-yaml", f"the file is not YAML: {problem or 'it cannot be read'}", at)


# What the parser says (libyaml, PyYAML), what an author is told, the fix, and whether the place is where it began.
_SAID = (
    ("mapping values are not allowed", "a `:` stands where no key can end",
     "put a text that holds `: ` in quotes; else check the indentation of this line", False),
    ("block sequence entries are not allowed", "a list cannot begin on the line of its key",
     "begin each `- ` on a line of its own, or write [a, b]; put a text that begins with `-` in quotes", False),
    ("cannot start any token", "a text cannot begin with `HERE`", "put the text in quotes", False),
    ("could not find expected ':'", "this line has no `:`", "write `key: value`, or check the indentation", True),
    ("unknown escape character", "in double quotes a `\\` begins a code such as `\\n`, and this is none",
     "write `\\\\`, or use single quotes", False),
    ("scanning a block scalar", "a text after `>` or `|` begins on the next line", "break the line after it", False),
    ("document start", "something stands after the end of the document",
     "delete it, or check the brackets just above", False),
    ("node content", "something is missing before this", "check the brackets and commas here and just above", False),
    ("flow node", "something is missing before this", "check the brackets and commas here and just above", False),
    ("expected", "this does not fit the lines above it",
     "check the indentation: what belongs together begins in the same column", False),
)  # fmt: skip


class _Reader:
    """Turns the events of one file into nodes, refusing what a policy has no use for."""

    def __init__(self, source: Source, findings: list[Finding]) -> None:
        self.source, self.findings = source, findings

    def refuse(self, code: str, message: str, event: yaml.Event, *helps: str) -> None:
        """Keep a finding at the event."""
        self.findings.append(Finding(code, message, self.at(event), helps=helps))

    def at(self, event: yaml.Event) -> Origin:
        """Give the event's place; the caret is as wide as a one-line scalar."""
        start, end = cast("yaml.Mark", event.start_mark), cast("yaml.Mark", event.end_mark)
        one_line = isinstance(event, yaml.ScalarEvent) and start.line == end.line
        return Origin(
            self.source, start.line + 1, start.column + 1, max(1, end.column - start.column) if one_line else 1
        )

    def document(self, events: Iterator[yaml.Event]) -> Node | None:
        """Read the one document of the file."""
        node: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if event.tags or event.version not in (None, (1, 2)):
                    self.refuse("directive", "a `%` directive is refused", event, "delete the line")
                    raise _Refused
                if documents > 1:
                    self.refuse("second-document", "a second document (`---`) is refused", event, "use a file for each")
                    raise _Refused
            elif isinstance(event, yaml.NodeEvent):
                node = self.node(event, events, 1)
        empty = node is None or (isinstance(node, Scalar) and node.value is None)
        if empty:
            at = Origin(self.source, 1, 1)
            message = "the file holds nothing but comments" if "#" in self.source.text else "the file is empty"
            self.findings.append(Finding("empty", message, at, helps=("begin with `rolecall: 1`, or delete the file",)))
            return None
        return node

    def node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        """Read the node that begins with `event`."""
        if depth > MAX_DEPTH:
            self.refuse("too-deep", f"this is nested more than {MAX_DEPTH} levels deep", event)
            raise _Refused
        if isinstance(event, yaml.AliasEvent):
            self.refuse("alias", f"an alias (`*{event.anchor}`) is refused", event, "write the value out")
            return Scalar(None, self.at(event))
        if anchor := getattr(event, "anchor", None):
            self.refuse("alias", f"an anchor (`&{anchor}`) is refused", event, "write the value out where it is used")
        if tag := getattr(event, "tag", None):
            tag = tag.replace("tag:yaml.org,2002:", "!!")
            self.refuse("tag", f"a tag (`{tag}`) is refused", event, "delete it, and put a text in quotes")
        if isinstance(event, yaml.ScalarEvent):
            plain = event.style in (None, "") and not event.tag
            return Scalar(resolve(event.value) if plain else event.value, self.at(event))
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Node] = []
            while not isinstance(inner := next(events), yaml.SequenceEndEvent):
                items.append(self.node(inner, events, depth + 1))
            return Sequence(tuple(items), self.at(event))
        return self.mapping(event, events, depth)

    def mapping(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Mapping:
        """Read a mapping; of a key that stands twice the first counts, and the second is an error."""
        keys: dict[str, Origin] = {}
        values: dict[str, Node] = {}
        while not isinstance(inner := next(events), yaml.MappingEndEvent):
            key = self.node(inner, events, depth + 1)
            after = next(events)
            value = self.node(after, events, depth + 1)
            merged = isinstance(after, yaml.AliasEvent) and isinstance(inner, yaml.ScalarEvent) and inner.value == "<<"
            if merged or isinstance(inner, yaml.AliasEvent):
                continue  # said already
            if not isinstance(key, Scalar) or not isinstance(key.value, str):
                shown = f"`{inner.value}`" if isinstance(inner, yaml.ScalarEvent) else "a list or a mapping"
                self.refuse(
                    "key-no-text",
                    f"{shown} cannot be a key here",
                    inner,
                    "a key is a word: put it in quotes if it is one",
                )
            elif key.value in keys:
                first = keys[key.value].line
                self.refuse(
                    "duplicate-key", f"`{key.value}` stands twice (first in line {first})", inner, "keep one of them"
                )
            else:
                keys[key.value] = key.origin
                values[key.value] = value
        return Mapping(keys, values, self.at(event))
