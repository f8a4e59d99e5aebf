"""The audit log as files of JSON lines: one for each segment, whole in itself, so that old ones can be moved away.

`WRITER.NUMBER.jsonl` begins with the header; before the first record that names a blob stands the blob. What ends
without a newline was being written when its process died: nobody was told that it was kept. To search is to read all.

    ["segment", header]
    ["blob", kind, digest, body]
    ["entry", sequence number, hash, record]
    ["checkpoint", sequence number, body, signature]
    ["pruned", last sequence number, last hash, when]       in place of the records
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from rolecall.audit.chain import start
from rolecall.audit.entry import encode
from rolecall.audit.stores.base import Batch, Segment
from rolecall.audit.stores.jsonl_reading import LinesReading
from rolecall.audit.stores.lines import read_lines
from rolecall.errors import AuditError
from rolecall.instants import DAY

_abandoned: Final[list[BinaryIO]] = []


class LinesStore(LinesReading):
    """A folder of segments."""

    def __init__(self, folder: Path, *, create: bool) -> None:
        """Open a folder, or make it; raises `AuditError`."""
        self.name = f"jsonl:{folder}"
        self._folder = folder
        self._file: BinaryIO | None = None
        # The file that is written to, how much of it is good, and the blobs in it; of this process's own chain only.
        self._path, self._good = Path(), 0
        self._known: set[str] = set()
        if create:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise AuditError(f"the audit log `{self.name}` cannot be made: {error.strerror}") from None
        if not folder.is_dir():
            raise AuditError(f"there is no folder `{folder}` with an audit log")

    def write(self, batch: Batch) -> None:
        """Append a batch; what fails is cut off again, at the latest before the next one is written."""
        before = (self._path, self._good, set(self._known))
        begun: list[Path] = []
        try:
            headers = {header.first: (header, data) for header, data in batch.segments}
            parts: list[bytes] = []
            for one in batch.records:
                if one.seq in headers:
                    self._append(parts)
                    header, data = headers[one.seq]
                    begun.append(self._begin(f"{header.writer}.{header.number:06d}.jsonl"))
                    parts = [b'["segment",' + data + b"]\n"]
                entry = one.entry
                for digest in (entry.policy, entry.person, entry.place, entry.cell):
                    if digest is not None and digest not in self._known:
                        blob = batch.blob(digest)
                        parts.append(f'["blob","{blob.kind}","{digest}",'.encode() + blob.body + b"]\n")
                        self._known.add(digest)
                parts.append(f'["entry",{one.seq},"{one.hash.hex()}",'.encode() + one.data + b"]\n")
            for sign in batch.checkpoints:
                parts.append(
                    f'["checkpoint",{sign.seq},'.encode() + sign.body + f',"{sign.signature.hex()}"]\n'.encode()
                )
            self._append(parts)
        except BaseException as error:
            self._shut()
            for path in begun:
                with suppress(OSError):
                    path.unlink()
            self._path, self._good, self._known = before
            if isinstance(error, OSError):
                raise AuditError(f"the audit log `{self.name}` failed: {error.strerror or error}") from None
            raise

    def _begin(self, name: str) -> Path:
        """Begin a file."""
        self._shut()
        self._path, self._good, self._known = self._folder / name, 0, set()
        self._file = self._path.open("w+b", buffering=0)
        self._sync_folder()
        return self._path

    def _sync_folder(self) -> None:
        """Have the files' names outlive a power cut, too."""
        if os.name == "posix":
            folder = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _append(self, parts: list[bytes]) -> None:
        """Write lines behind what is good, and have them on the disk."""
        if not parts:
            return
        if self._file is None:
            self._file = self._path.open("r+b", buffering=0)
            self._file.truncate(self._good)
            self._file.seek(self._good)
        data = memoryview(b"".join(parts))
        left = data
        while left:
            left = left[self._file.write(left) or 0 :]
        os.fsync(self._file.fileno())
        self._good += len(data)

    def _shut(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                file.truncate(self._good)
            with suppress(OSError):
                file.close()

    def pruning(self, before_ns: int, now_ns: int) -> Iterator[int]:
        """Put a file with only the header and the last hash in place of each old one."""
        stays = ""  # the writer of a segment that is not deleted: what comes after it is not, either
        for segment, path in list(self._segments(None)):
            if segment.pruned_ns is not None or segment.writer == stays:
                continue
            stays = segment.writer
            try:
                began = segment.read.began_ns
            except ValueError:
                continue  # `verify` tells of it
            if began > now_ns - DAY or path == self._path:  # what is written to, whatever the clock says
                continue
            newest, last, proof = 0, segment.first - 1, start(segment.header)
            for one in self._entries(path):
                if one.problem:
                    break
                newest, last, proof = max(newest, one.entry.time_ns), one.seq, one.hash
            else:
                if (newest or began) < before_ns:
                    self._replace(path, segment, last, proof, now_ns)
                    stays = ""
                    yield 1
                    continue
            yield 0

    def _replace(self, path: Path, segment: Segment, last: int, proof: bytes, now_ns: int) -> None:
        kept = [b'["segment",' + segment.header + b"]\n"]
        kept += [line + b"\n" for line in read_lines(path) if line.startswith(b'["checkpoint"')]
        kept.append(encode(["pruned", last, proof.hex(), now_ns]) + b"\n")
        fresh = path.with_suffix(f".{os.getpid()}.new")
        try:
            with fresh.open("wb") as file:  # on the disk before it takes the place of what cannot be had again
                file.write(b"".join(kept))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
            self._sync_folder()
        except OSError as error:
            raise AuditError(f"`{path.name}` of the audit log cannot be deleted: {error.strerror or error}") from None
        finally:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)

    def abandon(self) -> None:
        """Let go of the file: it is the parent's."""
        if self._file is not None:
            _abandoned.append(self._file)
            self._file = None
        self._path, self._good, self._known = Path(), 0, set()

    def close(self) -> None:
        """Close the file."""
        file, self._file = self._file, None
        if file is not None:
            file.close()
