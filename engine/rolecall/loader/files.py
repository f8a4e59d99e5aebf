"""Finding and reading policy files: bytes to text, with everything refused that is not plain UTF-8 text."""

from __future__ import annotations

import os
from pathlib import Path

from rolecall.vocabulary.origin import Finding, Origin, Source

MAX_BYTES = 4 * 1024 * 1024
SUFFIXES = (".yaml", ".yml")


def read_sources(path: Path) -> tuple[list[Source], list[Finding]]:
    """Read the file at `path`, or every `.yaml` and `.yml` file below the folder (in capitals too), sorted by name.

    Hidden files and folders (`.git`, an editor's `.#rules.yaml`, the `..data` of a mounted volume) are passed over.
    """
    findings: list[Finding] = []
    if os.path.isfile(path):  # noqa: PTH113 - unlike `path.is_file()` it never raises
        files = [path]
    elif os.path.isdir(path):  # noqa: PTH112 - as above
        files = sorted(_walk(path, findings))
    else:
        return [], [Finding("no-such-file", f"there is no file or folder `{path}`")]
    sources = [source for file in files if (source := _read(file, findings))]
    if not files and all(finding.severity == "warning" for finding in findings):
        findings.append(Finding("no-policy", f"`{path}` holds no file that ends in .yaml or .yml"))
    return sources, findings


def _walk(top: Path, findings: list[Finding]) -> list[Path]:
    """Give the policy files below `top`, following links to folders, each real folder once.

    A folder that cannot be searched is an error: a policy without a part of its rules may allow more.
    """
    found: list[Path] = []
    seen: set[str] = set()

    def refuse(error: OSError) -> None:
        at = Origin(Source(str(error.filename), ""), 1, 1)
        findings.append(Finding("unreadable", f"the folder cannot be searched: {_why(error)}", at))

    for folder, names, files in os.walk(top, onerror=refuse, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            names.clear()
            continue
        seen.add(real)
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in sorted(name for name in files if not name.startswith(".")):
            if name.lower().endswith(SUFFIXES):
                found.append(Path(folder, name))
            elif any(suffix in name.lower() for suffix in SUFFIXES):
                at = Origin(Source(str(Path(folder, name)), ""), 1, 1)
                message = "the file is not read: the name of a policy file ends in .yaml or .yml"
                findings.append(Finding("passed-over", message, at, "warning", helps=("rename it, or move it away",)))
    return found


def _read(file: Path, findings: list[Finding]) -> Source | None:
    """Read one file, or say why not."""
    at = Origin(Source(str(file), ""), 1, 1)
    try:
        if file.exists() and not file.is_file():  # a named pipe would keep us waiting
            findings.append(Finding("unreadable", "the file cannot be read: it is no ordinary file", at))
            return None
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        findings.append(Finding("unreadable", f"the file cannot be read: {_why(error)}", at))
        return None
    return read_bytes(str(file), data, findings)


def read_bytes(name: str, data: bytes, findings: list[Finding]) -> Source | None:
    """Give the text of a file of that name, of which `data` is all (or more than is read), or say why not."""
    at = Origin(Source(name, ""), 1, 1)
    if len(data) > MAX_BYTES:
        helps = ("split it: a folder of files is one policy",)
        findings.append(Finding("too-large", "a policy file may have 4 MiB at most", at, helps=helps))
        return None
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        findings.append(Finding("not-utf-8", "the file is UTF-16 text", at, helps=("save it as UTF-8",)))
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8").removeprefix("\ufeff")
        shown = Source(name, data.decode("utf-8", "replace").removeprefix("\ufeff"))
        message = f"the file is not UTF-8: byte 0x{data[error.start]:02x} stands where a character should"
        findings.append(Finding("not-utf-8", message, shown.at(len(before)), helps=("save it as UTF-8",)))
        return None
    return Source(name, text.removeprefix("\ufeff"))


def _why(error: OSError) -> str:
    """Say why the system refused, as it says it."""
    return (error.strerror or str(error)).lower()
