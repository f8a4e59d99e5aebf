"""The fake on a socket: uvicorn in a thread of its own."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING, Final, Self

try:
    import uvicorn
except ModuleNotFoundError:
    raise ModuleNotFoundError("the fake Clever serves with uvicorn: `pip install 'rolecall[serve]'`") from None

if TYPE_CHECKING:
    from rolecall.testing.fake.clever import FakeClever

_GRACE: Final = 1
_START: Final = 10.0


class Server:
    """Serves the fake at `url` for as long as a `with` block lasts; `OSError` for a port that is taken."""

    def __init__(self, fake: FakeClever, port: int, host: str) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # The protocol is named, since asyncio sends small answers at once (TCP_NODELAY) only where it is.
        self._socket = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        # Only http, asyncio and h11: the same whatever else is installed, and silent about faults made on purpose.
        config = uvicorn.Config(
            fake,
            http="h11",
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=_GRACE,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="fake-clever", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + _START
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                self.__exit__()
                raise RuntimeError(f"the fake Clever did not start at {self.url}")
            time.sleep(0.002)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])
