"""`rolecall migrate rehearse`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall_cli.migrate.progress import Progress
from rolecall_cli.migrate.telling import Accounts, tell_left
from rolecall_cli.style import shown

if TYPE_CHECKING:
    from rolecall.migration.applying.rehearsing import Certificate


def rehearse(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="A plan that `rolecall migrate plan` made.")],
    accounts: Accounts,
    scratch: Annotated[
        str,
        typer.Option(
            "--scratch",
            metavar="URL",
            envvar="ROLECALL_SCRATCH",
            help="An empty database of the same kind; SQLite needs none.",
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="The certificate as JSON.")] = False,
) -> None:
    """Copy the data, carry the plan out on the copy, verify, undo, compare, and print a certificate.

    The accounts' own database is only read. Exit code 1 where the certificate says that something is not right.
    """
    from rolecall.migration import read_plan  # noqa: PLC0415 - keeps --help quick
    from rolecall.migration.applying.rehearsing import rehearse as play  # noqa: PLC0415

    with Progress() as told:
        found = play(read_plan(plan), accounts, scratch, told)
    if as_json:
        typer.echo(json.dumps(_data(found), indent=2))
    else:
        _tell(found)
    if not found.good:
        raise typer.Exit(1)


def _data(found: Certificate) -> dict[str, object]:
    import msgspec  # noqa: PLC0415 - keeps --help quick

    return {"schema": 1, "good": found.good, **msgspec.to_builtins(found)}


def _tell(found: Certificate) -> None:
    typer.echo(f"Rehearsal of the plan {found.plan}")
    typer.echo(shown(f"  on a copy of {found.database}: {found.scratch}"))
    rows = {name: sum(number for number, _ in state.values()) for name, state in _states(found)}
    typer.echo(f"  {rows['before']:,} rows of {len(found.before)} tables; {rows['applied']:,} after it was applied")
    for name, state in _states(found):
        typer.echo(f"  {name:8} {_digest(state)}")
    for name, number in sorted(found.outcome.accounts.items()):
        typer.echo(f"  {number:,} {name}")
    tell_left(found.outcome.left)
    for one in found.findings:
        typer.echo(shown(f"  {one.kind}: {one.text}"))
    tell_left(found.taken_back.left)
    for table in found.before:
        if found.before[table] != found.undone.get(table):
            typer.echo(shown(f"  `{table}` is not what it was after it was undone"))
    spent = ", ".join(f"{name} {number} s" for name, number in found.seconds.items())
    typer.echo(f"  {spent}")
    typer.echo("It can be carried out, and undone." if found.good else "It must not be carried out as it is.")


def _states(found: Certificate) -> list[tuple[str, dict[str, tuple[int, str]]]]:
    return [("before", found.before), ("copied", found.copied), ("applied", found.applied), ("undone", found.undone)]


def _digest(state: dict[str, tuple[int, str]]) -> str:
    import hashlib  # noqa: PLC0415 - keeps --help quick

    return f"sha256:{hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()}"
