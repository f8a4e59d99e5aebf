"""Fixes made one by one, each proven first: no question has another answer afterwards, and no comment is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import msgspec

from rolecall.analysis.diagrams import TooLargeError
from rolecall.analysis.difference import Version, compare
from rolecall.analysis.layout import comments_of
from rolecall.analysis.lint.places import read_files
from rolecall.analysis.lint.problem import Edit, Fix, Problem
from rolecall.compiler import compile_policy
from rolecall.loader import merge_sources
from rolecall.policy import Policy
from rolecall.vocabulary.origin import Finding, Source

_ROUNDS: Final = 20
Lint = Callable[[Policy, Iterable[Source]], list[Problem]]


class Fixed(msgspec.Struct, frozen=True, eq=False):
    """What was done, as one says it; what was not, each with the reason; the files as they would be, and were."""

    done: tuple[str, ...]
    left: tuple[tuple[Finding, str], ...]
    sources: tuple[Source, ...]
    before: tuple[Source, ...]

    @property
    def changed(self) -> tuple[Source, ...]:
        """The files that are to be written."""
        return tuple(new for new, old in zip(self.sources, self.before, strict=True) if new.text != old.text)


def fix_all(sources: Iterable[Source], top: Path, lint: Lint) -> Fixed:
    """Make every fix that is proven to change no answer, until there is none left. Nothing is written."""
    before = now = tuple(sources)
    done: list[str] = []
    left: list[tuple[Finding, str]] = []
    for _ in range(_ROUNDS):
        policy, _ = merge_sources([*now], [], top)
        if policy is None:
            break
        work = _Round(policy, now, top)
        left = work.run(lint(policy, now))
        if not work.said:
            break
        done += work.said
        now = work.sources
    return Fixed(tuple(done), tuple(left), now, before)


class _Round:
    """Fixes of the same texts. A fix that touches what another one has changed waits for the next round."""

    def __init__(self, policy: Policy, sources: tuple[Source, ...], top: Path) -> None:
        self.first, self.sources, self.top = sources, sources, top
        compiled = compile_policy(policy)
        self.version, self.errors = Version(policy, compiled.table), len(compiled.errors)
        self.edits: list[Edit] = []
        self.said: list[str] = []
        self.others = [file for file in read_files(sources).values() if file.begins != "rolecall"]

    def run(self, problems: Iterable[Problem]) -> list[tuple[Finding, str]]:
        """Make the fixes; gives what is left, each with the reason."""
        left = [(one.finding, one.why) for one in problems if one.why]
        tried: list[tuple[Finding, Fix]] = []
        for one in problems:
            why = self._refused(one.fix, [fix for _, fix in tried]) if one.fix else ""
            if why:
                left.append((one.finding, why))
            elif one.fix:
                tried.append((one.finding, one.fix))
        return left + self._take(tried)

    def _refused(self, fix: Fix, before: list[Fix]) -> str:
        """Say why a fix is not even tried."""
        if any(_touch(one, other) for one in fix.edits for earlier in before for other in earlier.edits):
            return "another fix comes first"
        for file in self.others:
            if name := file.names(fix.gone):
                return f"{file.source.name} names `{name}`"
        return ""

    def _take(self, fixes: list[tuple[Finding, Fix]]) -> list[tuple[Finding, str]]:
        """Make several fixes at once if that changes nothing; if it does, one half and then the other."""
        if not fixes:
            return []
        edits = [*self.edits, *(edit for _, fix in fixes for edit in fix.edits)]
        sources = tuple(_edited(source, edits) for source in self.first)
        why = self._why_not(sources)
        if not why:
            self.edits, self.sources = edits, sources
            self.said += [fix.said for _, fix in fixes]
            return []
        if len(fixes) == 1:
            return [(fixes[0][0], why)]
        half = len(fixes) // 2
        return self._take(fixes[:half]) + self._take(fixes[half:])

    def _why_not(self, sources: tuple[Source, ...]) -> str:
        """Say what would be different: the answers, what the loader finds, or the comments."""
        policy, findings = merge_sources([*sources], [], self.top)
        if policy is None:
            return f"the policy would not load: {next(one.message for one in findings if one.severity == 'error')}"
        compiled = compile_policy(policy)
        if len(compiled.errors) > self.errors:
            return f"it would be an error: {compiled.errors[-1].message}"
        try:
            found = compare(self.version, Version(policy, compiled.table))
        except TooLargeError as error:
            return str(error)
        if not found.unchanged:
            only = (
                "" if found.changes or not found.doubts else ", for somebody whose roles are doubtful or not acted as"
            )
            return f"some questions would have another answer{only}"
        if any(comments_of(old.text) != comments_of(new.text) for old, new in zip(self.first, sources, strict=True)):
            return "a comment would be lost"
        return ""


def _touch(one: Edit, other: Edit) -> bool:
    """Say whether two edits change the same text, or text beside each other."""
    return one.source.name == other.source.name and one.start <= other.end and other.start <= one.end


def _edited(source: Source, edits: Iterable[Edit]) -> Source:
    """Give a file with its edits made."""
    text = source.text
    for one in sorted(edits, key=lambda edit: edit.start, reverse=True):
        if one.source.name == source.name:
            text = text[: one.start] + one.text + text[one.end :]
    return source if text == source.text else Source(source.name, text)
