"""`rolecall audit export`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

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
    with_bar,
)
from rolecall_cli.writing import unwritten


class ExportFormat(StrEnum):
    """What an export is read by."""

    csv = "csv"
    jsonl = "jsonl"
    parquet = "parquet"
    ocsf = "ocsf"


def export(
    context: typer.Context,
    format: Annotated[  # noqa: A002 - the option's name
        ExportFormat,
        typer.Option("--format", help="A spreadsheet's CSV, JSON lines, Parquet, or OCSF events (JSON lines)."),
    ] = ExportFormat.csv,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to; standard output where absent.")
    ] = None,
    audit: AuditUrl = DEFAULT_AUDIT,
    user: UserId = None,
    resource: ResourceId = None,
    student: Annotated[
        str | None, typer.Option("--student", metavar="ID", help="Only what is, or lies in, this student.")
    ] = None,
    permission: Permission = None,
    outcome: OutcomeIs = None,
    rule: Rule = None,
    since: Since = None,
    until: Until = None,
    pseudonyms: Pseudonyms = None,
) -> None:
    """Write records for an auditor or another program.

    Who accessed what of which student, when, by which rule: ids only, oldest first.
    """
    if format is ExportFormat.parquet and out is None:
        raise typer.BadParameter("Parquet is written to a file: `--out FILE`", param_hint="--out")
    wanted = read_wanted(user, resource, permission, outcome, rule, since, until, student, pseudonyms)
    log = open_log(context, audit)
    from rolecall.audit import export as exports  # noqa: PLC0415 - keeps --help quick

    found = with_bar(log.found(wanted, oldest_first=True), "exporting", log.store.count)
    if format is ExportFormat.parquet and out is not None:
        try:
            exports.write_parquet(found, log.blobs, out)
        except OSError as error:
            raise unwritten(out, error, "--out") from None
    else:
        shapes = {"csv": exports.csv_lines, "jsonl": exports.json_lines, "ocsf": exports.ocsf_lines}
        _write(out, shapes[format.value](found, log.blobs))
    tell_unreadable(log)


def _write(out: Path | None, lines: Iterable[str]) -> None:
    if out is None:
        sys.stdout.writelines(lines)
        sys.stdout.flush()
        return
    try:
        with out.open("w", encoding="utf-8", newline="") as stream:
            stream.writelines(lines)
    except OSError as error:
        raise unwritten(out, error, "--out") from None
