"""`rolecall sync`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall_cli.forgetting import forget_district
from rolecall_cli.live import DEFAULT_STORE, StoreUrl, open_clever, open_store
from rolecall_cli.options import Format, note
from rolecall_cli.signals import until_asked
from rolecall_cli.syncing import Bar, Teller

if TYPE_CHECKING:
    from rolecall.live import Clever, Store

_PATIENCE = timedelta(seconds=45)  # a minute's budget that is used up is waited for


def sync(
    store: StoreUrl = DEFAULT_STORE,
    district: Annotated[
        list[str] | None,
        typer.Option("--district", metavar="ID", help="Only this district; may be given several times."),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Stay on, and follow Clever until stopped.")] = False,
    every: Annotated[float, typer.Option("--every", min=0.1, help="With --watch: seconds between two polls.")] = 10,
    full: Annotated[bool, typer.Option("--full", help="Read everything anew, whatever the events say.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare the store with Clever, and list differences.")
    ] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Say yes to the mass change that is held, or to --forget.")
    ] = False,
    forget: Annotated[
        str | None,
        typer.Option("--forget", metavar="ID", help="End a district that has left, or never came; --accept says yes."),
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="For a person, or for a program.")] = Format.text,  # noqa: A002 - the option's name
) -> None:
    """Keep the roster store current with Clever.

    The first time every record is read; after that, what Clever's events say. Run it every few minutes, or with
    --watch. A run that was cut off goes on where it was.
    """
    if verify and (watch or full or accept):
        raise typer.BadParameter("--verify only compares: it goes with none of --watch, --full, --accept")
    if forget is not None:
        if watch or full or verify or district:
            raise typer.BadParameter("--forget goes with none of --watch, --full, --verify, --district")
        forget_district(store, forget, format, accept=accept)
        return
    clever = open_clever(patience=_PATIENCE)
    roster = open_store(store, create=not verify)
    teller = Teller(roster, format)
    try:
        if watch:
            _watch(clever, roster, teller, district or (), timedelta(seconds=every), full=full, accept=accept)
            return
        for one in _districts(clever, roster, teller, tuple(district or ()), verify=verify):
            _once(clever, roster, teller, one, full=full, accept=accept, verify=verify)
    finally:
        clever.close()
        roster.close()
    if teller.code:
        raise typer.Exit(teller.code)


def _districts(
    clever: Clever, roster: Store, teller: Teller, given: tuple[str, ...], *, verify: bool
) -> tuple[str, ...]:
    """Give the districts to be synced: those given, or all that have a token; what keeps it from that is told."""
    from rolecall.calls import run  # noqa: PLC0415 - keeps --help quick
    from rolecall.errors import FactsError  # noqa: PLC0415
    from rolecall.facts.sync import Outcome, expect  # noqa: PLC0415

    try:
        found = run(clever.districts()) if verify else expect(clever, roster, given)
    except FactsError as error:
        if not given:  # else each of them says so itself
            teller.tell(Outcome("", error=error))
        return given
    if given:
        return given
    for one in sorted({*roster.districts()} - {*found}):
        note(
            f"district {one} is in the store, but there is no token for it: its facts only grow older. "
            f"Where it has left for good: `rolecall sync --forget {one}`"
        )
    if not found:
        note("there is no district to sync: none has connected this application in Clever yet")
    return found


def _once(
    clever: Clever, roster: Store, teller: Teller, district: str, *, full: bool, accept: bool, verify: bool
) -> None:
    """Sync or compare one district, and tell what came of it; a failure keeps no other district waiting."""
    from rolecall.errors import FactsError  # noqa: PLC0415 - keeps --help quick
    from rolecall.facts.sync import Outcome, Verified, sync_district  # noqa: PLC0415
    from rolecall.facts.sync import verify as compare  # noqa: PLC0415

    found: Outcome | Verified
    try:
        with Bar(district) as bar:
            if verify:
                found = compare(clever, roster, district, progress=bar)
            else:
                found = Outcome(
                    district, sync_district(clever, roster, district, progress=bar, full=full, accept=accept)
                )
    except FactsError as error:
        found = Outcome(district, error=error)
    if isinstance(found, Verified):
        teller.tell_verified(found)
    else:
        teller.tell(found)


def _watch(
    clever: Clever,
    roster: Store,
    teller: Teller,
    districts: Iterable[str],
    every: timedelta,
    *,
    full: bool,
    accept: bool,
) -> None:
    """Follow until somebody says stop; every district that changes or fails is told."""
    from rolecall.facts.sync import Watch  # noqa: PLC0415 - keeps --help quick

    note(f"following Clever every {every.total_seconds():g} seconds; Ctrl-C stops")
    with until_asked() as stop:
        Watch(
            clever, roster, told=teller.tell_news, stop=stop, districts=districts, every=every, full=full, accept=accept
        ).run()
    note("stopped; the store stays as it is, and the next sync goes on from there")
