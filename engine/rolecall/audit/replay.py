"""Records decided again by the policy as it was, and compared: code, permissions and reasons, bit for bit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from rolecall.audit.blobs import cell_blob, read_blob
from rolecall.audit.entry import Entry
from rolecall.audit.rebuild import Blobs, Rebuilder, decision_of, room
from rolecall.audit.stores.base import Blob
from rolecall.errors import RolecallError
from rolecall.vocabulary.decision import Decision
from rolecall.vocabulary.reasons import Cell

__all__ = ["Blobs", "Different", "Replay", "decision_of", "replay"]


class Different(msgspec.Struct, frozen=True):
    """A record that says something else than its decision made again: what (`code`, `permissions`, …), and both."""

    id: str
    time_ns: int
    what: str
    recorded: Any
    again: Any


class Replay(msgspec.Struct):
    """What came of a replay, counted while it runs.

    `equal` of `records` are the same bit for bit, `different` are listed one by one where they are met; `lost` counts
    by reason those that cannot be decided again. `policies` counts the records by the digest of their policy.
    """

    records: int = 0
    equal: int = 0
    different: int = 0
    lost: Counter[str] = msgspec.field(default_factory=Counter)
    policies: Counter[str] = msgspec.field(default_factory=Counter)

    @property
    def sound(self) -> bool:
        """Whether every record was decided again, and came out the same."""
        return self.equal == self.records


def replay(entries: Iterable[Entry], blobs: Blobs, tally: Replay) -> Iterator[Different]:
    """Decide each record again and give what differs, in order; `tally` counts along."""
    rebuilder = Rebuilder(blobs)
    cells: dict[int, tuple[Cell, Blob]] = {}
    for entry in entries:
        tally.records += 1
        try:
            again = rebuilder.decision(entry)
            recorded = rebuilder.blob(entry.cell, "cell")
            tally.policies[again.grounds.digest] += 1
        except RolecallError as error:  # something is gone or changed, or was never so
            tally.lost[str(error)] += 1
            continue
        # Cells are shared by decisions: what each is written as is worked out once.
        known = cells.get(id(again.cell))
        if known is None:
            known = room(cells)[id(again.cell)] = (again.cell, cell_blob(again.cell))
        found = _first_difference(entry, recorded, again, known[1])
        if found is None:
            tally.equal += 1
        else:
            tally.different += 1
            yield found


def _first_difference(entry: Entry, recorded: Mapping[str, Any], again: Decision, cell: Blob) -> Different | None:
    """Compare a record with its decision made again, part by part."""
    allowed = None if again.permission is None else again.allowed
    said: list[tuple[str, object, object]] = [
        ("id", entry.id, again.id),
        ("code", entry.code, again.code),
        ("allowed", entry.allowed, allowed),
    ]
    if cell.digest != entry.cell:
        now = read_blob(cell)
        said += [(part, recorded.get(part), now[part]) for part in now]
    return next((Different(entry.id, entry.time_ns, *one) for one in said if one[1] != one[2]), None)
