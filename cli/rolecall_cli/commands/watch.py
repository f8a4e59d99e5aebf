"""`rolecall watch`."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from rolecall_cli.options import POLICIES, PolicyPath, TestsPath

_CLEAR = "\x1b[2J\x1b[3J\x1b[H"


def watch(
    path: PolicyPath = POLICIES,
    tests: TestsPath = None,
    claims: Annotated[
        Path | None, typer.Option("--claims", help="The claims, where they are not in the policy's folder.")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            "--against", metavar="OLD", help="Compare with this folder, file or git revision, not with the start."
        ),
    ] = None,
) -> None:
    """Check, test, prove and compare a policy each time that it is saved.

    One screen: what is wrong, which tests fail, which claims are false, what your edits mean so far. Ctrl-C ends it.
    """
    from rolecall_cli.board import Board, screen  # noqa: PLC0415 - keeps --help quick
    from rolecall_cli.difference.versions import read_version  # noqa: PLC0415
    from rolecall_cli.watching import changes  # noqa: PLC0415

    if not path.exists():
        raise typer.BadParameter(f"there is no file or folder `{path}`", param_hint="PATH")
    old = None if against is None else read_version(against, path)
    board = Board(path, tests or path, claims or path, old)
    terminal = sys.stdout.isatty()
    try:
        for _ in changes(lambda: [one for one in (path, tests, claims) if one is not None]):
            parts = [*board.parts()]  # all of it before the screen is cleared, so that it does not flicker
            size = shutil.get_terminal_size() if terminal else None
            rows = screen(f"{path}, {time.strftime('%H:%M:%S')} (Ctrl-C ends this)", parts, size)
            typer.echo((_CLEAR if terminal else "") + "\n".join(rows) + ("" if terminal else "\n"))
            sys.stdout.flush()
    except KeyboardInterrupt:
        typer.echo("")
