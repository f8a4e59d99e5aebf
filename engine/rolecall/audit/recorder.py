"""`Audit`: takes decisions, chains them at once, and has a thread write them in batches."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import timedelta
from os import PathLike
from typing import TYPE_CHECKING, Final, Literal, Self

from rolecall.audit import process
from rolecall.audit.choice import Choice
from rolecall.audit.making import Maker
from rolecall.audit.masks import Masks
from rolecall.audit.stores import open_store
from rolecall.audit.stores.base import Store
from rolecall.audit.taking import Made, Taking
from rolecall.audit.tray import SEGMENT, Tray
from rolecall.audit.writing import Writing
from rolecall.errors import AuditError
from rolecall.policy import Policy
from rolecall.recorder import Mark
from rolecall.table import Table
from rolecall.vocabulary.decision import Decision

ROOM: Final = 50_000
"""How many records may wait to be written."""

MIN_KEEP: Final = timedelta(days=2)
if TYPE_CHECKING:
    from rolecall.audit.signing import Signer

_MICROSECOND: Final = timedelta(microseconds=1)
_NEVER: Final = 1 << 62

_log: Final = logging.getLogger("rolecall.audit")


class Audit:
    """An audit log that this process writes to: give it to an `Authorizer`. Share it between threads and tasks.

    What a crash (`kill -9`, a power cut) can lose:
    `durable`: nothing. A decision is given once its record is on the disk, or not at all.
    `batched`: the last records. As long as the store answers, those of the last `every` and of the batch that was being
    written; if it does not, never more than were taken within `late`, for then no more decisions are given.
    A record may be there of a decision that was not given, because the commit took longer than `bound`.
    """

    def __init__(
        self,
        store: Store,
        *,
        mode: Literal["required", "best-effort"] = "required",
        write: Literal["batched", "durable"] = "batched",
        every: timedelta = timedelta(milliseconds=50),
        late: timedelta = timedelta(seconds=1),
        bound: timedelta = timedelta(milliseconds=100),
        denials: bool = True,
        allows: float = 1.0,
        always: Iterable[str] = (),
        pseudonym_key: bytes | None = None,
        signing_key: str | PathLike[str] | None = None,
        keep: timedelta | None = None,
        room: int = ROOM,
        segment: int = SEGMENT,
    ) -> None:
        """Begin a chain in a store; see `open`."""
        if mode not in ("required", "best-effort") or write not in ("batched", "durable"):
            raise ValueError("`mode` is `required` or `best-effort`, `write` is `batched` or `durable`")
        spans = {"every": every, "late": late, "bound": bound, "keep": MIN_KEEP if keep is None else keep}
        for name, span in spans.items():
            if not isinstance(span, timedelta):
                raise TypeError(f"`{name}` must be a timedelta such as `timedelta(days=400)`")
        if min(every, late, bound) <= timedelta() or room < 1 or segment < 1:
            raise ValueError("`every`, `late`, `bound`, `room` and `segment` must be more than nothing")
        if keep is not None and keep < MIN_KEEP:
            raise ValueError("`keep` must be two days or more: a segment may be written to for one")
        self.store = store
        self._required, self._durable = mode == "required", write == "durable"
        self._bound = bound.total_seconds()
        self._choice = Choice(allows, always, denials=denials)
        self._everything = self._choice.everything
        self.masks = Masks(pseudonym_key)
        self._maker = Maker(self.masks)
        self._make = self._maker.make
        # Best effort takes what there is room for, however long that waits.
        self._settings = (room, late // _MICROSECOND * 1000 if self._required else _NEVER, segment)
        self._writing = Writing(
            store,
            self._maker,
            every=0.0 if self._durable else every.total_seconds(),
            signer=None if signing_key is None else _signer(signing_key),
            keep_ns=None if keep is None else keep // _MICROSECOND * 1000,
        )
        self._begin()
        process.watch(self)

    def _begin(self) -> None:
        """Begin a chain of its own: at first, and in a forked child."""
        self._tray = tray = Tray(*self._settings, required=self._required)
        self._writing.begin(tray)
        self._taking = Taking(tray, self._writing, required=self._required, durable=self._durable, bound=self._bound)

    @classmethod
    def open(
        cls,
        url: str | PathLike[str],
        *,
        mode: Literal["required", "best-effort"] = "required",
        write: Literal["batched", "durable"] = "batched",
        every: timedelta = timedelta(milliseconds=50),
        late: timedelta = timedelta(seconds=1),
        bound: timedelta = timedelta(milliseconds=100),
        denials: bool = True,
        allows: float = 1.0,
        always: Iterable[str] = (),
        pseudonym_key: bytes | None = None,
        signing_key: str | PathLike[str] | None = None,
        keep: timedelta | None = None,
        room: int = ROOM,
        segment: int = SEGMENT,
    ) -> Self:
        """Open a log, and make it where there is none; raises `AuditError`.

        `url` is `sqlite:///audit.db` or a path, `postgresql://user@host/database`, or `jsonl:FOLDER`. In the mode
        `required` no decision is given from the first failed write on, until one succeeds; in `best-effort` they are
        given, `lost` counts those without a record, and a warning is logged once a minute. `write`, `every` and `late`
        say what a crash can lose (see above). No decision waits longer than `bound`. Recorded are all `denials`, a
        share of what `allows` (from 0 to 1, chosen by the decision's id), and `always` what is asked about some
        permissions (`("student.export",)`). `pseudonym_key` (16 secret bytes or more) hides users' ids, `signing_key`
        (a PEM file, Ed25519) signs checkpoints, `keep` deletes what is older, by whole segments of at most `segment`
        records. `room` is how many records may wait.
        """
        return cls(
            open_store(url, create=True),
            mode=mode,
            write=write,
            every=every,
            late=late,
            bound=bound,
            denials=denials,
            allows=allows,
            always=always,
            pseudonym_key=pseudonym_key,
            signing_key=signing_key,
            keep=keep,
            room=room,
            segment=segment,
        )

    @property
    def lost(self) -> int:
        """How many decisions were given without a record that should have one: in `best-effort` for want of room, and
        in any mode those that could not be written before `close` gave up.
        """  # noqa: D205 - one sentence too long for a line
        return self._taking.lost

    @property
    def closed(self) -> bool:
        """Whether nothing more is taken."""
        return self._tray.closed

    @property
    def writer(self) -> str:
        """The id of this process's chain."""
        return self._tray.writer

    @property
    def head(self) -> tuple[str, int, str]:
        """This process's chain as it is written: its writer's id, the last sequence number, and its hash."""
        with self._tray.lock:
            return self._tray.writer, self._tray.written, self._tray.written_proof.hex()

    def policy(self, policy: Policy, table: Table) -> None:
        """Keep a policy, before anything is decided by it; raises `AuditError` where that must be and cannot.

        Raises `RequestError` where the policy does not know a permission that is always to be recorded.
        """
        self._choice.check(table.types)
        self._writing.keep(self._maker.policy(policy, table))
        if not self.flush(timedelta(seconds=10)) and self._required:
            raise AuditError(f"the policy cannot be recorded: {self._tray.problem or 'the audit log does not answer'}")

    def note(self, decision: Decision, mark: Mark = "decision") -> str:
        """Record a decision; give an empty text, or why it may not be given. Never raises; see `bound`."""
        tray = self._tray
        try:
            if tray.problem and self._required:
                return tray.problem
            if not self._everything and not self._choice.takes(decision):
                return ""
            data = self._make(decision, mark)
            with tray.lock:  # no faster way: only here no signal's handler can come between
                first = tray.put(data, decision)
                seq = tray.seq
            if first is None:
                return self._taking.take([(data, decision)])
            if first:
                self._writing.wake()
        except Exception as error:  # noqa: BLE001 - no fault of ours may let a decision pass without its record
            return self._taking.lose(1, _said(error))
        return self._taking.wait(seq) if self._durable else ""

    def note_all(self, decisions: Sequence[Decision], mark: Mark = "batch") -> str:
        """Record several decisions; where one cannot be recorded, none may be given."""
        try:
            return self._taking.take(self._made(decisions, mark))
        except Exception as error:  # noqa: BLE001 - as above
            return self._taking.lose(len(decisions), _said(error))

    async def anote(self, decision: Decision, mark: Mark = "decision") -> str:
        """Do what `note` does, and let the event loop go on where it has to wait."""
        return await self.anote_all((decision,), mark)

    async def anote_all(self, decisions: Sequence[Decision], mark: Mark = "batch") -> str:
        """Do what `note_all` does, and let the event loop go on where it has to wait."""
        try:
            return await self._taking.atake(self._made(decisions, mark))
        except Exception as error:  # noqa: BLE001 - as above
            return self._taking.lose(len(decisions), _said(error))

    def _made(self, decisions: Sequence[Decision], mark: Mark) -> Made:
        """Make the records of those decisions that are recorded."""
        wanted = decisions if self._everything else [one for one in decisions if self._choice.takes(one)]
        return [(self._make(one, mark), one) for one in wanted]

    def flush(self, timeout: timedelta = timedelta(seconds=10)) -> bool:
        """Have everything written that was taken; say whether it was, within a time."""
        return self._writing.flush(timeout.total_seconds())

    def close(self) -> None:
        """Write what waits, then take nothing more. What cannot be written within some seconds is logged as lost."""
        self._tray.close()
        self._writing.stop()
        process.forget(self)
        if left := self._tray.pending:
            self._taking.lost += left
            _log.error("%d records of the audit log were never written: %s", left, self._tray.problem)

    def pause(self, timeout: float) -> bool:
        """Let no write be under way while the process forks; false where it takes too long (seconds)."""
        return self._writing.pause(timeout)

    def resume(self) -> None:
        """Go on after a fork, in the parent."""
        self._writing.resume()

    def forked(self) -> None:
        """Begin anew in a forked child: what waits is the parent's to write."""
        self.store.abandon()
        self._begin()


def _signer(path: str | PathLike[str]) -> Signer:
    try:
        from rolecall.audit.signing import Signer  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise AuditError(str(error)) from None
    return Signer(path)


def _said(error: Exception) -> str:
    """Say what went wrong; of what is not ours only its class, for its text may hold what no log should."""
    return str(error) if type(error).__module__.startswith("rolecall.") else type(error).__name__
