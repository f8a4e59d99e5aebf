"""`rolecall audit search`."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rolecall_cli.audit.options import (
    DEFAULT_AUDIT,
    AuditUrl,
    OutcomeIs,
    Permission,
    Pseudonyms,
    ResourceId,
    Rule,
    Since,
    Until,
    UserId,
    open_log,
    read_wanted,
    tell_unreadable,
)
from rolecall_cli.options import Format, note
from rolecall_cli.style import shown, styled

if TYPE_CHECKING:
    from collections.abc import Mapping

_STYLES = {"allow": "green", "deny": "red", "indeterminate": "yellow"}


def search(
    context: typer.Context,
    user: UserId = None,
    resource: ResourceId = None,
    permission: Permission = None,
    outcome: OutcomeIs = None,
    rule: Rule = None,
    since: Since = None,
    until: Until = None,
    pseudonyms: Pseudonyms = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many, the newest.")] = 100,
    audit: AuditUrl = DEFAULT_AUDIT,
    format: Annotated[Format, typer.Option("--format", help="For a person, or for a program.")] = Format.text,  # noqa: A002 - the option's name
) -> None:
    """Find decisions, newest first.

    By person, resource, permission, outcome, rule and time, each of them if given.
    """
    wanted = read_wanted(user, resource, permission, outcome, rule, since, until, pseudonyms=pseudonyms)
    log = open_log(context, audit)
    from rolecall.audit.rows import row  # noqa: PLC0415 - keeps --help quick

    found = [*islice(log.found(wanted), limit + 1)]
    for entry in found[:limit]:
        said = row(entry, log.blobs)
        typer.echo(json.dumps(said) if format is Format.json else _line(said))
    if len(found) > limit:
        note(f"there are more than {limit:,}: narrow the search, or give `--limit`")
    tell_unreadable(log)
    if not found:
        if format is Format.text:
            typer.echo("No such decision is recorded.")
        raise typer.Exit(1)


def _line(said: Mapping[str, Any]) -> str:
    """Give a decision in a line: when, the code, who, the answer, what was asked, and why."""
    what = f"{said['permission'] or 'any permission'} on {said['resource_type']} {said['resource']}"
    rules = said["cut_by"] or said["given_by"]
    why = f"{said['reason']}: {', '.join(rules)}" if rules else said["reason"]
    kind = "" if said["kind"] == "decision" else f" [{said['kind']}]"
    answer = styled(f"{said['outcome']:<6}", _STYLES[said["outcome"]])
    rest = f"{said['user']}  {what}  ({why}){kind}"
    return f"{said['time']}  {said['code']}  {answer}  {shown(rest)}"
