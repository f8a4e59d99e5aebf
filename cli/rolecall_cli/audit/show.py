"""`rolecall audit show`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rolecall_cli.audit.options import DEFAULT_AUDIT, AuditUrl, open_log, tell_unreadable
from rolecall_cli.options import Format
from rolecall_cli.style import shown, styled

if TYPE_CHECKING:
    from rolecall.audit.entry import Entry
    from rolecall.audit.reading import Log

_WIDTH = 14


def show(
    context: typer.Context,
    decision: Annotated[
        str, typer.Argument(metavar="ID|RC-CODE", help="A decision's id, or the short code that a person was shown.")
    ],
    audit: AuditUrl = DEFAULT_AUDIT,
    format: Annotated[Format, typer.Option("--format", help="For a person, or for a program.")] = Format.text,  # noqa: A002 - the option's name
) -> None:
    """Show one recorded decision, with all that it rested on.

    `rolecall explain --decision ID` says the same in sentences.
    """
    log = open_log(context, audit)
    found = find(log, decision)
    if format is Format.json:
        typer.echo(json.dumps([_data(entry, log) for entry in found], indent=2))
    else:
        typer.echo("\n\n".join("\n".join(_lines(entry, log)) for entry in found))
    tell_unreadable(log)


def find(log: Log, text: str) -> list[Entry]:
    """Give the records of a decision by its id or short code; ends with 1 where there is none."""
    found = log.by_code(text) if text.upper().startswith("RC") else log.by_id(text.strip().lower())
    if not found:
        tell_unreadable(log)
        why = "mistyped, not recorded (`allows=`, `denials=`), of another store, or deleted by age"
        typer.echo(shown(f"No decision `{text}` is recorded in {log.store.name}: it is {why}."), err=True)
        raise typer.Exit(1)
    return found


def _data(entry: Entry, log: Log) -> dict[str, Any]:
    """Give a record for a program: as exported, then all that it names."""
    from rolecall.audit.rows import row  # noqa: PLC0415 - keeps --help quick

    shared = {name: getattr(entry, name) for name in ("person", "place", "cell")}
    return {
        "schema": 1,
        **row(entry, log.blobs),
        "properties": entry.properties,
        **{name: None if digest is None else log.blobs[digest] for name, digest in shared.items()},
    }


def _lines(entry: Entry, log: Log) -> Iterator[str]:
    from rolecall.audit.rows import row  # noqa: PLC0415 - keeps --help quick

    said, person, cell = row(entry, log.blobs), log.blobs[entry.person], log.blobs[entry.cell]
    yield styled(shown(f"{said['code']} · decision {entry.id} · {said['time']} · {said['kind']}"), "bold")
    asked = f"{said['permission'] or 'all permissions'} on {said['resource_type']} {said['resource']}"
    for name, value in (
        ("user", said["user"] + (" (a pseudonym)" if entry.pseudonymised else "")),
        ("acting as", ", ".join(said["acting_as"])),
        ("asked", asked),
        ("properties", ", ".join(f"{key}={_said(value)}" for key, value in entry.properties.items())),
        ("answer", f"{said['outcome']} ({said['reason']})"),
        ("because", entry.detail),
        ("permissions", ", ".join(said["permissions"])),
        ("roles here", ", ".join(said["roles"])),
        ("roles in all", f"{len(person['roles'])}"),
        ("odd", "; ".join(person["notes"])),
        ("lies in", ", ".join(_places(entry, log))),
        (
            "facts",
            f"as of {said['facts_as_of'] or 'an unknown time'}" + (f", event {entry.event}" if entry.event else ""),
        ),
        ("policy", said["policy"]),
    ):
        if value:
            yield shown(f"  {name:<{_WIDTH}}{value}")
    for verb, rules in (("gives", cell["given"]), ("leaves", cell["capped"])):
        for rule, at, because, permissions in rules:
            yield shown(f"  {verb:<{_WIDTH}}{', '.join(permissions) or 'nothing'}: {rule} ({at})")
            yield shown(f"  {'':<{_WIDTH}}{' '.join(because.split())}")


def _places(entry: Entry, log: Log) -> list[str]:
    if entry.place is None:
        return []
    place = log.blobs[entry.place]
    return [*place["keys"], *(f"{key} (doubtful)" for key in place["doubtful"]), f"district:{place['district']}"]


def _said(value: object) -> str:
    return "none of its values" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
