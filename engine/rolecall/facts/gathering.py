"""What lies around a person and a place, gathered record by record: from what is at hand, or from Clever."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from time import monotonic_ns
from typing import TYPE_CHECKING, Any, Final

from rolecall.calls import Call
from rolecall.facts.around import Records, named
from rolecall.facts.clever.base import is_id
from rolecall.facts.records import (
    DistrictRecord,
    Malformed,
    SchoolRecord,
    SectionRecord,
    UserRecord,
    identity,
    read_district,
    read_school,
    read_section,
    read_term,
    read_user,
)
from rolecall.facts.remembered import Kept, Trouble, Wanted

if TYPE_CHECKING:
    from rolecall.facts.direct import Direct

_READERS: Final[dict[str, Callable[[object, str], Any]]] = {
    "users": read_user,
    "sections": read_section,
    "terms": read_term,
    "districts": read_district,
}


class Unknown(Exception):
    """A record cannot be had now, and none that is young enough is at hand."""


class Gathering:
    """The records of one question in one district, and how old they are.

    `fresh` and `stale` are ages in nanoseconds (`stale` may be None, for any): within `fresh` a record is used as it
    is, within `stale` it stands in for an answer that cannot be had; then `aged` says why, and whatever else is at hand
    is not asked for anew. `oldest` is the time of the oldest record, `began` of the question.
    """

    def __init__(self, direct: Direct, district: str, clock: Callable[[], int], fresh: int, stale: int | None) -> None:
        """Begin with nothing."""
        self.direct, self.district, self.clock = direct, district, clock
        self.fresh, self.stale = fresh, stale
        self.records = Records()
        self.oldest = self.began = clock()
        self.ticks = monotonic_ns()
        self.aged = ""

    def state(self) -> Generator[Call, object, DistrictRecord]:
        """Gather the district's own record, which says whether it is paused."""
        found: DistrictRecord | None = yield from self._one("districts", self.district)
        if found is None:
            raise Unknown(f"Clever has no district `{self.district}` for this token")
        self.records.districts.add(self.district)
        return found

    def person(self, identifier: str) -> Generator[Call, object, UserRecord | None]:
        """Gather a user with what their roles rest on: sections, schools; for a contact the children and theirs."""
        found = yield from self._user(identifier)
        if found is None:
            return None
        if found.roles != frozenset({"contact"}):  # whom no section can name
            yield from self._sections_of(identifier)
        for tie in found.relationships:
            if tie.student not in self.records.users:
                yield from self.student(tie.student)
        yield from self.schools()
        return found

    def student(self, identifier: str) -> Generator[Call, object, None]:
        """Gather a student with their sections."""
        found = yield from self._user(identifier)
        if found is not None and "student" in found.roles:
            yield from self._sections_of(identifier)
            yield from self.schools()

    def section(self, identifier: str) -> Generator[Call, object, None]:
        """Gather a section with its term."""
        found: SectionRecord | None = yield from self._one("sections", identifier)
        if found is None:
            self.records.sections.pop(identifier, None)
            return
        self.records.sections[identifier] = found
        yield from self.schools()
        if found.term:
            term = yield from self._one("terms", found.term)
            if term is not None:
                self.records.terms[found.term] = term

    def schools(self) -> Generator[Call, object, None]:
        """Gather all schools of the district."""
        if not self.records.schools:
            self.records.schools = (yield from self._any("schools", self._read_schools, whole=True)) or {}

    def _user(self, identifier: str) -> Generator[Call, object, UserRecord | None]:
        found: UserRecord | None = yield from self._one("users", identifier)
        if found is not None:
            self.records.users[identifier] = found
        return found

    def _sections_of(self, user: str) -> Generator[Call, object, None]:
        """Gather the sections that name a user. The newest record of each counts, wherever it came from."""
        path = f"users/{user}/sections"
        listed = (yield from self._any(path, self._read_sections, whole=True)) or ()
        if any(self._newest(one) is None for one in listed):
            # Clever has it no longer, or there was no room for it: the list is not what Clever would say now.
            listed = (yield from self._any(path, self._read_sections, whole=True, anew=True)) or ()
        for one in listed:
            kept = self._newest(one)
            if kept is not None:
                self._take(kept)
            self.records.sections[one.id] = one if kept is None else kept.value
        for identifier, kept in self.direct.naming(self.district, user):
            if identifier not in self.records.sections and kept.within(self.stale, self.clock()):
                self._take(kept)  # what it says came after the list
                self.records.sections[identifier] = kept.value

    def _newest(self, section: SectionRecord) -> Kept | None:
        return self.direct.records.get((self.district, f"sections/{section.id}"))

    def _one(self, plural: str, identifier: str) -> Generator[Call, object, Any]:
        """Give one record as read, or None where there is none in this district."""
        if not is_id(identifier):  # nobody has it, and it could lead elsewhere
            return None

        def read(raw: object) -> object:
            what = named(plural[:-1], raw)
            found, district = identity(raw, what)
            if found != identifier:  # it does not say that there is none, and cannot be taken for one
                raise Malformed(f"{what} is not `{identifier}`, which was asked for")
            ours = found if plural == "districts" else district
            return _READERS[plural](raw, what) if ours == self.district else None

        return (yield from self._any(f"{plural}/{identifier}", read, whole=False))

    def _any(
        self, path: str, read: Callable[[Any], object], *, whole: bool, anew: bool = False
    ) -> Generator[Call, object, Any]:
        """Give what is at hand and fresh, or ask for it; else what is at hand and not too old. None for a 404.

        `anew` asks whatever is at hand, and takes nothing else.
        """
        key = (self.district, path)
        kept = self.direct.records.get(key)
        if kept is None or anew or not self._will_do(kept):
            found = yield from self.direct.fetch(key, Wanted(read, self.clock, whole, kept))
            if isinstance(found, Trouble):
                kept = self.direct.records.get(key)
                if kept is None or anew or not kept.within(self.stale, self.clock()):
                    raise Unknown(found.why)
                self.aged = found.why
            else:
                kept = found
        self._take(kept)
        return kept.value

    def _will_do(self, kept: Kept) -> bool:
        """Say whether something need not be asked for anew: it is fresh, or was asked since the question was put."""
        now = self.clock()
        return self.began <= kept.at <= now or kept.within(self.stale if self.aged else self.fresh, now)

    def _take(self, kept: Kept) -> None:
        self.oldest = min(self.oldest, kept.since(self.clock()))

    def _read_sections(self, raws: Iterable[object]) -> tuple[SectionRecord, ...]:
        """Keep each section by its id, too."""
        sections = tuple(read_section(raw, named("section", raw)) for raw in self._ours("section", raws))
        for one in sections:
            self.direct.keep((self.district, f"sections/{one.id}"), Kept(one, self.began, self.ticks), self.clock())
        return sections

    def _read_schools(self, raws: Iterable[object]) -> dict[str, SchoolRecord]:
        found = [read_school(raw, named("school", raw)) for raw in self._ours("school", raws)]
        return {one.id: one for one in found}

    def _ours(self, kind: str, raws: Iterable[object]) -> list[object]:
        """Leave out what has no id or district, which would be guessed at, and what is of another district."""
        found = [(raw, *identity(raw, named(kind, raw))) for raw in raws]
        return [raw for raw, identifier, district in found if identifier and district == self.district]
