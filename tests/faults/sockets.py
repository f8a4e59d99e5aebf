# ruff: noqa: ARG002 - every bench is asked alike
"""What a network does, over real sockets and in real time: a cut, a hang-up, a drip, a refusal, a name not found."""

import socket
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from rolecall import Authorizer
from rolecall.facts.clever import Clever, StaticTokens
from rolecall.facts.direct import Direct
from rolecall.ports import Assignments
from rolecall.testing import Fault

from faults.benches import Bench
from faults.world import SECOND, Running, Truth, table

_AGE, _STALE = 0.5, 2.0
_TIMEOUT, _PATIENCE = 0.2, 0.3


class SocketBench(Bench):
    """Facts asked of a Clever on a socket, in real time: so everything is a hundred times shorter."""

    def __init__(self, tally, size):
        super().__init__(tally, Truth(Running()), size.seed, asked=4)
        self.server = self.truth.fake.serve()
        self.server.__enter__()
        self.closing.callback(self.server.__exit__)
        self.clever = Clever(
            StaticTokens(self.truth.fake.tokens),
            base_url=f"http://localhost:{self.server.port}",
            per_minute=10**6,
            page=3,
            timeout=timedelta(seconds=_TIMEOUT),
            patience=timedelta(seconds=_PATIENCE),
        )
        self.closing.callback(self.clever.close)
        self.pdp = Authorizer(
            table(),
            facts=Direct(self.clever, max_age=timedelta(seconds=_AGE)),
            assignments=Assignments(self.truth.assigned, max_age=timedelta(days=1)),
            max_stale=timedelta(seconds=_STALE),
            clock=self.time.wall,
        )

    def since(self, decision, asked, made):
        oldest = asked - round((_STALE if self.faulty else _AGE) * SECOND)
        as_of = decision.feed.as_of
        return asked if as_of is None else max(min(as_of, asked), oldest)

    def answers(self):
        """Whether anybody listens there."""
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", self.server.port)) == 0

    @contextmanager
    def away(self):
        """Stop the server for a while; what comes to its port is refused."""
        port = self.server.port
        self.server.__exit__()
        yield
        self.server = self.truth.fake.serve(port)
        self.server.__enter__()

    @contextmanager
    def nameless(self):
        """Let no name be found for a while, and no connection be at hand."""
        error = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        with self.away():
            pass
        with patch.object(socket, "getaddrinfo", side_effect=error) as asked:
            yield
        self.tally.injected["names not found"] += asked.call_count


ANSWERS = {
    "cut": Fault.cut(),
    "hang up": Fault.hang_up(),
    "slow": Fault.slow(1),
    "drip": Fault.drip(0.05, 20),
}


def over_sockets(tally, size):
    """Each of them: well, then older than they should be, then too old, then well again."""
    with SocketBench(tally, size) as bench:
        kinds = [*ANSWERS, "refused", "names not found"]
        for number, kind in enumerate(kinds if size.full else kinds[:1]):
            asynchronous = number % 2 == 1
            bench.time.pass_(_STALE if number else 0)
            bench.settle()
            bench.round("before", asynchronous=asynchronous)
            bench.time.pass_(_AGE)
            bench.faulty = True
            if kind in ANSWERS:
                with bench.truth.fake.fault(ANSWERS[kind]) as placed:
                    _rounds(bench, asynchronous=asynchronous)
                tally.injected[kind] += placed.hits
            elif kind == "refused":
                with bench.away():
                    _rounds(bench, asynchronous=asynchronous)
                    tally.injected[kind] += not bench.answers()
            else:
                with bench.nameless():
                    _rounds(bench, asynchronous=asynchronous)
            bench.time.pass_(_STALE)
            bench.faulty = False
            bench.refresh()
            bench.round("after", asynchronous=asynchronous)


def _rounds(bench, *, asynchronous):
    bench.round("during", asynchronous=asynchronous)
    bench.change()
    for seconds in (_AGE, _AGE, _STALE):
        bench.round(asynchronous=asynchronous)
        bench.time.pass_(seconds)
    bench.round(asynchronous=asynchronous)


def scenarios():
    """Each by its name."""
    return {"cut, hung up, slow, refused, no such name, over real sockets: asked directly": over_sockets}
