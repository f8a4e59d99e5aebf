"""`rolecall audit keygen`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from rolecall_cli.live import wrong
from rolecall_cli.style import shown
from rolecall_cli.writing import unwritten


def keygen(
    file: Annotated[Path, typer.Argument(help="Where the private key goes; the public one beside it, as FILE.pub.")],
) -> None:
    """Make a key that signs checkpoints and heads (Ed25519).

    The private key belongs to the process that records, and to nobody who can write to the store otherwise.
    """
    try:
        from rolecall.audit.keys import make_key  # noqa: PLC0415 - keeps --help quick
    except ModuleNotFoundError as error:
        wrong(str(error))
    private, public = make_key()
    beside = file.with_name(file.name + ".pub")
    try:
        for where, data, mode in ((file, private, 0o600), (beside, public, 0o644)):
            with os.fdopen(os.open(where, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
                stream.write(data)
    except FileExistsError as error:
        said = f"`{error.filename}` is there already: what an old key signed needs it to be verified"
        raise typer.BadParameter(said, param_hint="FILE") from None
    except OSError as error:
        raise unwritten(error.filename, error, "FILE") from None
    typer.echo(shown(f"{file} signs: Audit.open(…, signing_key={str(file)!r})"))
    typer.echo(shown(f"{beside} verifies: rolecall audit verify --key {beside}"))
