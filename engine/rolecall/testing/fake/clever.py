"""`FakeClever`: a world, its events, its tokens and its faults behind one lock, and one function that answers."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping, MutableMapping
from contextlib import contextmanager
from datetime import UTC, datetime
from random import Random
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

from rolecall.testing.fake import routes
from rolecall.testing.fake.asgi import send_answer
from rolecall.testing.fake.faults import Fault
from rolecall.testing.fake.feed import Draft, Feed, draft, event_ids
from rolecall.testing.fake.placed import Placed
from rolecall.testing.fake.tokens import Tokens
from rolecall.testing.fake.wire import Asked, Logged, Response, decode, encode, instant, message
from rolecall.testing.fake.world import KINDS, Snapshot, World, kind_of

if TYPE_CHECKING:
    from rolecall.testing.fake.server import Server
    from rolecall.testing.fake.transport import FakeTransport

_KEPT: Final = 100_000


class FakeClever:
    """Clever's API v3.0 and events over a snapshot, to be changed and to fail as told.

        fake = FakeClever(demo_district())
        httpx.Client(transport=fake.transport(), base_url="https://api.clever.com")    # in process, or
        with fake.serve() as server: ...                                               # on a socket: server.url

    Args:
        snapshot: As `demo_district()` gives it, or (kind, record) pairs as `demo_records()` yields them.
        token: The token of the first district; every other district gets one too, see `tokens`.
        tokens: Every district with its token, instead.
        client: The id and secret that `/oauth/tokens` wants.
        rate_limit: How many requests a minute a token may make; None for any number.
        events_on: Whether a change makes an event.
        expired_cursor: The status for a cursor whose event is no longer kept; None goes on from the oldest one kept.
        clock: Seconds since 1970: for events, the rate limit, and whatever else has a time.
        sleep: What is called instead of waiting, with seconds. Without it, answers in process wait for as long as
            they are slow, but run into the client's time-out at once.
        seed: Of the chances that faults are placed with.

    Everything may be called from any thread.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        *,
        token: str = "fake-token",  # noqa: S107 - not a secret
        tokens: Mapping[str, str] | None = None,
        client: tuple[str, str] = ("fake-client", "fake-secret"),
        rate_limit: int | None = None,
        events_on: bool = True,
        expired_cursor: int | None = 404,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] | None = None,
        seed: int = 0,
    ) -> None:
        self.rate_limit = rate_limit
        self.events_on = events_on
        self.expired_cursor = expired_cursor
        self.clock = clock
        self.sleep = sleep
        self.on_request: Callable[[Asked], object] | None = None
        """Called with each request before it is answered, with nothing locked: it may change the world."""
        self.requests: deque[Logged] = deque(maxlen=_KEPT)
        """The newest 100,000 requests with their answers' status, oldest first; to be cleared at will."""
        self._lock = RLock()
        self._world = World(snapshot, tokens or ())
        self._token = None if tokens else token
        self._tokens = Tokens(dict(tokens or {}), client)
        self._feeds: dict[str, Feed] = {}
        self._waiting: list[Draft] = []
        self._ids = event_ids(lambda: self.clock())  # noqa: PLW0108 - the clock may be replaced
        self._placed: list[Placed] = []
        self._random = Random(seed)  # noqa: S311 - nothing secret: chances that can be repeated
        self._give_tokens()

    # What it serves.

    @property
    def world(self) -> dict[str, list[Any]]:
        """Every record as it is now, in the form of a snapshot; without its `as_of`."""
        with self._lock:
            lists = {plural: list(self._world.records(kind)) for kind, plural in KINDS.items()}
            return lists | {"assignments": list(self._world.assignments)}

    def record(self, kind: str, one: str, *, district: str | None = None) -> Any:  # noqa: ANN401 - a record is what it is
        """Give a record as it is now; None where there is none."""
        with self._lock:
            return self._world.record(kind_of(kind), one, district)

    def events(self, district: str | None = None) -> list[dict[str, Any]]:
        """Give the events of a district (the first one) that are kept and published, oldest first."""
        with self._lock:
            return [decode(event.item)["data"] for event in self._feed(self._district(district)).events.values()]

    @property
    def tokens(self) -> dict[str, str]:
        """The current token of each district, the first one's first."""
        with self._lock:
            return dict(self._tokens.current)

    # Changes to the world.

    def change(self, kind: str, record: object, *, district: str | None = None, publish: bool = True) -> str:
        """Create or replace a record, and append its event; give the event's id, "" for none.

        The record lies in `district`, else in the one it names, else where it lay, else in the first. It is served as
        it is, whatever it lacks. Without `publish` the event waits for `publish()` or for the next event.
        """
        with self._lock:
            kind = kind_of(kind)
            at, new, old = self._world.put(kind, record, district)
            self._give_tokens()
            what = f"{KINDS[kind]}.{'updated' if old else 'created'}"
            return self._event(draft(at, what, new, old), publish)

    def delete(self, kind: str, one: str, *, district: str | None = None, publish: bool = True) -> str:
        """Delete (or unshare) a record, and append its event; give the event's id. `KeyError` where there is none."""
        with self._lock:
            kind = kind_of(kind)
            at, old = self._world.remove(kind, one, district)
            return self._event(draft(at, f"{KINDS[kind]}.deleted", old), publish)

    def restore(self, kind: str, one: str, *, district: str | None = None, publish: bool = True) -> str:
        """Bring a deleted record back (or share it again) as it was, which is a `created` event; give its id."""
        with self._lock:
            kind = kind_of(kind)
            at, old = self._world.restore(kind, one, district)
            return self._event(draft(at, f"{KINDS[kind]}.created", old), publish)

    def emit(self, kind: str, record: object, *, district: str | None = None, publish: bool = True) -> str:
        """Append an event of any type about any object, and change nothing: one of a type not yet known, a broken one.

        `fake.emit("badges.created", {"id": "…"})`. Made even while `events_on` is off.
        """
        with self._lock:
            return self._event(Draft(self._district(district), kind, encode(record)), publish, always=True)

    def publish(self) -> list[str]:
        """Publish the events that wait, in the order of their changes; give their ids."""
        with self._lock:
            ids = []
            for waiting in self._waiting:
                ids.append(next(self._ids))
                self._feed(waiting.district).publish(waiting, ids[-1], self.clock())
            self._waiting.clear()
            return ids

    def expire_events(self, before: str, *, district: str | None = None) -> int:
        """Forget the events of a district (the first one) before an event id; give how many they were."""
        with self._lock:
            return self._feed(self._district(district)).expire(before)

    @contextmanager
    def batch(self) -> Generator[None]:
        """Let no request from another thread be answered before the end of the block. Await nothing in it."""
        with self._lock:
            yield

    def pause(self, district: str | None = None, *, last_sync: str | datetime | None = None) -> str:
        """Pause a district (the first one), last synced then; give the id of the `districts.updated` event."""
        synced = instant(last_sync.astimezone(UTC).timestamp()) if isinstance(last_sync, datetime) else last_sync
        changed = {"state": "paused", "pause_start": instant(self.clock()), "pause_end": None}
        return self._change_district(district, changed | ({"last_sync": synced} if synced else {}))

    def resume(self, district: str | None = None) -> str:
        """Let a district (the first one) sync again, now; give the id of the event."""
        now = instant(self.clock())
        return self._change_district(
            district, {"state": "running", "pause_start": None, "pause_end": None, "last_sync": now}
        )

    # Tokens.

    def rotate(self, district: str | None = None, *, keep_old: bool = False) -> str:
        """Give a district (the first one) a new token; the one before is refused from now on, unless it is kept."""
        with self._lock:
            return self._tokens.rotate(self._district(district), keep_old)

    def sso_token(self, user: str) -> str:
        """Give the token that a user gets by signing on: `/me`, themselves, their schools, their district; no pages."""
        with self._lock:
            return self._tokens.sign_on(self._world.holder("user", user), user)

    # Faults.

    def fault(
        self,
        fault: Fault,
        *,
        path: str | re.Pattern[str] | None = None,
        times: int | None = None,
        skip: int = 0,
        chance: float = 1.0,
        district: str | None = None,
    ) -> Placed:
        """Place a fault, for every request or those of some kind; several may meet in one answer, in this order.

        Args:
            fault: What goes wrong.
            path: Only for this path and those below it; or a pattern, searched for in the path with its query.
            times: Only so often.
            skip: Not for the first so many.
            chance: With this probability, the same draws for the same seed.
            district: Only for requests with the token of this district.
        """
        placed = Placed(fault, path, times, skip, chance, district)
        with self._lock:
            self._placed = [*(one for one in self._placed if not one.removed), placed]
        return placed

    def clear_faults(self) -> None:
        """Remove every fault."""
        with self._lock:
            for placed in self._placed:
                placed.remove()
            self._placed = []

    # Answering.

    def respond(
        self,
        method: str,
        path: str,
        query: str = "",
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    ) -> Response:
        """Answer a request: at once, whatever the answer says of waiting and breaking. `path` is decoded."""
        asked = Asked(method, path, query, {name.lower(): value for name, value in dict(headers).items()}, self.clock())
        if self.on_request:
            self.on_request(asked)
        with self._lock:
            holder = self._tokens.holder(asked)
            district = holder.district if holder else ""
            met = [one for one in self._placed if one.concerns(asked, district, self._random.random)]
        for one in met:
            if one.fault.before:
                one.fault.before(asked)
        with self._lock:
            answer = self._answer(asked)
        names: list[str] = []
        for one in met:
            changed = one.fault.change(asked, answer) if one.fault.change else answer
            if changed is None:
                one.missed()
                continue
            answer = changed
            names.append(one.fault.name)
        status = 0 if answer.broken else answer.status
        host = asked.headers.get("host", "")
        self.requests.append(Logged(method, path, query, status, district, host, asked.at, tuple(names)))
        return answer

    def transport(self) -> FakeTransport:
        """Give a transport for `httpx.Client` and `httpx.AsyncClient` that asks this fake, whatever the host."""
        from rolecall.testing.fake.transport import FakeTransport  # noqa: PLC0415 - the one part that needs httpx

        return FakeTransport(self)

    def serve(self, port: int = 0, host: str = "127.0.0.1") -> Server:
        """Give a server, to be used as `with fake.serve() as server: server.url`; port 0 is any free one."""
        from rolecall.testing.fake.server import Server  # noqa: PLC0415 - the one part that needs uvicorn

        return Server(self, port, host)

    @property
    def app(self) -> FakeClever:
        """The ASGI application: itself."""
        return self

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        """Be an ASGI 3 application."""
        await send_answer(self.respond, self.sleep, scope, receive, send)

    def _answer(self, asked: Asked) -> Response:
        """The true answer."""
        if asked.path == "/oauth/tokens":
            return self._tokens.listed(asked)
        holder = self._tokens.holder(asked)
        if holder is None:
            return message(401, "unauthorized: no such token")
        reset = self._tokens.over(holder, self.rate_limit, asked.at) if self.rate_limit is not None else None
        if reset is not None:
            limited = message(429, "rate limit exceeded")
            return Response(429, limited.body, (*limited.headers, ("x-ratelimit-reset", f"{reset}")))
        return routes.answer(asked, routes.Sight(self._world, self._feed(holder.district), holder, self.expired_cursor))

    def _event(self, made: Draft, publish: bool, *, always: bool = False) -> str:
        if not self.events_on and not always:
            return ""
        self._waiting.append(made)
        return self.publish()[-1] if publish else ""

    def _change_district(self, district: str | None, fields: Mapping[str, object]) -> str:
        with self._lock:
            at = self._district(district)
            return self.change("district", {**(self._world.record("district", at, at) or {"id": at}), **fields})

    def _feed(self, district: str) -> Feed:
        return self._feeds.setdefault(district, Feed())

    def _district(self, district: str | None) -> str:
        return self._world.districts[0] if district is None else district

    def _give_tokens(self) -> None:
        """Give each district that has none a token, unless the tokens were all given."""
        if self._token is None:
            return
        for number, district in enumerate(self._world.districts):
            if district not in self._tokens.current:
                self._tokens.give(district, f"{self._token}-{number + 1}" if number else self._token)
