"""On real sockets: what only a connection can do wrong, and that connections are kept and closed as they should be."""

import asyncio
import gc
import os
import socket
import threading
import time
from datetime import timedelta

import httpcore
import pytest
import uptime
from facts.clever.peer import DISTRICT, OLD, TOKEN, ask, everything_logged, http, listening
from rolecall.calls import run, run_async
from rolecall.facts.clever import Clever, StaticTokens, Unavailable
from rolecall.facts.clever.clock import Clock

MODES = ["sync", "async"]
GOOD = http({"data": {"id": "u1"}, "links": []})


async def at_once(_):
    """Wait for nothing between two tries."""


AT_ONCE = Clock(sleep=lambda _: None, asleep=at_once)


def client(url, **settings):
    settings = {"timeout": 5, "patience": 10, **settings}
    times = {name: timedelta(seconds=settings.pop(name)) for name in ("timeout", "patience")}
    return Clever(StaticTokens({DISTRICT: TOKEN, "d2": OLD}), base_url=url, clock=AT_ONCE, **times, **settings)


def user(mode, clever, district=DISTRICT):
    try:
        return ask(mode, clever.one(district, "users/u1"))
    finally:
        clever.close()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "fault",
    [
        [None],
        [GOOD[:20], None],
        [GOOD[:-5], None],
        [b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"dat\r\n', None],
        [b"not HTTP at all\r\n\r\n", None],
        [http(b"<html>", "503 Service Unavailable"), None],
        [http(b"", "429 Too Many Requests", length=100_000), None],
    ],
    ids=["closed", "cut in the headers", "cut in the body", "cut in a chunk", "no HTTP", "503", "429 cut"],
)
def test_a_connection_that_is_cut_is_made_again(fault, mode):
    """The next try has the answer; nothing that is said on the way holds the token."""
    with listening(fault, [GOOD]) as (url, seen), everything_logged() as log:
        assert user(mode, client(url)) == {"id": "u1"}
        assert len(seen) == 2
        assert f"Authorization: Bearer {TOKEN}" in seen[0].title().replace(TOKEN.title(), TOKEN)
    assert "receive_response_headers" in log.getvalue()
    assert TOKEN not in log.getvalue()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "fault",
    [
        [30.0],
        [GOOD[:20], 30.0],
        [GOOD[:-5], 30.0],
        [part for byte in GOOD[:60] for part in (bytes([byte]), 0.05)],
        [GOOD[:-30], *(part for byte in GOOD[-30:] for part in (bytes([byte]), 0.1))],
    ],
    ids=["says nothing", "stops in the headers", "stops in the body", "drips headers", "drips a body"],
)
def test_an_answer_that_never_comes_whole_is_given_up(fault, mode):
    """However it is slow, the time that is given is what it takes."""
    with listening(fault) as (url, _), everything_logged() as log:
        began = uptime.seconds()
        with pytest.raises(Unavailable, match="no whole answer came in time"):
            user(mode, client(url, timeout=0.1, patience=0.2))
        assert uptime.seconds() - began < 2
    assert TOKEN not in log.getvalue()


@pytest.mark.parametrize("mode", MODES)
def test_a_body_without_an_end_is_cut_off(mode):
    """What is too large is not read to its end; what is an error is not read at all."""
    endless = [b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 65536] * 200]
    with listening(endless) as (url, _), pytest.raises(Unavailable, match="larger than 1 MiB"):
        user(mode, client(url, max_body=1 << 20))
    lost = [b"HTTP/1.1 404 Not Found\r\n\r\n", *[b"x" * 65536] * 200]
    with listening(lost) as (url, _):
        assert user(mode, client(url, max_body=1 << 20)) is None


@pytest.mark.parametrize("mode", MODES)
def test_an_error_whose_body_never_comes_is_known_all_the_same(mode):
    """Its status says it."""
    with listening([http(b"", "404 Not Found", length=100), 30.0]) as (url, _):
        assert user(mode, client(url, timeout=0.2)) is None


@pytest.mark.parametrize("mode", MODES)
def test_nobody_listens(mode):
    """The error is a sentence."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(Unavailable, match="no connection can be made"):
        user(mode, client(url))


@pytest.mark.parametrize("mode", MODES)
def test_a_name_that_cannot_be_resolved(mode, monkeypatch):
    """It is tried again within the patience, and then said."""

    def nowhere(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", nowhere)
        with pytest.raises(Unavailable, match="its name cannot be resolved"):
            user(mode, client("http://clever.test"))


@pytest.mark.parametrize("mode", MODES)
def test_no_tls_no_token(mode, monkeypatch):
    """A peer that cannot do TLS is told nothing."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with listening([GOOD], greeting=b"220 no TLS here\r\n") as (url, seen):
        with pytest.raises(Unavailable, match="no safe connection can be made"):
            user(mode, client(url.replace("http:", "https:")))
        assert TOKEN not in "".join(seen)


def test_one_address_after_the_other(monkeypatch):
    """A host with several addresses is reached at the one that works."""
    real = socket.getaddrinfo

    def several(host, port, *rest, **more):
        working = real("127.0.0.1", port, *rest, **more)
        return [(*entry[:4], ("127.0.0.2", port)) for entry in working] + working if host == "clever.test" else working

    with listening([GOOD]) as (url, _):
        monkeypatch.setattr(socket, "getaddrinfo", several)
        assert user("sync", client(url.replace("127.0.0.1", "clever.test"))) == {"id": "u1"}
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
        with pytest.raises(Unavailable, match="no connection"):
            user("sync", client(url.replace("127.0.0.1", "clever.test")))


@pytest.mark.parametrize("mode", MODES)
def test_connections_are_kept(mode):
    """Ten questions, one connection; an error in between does not cost one."""
    with listening([GOOD], [None]) as (url, seen):
        clever = client(url)

        async def main():
            found = [await run_async(clever.one(DISTRICT, "users/u1")) for _ in range(10)]
            await clever.aclose()
            return found

        found = asyncio.run(main()) if mode == "async" else [run(clever.one(DISTRICT, "users/u1")) for _ in range(10)]
        clever.close()
        assert found == [{"id": "u1"}] * 10
        assert len(seen) == 10


def test_every_event_loop_closes_its_own_connections():
    """Nobody closes the client: a loop that ends leaves no connection behind, and is forgotten."""
    with listening([GOOD]) as (url, _):
        clever = client(url)
        for _ in range(3):
            assert asyncio.run(run_async(clever.one(DISTRICT, "users/u1"))) == {"id": "u1"}
            gc.collect()
        loop = asyncio.new_event_loop()
        loop.run_until_complete(run_async(clever.one("d2", "users/u1")))
        assert list(clever._wire.lanes._own.loops) == [loop]
        loop.run_until_complete(clever.aclose())
        loop.close()
        assert not clever._wire.lanes._own.loops


def test_a_fork_makes_its_own_connections(monkeypatch):
    """Two processes must not read from one connection: the child begins anew, and leaves its parent's alone."""
    with listening([GOOD]) as (url, seen):
        clever = client(url)
        run(clever.one(DISTRICT, "users/u1"))
        parents = clever._wire.lanes._own
        monkeypatch.setattr(os, "getpid", lambda: 0)
        run(clever.one(DISTRICT, "users/u1"))
        assert clever._wire.lanes._own is not parents
        assert not next(iter(parents.clients.values())).is_closed
        clever.close()
        for one in parents.clients.values():
            one.close()
        assert len(seen) == 2


@pytest.mark.parametrize("mode", MODES)
def test_a_slow_district_does_not_hold_up_another(mode):
    """Thirty wait for one district, more than it has connections; another district's answer comes meanwhile."""
    release = threading.Event()
    with listening(*[[release, GOOD]] * 20, [GOOD]) as (url, seen):
        clever = client(url, timeout=20, patience=20)

        def busy():
            while len(seen) < 20:
                time.sleep(0.005)

        async def main():
            waiting = [asyncio.ensure_future(run_async(clever.one("d2", "users/u1"))) for _ in range(30)]
            await asyncio.to_thread(busy)
            assert await run_async(clever.one(DISTRICT, "users/u1")) == {"id": "u1"}
            assert not any(task.done() for task in waiting)
            release.set()
            assert await asyncio.gather(*waiting) == [{"id": "u1"}] * 30
            await clever.aclose()

        if mode == "async":
            asyncio.run(main())
        else:
            found = []
            threads = [
                threading.Thread(target=lambda: found.append(run(clever.one("d2", "users/u1")))) for _ in range(30)
            ]
            for thread in threads:
                thread.start()
            busy()
            assert run(clever.one(DISTRICT, "users/u1")) == {"id": "u1"}
            assert not found
            release.set()
            for thread in threads:
                thread.join()
            assert found == [{"id": "u1"}] * 30
        clever.close()


def test_the_environments_proxy_is_used_for_https_alone(monkeypatch):
    """A school's network may have one; this machine and a private network are reached without."""
    monkeypatch.setenv("https_proxy", "http://proxy.test:3128")
    monkeypatch.setenv("no_proxy", "direct.test")
    for url, expected in (
        ("https://api.clever.com", "http://proxy.test:3128"),
        ("https://direct.test", None),
        ("http://127.0.0.1", None),
    ):
        lanes = client(url)._wire.lanes
        assert lanes._proxy() == expected
        connection = lanes._connect()
        assert isinstance(connection._pool, httpcore.HTTPProxy) == (expected is not None)
        connection.close()


def test_connections_that_were_given_up_do_not_stand_in_the_way():
    """Tasks are cancelled in the middle of an answer, twice as many as there are connections: the next is answered."""
    hold = threading.Event()
    with listening(*[[GOOD[:-3], hold]] * 20, [GOOD]) as (url, seen):
        clever = client(url)

        async def main():
            tasks = [asyncio.ensure_future(run_async(clever.one(DISTRICT, "users/u1"))) for _ in range(40)]
            await asyncio.sleep(0)
            while len(seen) < 20:  # noqa: ASYNC110 - a thread of the test counts
                await asyncio.sleep(0.005)
            for task in tasks:
                task.cancel()
            assert {type(one) for one in await asyncio.gather(*tasks, return_exceptions=True)} == {
                asyncio.CancelledError
            }
            found = await asyncio.gather(*(run_async(clever.one(DISTRICT, "users/u1")) for _ in range(40)))
            assert found == [{"id": "u1"}] * 40
            await clever.aclose()

        asyncio.run(main())
        hold.set()


def test_connections_that_timed_out_do_not_stand_in_the_way():
    """The same for threads, whose tries end by their time-out."""
    hold = threading.Event()
    with listening(*[[GOOD[:-3], hold]] * 20, [GOOD]) as (url, _):
        clever = client(url, timeout=0.1)
        threads = [threading.Thread(target=run, args=(clever.one(DISTRICT, "users/u1"),)) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert run(clever.one(DISTRICT, "users/u1")) == {"id": "u1"}
        clever.close()
        hold.set()
