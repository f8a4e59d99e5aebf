"""What came of a run, said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from rolecall_cli.style import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rolecall.migration.applying.result import Left, Outcome

MOST: Final = 10
"""So many people are named; `rolecall migrate status` names all."""

Accounts = Annotated[
    str,
    typer.Option(
        "--accounts",
        metavar="URL",
        envvar="ROLECALL_ACCOUNTS",
        help="The database with the accounts; a URL with a password is better kept in ROLECALL_ACCOUNTS.",
    ),
]
Commit = Annotated[bool, typer.Option("--commit", help="Do it. Without, everything is tried and taken back.")]
Schema = Annotated[
    str | None, typer.Option("--schema", help="The schema of the accounts' table, where it is not the usual one.")
]


def tell(found: Outcome) -> None:
    """Say what came of the accounts, which rows changed, who was left."""
    for name, number in sorted(found.accounts.items()):
        if number:
            typer.echo(f"  {number:,} {name}")
    changed = ", ".join(f"{number:,} of {name}" for name, number in sorted(found.rows.items()))
    if changed:
        typer.echo(f"  rows changed: {changed}")
    tell_left(found.left)


def tell_left(left: Sequence[Left], most: int = MOST, when: str = "") -> None:
    """Name those who were left as they were, with the reason. `when` is said of it, where that is not plain."""
    for one in left[:most]:
        who = f"`{one.person}` ({', '.join(one.accounts)})" if one.person else f"account {', '.join(one.accounts)}"
        typer.echo(shown(f"  left as they were{when}: {who}: {one.why}"))
    if len(left) > most:
        typer.echo(f"  and {len(left) - most:,} more, whom `rolecall migrate status` names")
