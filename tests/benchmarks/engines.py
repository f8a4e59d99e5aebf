"""The contenders, each prepared as well as it allows, and the check that all of them give the same answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from time import time_ns
from typing import Any, Final

import cedarpy
import rolecall
from conformance.cedar import World as CedarWorld
from conformance.cedar import policy_text
from rolecall import Decision
from rolecall.evaluator import evaluate
from rolecall.loader import load_policy

from benchmarks.handwritten import Handwritten
from benchmarks.timing import Ask, Contender
from benchmarks.world import POLICIES, World

FLOOR: Final = "a call that does nothing"
HANDWRITTEN: Final = "hand-written if/else"
OPEN: Final = "authorize(user, resource)"
ASKED: Final = "authorize(user, resource, permission)"
DEFAULT: Final = "rolecall.authorize(…), the default"
EVALUATE: Final = "evaluate(…), all looked up"
LOOK_UP: Final = "one cell looked up by its name"
CEDAR: Final = "cedarpy, all parsed beforehand"
CEDAR_DELTA: Final = "cedarpy, the resource as JSON"


def nothing(user: str, resource: object, permission: object = None, *, acting_as: object = None) -> None:
    """Do nothing, with the signature of `authorize`."""


class Engines:
    """Every contender over one world; `cedar_asks` is how many of the requests Cedar is asked."""

    def __init__(self, world: World, cedar_asks: int = 2_000) -> None:
        """Prepare them all."""
        self.world = world
        self.handwritten = Handwritten(world.snapshot)
        self.cedar = Cedar(world, world.asks[:cedar_asks])
        rolecall.configure(world.pdp)

    def contenders(self) -> list[Contender]:
        """Give them, each with the questions of its stream."""
        asks, pdp = self.world.asks, self.world.pdp
        return [
            Contender(FLOOR, nothing, asks),
            Contender(LOOK_UP, look_up, look_up_arguments(self.world), "bare"),
            Contender(EVALUATE, evaluate, evaluate_arguments(self.world), "bare"),
            Contender(HANDWRITTEN, self.handwritten.authorize, asks),
            Contender(OPEN, pdp.authorize, asks, "open"),
            Contender(ASKED, pdp.authorize, asks),
            Contender(DEFAULT, rolecall.authorize, asks),
            Contender(CEDAR, self.cedar.decide, self.cedar.stream, "bare", 3),
            Contender(CEDAR_DELTA, self.cedar.decide_delta, self.cedar.delta_stream, "bare", 3),
        ]

    def disagreements(self) -> Iterator[str]:
        """Give every answer of the others that differs from the engine's."""
        authorize = self.world.pdp.authorize
        for user, resource, permission, acting in self.world.asks:
            ours = authorize(user, resource, permission, acting_as=acting)
            if reason := differs(ours, self.handwritten.authorize(user, resource, permission, acting_as=acting)):
                yield f"if/else: {reason}"
            if ours.permissions != authorize(user, resource, acting_as=acting).permissions:
                yield f"without a permission asked: {ours.subject} {ours.resource}"
        for number, (user, resource, permission, acting) in enumerate(self.cedar.asks):
            allowed = authorize(user, resource, permission, acting_as=acting).allowed
            for call, stream in (
                (self.cedar.decide, self.cedar.stream),
                (self.cedar.decide_delta, self.cedar.delta_stream),
            ):
                if call(*stream[number]).allowed != allowed:
                    yield f"cedarpy: {permission} of {resource} by {user} as {acting} should be {allowed}"


def differs(ours: Decision, theirs: Decision) -> str:
    """Say how two decisions differ, or nothing: what is allowed, and the code where the table was not asked."""
    if ours.permissions != theirs.permissions or ours.cell.code != theirs.cell.code or ours.allowed != theirs.allowed:
        return f"{theirs.permissions} ({theirs.cell.code}), not {ours.permissions} ({ours.cell.code}), for {ours.subject} {ours.resource}"
    return ""


def look_up(cells: dict[int, object], name: int) -> object:
    """Read the table, with the cell's name at hand."""
    return cells.get(name)


def look_up_arguments(world: World) -> list[Ask]:
    """Give the cells of the requests that reach the table, by their names."""
    found: list[Ask] = []
    names: dict[str, dict[int, int]] = {}
    for user, resource, permission, acting in world.asks:
        cell = world.pdp.authorize(user, resource, permission, acting_as=acting).cell
        cells = world.pdp.table.types[resource.type].cells
        if cell.code == "table":
            known = names.setdefault(resource.type, {})
            if id(cell) not in known:
                known |= {id(one): name for name, one in cells.items()}
            found.append((cells, known[id(cell)]))
    return found


def evaluate_arguments(world: World) -> list[Ask]:
    """Give what the authoriser hands to `evaluate`, looked up for each request."""
    table = world.pdp.table
    found: list[Ask] = []
    for user, resource, permission, acting in world.asks:
        made = world.pdp.authorize(user, resource, permission, acting_as=acting)
        bits = None if acting is None else sum(table.atoms.acting[role] for role in set(acting)) | table.atoms.owner
        kind = table.types[resource.type]
        found.append((kind, made.held, made.location, resource.properties, bits, made.nanoseconds))
    return found


class Cedar:
    """Cedar through cedarpy: policies parsed once, requests and contexts made ready, nothing built in a timed call.

    `stream` has for each request a handle of exactly the entities that it needs, all parsed beforehand, which is the
    most that the API allows. `delta_stream` has the person and the places parsed, and the application's own record of
    the resource as JSON text, as it would have to come with each request.
    """

    def __init__(self, world: World, asks: Sequence[Ask]) -> None:
        """Translate, parse and build everything."""
        self.asks = asks
        policy = load_policy(POLICIES)
        told = CedarWorld(policy, world.snapshot, time_ns())
        self.policies = cedarpy.PolicySet.from_str(policy_text(policy))
        self.stream: list[Ask] = []
        self.delta_stream: list[Ask] = []
        for user, resource, permission, acting in asks:
            request = told.request(user, resource, permission, acting)
            entities = told.entities(user, resource)
            things = [one for one in entities if one["uid"]["type"] == "Thing"]
            others = [one for one in entities if one["uid"]["type"] != "Thing"]
            parse: Callable[[str], Any] = cedarpy.Entities.from_json_str
            self.stream.append((request, parse(json.dumps(entities))))
            self.delta_stream.append((request, parse(json.dumps(others)), json.dumps(things)))

    def decide(self, request: dict[str, Any], entities: cedarpy.Entities) -> cedarpy.AuthzResult:
        """Ask Cedar."""
        return cedarpy.is_authorized(request, self.policies, entities)

    def decide_delta(self, request: dict[str, Any], entities: cedarpy.Entities, resource: str) -> cedarpy.AuthzResult:
        """Ask Cedar about a resource that it does not know yet."""
        return cedarpy.is_authorized(request, self.policies, entities.with_added_json_str(resource))
