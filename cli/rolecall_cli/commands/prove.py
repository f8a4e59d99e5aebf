"""`rolecall prove`."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall_cli.options import POLICIES
from rolecall_cli.proofs import as_annotations, as_data, render

if TYPE_CHECKING:
    from rolecall.analysis.claims import Claim
    from rolecall.analysis.difference import Version


class ProveFormat(StrEnum):
    """How the verdicts are written."""

    text = "text"
    json = "json"
    github = "github"


As = Annotated[ProveFormat, typer.Option("--format", help="For a person, or for a program.")]


def prove(
    path: Annotated[
        Path, typer.Argument(envvar="ROLECALL_POLICIES", help="The policy: a file, or a folder with its claims.")
    ] = POLICIES,
    claims: Annotated[
        Path | None, typer.Option("--claims", help="The claims, where they are not in the policy's folder.")
    ] = None,
    wanted: Annotated[str, typer.Option("--filter", help="Only claims with this text in their name.")] = "",
    format: As = ProveFormat.text,  # noqa: A002 - the option's name
) -> None:
    """Decide what a policy's claims say.

    Each over every cell of the table; of a claim that is false, the smallest counterexample, with a test to paste.
    """
    from rolecall.analysis.claims import prove as decide  # noqa: PLC0415 - keeps --help quick

    version, found = _read(path, claims or path)
    verdicts = list(decide([one for one in found if wanted in one.id], version.policy, version.table))
    if not verdicts:
        raise typer.BadParameter(f"no claim in `{claims or path}` has `{wanted}` in its name", param_hint="--filter")
    if format is ProveFormat.json:
        typer.echo(json.dumps(as_data(verdicts), indent=2))
    else:
        for line in [render(verdicts)] if format is ProveFormat.text else as_annotations(verdicts):
            typer.echo(line)
    if any(one.answer != "proven" for one in verdicts):
        raise typer.Exit(1)


def _read(path: Path, claims: Path) -> tuple[Version, list[Claim]]:
    """Read the policy and its claims; what is wrong with either is told like an invalid policy."""
    from rolecall.analysis.claims import read_claims  # noqa: PLC0415 - keeps --help quick
    from rolecall.analysis.difference import Version  # noqa: PLC0415
    from rolecall.errors import PolicyError  # noqa: PLC0415
    from rolecall.loader import load_policy  # noqa: PLC0415

    for one in (path, claims):
        if not one.exists():
            raise typer.BadParameter(f"there is no file or folder `{one}`")
    version = Version.of(load_policy(path))
    found, findings = read_claims(claims, version.policy)
    if findings:
        raise PolicyError(findings, "the claims have")
    if not found:
        raise typer.BadParameter(f"`{claims}` holds no claims: a file of claims begins with `rolecall-claims: 1`")
    return version, found
