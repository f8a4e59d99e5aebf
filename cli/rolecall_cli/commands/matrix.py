"""`rolecall matrix`."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall_cli.difference.versions import named_folder, named_versions
from rolecall_cli.matrix.view import View, Wanted, check_names, narrowed
from rolecall_cli.options import POLICIES, PolicyPath
from rolecall_cli.writing import put

if TYPE_CHECKING:
    from collections.abc import Callable


class MatrixFormat(StrEnum):
    """How the matrix is written."""

    text = "text"
    markdown = "markdown"
    csv = "csv"
    json = "json"
    html = "html"


Names = list[str] | None


def matrix(
    path: PolicyPath = POLICIES,
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="OLD", help="Mark what is gained and lost since a folder or git revision."),
    ] = None,
    types: Annotated[Names, typer.Option("--type", metavar="TYPE", help="Only this resource type.")] = None,
    roles: Annotated[Names, typer.Option("--role", metavar="ROLE", help="Only rows that this role makes.")] = None,
    permissions: Annotated[Names, typer.Option("--permission", metavar="NAME", help="Only this permission.")] = None,
    rules: Annotated[Names, typer.Option("--rule", metavar="ID", help="Only rows that this rule is behind.")] = None,
    changed: Annotated[bool, typer.Option("--changed", help="Only rows that differ; needs `--against`.")] = False,
    behind: Annotated[
        bool, typer.Option("--rules", help="Show the rules behind each cell, as the page always does.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="Show rows that are sums of others, too.")] = False,
    format: Annotated[  # noqa: A002 - the option's name
        MatrixFormat | None,
        typer.Option("--format", help="For a person, a document, a spreadsheet, a program, or a browser."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="Write it to a file; .html, .md, .csv, .json say how."),
    ] = None,
) -> None:
    """Draw who may do what.

    For each resource type, combinations of roles by permissions. Combinations that behave alike are one row, each cell
    knows the rules behind it, and all of it is proven over every reachable cell.
    """
    from rolecall.analysis.matrix import draw  # noqa: PLC0415 - keeps --help quick

    if changed and against is None:
        raise typer.BadParameter(
            "what changed is told against another version: give `--against`", param_hint="--changed"
        )
    if not path.exists():
        raise typer.BadParameter(f"there is no file or folder `{path}`", param_hint="PATH")
    old, new = (None, named_folder(path)) if against is None else named_versions(against, None, path)
    wanted = Wanted(tuple(types or ()), tuple(roles or ()), tuple(permissions or ()), tuple(rules or ()), changed)
    check_names(wanted, new.version, old.version if old else None)
    renderer = _renderer(format or _by_name(output))
    found = draw(new.version, old.version if old else None, wanted.types or None, wanted.permissions or None)
    view = View(narrowed(found, wanted), new.name, old.name if old else None, every, behind)
    written = renderer(view)
    put(written if written.endswith("\n") else f"{written}\n", output)
    if found.refused:
        raise typer.Exit(1)


def _by_name(output: Path | None) -> MatrixFormat:
    """Give the format that a file's name asks for; text where there is none."""
    endings = {".html": "html", ".htm": "html", ".md": "markdown", ".csv": "csv", ".json": "json", ".txt": "text"}
    ending = output.suffix.lower() if output else ".txt"
    if ending not in endings:
        known = ", ".join(endings)
        said = f"`{output}` does not say what to write: let it end with one of {known}, or give `--format`"
        raise typer.BadParameter(said, param_hint="--output")
    return MatrixFormat(endings[ending])


def _renderer(format: MatrixFormat) -> Callable[[View], str]:  # noqa: A002 - as above
    """Give what writes a format; only that one is imported."""
    if format is MatrixFormat.json:
        from rolecall_cli.matrix.data import as_data  # noqa: PLC0415 - keeps --help quick

        return lambda view: json.dumps(as_data(view), indent=2)
    if format is MatrixFormat.csv:
        from rolecall_cli.matrix.table import as_csv  # noqa: PLC0415 - as above

        return as_csv
    if format is MatrixFormat.markdown:
        from rolecall_cli.matrix.markdown import render as marked_up  # noqa: PLC0415 - as above

        return marked_up
    if format is MatrixFormat.html:
        from rolecall_cli.matrix.document import page  # noqa: PLC0415 - as above

        return page
    from rolecall_cli.matrix.text import render  # noqa: PLC0415 - as above

    return render
