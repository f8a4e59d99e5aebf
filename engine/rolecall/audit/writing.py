"""The thread that writes: batches of what waits, until they are written; checkpoints; it deletes what is too old."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from rolecall.audit.making import Maker
from rolecall.audit.stores.base import Batch, Blob, Checkpoint, Record, Store
from rolecall.audit.tray import Item, Load, Tray
from rolecall.errors import AuditError
from rolecall.vocabulary.decision import Decision

if TYPE_CHECKING:
    from rolecall.audit.signing import Signer

MOST: Final = 5_000
"""How many records are written in one transaction."""

CHECKPOINT_RECORDS: Final = 1_000
CHECKPOINT_SECONDS: Final = 60.0
_RETRY: Final = (0.05, 1.0)
_LOUD: Final = 60.0
_HOUR: Final = 3600.0
_PATIENCE: Final = 5.0
_PAUSE: Final = 0.01

_log: Final = logging.getLogger("rolecall.audit")


class Writing:
    """Writes one tray's records to a store, in a thread that starts with the first of them."""

    def __init__(self, store: Store, maker: Maker, *, every: float, signer: Signer | None, keep_ns: int | None) -> None:
        """`every` is for how many seconds a batch is gathered, `keep_ns` how old records may become."""
        self._store, self._maker, self._every = store, maker, every
        self._signer, self._keep_ns = signer, keep_ns
        self._policies: dict[str, Blob] = {}

    def begin(self, tray: Tray) -> None:
        """Take a tray: the first, or a forked child's own."""
        self._tray = tray
        self._awake, self._hurry = threading.Event(), threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = self._again = False
        self._new = list(self._policies.values())
        self._checked, self._checked_at, self._signed = 0, time.monotonic(), 0
        self._pruned_at = self._loud_at = 0.0
        self._pruning: Iterator[int] | None = None
        self._rest = _RETRY[0]
        # Held while the store is used: a fork in the midst of it would leave the child with locks that nobody opens.
        self._busy = threading.Lock()

    def keep(self, blob: Blob) -> None:
        """Have a policy written."""
        self._policies[blob.digest] = blob
        with self._tray.moved:
            self._new.append(blob)
        self.wake()

    def wake(self) -> None:
        """Have the thread look: something waits."""
        if self._thread is None:
            with self._starting:
                if self._thread is None and not self._stopping:
                    self._thread = threading.Thread(target=self._run, name="rolecall-audit", daemon=True)
                    self._thread.start()
        self._awake.set()

    def flush(self, seconds: float) -> bool:
        """Have everything written that waits now; say whether it was."""
        tray = self._tray
        with tray.moved:
            if not tray.pending and not self._new:
                return not tray.problem
            seq = tray.seq
        self.wake()
        self._hurry.set()
        with tray.moved:
            tray.moved.wait_for(lambda: (tray.written >= seq and not self._new) or tray.problem, seconds)
            return tray.written >= seq and not self._new and not tray.problem

    def stop(self) -> None:
        """Write what waits, end the thread and close the store; give up where nothing moves for some seconds."""
        if self._thread is None and (self._tray.pending or self._new):
            self.wake()
        self._stopping = True
        self._awake.set()
        self._hurry.set()
        while self._thread is not None and self._thread.is_alive():
            written = self._tray.written
            self._thread.join(_PATIENCE)
            if self._tray.written == written:
                break
        if self._thread is None or not self._thread.is_alive():  # else it is being used
            self._store.close()

    def pause(self, timeout: float) -> bool:
        """Let no write be under way while the process forks; false where one takes longer (seconds)."""
        if not self._busy.acquire(timeout=timeout):
            return False
        self._store.rest()
        return True

    def resume(self) -> None:
        """Go on after a fork, in the parent."""
        self._busy.release()

    def _run(self) -> None:
        until: float | None = None
        while True:
            self._awake.wait(_PAUSE if self._pruning is not None else CHECKPOINT_SECONDS)
            if not self._stopping and self._every:
                self._hurry.wait(self._every)
            self._hurry.clear()
            self._awake.clear()
            wrote = self._round()
            if self._stopping:
                until = time.monotonic() + _PATIENCE if until is None else until
                if (wrote and not self._tray.pending) or time.monotonic() > until:
                    return
            self._prune()

    def _round(self) -> bool:
        """Write all that waits; false where a write failed, after some rest."""
        while True:
            with self._tray.moved:
                new = list(self._new)
            load = self._tray.take(MOST)
            try:
                checkpoints = self._checkpoints(load)
                if not load.items and not new and not checkpoints:
                    return True
                with self._busy:
                    self._store.write(self._batch(load, new, checkpoints))
            except Exception as error:  # noqa: BLE001 - whatever it is, what was taken is not written
                self._fail(load, error)
                return False
            self._again = False
            self._rest = _RETRY[0]
            with self._tray.moved:
                self._new = self._new[len(new) :]
            for one in checkpoints:
                self._signed, self._checked, self._checked_at = one.seq, one.seq, time.monotonic()
            self._tray.done(load)

    def _fail(self, load: Load, error: Exception) -> None:
        """Keep what was taken, say so, and rest a little longer each time."""
        said = str(error) if isinstance(error, AuditError) else f"a fault of the store ({type(error).__name__})"
        self._again = True
        self._tray.failed(load, said)
        now = time.monotonic()
        if now - self._loud_at > _LOUD or not self._loud_at:
            self._loud_at = now
            _log.error("%s; %d records wait to be written", said, self._tray.pending)
        self._hurry.wait(self._rest)
        self._rest = min(self._rest * 2, _RETRY[1])
        self._awake.set()

    def _batch(self, load: Load, new: list[Blob], checkpoints: list[Checkpoint]) -> Batch:
        records = [Record(one.seq, one.data, one.hash) for one in load.items]
        blobs = _Blobs(self._maker, self._policies, records, load.items)
        return Batch(self._tray.writer, load.segments, records, blobs.get, checkpoints, new, self._again)

    def _checkpoints(self, load: Load) -> list[Checkpoint]:
        """Sign the last record of what was taken, where it is time to, and always before the end."""
        if self._signer is None:
            return []
        tray = self._tray
        seq, proof = (load.items[-1].seq, load.items[-1].hash) if load.items else (tray.written, tray.written_proof)
        due = seq - self._checked >= CHECKPOINT_RECORDS or time.monotonic() - self._checked_at >= CHECKPOINT_SECONDS
        if seq == self._signed or not (due or self._stopping):
            return []
        return [self._signer.checkpoint(tray.writer, seq, proof, time.time_ns())]

    def _prune(self) -> None:
        """Delete what is too old, once an hour; a step at a time, so that no record waits for it."""
        if self._pruning is None:
            if self._keep_ns is None or (self._pruned_at and time.monotonic() - self._pruned_at < _HOUR):
                return
            self._pruned_at, now = time.monotonic(), time.time_ns()
            self._pruning = self._store.pruning(now - self._keep_ns, now)
        try:
            with self._busy:
                done = next(self._pruning, None) is None
        except Exception as error:  # noqa: BLE001 - there is another hour
            done = True
            _log.error("old records of the audit log could not be deleted: %s", error)
        if done:
            self._pruning = None


class _Blobs:
    """Gives what the records of a batch name, made anew from their decisions when somebody asks."""

    def __init__(self, maker: Maker, policies: dict[str, Blob], records: list[Record], items: list[Item]) -> None:
        self._maker, self._policies, self._records, self._items = maker, policies, records, items
        self._made: dict[str, Blob] = {}
        self._named: dict[str | None, Decision] = {}

    def get(self, digest: str) -> Blob:
        """Give a blob by digest."""
        found = self._policies.get(digest) or self._made.get(digest)
        if found is None:
            if not self._named:
                for record, item in zip(self._records, self._items, strict=True):
                    entry = record.entry
                    self._named.update(dict.fromkeys((entry.person, entry.place, entry.cell), item.decision))
            if digest in self._named:
                self._made.update((one.digest, one) for one in self._maker.blobs(self._named[digest]))
                found = self._made.get(digest)
        if found is None:
            raise AuditError(f"what a record names as `{digest[:16]}` has changed since")
        return found
