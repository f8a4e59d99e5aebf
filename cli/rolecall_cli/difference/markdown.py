"""A difference as a comment on a pull request. Whatever a policy says stands in code spans and can mark up nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolecall_cli.audit.replay import said_group
from rolecall_cli.difference import history
from rolecall_cli.difference.report import Report, said_cause, said_people, said_resources, said_shifted
from rolecall_cli.difference.text import MOST, who

if TYPE_CHECKING:
    from rolecall.analysis.difference import Cause, Change, Difference, Doubt

    from rolecall_cli.difference.history import History

# In a code span only a backtick means anything, and in a table also a bar: each is shown as what looks like it.
_LIKE = str.maketrans({"`": "ˋ", "|": "¦", "\\": "⧵"})  # noqa: RUF001 - the look is what they are for


_ROOM = 60_000
"""So many characters a comment may have: GitHub refuses one with more than 65,536."""

_FEW = 6
"""So many rules are named in a row, so many permissions; the rest is counted."""


def render(report: Report) -> str:
    """Give the comment. It is the same for the same difference, so that it can be replaced in place."""
    found = report.difference
    parts = ["<!-- rolecall-diff -->", f"### Policy: {report.verdict}", f"{code(report.old)} → {code(report.new)}"]
    if report.failed:
        parts.append("\n".join(f"- :x: {code(one)}" for one in report.failed))
    if found.declared:
        told = [*(one.text for one in found.declared), *said_shifted(found)]
        parts.append("\n".join(f"- {code(one)}" for one in told))
    if found.changes:
        parts.append("\n".join(_table(found)))
    if found.doubts:
        rows = [f"- {one.direction} {code(f'{one.type}.{one.permission}')}{_because(one)}" for one in found.doubts]
        parts.append("\n".join(["Where roles are doubtful, or somebody acts as fewer than they hold:", "", *rows]))
    if found.idle:
        parts.append(f"Edited, and behind no difference: {_few([code(one.rule) for one in found.idle], 'rules')}")
    if report.people is not None:
        parts.append("\n".join(_people(report)))
    if report.history is not None:
        parts.append("\n".join(_history(report.history, listed=report.listed)))
    cells = found.cells.values()
    total, moved = sum(one.reachable for one in cells), sum(one.gained + one.lost for one in cells)
    parts.append(
        f"<sub>{total:,} reachable cells compared one with another, {moved:,} differ. Nothing is sampled.</sub>"
    )
    return _fitting("\n\n".join(parts))


def _fitting(text: str) -> str:
    """Give as many whole lines as a comment has room for, and say how many more there are."""
    rows, room = text.split("\n"), _ROOM
    for number, row in enumerate(rows):
        room -= len(row) + 1
        if room < 0:
            left = sum(one != "" for one in rows[number:])
            said = f"… and {left:,} more line{'s' if left > 1 else ''} than a comment has room for"
            return "\n".join(rows[:number]).rstrip() + f"\n\n{said}: `--format json` has everything."
    return text


def _few(said: list[str], what: str) -> str:
    """Give a list that is not too long for a row."""
    more = len(said) - _FEW
    return ", ".join(said) if more < 2 else f"{', '.join(said[:_FEW])} and {more:,} more {what}"  # noqa: PLR2004 - one more takes no more room


def code(text: str) -> str:
    """Give a text as a code span of one line that nothing in it can end."""
    from rolecall.vocabulary.origin import visible  # noqa: PLC0415 - keeps --help quick

    plain = visible(" ".join(text.split())).translate(_LIKE)
    return f"`{plain}`" if plain else "-"


def _table(found: Difference) -> Iterator[str]:
    yield "| | what | who | while | because of |"
    yield "| --- | --- | --- | --- | --- |"
    for change in found.changes[:MOST]:
        yield _row(change)
    if len(found.changes) > MOST:
        yield ""
        yield f"… and {len(found.changes) - MOST} more changes."
    if not found.complete:
        yield ""
        yield "… and more combinations than can be told apart."


def _row(change: Change) -> str:
    from rolecall.analysis import people  # noqa: PLC0415 - keeps --help quick

    what = _few([code(f"{change.type}.{permission}") for permission in change.permissions], "permissions")
    sign = "**+** gained" if change.direction == "gained" else "**−** lost"  # noqa: RUF001 - the sign
    states = people.states(change.states).removeprefix("while ")
    return f"| {sign} | {what} | {code(who(change))} | {code(states)} | {_causes(change.causes) or '-'} |"


def _because(doubt: Doubt) -> str:
    return f": {_causes(doubt.causes)}" if doubt.causes else ""


def _causes(causes: tuple[Cause, ...]) -> str:
    said = [(code(one.rule.id), *said_cause(one)) for one in causes]
    return _few([f"{rule} {does}{how and f' ({code(how)})'}" for rule, how, does in said], "rules")


def _people(report: Report) -> Iterator[str]:
    people = report.people
    if people is None:
        return
    found = people.affected
    yield f"**{found.people:,} of {found.looked_at:,} people affected** ({code(people.facts)})"
    yield ""
    for row in found.rows[:MOST]:
        what = ", ".join(f"{row.type}.{permission}" for permission in row.permissions)
        state = "" if row.always else ", depending on its state or owner"
        yield f"- {code(f'{said_people(row)} {what} {said_resources(row)}{state}')}"
        for user in sorted(row.people) if report.listed else ():
            yield f"  - {code(user)}"
    if len(found.rows) > MOST:
        yield f"- … and {len(found.rows) - MOST} more rows like these"
    if found.undecided:
        yield f"- nothing can be decided about {len(found.undecided):,} people, before or after"


def _history(found: History, *, listed: bool) -> Iterator[str]:
    tally = found.tally
    groups = tally.ordered()
    count = f"{tally.different:,} of {tally.records:,}"
    yield f"**{count} recorded decisions would be others** ({history.said_when(found)})"
    yield ""
    for group in groups[:MOST]:
        rules = ", ".join(f"{code(move.rule)} {move.verb}" for move in group.moves)
        yield f"- {code(said_group(group))}{rules and f': {rules}'}"
    if len(groups) > MOST:
        yield f"- … and {len(groups) - MOST} more groups like these"
    yield from (f"- {code(one)}" for one in history.remarks(found))
    yield from (f"- {number:,} cannot be compared: {code(why)}" for why, number in tally.unknown.most_common())
    yield from (f"- {code(shift.entry.id)}" for shift in found.shifts if listed)
