"""`rolecall fmt`."""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall_cli.options import POLICIES, note
from rolecall_cli.style import shown, styled

if TYPE_CHECKING:
    from rolecall.vocabulary.origin import Finding, Source


def fmt(
    path: Annotated[
        Path, typer.Argument(envvar="ROLECALL_POLICIES", help="A file of a policy, or a folder of them.")
    ] = POLICIES,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; answer no if a file would be.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Write nothing; show what would be written.")] = False,
) -> None:
    """Lay out a policy's files, its tests and claims too.

    Indentation, spaces, long lines, the order of a rule's keys. Every comment is kept, and the meaning is proven to be
    the same before a file is written; a file of which that cannot be is left alone.
    """
    from rolecall.analysis.layout import format_sources  # noqa: PLC0415 - keeps --help quick
    from rolecall.loader.files import read_sources  # noqa: PLC0415

    if not path.exists():
        raise typer.BadParameter(f"there is no file or folder `{path}`", param_hint="PATH")
    sources, findings = read_sources(path)
    done = format_sources(sources, path)
    findings = [*(one for one in findings if one.severity == "error"), *done.refused]
    changed = [(old, new) for old, new in zip(sources, done.sources, strict=True) if old.text != new.text]
    _write(changed, check=check, diff=diff)
    _refuse(findings)
    if not done.compared:
        note("the policy has errors (`rolecall check` tells them): of its files only the texts were compared")
    if not diff:
        verb = "to be laid out anew" if check else "laid out anew"
        total = f"{len(sources)} file{'s' if len(sources) != 1 else ''}"
        typer.echo(styled(f"{path}: {total}, {len(changed)} {verb}", "red" if findings else "green"))
    if findings or (check and changed):
        raise typer.Exit(1)


def _write(changed: list[tuple[Source, Source]], *, check: bool, diff: bool) -> None:
    """Write the files, or show what would be written."""
    from rolecall_cli.writing import rewrite  # noqa: PLC0415 - keeps --help quick

    for old, new in changed:
        if diff:
            rows = unified_diff(old.text.splitlines(), new.text.splitlines(), old.name, new.name, lineterm="")
            typer.echo("\n".join(map(shown, rows)))
        elif check:
            typer.echo(shown(f"to be laid out anew: {old.name}"))
        else:
            rewrite(old.name, old.text, new.text)
            typer.echo(shown(f"laid out anew: {old.name}"))


def _refuse(findings: list[Finding]) -> None:
    """Tell on standard error which files are left alone, and why."""
    for one in findings:
        typer.echo(one.render() + "\n", err=True)
