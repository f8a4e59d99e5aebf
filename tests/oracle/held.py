"""The roles held around one resource, as the four questions of a rule see them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from oracle.bugs import NO_BUG, Bugs
from oracle.language import Combination, login_role
from oracle.places import Location
from oracle.roster import Assignment

Pair = tuple[str, str]  # (role, scope)
OWNED: Pair = ("owner", "resource")


@dataclass(frozen=True)
class Held:
    """What a person holds there: beyond doubt, in doubt, and the roles they act as (None: all)."""

    certain: frozenset[Pair]
    doubtful: frozenset[Pair] = frozenset()
    acting_as: tuple[str, ...] | None = None
    bug: Bugs = NO_BUG

    @property
    def everything(self) -> frozenset[Pair]:
        """Every role held, in doubt or not."""
        return self.certain | self.doubtful

    def has_a_role(self) -> bool:
        """Without "any role there that is beyond doubt" everything is denied; `owner` is no such role."""
        if self.bug("everyone-includes-roleless") or (self.bug("owner-without-role") and OWNED in self.certain):
            return True
        return any(scope == "anywhere" for _, scope in self.certain)

    def acts(self) -> bool:
        """`everyone` in a `min` "means acting as a role one holds"."""
        if self.acting_as is None or self.bug("acting-as-ignored-by-everyone"):
            return True
        return any((role, "anywhere") in self.certain for role in self.acting_as)

    def owner_acts(self) -> bool:
        """`owner` "is active whenever an acting role is held beyond doubt"."""
        if self.bug("acting-as-forgets-owner"):
            return False
        if self.bug("acting-as-doubtful-owner"):
            return any((role, "anywhere") in self.everything for role in self.acting_as or ())
        return self.acts() or self.bug("acting-as-owner-always")

    def acting(self, pairs: frozenset[Pair]) -> frozenset[Pair]:
        """Return those of the acting roles; each login role "carries what lies inside it"."""
        if self.acting_as is None:
            return pairs
        login = (lambda role: role) if self.bug("acting-as-forgets-inner") else login_role
        active = {pair for pair in pairs if login(pair[0]) in self.acting_as}
        return frozenset(active | ({OWNED} & pairs if self.owner_acts() else set()))

    def giving(self) -> frozenset[Pair]:
        """`when` of a `min` looks "at the acting roles"; doubt does not count "where it gives"."""
        if self.bug("acting-as-ignored-by-min"):
            return self.certain
        return self.acting(self.everything if self.bug("doubt-gives") else self.certain)

    def lifting(self) -> frozenset[Pair]:
        """`unless` of a `max` looks "at the acting roles"; doubt does not count there either."""
        if self.bug("unless-of-max-looks-at-all-roles"):
            return self.certain
        return self.acting(self.everything if self.bug("doubt-lifts") else self.certain)

    def capping(self) -> frozenset[Pair]:
        """`when` of a `max` looks "at every role held"; doubt counts "where it takes away"."""
        if self.bug("acting-as-frees-from-max"):
            return self.acting(self.everything)
        return self.certain if self.bug("doubt-never-caps") else self.everything

    def hindering(self) -> frozenset[Pair]:
        """`unless` of a `min` looks "at every role held"; doubt counts there too."""
        if self.bug("unless-of-min-looks-at-acting-roles"):
            return self.acting(self.everything)
        return self.certain if self.bug("doubt-never-hinders") else self.everything

    def holds_for_giving(self, combination: Combination) -> bool:
        """A combination of two roles in a `min` "needs both among the acting roles"."""
        if self.bug("acting-as-one-role-is-enough"):
            active = self.acting(self.certain)
            return holds(combination, self.certain, self.bug) and any(pair in active for pair in combination.items())
        return holds(combination, self.giving(), self.bug)


def holds(combination: Combination, pairs: frozenset[Pair], bug: Bugs) -> bool:
    """A combination: "role: scope, all of them held"."""
    found = [pair in pairs for pair in combination.items()]
    return any(found) if bug("combination-is-any-of") else all(found)


def held_there(assignments: Iterable[Assignment], location: Location) -> tuple[set[Pair], set[Pair]]:
    """A role is held at a scope "when one of its assignments at that scope is in the location"."""
    certain, doubtful = set(), set()
    for one in assignments:
        if (one.scope, one.place) in location.places:
            # "every role held through that section or its school"
            unlisted = location.unlisted and one.scope in ("section", "school")
            (doubtful if one.doubtful or unlisted else certain).add((one.role, one.scope))
    return certain, doubtful - certain


def owner_there(user_id: str, properties: Mapping[str, Any], bug: Bugs) -> tuple[set[Pair], set[Pair]]:
    """`owner` is held where the request's is the subject; absent or null is a doubt, `""` is nobody."""
    owner = properties.get("owner")
    if owner == "" and bug("owner-empty-is-missing"):
        owner = None
    if owner == user_id or (owner is None and bug("owner-missing-is-subject")):
        return {OWNED}, set()
    if owner is None and not bug("owner-missing-is-nobody"):
        return set(), {OWNED}
    return set(), set()
