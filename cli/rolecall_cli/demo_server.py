"""`rolecall demo --serve`: the demo district behind Clever's API, on a socket of this machine."""

from __future__ import annotations

import time

import typer

from rolecall_cli.style import styled

TOKEN = "demo-token"  # noqa: S105 - printed for everybody to use
HOWTO = """\
  export ROLECALL_CLEVER_URL={url}
  export ROLECALL_CLEVER_TOKEN={token}
  {me} sync                       read the district into a store; --watch stays and follows its changes
  {me} explain --store sqlite:///rolecall.db --user ca5700000000000000000001 \\
      --resource section:5ec000000000000000000001"""


def serve_demo(users: int, port: int, every: float | None, me: str) -> None:
    """Serve a demo district until Ctrl-C; with `every`, make up a roster change each so many seconds and tell it."""
    from rolecall.testing import FakeClever, demo_records  # noqa: PLC0415 - keeps --help quick
    from rolecall.testing.fake.churn import Churn  # noqa: PLC0415

    fake = FakeClever(demo_records(users), token=TOKEN)
    try:
        server = fake.serve(port)
    except ModuleNotFoundError as error:
        raise typer.BadParameter(str(error), param_hint="--serve") from None
    except OSError as error:
        said = f"cannot listen on port {port} ({error.strerror or error}): give another one, or 0 for any that is free"
        raise typer.BadParameter(said, param_hint="--port") from None
    churn = Churn(fake) if every else None
    try:
        with server:
            _say(styled(f"Oakvale, a made-up district of {users} people, at {server.url} until Ctrl-C", "bold"))
            _say("\n" + styled("In another terminal", "bold"))
            _say(HOWTO.format(url=server.url, token=TOKEN, me=me))
            while True:
                time.sleep(every or 3600)
                if churn:
                    _say(f"{time.strftime('%H:%M:%S')} {churn.step()}")
    except KeyboardInterrupt:
        _say("stopped")


def _say(text: str) -> None:
    """Print at once, whether to a terminal or to a file."""
    print(text, flush=True)  # noqa: T201 - the command line's own voice
