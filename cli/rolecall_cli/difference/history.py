"""Which recorded decisions an edit would have made others: the log read, decided by both versions, and told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from rolecall_cli.audit.options import counted, open_log, read_wanted, with_bar
from rolecall_cli.audit.replay import group_data, group_lines, shift_data, uncompared_lines
from rolecall_cli.style import shown, styled

if TYPE_CHECKING:
    from rolecall.analysis.difference import Difference
    from rolecall.audit.reading import Log
    from rolecall.audit.whatif import Shift, WhatIf

DAYS = 30
"""So many days back from the newest record, or from `--until`, where `--since` says nothing."""

MOST = 20
"""So many groups of decisions are shown; the rest is counted."""

AuditLog = Annotated[
    str | None,
    typer.Option(
        "--audit", metavar="URL", help="Also which recorded decisions: a file, jsonl:FOLDER, or postgresql://…"
    ),
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="With --audit: from this RFC 3339 time on (default: 30 days)."),
]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="With --audit: before this RFC 3339 time.")]
MaxDecisions = Annotated[
    int | None,
    typer.Option("--max-decisions", min=0, help="Answer no if more recorded decisions than these would be others."),
]


class History(msgspec.Struct, frozen=True, eq=False):
    """What became of recorded decisions: counted in `tally`, each in `shifts` where they are to be listed.

    From `since` on (None where nothing is recorded) and before `until` (None: to the newest); `unreadable` records are
    told by `log`, and are in none of the numbers.
    """

    log: Log
    tally: WhatIf
    shifts: tuple[Shift, ...]
    since: int | None
    until: int | None

    @property
    def unreadable(self) -> int:
        """How many records cannot be read."""
        return len(self.log.unreadable)

    @property
    def undecided(self) -> int:
        """How many cannot be compared, for whatever reason."""
        return sum(self.tally.unknown.values()) + self.unreadable


def read_history(
    context: typer.Context, found: Difference, url: str, since: str | None, until: str | None, *, listed: bool
) -> History:
    """Decide the recorded decisions of a while by both versions."""
    from rolecall.audit.reading import Query  # noqa: PLC0415 - keeps --help quick
    from rolecall.audit.whatif import WhatIf, between  # noqa: PLC0415
    from rolecall.instants import DAY  # noqa: PLC0415

    wanted, log = read_wanted(since=since, until=until), open_log(context, url)
    if wanted.since is None:
        newest = next(log.entries(Query()), None) if wanted.until is None else None
        log.unreadable.clear()  # what stands in the time looked at is met again
        end = wanted.until if newest is None else newest.time_ns
        wanted = msgspec.structs.replace(wanted, since=None if end is None else end - DAYS * DAY)
    tally, shifts = WhatIf(), list["Shift"]()
    entries = with_bar(log.found(wanted, oldest_first=True), "deciding again", log.store.count)
    for shift in between(entries, log.blobs, found.old.table, found.new.table, tally):
        if listed:
            shifts.append(shift)
    return History(log, tally, tuple(shifts), wanted.since, wanted.until)


def said_when(history: History) -> str:
    """Say from when until when it was looked."""
    from rolecall.instants import render_instant  # noqa: PLC0415 - keeps --help quick

    if history.since is None:
        return "nothing is recorded"
    return f"from {render_instant(history.since)} " + (
        "on" if history.until is None else f"until {render_instant(history.until)}"
    )


def headline(history: History) -> str:
    """Give the numbers in a line."""
    tally = history.tally
    return f"recorded decisions: {tally.different:,} of {tally.records:,} would be others ({said_when(history)})"


def remarks(history: History) -> Iterator[str]:
    """Say what the numbers leave out."""
    tally = history.tally
    if tally.other:
        yield f"{tally.other:,} more would differ in permissions that nobody asked about"
    for what, number in sorted(tally.unrecorded.items()):
        why = "which the policy of then did not ask about, so it is not recorded"
        yield f"{number:,} were decided without {what}, {why}"
    if history.unreadable:
        yield f"{counted(history.unreadable, 'record')} cannot be read, so not counted here"


def lines(history: History, *, listed: bool) -> Iterator[str]:
    """Tell it to a person at a terminal."""
    from rolecall.instants import render_instant  # noqa: PLC0415 - keeps --help quick

    groups = history.tally.ordered()
    yield styled(headline(history), "bold")
    yield from (shown(f"  {one}") for one in remarks(history))
    for group in groups[: None if listed else MOST]:
        yield from group_lines(group)
    if len(groups) > MOST and not listed:
        yield f"  … and {len(groups) - MOST} more groups like these: `--format json` has them all"
    for shift in history.shifts:
        one, moved = shift.entry, [*(f"+{name}" for name in shift.gained), *(f"-{name}" for name in shift.lost)]
        when = render_instant(one.time_ns)
        yield shown(f"      {one.id} {when} {one.subject} {one.type} {one.resource} {' '.join(moved)}")
    yield from uncompared_lines(history.tally.unknown, "cannot be compared")


def as_data(history: History, *, listed: bool) -> dict[str, object]:
    """Give it to a program."""
    from rolecall.instants import render_instant  # noqa: PLC0415 - keeps --help quick

    tally = history.tally
    data: dict[str, object] = {
        "since": None if history.since is None else render_instant(history.since),
        "until": None if history.until is None else render_instant(history.until),
        "records": tally.records,
        "same": tally.same,
        "same_as_asked_only": tally.other,
        "different": tally.different,
        "uncompared": dict(tally.unknown),
        "unreadable": history.unreadable,
        "without_what_was_not_recorded": dict(tally.unrecorded),
        "groups": [group_data(one) for one in tally.ordered()],
    }
    return data | ({"decisions": [shift_data(one) for one in history.shifts]} if listed else {})
