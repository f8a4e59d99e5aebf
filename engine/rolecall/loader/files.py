"""Finding and reading policy files: bytes to text, with everything refused that is not plain UTF-8 text."""

from __future__ import annotations

import os
from pathlib import Path

from rolecall.vocabulary.origin import Finding, Origin, Source

MAX_BYTES = 4 * 1024 * 1024
SUFFIXES = (".yaml", ".yml")


def read_sources(path: Path) -> tuple[list[Source], list[Finding]]:
    """Read the file at `path`, or every `.yaml` and `.yml` file below the folder, sorted by name.

    Hidden files and folders (`.git`, an editor's `.#rules.yaml`, the `..data` of a mounted volume) are passed over.
    """
    if path.is_file():
        files = [path]
    elif path.is_dir():
        files = sorted(_walk(path))
    else:
        return [], [Finding("no-such-file", f"there is no file or folder `{path}`")]
    findings: list[Finding] = []
    sources = [source for file in files if (source := _read(file, findings))]
    if not files:
        findings.append(Finding("no-policy", f"`{path}` holds no file that ends in .yaml or .yml"))
    return sources, findings


def _walk(top: Path) -> list[Path]:
    """Give the policy files below `top`, following links to folders, each real folder once."""
    found: list[Path] = []
    seen: set[str] = set()
    for folder, names, files in os.walk(top, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            names.clear()
            continue
        seen.add(real)
        names[:] = sorted(name for name in names if not name.startswith("."))
        found += [Path(folder, name) for name in files if name.endswith(SUFFIXES) and not name.startswith(".")]
    return found


def _read(file: Path, findings: list[Finding]) -> Source | None:
    """Read one file, or say why not."""
    empty = Source(str(file), "")
    at = Origin(empty, 1, 1)
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        findings.append(Finding("unreadable", f"cannot be read: {error.strerror or error}", at))
        return None
    if len(data) > MAX_BYTES:
        helps = ("split it: a folder of files is one policy",)
        findings.append(Finding("too-large", "a policy file may have 4 MiB at most", at, helps=helps))
        return None
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        findings.append(Finding("not-utf-8", "is UTF-16 text", at, helps=("save it as UTF-8",)))
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        shown = Source(str(file), data.decode("utf-8", "replace"))
        message = f"is not UTF-8: byte 0x{data[error.start]:02x} stands where a character should"
        findings.append(Finding("not-utf-8", message, Origin(shown, line, column), helps=("save it as UTF-8",)))
        return None
    return Source(str(file), text.removeprefix("\ufeff"))
