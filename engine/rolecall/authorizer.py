"""The PDP: the one place where policy, facts, the application's ports and the evaluator meet."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from os import PathLike
from typing import Final, Self
from zoneinfo import ZoneInfo

from rolecall.compiler import load_table
from rolecall.errors import (
    Indeterminate,
    PermissionDenied,
    RequestError,
    UnknownResourceType,
)
from rolecall.evaluator import DENIED, evaluate
from rolecall.facts.assignments import AssignmentRecord
from rolecall.facts.hold import Facts
from rolecall.facts.view import View
from rolecall.instants import nanoseconds
from rolecall.loader import load_policy
from rolecall.ports import Assignments, Call, Failed, Loader, read_assignments, run, run_async
from rolecall.questions import read_acting, read_kind, read_places, user_id
from rolecall.table import Table, TypeTable
from rolecall.vocabulary.decision import Decision, Decisions
from rolecall.vocabulary.facts import Held, Location
from rolecall.vocabulary.identity import serials
from rolecall.vocabulary.reasons import Grounds
from rolecall.vocabulary.request import Resource, User

MAX_STALE: Final = timedelta(hours=24)
MAX_ACTING: Final = 1 << 10
SKEW: Final = 5 * 60 * 1_000_000_000
"""By how much, in nanoseconds, the clock that wrote `as_of` may be ahead of this one."""

_FOREVER: Final = 1 << 62
_MICROSECOND: Final = timedelta(microseconds=1)
_HOUR: Final = timedelta(hours=1)
# What `acting_as` may be without a closer look; anything else is checked first.
_READ: Final[dict[type, Callable[[Sequence[str]], tuple[str, ...]]]] = {list: tuple, tuple: tuple}


class Authorizer:
    """Decides what people may do. Make one at start-up and share it between threads and tasks.

    Every way of asking takes `user` (the v3.0 id, or an object with `clever_id`), a `Resource`, maybe a permission,
    and `acting_as`: the login roles (Clever's five and the policy's own) that the person is acting as, where the
    login toggles between them. A question that is malformed (an unknown type, permission or role, a place that the
    type needs and the resource lacks) raises a `RequestError`; it is never a silent no.
    """

    def __init__(
        self,
        table: Table,
        *,
        facts: Facts,
        assignments: Assignments | None = None,
        resources: Mapping[str, Loader] | None = None,
        max_stale: timedelta | None = MAX_STALE,
        clock: Callable[[], datetime | int] | None = None,
    ) -> None:
        """Put a compiled policy in force over some facts; `load` does it from files.

        `facts` is a `Snapshot`, or anything with the same methods. `assignments` is asked for the application's own
        role assignments, in place of those in the snapshot. `resources` gives loaders by resource type: the
        properties of such a resource are loaded by its id, and what was passed is ignored. Facts older than
        `max_stale`, or of unknown age, make every decision indeterminate; None lets them be of any age. `clock` gives
        aware datetimes, or nanoseconds since 1970; by default it is the system's.
        """
        _check_arguments(facts, assignments, resources or {}, max_stale, clock)
        self._table, self._types, self._assignments = table, table.types, assignments
        self._loaders = dict(resources or {})
        for name in self._loaders:
            if name not in self._types:
                raise UnknownResourceType(name, self._types)
        self._has_ports = bool(self._loaders) or assignments is not None
        self._clock = time.time_ns if clock is None else lambda: nanoseconds(clock())
        self._view = View(facts, table.atoms, ZoneInfo(table.timezone))
        self._held = {} if self._has_ports else self._view.held
        self._at_hand = {kind.name: (kind, self._view.locations[kind.within]) for kind in table.types.values()}
        self._acting: dict[tuple[str, ...], int] = {}
        self._serials = serials
        # When the hot path may trust the facts; what is wrong with them at other times, the careful way says.
        self._fresh_from, self._fresh_until, self._max_stale = _FOREVER, -_FOREVER, max_stale
        self._grounds = Grounds(
            digest=table.digest,
            atoms=table.atoms,
            permissions={kind.name: kind.permissions for kind in table.types.values()},
            asked={kind.name: kind.asked for kind in table.types.values()},
            attributes={
                kind.name: {code.name: code.values for code in kind.attributes} for kind in table.types.values()
            },
            facts_source=facts.source,
            as_of=facts.as_of,
        )

    @classmethod
    def load(
        cls,
        policies: str | PathLike[str],
        *,
        facts: Facts,
        assignments: Assignments | None = None,
        resources: Mapping[str, Loader] | None = None,
        max_stale: timedelta | None = MAX_STALE,
        clock: Callable[[], datetime | int] | None = None,
    ) -> Self:
        """Read the policy file or folder and put it in force; raises `PolicyError` with every finding."""
        table = load_table(load_policy(policies))
        return cls(table, facts=facts, assignments=assignments, resources=resources, max_stale=max_stale, clock=clock)

    @property
    def table(self) -> Table:
        """The decision table in force."""
        return self._table

    def authorize(
        self, user: User, resource: Resource, permission: str | None = None, *, acting_as: Sequence[str] | None = None
    ) -> Decision:
        """Decide, and say why. Enforces nothing by itself: read the answer, or call `check`."""
        # The hot path: what is at hand is taken from where it is kept. Whatever is not, or is not as it should be,
        # goes the careful way, which also says what is wrong.
        now = self._clock()
        try:
            kind, located = self._at_hand[resource.type]
            properties = resource.properties
            if not kind.own:
                location = located[resource.id]
            elif kind.place:
                location = located[properties[kind.place]]
            else:
                location = located[properties["student"], properties["section"]]
            held = self._held[user]  # type: ignore[index]  # a user object is not at hand
            who = acting = None
            if acting_as is not None:
                who = _READ[acting_as.__class__](acting_as)
                acting = self._acting[who]
            known = permission is None or permission in kind.known
        except (KeyError, TypeError, AttributeError):
            return self._carefully(user, resource, permission, acting_as, now)
        fresh = self._fresh_from <= now <= self._fresh_until and (not held.timed or held.since <= now < held.until)
        if not fresh or not known or resource.__class__ is not Resource:
            return self._carefully(user, resource, permission, acting_as, now)
        cell = evaluate(kind, held, location, properties, acting, now)
        return Decision(cell, held, resource, permission, who, location, now, self._serials.next(), self._grounds)

    def _carefully(
        self, user: User, resource: Resource, permission: str | None, acting_as: Sequence[str] | None, now: int
    ) -> Decision:
        """Decide where something is not at hand: ports are asked, facts looked up, a malformed question refused."""
        if self._has_ports:
            return run(self._ask(user, (resource,), permission, acting_as))[0]
        return self._decide(user, resource, permission, acting_as, None, now)

    async def aauthorize(
        self, user: User, resource: Resource, permission: str | None = None, *, acting_as: Sequence[str] | None = None
    ) -> Decision:
        """Decide where ports may have to be awaited; never blocks the event loop."""
        return (await run_async(self._ask(user, (resource,), permission, acting_as)))[0]

    def check(
        self, user: User, resource: Resource, permission: str, *, acting_as: Sequence[str] | None = None
    ) -> Decision:
        """Give the decision if it allows; raises `PermissionDenied` (403) or `Indeterminate` (503) if not."""
        return _enforce(self.authorize(user, resource, permission, acting_as=acting_as))

    async def acheck(
        self, user: User, resource: Resource, permission: str, *, acting_as: Sequence[str] | None = None
    ) -> Decision:
        """Do what `check` does, where ports may have to be awaited."""
        return _enforce(await self.aauthorize(user, resource, permission, acting_as=acting_as))

    def permissions(self, user: User, resource: Resource, *, acting_as: Sequence[str] | None = None) -> frozenset[str]:
        """Give all that the user may do to the resource; raises `Indeterminate` where that cannot be known."""
        return _known(self.authorize(user, resource, acting_as=acting_as))

    async def apermissions(
        self, user: User, resource: Resource, *, acting_as: Sequence[str] | None = None
    ) -> frozenset[str]:
        """Do what `permissions` does, where ports may have to be awaited."""
        return _known(await self.aauthorize(user, resource, acting_as=acting_as))

    def authorize_many(
        self,
        user: User,
        resources: Iterable[Resource],
        permission: str | None = None,
        *,
        acting_as: Sequence[str] | None = None,
    ) -> Decisions:
        """Decide about several resources at one instant. A thing in several sections is asked about once for each;
        read the answer with `any_allowed` or `all_allowed`.
        """  # noqa: D205 - one sentence too long for a line
        return run(self._ask(user, tuple(resources), permission, acting_as))

    async def aauthorize_many(
        self,
        user: User,
        resources: Iterable[Resource],
        permission: str | None = None,
        *,
        acting_as: Sequence[str] | None = None,
    ) -> Decisions:
        """Do what `authorize_many` does, where ports may have to be awaited."""
        return await run_async(self._ask(user, tuple(resources), permission, acting_as))

    def _ask(
        self, user: User, resources: Sequence[Resource], permission: str | None, acting_as: Sequence[str] | None
    ) -> Generator[Call, object, Decisions]:
        """Ask the ports for what a decision needs, then decide; yields the calls to be made."""
        for resource in resources:  # a malformed question costs nobody a call
            kind = read_kind(resource, permission, self._types)
            if kind.name not in self._loaders:
                read_places(kind, resource)
        if acting_as is not None:
            self._bits(acting_as)
        subject = user_id(user)
        assigned: tuple[AssignmentRecord, ...] | Failed | None = None
        if self._assignments is not None:
            answer = yield Call("the assignments port", self._assignments, subject)
            assigned = answer if isinstance(answer, Failed) else read_assignments(answer, subject)
        loaded: list[tuple[Resource, object]] = []
        for resource in resources:
            loader = self._loaders.get(resource.type)
            if loader is None:
                loaded.append((resource, resource.properties))
            else:  # what was passed is ignored
                answer = yield Call(f"the loader of `{resource.type}`", loader, resource.id)
                loaded.append((Resource(resource.type, resource.id), answer))
        now = self._clock()
        return Decisions(
            self._decide_loaded(subject, one, props, permission, acting_as, assigned, now) for one, props in loaded
        )

    def _decide_loaded(
        self,
        user: str,
        resource: Resource,
        properties: object,
        permission: str | None,
        acting_as: Sequence[str] | None,
        assigned: tuple[AssignmentRecord, ...] | Failed | None,
        now: int,
    ) -> Decision:
        """Decide with what the ports answered. Properties that cannot be had, or used, are no answer but no fault of
        whoever asks.
        """  # noqa: D205 - one sentence too long for a line
        if properties is resource.properties:
            return self._decide(user, resource, permission, acting_as, assigned, now)
        port = f"the loader of `{resource.type}`"
        if isinstance(properties, Mapping):
            try:
                full = Resource(resource.type, resource.id, properties)
                read_places(self._types[resource.type], full)
            except RequestError as error:
                properties = Failed(port, str(error))
            except Exception as error:  # noqa: BLE001 - a mapping that reads while it is read can fail like the port
                properties = Failed(port, type(error).__name__)
            else:
                return self._decide(user, full, permission, acting_as, assigned, now)
        who = None if acting_as is None else tuple(acting_as)
        held = self._person(user, assigned, now)
        if held.problem:
            code, detail = "indeterminate", held.problem
        elif properties is None:
            code, detail = "resource-not-found", f"the application has no {resource.type} `{resource.id}`"
        else:
            wrong = Failed(port, f"gave {type(properties).__name__}, not a mapping")
            code, detail = "indeterminate", str(properties if isinstance(properties, Failed) else wrong)
        return Decision(DENIED[code], held, resource, permission, who, None, now, serials.next(), self._grounds, detail)

    def _decide(
        self,
        user: User,
        resource: Resource,
        permission: str | None,
        acting_as: Sequence[str] | None,
        assigned: tuple[AssignmentRecord, ...] | Failed | None,
        now: int,
    ) -> Decision:
        """Check the question, look up what it names, evaluate."""
        kind = read_kind(resource, permission, self._types)
        acting = None if acting_as is None else self._bits(acting_as)
        location = self._locate(kind, resource)
        held = self._person(user_id(user), assigned, now)
        cell = evaluate(kind, held, location, resource.properties, acting, now)
        detail = "" if cell.code == "table" else self._detail(cell.code, held, kind, resource)
        who = None if acting_as is None else tuple(acting_as)
        return Decision(cell, held, resource, permission, who, location, now, serials.next(), self._grounds, detail)

    def _person(self, subject: str, assigned: tuple[AssignmentRecord, ...] | Failed | None, now: int) -> Held:
        """Give the person's roles as they are now, or the problem where they cannot be had."""
        stale = self._why_stale(now)
        if not stale and not isinstance(assigned, Failed):
            return self._view.person(subject, now, assigned)
        return Held(subject, "", 0, {}, (), problem=stale or str(assigned))

    def _why_stale(self, now: int) -> str:
        """Say why the facts cannot be trusted at `now`, or nothing; facts from the future are of unknown age."""
        facts, limit = self._view.facts, self._max_stale
        if limit is None:
            self._fresh_from, self._fresh_until = -_FOREVER, _FOREVER
            return ""
        if facts.as_of is None:
            return f"the facts ({facts.source}) do not say how old they are"
        self._fresh_from, self._fresh_until = facts.as_of - SKEW, facts.as_of + limit // _MICROSECOND * 1000
        if now < self._fresh_from:
            return f"the facts ({facts.source}) say that they are of a time to come: a clock is wrong"
        old = f"the facts ({facts.source}) are older than the {limit / _HOUR:g} hours that are allowed"
        return old if now > self._fresh_until else ""

    def _locate(self, kind: TypeTable, resource: Resource) -> Location | None:
        """Give where the resource is, or None where the facts do not hold it or its place."""
        if not kind.own:
            return self._view.location(kind.name, resource.id)
        places = read_places(kind, resource)
        return self._view.location(kind.place, *places) if kind.place else self._view.joined(*places)

    def _bits(self, acting_as: Sequence[str]) -> int:
        """Give the bits of the roles acted as, and keep them at hand."""
        bits = read_acting(acting_as, self._table.atoms)
        if len(self._acting) < MAX_ACTING and len(acting_as) <= len(self._table.atoms.acting):
            self._acting[tuple(acting_as)] = bits
        return bits

    def _detail(self, code: str, held: Held, kind: TypeTable, resource: Resource) -> str:
        """Say what is not held, or why nothing can be decided about the person."""
        if code == "indeterminate":
            return held.problem
        if code == "subject-not-found":
            return self._view.about("user", held.id)
        if code == "resource-not-found":
            return self._view.about(kind.name, resource.id)
        if code != "place-not-found":
            return ""
        places = zip(kind.places, read_places(kind, resource), strict=True)
        missing = [self._view.about(*pair) for pair in places if self._view.location(*pair) is None]
        return "; ".join(missing) or "the student and the section are of different districts"


def _check_arguments(facts: object, assignments: object, resources: object, max_stale: object, clock: object) -> None:
    """Refuse at start-up what would fail at the first decision."""
    if not isinstance(facts, Facts):
        raise TypeError(f"`facts` must be facts such as `Snapshot.load(…)`, not a `{type(facts).__name__}`")
    if not isinstance(resources, Mapping) or not all(callable(loader) for loader in resources.values()):
        raise TypeError("`resources` must map resource types to loaders: functions from an id to its properties")
    if not (assignments is None or callable(assignments)):
        raise TypeError("`assignments` must be a function from a user's id to their assignments")
    if not (max_stale is None or (isinstance(max_stale, timedelta) and max_stale >= timedelta())):
        raise TypeError("`max_stale` must be a timedelta such as `timedelta(hours=24)`, or None")
    if not (clock is None or callable(clock)):
        raise TypeError("`clock` must be a function without arguments that gives an aware datetime")


def _enforce(decision: Decision) -> Decision:
    if decision.allowed:
        return decision
    raise (Indeterminate if decision.indeterminate else PermissionDenied)(decision)


def _known(decision: Decision) -> frozenset[str]:
    if decision.indeterminate:
        raise Indeterminate(decision)
    return decision.permissions
