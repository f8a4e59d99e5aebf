"""Events applied: a page of them in one transaction, with the cursor; each one that alters something is a change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import Connection, func, select

from rolecall.errors import FactsError
from rolecall.facts.store import feeds, schema
from rolecall.facts.store.errors import Overtaken
from rolecall.facts.store.guard import Guard
from rolecall.facts.store.incoming import Event, Item, LeftOut
from rolecall.facts.store.schema import FOREVER
from rolecall.facts.store.values import Applied, Change
from rolecall.facts.store.writing import Clock, Ledger, current


class Page:
    """Some events of one district, in order, and how the feed stands after them."""

    def __init__(self, district: str, events: list[Event], *, was: str | None, now: int, complete: bool) -> None:
        """Keep them. `complete` says that they reach the feed's end, as it was at `now`."""
        self.district, self.events, self.was, self.now, self.complete = district, events, was, now, complete
        self.reports: list[str] = []

    def apply(self, connection: Connection, guard: Guard, *, accept: bool, trouble: str = "") -> Applied:
        """Apply the events and move the cursor behind them; raises `Overtaken` and `MassChange`.

        `trouble` says why the event after these cannot be applied: the feed is stopped before it.
        """
        clock = Clock(connection, self.now)
        row = feeds.feed_row(connection, self.district)
        if row is None or row.read_ns is None:
            raise FactsError(f"district `{self.district}` was never read in full: `rolecall sync` does so")
        if row.cursor != self.was:
            raise Overtaken(self.district)
        ledger = Ledger(self.district)
        gone = self._gather(connection, ledger, clock)
        hours = guard.recent("" if accept else row.gone, self.now)
        if gone and not accept:
            earlier = sum(hours.values(), Counter[str]())
            held = _held(connection, self.district, gone)
            total = {kind: count + earlier[kind] for kind, count in gone.items()}
            guard.weigh(self.district, total, {kind: held[kind] + earlier[kind] for kind in gone})
        ledger.close(connection)
        clock.save(connection)
        cursor = self.events[-1].id if self.events else self.was
        noted = guard.noted(hours, Counter() if accept else gone, self.now)
        values: dict[str, object] = {"cursor": cursor, "gone": noted, "state": "following", "why": ""}
        if trouble:
            values |= {"state": "stopped", "why": trouble}
        elif self.complete:
            values |= self._complete(connection, cursor)
        feeds.advance(connection, self.district, self.was, **values)
        return Applied(clock.number, clock.number - clock.first, tuple(self.reports))

    def _complete(self, connection: Connection, cursor: str | None) -> dict[str, object]:
        """Give how a feed stands whose end was reached."""
        if cursor is None:
            # A feed that never had an event may be switched off: its silence says nothing.
            return {"polled_ns": self.now}
        as_of, why = feeds.as_of(connection, self.district, self.now)
        feeds.confirm(connection, self.district, as_of, cursor if as_of == self.now else None)
        return {"polled_ns": self.now, "as_of_ns": as_of, "why": why}

    def _gather(self, connection: Connection, ledger: Ledger, clock: Clock) -> Counter[str]:
        """Put every event into the ledger; give how many records of each kind were there and are gone."""
        wanted = [(event.item.kind, event.item.id) for event in self.events if event.item is not None]
        before = current(connection, self.district, wanted)
        now: dict[tuple[str, str], Item] = dict(before)
        for event in self.events:
            item = event.item
            if item is None:
                continue
            key = (item.kind, item.id)
            old, new = now.get(key), item if isinstance(item, Item) else None
            if isinstance(item, LeftOut) and item.why:
                self.reports.append(f"event `{event.id}`: {item.why}")
            if (old.text if old else None) == (new.text if new else None):
                continue
            number = clock.next()
            ledger.put(number, key, old, new, event.id)
            ledger.change(Change(number, clock.time, self.district, "event", event.id, event.at))
            if new is None:
                del now[key]
            else:
                now[key] = new
        return Counter(kind for kind, identifier in before if (kind, identifier) not in now)


def _held(connection: Connection, district: str, kinds: Iterable[str]) -> Counter[str]:
    """Count the records of some kinds."""
    columns = schema.record.c
    query = select(func.count()).where(columns.district == district, columns.until == FOREVER)
    return Counter({kind: connection.scalar(query.where(columns.kind == kind)) or 0 for kind in kinds})
