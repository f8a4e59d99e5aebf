"""The answer with its reasons. Evidence is kept by reference and rendered when somebody reads it."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from rolecall.vocabulary.facts import Feed, Held, Location, RoleAssignment
from rolecall.vocabulary.identity import render_id, short_code
from rolecall.vocabulary.malformed import RequestError
from rolecall.vocabulary.reasons import SENTENCES, Cell, Code, Fact, Grounds, Reason, RuleRef
from rolecall.vocabulary.request import Resource


class Decision(msgspec.Struct, frozen=True, eq=False, gc=False):
    """What was decided, about whom and what, when, and why (DESIGN section 7). Nothing of it is to be written into.

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

    def __repr__(self) -> str:
        """Give one line, ids only."""
        asked = "" if self.permission is None else f"{self.permission} "
        answer = ("allowed" if self.allowed else "not allowed") if asked else f"{sorted(self.permissions)}"
        about = f"{self.subject} {asked}{self.resource.type}:{self.resource.id}"
        return f"<Decision {about}: {answer} ({self.code}) {self.id}>"

    @property
    def id(self) -> str:
        """The decision's UUIDv7 (RFC 9562): its time, then a random prefix of this process and a counter."""
        return render_id(self.nanoseconds, self.serial)

    @property
    def short_code(self) -> str:
        """The code (`RC-…`) to show to a person who was refused: the audit log finds the decision by it."""
        return short_code(self.id)

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
        """Give the reason code of one permission of the resource's type; raises `RequestError` for any other."""
        if permission not in self.grounds.permissions[self.resource.type]:
            raise RequestError(f"`{self.resource.type}` has no permission `{permission}`")
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
    def reasons(self) -> tuple[Reason, ...]:
        """The reason for the permission that was asked; where none was, for each of the resource's type."""
        if self.cell.code != "table":
            return (Reason(None, self.code, self.detail or SENTENCES[self.cell.code]),)
        every = self.grounds.permissions[self.resource.type]
        return tuple(self.reason(name) for name in ((self.permission,) if self.permission is not None else every))

    def reason(self, permission: str) -> Reason:
        """Give the reason for one permission of the resource's type."""
        code = self.code_of(permission)
        cutting = self.cut_by(permission) if code == "capped" else ()
        return Reason(permission, code, SENTENCES[code], self.given_by(permission), cutting)

    @property
    def feed(self) -> Feed:
        """How current the facts behind it are: the oldest of them, and the last Clever event applied (if any)."""
        known = self.grounds.feeds.of(self.held.district)
        own = [one.as_of for one in (self.held, self.location) if one is not None and one.as_of is not None]
        return Feed(min(own), known.event) if own else known

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The facts used: roles around the resource, its term, and what the application asserted.

        Of the properties only those that the policy knows are facts: the places, the owner, the attributes with one of
        their values (None for any other). Whatever else an application passes is not kept.
        """
        found = [Fact("role", f"{one.role} at {one.scope}", one.id, one.source, one.doubt) for one in self.roles]
        if self.location and self.location.bounds:
            first, last = self.location.bounds
            now = self.nanoseconds
            found.append(
                Fact("term", "term", "past" if now > last else "current" if now >= first else "future", "clever")
            )
        given = self.resource.properties
        places = self.location.kind.split("+") if self.location and self._has_owner else []
        found += [Fact("property", place, str(given[place]), "asserted") for place in places]
        if self._has_owner and isinstance(owner := given.get("owner"), str):
            found.append(Fact("property", "owner", owner, "asserted"))
        for name, values in self.grounds.attributes[self.resource.type].items():
            if name in given:
                known = next((one for one in values if isinstance(given[name], type(one)) and one == given[name]), None)
                found.append(Fact("property", name, known, "asserted"))
        return tuple(found)

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
        unlisted = self.location.doubtful
        if unlisted:  # everything held through these places is in doubt
            doubt = "the section does not list the student"
            near = [
                replace(role, doubt=role.doubt or doubt) if f"{role.scope}:{role.id}" in unlisted else role
                for role in near
            ]
        return (*owning, *near, *far)

    @property
    def doubts(self) -> tuple[RoleAssignment, ...]:
        """The doubtful roles here that some rule for this type asks about."""
        doubtful = [role for role in self.roles if role.doubt]
        if self.owner_unknown and self.roles:
            unknown = "the application did not say who owns it"
            doubtful.append(RoleAssignment("owner", "resource", self.resource.id, unknown, "asserted"))
        atoms, asked = self.grounds.atoms, self.grounds.asked[self.resource.type]
        return tuple(role for role in doubtful if atoms.bit[role.role, role.scope] & asked)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The attributes that some rule asks about, and of which the application gave none of their values."""
        if self.cell.code != "table":
            return ()
        given, attributes = self.resource.properties, self.grounds.attributes[self.resource.type]
        return tuple(
            name
            for name, values in attributes.items()
            if not (isinstance(given.get(name), type(values[0])) and given[name] in values)
        )

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

    def __bool__(self) -> bool:
        """Raise `TypeError`: `if pdp.authorize_many(…):` must not pass because there are decisions."""
        raise TypeError("several decisions have no truth value: read `.any_allowed` or `.all_allowed`")

    @property
    def any_allowed(self) -> bool:
        """Whether at least one of them allows what was asked."""
        return any(decision.allowed for decision in self)

    @property
    def all_allowed(self) -> bool:
        """Whether there are any, and each allows what was asked."""
        return len(self) > 0 and all(decision.allowed for decision in self)
