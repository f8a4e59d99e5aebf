"""`rolecall audit stats`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall_cli.audit.options import (
    DEFAULT_AUDIT,
    AuditUrl,
    Since,
    Until,
    counted,
    open_log,
    read_wanted,
    tell_unreadable,
    with_bar,
)
from rolecall_cli.options import Format
from rolecall_cli.style import shown, styled

if TYPE_CHECKING:
    from rolecall.audit.stats import Stats

_MOST = 10


def stats(
    context: typer.Context,
    since: Since = None,
    until: Until = None,
    audit: AuditUrl = DEFAULT_AUDIT,
    format: Annotated[Format, typer.Option("--format", help="For a person, or for a program.")] = Format.text,  # noqa: A002 - the option's name
) -> None:
    """Count what is recorded.

    By outcome, reason, permission, rule, policy and day.
    """
    wanted = read_wanted(since=since, until=until)
    log = open_log(context, audit)
    from rolecall.audit.stats import count  # noqa: PLC0415 - keeps --help quick

    found = count(with_bar(log.found(wanted, oldest_first=True), "counting", log.store.count), log.blobs)
    if format is Format.json:
        typer.echo(json.dumps(_data(found, log.store.name), indent=2))
    else:
        for line in _lines(found, log.store.name):
            typer.echo(line)
    tell_unreadable(log)


def _counts(found: Stats) -> dict[str, Counter[str]]:
    return {
        "outcomes": found.outcomes,
        "reasons": found.reasons,
        "kinds": found.kinds,
        "permissions": found.permissions,
        "rules": found.rules,
        "policies": found.policies,
        "days": found.days,
    }


def _data(found: Stats, store: str) -> dict[str, object]:
    from rolecall.instants import render_instant  # noqa: PLC0415 - keeps --help quick

    first, last = (None if at is None else render_instant(at) for at in (found.first_ns, found.last_ns))
    head = {"schema": 1, "store": store, "records": found.records, "first": first, "last": last}
    return {**head, "people": len(found.people), **{name: dict(one) for name, one in _counts(found).items()}}


def _lines(found: Stats, store: str) -> Iterator[str]:
    from rolecall.instants import say_instant  # noqa: PLC0415 - keeps --help quick

    head = f"{counted(found.records, 'record')} about {counted(len(found.people), 'person', 'people')} in {store}"
    yield styled(shown(head), "bold")
    if found.first_ns is not None and found.last_ns is not None:
        yield f"from {say_instant(found.first_ns)} to {say_instant(found.last_ns)}"
    for title, one in _counts(found).items():
        if not one:
            continue
        yield f"\n{title}"
        rows = list(one.items())[-_MOST:] if title == "days" else one.most_common(_MOST)
        for name, number in rows:
            yield f"  {number:>12,}  {shown(name)}"
        if len(one) > len(rows):
            yield f"  {'':>12}  … and {len(one) - len(rows):,} more (`--format json` has all)"
