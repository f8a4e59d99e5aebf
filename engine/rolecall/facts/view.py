"""One set of facts as one policy needs it: people folded to bits, locations at hand, terms as instants.

Filled as it is asked, with facts only, never with decisions. Threads may share it: what two of them work out at once
is the same. People and places that are not held are not kept, so that made-up ids cannot fill the memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from rolecall.facts.assignments import AssignmentRecord
from rolecall.facts.hold import Facts, hold
from rolecall.facts.roster import join_student_section
from rolecall.facts.terms import term_bounds
from rolecall.vocabulary.facts import Held, Location, Term
from rolecall.vocabulary.roles import LOCATION_SCOPES, Atoms

MAX_PAIRS: Final = 1 << 16
"""How many pairs of a student and a section are kept: there are more of them than of either."""


class View:
    """Facts for one policy. `atoms` is the policy's numbering of roles, `zone` whose midnight a bare date means.

    `held` and `locations` (by what a type lies within, then by id) are there to be read directly where speed matters;
    of somebody who is `timed`, look at `since` and `until`.
    """

    __slots__ = ("atoms", "facts", "held", "locations", "terms", "zone")

    def __init__(self, facts: Facts, atoms: Atoms, zone: ZoneInfo) -> None:
        """Begin empty."""
        self.facts, self.atoms, self.zone = facts, atoms, zone
        self.held: dict[str, Held] = {}
        self.locations: dict[str, dict[object, Location]] = {within: {} for within in LOCATION_SCOPES}
        self.terms: dict[Term, tuple[int, int] | None] = {}

    def person(self, user: str, now: int, assigned: Iterable[AssignmentRecord] | None = None) -> Held:
        """Give a user's folded roles, with the assignments that came with the facts, or with others in their place.

        What rests on others is not kept.
        """
        if assigned is not None:
            return hold(user, self.facts, assigned, self.atoms, now)
        found = self.held.get(user)
        if found is None or not found.since <= now < found.until:
            found = hold(user, self.facts, self.facts.application_assignments(user), self.atoms, now)
            if found.district and not found.problem:
                self.held[user] = found
        return found

    def location(self, kind: str, identifier: str) -> Location | None:
        """Give the location of a district, school, section or student, or None where it is not held."""
        kept = self.locations[kind]
        found = kept.get(identifier)
        if found is None:
            found = self.facts.location(kind, identifier)
            if found is not None:
                if found.term is not None:
                    found = replace(found, bounds=self.bounds(found.term))
                kept[identifier] = found
        return found

    def joined(self, student: str, section: str) -> Location | None:
        """Give the location of what lies in a student and a section."""
        kept = self.locations["student+section"]
        found = kept.get((student, section))
        if found is None:
            found = join_student_section(self.location("student", student), self.location("section", section))
            if found is not None:
                if len(kept) >= MAX_PAIRS:
                    kept.clear()
                kept[student, section] = found
        return found

    def bounds(self, term: Term) -> tuple[int, int] | None:
        """Give the first and last nanosecond of a term in the policy's time zone."""
        if term not in self.terms:
            self.terms[term] = term_bounds(term, self.zone)
        return self.terms[term]

    def about(self, what: str, identifier: str) -> str:
        """Say that something is not held, and when the id is somebody's from before API 3.0."""
        said = f"the facts hold no {what} `{identifier}`"
        if what in ("user", "student") and (now := self.facts.successor(identifier)):
            return f"{said}: it is the legacy id, from before Clever's API 3.0, of `{now}`"
        return said
