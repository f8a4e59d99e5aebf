"""`rolecall decide`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from rolecall_cli.options import POLICIES, At, Policies, SnapshotFile, open_pdp

if TYPE_CHECKING:
    from rolecall import Authorizer

MAX_LINE = 1 << 20


def decide(
    snapshot: SnapshotFile,
    requests: Annotated[Path | None, typer.Argument(help="AuthZEN requests, one JSON object a line; standard input where absent.")] = None,
    policies: Policies = POLICIES,
    permissions: Annotated[bool, typer.Option("--permissions", help="`action` may be absent: is any permission held?")] = False,
    at: At = None,
) -> None:
    """Answer AuthZEN evaluation requests, a line each, in order."""
    pdp, _ = open_pdp(policies, snapshot, at)
    wrong = unknown = False
    with ExitStack() as stack:
        lines = stack.enter_context(_requests(requests))
        for line in lines:
            if not line.strip():
                continue
            answer = answer_line(pdp, line, action_needed=not permissions)
            context = answer["context"]
            wrong = wrong or "error" in context
            unknown = unknown or "indeterminate" in context
            sys.stdout.write(json.dumps(answer, separators=(",", ":")) + "\n")
            if lines.interactive:
                sys.stdout.flush()
    sys.stdout.flush()
    if wrong or unknown:
        raise typer.Exit(1 if wrong else 4)


def answer_line(pdp: Authorizer, line: bytes, *, action_needed: bool) -> dict[str, dict[str, object]]:
    """Answer one request; one that is not valid is answered in its place."""
    from rolecall.authzen import error_response, read_evaluation, response  # noqa: PLC0415 - keeps --help quick
    from rolecall.errors import RequestError  # noqa: PLC0415
    from rolecall.json_text import NotJson, read_json  # noqa: PLC0415

    try:
        if len(line) > MAX_LINE:
            raise RequestError("a request line may have 1 MiB at most")
        asked = read_evaluation(read_json(line), action_needed=action_needed)
        decision = pdp.authorize(asked.user, asked.resource, asked.permission, acting_as=asked.acting_as)
    except NotJson as error:
        return error_response(RequestError(str(error)))  # type: ignore[return-value]  # JSON objects both
    except RequestError as error:
        return error_response(error)  # type: ignore[return-value]
    return response(decision)  # type: ignore[return-value]


class _requests:  # noqa: N801 - reads as a function where it is used
    """The request lines of a file (with a progress bar on a terminal) or of standard input, in constant memory."""

    def __init__(self, path: Path | None) -> None:
        self.path = None if path is None or str(path) == "-" else path
        self.interactive = self.path is None
        self.stack = ExitStack()

    def __enter__(self) -> _requests:
        if self.path is None:
            self.stream: BinaryIO = sys.stdin.buffer
            return self
        try:
            self.stream = self.stack.enter_context(self.path.open("rb"))
        except OSError as error:
            raise typer.BadParameter(f"cannot read `{self.path}`: {error.strerror or error}", param_hint="REQUESTS") from None
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def __iter__(self) -> Iterator[bytes]:
        if self.path is None or not sys.stderr.isatty():
            yield from self._lines()
            return
        with typer.progressbar(length=self.path.stat().st_size, label="deciding", file=sys.stderr) as bar:
            for line in self._lines():
                yield line
                bar.update(len(line))

    def _lines(self) -> Iterator[bytes]:
        """Give the lines; of one longer than `MAX_LINE` only the beginning, enough to be refused."""
        while line := self.stream.readline(MAX_LINE + 1):
            rest = line
            while len(rest) > MAX_LINE and not rest.endswith(b"\n"):
                rest = self.stream.readline(MAX_LINE + 1)
            yield line
