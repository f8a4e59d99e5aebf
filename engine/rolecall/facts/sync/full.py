"""A full read: where the feed stands, every list page by page, the events since, and all of it in force at once.

Whatever interrupts it, what was gathered stays, and the next one goes on from there.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import suppress
from typing import Final

import msgspec
from msgspec.structs import replace

from rolecall.calls import Call, run
from rolecall.errors import FactsError
from rolecall.facts.around import KINDS
from rolecall.facts.clever import NotShared, Page, Record, Trail
from rolecall.facts.records import Malformed
from rolecall.facts.store import AnotherSync, Applied, BadEvent, BadRecord, Overtaken, Reading
from rolecall.facts.store.incoming import Event, Item, LeftOut, read_events, read_item
from rolecall.facts.sync.job import DAY, Job, Progress

# How often a read begins anew, or waits for another sync that follows the feed, before it gives up.
_ATTEMPTS: Final = 3
_ROUNDS: Final = 20
# Events are kept for 30 days; without them, what was read first may soon be another.
_RESUMED: Final = {True: DAY, False: DAY // 24}
_MOST_REPORTS: Final = 100


class Notes(msgspec.Struct, frozen=True):
    """How far a full read is: the list it is at (an index of `KINDS`), and how many records it has met.

    `link` leads to the list's next page; where the list seems to be at its end, `after` is its last record instead.
    """

    at: int = 0
    link: str = ""
    after: str = ""
    records: int = 0
    reports: tuple[str, ...] = ()


class NeverDone(FactsError):
    """A full read began anew time and again, and was given up."""


class Anew(Exception):
    """What was gathered cannot be completed; the text says why."""


def read(job: Job, why: str) -> Applied:
    """Read a district in full; raises `CleverError`, `BadRecord`, `BadEvent`, `MassChange` or `AnotherSync`."""
    for _ in range(_ATTEMPTS):
        reading = _resumed(job) or _begun(job, why)
        try:
            return _Read(job, reading).finish()
        except Anew as anew:
            job.store.abandon(reading, job.clock())
            why = str(anew)
        except BadEvent as error:  # only a read that begins after the event can go round it
            job.store.abandon(reading, job.clock())
            job.store.mark(job.district, "stopped", str(error))
            raise
        except BadRecord as error:
            job.store.mark(job.district, "stopped", str(error))
            _release(job, reading)
            raise
        except BaseException:
            _release(job, reading)
            raise
    raise NeverDone(f"district `{job.district}` cannot be read in full: {why}, time and again; try later")


def _release(job: Job, reading: Reading) -> None:
    with suppress(FactsError):  # what went wrong before is what counts
        job.store.release(reading)


def _resumed(job: Job) -> Reading | None:
    """Take over a read that was left half done, if it is young enough to be completed."""
    now = job.clock()
    reading = job.store.take(job.district, job.owner, now)
    if reading is None or not 0 <= now - reading.began < _RESUMED[reading.first_cursor is not None]:
        return None
    try:
        _notes(reading)
    except msgspec.MsgspecError:
        return None
    return reading


def _begun(job: Job, why: str) -> Reading:
    """Begin behind the newest event: what happens from now on is told by those that follow."""
    cursor = job.newest_event(job.cursor())
    return job.store.begin(job.district, cursor, job.owner, job.clock(), why=why)


def _notes(reading: Reading) -> Notes:
    return msgspec.json.decode(reading.progress, type=Notes) if reading.progress else Notes()


class _Read:
    """One full read, from where it is to its end."""

    def __init__(self, job: Job, reading: Reading) -> None:
        self.job, self.reading, self.notes = job, reading, _notes(reading)

    def finish(self) -> Applied:
        """Read what is missing of the lists, the events since, and set it in force."""
        while self.notes.at < len(KINDS):
            self._list(KINDS[self.notes.at])
        for _ in range(_ROUNDS):
            # Read before the feed's end is looked for, so that the end lies at it or behind it.
            was = self.job.cursor()
            asked = self._catch_up()
            self.job.progress(Progress(self.job.district, "comparing", "", self.notes.records))
            try:
                applied = self.job.store.finish(self.reading, asked, was=was, accept=self.job.accept)
            except Overtaken:
                continue
            return replace(applied, reports=self.notes.reports)
        raise AnotherSync(self.job.district, "another sync follows its feed faster than it can be read in full")

    def _list(self, kind: str) -> None:
        """Read a list to its end, which is where Clever gives nothing after the last record."""
        trail = Trail(self.job.district)
        while True:
            page = run(self._next(kind))
            if self.notes.after and not page.records:
                break
            trail.add(page)
            self._stage(kind, page)
            if not self.notes.link and not self.notes.after:
                break
        self.notes = replace(self.notes, at=self.notes.at + 1, link="", after="")

    def _next(self, kind: str) -> Generator[Call, object, Page]:
        """Ask for the next page; where there should be none, for what comes after the last record."""
        job, path = self.job, f"{kind}s"
        if self.notes.after:
            return job.clever.page(job.district, path, starting_after=self.notes.after)
        return job.clever.page(job.district, self.notes.link or path)

    def _stage(self, kind: str, page: Page) -> None:
        """Gather a page, with how far that is."""
        job, items, reports = self.job, list[Item](), list(self.notes.reports)
        try:
            for raw in page.records:
                item = read_item(kind, raw, job.district)
                if isinstance(item, Item):
                    items.append(item)
                else:
                    reports.append(item.why)
        except Malformed as error:
            raise BadRecord(job.district, str(error)) from None
        # The list of districts has no pages.
        after = "" if page.next or kind == "district" else _last(page.records)
        self.notes = replace(
            self.notes,
            link=page.next or "",
            after=after,
            records=self.notes.records + len(page.records),
            reports=_some(reports),
        )
        progress = msgspec.json.encode(self.notes).decode()
        self.reading = job.store.stage(self.reading, items, job.clock(), progress=progress)
        job.progress(Progress(job.district, "reading", kind, self.notes.records))

    def _catch_up(self) -> int:
        """Gather the events since the read began; give when the feed's end was asked for."""
        job, asked, met = self.job, self.job.clock(), 0
        try:
            for events, asked, _ in job.events(self.reading.cursor):  # noqa: B007 - the last one is given
                if events:
                    met += len(events)
                    self._stage_events(events)
                    job.progress(Progress(job.district, "catching up", "event", met))
        except NotShared:
            if self.reading.cursor is not None:
                raise Anew("Clever no longer knows the event behind which the read began") from None
        return asked

    def _stage_events(self, events: list[Record]) -> None:
        if self.reading.first_cursor is None:
            # Events may have been switched on just now: what changed before that is not told by them.
            raise Anew("the first event came while it was read")
        found, trouble = read_events(events, self.job.district)
        items, gone, reports = _folded(found)
        self.notes = replace(self.notes, reports=_some([*self.notes.reports, *reports]))
        progress = msgspec.json.encode(self.notes).decode()
        cursor = found[-1].id if found else None
        self.reading = self.job.store.stage(
            self.reading, items, self.job.clock(), gone=gone, progress=progress, cursor=cursor
        )
        if isinstance(trouble, BadEvent):
            raise trouble
        if trouble is not None:
            raise Anew(f"an event of the unknown type `{trouble.kind}` came while it was read")


def _some(reports: Iterable[str]) -> tuple[str, ...]:
    """Give each report once, and not endlessly many."""
    return tuple(dict.fromkeys(reports))[:_MOST_REPORTS]


def _last(records: list[Record]) -> str:
    """Give the last id of a page, or an empty text."""
    ids = (one.get("id") for one in reversed(records))
    return next((identifier for identifier in ids if isinstance(identifier, str) and identifier), "")


def _folded(events: Iterable[Event]) -> tuple[list[Item], list[tuple[str, str]], list[str]]:
    """Give what events leave: records, those that are gone (kind, id), and sentences about what is left out."""
    last: dict[tuple[str, str], Item | LeftOut] = {}
    for event in events:
        if event.item is not None:
            last[event.item.kind, event.item.id] = event.item
    items = [item for item in last.values() if isinstance(item, Item)]
    out = [item for item in last.values() if isinstance(item, LeftOut)]
    return items, [(item.kind, item.id) for item in out], [item.why for item in out if item.why]
