"""A question as it could be: other roles, another state of the thing. Answered by the evaluator itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from rolecall.evaluator import evaluate
from rolecall.facts.hold import fold
from rolecall.questions import read_acting
from rolecall.table import TypeTable
from rolecall.vocabulary.decision import Decision
from rolecall.vocabulary.facts import Held, Location, RoleAssignment
from rolecall.vocabulary.reasons import Cell
from rolecall.vocabulary.roles import Atoms

Roles = tuple[RoleAssignment, ...]


class State(msgspec.Struct, frozen=True, eq=False):
    """A person's roles around a thing, where that is, its properties, the roles acted as, and the time."""

    atoms: Atoms
    kind: TypeTable
    held: Held
    location: Location
    properties: Mapping[str, object]
    acting: tuple[str, ...] | None
    now: int

    @classmethod
    def of(cls, decision: Decision, kind: TypeTable, atoms: Atoms) -> State:
        """Give the state that a decision was made in; only the roles that count around its resource are kept."""
        if decision.location is None:
            raise ValueError("a decision about a thing that the facts do not hold has no state")
        held = replace(decision.held, roles=tuple(near(decision.held.roles, decision.location)))
        given = decision.resource.properties
        return cls(atoms, kind, held, decision.location, given, decision.acting_as, decision.nanoseconds)

    @property
    def roles(self) -> Roles:
        """The role assignments."""
        return self.held.roles

    def cell(self) -> Cell:
        """Give the answer: the evaluator's."""
        base, places = fold(self.held.roles, self.atoms)
        held = replace(self.held, base=base, places=places)
        acting = None if self.acting is None else read_acting(self.acting, self.atoms)
        return evaluate(self.kind, held, self.location, self.properties, acting, self.now)

    def having(self, roles: Roles) -> State:
        """Give the state with other roles."""
        return replace(self, held=replace(self.held, roles=roles))

    def ids(self, scope: str) -> list[str]:
        """Give the ids of the places of a scope around the thing, near to far."""
        if scope in ("district", "anywhere"):
            return [self.location.district]
        pairs = (key.split(":", 1) for key in (*self.location.keys, *self.location.doubtful))
        return [identifier for kind, identifier in pairs if kind == scope]

    def tokens(self) -> frozenset[tuple[object, ...]]:
        """Give all that the answer rests on, as a set: two states differ in what their sets do not share."""
        unlisted = set(self.location.doubtful)
        found: set[tuple[object, ...]] = {
            (one.role, one.scope, bool(one.doubt) or f"{one.scope}:{one.id}" in unlisted)
            for one in near(self.roles, self.location)
        }
        found -= {(role, scope, True) for role, scope, doubt in tuple(found) if not doubt}
        found |= {("", code.name, self.value(code.name)) for code in self.kind.attributes}
        found.add(("", "owner", self.properties.get("owner") if self.kind.own else None))
        found.add(("", "acting", self.acting))
        found.add(("", "term", self.term()))
        return frozenset(found)

    def value(self, name: str) -> bool | str | None:
        """Give one of an attribute's own values as the application gave it; None for any other."""
        code = next(code for code in self.kind.attributes if code.name == name)
        given = self.properties.get(name)
        return next((one for one in code.values if isinstance(given, code.kind) and one == given), None)

    def term(self) -> str:
        """Give the state of the term."""
        if not self.location.bounds:
            return "unknown"
        first, last = self.location.bounds
        return "past" if self.now > last else "current" if self.now >= first else "future"


def near(roles: Sequence[RoleAssignment], location: Location) -> list[RoleAssignment]:
    """Give the roles that count around a place: at its places, its district, or anywhere."""
    keys = {*location.keys, *location.doubtful}
    wide = ("anywhere", "district")
    return [one for one in roles if one.scope in wide or f"{one.scope}:{one.id}" in keys]
