"""Facts from a roster store: now, looking every so often what has changed, or as they stood at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final, Self

from rolecall.errors import FactsError
from rolecall.facts.around import Records
from rolecall.facts.store import Store
from rolecall.facts.store.values import FeedState, Look
from rolecall.facts.store_view import StoreView
from rolecall.facts.view import Frame
from rolecall.instants import render_instant

EVERY: Final = timedelta(seconds=1)


class RosterStore:
    """Facts from a roster store, which `rolecall sync` keeps current: `facts=RosterStore.open("sqlite:///rolecall.db")`.

    What a decision needs is kept in memory, until a change touches it; `every` is how often it is asked whether there
    was one. `at` gives the facts as they stood at a time of the past.
    """

    def __init__(self, store: Store, *, every: timedelta = EVERY, at: int | None = None) -> None:
        """Stand on a store; at a time of the past (nanoseconds since 1970) where `at` says so."""
        if not isinstance(every, timedelta) or every <= timedelta():
            raise TypeError("`every` must be a timedelta such as `timedelta(seconds=1)`")
        self.store, self._every, self._at = store, every // timedelta(microseconds=1) * 1000, at

    @classmethod
    def open(cls, url: str | Path, *, every: timedelta = EVERY) -> Self:
        """Open `sqlite:///rolecall.db`, the path of a file, or `postgresql://user@host/database`."""
        return cls(Store.open(url), every=every)

    def at(self, moment: int) -> RosterStore:
        """Give the facts as they stood at a time (nanoseconds since 1970): what `--at` asks."""
        return RosterStore(self.store, at=moment)

    @property
    def source(self) -> str:
        """Where the facts come from."""
        return self.store.name

    def view(self, frame: Frame) -> StoreView:
        """Make the view of one policy."""
        standing = None if self._at is None else self._standing(self._at)
        return StoreView(self, frame, self._every, standing)

    def look(self, seen: int) -> Look:
        """Say what has changed since."""
        return self.store.look(seen)

    def read(self, change: int, users: Iterable[str] = (), places: Iterable[tuple[str, str]] = ()) -> Records:
        """Give what lies around some people and places, as of a change."""
        return self.store.read(change, users, places)

    def successors(self, change: int, identifiers: Iterable[str]) -> Mapping[str, str]:
        """Give the v3.0 ids of those who had these before."""
        return self.store.successors(change, identifiers)

    def _standing(self, moment: int) -> tuple[int, dict[str, FeedState]]:
        """Give the change that stood at a time, and how current each district was then."""
        change = self.store.change_at(moment)
        if change is None:
            raise FactsError(f"the roster store ({self.source}) knows nothing of {render_instant(moment)}")
        feeds = self.store.look(0).feeds
        held = self.store.held_at(change, feeds)
        states: dict[str, FeedState] = {}
        for name in sorted({*feeds, *held}):
            if held.get(name, True):  # else it had been forgotten, and nobody waited for it
                read = moment if name in held else feeds[name].read
                states[name] = FeedState(name, "following", self.store.confirmed_at(name, moment), read=read)
        return change, states
