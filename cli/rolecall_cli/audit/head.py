"""`rolecall audit head`."""

from __future__ import annotations

import json
from pathlib import Path
from time import time_ns
from typing import Annotated

import typer

from rolecall_cli.audit.options import DEFAULT_AUDIT, AuditUrl, open_log
from rolecall_cli.live import wrong


def head(
    context: typer.Context,
    sign: Annotated[
        Path | None, typer.Option("--sign", metavar="KEY", help="Sign it with this private key (PEM, Ed25519).")
    ] = None,
    audit: AuditUrl = DEFAULT_AUDIT,
) -> None:
    """Print how far each chain is, to be kept elsewhere.

    `rolecall audit verify --head` finds with it what was cut off since, or that the store was put back.
    """
    log = open_log(context, audit)
    from rolecall.audit.checkpoints import make_head  # noqa: PLC0415 - keeps --help quick

    try:
        made = make_head(log.store, time_ns(), sign)
    except ModuleNotFoundError as error:  # to sign needs the extra
        wrong(str(error))
    typer.echo(json.dumps(made.data(), indent=2))
