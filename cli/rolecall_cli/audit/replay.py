"""`rolecall audit replay`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rolecall_cli.audit.options import (
    DEFAULT_AUDIT,
    AuditUrl,
    OutcomeIs,
    Permission,
    ResourceId,
    Rule,
    Since,
    Until,
    UserId,
    counted,
    open_log,
    read_wanted,
    tell_unreadable,
    with_bar,
)
from rolecall_cli.options import Format
from rolecall_cli.style import shown, styled

if TYPE_CHECKING:
    from collections import Counter

    from rolecall.audit.reading import Log, Wanted
    from rolecall.audit.replay import Different, Replay
    from rolecall.audit.whatif import Group, Move, Shift, WhatIf

_MOST = 20


def replay(
    context: typer.Context,
    policies: Annotated[
        Path | None,
        typer.Option("--with", metavar="POLICIES", help="Decide by this policy: which decisions would be others?"),
    ] = None,
    every: Annotated[
        bool, typer.Option("--list", help="With --with: a line (JSON) for each decision that would be another.")
    ] = False,
    user: UserId = None,
    resource: ResourceId = None,
    permission: Permission = None,
    outcome: OutcomeIs = None,
    rule: Rule = None,
    since: Since = None,
    until: Until = None,
    audit: AuditUrl = DEFAULT_AUDIT,
    format: Annotated[Format, typer.Option("--format", help="For a person, or for a program.")] = Format.text,  # noqa: A002 - the option's name
) -> None:
    """Decide again what was decided, and compare.

    By the policy and the facts as they were, or by another policy. Exit code 1 where something differs.
    """
    if every and policies is None:
        raise typer.BadParameter(
            "it lists what another policy would decide: give `--with POLICIES`", param_hint="--list"
        )
    wanted = read_wanted(user, resource, permission, outcome, rule, since, until)
    log = open_log(context, audit)
    differs = _again(log, wanted, format) if policies is None else _other(log, wanted, policies, format, every=every)
    tell_unreadable(log)
    if differs:
        raise typer.Exit(1)


def _again(log: Log, wanted: Wanted, form: Format) -> bool:
    from rolecall.audit.replay import Replay  # noqa: PLC0415 - keeps --help quick
    from rolecall.audit.replay import replay as run  # noqa: PLC0415

    tally = Replay()
    entries = with_bar(log.found(wanted, oldest_first=True), "replaying", log.store.count)
    different = [*run(entries, log.blobs, tally)]
    if form is Format.json:
        typer.echo(json.dumps(_replay_data(tally, different), indent=2))
    else:
        for line in _replay_lines(tally, different):
            typer.echo(line)
    return not tally.sound


def _replay_data(tally: Replay, different: list[Different]) -> dict[str, Any]:
    rows = [{"decision": one.id, "what": one.what, "recorded": one.recorded, "again": one.again} for one in different]
    return {
        "schema": 1,
        "records": tally.records,
        "equal": tally.equal,
        "different": rows,
        "lost": dict(tally.lost),
        "policies": dict(tally.policies),
    }


def _replay_lines(tally: Replay, different: list[Different]) -> Iterator[str]:
    policies = f"{counted(len(tally.policies), 'version')} of the policy"
    yield f"{counted(tally.records, 'record')} decided again, by {policies}: {tally.equal:,} came out the same"
    if different:
        yield styled(f"{tally.different:,} are not what was decided:", "red")
    for one in different[:_MOST]:
        yield shown(f"  {one.id}: {one.what} is recorded as {_brief(one.recorded)}, and is {_brief(one.again)}")
    if len(different) > _MOST:
        yield f"  … and {len(different) - _MOST:,} more (`--format json` has all)"
    yield from uncompared_lines(tally.lost, "cannot be decided again")


def _other(log: Log, wanted: Wanted, policies: Path, form: Format, *, every: bool) -> bool:
    from rolecall.audit.whatif import WhatIf, what_if  # noqa: PLC0415 - keeps --help quick
    from rolecall.compiler import load_table  # noqa: PLC0415
    from rolecall.loader import load_policy  # noqa: PLC0415

    table, tally = load_table(load_policy(policies)), WhatIf()
    entries = with_bar(log.found(wanted, oldest_first=True), "replaying", log.store.count)
    for shift in what_if(entries, log.blobs, table, tally):
        if every:
            typer.echo(json.dumps(shift_data(shift)))
    if every:
        return tally.different > 0
    if form is Format.json:
        typer.echo(json.dumps(_what_if_data(tally, table.digest), indent=2))
    else:
        for line in _what_if_lines(tally):
            typer.echo(line)
    return tally.different > 0


def shift_data(shift: Shift) -> dict[str, Any]:
    """Give one decision that would be another, for a program."""
    from rolecall.instants import render_instant  # noqa: PLC0415 - keeps --help quick

    entry = shift.entry
    return {
        "decision": entry.id,
        "time": render_instant(entry.time_ns),
        "user": entry.subject,
        "resource": {"type": entry.type, "id": entry.resource},
        "permission": entry.permission,
        "gained": list(shift.gained),
        "lost": list(shift.lost),
        "by": [_move_data(move) for move in shift.moves],
    }


def _move_data(move: Move) -> dict[str, str]:
    return {"verb": move.verb, "rule": move.rule, "at": move.at}


def _what_if_data(tally: WhatIf, digest: str) -> dict[str, Any]:
    return {
        "schema": 1,
        "policy": digest,
        "records": tally.records,
        "same": tally.same,
        "same_as_asked_only": tally.other,
        "different": tally.different,
        "uncompared": dict(tally.unknown),
        "groups": [group_data(one) for one in tally.ordered()],
    }


def group_data(group: Group) -> dict[str, Any]:
    """Give shifts that are alike for a program."""
    return {
        "type": group.type,
        "gained": list(group.gained),
        "lost": list(group.lost),
        "by": [_move_data(move) for move in group.moves],
        "decisions": group.decisions,
        "people": len(group.people),
        "resources": len(group.resources),
        "examples": group.examples,
    }


def _what_if_lines(tally: WhatIf) -> Iterator[str]:
    yield f"{counted(tally.records, 'record')} decided by the other policy: {tally.same:,} came out the same"
    if tally.other:
        yield f"  (of these, {tally.other:,} would differ in permissions that nobody asked about)"
    if tally.different:
        yield styled(f"{tally.different:,} would have come out otherwise:", "yellow")
    for group in tally.ordered():
        yield from group_lines(group)
    yield from uncompared_lines(tally.unknown, "cannot be compared")


def group_lines(group: Group) -> Iterator[str]:
    """Tell shifts that are alike to a person."""
    yield ""
    yield styled(shown(f"  {said_group(group)}"), "bold")
    for move in group.moves:
        at = f" ({move.at})" if move.at else ""
        yield shown(f"    {move.rule}{at} {move.verb}")
    yield shown(f"    such as {', '.join(group.examples[:3])}")


def said_group(group: Group) -> str:
    """Say what would be otherwise, for whom and on what: `3 people would gain edit on 2 sections (5 decisions)`."""
    parts = [f"{verb} {', '.join(names)}" for verb, names in (("gain", group.gained), ("lose", group.lost)) if names]
    people, things = counted(len(group.people), "person", "people"), counted(len(group.resources), group.type)
    return f"{people} would {' and '.join(parts)} on {things} ({counted(group.decisions, 'decision')})"


def uncompared_lines(found: Counter[str], what: str) -> Iterator[str]:
    """Say how many records could not be decided, by reason."""
    if found:
        yield styled(f"{sum(found.values()):,} {what}:", "yellow")
        for why, number in found.most_common(_MOST):
            yield shown(f"  {number:,}: {why}")


def _brief(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 100 else f"{text[:100]}…"  # noqa: PLR2004 - what fits a line
