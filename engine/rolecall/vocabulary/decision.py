"""The answer with its reasons. Evidence is kept by reference and rendered when somebody reads it."""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from itertools import count
from typing import Final, Literal

import msgspec

from rolecall.vocabulary.facts import Held, Location, RoleAssignment
from rolecall.vocabulary.origin import Origin
from rolecall.vocabulary.request import Resource
from rolecall.vocabulary.roles import Atoms

Code = Literal[
    "granted", "capped", "no-rule", "no-role", "not-acting", "other-district",
    "subject-not-found", "resource-not-found", "place-not-found", "indeterminate",
]  # fmt: skip

SENTENCES: Final[dict[str, str]] = {
    "granted": "a rule gives it and no maximum takes it away",
    "capped": "a rule gives it, but a maximum takes it away",
    "no-rule": "no rule gives it to the roles held here",
    "no-role": "the person has no role in this district that is beyond doubt",
    "not-acting": "the person holds none of the roles they are acting as",
    "other-district": "the person belongs to another district than the resource",
    "subject-not-found": "the facts hold no such person",
    "resource-not-found": "the facts hold no such resource",
    "place-not-found": "the facts hold no such place for the resource to be in",
    "indeterminate": "the facts needed to decide cannot be had",
}


class RuleRef(msgspec.Struct, frozen=True):
    """A rule as a reason: its id, the place in the policy, and the author's own sentence."""

    id: str
    origin: Origin
    because: str


class Cell(msgspec.Struct, frozen=True, eq=False):
    """One cell of the decision table: what is allowed there, and the rules behind it.

    `given` pairs each matching `min` with its permissions, `capped` each matching `max` with what it leaves.
    `code` is `table`, or says why the table was not even asked.
    """

    permissions: frozenset[str]
    given: tuple[tuple[RuleRef, frozenset[str]], ...] = ()
    capped: tuple[tuple[RuleRef, frozenset[str]], ...] = ()
    code: str = "table"


class Grounds(msgspec.Struct, frozen=True, eq=False):
    """What all decisions of one policy over one set of facts share: shown with each, stored once.

    `permissions` and `attributes` (with their values) are those of each resource type, `asked` the pairs that some
    rule for it asks about (see `Atoms`); `as_of` is nanoseconds since 1970.
    """

    digest: str
    atoms: Atoms
    permissions: dict[str, tuple[str, ...]]
    asked: dict[str, int]
    facts_source: str = ""
    as_of: int | None = None
    attributes: dict[str, dict[str, tuple[bool | str, ...]]] = {}


class Decision(msgspec.Struct, frozen=True, eq=False, gc=False):
    """What was decided, about whom and what, when, and why (DESIGN section 7). Every part is read-only.

    `allowed` answers the permission that was asked; without one, use `permissions`: such a decision has no truth
    value, so that `if pdp.authorize(user, resource):` cannot pass by accident.
    """

    cell: Cell
    held: Held
    resource: Resource
    permission: str | None
    acting_as: tuple[str, ...] | None
    location: Location | None
    nanoseconds: int
    serial: int
    grounds: Grounds
    detail: str = ""

    @property
    def subject(self) -> str:
        """The id of the user who was asked about."""
        return self.held.id

    @property
    def permissions(self) -> frozenset[str]:
        """Everything the subject may do to the resource."""
        return self.cell.permissions

    @property
    def allowed(self) -> bool:
        """Whether the permission that was asked is held; raises `TypeError` where none was asked."""
        if self.permission is None:
            raise TypeError(
                "no permission was asked: read `.permissions`, or ask `authorize(user, resource, permission)`"
            )
        return self.permission in self.cell.permissions

    def __bool__(self) -> bool:
        """Give `allowed`; raises `TypeError` where no permission was asked."""
        return self.allowed

    @property
    def indeterminate(self) -> str:
        """Why nothing could be decided, or an empty string. An indeterminate decision allows nothing."""
        return self.detail if self.cell.code == "indeterminate" else ""

    @property
    def id(self) -> str:
        """The decision's UUIDv7 (RFC 9562): its time, then a random prefix of this process and a counter."""
        return render_id(self.nanoseconds, self.serial)

    @property
    def time(self) -> datetime:
        """When it was decided (UTC)."""
        seconds, rest = divmod(self.nanoseconds, 1_000_000_000)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)

    @property
    def code(self) -> Code:
        """The stable reason code: of the permission asked, or of the whole answer where none was."""
        if self.cell.code != "table":
            return self.cell.code  # type: ignore[return-value]  # the evaluator writes only codes of `Code`
        if self.permission is not None:
            return self.code_of(self.permission)
        if self.cell.permissions:
            return "granted"
        return "capped" if any(permissions for _, permissions in self.cell.given) else "no-rule"

    def code_of(self, permission: str) -> Code:
        """Give the reason code of one permission of the resource's type."""
        if self.cell.code != "table":
            return self.cell.code  # type: ignore[return-value]  # as above
        if permission in self.cell.permissions:
            return "granted"
        return "capped" if self.given_by(permission) else "no-rule"

    def given_by(self, permission: str) -> tuple[RuleRef, ...]:
        """Give the rules whose `min` has the permission here."""
        return tuple(rule for rule, permissions in self.cell.given if permission in permissions)

    def cut_by(self, permission: str) -> tuple[RuleRef, ...]:
        """Give the rules whose `max` lacks the permission here."""
        return tuple(rule for rule, permissions in self.cell.capped if permission not in permissions)

    @property
    def roles(self) -> tuple[RoleAssignment, ...]:
        """The role assignments that count around this resource, nearest first."""
        if not self.location or self.held.district != self.location.district:
            return ()
        keys = (*self.location.keys, *self.location.doubtful, f"district:{self.location.district}")
        order = {key: number for number, key in enumerate(keys)}
        near = [role for role in self.held.roles if f"{role.scope}:{role.id}" in order]
        far = [role for role in self.held.roles if role.scope == "anywhere"]
        near.sort(key=lambda role: order[f"{role.scope}:{role.id}"])
        owned = self._has_owner and self.resource.properties.get("owner") == self.held.id
        owning = [RoleAssignment("owner", "resource", self.resource.id, source="asserted")] if owned else []
        return (*owning, *near, *far)

    @property
    def doubts(self) -> tuple[RoleAssignment, ...]:
        """The doubtful roles here that some rule for this type asks about."""
        unlisted = self.location.doubtful if self.location else ()
        doubtful = [
            role if role.doubt else msgspec.structs.replace(role, doubt="the section does not list the student")
            for role in self.roles
            if role.doubt or (unlisted and f"{role.scope}:{role.id}" in unlisted)
        ]
        if self.owner_unknown and self.roles:
            unknown = "the application did not say who owns it"
            doubtful.append(RoleAssignment("owner", "resource", self.resource.id, unknown, "asserted"))
        atoms, asked = self.grounds.atoms, self.grounds.asked[self.resource.type]
        return tuple(role for role in doubtful if atoms.bit[role.role, role.scope] & asked)

    @property
    def owner_unknown(self) -> bool:
        """Whether the resource is the application's own and the request did not say who owns it."""
        return self._has_owner and self.resource.properties.get("owner") is None

    @property
    def _has_owner(self) -> bool:
        """Whether the resource is located, and of a type that can have an owner: one that lies in another."""
        place = self.location
        return place is not None and place.kind != self.resource.type


class Decisions(tuple[Decision, ...]):
    """The decisions about several resources, or about one in each of its places, in the order asked.

    `any_allowed` and `all_allowed` are the two ways to read them as one; of no decisions, neither is true.
    """

    __slots__ = ()

    @property
    def any_allowed(self) -> bool:
        """Whether at least one of them allows what was asked."""
        return any(decision.allowed for decision in self)

    @property
    def all_allowed(self) -> bool:
        """Whether there are any, and each allows what was asked."""
        return len(self) > 0 and all(decision.allowed for decision in self)


class Serials:
    """The numbers of this process's decisions: 32 random bits, then a counter; a forked child draws bits of its own."""

    __slots__ = ("next",)

    def __init__(self) -> None:
        """Draw the random bits."""
        self.renew()

    def renew(self) -> None:
        """Draw anew, as a forked child must: it would count on with its parent's numbers."""
        self.next = count(secrets.randbits(32) << 30).__next__


serials: Final = Serials()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=serials.renew)


def render_id(nanoseconds: int, serial: int) -> str:
    """Give the UUIDv7 of decision number `serial` of this process, taken at `nanoseconds` since 1970.

    48 bits of milliseconds, then 12 bits of what is left of the millisecond, then the serial (see `Serials`).
    """
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    value = (milliseconds & (1 << 48) - 1) << 80 | 7 << 76 | (rest * 4096 // 1_000_000) << 64
    value |= 2 << 62 | serial & (1 << 62) - 1
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
