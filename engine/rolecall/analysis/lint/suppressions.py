"""Comments that pass a finding over: `# rolecall: ignore RULE - the reason`, on what it is about or directly above."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from rolecall.analysis.lint.places import Element, File
from rolecall.analysis.lint.reasons import says_nothing
from rolecall.vocabulary.origin import Origin

_ASKS: Final = re.compile(r"#\s*rolecall:\s*ignore\b(?P<rest>.*)", re.DOTALL)
_SAYS: Final = re.compile(
    r"\s+(?P<ids>[a-z][a-z0-9-]*(?:\s*,\s*[a-z][a-z0-9-]*)*)(?:\s+-+\s+(?P<why>.*))?\s*\Z", re.DOTALL
)


class Suppression(msgspec.Struct, eq=False):
    """One such comment: the lint rules it names, its reason, what it is about; the rules for which it was of use."""

    ids: tuple[str, ...]
    reason: str
    element: Element | None
    origin: Origin
    used: set[str] = msgspec.field(default_factory=set)

    @property
    def valid(self) -> bool:
        """Whether it names rules and gives a reason: otherwise it passes nothing over."""
        return bool(self.ids) and not says_nothing(self.reason)


def find_suppressions(file: File) -> Iterator[Suppression]:
    """Give every such comment of a file."""
    alone = {file.line(one.start) for one in file.tree.comments if one.alone}
    for one in file.tree.comments:
        asks = _ASKS.match(one.text)
        if asks is None:
            continue
        says = _SAYS.match(asks["rest"])
        ids = tuple(name.strip() for name in says["ids"].split(",")) if says else ()
        line = file.line(one.start)
        origin = Origin(file.source, line, one.column + 1, len(one.text))
        below = line
        while below in alone:
            below += 1
        element = file.at_line(line) or next((e for e in file.elements if one.alone and e.first == below), None)
        yield Suppression(ids, (says["why"] or "").strip() if says else "", element, origin)
