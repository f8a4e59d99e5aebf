"""Names across files: registered once each, refused where they are the language's own, looked up with a likely fix."""

from __future__ import annotations

from collections.abc import Collection

from rolecall.errors import did_you_mean
from rolecall.loader.nodes import Mapping, Node, Scalar, Sequence
from rolecall.vocabulary.origin import Finding, Origin
from rolecall.vocabulary.roles import BUILT_IN_TYPES, RESERVED

MANY = 200
"""Beyond so many findings nobody reads hints."""


class Names:
    """Collects findings about names. With `lenient` (a file could not be read) unknown names are not reported."""

    def __init__(self, findings: list[Finding], *, lenient: bool) -> None:
        """Findings go to the caller's list."""
        self.findings, self.lenient = findings, lenient
        self.defined: dict[tuple[str, str], Origin] = {}

    def error(self, code: str, message: str, origin: Origin, *helps: str) -> None:
        """Keep an error."""
        self.findings.append(Finding(code, message, origin, helps=tuple(help_ for help_ in helps if help_)))

    def define(self, what: str, name: str, origin: Origin) -> bool:
        """Register the name of a `what` (`rule`, `resource type`…); False where it is taken or refused."""
        if (first := self.defined.get((what, name))) is not None:
            message = f"a second {what} has the name `{name}`; the first is at {first}"
            self.error("duplicate-name", message, origin, "keep one of them, or give it another name")
            return False
        self.defined[what, name] = origin
        if name in RESERVED and not (what == "resource type" and name in BUILT_IN_TYPES):
            article = "an" if what[0] in "aeiou" else "a"
            message = f"`{name}` is a word of the language itself and cannot name {article} {what}"
            self.error("reserved-name", message, origin, f"call it `my-{name.lower()}`")
            return False
        return True

    def unknown(self, what: str, name: str, known: Collection[str], origin: Origin) -> None:
        """Report a name that nothing has (one that was refused where it is defined has been reported there)."""
        if not self.lenient and (what, name) not in self.defined:
            hint = did_you_mean(name, known) if len(self.findings) < MANY else ""  # a hint costs time
            self.error("unknown-name", f"there is no {what} `{name}`", origin, hint)

    def check(self, what: str, name: str, known: Collection[str], origin: Origin) -> bool:
        """Report `name` unless it is known; says whether it is."""
        if name in known:
            return True
        self.unknown(what, name, known, origin)
        return False


def child(node: Node | None, key: str) -> Node | None:
    """Give the value of a key, where there is one."""
    return node.values.get(key) if isinstance(node, Mapping) else None


def entries(node: Node | None) -> list[tuple[str, Node, Origin]]:
    """Give key, value and the key's place; nothing where it is no mapping (the structural stage has said so)."""
    return [(key, value, node.keys[key]) for key, value in node.values.items()] if isinstance(node, Mapping) else []


def items(node: Node | None) -> tuple[Node, ...]:
    """Give the items of a list, or the one thing that stands in a list's place."""
    if isinstance(node, Sequence):
        return node.items
    return () if node is None else (node,)


def texts(node: Node | None) -> list[tuple[str, Origin]]:
    """Give the texts of a list, or the one text that stands in a list's place."""
    return [
        (item.value, item.origin) for item in items(node) if isinstance(item, Scalar) and isinstance(item.value, str)
    ]


def text(node: Node | None) -> str | None:
    """Give a text, where there is one."""
    return node.value if isinstance(node, Scalar) and isinstance(node.value, str) else None
