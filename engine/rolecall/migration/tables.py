"""Tables as text files, read line by line: CSV and its kin, in the encodings and with the separators that people send.

A line is a row: a quote that is not closed spoils its own line, and none after it. Memory does not grow with the file.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, Final, TypeVar

import msgspec

from rolecall.errors import FactsError

SEPARATORS: Final = (",", ";", "\t", "|")
_CHUNK: Final = 1 << 20
_SAID: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_GUESSED: Final = "cp1252"
# What a column may be called; numbers, addresses and long texts are somebody's data.
_NAME: Final = re.compile(r"[^\W\d][^@\n]{0,39}|")

NO_NAMES: Final = "no line of names on top"

T = TypeVar("T")


class Table(msgspec.Struct, frozen=True):
    """A table that can be read: its header, how it is written, its SHA-256, what had to be guessed."""

    name: str
    header: tuple[str, ...]
    separator: str
    encoding: str
    digest: str
    notes: tuple[str, ...]
    opened: Callable[[], BinaryIO]
    skip: int = 1

    def named(self) -> tuple[str, ...]:
        """Give the columns' names, to be told; none where the first line is no header, but holds somebody's data."""
        return self.header if all(_NAME.fullmatch(one) for one in self.header) else ()

    def rows(self) -> Iterator[tuple[int, list[str] | None]]:
        """Give the number of each line that is not blank, and its cells; None for a line that is no row."""
        width, separator = len(self.header), self.separator
        with self.opened() as data, io.TextIOWrapper(data, self.encoding, errors="replace", newline=None) as lines:
            for number, line in enumerate(lines, 1):
                if number <= self.skip:
                    continue
                text = line.rstrip("\n")
                if not text.strip():
                    continue
                cells = text.split(separator) if '"' not in text else _quoted(text, separator)
                yield number, cells if cells is not None and len(cells) == width else None


def open_table(name: str, opened: Callable[[], BinaryIO], *, separator: str = "", encoding: str = "") -> Table:
    """Look at a file: its digest, its encoding, its separator and header; raises `FactsError` where it is no table."""
    digest, found, notes = _look(opened, encoding)
    try:
        with opened() as data, io.TextIOWrapper(data, found, errors="replace", newline=None) as lines:
            first = next(iter(lines), "").rstrip("\n").removeprefix("\ufeff")
    except (OSError, LookupError) as error:
        raise FactsError(f"`{name}` cannot be read: {error}") from None
    if not first.strip():
        raise FactsError(f"`{name}` is empty: its first line must name the columns")
    sign = separator or max(SEPARATORS, key=first.count)
    if not separator and first.count(sign) and sign != ",":
        notes.append(f"`{name}` is separated by {_SAID[sign]}")
    header = _quoted(first, sign) or [first]
    return Table(name, tuple(one.strip() for one in header), sign, found, digest, tuple(notes), opened)


def column(table: Table, wanted: str | int | None, names: Sequence[str], what: str) -> int | None:
    """Find a column: the one that the user names, or numbers from 1; else the first that has one of these names."""
    plain = [_plain(one) for one in table.header]
    if isinstance(wanted, int):
        if not 1 <= wanted <= len(plain):
            raise FactsError(f"`{table.name}` has {len(plain)} columns, and {what} is said to be in column {wanted}")
        return wanted - 1
    if wanted is not None:
        if wanted in table.header:
            return table.header.index(wanted)
        if _plain(wanted) in plain:
            return plain.index(_plain(wanted))
        has = ", ".join(table.named()) or NO_NAMES
        raise FactsError(f"`{table.name}` has no column `{wanted}` for {what}; it has {has}")
    return next((plain.index(one) for one in names if one in plain), None)


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def _quoted(text: str, separator: str) -> list[str] | None:
    """Read a line in which there are quotes; None where they are not closed."""
    try:
        return next(csv.reader([text], delimiter=separator, strict=True), None)
    except csv.Error:
        return None


def _look(opened: Callable[[], BinaryIO], wanted: str) -> tuple[str, str, list[str]]:
    """Give the digest and the encoding; one that had to be guessed is noted."""
    made, decoder, bad, first = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")(), False, b""
    try:
        with opened() as data:
            while chunk := data.read(_CHUNK):
                first = first or chunk[:64]
                made.update(chunk)
                bad = bad or not _decodes(decoder, chunk)
    except OSError as error:
        raise FactsError(f"the file cannot be read: {error.strerror or error}") from None
    bad = bad or not _decodes(decoder, b"", final=True)
    encoding, notes = (wanted, []) if wanted else _encoding(first, bad=bad)
    return made.hexdigest(), encoding, notes


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _encoding(first: bytes, *, bad: bool) -> tuple[str, list[str]]:
    """Give the encoding of a file that begins so, and `bad` says is not UTF-8, with what had to be guessed."""
    if first[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16", ["read as UTF-16"]
    for encoding, odd in (("utf-16-le", 1), ("utf-16-be", 0)):
        if first[odd::2] and not any(first[odd::2][:16]):
            return encoding, [f"read as {encoding.upper()}, which is a guess: it has no byte order mark"]
    if bad:
        return _GUESSED, [f"read as {_GUESSED}, which is a guess: it is not UTF-8; `encoding` says otherwise"]
    return "utf-8-sig", []
