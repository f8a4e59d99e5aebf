"""A plan for everybody: accounts are read once, the tables around them once, and everything is settled by `Matcher`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Final

import msgspec
from msgspec.structs import asdict, replace

from rolecall.instants import render_instant
from rolecall.migration.accounts import Accounts
from rolecall.migration.deciding import Decisions
from rolecall.migration.effects import Effects, losses, severity
from rolecall.migration.mapping.index import Map, Person
from rolecall.migration.matching import Matcher, place
from rolecall.migration.model import (
    Account,
    AccountStep,
    Choice,
    EffectStep,
    NewStep,
    PersonStep,
    Settings,
    Told,
)
from rolecall.migration.outcomes import OUTCOMES
from rolecall.migration.references import Tables, look
from rolecall.migration.written import VERSION, Body, Header, MapSaid

_EVERY: Final = 10_000
_NAMED: Final = 100
_ROLES: Final = 12
"""A column with more words than these that are no roles is none of roles: it may be one of names."""


class Planner:
    """Makes a plan of accounts and a map. `run`, then `write`; `header` says what came of it.

    With `effects` it also says who gains or loses what. `max_losses` is how many people may lose something.
    """

    def __init__(
        self,
        found: Map,
        settings: Settings,
        *,
        effects: Effects | None = None,
        max_losses: int | None = None,
        told: Told = lambda _what, _number: None,
        decisions: Decisions | None = None,
    ) -> None:
        """Take what the plan rests on."""
        self.map, self.settings, self.effects = found, settings, effects
        self.max_losses, self.told = max_losses, told
        self.matcher = Matcher(found, settings, decisions)
        self.deciding = self.matcher.deciding
        self.counts: Counter[str] = Counter()
        self.people: Counter[str] = Counter()
        self.words: Counter[str] = Counter()
        self.body = Body()
        self.losing = 0
        self.unmet = {*settings.districts}
        self._header: Header | None = None

    @property
    def header(self) -> Header:
        """What came of it, after `run`."""
        if self._header is None:
            raise ValueError("the plan has not been made yet")
        return self._header

    def run(self, accounts: Accounts) -> Header:
        """Read the accounts and settle every one of them."""
        groups = self._read(accounts)
        for account, outcome in self.matcher.settle(groups):
            self._alone(account, outcome)
        steps = self._together(groups)
        tables = accounts.tables()
        moved = self._clashes(steps, tables) if tables is not None else Counter[str]()
        groups.clear()
        self._carry_out(steps)
        self._new({step.person for step in steps})
        effects = self._effects(steps)
        total = sum(self.counts.values())
        self._header = Header(
            plan=VERSION,
            steps=self.body.digest(),
            accounts={"source": accounts.name, "digest": accounts.digest, "count": total},
            map=self._map(),
            choices=self._choices(),
            settings=msgspec.to_builtins(replace(self.settings, file="")),
            outcomes={name: self.counts[name] for name in OUTCOMES if self.counts[name]},
            people={name: self.people[name] for name in sorted(self.people)},
            references=tuple(
                {"table": one.table, "columns": one.columns, "unique": one.keys, "rows": moved[one.table]}
                for one in (tables.referring if tables is not None else ())
            ),
            effects=effects,
            warnings=(
                *accounts.notes,
                *self._warnings(),
                *((*tables.warnings, *tables.slow) if tables is not None else ()),
            ),
            refused=tuple(self._refused(effects)),
            decisions=() if self.deciding is None else self.deciding.told(self.map.people),
        )
        return self._header

    def write(self, out: BinaryIO) -> None:
        """Write the plan."""
        self.body.write(self.header, out)

    def close(self) -> None:
        """Let go of what the plan was made in."""
        self.body.close()

    def _read(self, accounts: Accounts) -> dict[str, list[Account]]:
        """Read every account: those that are settled by themselves are written at once, the others kept, by person."""
        groups: dict[str, list[Account]] = {}
        first, number = self.matcher.first, 0
        for number, account in enumerate(accounts.read(self._keep), 1):
            if number % _EVERY == 0:
                self.told("accounts", number)
            self.unmet.discard(account.district)
            found = first(account)
            if isinstance(found, Person):
                groups.setdefault(found.id, []).append(account)
            else:
                self._alone(account, found)
        self.told("accounts", number)
        return groups

    def _keep(self, identifier: str) -> bool:
        """Say whether an account with this id may be one of several of a person: a merge looks at its values."""
        if identifier in self.map.entries or identifier in self.map.people:
            return True
        return self.deciding is not None and identifier in self.deciding.decisions.naming

    def _alone(self, account: Account, outcome: str) -> None:
        self.counts[outcome] += 1
        if outcome == "unknown-role":
            self.words[account.word] += 1
        like = self._likenesses(account) if outcome == "unmapped" and account.like else ()
        self.body.add(AccountStep(place(account, outcome), like))

    def _likenesses(self, account: Account) -> tuple[tuple[str, str], ...]:
        """Give whom an account that nobody has resembles. That is for a person to look at; it decides nothing."""
        found: dict[tuple[str, str], None] = {}
        for field, value in zip(self.settings.accounts.alike, account.like, strict=True):
            folded = " ".join(value.casefold().split())
            if folded:
                people = self.map.alike.get((account.district, field, folded), ())
                found |= dict.fromkeys((field, one) for one in people)
        self.people["alike"] += bool(found)
        return tuple(found)

    def _together(self, groups: dict[str, list[Account]]) -> list[PersonStep]:
        """Settle the accounts of each person."""
        people, together = self.map.people, self.matcher.together
        return [together(people[name], groups[name]) for name in sorted(groups)]

    def _clashes(self, steps: list[PersonStep], tables: Tables) -> Counter[str]:
        """Find what merges would break; a merge that would break what must be held is no merge."""
        stays = {one.key: step.survivor for step in steps if step.survivor for one in step.accounts}
        if not stays:
            return Counter()
        found = look(tables, stays, lambda number: self.told("rows of other tables", number))
        if found.clashes:
            for at, step in enumerate(steps):
                met = found.clashes.get(step.survivor) if step.survivor else None
                if met:
                    go = self.deciding is not None and self.deciding.despite("unique-key", step.accounts)
                    steps[at] = _broken(step, met, go=go)
        return found.moved

    def _carry_out(self, steps: Iterable[PersonStep]) -> None:
        for step in steps:
            for one in step.accounts:
                self.counts[one.outcome] += 1
            self.people["with accounts"] += 1
            if step.survivor:
                self.people["merged"] += 1
            self.body.add(replace(step, olds=self.map.olds(step.person)))

    def _new(self, met: set[str]) -> None:
        """Write the people of the map who have no account, and the students whom an alias must tell from people."""
        for name in sorted(self.map.people.keys() - met):
            person = self.map.people[name]
            self.people["new"] += 1
            self.body.add(NewStep(name, person.district, person.roles, self.map.olds(name)))
        for one in self.map.odd_students():
            self.body.add(one)

    def _effects(self, steps: list[PersonStep]) -> dict[str, Any]:
        """Ask the policy about every person, and write who gains or loses what, worst first."""
        if self.effects is None:
            return {}
        found: list[EffectStep] = []
        for number, step in enumerate(steps, 1):
            found += self.effects.of(step)
            if number % _EVERY == 0:
                self.told("people asked about", number)
        for one in sorted(found, key=severity):
            self.body.add(one)
        self.losing = losses(found)
        gaining = len({one.person for one in found if one.direction == "gained"})
        absent = sum(step.person not in self.effects.roster.users for step in steps)
        return {
            "policy": self.effects.table.digest,
            "facts": self.effects.roster.source,
            "lose": self.losing,
            "gain": gaining,
            "unknown": absent,
        }

    def _warnings(self) -> Iterator[str]:
        """Say what is hardly meant: a choice for a district that nobody is of, a map of nobody."""
        known = {one.district for one in self.map.people.values()}
        for one in sorted(self.unmet - known):
            yield (
                f"the migration file chooses for the district `{one}`, and neither an account nor anybody in the map "
                "is of it: see that its id is right"
            )
        if self.words:
            yield f"accounts of an unknown role: {self._words()}; `roles` in the migration file says what a word means"
        if not self.map.people and self.counts["unmapped"]:
            yield "the map has no employee's v3.0 id, so nobody can be carried over: see that it is the right one"

    def _words(self) -> str:
        """Give the words that are no roles, each with its accounts; others are only counted."""
        told = {} if len(self.words) > _ROLES else {word: number for word, number in self.words.items() if word}
        found = [f"{told[word]:,} `{word}`" for word in sorted(told, key=lambda word: (-told[word], word))]
        others = self.words.total() - sum(told.values())
        found += [f"{others:,} {'others ' if told else ''}(empty, or not told here)"] if others else []
        return ", ".join(found)

    def _refused(self, effects: dict[str, Any]) -> list[str]:
        """Say why the plan must not be carried out as it is."""
        said = []
        if self.counts["still-active"]:
            number = self.counts["still-active"]
            said.append(f"cut over: {number:,} account{'s are' if number > 1 else ' is'} still active")
        if self.max_losses is not None and effects and self.losing > self.max_losses:
            said.append(f"{self.losing:,} people would lose permissions, and {self.max_losses:,} may")
        return said

    def _map(self) -> MapSaid:
        found = self.map
        return MapSaid(
            sources=tuple(asdict(one) for one in found.sources),
            old_ids=len(found.entries),
            people=len(found.people),
            students=len(found.students),
            contacts=found.contacts,
            problems={name: found.counts[name] for name in sorted(found.counts)},
            named=tuple(asdict(one) for one in found.named[:_NAMED]),
        )

    def _choices(self) -> dict[str, Any]:
        def data(choice: Choice) -> dict[str, Any]:
            found: dict[str, Any] = msgspec.to_builtins(choice)
            found.setdefault("do", choice.do)
            if choice.date is not None:
                found["date"] = render_instant(choice.date)
            return found

        every = {"all": data(self.settings.choice), "clashes": self.settings.clash}
        districts = {name: data(one) for name, one in sorted(self.settings.districts.items())}
        return every | ({"districts": districts} if districts else {})


def _broken(step: PersonStep, met: list[tuple[Any, bool]], *, go: bool) -> PersonStep:
    """Give a merge that meets clashes: told with it where the survivor's row stays (or it is to `go`), else held."""
    clashes = tuple(clash for clash, _ in met)
    if go or not any(hold for _, hold in met):
        return replace(step, clashes=clashes)
    accounts = tuple(replace(one, outcome="unique-key") for one in step.accounts)
    return replace(step, accounts=accounts, survivor="", columns={}, clashes=clashes)
