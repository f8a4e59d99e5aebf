"""The audit log as files of JSON lines, as it is read: all of it, for each search."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from glob import escape
from pathlib import Path
from typing import Any

import msgspec

from rolecall.audit.entry import Entry
from rolecall.audit.stores.base import Blob, Checkpoint, Query, Segment, Store, Stored
from rolecall.audit.stores.lines import (
    content_of,
    hex_of,
    is_number,
    number_of,
    parts_of,
    read_lines,
    record_of,
    text_of,
    wants,
)
from rolecall.vocabulary.identity import read_code, short_number


class LinesReading(Store):
    """A folder of segments, as it is read; see `LinesStore`."""

    _folder: Path

    def _paths(self, writer: str | None = None) -> list[Path]:
        return sorted(self._folder.glob("*.jsonl" if writer is None else f"{escape(writer)}.*jsonl"))

    def writers(self) -> list[str]:
        """Give the ids of all writers."""
        return sorted({path.name.partition(".")[0] for path in self._paths()})

    def _segments(self, writer: str | None) -> Iterator[tuple[Segment, Path]]:
        for path in self._paths(writer):
            name, number = path.name.split(".")[:2]
            header, pruned, empty = b"", None, True
            end: tuple[int | None, bytes | None] = (None, None)
            for line in read_lines(path):
                empty = False
                kind, parts = parts_of(line)
                if kind == "segment" and parts and not header:
                    header = bytes(parts[0])
                elif kind == "pruned":
                    with suppress(ValueError, IndexError):
                        end = (number_of(parts[0]), hex_of(parts[1]))
                        pruned = number_of(parts[2])
                elif kind == "entry":
                    break
            if empty:  # its process died before it had written the header
                continue
            found = Segment(name, int(number) if number.isdigit() else 0, 0, header, *end, pruned)
            with suppress(ValueError):
                found = msgspec.structs.replace(found, first=found.read.first)
            yield found, path

    def segments(self, writer: str | None = None) -> Iterator[Segment]:
        """Give the segments by writer, then number."""
        return (segment for segment, _ in self._segments(writer))

    def entries(self, writer: str, after: int = 0) -> Iterator[Stored]:
        """Give a writer's records in order."""
        for path in self._paths(writer):
            for one in self._entries(path):
                if one.seq > after:
                    yield one

    def _entries(self, path: Path) -> Iterator[Stored]:
        writer, last, seen, early, ended = path.name.partition(".")[0], 0, False, 0, False
        for number, line in enumerate(read_lines(path), 1):
            kind, parts = parts_of(line)
            if kind == "segment" and number == 1:
                with suppress(ValueError, IndexError):
                    last = Segment(writer, 0, 0, bytes(parts[0])).read.first - 1
            elif kind == "entry":
                if early:
                    yield Stored(writer, last + 1, b"", b"", None, f"{path.name}:{early} stood somewhere else")
                    early = 0
                one = record_of(writer, parts, f"{path.name}:{number} is no record", last + 1)
                yield one
                last, seen = one.seq, seen or not one.problem
            elif kind == "checkpoint" and not seen:
                early = number  # right only in a file without records, which were too old
            elif kind == "checkpoint" and not is_number(parts, last):
                yield Stored(writer, last + 1, b"", b"", None, f"{path.name}:{number} stood somewhere else")
            elif kind == "pruned" and not ended:
                ended = True
            elif kind not in ("blob", "checkpoint"):
                yield Stored(writer, last + 1, b"", b"", None, f"{path.name}:{number} cannot be read")

    def checkpoints(self, writer: str | None = None) -> Iterator[Checkpoint]:
        """Give the checkpoints by writer, then sequence number."""
        for path in self._paths(writer):
            for line in read_lines(path):
                kind, parts = parts_of(line)
                if kind == "checkpoint":
                    try:
                        sign = hex_of(parts[2])
                        yield Checkpoint(path.name.partition(".")[0], number_of(parts[0]), bytes(parts[1]), sign)
                    except (ValueError, IndexError):
                        yield Checkpoint(path.name.partition(".")[0], 0, bytes(line), b"")

    def blobs(self, digests: Iterable[str]) -> dict[str, Blob]:
        """Give blobs by digest."""
        wanted = set(digests)
        found: dict[str, Blob] = {}
        if wanted:
            for one in self.all_blobs():
                if one.digest in wanted:
                    found[one.digest] = one
                    if len(found) == len(wanted):
                        break
        return found

    def all_blobs(self) -> Iterator[Blob]:
        """Give every blob; one that several segments name is given for each."""
        for path in self._paths():
            for line in read_lines(path):
                kind, parts = parts_of(line)
                if kind == "blob":
                    try:
                        yield Blob(text_of(parts[1]), text_of(parts[0]), bytes(parts[2]))
                    except (ValueError, IndexError):
                        yield Blob("", "shared text", bytes(line))

    def search(self, query: Query) -> Iterator[Stored]:
        """Give the records that a query asks for, newest first."""
        cells: dict[str, Mapping[str, Any]] = {}
        if query.rule is not None or query.outcome in ("allowed", "denied"):
            cells = {one.digest: body for one in self.all_blobs() if one.kind == "cell" and (body := content_of(one))}
        every = self._where(lambda entry: wants(query, entry, cells))
        yield from (one for one in every if one.problem)
        found = [one for one in every if not one.problem]
        found.sort(key=lambda one: (one.entry.time_ns, one.writer, one.seq), reverse=not query.oldest_first)
        yield from found if query.limit is None else found[: query.limit]

    def _where(self, wanted: Callable[[Entry], bool]) -> list[Stored]:
        """Give the records that are wanted, and those that cannot be read: of these nobody knows."""
        found = []
        for path in self._paths():
            found += [one for one in self._entries(path) if one.problem or wanted(one.entry)]
        return found

    def by_id(self, identifier: str) -> list[Stored]:
        """Give the records of a decision."""
        return self._where(lambda entry: entry.id == identifier)

    def by_code(self, code: str) -> list[Stored]:
        """Give the records with a short code."""
        number = read_code(code)
        return self._where(lambda entry: short_number(entry.id) == number)

    def count(self) -> int:
        """Give how many records there are."""
        return sum(line.startswith(b'["entry"') for path in self._paths() for line in read_lines(path))

    def integrity(self) -> list[str]:
        """Give nothing: a file has no more than its lines."""
        return []
