"""Claims drawn at random about policies drawn at random, and what is true of them by looking at every cell.

Plain and slow on purpose: people are the specification's combinations, and nothing here knows of diagrams.
"""

import random
from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import strategies
from laws.engine import Json
from oracle import reach as walked
from oracle.decide import effective
from oracle.held import OWNED, Held
from oracle.language import UNKNOWN, Language, ResourceType, listed

KINDS = ("never", "always", "same", "at-least", "separation", "monotone")
LOGINS = ("teacher", "staff", "district_admin", "student", "contact")
IN_DISTRICT = [
    (role, scope) for role, scopes in strategies.PAIRS.items() for scope in scopes if scope in ("anywhere", "district")
]
SMALL = 150
People = frozenset[tuple[str, str]]


class Truth(NamedTuple):
    """What is true of a claim, and how many pairs the smallest counterexample has."""

    answer: str
    pairs: int | None


def random_claim(rng: random.Random, name: str, kind: str, policy: Json) -> Json:
    """Return a claim of a kind."""
    types = Language(policy).types
    spoken = strategies.some(rng, types, 1, 2)
    scopes = set().union(*(types[one].scopes for one in spoken))
    claim: Json = {"id": name, "because": f"The reason of {name}.", "for": spoken}

    def combination() -> Json:
        return strategies.random_combination(rng, policy, scopes, strategies.GIVING_ROLES)

    def another(than: Json) -> Json:
        return next(one for one in iter(combination, None) if one != than)  # with itself nothing is compared

    def permissions() -> Json:
        return {one: strategies.some(rng, types[one].implies, 1, 2) for one in spoken}

    floors = [
        rule for rule in Language(policy).rules if rule.min and rule.when and any(rule.min[one] for one in rule.types)
    ]
    if kind == "always" and floors and strategies.chance(rng, 60):  # what a rule gives is mostly had
        rule = rng.choice(floors)
        given = {one: sorted(rule.min[one]) for one in sorted(rule.types) if rule.min[one]}
        return claim | {"for": [*given], "when": [*rule.when], "always": given}
    if kind in ("never", "always"):
        claim[kind] = permissions()
    elif kind == "separation":
        claim[kind] = [permissions(), permissions()]
        if strategies.chance(rng, 40):
            claim["where"] = "district"
    elif kind == "same":
        first = combination()
        claim[kind] = [first, another(first)]
    else:
        claim[kind] = combination()
        if kind == "at-least":
            claim["as"] = another(claim[kind])
    if kind in ("same", "at-least", "monotone") and strategies.chance(rng, 60):
        claim["may"] = permissions()
    if strategies.chance(rng, 80 if kind in ("never", "always") else 25):
        claim["when"] = strategies.combinations(rng, policy, scopes, strategies.GIVING_ROLES, 2)
    if strategies.chance(rng, 40):
        claim["unless"] = strategies.combinations(rng, policy, scopes, strategies.TAKING_ROLES, 2)
    shared = set.intersection(*({*types[one].attributes, *(["term"] if types[one].has_term else [])} for one in spoken))
    if shared and strategies.chance(rng, 40):
        name = rng.choice(sorted(shared))
        values = [
            value for value in types[spoken[0]].values(name) if all(value in types[one].values(name) for one in spoken)
        ]
        claim["if"] = {name: strategies.some(rng, [*values, "unknown"], 1, 2)}
    return claim


class Looked:
    """One policy, and the truth about claims found by looking at everybody."""

    def __init__(self, policy: Json) -> None:
        """Read the policy."""
        self.language = Language(policy)

    def truth(self, claim: Json) -> Truth | None:
        """Return what is true of a claim, or None where there is too much to look at."""
        if claim.get("where") == "district":
            return self.apart(claim)
        found: list[int] = []
        spoken = 0
        for name in listed(claim["for"]):
            kind, asked = self.language.types[name], self.asked(claim, name)
            people = self.people(kind, asked)
            if len(people) * len(self.states(claim, name)) > SMALL:
                return None
            alone = {frozenset[tuple[str, str]](), *([frozenset({OWNED})] if kind.own else [])}  # nobody yet
            judged = self.of_one(claim, name, people) if claim.keys() & {"never", "always", "separation"} else None
            for pairs, wrong in self.of_two(claim, name, people | alone) if judged is None else judged:
                spoken += 1
                found += [pairs] if wrong else []
        if found:
            return Truth("false", min(found))
        return Truth("proven" if spoken else "vacuous", None)

    def of_one(self, claim: Json, name: str, people: set[People]) -> list[tuple[int, bool]]:
        """Judge each cell that a claim about single people speaks of."""
        found: list[tuple[int, bool]] = []
        either = False, False
        for roles, values in product(people, self.states(claim, name)):
            if not self.speaks_of(claim, roles):
                continue
            may = effective(self.language, name, Held(roles), values)
            if "never" in claim:
                found.append((len(roles), bool(may & set(claim["never"][name]))))
            elif "always" in claim:
                found.append((len(roles), not set(claim["always"][name]) <= may))
            else:
                one, other = (bool(may & set(some[name])) for some in claim["separation"])
                either = either[0] or one, either[1] or other
                found += [(len(roles), one and other)] if one or other else []
        return found if "separation" not in claim or all(either) else []

    def of_two(self, claim: Json, name: str, contexts: set[People]) -> Iterator[tuple[int, bool]]:
        """Judge each context in which two people are compared: by what they gain beside it."""
        kind = self.language.types[name]
        one, other = self.gained(claim)
        if not all(scope in kind.scopes for _, scope in one | other):
            return
        for context, values in product(contexts, self.states(claim, name)):
            both = [walked.with_what_follows(context | more, kind) for more in (one, other)]
            if any(walked.exclude_each_other(roles) for roles in (context, *both)) or (one | other) <= context:
                continue
            if not Held(both[0]).has_a_role() or not all(self.speaks_of(claim, roles) for roles in both):
                continue
            first, second = (self.may(name, roles, values) for roles in both)
            if "may" in claim:
                first, second = first & set(claim["may"][name]), second & set(claim["may"][name])
            yield len(context), first != second if "same" in claim else not second <= first

    def gained(self, claim: Json) -> tuple[People, People]:
        """Return what the one gains, and the other."""
        if "same" in claim:
            one, other = claim["same"]
        elif "at-least" in claim:
            one, other = claim["at-least"], claim["as"]
        else:
            one, other = claim["monotone"], {}
        return frozenset(one.items()), frozenset(other.items())

    def may(self, name: str, roles: People, values: dict[str, Any]) -> frozenset[str]:
        """Return what somebody may do; whoever has no role may do nothing."""
        return effective(self.language, name, Held(roles), values) if Held(roles).has_a_role() else frozenset()

    def apart(self, claim: Json) -> Truth | None:
        """Look at everybody around every two resources: whether what they hold in the district fits together."""
        sides: list[list[tuple[People, int]]] = [[], []]
        for name in listed(claim["for"]):
            kind, asked = self.language.types[name], self.asked(claim, name)
            asked |= {(role, scope) for role, scope in IN_DISTRICT if scope in kind.scopes}
            asked |= {(role, "anywhere") for role in self.language.roles}
            asked |= {(role, "district") for role, scopes in self.language.roles.items() if "district" in scopes}
            people = self.people(kind, asked)
            if len(people) * len(self.states(claim, name)) > SMALL:
                return None
            for roles, values in product(people, self.states(claim, name)):
                may = (
                    effective(self.language, name, Held(roles), values) if self.speaks_of(claim, roles) else frozenset()
                )
                for side, some in zip(sides, claim["separation"], strict=True):
                    if may & set(some[name]):
                        tied = frozenset(pair for pair in roles if pair[1] in ("anywhere", "district"))
                        side.append((tied, len(roles)))
        if not all(sides):
            return Truth("vacuous", None)
        other = {tied for tied, _ in sides[1]}
        found = [pairs for tied, pairs in sides[0] if tied in other]
        return Truth("false", min(found)) if found else Truth("proven", None)

    def asked(self, claim: Json, name: str) -> set[tuple[str, str]]:
        """Return the pairs that tell cells apart: those that rules ask about, and those that the claim does."""
        kind = self.language.types[name]
        found = walked.pairs_asked(self.language, name)
        for one in [*self.who(claim), *listed(claim.get("unless")), *map(dict, self.gained_of(claim))]:
            found |= set(one.items())
        if self.gained_of(claim):
            # A designation is held wherever staff is: whoever has the one and gains the other holds it at new places.
            for role, scope in [*found]:
                if role in ("PortalOnly", "SchoolTechLead"):
                    found |= {(role, "anywhere"), ("staff", scope)}
        return {pair for pair in found if pair[1] in kind.scopes}

    def gained_of(self, claim: Json) -> tuple[People, ...]:
        """Return the combinations that a claim compares, if it does."""
        return self.gained(claim) if claim.keys() & {"same", "at-least", "monotone"} else ()

    def who(self, claim: Json) -> list[Json]:
        """Return of whom the claim speaks; nothing is everyone."""
        return listed(claim.get("when"))

    def speaks_of(self, claim: Json, roles: People) -> bool:
        """Say whether the claim speaks of somebody."""
        when = self.who(claim)
        held = not when or any(set(one.items()) <= roles for one in when)
        return held and not any(set(one.items()) <= roles for one in listed(claim.get("unless")))

    def people(self, kind: ResourceType, asked: set[tuple[str, str]]) -> set[People]:
        """Return everybody, as far as those pairs tell."""
        reachable: set[People] = {frozenset()}
        for pair in asked:
            joined = {walked.with_what_follows(roles | {pair}, kind) for roles in reachable}
            reachable |= {roles for roles in joined if not walked.exclude_each_other(roles)}
            if len(reachable) > 2 * SMALL:
                break
        somebody = [(role, "anywhere") for role in (*LOGINS, *self.language.roles)]
        lonely = {roles for roles in reachable if roles <= {OWNED}}
        return (reachable - lonely) | {
            walked.with_what_follows(roles | {one}, kind) for roles in lonely for one in somebody
        }

    def states(self, claim: Json, name: str) -> list[dict[str, Any]]:
        """Return the states of which the claim speaks."""
        found = [dict(one) for one in walked.value_combinations(self.language, self.language.types[name])]
        for attribute, values in claim.get("if", {}).items():
            wanted = [UNKNOWN if value == "unknown" else value for value in listed(values)]
            found = [
                one
                for one in found
                if attribute not in one
                or any(type(one[attribute]) is type(value) and one[attribute] == value for value in wanted)
            ]
        return found
