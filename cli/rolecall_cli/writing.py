"""Writing a policy's files: whole or not at all, with the mode they had, and only where nobody else wrote meanwhile."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

import typer

_MARK: Final = b"\xef\xbb\xbf"


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
