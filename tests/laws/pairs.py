"""Pairs of policies, one an edit of the other, and what their difference is by looking at every cell of both.

Plain and slow on purpose: the cells are the specification's, walked one by one, and nothing here knows of diagrams.
"""

import json
import random
import tempfile
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain, combinations, product
from pathlib import Path
from typing import Any, NamedTuple

import strategies
from laws.engine import Json
from oracle import reach as walked
from oracle.decide import effective
from oracle.held import OWNED, Held
from oracle.language import UNKNOWN, Language, ResourceType, login_role
from rolecall.analysis.difference import Version
from rolecall.compiler.halves import make_table
from rolecall.loader import load_policy

SMALL = 90
"""How many cells a type may have for each of them to be looked at."""


@dataclass(frozen=True)
class Pair:
    """Two policies."""

    old: Json
    new: Json

    @cached_property
    def languages(self) -> tuple[Language, Language]:
        """Return both as the specification reads them."""
        return Language(self.old), Language(self.new)


def version(policy: Json) -> Version:
    """Return a policy with its table, of one that contradicts itself too."""
    with tempfile.TemporaryDirectory() as folder:  # JSON is YAML too, and written sooner
        file = Path(folder, "policy.yaml")
        file.write_text(json.dumps(policy), encoding="utf-8")
        read = load_policy(file)
    return Version(read, make_table(read))


def pairs(seeds: range) -> Iterator[Pair]:
    """Give pairs: mostly an edit or two, sometimes what is declared too, now and then only another way to say it."""
    for seed in seeds:
        rng = random.Random(f"pair:{seed}")
        old = strategies.random_policy(rng, loadable=False)
        new = deepcopy(old)
        if seed % 5 == 0:
            rephrase(rng, new)
        else:
            for _ in range(rng.randint(1, 3)):
                edit(rng, new)
            if strategies.chance(rng, 35):
                declare(rng, new)
        yield Pair(old, new)


def rephrase(rng: random.Random, policy: Json) -> None:
    """Say the same in other words: another order, a rule in two, a name for what stood in place."""
    rng.shuffle(policy["rules"])
    for rule in list(policy["rules"]):
        if isinstance(rule["when"], list) and len(rule["when"]) > 1 and "max" not in rule:
            first, *rest = rule["when"]
            rule["when"] = first
            policy["rules"].append(rule | {"id": f"{rule['id']}-too", "when": rest})
    for number, rule in enumerate(policy["rules"]):
        if isinstance(rule.get("min"), dict):
            policy.setdefault("permission_sets", {})[f"named-{number}"] = rule["min"]
            rule["min"] = f"named-{number}"


def edit(rng: random.Random, policy: Json) -> None:
    """Make one edit of the kind that people make."""
    types = Language(policy).types
    rules = policy["rules"]
    rule = rng.choice(rules)
    what = rng.randrange(7)
    if what == 0 and len(rules) > 1:
        rules.remove(rule)
    elif what == 1:
        rules.append(strategies.random_rule(rng, f"n{rng.randrange(10**6)}", rng.choice(["min", "max"]), policy, types))
    elif what == 2:
        rule.pop("unless", None)
    elif what == 3 and "min" in rule:
        rule["min"] = strategies.random_set(rng, policy, types, 60)
    elif what == 4 and "max" in rule:
        rule["max"] = strategies.random_set(rng, policy, types, 60)
    elif what == 5:
        more = strategies.random_rule(rng, "x", "min", policy, types)
        rule["when"] = more["when"]
    else:
        rule.pop("if", None)
        rule.pop("if_unknown", None)


def declare(rng: random.Random, policy: Json) -> None:
    """Change what is declared: a role, a type, a permission, an attribute's values."""
    what = rng.randrange(4)
    roles = policy.setdefault("roles", {})
    if what == 0 and roles:
        gone = rng.choice(list(roles))
        del roles[gone]
        policy["rules"] = [rule for rule in policy["rules"] if gone not in repr((rule["when"], rule.get("unless")))]
    elif what == 1:
        roles["librarian"] = {"scopes": ["school"]}
        types = Language(policy).types
        scopes = set().union(*(one.scopes for one in types.values()))
        who = {"librarian": "school" if "school" in scopes else "anywhere"}
        policy["rules"].append({"id": "librarians", "because": "B.", "when": who, "min": "all"})
    elif what == 2:
        kind = rng.choice(list(policy["resources"].values()))
        permissions = kind["permissions"]
        kind["permissions"] = (
            [*permissions, "extra"] if isinstance(permissions, list) else permissions | {"extra": None}
        )
    else:
        name = rng.choice([name for name in strategies.OWN_TYPES if name not in policy["resources"]])
        policy["resources"][name] = {"within": "section", "permissions": ["view", "edit"]}
        policy["rules"].append(
            {"id": "extra-type", "because": "B.", "for": name, "when": {"teacher": "section"}, "min": "all"}
        )
    if not policy["roles"]:
        del policy["roles"]


class Cell(NamedTuple):
    """A cell of both policies: who, in which state, and what each of them allows."""

    roles: frozenset[tuple[str, str]]
    values: tuple[tuple[str, Any], ...]
    before: frozenset[str]
    after: frozenset[str]

    def moved(self) -> dict[str, frozenset[str]]:
        """Return what is gained here, and what is lost."""
        return {"gained": self.after - self.before, "lost": self.before - self.after}


class Both:
    """One resource type in two policies that declare its place and attributes alike, if both have it."""

    def __init__(self, pair: Pair, name: str) -> None:
        """Make the policy in which all rules of both stand, to know what is asked."""
        self.languages = pair.languages
        self.name = name
        self.types = [language.types.get(name) for language in self.languages]
        self.kind: ResourceType = next(one for one in reversed(self.types) if one)
        self.roles: dict[str, set[str]] = {}
        for language in self.languages:
            self.roles |= language.roles

    @cache  # noqa: B019 - as long as the test
    def asked(self) -> set[tuple[str, str]]:
        """Return the pairs that tell cells apart: where roles differ, whoever is anybody in one policy only."""
        found = {
            pair
            for language, kind in zip(self.languages, self.types, strict=True)
            if kind
            for pair in walked.pairs_asked(language, self.name)
        }
        if self.languages[0].roles != self.languages[1].roles:
            found |= {(role, "anywhere") for role in [*strategies.PAIRS, *self.roles] if role != "owner"}
        return found

    def people(self) -> set[frozenset[tuple[str, str]]]:
        """Return every reachable combination of the pairs that are asked about."""
        reachable: set[frozenset[tuple[str, str]]] = {frozenset()}
        for pair in self.asked():
            joined = {walked.with_what_follows(roles | {pair}, self.kind) for roles in reachable}
            reachable |= {roles for roles in joined if not walked.exclude_each_other(roles)}
            if len(reachable) > 2 * SMALL:
                break  # there are more already than are looked at
        somebody = [(role, "anywhere") for role in (*LOGINS, *self.roles)]
        lonely = {roles for roles in reachable if roles <= {OWNED}}
        return (reachable - lonely) | {
            walked.with_what_follows(roles | {one}, self.kind) for roles in lonely for one in somebody
        }

    def values(self) -> list[dict[str, Any]]:
        """Return every state of the attributes that some rule of either asks about."""
        asked: dict[str, tuple[Any, ...]] = {}
        for language, kind in zip(self.languages, self.types, strict=True):
            for rule in language.rules if kind else ():
                if self.name in rule.types:
                    asked |= {name: kind.values(name) for name in rule.conditions}
        return [dict(zip(asked, one, strict=True)) for one in product(*((UNKNOWN, *v) for v in asked.values()))]

    def allowed(self, number: int, held: Held, values: dict[str, Any]) -> frozenset[str]:
        """Return what one of the policies allows: of roles that it does not declare it knows nothing."""
        language, kind = self.languages[number], self.types[number]
        if kind is None:
            return frozenset()
        known = {*strategies.PAIRS, *language.roles}
        mine = Held(*(frozenset(pair for pair in pairs if pair[0] in known) for pairs in (held.certain, held.doubtful)))
        return effective(language, self.name, mine, values) if mine.has_a_role() else frozenset()

    def cells(self) -> list[Cell] | None:
        """Return every cell, or None where they are too many."""
        people, states = self.people(), self.values()
        if len(people) * len(states) > SMALL:
            return None
        return [
            Cell(
                roles, tuple(state.items()), *(self.allowed(number, Held(roles), state) for number in (0, 1))
            )
            for roles in people
            for state in states
        ]  # fmt: skip

    def differs_in_doubt(self) -> bool | None:
        """Say whether any combination of what is beyond doubt with what is not has two answers; None if too many."""
        asked = {pair for pair in self.asked() if pair[1] in self.kind.scopes}
        logins = sorted({login_role(role) for role, _ in asked} | {"teacher"})
        weak = [*logins, *(role for role in ("PortalOnly", "SchoolTechLead") if role in {one for one, _ in asked})]
        weak += ["unlisted"] if self.kind.within == {"student", "section"} else []
        held = (
            {walked.with_what_follows(frozenset(some), self.kind) for some in subsets(asked)} if len(asked) < 9 else ()
        )
        held = {walked.with_what_follows(one | {("teacher", "anywhere")}, self.kind) for one in held} | {*held}
        states = self.values()
        if not held or len(held) * 2 ** len(weak) * len(states) > 12 * SMALL:
            return None
        for roles, chosen, state in product(held, subsets(weak), states):
            doubtful = frozenset(pair for pair in roles if is_weak(pair, set(chosen)))
            certain = roles - doubtful
            if walked.exclude_each_other(certain) or not Held(certain).has_a_role():
                continue
            one = Held(certain, doubtful)
            if self.allowed(0, one, state) != self.allowed(1, one, state):
                return True
        return False


LOGINS = ("teacher", "staff", "district_admin", "student", "contact")


def subsets(things: Any) -> Iterator[tuple[Any, ...]]:
    """Give every choice of some of these."""
    every = sorted(things)
    return chain.from_iterable(combinations(every, size) for size in range(len(every) + 1))


def is_weak(pair: tuple[str, str], chosen: set[str]) -> bool:
    """Say whether a pair is doubtful, or not acted as, where these are."""
    role, scope = pair
    return role in chosen or login_role(role) in chosen or ("unlisted" in chosen and scope in ("section", "school"))
