"""A difference for programs: JSON, whole, and GitHub's annotations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolecall_cli.audit.replay import said_group
from rolecall_cli.difference import history
from rolecall_cli.difference.report import Report, said_cause, said_people, said_resources, said_shifted
from rolecall_cli.difference.text import who
from rolecall_cli.github import command

if TYPE_CHECKING:
    from rolecall.analysis.difference import Cause, Change


def as_data(report: Report) -> dict[str, object]:
    """Give everything. Nothing is left out here."""
    found = report.difference
    return {
        "schema": 1,
        "old": {"name": report.old, "digest": found.old.policy.digest},
        "new": {"name": report.new, "digest": found.new.policy.digest},
        "verdict": report.verdict,
        "unchanged": found.unchanged,
        "complete": found.complete,
        "declared": [{"code": one.code, "text": one.text, "decides": one.means} for one in found.declared],
        "shifted": list(found.shifted),
        "changes": [_change(one) for one in found.changes],
        "doubts": [
            {
                "type": one.type,
                "direction": one.direction,
                "permission": one.permission,
                "example": _pairs(one.who),
                "rules": [_cause(cause) for cause in one.causes],
            }
            for one in found.doubts
        ],
        "edited": [
            {
                "rule": one.rule,
                "edit": one.edit,
                "through": list(one.through),
                "changes_something": one not in found.idle,
            }
            for one in found.edited.values()
        ],
        "cells": {
            kind: {"reachable": one.reachable, "gained": one.gained, "lost": one.lost}
            for kind, one in found.cells.items()
        },
        "people": _people(report),
        "decisions": None if report.history is None else history.as_data(report.history, listed=report.listed),
        "failed": list(report.failed),
    }


def _change(change: Change) -> dict[str, object]:
    return {
        "type": change.type,
        "direction": change.direction,
        "permissions": list(change.permissions),
        "who": _pairs(change.who),
        "unless": [_pairs(one) for one in change.unless],
        "exact": change.exact,
        "states": [
            {name: ["unknown" if value is None else value for value in values] for name, values in row.items()}
            for row in change.states
            if row
        ],
        "rules": [_cause(one) for one in change.causes],
        "text": who(change),
    }


def _pairs(pairs: tuple[tuple[str, str], ...]) -> list[str]:
    return [f"{role}@{scope}" for role, scope in pairs]


def _cause(cause: Cause) -> dict[str, object]:
    at = cause.rule.origin
    return {
        "rule": cause.rule.id,
        "does": cause.does,
        "edit": cause.edit.edit if cause.edit else None,
        "through": list(cause.edit.through) if cause.edit else [],
        "file": at.file,
        "line": at.line,
        "because": cause.rule.because,
    }


def _people(report: Report) -> dict[str, object] | None:
    if report.people is None:
        return None
    found = report.people.affected
    rows = []
    for row in found.rows:
        one: dict[str, object] = {
            "direction": row.direction,
            "type": row.type,
            "permissions": list(row.permissions),
            "roles": list(row.roles),
            "people": len(row.people),
            "schools": row.schools,
            "within": row.within,
            "resources": row.resources,
            "always": row.always,
        }
        if report.listed:
            one["who"] = [{"user": user, "resources": found.count(row, user)} for user in sorted(row.people)]
        rows.append(one)
    return {
        "facts": report.people.facts,
        "looked_at": found.looked_at,
        "affected": found.people,
        "rows": rows,
        "undecided": list(found.undecided),
    }


def _annotated(report: Report, title: str, message: str, causes: tuple[Cause, ...]) -> Iterator[str]:
    """Give a line for each rule behind a change, or one where no rule is."""
    now = {rule.id: rule.origin for rule in report.difference.new.policy.rules}
    for cause in causes:
        how, does = said_cause(cause)
        because = f" ({cause.rule.id}{how and f', {how}'}, {does})"
        if "no longer" in cause.does:  # the old version has the line that did it
            because += f", before at {cause.rule.origin}"
        where: dict[str, object] = {}
        if at := now.get(cause.rule.id):  # GitHub wants the path in the repository
            where = {"file": at.file.removeprefix(f"{report.revision}:"), "line": at.line}
        yield command("warning", title, f"{message}{because}", where)
    if not causes:
        yield command("warning", title, message, {})


def as_annotations(report: Report) -> Iterator[str]:
    """Give a line for each change, at the rule behind it, as GitHub's workflow commands want it."""
    from rolecall.analysis import people  # noqa: PLC0415 - keeps --help quick

    for change in report.difference.changes:
        what = ", ".join(f"{change.type}.{permission}" for permission in change.permissions)
        said = people.states(change.states)
        yield from _annotated(
            report, f"{change.direction}: {what}", f"{who(change)}{said and f', {said}'}", change.causes
        )
    for one in report.difference.doubts:
        message = f"where roles are doubtful or not acted as, for example {people.person(one.who)}"
        yield from _annotated(report, f"{one.direction}: {one.type}.{one.permission}", message, one.causes)
    for said in said_shifted(report.difference):
        yield command("warning", "gained or lost", said, {})
    for row in report.people.affected.rows if report.people else ():
        what = ", ".join(f"{row.type}.{permission}" for permission in row.permissions)
        yield command("notice", "people affected", f"{said_people(row)} {what} {said_resources(row)}", {})
    if report.history is not None:
        told = [history.headline(report.history), *history.remarks(report.history)]
        told += [f"{number:,} cannot be compared: {why}" for why, number in report.history.tally.unknown.most_common()]
        yield command("notice", "recorded decisions", "\n".join(told), {})
        for group in report.history.tally.ordered():
            rules = ", ".join(f"{move.rule} {move.verb}" for move in group.moves)
            yield command("notice", "recorded decisions", f"{said_group(group)}{rules and f': {rules}'}", {})
    yield command("notice", "rolecall diff", f"{report.old} → {report.new}: {report.verdict}", {})
    for failed in report.failed:
        yield command("error", "rolecall diff", failed, {})
