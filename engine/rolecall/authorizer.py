"""The PDP: the one place where policy, facts, the application's ports and the evaluator meet."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from os import PathLike
from typing import Final, Self
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from rolecall.calls import Call, Failed, run, run_async
from rolecall.compiler import load_table
from rolecall.errors import (
    Indeterminate,
    PermissionDenied,
    RequestError,
    UnknownResourceType,
)
from rolecall.evaluator import DENIED, evaluate
from rolecall.facts.hold import Facts
from rolecall.facts.steady import steady
from rolecall.facts.view import Asked, Found, Frame, Live, Place, View, WholeView
from rolecall.instants import nanoseconds
from rolecall.loader import load_policy
from rolecall.ports import Assignments, AssignmentsPort, Loader
from rolecall.questions import read_acting, read_bounds, read_kind, read_places, user_id
from rolecall.recorder import Mark, Recorder
from rolecall.table import Table, TypeTable
from rolecall.vocabulary.decision import Decision, Decisions
from rolecall.vocabulary.facts import Location
from rolecall.vocabulary.identity import serials
from rolecall.vocabulary.reasons import Grounds
from rolecall.vocabulary.request import Resource, User

MAX_STALE: Final = timedelta(hours=24)
MAX_ACTING: Final = 1 << 10
_MICROSECOND: Final = timedelta(microseconds=1)
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
        facts: Facts | Live,
        assignments: Assignments | AssignmentsPort | None = None,
        resources: Mapping[str, Loader] | None = None,
        max_stale: timedelta | None = MAX_STALE,
        fresh_within: Mapping[str, timedelta] | None = None,
        clock: Callable[[], datetime | int] | None = None,
        audit: Recorder | None = None,
    ) -> None:
        """Put a compiled policy in force over some facts; `load` does it from files.

        `facts` is a `Snapshot`, a `RosterStore`, `Direct`, or anything with a snapshot's methods. `assignments` is
        asked for the application's own role assignments, in place of those that come with the facts.
        `resources` gives loaders by resource type: the properties of such a resource are loaded by its id, and what was
        passed is ignored. Facts older than `max_stale`, or of unknown age, make every decision indeterminate; None lets
        them be of any age. `fresh_within` gives a smaller bound for chosen permissions (`{"student.export":
        timedelta(minutes=1)}`), which holds too where no permission is asked. `clock` gives aware datetimes, or
        nanoseconds since 1970; by default it is the system's. `audit` records every decision (`rolecall.audit.Audit`);
        it has to be told of the policy, which `load` does: one that it cannot record is given as indeterminate.
        """
        _check_arguments(facts, assignments, resources or {}, max_stale, clock, audit)
        self._table, self._types = table, table.types
        self._loaders = dict(resources or {})
        for name in self._loaders:
            if name not in self._types:
                raise UnknownResourceType(name, self._types)
        self._bounds = read_bounds(fresh_within or {}, self._types)
        if assignments is not None and not isinstance(assignments, Assignments):
            assignments = Assignments(assignments)
        self._assignments = assignments
        self._has_ports = bool(self._loaders) or assignments is not None
        self._audit = audit
        self._clock = time.time_ns if clock is None else lambda: nanoseconds(clock())
        stale = None if max_stale is None else max_stale // _MICROSECOND * 1000
        if isinstance(facts, Live) or (assignments is not None and assignments.folded):
            self._clock = steady(self._clock, self._forget)
        frame = Frame(table.atoms, ZoneInfo(table.timezone), stale, self._clock)
        self._view: View = facts.view(frame) if isinstance(facts, Live) else WholeView(facts, frame)
        # What the hot path may take: nobody while the port has to be asked each time, and no type that is loaded, or
        # has bounds of its own.
        self._held = self._view.held if self._assignments is None or self._assignments.folded else {}
        careful = {*self._loaders, *self._bounds}
        self._at_hand = {
            kind.name: (kind, self._view.locations[kind.within])
            for kind in table.types.values()
            if kind.name not in careful
        }
        self._acting: dict[tuple[str, ...], int] = {}
        self._serials = serials
        self._grounds = Grounds(
            digest=table.digest,
            atoms=table.atoms,
            permissions={kind.name: kind.permissions for kind in table.types.values()},
            asked={kind.name: kind.asked for kind in table.types.values()},
            attributes={
                kind.name: {code.name: code.values for code in kind.attributes} for kind in table.types.values()
            },
            feeds=self._view.feeds,
        )

    @classmethod
    def load(
        cls,
        policies: str | PathLike[str],
        *,
        facts: Facts | Live,
        assignments: Assignments | AssignmentsPort | None = None,
        resources: Mapping[str, Loader] | None = None,
        max_stale: timedelta | None = MAX_STALE,
        fresh_within: Mapping[str, timedelta] | None = None,
        clock: Callable[[], datetime | int] | None = None,
        audit: Recorder | None = None,
    ) -> Self:
        """Read the policy file or folder and put it in force; raises `PolicyError` with every finding."""
        policy = load_policy(policies)
        table = load_table(policy)
        if isinstance(audit, Recorder):
            audit.policy(policy, table)
        return cls(
            table,
            facts=facts,
            assignments=assignments,
            resources=resources,
            max_stale=max_stale,
            fresh_within=fresh_within,
            clock=clock,
            audit=audit,
        )

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
        view, grounds, now = self._view, self._grounds, self._clock()
        try:
            kind, located = self._at_hand[resource.type]
            held = self._held[user]  # type: ignore[index]  # a user object is not at hand
            properties = resource.properties
            if not kind.own:
                location = located[resource.id]
            elif kind.place:
                location = located[properties[kind.place]]
            else:
                location = located[properties["student"], properties["section"]]
            who = acting = None
            if acting_as is not None:
                who = _READ[acting_as.__class__](acting_as)
                acting = self._acting[who]
            known = permission is None or permission in kind.known
        except (KeyError, TypeError, AttributeError):
            return self._carefully(user, resource, permission, acting_as, now)
        fresh = view.fresh_from <= now <= view.fresh_until and location.since <= now < location.until
        if held.timed:
            fresh = fresh and held.since <= now < held.until
        if not fresh or not known or resource.__class__ is not Resource:
            return self._carefully(user, resource, permission, acting_as, now)
        cell = evaluate(kind, held, location, properties, acting, now)
        decision = Decision(cell, held, resource, permission, who, location, now, self._serials.next(), grounds)
        if self._audit is None:
            return decision
        why = self._audit.note(decision, "decision")
        return _withheld(decision, why) if why else decision

    def _carefully(
        self, user: User, resource: Resource, permission: str | None, acting_as: Sequence[str] | None, now: int
    ) -> Decision:
        """Decide where something is not at hand: ports are asked, facts fetched, a malformed question refused."""
        return run(self._ask(user, (resource,), permission, acting_as, None if self._has_ports else now))[0]

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
        return run(self._ask(user, tuple(resources), permission, acting_as, mark="batch"))

    async def aauthorize_many(
        self,
        user: User,
        resources: Iterable[Resource],
        permission: str | None = None,
        *,
        acting_as: Sequence[str] | None = None,
    ) -> Decisions:
        """Do what `authorize_many` does, where ports may have to be awaited."""
        return await run_async(self._ask(user, tuple(resources), permission, acting_as, mark="batch"))

    def _ask(
        self,
        user: User,
        resources: Sequence[Resource],
        permission: str | None,
        acting_as: Sequence[str] | None,
        now: int | None = None,
        mark: Mark = "decision",
    ) -> Generator[Call, object, Decisions]:
        """Ask the ports and the facts for what a decision needs, decide, record; yields the calls to be made."""
        for resource in resources:  # a malformed question costs nobody a call
            kind = read_kind(resource, permission, self._types)
            if kind.name not in self._loaders:
                read_places(kind, resource)
        if acting_as is not None:
            self._bits(acting_as)
        subject = user_id(user)
        assigned = None
        if self._assignments is not None:
            assigned = yield from self._assignments.ask(subject, self._clock)
        loaded = []
        for resource in resources:
            full = yield from self._load(resource)
            loaded.append(full)
        places = tuple(one.place for one in loaded if one.place is not None)
        bound = min((one for r in resources if (one := self._bound(r.type, permission)) is not None), default=None)
        now = self._clock() if now is None else now
        found = yield from self._view.ask(Asked(subject, places, now, assigned, bound))
        if self._grounds.feeds is not self._view.feeds:
            self._grounds = replace(self._grounds, feeds=self._view.feeds)
        located = iter(zip(found.locations, range(len(places)), strict=True))
        decisions = Decisions(
            self._decide(one, found, *(next(located) if one.place is not None else (None, -1)), permission, acting_as)
            for one in loaded
        )
        if (audit := self._audit) is None:
            return decisions
        why = yield Call(
            "the audit log",
            lambda given: audit.note_all(given, mark),
            decisions,
            lambda given: audit.anote_all(given, mark),
        )
        return Decisions(_withheld(one, why) for one in decisions) if why else decisions

    def _forget(self) -> None:
        """Forget what is kept for a time: the clock was put back, and may say that time again."""
        if hasattr(self, "_view"):  # or while it is made
            self._view.put_back()

    def _load(self, resource: Resource) -> Generator[Call, object, _Loaded]:
        """Give the resource as its loader says it is, if it has one: what was passed is ignored. Properties that cannot
        be had, or used, are no answer but no fault of whoever asks.
        """  # noqa: D205 - one sentence too long for a line
        kind, loader = self._types[resource.type], self._loaders.get(resource.type)
        if loader is None:
            return _Loaded(resource, _place(kind, resource))
        port = f"the loader of `{resource.type}`"
        bare = Resource(resource.type, resource.id)
        properties = yield Call(port, loader, resource.id)
        if properties is None:
            detail = f"the application has no {resource.type} `{resource.id}`"
            return _Loaded(bare, None, "resource-not-found", detail)
        try:
            if isinstance(properties, Mapping):
                full = Resource(resource.type, resource.id, properties)
                return _Loaded(full, _place(kind, full))
            if not isinstance(properties, Failed):
                properties = Failed(port, f"gave {type(properties).__name__}, not a mapping")
        except RequestError as error:
            properties = Failed(port, str(error))
        except Exception as error:  # noqa: BLE001 - a mapping that reads while it is read can fail like the port
            properties = Failed(port, type(error).__name__)
        return _Loaded(bare, None, "indeterminate", str(properties))

    def _decide(
        self,
        asked: _Loaded,
        found: Found,
        location: Location | None,
        number: int,
        permission: str | None,
        acting_as: Sequence[str] | None,
    ) -> Decision:
        """Evaluate what was found."""
        kind, resource, held = self._types[asked.resource.type], asked.resource, found.held
        who = None if acting_as is None else tuple(acting_as)
        if number in found.problems and not held.problem:
            held = replace(held, problem=found.problems[number])
        if asked.code:
            code = "indeterminate" if held.problem else asked.code
            cell, detail = DENIED[code], held.problem or asked.detail
        else:
            acting = None if acting_as is None else self._bits(acting_as)
            cell = evaluate(kind, held, location, resource.properties, acting, found.now)
            detail = "" if cell.code == "table" else held.problem or _detail(cell.code, found, location, asked)
        serial = serials.next()
        return Decision(cell, held, resource, permission, who, location, found.now, serial, self._grounds, detail)

    def _bound(self, kind: str, permission: str | None) -> tuple[int, str] | None:
        """Give how old the facts may be for the question, and what asks for it; None where nothing does."""
        bounds = self._bounds.get(kind, {})
        asked = [(bound, f"`{kind}.{name}`") for name, bound in bounds.items() if permission in (None, name)]
        return min(asked, default=None)

    def _bits(self, acting_as: Sequence[str]) -> int:
        """Give the bits of the roles acted as, and keep them at hand."""
        bits = read_acting(acting_as, self._table.atoms)
        if len(self._acting) < MAX_ACTING and len(acting_as) <= len(self._table.atoms.acting):
            self._acting[tuple(acting_as)] = bits
        return bits


class _Loaded(msgspec.Struct, frozen=True):
    """A resource with its properties, and where it lies; or the code and detail of why neither can be had."""

    resource: Resource
    place: Place | None
    code: str = ""
    detail: str = ""


def _withheld(decision: Decision, why: object) -> Decision:
    """Give what is said in place of a decision that cannot be recorded: nothing can be decided."""
    return replace(decision, cell=DENIED["indeterminate"], detail=f"the audit log cannot be written: {why}")


def _place(kind: TypeTable, resource: Resource) -> Place:
    """Give where the resource lies; raises `RequestError` where it does not say."""
    if not kind.own:
        return kind.name, resource.id
    places = read_places(kind, resource)
    return (kind.place, places[0]) if kind.place else (kind.within, tuple(places))


def _detail(code: str, found: Found, location: Location | None, asked: _Loaded) -> str:
    """Say what is not held."""
    if code == "subject-not-found":
        return _about("user", found.held.id, found)
    if asked.place is None or location is not None:
        return ""
    within, where = asked.place
    if code != "place-not-found" or not isinstance(where, tuple):
        return _about(within, str(where), found)
    missing = [_about(*pair, found) for pair in zip(within.split("+"), where, strict=True) if pair in found.absent]
    return "; ".join(missing) or "the student and the section are of different districts"


def _about(what: str, identifier: str, found: Found) -> str:
    """Say that something is not held, and when the id is somebody's from before API 3.0."""
    said = f"the facts hold no {what} `{identifier}`"
    now = found.legacy.get(identifier) if what in ("user", "student") else None
    return f"{said}: it is the legacy id, from before Clever's API 3.0, of `{now}`" if now else said


def _check_arguments(
    facts: object, assignments: object, resources: object, max_stale: object, clock: object, audit: object
) -> None:
    """Refuse at start-up what would fail at the first decision."""
    if not isinstance(facts, Facts | Live):
        raise TypeError(f"`facts` must be facts such as `Snapshot.load(…)`, not a `{type(facts).__name__}`")
    if not isinstance(resources, Mapping) or not all(callable(loader) for loader in resources.values()):
        raise TypeError("`resources` must map resource types to loaders: functions from an id to its properties")
    if not (assignments is None or callable(assignments) or isinstance(assignments, Assignments)):
        raise TypeError("`assignments` must be a function from a user's id to their assignments")
    if not (max_stale is None or (isinstance(max_stale, timedelta) and max_stale >= timedelta())):
        raise TypeError("`max_stale` must be a timedelta such as `timedelta(hours=24)`, or None")
    if not (clock is None or callable(clock)):
        raise TypeError("`clock` must be a function without arguments that gives an aware datetime")
    if not (audit is None or isinstance(audit, Recorder)):
        raise TypeError(f"`audit` must be an audit log such as `Audit.open(…)`, not a `{type(audit).__name__}`")


def _enforce(decision: Decision) -> Decision:
    if decision.allowed:
        return decision
    raise (Indeterminate if decision.indeterminate else PermissionDenied)(decision)


def _known(decision: Decision) -> frozenset[str]:
    if decision.indeterminate:
        raise Indeterminate(decision)
    return decision.permissions
