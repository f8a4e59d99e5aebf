"""Verdicts about claims, as text, as JSON and as GitHub's annotations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolecall_cli.github import command
from rolecall_cli.style import shown, styled

if TYPE_CHECKING:
    from rolecall.analysis.claims import Verdict
    from rolecall.analysis.claims.counter import Case, Counterexample

_SIGNS = {
    "proven": ("proven", "green"),
    "false": ("FALSE", "red"),
    "vacuous": ("VACUOUS", "red"),
    "undecided": ("NOT DECIDED", "red"),
}


def render(verdicts: list[Verdict]) -> str:
    """Give the verdicts for a person: what is proven in a line each, what is not with everything that helps."""
    rows: list[str] = []
    for one in verdicts:
        said, colour = _SIGNS[one.answer]
        cells = f"  {sum(one.cells.values()):,} cells" if one.answer == "proven" else f"  {one.claim.origin}"
        rows.append(f"{styled(said, colour)}  {shown(one.claim.id)}{styled(shown(cells), 'dim')}")
        rows += [f"    {shown(row)}" for row in _more(one)]
    count = sum(one.answer == "proven" for one in verdicts)
    total = f"{count} of {len(verdicts)} claims proven"
    return "\n".join([*rows, "", styled(total, "green" if count == len(verdicts) else "red")])


def _more(verdict: Verdict) -> Iterator[str]:
    """Say more about a verdict that is not as it should be, and where a claim says nothing of a type that it names."""
    claim = verdict.claim
    if verdict.answer == "vacuous":
        yield "it is true of nobody and nothing, so it protects nothing: no cell is what it speaks of"
    elif verdict.answer == "undecided":
        yield verdict.why
    elif claim.named and (nothing := [kind for kind, cells in verdict.cells.items() if not cells]):
        yield f"of {', '.join(nothing)} it says nothing: nobody it speaks of can be met there"
    if verdict.counterexample is not None:
        yield from _against(verdict.counterexample, claim.because)


def _against(found: Counterexample, because: str) -> Iterator[str]:
    yield f"claimed: {because}"
    yield f"but {found.text}"
    for case in (found.case, *([found.beside] if found.beside else [])):
        yield from _rules(case, found.permission)
    if found.tests:
        yield "a test that says what should be, for a file that begins with `rolecall-tests: 1` and `tests:`"
        for test in found.tests:
            yield from (f"  {row}" for row in test.split("\n"))


def _rules(case: Case, permissions: str) -> Iterator[str]:
    """Give the rules behind the permissions in question."""
    for permission in dict.fromkeys(permissions.split(" ")):
        for rule, has in case.cell.given:
            if permission in has:
                yield f"  {permission} is given by {rule.id} ({rule.origin})"
        for rule, left in case.cell.capped:
            if permission not in left:
                yield f"  {permission} is taken away by {rule.id} ({rule.origin})"


def as_data(verdicts: list[Verdict]) -> dict[str, object]:
    """Give the verdicts for a program."""
    return {"schema": 1, "claims": [_data(one) for one in verdicts]}


def _data(one: Verdict) -> dict[str, object]:
    claim, found = one.claim, one.counterexample
    return {
        "id": claim.id,
        "kind": claim.kind,
        "because": claim.because,
        "file": claim.origin.file,
        "line": claim.origin.line,
        "answer": one.answer,
        "cells": one.cells,
        "why": one.why,
        "counterexample": None
        if found is None
        else {
            "text": found.text,
            "permissions": found.permission.split(" "),
            "case": _case(found.case),
            "beside": _case(found.beside) if found.beside else None,
            "tests": list(found.tests),
        },
    }


def _case(case: Case) -> dict[str, object]:
    return {
        "type": case.type,
        "roles": [f"{role}@{scope}" for role, scope in case.who],
        "state": dict(case.values),
        "permissions": sorted(case.cell.permissions),
        "given": [rule.id for rule, _ in case.cell.given],
        "capped": [rule.id for rule, _ in case.cell.capped],
    }


def as_annotations(verdicts: list[Verdict]) -> Iterator[str]:
    """Give an annotation for each claim that is not proven, then how many are."""
    for one in verdicts:
        if one.answer != "proven":
            said = one.counterexample.text if one.counterexample else next(_more(one), one.answer)
            where: dict[str, object] = {"file": one.claim.origin.file, "line": one.claim.origin.line}
            yield command("error", f"{one.answer}: {one.claim.id}", f"{one.claim.because} But: {said}", where)
    count = sum(one.answer == "proven" for one in verdicts)
    yield command("notice", "rolecall prove", f"{count} of {len(verdicts)} claims proven", {})
