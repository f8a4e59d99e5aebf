"""What became of tests, for programs: JSON, JUnit's XML, GitHub's annotations, the Test Anything Protocol."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from rolecall_cli.github import command
from rolecall_cli.style import shown

if TYPE_CHECKING:
    from rolecall.analysis.grids import Answer, Asked, Result


def as_json(results: list[Result], coverage: dict[str, object] | None = None) -> str:
    """Give everything that was asked, as data."""
    data: dict[str, object] = {
        "schema": 1,
        "counts": {
            "tests": len(results),
            "failed": sum(not one.passed for one in results),
            "asserted": sum(one.asserted for one in results),
            "wrong": sum(len(one.failures) for one in results),
        },
        "tests": [
            {
                "test": one.case.sentence,
                "file": one.file,
                "line": one.case.origin.line,
                "passed": one.passed,
                "asserted": one.asserted,
                "failures": [_failure(asked, answer) for asked, answer in one.failures],
            }
            for one in results
        ],
    }
    if coverage is not None:
        data["coverage"] = coverage
    return json.dumps(data, indent=2)


def _failure(asked: Asked, answer: Answer) -> dict[str, object]:
    """Give one wrong answer."""
    at = asked.origin if answer.expected is None else answer.expected.origin
    reason = asked.decision.reason(answer.permission)
    return {
        "person": asked.person.name,
        "resource": asked.thing.name,
        "type": asked.thing.kind,
        "permission": answer.permission,
        "expected": None if answer.expected is None else answer.expected.allowed,
        "allowed": answer.allowed,
        "problem": answer.problem,
        "code": reason.code,
        "given_by": [rule.id for rule in reason.given_by],
        "cut_by": [rule.id for rule in reason.cut_by],
        "explanation": asked.sentence(answer.permission),
        "file": at.file,
        "line": at.line,
    }


def _said(asked: Asked, answer: Answer) -> str:
    """Give one wrong answer in a sentence or two."""
    about = f"{asked.person.name}, {asked.thing.kind}.{answer.permission} on {asked.thing.name}"
    return shown(f"{about} {answer.problem}. {asked.sentence(answer.permission)}")


def as_junit(results: list[Result]) -> str:
    """Give JUnit's XML: a suite for each file, a case for each test."""
    wrong = sum(not one.passed for one in results)
    rows = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="rolecall" tests="{len(results)}" failures="{wrong}">',
    ]
    for file, group in groupby(results, key=lambda one: one.file):
        suite = [*group]
        failed = sum(not one.passed for one in suite)
        rows.append(f'  <testsuite name={_attribute(file)} tests="{len(suite)}" failures="{failed}">')
        for one in suite:
            at = one.case.origin
            named = f"classname={_attribute(file)} name={_attribute(one.case.sentence)} file={_attribute(file)}"
            case = f'    <testcase {named} line="{at.line}"'
            if one.passed:
                rows.append(f"{case}/>")
                continue
            said = "\n".join(_said(*failure) for failure in one.failures)
            first = said.partition("\n")[0]
            rows += [
                f"{case}>",
                f"      <failure message={_attribute(first)}>{_text(said)}</failure>",
                "    </testcase>",
            ]
        rows.append("  </testsuite>")
    return "\n".join([*rows, "</testsuites>"])


def _attribute(text: str) -> str:
    return quoteattr(shown(text))


def _text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_github(results: list[Result]) -> str:
    """Give an annotation for each wrong answer, at its line of the tests."""
    rows = []
    for one in results:
        for asked, answer in one.failures:
            at = asked.origin if answer.expected is None else answer.expected.origin
            where: dict[str, object] = {"file": shown(at.file), "line": at.line, "col": at.column}
            rows.append(command("error", shown(one.case.sentence), _said(asked, answer), where))
    failed = sum(not one.passed for one in results)
    rows.append(f"{len(results)} test{'' if len(results) == 1 else 's'}, {failed} failed")
    return "\n".join(rows)


def as_tap(results: list[Result]) -> str:
    """Give TAP version 14: a line for each test, its wrong answers as a YAML block below."""
    rows = ["TAP version 14", f"1..{len(results)}"]
    for number, one in enumerate(results, 1):
        sentence = shown(one.case.sentence).replace("\\", "\\\\").replace("#", "\\#")
        rows.append(f"{'ok' if one.passed else 'not ok'} {number} - {sentence}")
        if not one.passed:
            rows += ["  ---", f"  at: {json.dumps(str(one.case.origin))}", "  wrong:"]
            rows += [f"    - {json.dumps(_said(*failure), ensure_ascii=False)}" for failure in one.failures]
            rows.append("  ...")
    return "\n".join(rows)
