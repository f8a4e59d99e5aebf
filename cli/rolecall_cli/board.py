"""All that there is to say of a policy at this moment, on one screen: for `rolecall watch`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from rolecall_cli import verdicts
from rolecall_cli.difference import text as difference_text
from rolecall_cli.difference.report import Report
from rolecall_cli.findings import counted, counts_said, look_at
from rolecall_cli.style import shown, styled

if TYPE_CHECKING:
    from os import terminal_size

    from rolecall.analysis.claims import Verdict
    from rolecall.analysis.difference import Version
    from rolecall.analysis.grids import Result
    from rolecall.vocabulary.origin import Finding

    from rolecall_cli.difference.versions import Named


_STYLE = re.compile(r"\x1b\[[0-9;]*m")


class Part(msgspec.Struct, frozen=True):
    """What one tool says: in a line, whether that is as it should be, and whatever more there is to say."""

    name: str
    line: str
    good: bool
    more: tuple[str, ...] = ()


class Board:
    """Looks at a policy again and again, and remembers what it is compared with."""

    def __init__(self, policy: Path, tests: Path, claims: Path, against: Named | None) -> None:
        """`against` is None where it is compared with the first version that can be read."""
        self.policy, self.tests, self.claims = policy, tests, claims
        self._base = None if against is None else against.version
        self._named = "since the start" if against is None else f"since {against.name}"

    def parts(self) -> Iterator[Part]:
        """Give what each tool says; after an error of the policy there is nothing for the others to say."""
        from rolecall.analysis.difference import Version  # noqa: PLC0415 - keeps --help quick

        policy, compiled, found, _ = look_at(self.policy)
        yield _checked(found)
        if policy is None or compiled is None or compiled.errors:
            yield Part("test, prove, diff", "when the policy can be read again", good=True)
            return
        version = Version(policy, compiled.table)
        self._base = self._base or version
        yield self._tested(version)
        yield self._proven(version)
        yield self._compared(self._base, version)

    def _tested(self, version: Version) -> Part:
        from rolecall.analysis.grids import Bench, read_tests  # noqa: PLC0415 - keeps --help quick
        from rolecall.errors import RolecallError  # noqa: PLC0415

        files, findings = read_tests(self.tests, version.policy)
        if findings:
            return _malformed("test", findings)
        try:
            results = Bench(version.table).run(files)
        except RolecallError as error:  # such as a snapshot that is no snapshot
            return Part("test", "cannot be run", good=False, more=tuple(shown(row) for row in str(error).split("\n")))
        if not results:
            return Part("test", "no tests: a file of tests begins with `rolecall-tests: 1`", good=True)
        *_, line = verdicts.render(results)
        return Part("test", line, good=all(one.passed for one in results), more=tuple(_wrong_answers(results)))

    def _proven(self, version: Version) -> Part:
        from rolecall.analysis.claims import prove, read_claims  # noqa: PLC0415 - keeps --help quick

        claims, findings = read_claims(self.claims, version.policy)
        if findings:
            return _malformed("prove", findings)
        if not claims:
            return Part("prove", "no claims: a file of claims begins with `rolecall-claims: 1`", good=True)
        found = [*prove(claims, version.policy, version.table)]
        count = sum(one.answer == "proven" for one in found)
        line = f"{count} of {len(found)} claims proven"
        return Part("prove", line, good=count == len(found), more=tuple(_false_claims(found)))

    def _compared(self, base: Version, version: Version) -> Part:
        from rolecall.analysis.diagrams import TooLargeError  # noqa: PLC0415 - keeps --help quick
        from rolecall.analysis.difference import compare  # noqa: PLC0415

        try:
            found = compare(base, version)
        except TooLargeError as error:
            return Part("diff", f"{self._named}: not decided", good=False, more=(shown(str(error)),))
        report = Report("", "", found, None, None, (), listed=False)
        rows = [] if found.unchanged else difference_text.render(report).split("\n")[2:]
        return Part("diff", f"{self._named}: {report.verdict}", good=found.unchanged, more=tuple(rows))


def _checked(found: list[Finding]) -> Part:
    told = [one for one in found if one.severity != "note"]
    counts = counted(told)
    line = counts_said({severity: counts[severity] for severity in ("error", "warning")})
    return Part("check", line, not told, _rendered(told))


def _malformed(name: str, findings: list[Finding]) -> Part:
    count = f"{len(findings)} error{'' if len(findings) == 1 else 's'}"
    return Part(name, f"cannot be read: {count}", good=False, more=_rendered(findings))


def _rendered(findings: list[Finding]) -> tuple[str, ...]:
    return tuple("\n\n".join(one.render() for one in findings).split("\n")) if findings else ()


def _wrong_answers(results: list[Result]) -> Iterator[str]:
    """Give each failed test in a few lines; `rolecall test` draws it."""
    for one in results:
        if one.passed:
            continue
        yield styled("failed: ", "red") + shown(f"{one.case.sentence} ({one.case.origin})")
        for asked, answer in one.failures:
            yield shown(f"  {asked.person.name} on {asked.thing.name}: {answer.permission} {answer.problem}")


def _false_claims(verdicts: list[Verdict]) -> Iterator[str]:
    """Give each claim that is not proven in a few lines; `rolecall prove` says more."""
    for one in verdicts:
        if one.answer == "proven":
            continue
        yield styled(f"{one.answer}: ", "red") + shown(f"{one.claim.id} ({one.claim.origin})")
        yield shown(f"  claimed: {one.claim.because}")
        if one.counterexample is not None:
            yield shown(f"  but {one.counterexample.text}")
        elif one.why:
            yield shown(f"  {one.why}")


def screen(title: str, parts: list[Part], size: terminal_size | None) -> Iterator[str]:
    """Lay the parts out: a line each, then what more there is to say, cut where a terminal of this size ends."""
    yield styled(shown(title), "bold")
    yield ""
    width = max(len(one.name) for one in parts) + 2
    for one in parts:
        colour = "green" if one.good else "yellow" if one.name == "diff" else "red"
        yield f"{one.name:{width}}{styled(one.line, colour)}"
    talking = [one for one in parts if one.more]
    left = None if size is None else size.lines - len(parts) - 3
    for number, one in enumerate(talking):
        rows = [*one.more]
        if size is not None and left is not None:
            rows = _fitting(rows, left // (len(talking) - number) - 2, size.columns, one.name)
            left -= sum(_lines(row, size.columns) for row in rows) + 2
        yield ""
        yield styled(f"── {one.name} ──", "dim")
        yield from rows


def _fitting(rows: list[str], room: int, columns: int, name: str) -> list[str]:
    """Give as many rows as there is room for, and say how many more there are."""
    taken, used = 0, 0
    for row in rows:
        used += _lines(row, columns)
        if used > room:
            break
        taken += 1
    if taken == len(rows):
        return rows
    kept = rows[: max(taken - 1, 0)]
    return [*kept, styled(f"  … {len(rows) - len(kept)} more lines: `rolecall {name}` has all", "dim")]


def _lines(row: str, columns: int) -> int:
    """Give how many lines a row takes on the screen."""
    return max(1, -(-len(_STYLE.sub("", row)) // columns))
