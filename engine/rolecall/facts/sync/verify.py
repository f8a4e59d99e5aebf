"""The store compared with Clever, record by record. Nothing is changed but what the events say on the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import blake2b
from time import time_ns
from typing import Final, Literal

import msgspec

from rolecall.calls import run
from rolecall.errors import FactsError
from rolecall.facts.around import KINDS
from rolecall.facts.clever import Clever, Trail
from rolecall.facts.records import Malformed
from rolecall.facts.store import BadRecord, Store
from rolecall.facts.store.incoming import Item, LeftOut, decode, parsed, read_item
from rolecall.facts.store.keys import keys
from rolecall.facts.store.staging import owner as this_process
from rolecall.facts.sync.engine import ignore
from rolecall.facts.sync.follow import FullReadNeeded, follow, why_full
from rolecall.facts.sync.job import Job, Progress

# Events may come a little after what they tell of: so often it is looked again, after so many seconds.
_LOOKS: Final = 3
_PAUSE: Final = 2.0
# More differences than these are not looked at one by one again.
_MOST: Final = 500


class Difference(msgspec.Struct, frozen=True):
    """A record that the store and Clever do not hold alike.

    `what` is missing (here), gone (in Clever), or different, then in `fields`. `decides` says whether a decision
    can be another for it.
    """

    kind: str
    id: str
    what: Literal["missing", "gone", "different"]
    fields: tuple[str, ...] = ()
    decides: bool = True


class Verified(msgspec.Struct, frozen=True):
    """What a comparison found: the differences, and how many records were compared, as of a change of the store.

    `more` counts those that looked different and were not looked at again, because there are very many. `reports` are
    sentences about records of Clever's that were left out.
    """

    district: str
    change: int
    compared: int
    differences: tuple[Difference, ...]
    more: int
    reports: tuple[str, ...]


def verify(
    clever: Clever,
    store: Store,
    district: str,
    *,
    clock: Callable[[], int] = time_ns,
    sleep: Callable[[float], object] = time.sleep,
    progress: Callable[[Progress], object] = ignore,
) -> Verified:
    """Compare a district; raises what `sync_district` raises, and `FactsError` where it must be read in full first."""
    job = Job(clever, store, district, clock=clock, progress=progress, owner=this_process(), accept=False)
    run(clever.vouch(district))
    try:
        if why := why_full(job, job.clock() + 1):
            raise FullReadNeeded(why)  # noqa: TRY301 - as `follow` does
        follow(job)
        return _Comparison(job).run(sleep)
    except FullReadNeeded as needed:
        raise FactsError(f"district `{district}` has to be read in full first (`rolecall sync`): {needed}") from None


class _Comparison:
    """One comparison: which records look different, and of those which still do after the events of the meantime."""

    def __init__(self, job: Job) -> None:
        self.job, self.compared = job, 0
        self.reports: list[str] = []

    def run(self, sleep: Callable[[float], object]) -> Verified:
        """Compare every list, then look again at what was different."""
        change = self.job.store.look(0).change
        suspects = [(kind, one) for kind in KINDS for one in self._list(kind, change)]
        more, suspects = max(len(suspects) - _MOST, 0), suspects[:_MOST]
        found: list[Difference] = []
        for look in range(_LOOKS):
            if look:
                sleep(_PAUSE * look)
            follow(self.job)
            change = self.job.store.look(0).change
            found = [one for kind, identifier in suspects if (one := self._compare(kind, identifier, change))]
            suspects = [(one.kind, one.id) for one in found]
            if not suspects:
                break
        return Verified(self.job.district, change, self.compared, tuple(found), more, tuple(self.reports))

    def _list(self, kind: str, change: int) -> list[str]:
        """Give the ids of a kind of which Clever's list and the store do not say the same."""
        job, found = self.job, list[str]()
        held = {identifier: _digest(text) for identifier, text in job.store.records(change, kind, job.district)}
        trail, link = Trail(job.district), f"{kind}s"
        while link:
            page = run(job.clever.page(job.district, link))
            trail.add(page)
            for raw in page.records:
                item = self._item(kind, raw)
                if isinstance(item, LeftOut):
                    self.reports.append(item.why)
                elif held.pop(item.id, b"") != _digest(item.text):
                    found.append(item.id)
            self.compared += len(page.records)
            job.progress(Progress(job.district, "comparing", kind, self.compared))
            link = page.next or ""
        return list(dict.fromkeys([*found, *held]))

    def _item(self, kind: str, raw: object) -> Item | LeftOut:
        try:
            return read_item(kind, raw, self.job.district)
        except Malformed as error:
            raise BadRecord(self.job.district, str(error)) from None

    def _compare(self, kind: str, identifier: str, change: int) -> Difference | None:
        """Ask for one record alone, and give how it differs now."""
        job = self.job
        ours = dict(job.store.records(change, kind, job.district, [identifier])).get(identifier)
        raw = run(job.clever.one(job.district, f"{kind}s/{identifier}"))
        item = None if raw is None else self._item(kind, raw)
        theirs = item if isinstance(item, Item) else None
        if ours is None or theirs is None:
            if (ours is None) == (theirs is None):
                return None
            return Difference(kind, identifier, "missing" if ours is None else "gone")
        if ours == theirs.text:
            return None
        decides = bool(keys(kind, identifier, job.district, parsed(kind, ours), theirs.record))
        return Difference(kind, identifier, "different", _fields(decode(ours), decode(theirs.text)), decides)


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()


def _fields(ours: object, theirs: object) -> tuple[str, ...]:
    """Give the names of what is another; never what it says."""
    if not isinstance(ours, dict) or not isinstance(theirs, dict):
        return ()
    absent = object()
    return tuple(sorted(name for name in {*ours, *theirs} if ours.get(name, absent) != theirs.get(name, absent)))
