"""What the commands about live facts share: the roster store, and Clever with its tokens."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rolecall.live import Clever, Store

DEFAULT_STORE = "sqlite:///rolecall.db"
HOST = "https://api.clever.com"

StoreUrl = Annotated[
    str,
    typer.Option("--store", envvar="ROLECALL_STORE", metavar="URL", help="The roster store: a file, or postgresql://…"),
]

TOKENS = """\
ROLECALL_CLEVER_TOKEN (one district's token), ROLECALL_CLEVER_TOKENS (a JSON file {"district id": "token"}),
or CLEVER_CLIENT_ID with CLEVER_CLIENT_SECRET (then Clever lists the districts)"""


def need_live() -> None:
    """End with wrong usage where the extra `live` is not installed."""
    try:
        import_module("rolecall.live")
    except ModuleNotFoundError as error:
        wrong(str(error))


def open_store(url: str, *, create: bool = False) -> Store:
    """Open the roster store; raises `FactsError` where it cannot be."""
    need_live()
    from rolecall.live import Store  # noqa: PLC0415 - keeps --help quick

    return Store.open(url, create=create)


def open_clever(*, patience: timedelta) -> Clever:
    """Give Clever with the tokens that the environment names; wrong usage where it names none."""
    return find_clever(patience=patience) or wrong(f"there is no token for Clever. Set in the environment {TOKENS}")


def find_clever(*, patience: timedelta) -> Clever | None:
    """Give Clever with the tokens that the environment names, None where it names none."""
    need_live()
    from rolecall.live import Clever, ClientTokens, OneToken, StaticTokens  # noqa: PLC0415 - keeps --help quick

    base = _base()
    token, file = os.environ.get("ROLECALL_CLEVER_TOKEN"), os.environ.get("ROLECALL_CLEVER_TOKENS")
    client, secret = os.environ.get("CLEVER_CLIENT_ID"), os.environ.get("CLEVER_CLIENT_SECRET")
    try:
        if token:
            return Clever(OneToken(token), base_url=base, patience=patience)
        if file:
            return Clever(StaticTokens(_read_tokens(Path(file))), base_url=base, patience=patience)
        if client and secret:
            where = "https://clever.com/oauth/tokens" if base == HOST else f"{base}/oauth/tokens"
            return Clever(ClientTokens(client, secret, url=where), base_url=base, patience=patience)
    except ValueError as error:
        wrong(str(error))
    return None


def _base() -> str:
    """Give where Clever is, as the environment says; wrong usage where that is no address."""
    from rolecall.facts.clever.base import read_base  # noqa: PLC0415 - keeps --help quick

    base = os.environ.get("ROLECALL_CLEVER_URL") or HOST
    try:
        read_base(base, "/v3.0")
    except ValueError as error:
        wrong(f"ROLECALL_CLEVER_URL: {error}")
    return base


def _read_tokens(file: Path) -> Mapping[str, str]:
    """Read the file of tokens; nothing of it is ever shown."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        wrong(f"cannot read `{file}`, which ROLECALL_CLEVER_TOKENS names: {error.strerror or error}")
    except ValueError:
        wrong(f"`{file}`, which ROLECALL_CLEVER_TOKENS names, is not JSON")
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()) or not found:
        wrong(f'`{file}`, which ROLECALL_CLEVER_TOKENS names, must be {{"district id": "token"}}')
    return found


def wrong(text: str) -> NoReturn:
    """End with wrong usage."""
    raise typer.BadParameter(text)
