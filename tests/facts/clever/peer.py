"""A Clever that answers as it is told, in process and on a socket, and a clock that moves when somebody waits."""

import asyncio
import gzip
import io
import json
import logging
import socket
import threading
import time
from contextlib import contextmanager

import httpx
from rolecall.calls import run, run_async
from rolecall.facts.clever import Clever, StaticTokens
from rolecall.facts.clever.clock import Clock

TOKEN = "5ec2e7" * 7
OLD = "01d01d" * 7
DISTRICT = "d1"


class Hands:
    """The hands of a clock: nobody sleeps, and every sleep is known."""

    def __init__(self, now=1_000_000_000.0):
        self.ticks, self.ahead, self.slept = 0.0, now, []
        self._lock = threading.Lock()

    def sleep(self, seconds):
        with self._lock:
            self.slept.append(seconds)
            self.ticks += seconds

    async def asleep(self, seconds):
        self.sleep(seconds)
        await asyncio.sleep(0)

    def clock(self):
        return Clock(
            now=lambda: self.ahead + self.ticks, ticks=lambda: self.ticks, sleep=self.sleep, asleep=self.asleep
        )


class Peer(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Gives its answers one after the other, the last one for ever. An answer is a function of the request."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []
        self.closed = 0
        self._lock = threading.Lock()

    def _answer(self, request):
        with self._lock:
            self.requests.append(request)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        answer = answer(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def handle_request(self, request):
        return self._answer(request)

    async def handle_async_request(self, request):
        await asyncio.sleep(0)
        answer = self._answer(request)
        return await answer if asyncio.iscoroutine(answer) else answer

    def close(self):
        self.closed += 1

    @property
    def paths(self):
        return [request.url.raw_path.decode() for request in self.requests]

    @property
    def tokens(self):
        return [request.headers["authorization"] for request in self.requests]


def answer(status=200, body=b"", headers=None):
    """An answer with these bytes."""
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda _: httpx.Response(status, headers=headers, content=body)


def raw(body, headers):
    """An answer whose bytes are sent as they are, whatever the headers say."""

    class Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __iter__(self):
            yield from body

        async def __aiter__(self):
            for part in body:
                yield part

    return lambda _: httpx.Response(200, headers=headers, stream=Stream())


def fails(error):
    """No answer, but an error of the connection."""
    return lambda _: error("no name, no secret")


def record(**data):
    return answer(body={"data": data, "links": [{"rel": "self", "uri": "/v3.0/x"}]})


def page(*records, following=None):
    links = [{"rel": "self", "uri": "/v3.0/x"}]
    if following is not None:
        links.append({"rel": "next", "uri": following})
    return answer(body={"data": [{"data": one} for one in records], "links": links})


def packed(body):
    return gzip.compress(json.dumps(body).encode())


def client(*answers, hands=None, tokens=None, **settings):
    """A client whose Clever gives these answers; `clever.peer` is that Clever."""
    peer = Peer(*answers)
    if hands is not None:
        settings["clock"] = hands.clock()
    clever = Clever(tokens or StaticTokens({DISTRICT: TOKEN, "d2": OLD}), transport=peer, **settings)
    clever.peer = peer
    return clever


def ask(mode, calls):
    """Run a generator of calls in sync or async code."""
    return run(calls) if mode == "sync" else asyncio.run(run_async(calls))


@contextmanager
def listening(*scripts, greeting=b""):
    """A server on a real socket: each connection in turn is served by one of the scripts, the last one for ever."""
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()
    seen = []

    def serve(connection, script):
        with connection:
            try:
                connection.sendall(greeting)
                while not over.is_set():
                    head = b""
                    while b"\r\n\r\n" not in head:
                        more = connection.recv(65536)
                        if not more:
                            return
                        head += more
                    seen.append(head.decode())
                    for part in script:
                        if part is None:
                            return
                        if isinstance(part, float):
                            over.wait(part)
                        elif isinstance(part, threading.Event):
                            part.wait(30)
                        else:
                            connection.sendall(part)
            except OSError:
                return

    def accept():
        number = 0
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            script = scripts[min(number, len(scripts) - 1)]
            number += 1
            threading.Thread(target=serve, args=(connection, script), daemon=True).start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}", seen
    finally:
        over.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        accepting.join(2)
        time.sleep(0)


@contextmanager
def everything_logged():
    """Whatever any logger has to say, at its most talkative."""
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    loggers = [logging.getLogger(name) for name in ("", "httpx", "httpcore", "httpx_retries", "asyncio", "rolecall")]
    levels = [one.level for one in loggers]
    loggers[0].addHandler(handler)
    for one in loggers:
        one.setLevel(logging.DEBUG)
    try:
        yield log
    finally:
        loggers[0].removeHandler(handler)
        for one, level in zip(loggers, levels, strict=True):
            one.setLevel(level)


def http(body, status="200 OK", headers=(), length=None):
    """The bytes of an answer."""
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
