"""What a store of records holds, counted: outcomes, reasons, permissions, rules, people, days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from rolecall.audit.entry import Entry
from rolecall.audit.rebuild import Blobs
from rolecall.audit.rows import outcome
from rolecall.instants import DAY, render_instant


class Stats(msgspec.Struct):
    """Counts over records. `rules` counts those that gave or cut what was asked; `days` are of UTC."""

    records: int = 0
    first_ns: int | None = None
    last_ns: int | None = None
    people: set[str] = msgspec.field(default_factory=set)
    outcomes: Counter[str] = msgspec.field(default_factory=Counter)
    reasons: Counter[str] = msgspec.field(default_factory=Counter)
    kinds: Counter[str] = msgspec.field(default_factory=Counter)
    permissions: Counter[str] = msgspec.field(default_factory=Counter)
    rules: Counter[str] = msgspec.field(default_factory=Counter)
    policies: Counter[str] = msgspec.field(default_factory=Counter)
    days: Counter[str] = msgspec.field(default_factory=Counter)


def count(entries: Iterable[Entry], blobs: Blobs) -> Stats:
    """Count records."""
    found = Stats()
    days: dict[int, int] = {}
    cells: Counter[tuple[str, str | None]] = Counter()
    for entry in entries:
        found.records += 1
        at = entry.time_ns
        found.first_ns = at if found.first_ns is None else min(found.first_ns, at)
        found.last_ns = at if found.last_ns is None else max(found.last_ns, at)
        found.people.add(entry.subject)
        found.outcomes[outcome(entry)] += 1
        found.reasons[entry.code] += 1
        found.kinds[entry.mark] += 1
        found.permissions[f"{entry.type}.{entry.permission or '*'}"] += 1
        found.policies[entry.policy] += 1
        days[at // DAY] = days.get(at // DAY, 0) + 1
        cells[entry.cell, entry.permission] += 1
    for (cell, permission), number in cells.items():
        for rule in _behind(blobs, cell, permission):
            found.rules[rule] += number
    found.policies = Counter({str(blobs[policy]["digest"]): number for policy, number in found.policies.items()})
    found.days = Counter({render_instant(day * DAY)[:10]: number for day, number in sorted(days.items())})
    return found


def _behind(blobs: Blobs, cell: str, permission: str | None) -> set[str]:
    """Give the ids of the rules that gave or cut what was asked."""
    said = blobs[cell]
    given = {rule for rule, _, _, held in said["given"] if permission is None or permission in held}
    cut = {rule for rule, _, _, held in said["capped"] if permission is None or permission not in held}
    return given | (cut if given else set())
