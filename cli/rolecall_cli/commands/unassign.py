"""`rolecall unassign`."""

from __future__ import annotations

import json
from time import time_ns
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall_cli.assigning import data_of, of_place, read_place, read_words, refuse, said, state_of
from rolecall_cli.live import DEFAULT_STORE, StoreUrl, open_store
from rolecall_cli.options import Format, note
from rolecall_cli.style import shown

if TYPE_CHECKING:
    from rolecall.facts.store import Assigned
    from rolecall.live import Store

_WHAT = "NUMBER | USER ROLE SCOPE:ID"


def unassign(
    context: typer.Context,
    what: Annotated[
        list[str], typer.Argument(metavar=_WHAT, help="The assignment: its number, or whose, which role and where.")
    ],
    by: Annotated[str | None, typer.Option("--by", metavar="WHO", help="Who ends it.")] = None,
    why: Annotated[str | None, typer.Option("--why", metavar="TEXT", help="For what reason.")] = None,
    store: StoreUrl = DEFAULT_STORE,
    format: Annotated[Format, typer.Option("--format", help="For a person, or for a program.")] = Format.text,  # noqa: A002 - the option's name
) -> None:
    """End an assignment that `rolecall assign` made.

    The store keeps who ended it and why; `rolecall assign --list --ended` shows that.
    """
    if len(what) not in (1, 3) or (len(what) == 1 and not what[0].isdecimal()):
        refuse("name the assignment by its number, or by whose it is, its role and its place", _WHAT)
    place = read_place(what[2]) if len(what) > 1 else None
    who, reason = read_words(by, "--by", "who ends it"), read_words(why, "--why", "why it is ended")
    roster, now = open_store(store), time_ns()
    context.call_on_close(roster.close)
    one = _numbered(roster, what[0]) if place is None else _found(of_place(roster, what[0], what[1], place), what, now)
    roster.unassign(one.number, by=who, why=reason, now=now)
    record = one.record
    for other in roster.assignments(record.user):
        if (other.record.role, other.record.scope, other.record.id) == (record.role, record.scope, record.id):
            note(f"assignment {other.number} by {other.by} still stands: {said(other.record)}")
    if format is Format.json:
        (after,) = (found for found in roster.assignments(record.user, ended=True) if found.number == one.number)
        typer.echo(json.dumps({"schema": 1, **data_of(after, roster, time_ns())}, indent=2))
    else:
        typer.echo(shown(f"assignment {one.number} is ended: user {record.user} as {said(record)}"))


def _numbered(store: Store, text: str) -> Assigned:
    """Give the assignment with a number; wrong usage where there is none, or it was ended before."""
    number = int(text)
    one = next((found for found in store.assignments(ended=True) if found.number == number), None)
    if one is None:
        refuse(f"there is no assignment {number}; `rolecall assign --list` shows those that there are", "NUMBER")
    if one.until is not None:
        refuse(f"assignment {number} was ended before, by {one.ended_by}: {one.ended_why}", "NUMBER")
    return one


def _found(standing: list[Assigned], what: list[str], now: int) -> Assigned:
    """Give the one assignment that is meant; wrong usage where there is none, or it might be another."""
    found = [one for one in standing if state_of(one, now) != "over"] or standing
    if not found:
        theirs = f"`rolecall assign --list {what[0]}` shows what is assigned to them"
        refuse(f"nothing like that is assigned to user `{what[0]}`; {theirs}", _WHAT)
    if len(found) > 1:
        rows = "; ".join(f"{one.number}, {said(one.record)}, by {one.by}" for one in found)
        refuse(f"there are {len(found)} of them, say which by its number: {rows}", _WHAT)
    return found[0]
