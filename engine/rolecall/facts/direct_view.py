"""One policy's sight of what Clever says: folded people and places, each good for `max_age`."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from rolecall.calls import Call, Failed
from rolecall.facts.around import Records
from rolecall.facts.clever.base import is_id
from rolecall.facts.clever.errors import CleverError
from rolecall.facts.gathering import Gathering, Unknown
from rolecall.facts.records import DistrictRecord
from rolecall.facts.remembered import REST
from rolecall.facts.view import MAX_HELD, Asked, Found, Frame, Stamp, View, parts, room
from rolecall.vocabulary.facts import ALWAYS, Feeds

if TYPE_CHECKING:
    from rolecall.facts.direct import Direct

_PAUSED: Final = "Clever says that the district is paused or in error: its data stands still"


class DirectView(View):
    """What Clever says, as one policy needs it."""

    def __init__(self, direct: Direct, frame: Frame) -> None:
        """Begin empty. What is kept carries its own time, so the view as a whole is always fresh."""
        super().__init__(frame, Feeds(direct.source))
        self.direct = direct
        self.fresh_from, self.fresh_until = ALWAYS
        self._homes: dict[str, str] = {}
        self._dropped = object()  # another one after each thing that Clever has no longer, or otherwise

    def ask(self, asked: Asked) -> Generator[Call, object, Found]:
        """Give what is at hand, or gather it."""
        if asked.assigned is not None and asked.assigned.problem:
            return self.nothing(asked, asked.assigned.problem)
        found = self._at_hand(asked)
        if found is not None:
            return found
        try:
            return (yield from self._gather(asked))
        except Unknown as error:
            return self.nothing(asked, str(error))

    def put_back(self) -> None:
        """Forget what was folded, and what is folded just now; what Clever said tells its age by itself."""
        self._dropped = object()
        super().put_back()

    def forget(self, district: str, path: str, *, known: bool, named: frozenset[str] = frozenset()) -> None:
        """Drop everything that rests on what a district has no longer, or has otherwise now, such as `users/5f…`.

        `known` says whether it was at hand as a record; an id that was made up costs no search. `named` are the people
        whom the record has begun or ceased to name.
        """
        plural, _, identifier = path.partition("/")
        kind = "student" if plural == "users" else plural.removesuffix("s")
        person = self.held.get(identifier) if plural == "users" else None
        here = self.locations[kind].get(identifier) if kind in self.locations else None
        if not known and all(one is None or one.district != district for one in (person, here)):
            return
        self._dropped = object()
        if self._homes.get(identifier) == district and self.direct.records.get((district, path)) is None:
            del self._homes[identifier]
        if person is not None and person.district == district:
            self.held.pop(identifier, None)
        if here is not None and here.district == district:
            self.locations[kind].pop(identifier, None)
        whole = path == "schools"  # on which everything there rests
        keys = {f"{kind}:{identifier}", *(f"student:{one}" for one in named)}
        for kept in self.locations.values():
            for where, one in list(kept.items()):
                near = whole or not keys.isdisjoint(one.keys) or not keys.isdisjoint(one.doubtful)
                if one.district == district and near:
                    kept.pop(where, None)
        for user, held in list(self.held.items()):
            if not keys.isdisjoint(held.places) or user in named or (whole and held.district == district):
                self.held.pop(user, None)

    def met(self, path: str, people: Iterable[str]) -> None:
        """Drop whoever a class names that is met for the first time, where they were folded without it."""
        place = path.replace("sections/", "section:")
        for one in people:
            held = self.held.get(one)
            if held is not None and place not in held.places:
                self._dropped = object()
                self.held.pop(one, None)

    def _at_hand(self, asked: Asked) -> Found | None:
        """Give what is kept, if all of it is, and young enough for the question."""
        now, held = asked.now, self.held.get(asked.user)
        if held is None or not held.since <= now < held.until:
            return None
        if asked.assigned is not None and asked.assigned.until <= now:
            return None
        found = [self.locations[within].get(where) for within, where in asked.places]
        locations = [one for one in found if one is not None and one.since <= now < one.until]
        ages = [held.as_of, *(one.as_of for one in locations)]
        if len(locations) < len(found) or any(self.why_old(as_of, now, asked.bound) for as_of in ages):
            return None
        return Found(held, tuple(locations), now)

    def _gather(self, asked: Asked) -> Generator[Call, object, Found]:
        """Gather what lies around the user and the places, and fold it."""
        dropped = self._dropped
        gathering = yield from self._find(asked)
        if gathering is None:
            return self.found(asked, Records().roster(None, ""), self.frame.clock())
        state = yield from gathering.state()
        problems = yield from _around(gathering, asked)
        found = self._fold(asked, gathering, state, problems)
        if self._dropped is not dropped:  # what was forgotten meanwhile may have been among it
            self._forget_asked(asked)
        return found

    def _fold(self, asked: Asked, gathering: Gathering, state: DistrictRecord, problems: dict[int, str]) -> Found:
        """Fold what was gathered, and keep it for as long as it is good."""
        now = self.frame.clock()
        as_of: int | None = gathering.oldest
        if state.paused:
            as_of = None if state.last_sync is None else min(gathering.oldest, state.last_sync)
        notes = [_PAUSED] if state.paused else []
        if gathering.aged:
            notes.append(f"the facts are older than they should be: {gathering.aged}")
        # What was asked for since the question was put is as fresh as can be, however long it took.
        problem = self.why_old(as_of, now, None) or self.why_old(as_of, gathering.began, asked.bound)
        if problem:
            return self.nothing(asked, "; ".join([problem, *notes]))
        until = now + REST if gathering.aged else gathering.oldest + self.direct.max_age
        if as_of is not None and self.frame.max_stale is not None:
            until = min(until, as_of + self.frame.max_stale + 1)
        sound = tuple(place for number, place in enumerate(asked.places) if number not in problems)
        asked = replace(asked, places=sound)
        self._forget_asked(asked)  # what was asked for anew is folded anew
        roster = gathering.records.roster(as_of, self.direct.source)
        found = self.found(asked, roster, now, Stamp(gathering.began, until, as_of, tuple(notes)))
        located = iter(found.locations)
        locations = [None if number in problems else next(located) for number in range(len(sound) + len(problems))]
        return replace(found, locations=tuple(locations), problems=problems)

    def _forget_asked(self, asked: Asked) -> None:
        """Drop who and what a question named."""
        self.held.pop(asked.user, None)
        for within, where in [one for place in asked.places for one in (place, *parts(place))]:
            self.locations[within].pop(where, None)

    def _find(self, asked: Asked) -> Generator[Call, object, Gathering | None]:
        """Find the user's district, and gather them there; None where no district has them."""
        home = self._homes.get(asked.user)
        if home is not None:  # an id stays where it is: while that district cannot be asked, no other one can tell
            gathering = self._gathering(home, asked)
            if (yield from gathering.person(asked.user)) is not None:
                return gathering
        trouble: Unknown | None = None
        for district in (yield from self._districts(asked.user)):
            if district == home:
                continue
            gathering = self._gathering(district, asked)
            try:
                person = yield from gathering.person(asked.user)
                if person is None and is_id(asked.user):  # another district's token knows nobody here, and is silent
                    yield from gathering.state()
            except Unknown as error:
                trouble = error
                continue
            if person is not None:
                room(self._homes, MAX_HELD)[asked.user] = district
                return gathering
        if trouble is not None:  # the user may be where nobody can look now
            raise trouble
        return None

    def _gathering(self, district: str, asked: Asked) -> Gathering:
        """Begin to gather in a district what is young enough for a question."""
        ages = [age for age in (self.frame.max_stale, asked.bound and asked.bound[0]) if age is not None]
        stale = min(ages, default=None)
        fresh = min([self.direct.max_age - 1, *ages])  # younger than `max_age`
        return Gathering(self.direct, district, self.frame.clock, fresh, stale)

    def _districts(self, user: str) -> Generator[Call, object, tuple[str, ...]]:
        """Give the districts in which a user may be."""
        if self.direct.district_of is not None:
            told = yield Call("`district_of`", self.direct.district_of, user)
            if isinstance(told, Failed):
                raise Unknown(str(told))
            return () if told is None else (str(told),)
        try:
            return (yield from self.direct.clever.districts())
        except CleverError as error:
            raise Unknown(f"Clever cannot be asked now: {error}") from None


def _around(gathering: Gathering, asked: Asked) -> Generator[Call, object, dict[int, str]]:
    """Gather what the places' locations rest on, and the assignments; give, by number, why a place cannot be had.

    A school's location and the district's rest on what was gathered with the person.
    """
    for one in asked.assigned.records if asked.assigned is not None else ():
        if one.scope == "section" and (one.ends is None or one.ends > asked.now):  # or it begins meanwhile
            yield from gathering.section(one.id)
    problems: dict[int, str] = {}
    for number, place in enumerate(asked.places):
        try:
            for kind, identifier in parts(place):
                if kind == "section":
                    yield from gathering.section(identifier)
                elif kind == "student":
                    yield from gathering.student(identifier)
        except Unknown as error:
            problems[number] = str(error)
    return problems
