"""One set of facts as one policy needs it: people folded to bits, locations at hand, terms as instants.

Filled as it is asked, with facts only, never with decisions. Threads may share it: what two of them work out at once
is the same. People and places that are not held are not kept, so that made-up ids cannot fill the memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from rolecall.facts.assignments import AssignmentRecord
from rolecall.facts.hold import Facts, hold
from rolecall.facts.instants import term_bounds
from rolecall.facts.roster import join_student_section
from rolecall.vocabulary.facts import Held, Location, Term
from rolecall.vocabulary.roles import BUILT_IN_TYPES, Atoms


class View:
    """Facts for one policy. `atoms` is the policy's numbering of roles, `zone` whose midnight a bare date means."""

    __slots__ = ("atoms", "facts", "held", "locations", "terms", "zone")

    def __init__(self, facts: Facts, atoms: Atoms, zone: ZoneInfo) -> None:
        """Begin empty."""
        self.facts, self.atoms, self.zone = facts, atoms, zone
        self.held: dict[str, Held] = {}
        self.locations: dict[str, dict[str, Location]] = {kind: {} for kind in BUILT_IN_TYPES}
        self.terms: dict[Term, tuple[int, int] | None] = {}

    def person(self, user: str, now: int) -> Held:
        """Give a user's folded roles with the assignments that came with the facts."""
        found = self.held.get(user)
        if found is None or not found.since <= now < found.until:
            found = hold(user, self.facts, self.facts.application_assignments(user), self.atoms, now)
            if found.found:
                self.held[user] = found
        return found

    def person_with(self, user: str, assigned: Iterable[AssignmentRecord], now: int) -> Held:
        """Give a user's folded roles with assignments that came from elsewhere; nothing is kept."""
        return hold(user, self.facts, assigned, self.atoms, now)

    def location(self, kind: str, identifier: str) -> Location | None:
        """Give the location of a district, school, section or student, or None where it is not held."""
        kept = self.locations[kind]
        found = kept.get(identifier)
        if found is None:
            found = self.facts.location(kind, identifier)
            if found is not None:
                kept[identifier] = found
        return found

    def joined(self, student: str, section: str) -> Location | None:
        """Give the location of what lies in a student and a section."""
        return join_student_section(self.location("student", student), self.location("section", section))

    def term_code(self, term: Term | None, now: int) -> int:
        """Give the code of the attribute `term`: 0 unknown, 1 past, 2 current, 3 future."""
        if term is None:
            return 0
        try:
            bounds = self.terms[term]
        except KeyError:
            bounds = self.terms[term] = term_bounds(term, self.zone)
        if bounds is None:
            return 0
        first, last = bounds
        return 1 if now > last else 2 if now >= first else 3

    def about(self, what: str, identifier: str) -> str:
        """Say that something is not held, and when the id is somebody's from before API 3.0."""
        said = f"the facts hold no {what} `{identifier}`"
        if what in ("user", "student") and self.facts.is_legacy(identifier):
            return f"{said}: it is a *legacy* id, from before Clever's API 3.0; ask with the v3.0 id"
        return said
