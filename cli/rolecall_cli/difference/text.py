"""A difference for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolecall_cli.difference import history
from rolecall_cli.difference.report import People, Report, said_cause, said_people, said_resources, said_shifted
from rolecall_cli.style import shown, styled

if TYPE_CHECKING:
    from rolecall.analysis.difference import Cause, Change, Difference

MOST = 40
"""So many changes, and rows of people, are shown; the rest is counted."""

_FEW = 4


def render(report: Report) -> str:
    """Give the whole text."""
    found = report.difference
    colour = "green" if found.unchanged else "yellow"
    parts = [[styled(shown(f"{report.old} → {report.new}: {report.verdict}"), colour)]]
    parts += [[shown(one.text) for one in found.declared]] if found.declared else []
    parts += [[shown(one) for one in said_shifted(found)]] if found.shifted else []
    parts += list(_changes(found))
    parts += [list(_doubts(found))] if found.doubts else []
    parts += [list(_idle(found))] if found.idle else []
    parts.append([styled(shown(row), "dim") for row in _cells(found)])
    if report.people is not None:
        parts.append(list(_people(report.people, listed=report.listed)))
    if report.history is not None:
        parts.append(list(history.lines(report.history, listed=report.listed)))
    if report.failed:
        parts.append([styled(shown(f"refused: {one}"), "red") for one in report.failed])
    return "\n\n".join("\n".join(rows) for rows in parts)


def _changes(found: Difference) -> Iterator[list[str]]:
    left = MOST
    for kind in dict.fromkeys(change.type for change in found.changes):
        mine = [change for change in found.changes if change.type == kind]
        if left > 0:
            yield [styled(kind, "bold"), *(row for change in mine[:left] for row in _change(change))]
        left -= len(mine)
    if left < 0:
        yield [f"… and {-left} more changes, which `--format json` has"]
    if not found.complete:
        yield ["… and more combinations than can be told apart: `--format json` counts the cells"]


def _change(change: Change) -> Iterator[str]:
    from rolecall.analysis import people  # noqa: PLC0415 - keeps --help quick

    gained = change.direction == "gained"
    head = f"  {'+ gained' if gained else '- lost'}  {', '.join(change.permissions)}"
    yield styled(shown(head), "green" if gained else "red")
    yield shown(f"      {who(change)}")
    if said := people.states(change.states):
        yield shown(f"      {said}")
    yield from _causes(change.causes)


def _causes(causes: tuple[Cause, ...]) -> Iterator[str]:
    for cause in causes:
        how, does = said_cause(cause)
        yield styled(shown(f"      {does}: {cause.rule.id} ({cause.rule.origin}){how and f', {how}'}"), "dim")


def who(change: Change) -> str:
    """Say whom a change concerns."""
    from rolecall.analysis import people  # noqa: PLC0415 - keeps --help quick

    said = people.whoever(change.who)
    if change.unless:
        others = [people.also(one, change.who) for one in change.unless]
        more = f", or one of {len(others) - _FEW} more combinations" if len(others) > _FEW else ""
        said += f", unless also {' or '.join(others[:_FEW])}{more}"
    return said if change.exact else f"{said} (not all who hold more still)"


def _doubts(found: Difference) -> Iterator[str]:
    from rolecall.analysis import people  # noqa: PLC0415 - keeps --help quick

    yield styled("where roles are doubtful, or somebody acts as fewer than they hold", "bold")
    for one in found.doubts:
        yield shown(f"  {one.direction} {one.type}.{one.permission}, for example {people.person(one.who)}")
        yield from _causes(one.causes)


def _idle(found: Difference) -> Iterator[str]:
    yield styled("edited, and behind no difference", "bold")
    for one in found.idle:
        how = f"edited through {', '.join(one.through)}" if one.through else one.edit
        yield shown(f"  {one.rule}: {how}")


def _cells(found: Difference) -> Iterator[str]:
    total = [
        sum(numbers) for numbers in zip(*((c.reachable, c.gained, c.lost) for c in found.cells.values()), strict=True)
    ]
    reachable, gained, lost = total or (0, 0, 0)
    if not gained and not lost:
        yield f"{reachable:,} reachable cells, and none differs: proven, not sampled"
    else:
        yield f"of {reachable:,} reachable cells {gained:,} gain and {lost:,} lose something"


def _people(people: People, *, listed: bool) -> Iterator[str]:
    found = people.affected
    yield styled(shown(f"people affected: {found.people:,} of {found.looked_at:,} ({people.facts})"), "bold")
    for row in found.rows[: None if listed else MOST]:
        what = ", ".join(f"{row.type}.{permission}" for permission in row.permissions)
        state = "" if row.always else ", depending on its state or owner"
        yield shown(f"  {said_people(row)} {what} {said_resources(row)}{state}")
        for user in sorted(row.people) if listed else ():
            yield shown(f"      {user} {said_resources(row, found.count(row, user))}")
    if len(found.rows) > MOST and not listed:
        yield f"  … and {len(found.rows) - MOST} more rows like these: `--list` has them all"
    for user in found.undecided[: None if listed else MOST]:
        yield shown(f"  nothing can be decided about {user}, before or after")
    if len(found.undecided) > MOST and not listed:
        yield f"  … nor about {len(found.undecided) - MOST} more people"
