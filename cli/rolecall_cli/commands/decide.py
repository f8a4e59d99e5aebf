"""`rolecall decide`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from rolecall_cli.facts import open_facts
from rolecall_cli.options import POLICIES, At, FactsStore, Policies, SnapshotFile

MAX_LINE = 1 << 20


def decide(
    context: typer.Context,
    requests: Annotated[
        Path | None, typer.Argument(help="AuthZEN requests, one JSON object a line; standard input where absent.")
    ] = None,
    snapshot: SnapshotFile = None,
    store: FactsStore = None,
    policies: Policies = POLICIES,
    permissions: Annotated[
        bool, typer.Option("--permissions", help="`action` may be absent: is any permission held?")
    ] = False,
    at: At = None,
) -> None:
    """Answer AuthZEN requests, a line each.

    In order; a line that is no valid request is answered with an error in its place.
    """
    from rolecall.authzen import error_response, read_evaluation, response  # noqa: PLC0415 - keeps --help quick
    from rolecall.errors import RequestError  # noqa: PLC0415
    from rolecall.json_text import NotJson, read_json  # noqa: PLC0415

    facts = open_facts(context, policies, snapshot, store, at)
    render = json.JSONEncoder(separators=(",", ":")).encode
    waited_for = requests is None or str(requests) == "-"
    wrong = unknown = False
    for line in request_lines(requests):
        if not line.strip():
            continue
        try:
            asked = read_evaluation(read_json(short_enough(line)), action_needed=not permissions)
            decision = facts.pdp.authorize(asked.user, asked.resource, asked.permission, acting_as=asked.acting_as)
            answer = response(decision)
            unknown = unknown or bool(decision.indeterminate)
        except (NotJson, RequestError) as error:
            answer = error_response(str(error))
            wrong = True
        sys.stdout.write(render(answer) + "\n")
        if waited_for:
            sys.stdout.flush()
    sys.stdout.flush()
    if unknown:
        facts.tell_old()
    if wrong or unknown:
        raise typer.Exit(1 if wrong else 4)


def short_enough(line: bytes) -> bytes:
    """Give the line, unless it is too long to be a request."""
    from rolecall.errors import RequestError  # noqa: PLC0415 - keeps --help quick

    if len(line) > MAX_LINE:
        raise RequestError("a request line may have 1 MiB at most")
    return line


def request_lines(path: Path | None) -> Iterator[bytes]:
    """Give the lines of a file (with a progress bar on a terminal) or of standard input, in constant memory."""
    if path is None or str(path) == "-":
        yield from _lines(sys.stdin.buffer)
        return
    try:
        stream = path.open("rb")
    except OSError as error:
        raise typer.BadParameter(f"cannot read `{path}`: {error.strerror or error}", param_hint="REQUESTS") from None
    with stream:
        if not sys.stderr.isatty():
            yield from _lines(stream)
            return
        with typer.progressbar(length=path.stat().st_size, label="deciding", file=sys.stderr) as bar:
            for line in _lines(stream):
                yield line
                bar.update(len(line))


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Give the lines; of one longer than `MAX_LINE` only the beginning, enough to be refused."""
    while line := stream.readline(MAX_LINE + 1):
        rest = line
        while len(rest) > MAX_LINE and not rest.endswith(b"\n"):
            rest = stream.readline(MAX_LINE + 1)
        yield line
