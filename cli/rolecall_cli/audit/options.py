"""What the verbs of `rolecall audit` share: the store, which records are meant, and a bar on long ways."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from rolecall_cli.live import wrong
from rolecall_cli.options import note, parse_time

if TYPE_CHECKING:
    from rolecall.audit.reading import Log, Wanted

DEFAULT_AUDIT = "sqlite:///audit.db"

AuditUrl = Annotated[
    str,
    typer.Option(
        "--audit",
        envvar="ROLECALL_AUDIT",
        metavar="URL",
        help="The audit store: a file, jsonl:FOLDER, or postgresql://…",
    ),
]
Since = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="Only decisions from this RFC 3339 time on.")
]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Only decisions before this RFC 3339 time.")]
UserId = Annotated[str | None, typer.Option("--user", metavar="ID", help="Only about this person: the v3.0 id.")]
ResourceId = Annotated[
    str | None, typer.Option("--resource", metavar="TYPE:ID", help="Only about this resource, such as student:5f….")
]
Permission = Annotated[str | None, typer.Option("--permission", help="Only where this permission was asked.")]
Rule = Annotated[str | None, typer.Option("--rule", metavar="ID", help="Only where this rule gave or took away.")]

T = TypeVar("T")
_MOST = 10


class Outcome(StrEnum):
    """What a decision said."""

    allow = "allow"
    deny = "deny"
    indeterminate = "indeterminate"


Pseudonyms = Annotated[
    Path | None,
    typer.Option(
        "--pseudonym-key",
        metavar="FILE",
        help="The key that hid users' ids when they were recorded, so that they can be searched for by their own.",
    ),
]
OutcomeIs = Annotated[Outcome | None, typer.Option("--outcome", help="Only decisions that said so.")]


def open_log(context: typer.Context, url: str) -> Log:
    """Open the audit store to read; raises `FactsError` where it cannot be."""
    try:
        from rolecall.audit.reading import Log  # noqa: PLC0415 - keeps --help quick
    except ModuleNotFoundError as error:
        wrong(f"the audit store needs `{error.name}`, which comes with `pip install 'rolecall[audit]'`")
    found = Log.open(url)
    context.call_on_close(found.close)
    return found


def read_wanted(
    user: str | None = None,
    resource: str | None = None,
    permission: str | None = None,
    outcome: Outcome | None = None,
    rule: str | None = None,
    since: str | None = None,
    until: str | None = None,
    student: str | None = None,
    pseudonyms: Path | None = None,
) -> Wanted:
    """Say which records are meant, ids as they are recorded; wrong usage where that is not clear."""
    from rolecall.audit.masks import Masks  # noqa: PLC0415 - keeps --help quick
    from rolecall.audit.reading import Wanted  # noqa: PLC0415

    kind, colon, identifier = (resource or "").partition(":")
    if resource is not None and not (kind and colon and identifier):
        raise typer.BadParameter(f"`{resource}` is not TYPE:ID, such as student:5f…", param_hint="--resource")
    first, last = parse_time(since, "--since"), parse_time(until, "--until")
    if first is not None and last is not None and last < first:
        raise typer.BadParameter(f"`{until}` lies before `--since {since}`", param_hint="--until")
    masks = Masks(None if pseudonyms is None else read_key(pseudonyms))
    return Wanted(
        user=None if user is None else masks.user(user),
        type=kind or None,
        resource=masks.place(kind, identifier) if resource is not None else None,
        student=None if student is None else masks.user(student),
        permission=permission,
        outcome=None if outcome is None else outcome.value,
        rule=rule,
        since=first,
        until=last,
    )


def read_key(file: Path) -> bytes:
    """Read the key that users' ids were hidden with; wrong usage where it is none."""
    from rolecall.audit.masks import MIN_KEY  # noqa: PLC0415 - keeps --help quick

    try:
        data = file.read_bytes()
    except OSError as error:
        said = f"cannot read `{file}`: {error.strerror or error}"
        raise typer.BadParameter(said, param_hint="--pseudonym-key") from None
    if len(data) < MIN_KEY:
        raise typer.BadParameter(f"`{file}` is no such key: it is too short", param_hint="--pseudonym-key")
    return data


def counted(number: int, one: str, many: str = "") -> str:
    """Give a number with its word: `1 record`, `2,000 records`."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def with_bar(found: Iterable[T], label: str, count: Callable[[], int]) -> Iterator[T]:
    """Give what comes, with a bar on a terminal's standard error; `count` says how many there are at most."""
    if not sys.stderr.isatty():
        yield from found
        return
    length = count()
    step = max(length // 200, 1)
    with typer.progressbar(length=length, label=label, file=sys.stderr) as bar:
        for number, one in enumerate(found, 1):
            yield one
            if number % step == 0:
                bar.update(step)


def tell_unreadable(log: Log) -> None:
    """Say which records could not be read, and end with 1 where there are any: what was answered lacks them."""
    for said in log.unreadable[:_MOST]:
        note(said)
    if len(log.unreadable) > _MOST:
        note(f"… and {len(log.unreadable) - _MOST:,} more")
    if log.unreadable:
        note("`rolecall audit verify` says what is wrong with them")
        raise typer.Exit(1)
