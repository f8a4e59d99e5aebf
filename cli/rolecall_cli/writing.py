"""Writing files: an answer, and a policy's own, whole or not at all, with their mode, where nobody wrote meanwhile."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

import typer

_MARK: Final = b"\xef\xbb\xbf"


def put(text: str, output: Path | None) -> None:
    """Write an answer to a file, or to standard output; wrong usage where the file cannot be written."""
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        raise unwritten(output, error, "--output") from None


def unwritten(file: Path | str, error: OSError, option: str) -> typer.BadParameter:
    """Give the wrong usage of a file that cannot be written; `option` is what named it."""
    return typer.BadParameter(f"cannot write `{file}`: {error.strerror or error}", param_hint=option)


def rewrite(name: str, before: str, after: str) -> None:
    """Write a file that was read as `before`: beside it first, then in its place. A link stays one."""
    real = Path(os.path.realpath(name))
    data = real.read_bytes()
    mark = _MARK if data.startswith(_MARK) else b""
    if data.removeprefix(mark) != before.encode():
        raise typer.BadParameter(f"`{name}` was changed while it was looked at: nothing is written, try again")
    handle, beside = tempfile.mkstemp(dir=real.parent, prefix=".rolecall-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(mark + after.encode())
            stream.flush()
            os.fsync(stream.fileno())
        shutil.copymode(real, beside)
        Path(beside).replace(real)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
