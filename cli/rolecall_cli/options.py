"""The options that several commands share, and what they open."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall_cli.style import shown

if TYPE_CHECKING:
    from rolecall import Authorizer, Snapshot

Policies = Annotated[
    Path, typer.Option("--policies", envvar="ROLECALL_POLICIES", help="The policy: a YAML file, or a folder of them.")
]
SnapshotFile = Annotated[
    Path,
    typer.Option(
        "--snapshot",
        envvar="ROLECALL_SNAPSHOT",
        help="The facts: a snapshot, .json or .jsonl (try `rolecall demo --write`).",
    ),
]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="Decide as of this RFC 3339 time instead of the snapshot's `as_of`."),
]
As = Annotated[
    list[str] | None,
    typer.Option("--as", metavar="ROLE", help="Act as this login role only; may be given several times."),
]
POLICIES = Path("policies")


class Format(StrEnum):
    """How a command writes: for a person, or for a program."""

    text = "text"
    json = "json"


def open_pdp(policies: Path, snapshot: Path, at: str | None) -> tuple[Authorizer, Snapshot]:
    """Open the policy and the facts. The clock stands at `--at`, else at the snapshot's `as_of`."""
    from rolecall import Authorizer, Snapshot  # noqa: PLC0415 - keeps --help quick

    moment = parse_time(at)
    roster = Snapshot.load(snapshot)
    if moment is None:
        moment = roster.as_of
    if moment is None:
        note(f"the snapshot `{snapshot}` has no `as_of`: deciding as of now")
        moment = time_ns()
    for report in roster.reports[:10]:
        note(report)
    if len(roster.reports) > 10:  # noqa: PLR2004 - a screen has room for these
        note(f"… and {len(roster.reports) - 10} more records like these")
    fixed = moment
    return Authorizer.load(policies, facts=roster, max_stale=None, clock=lambda: fixed), roster


def parse_time(text: str | None) -> int | None:
    """Read `--at` as nanoseconds since 1970; wrong usage where it is no instant."""
    from rolecall.instants import moment_of, parse_instant  # noqa: PLC0415 - keeps --help quick

    if text is None:
        return None
    found = parse_instant(text)
    if found is None or moment_of(found) is None:
        raise typer.BadParameter(
            f"`{text}` is no RFC 3339 time with a zone, such as 2026-10-14T15:00:00Z", param_hint="--at"
        )
    return found


def note(text: str) -> None:
    """Say something on standard error that is not the answer."""
    print(shown(f"note: {text}"), file=sys.stderr)  # noqa: T201 - the command line's own voice


def shipped_policies() -> Path:
    """Give the shipped policy: beside the package where it was installed, in the checkout where it was not."""
    packaged = Path(__file__).parent / "policies"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "policies"
