"""`rolecall history`."""

from __future__ import annotations

import json
from time import time_ns
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall_cli.live import DEFAULT_STORE, StoreUrl, open_store
from rolecall_cli.options import Format, parse_time
from rolecall_cli.style import shown, styled

if TYPE_CHECKING:
    from rolecall.facts.timeline import Moment, Timeline
    from rolecall.live import Store

_STYLES = {"+": "green", "-": "red", "~": "yellow", "!": "yellow"}


def history(
    context: typer.Context,
    user: Annotated[str, typer.Argument(help="The person's v3.0 id.")],
    store: StoreUrl = DEFAULT_STORE,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Only from this RFC 3339 time on.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Only up to this RFC 3339 time.")] = None,
    format: Annotated[Format, typer.Option("--format", help="For a person, or for a program.")] = Format.text,  # noqa: A002 - the option's name
) -> None:
    """Show when somebody's roles, schools and classes changed.

    As the roster store saw it, newest last: + gained, - lost, ~ another than before, ! odd; and by what.
    """
    first, last, now = parse_time(since, "--since"), parse_time(until, "--until"), time_ns()
    if first is not None and last is not None and last < first:
        raise typer.BadParameter(f"`{until}` lies before `--since {since}`", param_hint="--until")
    if first is not None and first > now:
        raise typer.BadParameter(f"`{since}` lies ahead: history is what was", param_hint="--since")
    roster = open_store(store)
    context.call_on_close(roster.close)
    from rolecall.facts.timeline import timeline  # noqa: PLC0415 - keeps --help quick

    found = timeline(roster, user, now=now, since=first, until=last)
    if format is Format.json:
        typer.echo(json.dumps(_data(found, roster), indent=2))
    elif not found.known:
        typer.echo(shown(_unknown(roster, found)))
    else:
        for row in _rows(found, roster, first, last):
            typer.echo(row)
    if not found.known:
        raise typer.Exit(1)


def _rows(found: Timeline, store: Store, first: int | None, last: int | None) -> list[str]:
    """Give the lines: a head, then each difference with its time and what it came by."""
    from rolecall.instants import say_instant  # noqa: PLC0415 - keeps --help quick

    asked_time = first is not None or last is not None
    where = f"now in district {found.district}" if found.district and not asked_time else ""
    begins = f"read in full first at {say_instant(found.begins)}" if found.begins is not None else ""
    head = "; ".join(filter(None, (where, begins)))
    rows = [styled(shown(f"User {found.user} in {store.source}" + (f" ({head})" if head else "")), "bold")]
    for moment in found.moments:
        by = styled(shown(f"  ({moment.cause})"), "dim")
        rows += [
            f"{say_instant(moment.time)}  {styled(shown(f'{one.sign} {one.text}'), _STYLES[one.sign])}{by}"
            for one in moment.differences
        ]
    if found.begins is not None and last is not None and last < found.begins:
        rows.append("Nothing is known of this time: it lies before the first full read.")
    elif not found.moments:
        rows.append("Nothing changed in this time." if asked_time else "Nothing ever changed.")
    return rows


def _unknown(store: Store, found: Timeline) -> str:
    """Say that nobody with this id was ever held, and what the id may be."""
    from rolecall.instants import say_instant  # noqa: PLC0415 - keeps --help quick

    from rolecall_cli.people import why_unknown  # noqa: PLC0415

    said = f"User {found.user} was never held by {store.source}"
    if found.begins is None:
        return f"{said}, which has not read any district in full yet: `rolecall sync` does."
    why = why_unknown(store, found.user) or (
        "the id is mistyped, or Clever never shared it with this application, or only before "
        f"{say_instant(found.begins)}, when the first full read was made"
    )
    return f"{said}: {why}."


def _data(found: Timeline, store: Store) -> dict[str, object]:
    """Give the whole for a program."""
    from rolecall.instants import render_after  # noqa: PLC0415 - keeps --help quick

    return {
        "schema": 1,
        "user": found.user,
        "store": store.name,
        "known": found.known,
        "district": found.district or None,
        "first_read": render_after(found.begins) if found.begins is not None else None,
        "changes": [_moment(one) for one in found.moments],
    }


def _moment(moment: Moment) -> dict[str, object]:
    from rolecall.instants import render_after, render_instant  # noqa: PLC0415 - keeps --help quick

    cause = moment.cause
    by: dict[str, object] = {"what": cause.what}
    if cause.what == "event":
        at = cause.event_ns
        by |= {"event": cause.event, "event_time": render_instant(at) if at is not None else None}
    if cause.assignment is not None:
        by |= {"assignment": cause.assignment, "verb": cause.verb}
    if cause.what == "assignment":
        by |= {"by": cause.by, "why": cause.why}
    return {
        "time": render_after(moment.time),
        "change": moment.change,
        "by": by,
        "differences": [
            {
                "sign": one.sign,
                "text": one.text,
                "roles": list(one.roles),
                "scope": one.scope or None,
                "id": one.id or None,
                "doubt": one.doubt or None,
            }
            for one in moment.differences
        ],
    }
