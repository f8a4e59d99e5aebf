"""`rolecall sync --forget`: a district that has left, or never came."""

from __future__ import annotations

import json
from datetime import timedelta
from time import time_ns

import typer

from rolecall_cli.live import find_clever, open_store
from rolecall_cli.options import Format
from rolecall_cli.style import shown

_PATIENCE = timedelta(seconds=10)


def forget_district(url: str, district: str, form: Format, *, accept: bool) -> None:
    """Have the store end what it holds of a district, and expect it no longer; exit code 1 until somebody says yes."""
    store = open_store(url)
    from rolecall.facts.store import StillHeld  # noqa: PLC0415 - keeps --help quick
    from rolecall.facts.store.errors import counted  # noqa: PLC0415
    from rolecall.facts.store.staging import owner  # noqa: PLC0415

    try:
        _see_left(district)
        ended = store.forget(district, owner(), time_ns(), accept=accept)
    except StillHeld as held:
        if form is Format.json:
            _out(district, "held", error=str(held), held=dict(held.held))
        else:
            typer.echo(shown(str(held)), err=True)
        raise typer.Exit(1) from None
    finally:
        store.close()
    if form is Format.json:
        _out(district, "forgotten", ended=dict(ended))
    elif ended:
        typer.echo(shown(f"district {district}: forgotten; {counted(ended)} ended as of now, what was stays known"))
    else:
        typer.echo(shown(f"district {district}: forgotten; nothing was held of it, and it is no longer waited for"))


def _see_left(district: str) -> None:
    """Raise `FactsError` where a token for the district is still given, or nobody can tell whether one is."""
    from rolecall.calls import run  # noqa: PLC0415 - keeps --help quick
    from rolecall.errors import FactsError  # noqa: PLC0415

    clever = find_clever(patience=_PATIENCE)
    if clever is None:
        return
    try:
        given = run(clever.districts())
    except FactsError as error:
        raise FactsError(
            f"district `{district}` is not forgotten: whether a token for it is still given cannot be told ({error}). "
            "Where the token is its own, take it out of the environment first; else try again later"
        ) from None
    finally:
        clever.close()
    if district in given:
        raise FactsError(
            f"district `{district}` is not forgotten: a token for it is still given, and the next sync would read it "
            "anew. Take the token away first: out of the environment or its file, or in Clever's dashboard"
        )


def _out(district: str, outcome: str, **more: object) -> None:
    typer.echo(json.dumps({"schema": 1, "district": district, "outcome": outcome, **more}))
