"""Cases to verdicts. Every answer is the real authoriser's, over a snapshot or a small roster made for the case."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec.structs import replace

from rolecall.analysis.grids.model import Case, Expected, Person, Row, TestFile, Thing
from rolecall.analysis.grids.world import CLOCK, World, make_world
from rolecall.authorizer import Authorizer
from rolecall.errors import FactsError
from rolecall.explain import sentence
from rolecall.facts.snapshot import Snapshot
from rolecall.table import Table
from rolecall.vocabulary.decision import Decision
from rolecall.vocabulary.origin import Origin
from rolecall.vocabulary.request import Resource


class Answer(msgspec.Struct, frozen=True):
    """One permission of one person on one resource: what is expected (None: nothing), what is so, and what is wrong."""

    permission: str
    expected: Expected | None
    allowed: bool
    problem: str = ""


class Asked(msgspec.Struct, frozen=True):
    """All that was asked about one person and one resource, with the decision that answers it."""

    person: Person
    thing: Thing
    decision: Decision
    answers: tuple[Answer, ...]
    origin: Origin

    def sentence(self, permission: str) -> str:
        """Say why the person may, or may not."""
        return sentence(replace(self.decision, permission=permission))


class Result(msgspec.Struct, frozen=True):
    """What became of a case."""

    case: Case
    file: str
    asked: tuple[Asked, ...]

    @property
    def failures(self) -> tuple[tuple[Asked, Answer], ...]:
        """The answers that are not as expected."""
        return tuple((asked, one) for asked in self.asked for one in asked.answers if one.problem)

    @property
    def asserted(self) -> int:
        """How many answers are asserted."""
        return sum(_said(one.expected) for asked in self.asked for one in asked.answers)

    @property
    def passed(self) -> bool:
        """Whether every answer is as expected."""
        return not self.failures


class Bench:
    """A table under test: authorisers over the snapshots and small rosters that cases ask for, each made once."""

    def __init__(self, table: Table) -> None:
        """Nothing is read before it is asked for."""
        self.table = table
        self._worlds: dict[tuple[object, ...], tuple[World, Authorizer]] = {}
        self._snapshots: dict[Path, Snapshot] = {}
        self._over: dict[tuple[Path, int], Authorizer] = {}

    def run(self, files: list[TestFile], wanted: str = "", *, strict: bool = False) -> list[Result]:
        """Run cases whose sentence or file has `wanted` in it; with `strict`, what a grid does not mention fails."""
        found = []
        for file in files:
            for case in file.cases:
                if wanted.casefold() in f"{file.name}: {case.sentence}".casefold():
                    asked = self._list(case, file) if case.form == "list" else self._grid(case, file, strict=strict)
                    found.append(Result(case, file.name, tuple(asked)))
        return found

    def decide(self, person: Person, thing: Thing, case: Case, file: TestFile) -> Decision:
        """Ask the authoriser."""
        if file.snapshot is not None and person.id:
            pdp, at = self._held(file.snapshot, case.at if case.at is not None else file.at)
            owner = person.id if thing.owner == person.name else thing.owner
            properties: dict[str, object] = {**thing.attributes, **thing.places}
            return self._ask(pdp, person.id, thing, thing.id or thing.name, properties, owner, case)
        at = case.at if case.at is not None else file.at if file.at is not None else CLOCK
        term = str(thing.attributes.get("term", ""))
        key = (person.name, person.roles, term, thing.enrolled, at)
        if key not in self._worlds:
            world = make_world(person, term, at, enrolled=thing.enrolled)
            self._worlds[key] = world, Authorizer(self.table, facts=world.snapshot, max_stale=None, clock=lambda: at)
        world, pdp = self._worlds[key]
        identifier, properties = world.resource(thing)
        owner = world.subject if ("owner", "resource") in person.roles or thing.owner == person.name else thing.owner
        return self._ask(pdp, world.subject, thing, identifier, properties, owner, case)

    def _ask(
        self, pdp: Authorizer, subject: str, thing: Thing, identifier: str, properties: dict[str, object],
        owner: str | None, case: Case,
    ) -> Decision:  # fmt: skip
        if self.table.types[thing.kind].own:
            properties["owner"] = owner
        return pdp.authorize(subject, Resource(thing.kind, identifier, properties), acting_as=case.acting_as)

    def _held(self, file: Path, at: int | None) -> tuple[Authorizer, int]:
        """Give an authoriser over a snapshot, at a time or at that of the snapshot."""
        if file not in self._snapshots:
            self._snapshots[file] = Snapshot.load(file)
        snapshot = self._snapshots[file]
        now = at if at is not None else snapshot.as_of
        if now is None:
            raise FactsError(f"the snapshot `{file}` has no `as_of`: say in the tests at what time to decide, `at: …`")
        if (file, now) not in self._over:
            fixed = now
            self._over[file, now] = Authorizer(self.table, facts=snapshot, max_stale=None, clock=lambda: fixed)
        return self._over[file, now], now

    def _grid(self, case: Case, file: TestFile, *, strict: bool) -> Iterator[Asked]:
        """Ask about each person of a grid and each of its resources."""
        for thing in case.things:
            for row in case.rows:
                decision = self.decide(row.person, thing, case, file)
                names = self.table.types[thing.kind].permissions
                answers = tuple(judged(decision, name, row.expected(name), strict=strict) for name in names)
                yield Asked(row.person, thing, decision, answers, row.origin)

    def _list(self, case: Case, file: TestFile) -> Iterator[Asked]:
        """Ask about each person of a list and each resource that could stand in it."""
        for row in case.rows:
            things = case.things
            if row.person.id and file.snapshot is not None and not self.table.types[case.kind].own:
                things = (*things, *self._every(file, case, row))
            for thing in things:
                chosen = thing.name in case.chosen or thing.id in case.chosen
                decision = self.decide(row.person, thing, case, file)
                expected = Expected(chosen, "", case.origin)
                yield Asked(row.person, thing, decision, (judged(decision, case.permission, expected),), case.origin)

    def _every(self, file: TestFile, case: Case, row: Row) -> Iterator[Thing]:
        """Give every resource of the list's type that the snapshot holds and the file does not name."""
        if file.snapshot is None:
            return
        self._held(file.snapshot, case.at if case.at is not None else file.at)
        roster = self._snapshots[file.snapshot]
        students = (user.id for user in roster.users.values() if "student" in user.roles)
        places = {
            "district": roster.districts,
            "school": roster.schools,
            "section": roster.sections,
            "student": students,
        }
        named = {thing.id for thing in case.things}
        for identifier in sorted(places[case.kind]):
            if identifier not in named:
                yield Thing(identifier, case.kind, {}, "", "here", True, identifier, {}, row.origin)


def _said(expected: Expected | None) -> bool:
    return expected is not None and expected.allowed is not None


def judged(decision: Decision, permission: str, expected: Expected | None, *, strict: bool = False) -> Answer:
    """Hold an answer against what is expected of it."""
    allowed = permission in decision.permissions
    if expected is None:
        return Answer(permission, None, allowed, "is not mentioned" if strict else "")
    if expected.allowed is None:
        return Answer(permission, expected, allowed)
    if allowed != expected.allowed:
        should, is_so = ("yes", "no") if expected.allowed else ("no", "yes")
        return Answer(permission, expected, allowed, f"is {is_so}, and should be {should}")
    if expected.because:
        rules = decision.given_by(permission) if allowed else decision.cut_by(permission)
        code = decision.code_of(permission)
        reasons = [code, *(rule.id for rule in rules)] if code in ("granted", "capped") else [code]
        if expected.because not in reasons:
            said = "yes" if allowed else "no"
            problem = f"is {said} because of `{'`, `'.join(reasons)}`, and should be because of `{expected.because}`"
            return Answer(permission, expected, allowed, problem)
    return Answer(permission, expected, allowed)
