"""The map from Clever itself: the lists of users of every role, whole or not at all.

Lists take a while to read, and somebody can change meanwhile. Of a person who does, that counts which their record says
each time it is met; the rest is left out, and told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final

import msgspec

from rolecall.calls import run
from rolecall.errors import FactsError
from rolecall.facts.records import Malformed
from rolecall.migration.mapping.index import Map, Source
from rolecall.migration.mapping.of_users import add_legacy, add_likenesses, likenesses, read_user
from rolecall.vocabulary.roles import CLEVER_ROLES, EMPLOYEES

if TYPE_CHECKING:
    from rolecall.facts.clever import Clever, Record

LIVE: Final = "clever:"
"""What a source of the map begins with that is Clever itself; the id of one district may follow."""

_LISTS: Final = (*CLEVER_ROLES, *EMPLOYEES)
"""Employees' lists are read again at the end: who moved from a list not yet read to one that was would be in none."""

_EMPLOYED: Final = frozenset(EMPLOYEES)

_encode: Final = msgspec.json.Encoder(order="deterministic").encode

Pair = tuple[str, str]
"""(role, legacy id), or (field, value) of a likeness."""


class _Reading(msgspec.Struct, frozen=True, gc=False):
    """What a map takes of one record; `kind` and `why` say what is wrong with one that nothing can be taken of."""

    legacy: tuple[Pair, ...] = ()
    kind: str = ""
    why: str = ""


class _Met(msgspec.Struct, gc=False):
    """A person as they were met: the first reading, others that differ, and their likenesses."""

    first: _Reading
    likes: frozenset[Pair]
    others: frozenset[_Reading] = frozenset()


class _Settled(msgspec.Struct, frozen=True):
    """A person with what is taken of them, and what is left out because it changed."""

    legacy: dict[str, str]
    dropped: tuple[Pair, ...] = ()
    kind: str = ""
    why: str = ""


def read_clever(
    clever: Clever,
    into: Map | None = None,
    told: Callable[[int], None] = lambda _: None,
    *,
    districts: Iterable[str] = (),
    alike: frozenset[str] = frozenset(),
) -> Map:
    """Read the map from Clever: of these districts, or of all that there are tokens for.

    Adds to `into` where that is given. `told` hears after each page how many entries were met. `alike` are what
    likenesses are looked for in. Raises `FactsError`, such as `CleverError`, where a list cannot be read to its end:
    there is no map then, for without its rest people would seem to have no v3.0 id.
    """
    found = Map() if into is None else into
    rest: list[tuple[str, str, str, str]] = []
    before = 0
    for district in _districts(clever, districts):
        before = _District(clever, district, alike).read(found, rest, _later(told, before))
    for one, role, old, new in rest:
        if _contradicts(found, one, role, old):  # what cannot both be true holds whoever it concerns
            found.add(one, role, old, new, f"{LIVE}{one}: user `{new}`")
    return found


def _districts(clever: Clever, wanted: Iterable[str]) -> list[str]:
    """Give the districts to be read, in order. What is none is not quoted: it could be a token, typed there."""
    known = run(clever.districts())
    chosen = sorted({*wanted})
    if not known:
        raise FactsError("there is no district to read: none has connected this application in Clever yet")
    if not set(chosen) <= set(known):
        raise FactsError(
            f"`{LIVE}` is followed by the id of a district that there is a token for, or by nothing; there are tokens "
            f"for {', '.join(f'`{one}`' for one in sorted(known))}"
        )
    return chosen or sorted(known)


def _later(told: Callable[[int], None], before: int) -> Callable[[int], int]:
    """Count on from where the last district ended."""

    def tell(rows: int) -> int:
        told(before + rows)
        return before + rows

    return tell


class _District:
    """One district being read: everybody by id, and those without an id, each once however many lists they stand in."""

    def __init__(self, clever: Clever, district: str, alike: frozenset[str]) -> None:
        self.clever, self.district, self.alike = clever, district, alike
        self.people: dict[str, _Met] = {}
        self.nameless: set[bytes] = set()

    def read(self, found: Map, rest: list[tuple[str, str, str, str]], told: Callable[[int], int]) -> int:
        """Read every list, then add everybody to the map in the order of their ids; give how many entries were met."""
        number = 0
        for role in _LISTS:
            for records in _pages(self.clever, self.district, role):
                for record in records:
                    self._meet(record)
                number += len(records)
                told(number)
        self._add(found, rest)
        return told(number)

    def _meet(self, record: Record) -> None:
        """Take note of an entry of a list."""
        try:
            new, stated, legacy = read_user(record)
            reading = _Reading(tuple((role, new if old == new else old) for role, old in legacy.items()))
        except Malformed as error:
            given = record.get("id")
            new, stated, legacy = given if isinstance(given, str) else "", self.district, {}
            reading = _Reading(kind="malformed", why=str(error))
        if not new:
            self.nameless.add(hashlib.sha256(_encode(record)).digest())
            return
        if not stated:
            reading = _Reading(kind="blank", why="the user has no district")
        elif stated != self.district:
            reading = _Reading(kind="other-district", why=f"the user is of district `{stated}`")
        likes = frozenset[Pair]()
        if self.alike and legacy.keys() & _EMPLOYED:
            likes = frozenset(one for one in likenesses(record) if one[0] in self.alike)
        met = self.people.get(new)
        if met is None:
            self.people[new] = _Met(reading, likes)
            return
        met.likes &= likes
        if reading != met.first:
            met.others |= {reading}

    def _add(self, found: Map, rest: list[tuple[str, str, str, str]]) -> None:
        """Add everybody, and the district as a source. Its digest is of what was taken, in whatever order it came."""
        made = hashlib.sha256(self.district.encode())
        for new in sorted(self.people):
            met = self.people[new]
            one, where = _settled(new, met), f"{LIVE}{self.district}: user `{new}`"
            made.update(_encode((new, one, sorted(met.likes))))
            if one.kind:
                found.problem(where, one.kind, one.why)
            add_legacy(new, self.district, one.legacy, where, found)
            if one.legacy.keys() & _EMPLOYED:
                add_likenesses(new, self.district, met.likes, found)
            rest += [(self.district, role, old, new) for role, old in one.dropped if role in _EMPLOYED and old]
        made.update(_encode(len(self.nameless)))
        for _ in self.nameless:
            found.problem(f"{LIVE}{self.district}", "blank", "a user has no id, and is left out")
        found.sources.append(Source(f"{LIVE}{self.district}", f"sha256:{made.hexdigest()}", len(self.people)))


def _pages(clever: Clever, district: str, role: str) -> Iterator[list[Record]]:
    """Give the pages of a role's list. It ends where Clever gives nothing after the last one, not where no link is."""
    from rolecall.facts.clever import CleverError, Trail  # noqa: PLC0415 - needs the extra `live`

    trail, link = Trail(district), ""
    query: dict[str, str | int] = {"role": role}
    try:
        while True:
            page = run(clever.page(district, link) if link else clever.page(district, "users", **query))
            if not page.records and "starting_after" in query:
                return
            trail.add(page)
            yield page.records
            last = next((one for record in reversed(page.records) if isinstance(one := record.get("id"), str)), "")
            link = page.next or ""
            if not link:
                if not last:
                    return
                query["starting_after"] = last
    except CleverError as error:
        said = f"{error.why}. Half a list of users is no map, so there is none"
        raise type(error)(error.district, said, error.retry_at) from None


def _settled(new: str, met: _Met) -> _Settled:
    """Give what every reading of a person says. A student who must be stopped is, by any."""
    readings = (met.first, *met.others)
    said = sorted({pair for one in readings for pair in one.legacy})
    if not said:
        wrong = sorted((one.kind, one.why) for one in readings if one.kind)
        return _Settled({}, (), *(wrong[0] if wrong else ()))
    kept = {role: old for role, old in said if all((role, old) in one.legacy for one in readings)}
    dropped = tuple(pair for pair in said if kept.get(pair[0]) != pair[1])
    if not dropped:
        return _Settled(kept)
    kept |= {role: old for role, old in dropped if role == "student" and old not in ("", new)}
    names = ", ".join(dict.fromkeys(role for role, _ in dropped))
    why = f"`{new}` changed while Clever was read: what they are as {names} is left out"
    return _Settled(kept, dropped, "changed", why)


def _contradicts(found: Map, district: str, role: str, old: str) -> bool:
    """Say whether what was left out speaks against what was taken: an old id that is somebody else's as well."""
    first = found.entries.get(old)
    others = () if first is None else first.all()
    return old in found.people or any((one.district, one.role) == (district, role) for one in others)
