"""Every way to have facts, made of one snapshot: so that one suite can ask them all the same.

A way differs from a snapshot only as its `held` and `differs` say: what it cannot hold of a snapshot, and what it
says otherwise.
"""

import asyncio
import copy
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import postgres
from rolecall import Authorizer, Decision, Snapshot
from rolecall.facts.clever.client import Clever
from rolecall.facts.clever.tokens import StaticTokens
from rolecall.facts.direct import Direct
from rolecall.facts.roster_store import RosterStore
from rolecall.facts.store import Store, schema
from rolecall.facts.store.incoming import Item, read_item, storable
from rolecall.instants import nanoseconds, parse_instant
from rolecall.ports import Assignments
from rolecall.record import record
from rolecall.testing import FakeClever
from sqlalchemy import event

Json = dict[str, Any]
Made = Callable[[Json], Json]
LONG = timedelta(seconds=25)  # a machine that stands still for a moment ends no try; `Fault.slow(60)` does
KINDS = ("district", "school", "term", "section", "user")


# what a snapshot is made into


def assigned(snapshot: Json) -> Callable[[str], list[Json]]:
    """The application's assignments as a port."""
    return lambda user: [one for one in snapshot.get("assignments", ()) if one["user"] == user]


def districts(snapshot: Json) -> list[str]:
    """The districts that any record names."""
    named = [one.get("id") for one in snapshot["districts"]]
    named += [one.get("district") for kind in KINDS[1:] for one in snapshot[f"{kind}s"]]
    return list(dict.fromkeys(one for one in named if isinstance(one, str) and one))


def fill(store: Store, snapshot: Json, now: int) -> Store:
    """Read a snapshot into a store, as a full read of each district does."""
    for district in districts(snapshot):
        read = (read_item(kind, raw, district) for kind in KINDS for raw in snapshot[f"{kind}s"])
        reading = store.begin(district, None, "test", now)
        reading = store.stage(reading, [one for one in read if isinstance(one, Item)], now)
        store.finish(reading, now, was=None)
    for one in snapshot.get("assignments", ()):
        edges = {"starts": parse_instant(one.get("from")), "ends": parse_instant(one.get("until"))}
        store.assign(one["user"], one["role"], one["scope"], one["id"], by="test", why="test", now=now, **edges)
    return store


def hasty(store: Store) -> Store:
    """A store that does not wait for the disk: what it holds need not outlive a power cut."""
    if store._database.is_sqlite:
        event.listen(store._database.engine, "connect", lambda made, _: made.execute("PRAGMA synchronous=OFF").close())
        store._database.engine.dispose()
    return store


def emptied(store: Store) -> Store:
    """A store as it was when it was new, which is sooner had than a new one."""
    with store._database.writing() as connection:
        for table in schema.metadata.sorted_tables:
            if table is not schema.meta:
                connection.execute(table.delete())
        for key in ("counter", "clock", "pruned"):
            connection.execute(schema.meta.update().where(schema.meta.c.key == key).values(value=0))
    return store


def fake_of(snapshot: Json, **options: Any) -> FakeClever:
    """Clever with a snapshot's records."""
    return FakeClever(snapshot, tokens={one: f"token-of-{one}" for one in districts(snapshot)}, **options)


def direct_of(fake: FakeClever, *, client: Json | None = None, **options: Any) -> Direct:
    """Facts asked of the fake; `client` are other settings of the client."""
    given = {"transport": fake.transport(), "per_minute": 1_000_000, "timeout": LONG, "patience": LONG} | (client or {})
    tokens = given.pop("tokens", None) or StaticTokens(fake.tokens)
    return Direct(Clever(tokens, **given), **options)


def time_of(snapshot: Json) -> int:
    """The time of a snapshot in nanoseconds since 1970."""
    return nanoseconds(parse_instant(snapshot["as_of"]) or 0)


# what a way can hold of a snapshot


def all_of(snapshot: Json) -> Json:
    """Everything."""
    return snapshot


def with_districts(snapshot: Json) -> Json:
    """Everything, and a record for each district that is named: who asks Clever has a token of one that there is."""
    held = {one.get("id") for one in snapshot["districts"]}
    more = [{"id": one} for one in districts(snapshot) if one not in held]
    return snapshot | {"districts": [*snapshot["districts"], *more]}


def with_sound_assignments(snapshot: Json) -> Json:
    """Everything but assignments that `rolecall assign` refuses: a beginning or an end that is none, or the wrong way."""

    def sound(one: Json) -> bool:
        edges = [parse_instant(one.get(key)) for key in ("from", "until") if one.get(key) is not None]
        return None not in edges and edges == sorted(set(edges)) and storable(one["id"])

    return snapshot | {"assignments": [one for one in snapshot.get("assignments", ()) if sound(one)]}


# what a decision says


def told(decision: Decision) -> Json:
    """All that a decision says but for its id and what is said of the facts' source and age; in any order."""
    found = record(decision)
    for name in ("id", "policy"):
        del found[name]
    for name in ("source", "as_of", "age_seconds", "event"):
        del found["facts"][name]
    found["facts"]["location"].sort()
    found["roles"].sort(key=lambda one: sorted(one.items()))
    found["warnings"].sort()
    return found | {"doubts": sorted(repr(one) for one in decision.doubts)}


def says_the_same(snapshot: Json, want: Json, got: Json) -> bool:
    """Nothing is said otherwise."""
    del snapshot
    return want == got


NOT_HELD = {"resource-not-found", "place-not-found"}


def as_one_district_sees(snapshot: Json, want: Json, got: Json) -> bool:
    """What Clever says, asked in the subject's district only.

    Of what lies in another district it is said that it is not held (until that district's own people have asked about
    it: then that it lies elsewhere). Legacy ids are not known. Two warnings are not given: that a section of another
    district names somebody, and that a section names somebody who is a contact and nothing else.
    """
    want, got = copy.deepcopy((want, got))
    if want["code"] == got["code"] and want["code"] in {"indeterminate", "subject-not-found"}:
        for one in (want, got):
            del one["facts"]
    if want["code"] in {"other-district", *NOT_HELD} and got["code"] in {"other-district", *NOT_HELD}:
        held_elsewhere = "other-district" in (want["code"], got["code"]) or "different districts" in str(
            want["reasons"]
        )
        if not held_elsewhere and want["code"] != got["code"]:
            return False
        for one in (want, got):
            del one["code"], one["reasons"], one["roles"], one["doubts"], one["facts"]
    for reason in [*want.get("reasons", ()), *got.get("reasons", ())]:
        if "message" in reason:
            reason["message"] = reason["message"].partition(": it is the legacy id")[0]
    contacts = {
        one["id"]
        for one in snapshot["users"]
        if [role for role, value in one["roles"].items() if isinstance(value, dict)] == ["contact"] and "id" in one
    }
    seen = {*got["warnings"]}
    parts = ["of another district names them", *["names them as a"] * (want["subject"]["id"] in contacts)]
    want["warnings"] = [one for one in want["warnings"] if one in seen or not any(part in one for part in parts)]
    return want == got


# the ways


@dataclass(frozen=True)
class Way:
    """A way to have facts: what makes the options of an `Authorizer` of a snapshot, and how it is asked."""

    name: str
    opened: Callable[[], AbstractContextManager[Made]]
    asynchronous: bool = False
    held: Made = all_of
    differs: Callable[[Json, Json, Json], bool] = says_the_same


@contextmanager
def snapshot_facts() -> Iterator[Made]:
    """A snapshot, with the assignments that came with it."""
    yield lambda snapshot: {"facts": Snapshot.read(snapshot)}


@contextmanager
def direct_facts() -> Iterator[Made]:
    """Clever itself, and the application's port."""
    opened: list[Direct] = []

    def made(snapshot: Json) -> Json:
        opened.append(direct_of(fake_of(snapshot)))
        return {"facts": opened[-1], "assignments": assigned(snapshot)}

    yield made
    for direct in opened:
        direct.clever.close()


@contextmanager
def store_facts(engine: str) -> Iterator[Made]:
    """A roster store, with the assignments that are kept in it. There is one at a time."""
    with tempfile.TemporaryDirectory() as folder:
        store = hasty(Store.open(Path(folder, "roster.db") if engine == "sqlite" else postgres.new_database()))
        yield lambda snapshot: {"facts": RosterStore(fill(emptied(store), snapshot, time_of(snapshot)))}
        store.close()


def later(port: Callable[[str], object]) -> Callable[[str], Any]:
    """A port as async code has it."""

    async def asked(user: str) -> object:
        await asyncio.sleep(0)
        return port(user)

    return asked


PORTS: dict[str, Callable[[Callable[[str], object]], Any]] = {
    "port": lambda port: port,
    "async-port": later,
    "port-with-max-age": lambda port: Assignments(port, max_age=timedelta(minutes=1)),
    "port-with-version": lambda port: Assignments(port, version=lambda _: 1),
    "async-port-with-both": lambda port: Assignments(later(port), max_age=timedelta(minutes=1), version=later(len)),
}


def ported(way: Way, name: str, *, asynchronous: bool) -> Way:
    """The same, with the application's assignments through a port."""

    @contextmanager
    def opened() -> Iterator[Made]:
        with way.opened() as make:
            bare = lambda snapshot: make(snapshot | {"assignments": []})  # noqa: E731
            yield lambda snapshot: bare(snapshot) | {"assignments": PORTS[name](assigned(snapshot))}

    held = with_districts if way.held is with_districts else all_of
    return Way(f"{way.name}-{name}", opened, asynchronous, held, way.differs)


def twice(way: Way) -> list[Way]:
    """The way, asked in sync code and in async code."""
    return [way, Way(f"{way.name}-async", way.opened, True, way.held, way.differs)]


SNAPSHOT = Way("snapshot", snapshot_facts)
DIRECT = Way("direct", direct_facts, held=with_districts, differs=as_one_district_sees)
SQLITE = Way("sqlite", lambda: store_facts("sqlite"), held=with_sound_assignments)
POSTGRESQL = Way("postgresql", lambda: store_facts("postgresql"), held=with_sound_assignments)
WAYS = [
    *(one for way in (SNAPSHOT, DIRECT, SQLITE, POSTGRESQL) for one in twice(way)),
    *(ported(way, name, asynchronous="async" in name) for way in (SNAPSHOT, SQLITE) for name in PORTS),
    *(ported(DIRECT, name, asynchronous="async" in name) for name in PORTS if name != "port"),
]


# asking


@dataclass(frozen=True)
class Ask:
    """A question to an authoriser, put at a time: one resource, or several in a tuple."""

    at: Any
    user: str
    resource: Any
    permission: str | None = None
    acting_as: list[str] | None = None

    @property
    def method(self) -> str:
        """Which of the authoriser's methods answers it."""
        return "authorize_many" if isinstance(self.resource, tuple) else "authorize"


def put(pdp: Authorizer, clock: Any, asked: Iterable[Ask], *, asynchronous: bool) -> list[Any]:
    """Ask one question after the other, with `clock.now` at each one's time; in async code on one event loop."""
    found = []
    with asyncio.Runner() as runner:
        for one in asked:
            clock.now = one.at
            given = (one.user, one.resource, one.permission)
            if asynchronous:
                found.append(runner.run(getattr(pdp, f"a{one.method}")(*given, acting_as=one.acting_as)))
            else:
                found.append(getattr(pdp, one.method)(*given, acting_as=one.acting_as))
    return found
