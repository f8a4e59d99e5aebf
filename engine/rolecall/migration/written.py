"""A plan as a file: JSON lines, first a header, then the steps. The header holds the digest of all that follows it.

The same inputs give the same bytes: no time, no machine, no order that is not the inputs' own.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO, Final

import msgspec

from rolecall.errors import FactsError
from rolecall.migration.model import EffectStep, Step

VERSION: Final = 1


class MapSaid(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a plan says of its map: its sources, how much it holds, what was wrong (counted, the first ones named)."""

    sources: tuple[dict[str, Any], ...]
    old_ids: int
    people: int
    students: int
    contacts: int
    problems: dict[str, int] = {}
    named: tuple[dict[str, str], ...] = ()


class Header(msgspec.Struct, frozen=True, omit_defaults=True):
    """The first line of a plan."""

    plan: int = msgspec.field(name="rolecall-plan")
    steps: str
    accounts: dict[str, Any]
    map: MapSaid
    choices: dict[str, Any]
    settings: dict[str, Any]
    outcomes: dict[str, int]
    people: dict[str, int]
    references: tuple[dict[str, Any], ...] = ()
    effects: dict[str, Any] = {}
    warnings: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    decisions: tuple[dict[str, Any], ...] = ()


class Body:
    """The steps of a plan that is being made: on disk, so that memory holds none of them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._made = hashlib.sha256()
        self._encode = msgspec.json.Encoder(enc_hook=str).encode
        self._buffer = bytearray()

    def add(self, step: Step) -> None:
        """Add a step."""
        self._buffer += self._encode(step)
        self._buffer += b"\n"
        if len(self._buffer) > 1 << 20:
            self._flush()

    def _flush(self) -> None:
        self._made.update(self._buffer)
        self._file.write(self._buffer)
        self._buffer.clear()

    def digest(self) -> str:
        """Give the digest of all steps."""
        self._flush()
        return f"sha256:{self._made.hexdigest()}"

    def write(self, header: Header, out: BinaryIO) -> None:
        """Write the plan."""
        self._flush()
        out.write(msgspec.json.encode(header) + b"\n")
        self._file.seek(0)
        shutil.copyfileobj(self._file, out, 1 << 20)

    def steps(self) -> Iterator[Step]:
        """Give the steps again."""
        self._flush()
        self._file.seek(0)
        yield from map(msgspec.json.Decoder(Step).decode, self._file)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


class Plan:
    """A plan that was written: its header, and its steps as often as they are wanted."""

    def __init__(self, path: Path, header: Header) -> None:
        """Keep where it is."""
        self.path, self.header = path, header

    @property
    def digest(self) -> str:
        """The digest of all of it: the header holds that of the steps."""
        return f"sha256:{hashlib.sha256(msgspec.json.encode(self.header)).hexdigest()}"

    def length(self) -> int:
        """Count the steps."""
        with self.path.open("rb") as file:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b"")) - 1

    def steps(self) -> Iterator[Step]:
        """Give the steps; raises `FactsError` where one is none."""
        decode = msgspec.json.Decoder(Step).decode
        with self.path.open("rb") as file:
            next(file)
            for number, line in enumerate(file, 2):
                try:
                    yield decode(line)
                except msgspec.DecodeError as error:
                    raise FactsError(f"{self.path}:{number}: {error}") from None

    def effects(self) -> list[EffectStep]:
        """Give who gains or loses what, worst first."""
        return [one for one in self.steps() if isinstance(one, EffectStep)]


def read_plan(path: str | Path) -> Plan:
    """Open a plan; raises `FactsError` where it is none, or not as it was made."""
    where = Path(path)
    try:
        with where.open("rb") as file:
            first = file.readline()
            made = _rest(file)
    except OSError as error:
        raise FactsError(f"the plan `{where}` cannot be read: {error.strerror or error}") from None
    try:
        header = msgspec.json.decode(first, type=Header)
    except msgspec.DecodeError:
        raise FactsError(
            f"`{where}` is no plan: its first line is not the header of one; `rolecall migrate plan -o FILE` makes one"
        ) from None
    if header.plan != VERSION:
        raise FactsError(f"`{where}` is a plan of version {header.plan}, and this rolecall reads version {VERSION}")
    if header.steps != f"sha256:{made}":
        said = f"`{where}` is not as it was made: its steps have another digest than its header says"
        raise FactsError(f"{said}; `rolecall migrate plan` makes it anew")
    return Plan(where, header)


def _rest(file: BinaryIO) -> str:
    made = hashlib.sha256()
    while chunk := file.read(1 << 20):
        made.update(chunk)
    return made.hexdigest()
