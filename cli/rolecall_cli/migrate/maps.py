"""The sources that `--map` names, read into one map; Clever itself is asked with the tokens of the environment."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

import typer

from rolecall_cli.live import open_clever
from rolecall_cli.migrate.progress import Progress

if TYPE_CHECKING:
    from rolecall.migration import Map, Settings

_PATIENCE = timedelta(seconds=45)  # a minute's budget that is used up is waited for


def read_maps(sources: Iterable[str], settings: Settings, told: Progress) -> Map:
    """Read every source; raises `FactsError` where one cannot be read."""
    from rolecall.migration import read_clever, read_map  # noqa: PLC0415 - keeps --help quick
    from rolecall.migration.mapping.of_clever import LIVE  # noqa: PLC0415

    found: Map | None = None
    alike = frozenset(settings.accounts.alike)
    for one in sources:
        if not one.startswith(LIVE):
            found = read_map(one, settings.map, found, lambda n: told("rows of the map", n), alike=alike)
            continue
        district = one.removeprefix(LIVE)
        clever = open_clever(patience=_PATIENCE)
        try:
            wanted = [district] if district else ()
            found = read_clever(clever, found, lambda n: _page_read(told, n), districts=wanted, alike=alike)
        finally:
            clever.close()
    if found is None:
        raise typer.BadParameter("there is no map", param_hint="--map")
    return found


def _page_read(told: Progress, number: int) -> None:
    """Tell how far it is. Each answer is a ring of objects, which nobody sweeps up while the collector is off."""
    gc.collect(0)
    told("users at Clever", number)
