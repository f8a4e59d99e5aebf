"""`rolecall audit verify`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall_cli.audit.options import DEFAULT_AUDIT, AuditUrl, counted, open_log
from rolecall_cli.live import wrong
from rolecall_cli.options import Format
from rolecall_cli.style import shown, styled

if TYPE_CHECKING:
    from rolecall.audit.findings import Finding, Verified

_MOST = 20
NO_HEAD = """\
Nothing inside a store can show that its newest records were cut off, that a whole chain was taken away, or that all of
it was put back to an older state: keep the output of `rolecall audit head` elsewhere, and give it with `--head`."""
NO_KEY = "Whether the keys that signed the checkpoints are yours, only `--key` can tell."


def verify(
    context: typer.Context,
    head: Annotated[
        Path | None, typer.Option("--head", metavar="FILE", help="What `rolecall audit head` printed, kept elsewhere.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="PUBLIC", help="The public key that signs checkpoints and heads.")
    ] = None,
    audit: AuditUrl = DEFAULT_AUDIT,
    format: Annotated[Format, typer.Option("--format", help="For a person, or for a program.")] = Format.text,  # noqa: A002 - the option's name
) -> None:
    """Prove that no record was changed, removed, inserted or moved.

    Names the first bad one of each writer. Exit code 1 where something is wrong.
    """
    log = open_log(context, audit)
    from rolecall.audit.checkpoints import read_head  # noqa: PLC0415 - keeps --help quick
    from rolecall.audit.verify import verify as run  # noqa: PLC0415

    public = ""
    try:
        if key is not None:
            from rolecall.audit.signing import read_public  # noqa: PLC0415 - an extra

            public = read_public(key)
        kept = None if head is None else read_head(_bytes(head, "--head"), public)
        with _bar(log.store.count) as progress:
            found = run(log.store, key=public, head=kept, progress=progress)
    except ModuleNotFoundError as error:  # checkpoints and signed heads need the extra
        wrong(str(error))
    if format is Format.json:
        typer.echo(json.dumps(_data(found, log.store.name), indent=2))
    else:
        for line in _lines(found, log.store.name, keyed=key is not None):
            typer.echo(line)
    if not found.sound:
        raise typer.Exit(1)


@contextmanager
def _bar(count: Callable[[], int]) -> Generator[Callable[[int], None] | None]:
    """Give what is told of each record: a bar on a terminal's standard error, where the records can be counted."""
    from rolecall.errors import AuditError  # noqa: PLC0415 - keeps --help quick

    try:
        length = count() if sys.stderr.isatty() else None
    except AuditError:
        length = None
    if length is None:
        yield None
        return
    step, done = max(length // 200, 1), 0
    with typer.progressbar(length=length, label="verifying", file=sys.stderr) as bar:

        def tell(records: int) -> None:
            nonlocal done
            done += records
            if done % step == 0:
                bar.update(step)

        yield tell


def _bytes(file: Path, option: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"cannot read `{file}`: {error.strerror or error}", param_hint=option) from None


def _lines(found: Verified, store: str, *, keyed: bool) -> Iterator[str]:
    said = f"{counted(found.records, 'record')} in {counted(found.segments, 'segment')}"
    said += f" of {counted(len(found.ends), 'writer')}, {counted(found.checkpoints, 'checkpoint')}"
    yield shown(f"{store}: {said}, {counted(found.blobs, 'shared text')}")
    if found.findings:
        number = len(found.findings)
        yield styled(f"{number:,} {'thing is' if number == 1 else 'things are'} wrong; the first:", "red")
        for finding in found.findings[:_MOST]:
            yield shown(f"  {finding.what}: {finding}")
        if number > _MOST:
            yield f"  … and {number - _MOST:,} more (`--format json` has all)"
    else:
        yield styled("Every record is as it was written, in its place.", "green")
    pruned = sum(end.pruned for end in found.ends)
    if pruned:
        yield f"{counted(pruned, 'record')} deleted by age: the last hashes of their segments remain."
    yield from _ends(found)
    if found.keys and not keyed:
        yield NO_KEY
    if not found.head:
        yield NO_HEAD


def _ends(found: Verified) -> Iterator[str]:
    """Say how much a checkpoint or the head proves, and what could be cut off without a trace."""
    left = sum(end.last - max(end.proven, 0) for end in found.ends)
    if not found.ends or left == 0:
        if found.ends:
            yield "A checkpoint or the head covers each chain to its end."
        return
    yield f"{counted(left, 'record')} after the last good checkpoint of their writer: nothing but the chain holds them."


def _finding(one: Finding) -> dict[str, object]:
    return {
        "what": one.what,
        "writer": one.writer or None,
        "record": one.seq or None,
        "decision": one.id or None,
        "message": one.message,
    }


def _data(found: Verified, store: str) -> dict[str, object]:
    ends = [
        {"writer": one.writer, "last": one.last, "hash": one.hash, "proven": one.proven, "pruned": one.pruned}
        for one in found.ends
    ]
    return {
        "schema": 1,
        "store": store,
        "sound": found.sound,
        "records": found.records,
        "segments": found.segments,
        "checkpoints": found.checkpoints,
        "shared": found.blobs,
        "keys": sorted(found.keys),
        "head": found.head,
        "findings": [_finding(one) for one in found.findings],
        "ends": ends,
    }
