"""The options that several commands share, and what they open."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from rolecall_cli.style import shown

Policies = Annotated[
    Path, typer.Option("--policies", envvar="ROLECALL_POLICIES", help="The policy: a YAML file, or a folder of them.")
]
SnapshotFile = Annotated[
    Path | None,
    typer.Option(
        "--snapshot",
        envvar="ROLECALL_SNAPSHOT",
        metavar="FILE",
        help="The facts: a snapshot, .json or .jsonl (try `rolecall demo --write`).",
    ),
]
FactsStore = Annotated[
    str | None,
    typer.Option(
        "--store",
        envvar="ROLECALL_STORE",
        metavar="URL",
        help="Or the facts: a roster store that `rolecall sync` keeps, a file or postgresql://…",
    ),
]
At = Annotated[
    str | None,
    typer.Option(
        "--at", metavar="TIME", help="Decide as of this RFC 3339 time, not the snapshot's `as_of`, or the store's now."
    ),
]
As = Annotated[
    list[str] | None,
    typer.Option("--as", metavar="ROLE", help="Act as this login role only; may be given several times."),
]
PolicyPath = Annotated[
    Path, typer.Argument(envvar="ROLECALL_POLICIES", help="The policy: a YAML file, or a folder of them.")
]
TestsPath = Annotated[
    Path | None, typer.Option("--tests", metavar="PATH", help="The tests, where they are not in the policy's folder.")
]
POLICIES = Path("policies")


class Format(StrEnum):
    """How a command writes: for a person, or for a program."""

    text = "text"
    json = "json"


def parse_time(text: str | None, option: str = "--at") -> int | None:
    """Read a time as nanoseconds since 1970; wrong usage where it is no instant, with the likely one."""
    from rolecall.instants import moment_of, parse_instant  # noqa: PLC0415 - keeps --help quick

    if text is None:
        return None
    found = parse_instant(text)
    if found is None or moment_of(found) is None:
        raise typer.BadParameter(f"`{text}` {_why_no_time(text)}", param_hint=option)
    return found


def _why_no_time(text: str) -> str:
    """Say what a time lacks: most often its zone, or all but the day."""
    from rolecall.instants import parse_instant  # noqa: PLC0415 - keeps --help quick

    for rest, lacks in (("Z", "a zone"), (":00Z", "seconds and a zone"), ("T00:00:00Z", "a time of day and a zone")):
        likely = text.strip().replace(" ", "T", 1) + rest
        if parse_instant(likely) is not None:
            fix = f"write {likely} for UTC, or the hours of another zone, such as -05:00, in place of the Z"
            return f"is no RFC 3339 time with a zone, for it lacks {lacks}: {fix}"
    return "is no RFC 3339 time with a zone, such as 2026-10-14T15:00:00Z"


def origin_of(context: typer.Context, name: str) -> str:
    """Say where an option's value comes from: COMMANDLINE, ENVIRONMENT or DEFAULT."""
    return getattr(context.get_parameter_source(name), "name", "DEFAULT")


def note(text: str) -> None:
    """Say something on standard error that is not the answer."""
    print(shown(f"note: {text}"), file=sys.stderr)  # noqa: T201 - the command line's own voice


def shipped_policies() -> Path:
    """Give the shipped policy: beside the package where it was installed, in the checkout where it was not."""
    packaged = Path(__file__).parent / "policies"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "policies"
