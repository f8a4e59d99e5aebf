"""`rolecall migrate plan`."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from rolecall_cli.facts import chosen_facts
from rolecall_cli.live import open_store
from rolecall_cli.migrate.files import whole
from rolecall_cli.migrate.maps import read_maps
from rolecall_cli.migrate.progress import Progress
from rolecall_cli.options import At, FactsStore, SnapshotFile, note, parse_time
from rolecall_cli.style import shown

if TYPE_CHECKING:
    from rolecall.migration.effects import Effects
    from rolecall.migration.planning import Planner
    from rolecall.migration.written import Header

_FEW: Final = 20


def plan(
    context: typer.Context,
    accounts: Annotated[
        str,
        typer.Option(
            "--accounts",
            metavar="WHERE",
            envvar="ROLECALL_ACCOUNTS",
            help="The accounts: a database's URL, a .csv or a .jsonl file.",
        ),
    ],
    map: Annotated[  # noqa: A002 - the option's name
        list[str],
        typer.Option(
            "--map",
            metavar="WHERE",
            help="Old ids and new ones: Clever's CSVs (zip, folder, file), a snapshot, a roster store, or Clever "
            "itself (`clever:`, or `clever:DISTRICT`), with the tokens that `sync` uses. Several times.",
        ),
    ],
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="The migration file: columns, and what to do.")
    ] = None,
    policies: Annotated[
        Path | None,
        typer.Option("--policies", help="Say who gains or loses what, by this policy over --snapshot or --store."),
    ] = None,
    snapshot: SnapshotFile = None,
    store: FactsStore = None,
    at: At = None,
    max_losses: Annotated[
        int | None,
        typer.Option("--max-losses", min=0, help="Answer no if more people than these would lose permissions."),
    ] = None,
    decisions: Annotated[
        list[Path] | None,
        typer.Option("--decisions", metavar="FILE", help="What `migrate resolve` made of conflicts. Several times."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Where the plan goes; standard output if absent.")
    ] = None,
) -> None:
    """Say what would come of every account, and change nothing.

    The same accounts, map and choices give the same plan, byte for byte. Exit code 1 where something is held.
    """
    from rolecall.migration import (  # noqa: PLC0415 - keeps --help quick
        Planner,
        open_accounts,
        read_decisions,
        read_settings,
    )
    from rolecall.migration.model import Settings  # noqa: PLC0415

    if max_losses is not None and policies is None:
        raise typer.BadParameter("losses are counted by a policy: give `--policies`", param_hint="--max-losses")
    gc.disable()  # nothing here is garbage before the end, and looking for some takes half as long again
    settings = Settings() if config is None else read_settings(config)
    decided = read_decisions(*decisions or ())
    effects = None if policies is None else _effects(context, policies, snapshot, store, at)
    with Progress() as told:
        found = read_maps(map, settings, told)
        source = open_accounts(accounts, settings)
        context.call_on_close(source.close)
        told.expect("accounts", source.count() if sys.stderr.isatty() else None)
        planner = Planner(found, settings, effects=effects, max_losses=max_losses, told=told, decisions=decided)
        context.call_on_close(planner.close)
        header = planner.run(source)
    _write(planner, out)
    _tell(header, out)


def _write(planner: Planner, out: Path | None) -> None:
    """Write the plan."""
    if out is None:
        planner.write(sys.stdout.buffer)
        return
    with whole(out) as file:
        planner.write(file)


def _tell(header: Header, out: Path | None) -> None:
    """Say in a line or a few what came of it, and end with 1 where somebody has to decide something."""
    from rolecall.migration.outcomes import CONFLICTS  # noqa: PLC0415 - keeps --help quick

    held = {name: number for name, number in header.outcomes.items() if name in CONFLICTS}
    total = header.accounts["count"]
    typer.echo(f"{total:,} accounts: {total - sum(held.values()):,} settled, {sum(held.values()):,} held", err=True)
    for name, number in header.outcomes.items():
        typer.echo(f"  {number:,} {name}", err=True)
    if header.effects:
        lose, gain = header.effects["lose"], header.effects["gain"]
        typer.echo(f"{lose:,} people lose permissions, {gain:,} gain some", err=True)
        if header.effects["unknown"]:
            note(f"of {header.effects['unknown']:,} people the facts hold nothing, so nobody can say what they may do")
    for one in header.decisions:
        _decided(one)
    wrong = {name: number for name, number in header.map.problems.items() if name != "duplicate"}
    if wrong:
        note(f"{sum(wrong.values()):,} rows of the map are wrong, the first: {header.map.named[0]['where']}")
    for said in (*(n for one in header.map.sources for n in one["notes"]), *header.warnings):
        note(said)
    for said in header.refused:
        typer.echo(f"refused: {said}", err=True)
    if out is not None:
        typer.echo(f"`rolecall migrate report {out}` tells it in full", err=True)
    if held or header.refused:
        raise typer.Exit(1)


def _decided(file: dict[str, Any]) -> None:
    """Say how many decisions of a file counted, and why others did not."""
    total, void = file["decisions"], file.get("void", ())
    typer.echo(shown(f"{file['name']}: {file['counted']:,} of {total:,} decisions count"), err=True)
    for one in void[:_FEW]:
        note(f"the decision about account `{one['account']}` (`{one['outcome']}`) does not count: {one['why']}")
    more = total - file["counted"] - len(void[:_FEW])
    if more > 0:
        note(f"nor do {more:,} more")


def _effects(
    context: typer.Context, policies: Path, snapshot: Path | None, store: str | None, at: str | None
) -> Effects:
    """Put the policy in force over the facts."""
    from rolecall import Snapshot  # noqa: PLC0415 - keeps --help quick
    from rolecall.compiler import load_table  # noqa: PLC0415
    from rolecall.loader import load_policy  # noqa: PLC0415
    from rolecall.migration.effects import Effects  # noqa: PLC0415

    table = load_table(load_policy(policies))
    where, moment = chosen_facts(context, snapshot, store), parse_time(at)
    if isinstance(where, Path):
        roster = Snapshot.load(where)
        return Effects(table, roster, moment or roster.as_of or time_ns())
    opened = open_store(where)
    context.call_on_close(opened.close)
    found = opened.roster()
    return Effects(table, found, moment or found.as_of or time_ns())
