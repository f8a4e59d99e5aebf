"""`rolecall assign`."""

from __future__ import annotations

import json
from time import time_ns
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall_cli.assigning import (
    check_facts,
    check_role,
    data_of,
    of_place,
    read_place,
    read_words,
    refuse,
    said,
    state_of,
)
from rolecall_cli.live import DEFAULT_STORE, StoreUrl, open_store
from rolecall_cli.options import POLICIES, Format, Policies, note, origin_of, parse_time
from rolecall_cli.style import shown, styled

if TYPE_CHECKING:
    from rolecall.facts.store import Assigned
    from rolecall.live import Store


def assign(
    context: typer.Context,
    user: Annotated[str | None, typer.Argument(metavar="USER", help="The person's v3.0 id.")] = None,
    role: Annotated[str | None, typer.Argument(metavar="ROLE", help="A role that the policy declares.")] = None,
    place: Annotated[
        str | None, typer.Argument(metavar="SCOPE:ID", help="Where: section:5f…, school:5f… or district:5f…")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="WHO", help="Who assigns it.")] = None,
    why: Annotated[str | None, typer.Option("--why", metavar="TEXT", help="For what reason.")] = None,
    starts: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Held from this RFC 3339 time on; at once if absent.")
    ] = None,
    ends: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="No longer held from this time on; open if absent.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Show what is assigned, to everybody or to USER.")] = False,
    ended: Annotated[bool, typer.Option("--ended", help="With --list: those too that were ended.")] = False,
    store: StoreUrl = DEFAULT_STORE,
    policies: Policies = POLICIES,
    format: Annotated[Format, typer.Option("--format", help="For a person, or for a program.")] = Format.text,  # noqa: A002 - the option's name
) -> None:
    """Assign somebody a role of the application's own.

    A substitute, a coach, a data officer: kept in the roster store, with who assigned it and why; --list shows them.
    """
    if listed:
        if role is not None or place is not None:
            refuse("`--list` takes a user at most", "--list")
        roster = open_store(store)
        context.call_on_close(roster.close)
        _list(roster, user, format, ended=ended)
        return
    if ended:
        refuse("`--ended` goes with `--list`", "--ended")
    if user is None or role is None or place is None:
        refuse("say who, which role and where: USER ROLE SCOPE:ID (or `--list` to see what is assigned)", "USER")
    where = read_place(place)
    who = read_words(by, "--by", "who assigns it")
    reason = read_words(why, "--why", "why it is assigned")
    first, last, now = parse_time(starts, "--from"), parse_time(ends, "--until"), time_ns()
    if last is not None and first is not None and last <= first:
        refuse(f"`{ends}` is not after `--from {starts}`", "--until")
    if last is not None and last <= now:
        refuse(f"`{ends}` is over already: the role would never be held", "--until")
    check_role(policies, role, where.scope, named=origin_of(context, "policies") != "DEFAULT")
    roster = open_store(store)
    context.call_on_close(roster.close)
    check_facts(roster, user, where)
    standing = [one for one in of_place(roster, user, role, where) if state_of(one, now) != "over"]
    same = next((one for one in standing if (one.record.starts, one.record.ends) == (first, last)), None)
    for one in standing if same is None else ():
        note(f"assignment {one.number} by {one.by} stands as well: {said(one.record)}")
    number = (
        same.number
        if same is not None
        else roster.assign(user, role, *where, starts=first, ends=last, by=who, why=reason, now=now)
    )
    (made,) = (one for one in roster.assignments(user) if one.number == number)
    if format is Format.json:
        typer.echo(json.dumps({"schema": 1, "made": same is None, **data_of(made, roster, time_ns())}, indent=2))
    elif same is not None:
        typer.echo(shown(f"assignment {number} by {same.by} says the same already; nothing was written"))
    else:
        typer.echo(shown(f"assignment {number}: user {user} is assigned as {said(made.record)}"))


def _list(store: Store, user: str | None, form: Format, *, ended: bool) -> None:
    """Show assignments, in the order in which they were made."""
    found, now = store.assignments(user, ended=ended), time_ns()
    if form is Format.json:
        rows = [data_of(one, store, now) for one in found]
        typer.echo(json.dumps({"schema": 1, "assignments": rows}, indent=2))
        return
    for one in found:
        typer.echo("\n".join(_rows(one, store, now)))
    if not found:
        whose = f"user {user}" if user is not None else "anybody"
        typer.echo(shown(f"Nothing is assigned to {whose} in {store.source}."))


def _rows(one: Assigned, store: Store, now: int) -> list[str]:
    """Give an assignment in two or three lines."""
    from rolecall.instants import say_instant  # noqa: PLC0415 - keeps --help quick

    state = state_of(one, now)
    style = {"in force": "green", "to begin": "yellow"}.get(state, "dim")
    rows = [f"{one.number}  {styled(state, style)}  {shown(f'user {one.record.user}: {said(one.record)}')}"]
    for number, verb, who, why in (
        (one.since, "assigned", one.by, one.why),
        (one.until, "ended", one.ended_by, one.ended_why),
    ):
        if number is not None:
            (change,) = store.changes([number])
            rows.append(styled(shown(f"    {verb} {say_instant(change.time_ns)} by {who}: {why}"), "dim"))
    return rows
