"""What a person could do before, with separate accounts, and can do after: asked of the policy, never worked out here.

Before, each account stood for one role alone: it is asked about as if the person held only that role, which is what
the old APIs knew. After a merge the person is asked about as they are; where accounts stay apart, as acting as the
account's role. So a loss is what a ceiling for the person's other role takes away, and a gain is what two roles give
together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Literal

import msgspec
from msgspec.structs import replace

from rolecall.analysis.ground import Bunch, Ground, Member
from rolecall.authorizer import Authorizer
from rolecall.facts.records import UserRecord
from rolecall.facts.roster import Roster
from rolecall.migration.model import EMPLOYEES, EffectStep, PersonStep
from rolecall.table import Table, TypeTable
from rolecall.vocabulary.decision import Decision
from rolecall.vocabulary.request import Resource

Answer = tuple[str, Literal["lost", "gained"], str, bool, tuple[str, ...], str]
"""Role (of a loss), direction, permission, whether in every state, the rules, their reasons."""


class Effects:
    """Asks one policy about the people of one roster, at one instant."""

    def __init__(self, table: Table, roster: Roster, now: int) -> None:
        """Put the policy in force over the roster, and over what it was for each role alone."""
        self.table, self.roster = table, roster
        self.ground = Ground(roster, now, (table.timezone,))

        def pdp(facts: Roster) -> Authorizer:
            return Authorizer(table, facts=facts, max_stale=None, clock=lambda: now)

        self.after = pdp(roster)
        self.before = {role: pdp(only(roster, role)) for role in EMPLOYEES}
        self.answers: dict[object, tuple[Answer, ...]] = {}

    def of(self, step: PersonStep) -> list[EffectStep]:
        """Give what a person gains and loses, worst first."""
        roles = tuple(sorted({one.role for one in step.accounts if one.outcome in _CARRIED and one.role in EMPLOYEES}))
        record = self.roster.users.get(step.person)
        if not roles or record is None or (len(roles) == 1 and frozenset(roles) == record.roles):
            return []
        person = self.roster.person(step.person)
        keys = {f"{one.scope}:{one.id}": 1 for one in (person.roles if person else ()) if one.scope in _PLACES}
        found: dict[tuple[object, ...], list[tuple[int, str]]] = {}
        for kind in self.table.types.values():
            for bunch in self.ground.around(kind.within, record.district, keys, False):
                member = self._first(bunch)
                for answer in () if member is None else self._answers(step, roles, kind, member):
                    found.setdefault((kind.name, *answer), []).append((self._size(bunch), _name(member or "")))
        return sorted(self._steps(step.person, found), key=severity)

    def _first(self, bunch: Bunch) -> Member | None:
        """Give one of a bunch, always the same; None where there is none."""
        if not bunch.group:
            return bunch.ids[0] if bunch.ids else None
        excluded = bunch.excluded()
        return next((one for one in self.ground.groups[bunch.group] if one not in excluded), None)

    def _size(self, bunch: Bunch) -> int:
        if not bunch.group:
            return len(bunch.ids)
        return len({*self.ground.groups[bunch.group]} - bunch.excluded())

    def _answers(self, step: PersonStep, roles: tuple[str, ...], kind: TypeTable, member: Member) -> tuple[Answer, ...]:
        """Give what changes at a place; what is held there in the same way is asked once."""
        place, properties = _place(kind, member)
        probe = self.after.authorize(step.person, Resource(kind.name, place, _owned(kind, properties, "")))
        held = tuple((one.role, one.scope, one.doubt) for one in probe.roles)
        key = (kind.name, step.choice, roles, held, probe.location and probe.location.bounds)
        if key not in self.answers:
            self.answers[key] = tuple(self._asked(step, roles, kind, place, properties))
        return self.answers[key]

    def _asked(
        self, step: PersonStep, roles: tuple[str, ...], kind: TypeTable, place: str, properties: dict[str, object]
    ) -> Iterator[Answer]:
        """Ask in every state of the attributes, with every kind of owner."""
        merged = step.choice == "consolidate"
        lost: dict[tuple[str, str], list[Decision]] = {}
        gained: dict[str, list[Decision]] = {}
        states = [*_states(kind, step.person, properties)]
        for state in states:
            resource = Resource(kind.name, place, state)
            now = {
                role: self.after.authorize(step.person, resource, acting_as=None if merged else [role])
                for role in (roles[:1] if merged else roles)
            }
            was = {role: self.before[role].authorize(step.person, resource).permissions for role in roles}
            for role in roles:
                decision = now[roles[0] if merged else role]
                for permission in was[role] - decision.permissions:
                    lost.setdefault((role, permission), []).append(decision)
            if merged:
                decision = now[roles[0]]
                for permission in decision.permissions - frozenset[str]().union(*was.values()):
                    gained.setdefault(permission, []).append(decision)
        for (role, permission), decisions in lost.items():
            yield (role, "lost", permission, len(decisions) == len(states), *_why(decisions[0], permission, "lost"))
        for permission, decisions in gained.items():
            yield ("", "gained", permission, len(decisions) == len(states), *_why(decisions[0], permission, "gained"))

    def _steps(self, person: str, found: dict[tuple[object, ...], list[tuple[int, str]]]) -> Iterator[EffectStep]:
        """Tell permissions together that change at the same places for the same reason."""
        together: dict[tuple[object, ...], list[str]] = {}
        for (kind, role, direction, permission, always, rules, because), places in found.items():
            key = (
                direction,
                kind,
                role,
                sum(one for one, _ in places),
                min(name for _, name in places),
                rules,
                because,
                always,
            )
            together.setdefault(key, []).append(str(permission))
        order = {
            (kind.name, name): at for kind in self.table.types.values() for at, name in enumerate(kind.permissions)
        }
        for (direction, kind, role, number, example, rules, because, always), permissions in together.items():
            said = sorted(permissions, key=lambda one, kind=kind: order[str(kind), one])  # type: ignore[misc]
            yield msgspec.convert(
                {
                    "kind": "effect",
                    "person": person,
                    "direction": direction,
                    "type": kind,
                    "permissions": said,
                    "role": role,
                    "places": number,
                    "example": example,
                    "rules": rules,
                    "because": because,
                    "always": always,
                },
                EffectStep,
            )


_CARRIED = frozenset({"rekeyed", "merged", "linked", "separate", "already-migrated"})
_PLACES = ("section", "school", "student")


def severity(step: EffectStep) -> tuple[object, ...]:
    """Order the worst first: what is lost before what is gained, always before sometimes, many places before few."""
    return (
        step.direction != "lost",
        not step.always,
        -step.places,
        step.person,
        step.type,
        step.role,
        step.permissions,
    )


def only(roster: Roster, role: str) -> Roster:
    """Give the roster as it was to somebody who knew of each employee only this role."""

    def alone(user: UserRecord) -> UserRecord:
        if len(user.roles) <= 1 or not user.roles & set(EMPLOYEES):
            return user
        staff = role == "staff"
        return replace(
            user,
            roles=user.roles & {role},
            schools={name: places for name, places in user.schools.items() if name == role},
            known=user.known if staff else (),
            doubtful=user.doubtful if staff else (),
            relationships=(),
        )

    return Roster(
        districts=roster.districts,
        schools=roster.schools,
        terms=roster.terms,
        sections=roster.sections,
        users={name: alone(user) for name, user in roster.users.items()},
        assignments=roster.assignments,
        as_of=roster.as_of,
        source=roster.source,
    )


def _why(decision: Decision, permission: str, direction: str) -> tuple[tuple[str, ...], str]:
    """Give the rules behind a change, and the first one's reason."""
    rules = decision.cut_by(permission) if direction == "lost" else decision.given_by(permission)
    if rules:
        return tuple(f"{one.id} ({one.origin})" for one in rules), rules[0].because
    return (), "no rule gives it to the roles that the person holds now"


def _place(kind: TypeTable, member: Member) -> tuple[str, dict[str, object]]:
    if isinstance(member, tuple):
        return f"{member[0]} in {member[1]}", {"student": member[0], "section": member[1]}
    return member, {kind.within: member} if kind.own else {}


def _name(member: Member) -> str:
    return member if isinstance(member, str) else f"{member[0]} in {member[1]}"


def _owned(kind: TypeTable, properties: dict[str, object], owner: object) -> dict[str, object]:
    return {**properties, "owner": owner} if kind.own else properties


def _states(kind: TypeTable, user: str, properties: dict[str, object]) -> Iterator[dict[str, object]]:
    """Give every state of the attributes, unknown too, with every kind of owner."""
    names = [code.name for code in kind.attributes]
    for owner, *values in product(
        ("", user, None) if kind.own else (None,), *((None, *c.values) for c in kind.attributes)
    ):
        yield _owned(kind, properties | dict(zip(names, values, strict=True)), owner)


def losses(steps: Sequence[EffectStep]) -> int:
    """Give how many people lose something."""
    return len({one.person for one in steps if one.direction == "lost"})


"""Hears what is being done, and how far it is."""
