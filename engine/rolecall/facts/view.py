"""Facts as one policy needs them: people folded to bits, locations at hand, terms as instants.

What was folded is kept in plain dictionaries, so that a decision about it is a few look-ups. Kept are facts only,
never decisions, and only people and places that are held, so that made-up ids cannot fill the memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from typing import Final, Protocol, TypeVar, runtime_checkable
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from rolecall.calls import Call
from rolecall.facts.assignments import AssignmentRecord
from rolecall.facts.hold import Facts, hold
from rolecall.facts.roster import join_student_section
from rolecall.facts.terms import term_bounds
from rolecall.instants import DAY, SECOND
from rolecall.vocabulary.facts import ALWAYS, Feed, Feeds, Held, Location, RoleAssignment, Term
from rolecall.vocabulary.roles import LOCATION_SCOPES, Atoms

MAX_PAIRS: Final = 1 << 16
"""How many pairs of a student and a section are kept: there are more of them than of either."""

MAX_HELD: Final = 1 << 20
"""How many people, and how many places of a kind, are kept."""

SKEW: Final = 5 * 60 * SECOND
"""By how much, in nanoseconds, the clock that wrote `as_of` may be ahead of this one."""

NEVER: Final = (ALWAYS[1], ALWAYS[0])
"""A time from which and one until which nothing is fresh."""

Place = tuple[str, object]
"""What a resource lies within, and its id: `("section", "5f…")`, or `("student+section", ("5e…", "5f…"))`."""


class Frame(msgspec.Struct, frozen=True):
    """What a policy and its authoriser ask of facts: the numbering of roles, whose midnight a bare date means, how old
    facts may be (nanoseconds, None for any age), and the clock (nanoseconds since 1970).
    """  # noqa: D205 - one sentence too long for a line

    atoms: Atoms
    zone: ZoneInfo
    max_stale: int | None
    clock: Callable[[], int]


class Assigned(msgspec.Struct, frozen=True):
    """What the application's port said it has assigned to a user, or the `problem`; good until an instant, if kept."""

    records: tuple[AssignmentRecord, ...] = ()
    until: int = ALWAYS[0]
    problem: str = ""


class Asked(msgspec.Struct, frozen=True):
    """What a question, put at `now`, needs of facts: a user, and where its resources are.

    `assigned` stands in place of the assignments that came with the facts. `bound` is the age in nanoseconds that the
    facts may have for what is asked, with what asks for it.
    """

    user: str
    places: tuple[Place, ...]
    now: int
    assigned: Assigned | None = None
    bound: tuple[int, str] | None = None


class Found(msgspec.Struct, frozen=True):
    """The answer: the person as they are at `now`, and the location of each place, None for what is not held.

    `problems` says by number why a location cannot be had. `absent` are the students and sections asked about that are
    not held, `legacy` gives the v3.0 id of ids from before.
    """

    held: Held
    locations: tuple[Location | None, ...]
    now: int
    problems: dict[int, str] = {}
    absent: frozenset[tuple[str, str]] = frozenset()
    legacy: dict[str, str] = {}


class Stamp(msgspec.Struct, frozen=True):
    """From when until when what is folded may be used, when it was true, and what is to be said of that."""

    since: int
    until: int
    as_of: int | None
    notes: tuple[str, ...] = ()


class View(ABC):
    """One policy's sight of some facts; safe to share between threads and tasks.

    `held` and `locations` (by what a type lies within, then by id) are there to be read directly where speed matters,
    while the time is from `fresh_from` to `fresh_until`. Of somebody who is `timed`, look at `since` and `until`, and
    of every location. Whatever is read in this order (person, location, `fresh_from`, `fresh_until`) fits together.
    """

    def __init__(self, frame: Frame, feeds: Feeds) -> None:
        """Begin empty."""
        self.frame, self.feeds = frame, feeds
        self.held: dict[str, Held] = {}
        self.locations: dict[str, dict[object, Location]] = {within: {} for within in LOCATION_SCOPES}
        self.terms: dict[Term, tuple[int, int] | None] = {}
        self._shared: dict[RoleAssignment, RoleAssignment] = {}
        self.fresh_from, self.fresh_until = NEVER

    @abstractmethod
    def ask(self, asked: Asked) -> Generator[Call, object, Found]:
        """Find what a question needs, fetching what is not at hand; yields the calls to be made."""

    def found(self, asked: Asked, facts: Facts, now: int, stamp: Stamp | None = None) -> Found:
        """Put the answer together, from what is at hand and from facts."""
        places = [(place, [self.locate(facts, *one, stamp) for one in parts(place)]) for place in asked.places]
        held = self.person(facts, asked.user, now, asked.assigned, stamp)
        locations: list[Location | None] = []
        absent: set[tuple[str, str]] = set()
        for (within, where), pieces in places:
            absent.update(one for one, piece in zip(parts((within, where)), pieces, strict=True) if piece is None)
            location = pieces[0] if len(pieces) == 1 else join_student_section(*pieces)
            if location is not None and len(pieces) > 1:
                room(self.locations[within], MAX_PAIRS)[where] = location
            locations.append(location)
        missing = [] if held.district or held.problem else [asked.user]
        missing += [identifier for kind, identifier in absent if kind == "student"]
        legacy = {old: new for old in missing if (new := facts.successor(old))}
        return Found(held, tuple(locations), now, absent=frozenset(absent), legacy=legacy)

    def nothing(self, asked: Asked, problem: str) -> Found:
        """Say why nothing can be told."""
        return Found(unknown(asked.user, problem), (None,) * len(asked.places), self.frame.clock())

    def person(self, facts: Facts, user: str, now: int, assigned: Assigned | None, stamp: Stamp | None = None) -> Held:
        """Give a user's folded roles, with the assignments that came with the facts, or with others in their place.

        What rests on others is kept only as long as they are good.
        """
        found = self.held.get(user)
        good = assigned is None or now < assigned.until
        if found is not None and found.since <= now < found.until and good:
            return found
        records = facts.application_assignments(user) if assigned is None else assigned.records
        found = hold(user, facts, records, self.frame.atoms, now)
        if stamp is not None:
            since, until = max(found.since, stamp.since), min(found.until, stamp.until)
            notes = (*found.notes, *stamp.notes)
            found = replace(found, since=since, until=until, timed=True, as_of=stamp.as_of, notes=notes)
        if said := self.said(found.district):
            found = replace(found, notes=(*found.notes, *said))
        if assigned is None:
            kept = found
        else:
            kept = replace(found, since=max(found.since, now), until=min(found.until, assigned.until), timed=True)
        if found.district and not found.problem and now < kept.until and self.keeps(found.district):
            # All who hold a role at one place share one assignment, so that a large district fits into memory.
            shared = room(self._shared, MAX_HELD)
            kept = replace(kept, roles=tuple([shared.setdefault(role, role) for role in kept.roles]))
            room(self.held, MAX_HELD)[user] = kept
        return found

    def locate(self, facts: Facts, within: str, identifier: str, stamp: Stamp | None = None) -> Location | None:
        """Give the location of a district, school, section or student, or None where the facts do not hold it."""
        kept = self.locations[within]
        found = kept.get(identifier)
        if found is None or (stamp is not None and found.until <= self.frame.clock()):
            found = facts.location(within, identifier)
            if found is not None:
                if found.term is not None:
                    found = replace(found, bounds=self.bounds(found.term))
                if stamp is not None:
                    found = replace(found, since=stamp.since, until=stamp.until, as_of=stamp.as_of)
                room(kept, MAX_HELD)[identifier] = found
        return found

    def put_back(self) -> None:
        """Forget all that is good for a time: the clock was put back, and may say that time again."""
        self.held.clear()
        for kept in self.locations.values():
            kept.clear()

    def keeps(self, district: str) -> bool:  # noqa: ARG002 - for those who look at it
        """Say whether people of a district may be kept, to be decided about without a closer look."""
        return True

    def said(self, district: str) -> tuple[str, ...]:  # noqa: ARG002 - for those who have something to say
        """Give what is to be said of a district's facts with every decision about its people."""
        return ()

    def bounds(self, term: Term) -> tuple[int, int] | None:
        """Give the first and last nanosecond of a term in the policy's time zone."""
        if term not in self.terms:
            room(self.terms, MAX_PAIRS)[term] = term_bounds(term, self.frame.zone)
        return self.terms[term]

    def why_old(self, as_of: int | None, now: int, bound: tuple[int, str] | None) -> str:
        """Say why facts of that time cannot be trusted now, or nothing. Those from the future are of unknown age."""
        limit, source = self.frame.max_stale, self.feeds.source
        if limit is None and bound is None:
            return ""
        if as_of is None:
            return f"the facts ({source}) do not say how old they are"
        if now < as_of - SKEW:
            return f"the facts ({source}) say that they are of a time to come: a clock is wrong"
        if limit is not None and now > as_of + limit:
            return f"the facts ({source}) are older than the {span(limit)} that are allowed"
        if bound is not None and now > as_of + bound[0]:
            return f"the facts ({source}) are older than the {span(bound[0])} that {bound[1]} allows"
        return ""


@runtime_checkable
class Live(Protocol):
    """Facts that may have to be fetched: they make a view of their own."""

    def view(self, frame: Frame) -> View:
        """Make the view of one policy."""
        ...  # a Protocol's body


class WholeView(View):
    """A view of facts that are complete and at hand, and never change: a snapshot's."""

    def __init__(self, facts: Facts, frame: Frame) -> None:
        """Begin empty; the facts are fresh until they are too old."""
        super().__init__(frame, Feeds(facts.source, whole=Feed(facts.as_of)))
        self.facts = facts
        if frame.max_stale is None:
            self.fresh_from, self.fresh_until = ALWAYS
        elif facts.as_of is not None:
            self.fresh_from, self.fresh_until = facts.as_of - SKEW, facts.as_of + frame.max_stale

    def ask(self, asked: Asked) -> Generator[Call, object, Found]:
        """Look everything up."""
        yield from ()  # nothing has to be fetched
        problem = self.why_old(self.facts.as_of, asked.now, asked.bound)
        if asked.assigned is not None:
            problem = problem or asked.assigned.problem
        found = self.found(asked, self.facts, asked.now)
        return replace(found, held=unknown(asked.user, problem)) if problem else found


def parts(place: Place) -> tuple[tuple[str, str], ...]:
    """Give the places of which one is made: of a student and a section, both."""
    within, identifier = place
    if isinstance(identifier, tuple):
        return tuple(zip(within.split("+"), identifier, strict=True))
    return ((within, str(identifier)),)


def unknown(user: str, problem: str) -> Held:
    """Give a person of whom nothing can be told, and why."""
    return Held(user, "", 0, {}, (), problem=problem)


def span(nanoseconds: int) -> str:
    """Give a length of time as one says it: `24 hours`, `90 seconds`."""
    for unit, size in (("hour", 3600 * SECOND), ("minute", 60 * SECOND), ("second", SECOND)):
        if unit == "second" or (nanoseconds >= size and (nanoseconds % size == 0 or nanoseconds > DAY)):
            break
    count = f"{nanoseconds / size:g}"
    return f"{count} {unit}" if count == "1" else f"{count} {unit}s"


K = TypeVar("K")
V = TypeVar("V")


def room(kept: dict[K, V], most: int) -> dict[K, V]:
    """Give the dictionary, emptied where it holds too much: whatever is missed is worked out again."""
    if len(kept) >= most:
        kept.clear()
    return kept
