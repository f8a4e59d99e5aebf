"""`rolecall doctor`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall_cli.live import DEFAULT_STORE, HOST, StoreUrl, open_clever
from rolecall_cli.options import POLICIES, Format, Policies, origin_of
from rolecall_cli.style import shown, styled

if TYPE_CHECKING:
    from rolecall.diagnosis import Result, Setup

_STYLES = {"ok": "green", "warning": "yellow", "failed": "red"}
_NAMES: tuple[tuple[str, ...], ...] = (
    ("ROLECALL_CLEVER_TOKEN",),
    ("ROLECALL_CLEVER_TOKENS",),
    ("CLEVER_CLIENT_ID", "CLEVER_CLIENT_SECRET"),
)
_PATIENCE = timedelta(seconds=10)


def doctor(
    context: typer.Context,
    store: StoreUrl = DEFAULT_STORE,
    policies: Policies = POLICIES,
    only: Annotated[
        list[str] | None,
        typer.Option("--district", metavar="ID", help="Only this district; may be given several times."),
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="For a person, or for a program.")] = Format.text,  # noqa: A002 - the option's name
) -> None:
    """Say what is wrong, and what to do about it.

    Policy, store, the age of facts, network, clock, tokens, and each district at Clever. Nothing is changed.
    """
    from rolecall.diagnosis import diagnose  # noqa: PLC0415 - keeps --help quick

    setup = _setup(context, store, policies, tuple(only or ()))
    found: list[Result] = []
    try:
        for result in diagnose(setup):
            found.append(result)
            if format is Format.text:
                typer.echo(_rendered(result))
    finally:
        for clever in (setup.clever, setup.personal):
            if clever is not None:
                clever.close()
    counts = {state: sum(one.state == state for one in found) for state in ("ok", "warning", "failed")}
    if format is Format.json:
        rows = [{name: getattr(one, name) or None for name in one.__struct_fields__} for one in found]
        typer.echo(json.dumps({"schema": 1, "counts": counts, "results": rows}, indent=2))
    else:
        worst = next(state for state in ("failed", "warning", "ok") if counts[state] or state == "ok")
        plural = "" if counts["warning"] == 1 else "s"
        said = f"{counts['ok']} ok, {counts['warning']} warning{plural}, {counts['failed']} failed"
        typer.echo("\n" + styled(said, _STYLES[worst]))
    if counts["failed"]:
        raise typer.Exit(1)


def _rendered(result: Result) -> str:
    """Give a result in a line, and what to do in another."""
    where = f"{result.check} of district {result.district}" if result.district else result.check
    head = f"{styled(f'{result.state:<7}', _STYLES[result.state])}  {shown(f'{where}: {result.says}')}"
    return f"{head}\n         {shown(result.fix)}" if result.fix else head


def _setup(context: typer.Context, store: str, policies: Path, only: tuple[str, ...]) -> Setup:
    """Gather what there is to be looked at: what was typed, and what the environment says."""
    from rolecall.diagnosis import Setup  # noqa: PLC0415 - keeps --help quick

    given = [names for names in _NAMES if all(os.environ.get(name) for name in names)]
    base = os.environ.get("ROLECALL_CLEVER_URL") or HOST
    clever, personal, trouble, missing = None, None, "", ""
    try:
        from rolecall.live import Clever, StaticTokens  # noqa: PLC0415 - keeps --help quick
    except ModuleNotFoundError as error:
        missing = str(error)
    else:
        try:
            clever = open_clever(patience=_PATIENCE) if given else None
            if given and given[0] == _NAMES[0]:
                tokens = StaticTokens({"": os.environ["ROLECALL_CLEVER_TOKEN"]})
                personal = Clever(tokens, base_url=base, patience=_PATIENCE)
        except typer.BadParameter as error:
            trouble = error.message
    return Setup(
        policies,
        store,
        policies_named=origin_of(context, "policies") != "DEFAULT",
        store_named=origin_of(context, "store") != "DEFAULT",
        tokens=" and ".join(given[0]) if given else "",
        trouble=trouble,
        advice=tuple(_advice(given)),
        clever=clever,
        personal=personal,
        base_url=base,
        missing=missing,
        only=only,
    )


def _advice(given: list[tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """Say what is odd in the environment's words about tokens, and what to do."""
    names = [" and ".join(one) for one in given]
    if len(names) > 1:
        yield f"{names[0]} is used, and {', '.join(names[1:])} beside it is not", "unset what is not meant"
    half = [name for name in _NAMES[2] if os.environ.get(name)]
    if len(half) == 1:
        (other,) = (name for name in _NAMES[2] if name not in half)
        yield f"{half[0]} is set and {other} is not", "set both, or neither"
    file = os.environ.get("ROLECALL_CLEVER_TOKENS")
    if file and os.name == "posix" and Path(file).is_file() and Path(file).stat().st_mode & 0o077:
        yield f"others on this machine can read the tokens in `{file}`", f"chmod 600 {file}"
