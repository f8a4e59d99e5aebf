"""The fake as an ASGI application and as a server on a socket."""

import asyncio
import socket
import subprocess
import sys
import threading

import httpx
import pytest
from clever_fake import OAKVALE, ask, fake, link, who
from rolecall.testing import Fault

USERS = "/v3.0/users?limit=10"
HEADERS = {"Authorization": "Bearer fake-token"}


@pytest.fixture(scope="module")
def clever():
    return fake()


@pytest.fixture(scope="module")
def server(clever):
    with clever.serve() as running:
        yield running


@pytest.fixture
def client(clever, server):
    with httpx.Client(base_url=server.url, headers=HEADERS, timeout=5) as client:
        yield client
    clever.clear_faults()


def test_the_server_gives_the_same_answers(clever, client):
    """On a free port of this machine, byte for byte, page by page."""
    target, count = USERS, 0
    while target:
        got = client.get(target)
        assert got.content == ask(clever, target).response.body
        target, count = link(got.json(), "next"), count + len(got.json()["data"])
    assert count == 97
    assert client.get("/v3.0/users", headers={"Authorization": "Bearer no"}).status_code == 401


def test_what_changes_is_served_at_once(clever, client):
    """The world is the same as in the process that made it."""
    clever.delete("user", who("past_teacher"))
    assert client.get(f"/v3.0/users/{who('past_teacher')}").status_code == 404
    clever.restore("user", who("past_teacher"))
    assert client.get(f"/v3.0/users/{who('past_teacher')}").status_code == 200


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.cut(), httpx.RemoteProtocolError),
        (Fault.cut(0), httpx.RemoteProtocolError),
        (Fault.hang_up(), httpx.RemoteProtocolError),
        (Fault.dns(), httpx.RemoteProtocolError),
        (Fault.slow(30), httpx.ReadTimeout),
        (Fault.drip(30), httpx.ReadTimeout),
    ],
)
def test_what_breaks_breaks_on_the_wire(clever, client, fault, error):
    """A body shorter than announced, a connection closed, a time-out; the next request is answered again."""
    clever.fault(fault, times=1)
    with pytest.raises(error):
        client.get(USERS, timeout=0.1)
    assert client.get(USERS).status_code == 200


@pytest.mark.parametrize(
    ("fault", "size"),
    [
        (Fault.slow(0.01), 0),
        (Fault.drip(0.001, 1000), 0),
        (Fault.oversized(1_000_000), 1_000_000),
        (Fault.oversized(1_000_000, declared=False), 1_000_000),
        (Fault.oversized(1_000_000, compressed=True), 1_000_000),
    ],
)
def test_what_is_slow_or_large_arrives(clever, client, fault, size):
    """Whole in the end."""
    clever.fault(fault)
    got = client.get(USERS)
    assert got.json() == ask(clever, USERS).json if not size else len(got.content) > size


@pytest.mark.parametrize(
    "fault", [Fault.status(429, reset_in=5), Fault.html(502), Fault.redirect("http://x.example"), Fault.json([])]
)
def test_other_answers_are_sent_as_they_are(clever, client, fault):
    """Status, headers and body."""
    clever.fault(fault)
    got, meant = client.get(USERS), clever.respond("GET", "/v3.0/users", "limit=10", HEADERS)
    assert (got.status_code, got.content) == (meant.status, meant.body)
    assert all(got.headers[name] == value for name, value in meant.headers)


def test_a_server_stops_though_somebody_still_waits():
    """Within a second or so, and whoever waits gets no answer."""
    answers = []

    def wait(url):
        try:
            answers.append(httpx.get(url + "/v3.0/terms", headers=HEADERS, timeout=20).status_code)
        except httpx.TransportError:
            answers.append(0)

    asked = threading.Event()
    other = fake()
    other.on_request = lambda _: asked.set()
    other.fault(Fault.slow(15))
    with other.serve() as running:
        thread = threading.Thread(target=wait, args=(running.url,))
        thread.start()
        assert asked.wait(10)
    thread.join(5)
    assert answers in ([0], [500])
    with pytest.raises(httpx.ConnectError):
        httpx.get(running.url)


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_open(server):
    """The operating system's own, before anything is served."""
    with pytest.raises(OSError, match="in use"):
        fake().serve(server.port)


def test_it_serves_on_ipv6_too():
    """With brackets in the URL."""
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        running = fake().serve(host="::1")
    except OSError:
        pytest.skip("no IPv6 here")
    with running:
        assert running.url.startswith("http://[::1]:")
        assert httpx.get(running.url + "/v3.0/districts", headers=HEADERS).json()["data"][0]["data"]["id"] == OAKVALE


def test_a_server_that_cannot_start_says_so(monkeypatch):
    """Rather than to hang."""
    running = fake().serve()
    monkeypatch.setattr(running, "_run", lambda: None)
    monkeypatch.setattr(running, "_thread", threading.Thread(target=running._run))
    with pytest.raises(RuntimeError, match="did not start at http://127"):
        running.__enter__()


def test_any_asgi_server_can_run_it(clever):
    """It is an ASGI application: here under httpx's own ASGI transport."""

    async def get(**options):
        transport = httpx.ASGITransport(app=clever.app, **options)
        async with httpx.AsyncClient(transport=transport, base_url="http://fake", headers=HEADERS) as client:
            return await client.get(USERS)

    assert asyncio.run(get()).json() == ask(clever, USERS).json
    with clever.fault(Fault.redirect("/x")):
        assert asyncio.run(get()).status_code == 302
    with clever.fault(Fault.cut()), pytest.raises(ConnectionAbortedError, match="told to break"):
        asyncio.run(get())


def test_it_takes_part_in_a_server_s_start_and_stop(clever):
    """The lifespan protocol; a web socket is refused."""
    sent = []

    async def live():
        said = iter(["lifespan.startup", "lifespan.shutdown"])

        async def receive():
            return {"type": next(said)}

        async def send(message):
            sent.append(message["type"])

        await clever({"type": "lifespan"}, receive, send)
        with pytest.raises(ValueError, match="answers http, not websocket"):
            await clever({"type": "websocket"}, receive, send)

    asyncio.run(live())
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_time_on_a_given_clock_takes_none():
    """In the application too, what would be waited for goes to `sleep`."""
    slept = []
    other = fake(sleep=slept.append)
    other.fault(Fault.slow(3600))
    with other.serve() as running:
        assert httpx.get(running.url + USERS, headers=HEADERS).status_code == 200
    assert slept == [3600]


def test_the_fake_needs_neither_httpx_nor_uvicorn():
    """To be imported, changed and asked; and it says what to install for the rest."""
    code = """if True:
        import sys
        sys.modules["httpx"] = sys.modules["uvicorn"] = None
        from rolecall.testing import FakeClever, demo_district
        fake = FakeClever(demo_district(users=100))
        fake.delete("user", "ca5700000000000000000001")
        assert fake.respond("GET", "/v3.0/events", "", {"Authorization": "Bearer fake-token"}).status == 200
        for part in (fake.transport, fake.serve):
            try:
                part()
            except ModuleNotFoundError as error:
                print(error)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines() == [
        "this is a transport for httpx: `pip install 'rolecall[live]'`",
        "the fake Clever serves with uvicorn: `pip install 'rolecall[serve]'`",
    ]
