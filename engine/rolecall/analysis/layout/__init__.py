"""How a file is laid out: `rolecall fmt`. Only white space, line breaks and the order of a rule's keys are changed.

Every file is read again after it was written anew: its values, and its comments, must be the same, or it is left alone.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import msgspec

from rolecall.analysis.difference import Version, compare
from rolecall.analysis.edits import bare
from rolecall.analysis.layout.comments import attach
from rolecall.analysis.layout.printing import WIDTH, print_tree
from rolecall.analysis.layout.tree import Comment, Part, Tree, read_tree
from rolecall.compiler.halves import make_table
from rolecall.loader import merge_sources
from rolecall.loader.build import POLICY_KEY, WORKBENCH_KEYS
from rolecall.loader.nodes import Mapping, Node, Scalar, Sequence, parse
from rolecall.policy import Policy
from rolecall.vocabulary.origin import Finding, Origin, Source

__all__ = ["WIDTH", "Formatted", "comments_of", "format_source", "format_sources"]

_BREAK = re.compile(r"\r\n|\r")


def format_source(source: Source) -> tuple[str | None, list[Finding]]:
    """Give a file's text as it should be laid out, or None and why it is left alone."""
    findings: list[Finding] = []
    root = parse(source, findings)
    if root is None or findings:
        return None, findings
    if not isinstance(root, Mapping) or next(iter(root.keys), "") not in (POLICY_KEY, *WORKBENCH_KEYS):
        why = "the file is left alone: its first key is none of rolecall, rolecall-tests, rolecall-claims"
        return None, [Finding("not-formatted", why, Origin(source, 1, 1))]
    breaks = "\r\n" if source.text.count("\r\n") * 2 > source.text.count("\n") else "\n"
    tree = read_tree(_BREAK.sub("\n", source.text))
    if tree is None or any(_long_key(tree, part) for part in tree.parts):
        why = "a key takes several lines, or the file is no mapping"
    else:
        attach(tree)
        text = print_tree(tree).replace("\n", breaks)
        again = parse(Source(source.name, text), findings)
        if again and not findings and _plain(root) == _plain(again) and _said(tree.comments) == comments_of(text):
            return text, []
        why = "it would not mean the same afterwards"
    return None, [Finding("not-formatted", f"the file is left alone: {why}", Origin(source, 1, 1))]


class Formatted(msgspec.Struct, frozen=True, eq=False):
    """Files as they should be laid out, and what is left alone; `compared` says whether the policy could be, too."""

    sources: tuple[Source, ...]
    refused: tuple[Finding, ...]
    compared: bool


def format_sources(sources: list[Source], top: Path) -> Formatted:
    """Lay out the files of a folder, or one. The policy must say and mean the same afterwards, or none is changed."""
    refused: list[Finding] = []
    after: list[Source] = []
    for one in sources:
        text, findings = format_source(one)
        refused += findings
        after.append(one if text is None or text == one.text else Source(one.name, text))
    before, _ = merge_sources(sources, [], top)
    if before is None or all(old is new for old, new in zip(sources, after, strict=True)):
        return Formatted(tuple(after), tuple(refused), before is not None)
    policy, _ = merge_sources(after, [], top)
    if policy is None or not _same_policy(before, policy):
        refused.append(Finding("not-formatted", "the policy would not mean the same afterwards: nothing is written"))
        after = sources
    return Formatted(tuple(after), tuple(refused), compared=True)


def _same_policy(old: Policy, new: Policy) -> bool:
    """Say whether two policies say the same, but for where, and are proven to mean the same."""
    said = [(bare(msgspec.structs.replace(one, sources=(), digest="")), make_table(one)) for one in (old, new)]
    return said[0][0] == said[1][0] and compare(Version(old, said[0][1]), Version(new, said[1][1])).unchanged


def comments_of(text: str) -> Counter[str]:
    """Give the comments of a file that can be read."""
    tree = read_tree(text)
    return _said(tree.comments) if tree else Counter()


def _said(comments: list[Comment]) -> Counter[str]:
    return Counter(one.text for one in comments)


def _long_key(tree: Tree, part: Part) -> bool:
    return part.key is not None and "\n" in tree.text[part.key.start : part.key.end]


def _plain(node: Node, path: tuple[str, ...] = ()) -> object:
    """Give the values of a node, types told apart; entries are a list, for their order may mean something."""
    if isinstance(node, Scalar):
        return (type(node.value), node.value)
    if isinstance(node, Sequence):
        return [_plain(item, (*path, "-")) for item in node.items]
    entries = [(key, _plain(value, (*path, key))) for key, value in node.values.items()]
    return dict(entries) if path == ("rules", "-") else entries
