"""One policy's sight of a roster store: people and places folded once, forgotten when a change touches them.

Everything that is kept is true at one change of the store. Every so often the view looks what has changed since, and
forgets just that: between two looks a decision asks nobody.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from threading import RLock
from time import monotonic_ns
from typing import Final, Protocol

from cachetools import LRUCache
from msgspec.structs import replace

from rolecall.calls import Call, Failed
from rolecall.errors import FactsError
from rolecall.facts.around import Records
from rolecall.facts.steady import ever_since
from rolecall.facts.store.values import FeedState, Look
from rolecall.facts.tray import Missed, Read, Shelf, Tray, Wanted
from rolecall.facts.view import NEVER, SKEW, Asked, Found, Frame, View
from rolecall.flights import Flights
from rolecall.vocabulary.facts import ALWAYS, Feed, Feeds

_NAME: Final = "the roster store"
_PATIENCE: Final = 60.0
_ROUNDS: Final = 16
_RECENT: Final = 16


class Source(Protocol):
    """What the view reads (`rolecall.facts.store.Store`)."""

    @property
    def source(self) -> str:
        """Where the facts come from, in a few words."""
        ...  # a Protocol's body

    def look(self, seen: int) -> Look:
        """Say what has changed since."""
        ...  # a Protocol's body

    def read(self, change: int, users: Iterable[str] = (), places: Iterable[tuple[str, str]] = ()) -> Records:
        """Give what lies around some people and places."""
        ...  # a Protocol's body

    def successors(self, change: int, identifiers: Iterable[str]) -> Mapping[str, str]:
        """Give the v3.0 ids of those who had these before."""
        ...  # a Protocol's body


class StoreView(View):
    """What a roster store holds, as one policy needs it. `every` is how often it looks, in nanoseconds.

    With `standing` (a change of the past, and how current each district was) it stands there and never looks.
    """

    def __init__(
        self, store: Source, frame: Frame, every: int, standing: tuple[int, dict[str, FeedState]] | None = None
    ) -> None:
        """Begin empty, having seen nothing."""
        super().__init__(frame, Feeds(store.source))
        self.store, self.every, self.change, self._identity = store, every, -1, 0
        self._lock = RLock()
        self._shelf = Shelf(self)
        self._states: dict[str, FeedState] = {}
        self._heard: dict[str, tuple[int | None, int]] = {}  # by district its `as_of`, and when that was first heard
        self._stale: frozenset[str] = frozenset()
        self._looked, self._trouble, self._put_back = NEVER, "", 0
        self._flights: Flights[object] = Flights(_NAME, _PATIENCE)
        self._recent: LRUCache[Wanted, Read] = LRUCache(_RECENT)
        self._standing = standing is not None
        if standing is not None:
            self._take(Look(standing[0], None, standing[1]), frame.clock())
            self._looked = ALWAYS
            self._heard.clear()  # what stands does not age
            self.fresh_from, self.fresh_until = ALWAYS if frame.max_stale is None else NEVER

    def ask(self, asked: Asked) -> Generator[Call, object, Found]:
        """Look, if it is time to; read what is not at hand; give what fits together."""
        if asked.assigned is not None and asked.assigned.problem:
            return self.nothing(asked, asked.assigned.problem)
        for _ in range(_ROUNDS):  # each further round follows a change that was committed meanwhile
            now = self.frame.clock()
            if not self._looked[0] <= now < self._looked[1]:
                late = yield from self._flights.join("look", self._look)
                if isinstance(late, Failed):
                    return self.nothing(asked, str(late))
            with self._lock:
                wanted = self._shelf.wanted(asked, (self._identity, self.change), self.frame.clock())
            answer: object = Read()
            if not wanted.nothing:
                answer = yield from self._flights.join(wanted, lambda wanted=wanted: self._read(wanted))  # type: ignore[misc]  # of this round
            if not isinstance(answer, Read):
                return self.nothing(asked, str(answer))
            with self._lock:
                found = self._put_together(asked, wanted, answer)
            if found is not None:
                return found
        return self.nothing(asked, f"{_NAME} changes faster than it can be read")

    def put_back(self) -> None:
        """Look again: the clock may say the time of the last look once more. What is kept is true at its change."""
        with self._lock:
            self._put_back += 1
            self.held.clear()  # what rests on an application's assignments is good for a time
            if not self._standing:
                self._looked, self.fresh_from = NEVER, NEVER[0]

    def keeps(self, district: str) -> bool:
        """Say whether a district is current: of the others, every question says how old they are."""
        return district in self._states and district not in self._stale

    def said(self, district: str) -> tuple[str, ...]:
        """Give why a district's facts stand still, where they do."""
        why = self._why(district)
        return (why,) if why else ()

    def _why(self, district: str) -> str:
        state = self._states.get(district)
        return "" if state is None else state.why

    def _put_together(self, asked: Asked, wanted: Wanted, read: Read) -> Found | None:
        """Give the answer, or None where something was forgotten meanwhile."""
        if (self._identity, self.change) != (wanted.identity, wanted.change):
            return None
        now, tray = self.frame.clock(), Tray(self._shelf, asked, wanted, read)
        try:
            found = self.found(asked, tray, now)
        except Missed:
            return None
        for place in wanted.places:  # those of assignments too, which the next question wants again
            self.locate(tray, *place)
        problem = self._why_stale(found.held.district, now, asked)
        if problem:
            return self.nothing(asked, problem)
        if not self._trouble:
            return found
        notes = (*found.held.notes, f"the facts are older than they should be: {self._trouble}")
        return replace(found, held=replace(found.held, notes=notes))

    def _look(self) -> Generator[Call, object, object]:
        seen, began, put_back = self.change, self.frame.clock(), self._put_back
        if self._looked[0] <= began < self._looked[1]:
            return None  # somebody has looked since
        answer = yield Call(_NAME, self._ask_look, seen)
        with self._lock:
            if self.change != seen or self._put_back != put_back:
                return None  # somebody was quicker: what was said of the time before is of no use
            self._looked = (began, began + self.every)
            if isinstance(answer, Look):
                self._trouble = ""
                self._take(answer, began)
            else:  # what is at hand stays good while it is young enough, and every decision says so
                self._trouble = str(answer)
                self.fresh_from = NEVER[0]
            if self._put_back != put_back:  # while that was worked out
                self._looked, self.fresh_from = NEVER, NEVER[0]
        return None

    def _ask_look(self, seen: int) -> Look | str:
        try:
            return self.store.look(seen)
        except FactsError as error:
            return str(error)

    def _take(self, look: Look, began: int) -> None:
        """Stand at the newest change. The order in which the fields are written is what `View` promises its readers.

        Where the clock is put back before `began`, the view looks again.
        """
        now = self.frame.clock()
        heard = {name: (state.as_of, monotonic_ns()) for name, state in look.feeds.items()}
        self._heard = {
            name: before if (before := self._heard.get(name)) and before[0] == one[0] else one
            for name, one in heard.items()
        }
        stale = frozenset(name for name, state in look.feeds.items() if self._why_old(state, now))
        said = {name for name, state in look.feeds.items() if state.why != self._why(name)}
        opened = began
        replaced = look.identity != self._identity
        if replaced or look.change != self.change or stale != self._stale or said:
            self.fresh_from = NEVER[0]
            if replaced or look.touched is None or stale - self._stale:
                self._shelf.forget("*")
                self._recent.clear()  # another store may have come to the same numbers
            for key in look.touched or ():
                self._shelf.forget(key)
            for user, held in list(self.held.items()) if said else ():
                if held.district in said:
                    del self.held[user]
        self._identity, self.change = look.identity, look.change
        self._states, self._stale = look.feeds, stale
        districts = {name: Feed(state.as_of, state.last_event) for name, state in look.feeds.items()}
        self.feeds = Feeds(self.store.source, Feed(), districts)
        self.fresh_until = min(self._looked[1] - 1, self._stale_at())
        if self.fresh_from == NEVER[0]:
            opened = self.frame.clock() + 1  # whoever read anything before this instant looks again
        self.fresh_from = opened

    def _stale_at(self) -> int:
        """Give when the first of the districts that are current now will be too old."""
        limit = self.frame.max_stale
        if limit is None:
            return ALWAYS[1]
        now = self.frame.clock()
        fresh = (self._as_of(one, now) for name, one in self._states.items() if name not in self._stale)
        ages = [as_of for as_of in fresh if as_of is not None]
        return min((as_of + limit for as_of in ages), default=ALWAYS[1])

    def _why_stale(self, district: str, now: int, asked: Asked) -> str:
        """Say why a district's facts are too old. Whom no district has might be in any that is not current."""
        for name, state in self._states.items():
            if district in ("", name) and (why := self._why_old(state, now, asked.bound)):
                return f"{why}: {state.why}" if state.why else why
        if district and district not in self._states:
            return f"{_NAME} does not say how old the facts of district `{district}` are"
        return ""

    def _why_old(self, state: FeedState, now: int, bound: tuple[int, str] | None = None) -> str:
        if state.read is None:
            return f"{_NAME} does not hold district `{state.district}` yet: `rolecall sync` is to read it in full"
        return self.why_old(self._as_of(state, now), now, bound)

    def _as_of(self, state: FeedState, now: int) -> int | None:
        """Give how old a district is by the clock that makes it older: ours may be put back, that of ages is not."""
        as_of, (heard_of, heard) = state.as_of, self._heard.get(state.district, (None, 0))
        if as_of is None or heard_of != as_of or now < as_of - SKEW:
            return as_of
        return ever_since(as_of, heard, now)

    def _read(self, wanted: Wanted) -> Generator[Call, object, object]:
        with self._lock:
            found: object = self._recent.get(wanted)
        if found is None:
            found = yield Call(_NAME, self._ask_read, wanted)
        if isinstance(found, Read):
            with self._lock:
                self._recent[wanted] = found  # as of a change, it stays true
        return found

    def _ask_read(self, wanted: Wanted) -> Read | str:
        if not self._states:
            return self._trouble or f"{_NAME} ({self.store.source}) is empty: `rolecall sync` fills it"
        try:
            roster = self.store.read(wanted.change, wanted.users, wanted.places).roster(None, self.store.source)
            people = [*wanted.users, *(identifier for kind, identifier in wanted.places if kind == "student")]
            missing = [one for one in people if one not in roster.users]
            return Read(roster, self.store.successors(wanted.change, missing) if missing else {})
        except FactsError as error:
            return str(error)
