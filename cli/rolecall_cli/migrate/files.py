"""Files that commands write: whole, or not at all."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole(path: Path) -> Generator[BinaryIO]:
    """Open a file to write: beside its name first, so that half of it never bears the name."""
    half = path.with_name(f"{path.name}.part")
    with half.open("wb") as file:
        yield file
    half.replace(path)
