"""`rolecall permissions`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall_cli.facts import OpenFacts, open_facts
from rolecall_cli.options import POLICIES, At, FactsStore, Format, Policies, SnapshotFile
from rolecall_cli.style import shown, styled

if TYPE_CHECKING:
    from rolecall.facts.roster import Roster

SHOWN = 4


def permissions(
    context: typer.Context,
    user: Annotated[str, typer.Option("--user", help="The person's v3.0 id.")],
    snapshot: SnapshotFile = None,
    store: FactsStore = None,
    policies: Policies = POLICIES,
    at: At = None,
    format: Annotated[Format, typer.Option("--format", help="For a person, or for a program.")] = Format.text,  # noqa: A002 - the option's name
) -> None:
    """List everything somebody may do.

    In their district, grouped by role and place.
    """
    from rolecall.errors import Indeterminate  # noqa: PLC0415 - keeps --help quick
    from rolecall.holdings import holdings  # noqa: PLC0415

    facts = open_facts(context, policies, snapshot, store, at)
    pdp, roster = facts.whole(user)
    try:
        found = holdings(pdp, roster, user)
    except Indeterminate:
        facts.tell_old()
        raise
    if format is Format.json:
        rows = [
            {
                "type": one.type,
                "roles": one.roles,
                "always": one.always,
                "sometimes": one.sometimes,
                "places": one.places,
            }
            for one in found
        ]
        typer.echo(json.dumps({"schema": 1, "user": user, "holdings": rows}, indent=2))
    elif not found:
        typer.echo(shown(f"User {user} {_why_nothing(roster, user, facts)}."))
    else:
        roles = None
        for one in found:
            if one.roles != roles:
                roles = one.roles
                typer.echo(styled("\nas " + ", ".join(roles), "bold"))
            some = f"depending on its state or owner: {', '.join(one.sometimes)}" if one.sometimes else ""
            typer.echo(f"  {one.type}: {'; '.join(filter(None, (', '.join(one.always), some)))}")
            more = f" … {len(one.places)} in all" if len(one.places) > SHOWN else ""
            within = pdp.table.types[one.type].place
            where = f"in {within} " if within else ""
            typer.echo(styled(shown(f"    {where}{', '.join(one.places[:SHOWN])}{more}"), "dim"))
    if not found:
        raise typer.Exit(1)


def _why_nothing(roster: Roster, user: str, facts: OpenFacts) -> str:
    """Say why somebody may do nothing."""
    person = roster.person(user)
    if person is not None:
        held = ", ".join(sorted({role.role for role in person.roles}))
        return f"may do nothing here, with the roles {held}" if held else "may do nothing here: they have no role"
    why = facts.why_unknown(user)
    return f"is not held by these facts: {why}" if why else "is not held by these facts"
