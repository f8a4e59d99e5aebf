"""`rolecall diff`."""

from __future__ import annotations

import gc
import json
from enum import StrEnum
from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall_cli.audit.options import tell_unreadable
from rolecall_cli.difference.history import AuditLog, History, MaxDecisions, Since, Until, read_history
from rolecall_cli.difference.report import Limits, People, Report, check_gates, failed_gates, read_gates
from rolecall_cli.difference.versions import named_versions
from rolecall_cli.facts import chosen_facts
from rolecall_cli.live import open_store
from rolecall_cli.options import POLICIES, At, FactsStore, Policies, SnapshotFile, parse_time

if TYPE_CHECKING:
    from rolecall.analysis.difference import Difference
    from rolecall.facts.roster import Roster


class DiffFormat(StrEnum):
    """How the difference is written."""

    text = "text"
    markdown = "markdown"
    json = "json"
    github = "github"


As = Annotated[DiffFormat, typer.Option("--format", help="For a person, a pull request, or a program.")]


def diff(
    context: typer.Context,
    old: Annotated[str, typer.Argument(metavar="OLD", help="A folder or file, a git revision, or OLD..NEW.")],
    new: Annotated[
        str | None, typer.Argument(metavar="NEW", help="A folder, file or revision; the working folder where absent.")
    ] = None,
    policies: Policies = POLICIES,
    snapshot: SnapshotFile = None,
    store: FactsStore = None,
    at: At = None,
    audit: AuditLog = None,
    since: Since = None,
    until: Until = None,
    listed: Annotated[
        bool, typer.Option("--list", help="Name everybody who is affected, and every recorded decision.")
    ] = False,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-on", metavar="GATE", help="Answer no if anything is gained, lost or changed; gained:student.*"
        ),
    ] = None,
    max_people: Annotated[
        int | None, typer.Option("--max-people", min=0, help="Answer no if more people than these are affected.")
    ] = None,
    max_decisions: MaxDecisions = None,
    format: As = DiffFormat.text,  # noqa: A002 - the option's name
) -> None:
    """Say what an edit of a policy means.

    Who gains or loses what, where, because of which edited rule: proven over all cells, not found by trying. With
    facts, also which people; with an audit log, also which of the recorded decisions would have been others.
    """
    from rolecall.analysis.difference import compare  # noqa: PLC0415 - keeps --help quick

    gates = read_gates(fail_on or [])
    before, after = named_versions(old, new, policies)
    found = compare(before.version, after.version)
    check_gates(gates, found)
    people = None
    if snapshot is not None or store is not None:
        people = _people(context, found, snapshot, store, at)
    elif max_people is not None:
        raise typer.BadParameter(
            "people are counted in facts: give `--snapshot` or `--store`", param_hint="--max-people"
        )
    history: History | None = None
    if audit is not None:
        history = read_history(context, found, audit, since, until, listed=listed)
    elif given := _without_log(since, until, max_decisions):
        raise typer.BadParameter("it speaks of recorded decisions: give `--audit URL`", param_hint=given)
    failed = tuple(failed_gates(found, people, history, gates, Limits(max_people, max_decisions)))
    _write(Report(before.name, after.name, found, people, history, failed, listed, after.revision), format)
    if history is not None:
        tell_unreadable(history.log)
    if failed:
        raise typer.Exit(1)


def _without_log(since: str | None, until: str | None, most: int | None) -> str:
    """Name an option that was given and means nothing without an audit log."""
    given = {"--since": since, "--until": until, "--max-decisions": most}
    return next((name for name, value in given.items() if value is not None), "")


def _write(report: Report, format: DiffFormat) -> None:  # noqa: A002 - as above
    """Write the report in its format."""
    if format is DiffFormat.json:
        from rolecall_cli.difference.data import as_data  # noqa: PLC0415 - only where it is asked for

        typer.echo(json.dumps(as_data(report), indent=2))
    elif format is DiffFormat.github:
        from rolecall_cli.difference.data import as_annotations  # noqa: PLC0415 - as above

        for line in as_annotations(report):
            typer.echo(line)
    elif format is DiffFormat.markdown:
        from rolecall_cli.difference.markdown import render as marked_up  # noqa: PLC0415 - as above

        typer.echo(marked_up(report))
    else:
        from rolecall_cli.difference.text import render  # noqa: PLC0415 - as above

        typer.echo(render(report))


def _people(
    context: typer.Context, found: Difference, snapshot: Path | None, store: str | None, at: str | None
) -> People:
    """Find whom the difference affects."""
    from rolecall.analysis.affected import affected  # noqa: PLC0415 - keeps --help quick
    from rolecall.instants import render_instant  # noqa: PLC0415

    gc.disable()  # nothing here is garbage before the end, and looking for some takes half as long again
    roster, now = _roster(context, snapshot, store, at)
    return People(affected(found, roster, now), f"{roster.source}, as of {render_instant(now)}")


def _roster(context: typer.Context, snapshot: Path | None, store: str | None, at: str | None) -> tuple[Roster, int]:
    """Read everybody, and say as of when terms and assignments are looked at."""
    from rolecall import Snapshot  # noqa: PLC0415 - keeps --help quick
    from rolecall.errors import FactsError  # noqa: PLC0415
    from rolecall.instants import render_instant  # noqa: PLC0415

    where, moment = chosen_facts(context, snapshot, store), parse_time(at)
    if isinstance(where, Path):
        roster = Snapshot.load(where)
        return roster, moment or roster.as_of or time_ns()
    opened = open_store(where)
    context.call_on_close(opened.close)
    change = None if moment is None else opened.change_at(moment)
    if moment is not None and change is None:
        raise FactsError(f"{opened.source} knows nothing of {render_instant(moment)}")
    return opened.roster(change), moment or time_ns()
