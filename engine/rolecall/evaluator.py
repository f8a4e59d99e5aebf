"""(table, facts, request) -> a cell of the table. Pure and total: the whole decision is on this screen.

What the request names is looked up by the authoriser; nothing here fetches, waits, or knows of time but by `term`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rolecall.table import TypeTable
from rolecall.vocabulary.facts import Held, Location
from rolecall.vocabulary.reasons import Cell

_INDETERMINATE: Final = Cell(frozenset(), code="indeterminate")
_NO_SUBJECT: Final = Cell(frozenset(), code="subject-not-found")
_NO_RESOURCE: Final = Cell(frozenset(), code="resource-not-found")
_NO_PLACE: Final = Cell(frozenset(), code="place-not-found")
_OTHER: Final = Cell(frozenset(), code="other-district")
_NO_ROLE: Final = Cell(frozenset(), code="no-role")
_NOT_ACTING: Final = Cell(frozenset(), code="not-acting")

_DENIALS = (_INDETERMINATE, _NO_SUBJECT, _NO_RESOURCE, _NO_PLACE, _OTHER, _NO_ROLE, _NOT_ACTING)
DENIED: Final = {cell.code: cell for cell in _DENIALS}
"""The cells of decisions that do not reach the table, by their code."""


def evaluate(  # noqa: C901, PLR0912 - the whole decision on one screen is worth its branches
    kind: TypeTable,
    held: Held,
    location: Location | None,
    properties: Mapping[str, object],
    acting: int | None,
    now: int,
) -> Cell:
    """Give the cell that answers a request about a resource of type `kind` at `location`.

    `acting` are the bits of the roles acted as (see `Atoms.acting`), or None; `now` is in nanoseconds since 1970, and
    only a term is compared with it.
    """
    if location is None or held.district != location.district:
        return _nowhere(kind, held, location)
    mask = held.base
    if held.problem or not mask & kind.anyone:
        return _INDETERMINATE if held.problem else _NO_ROLE
    here = held.places.get
    for key in location.keys:
        mask |= here(key, 0)
    if location.doubtful:
        for key in location.doubtful:
            found = here(key, 0)
            mask |= (found & kind.sure) << kind.width | found & ~kind.sure
    if kind.own:
        owner = properties.get("owner")
        if owner is None:
            mask |= kind.owner_doubt
        elif owner == held.id:
            mask |= kind.owner_sure
    if acting is not None:
        mask = mask & acting | mask & ~kind.sure | (mask & kind.sure & ~acting) << kind.width
        if not mask & kind.anyone:
            return _NOT_ACTING
    mask &= kind.relevant
    for name, its_type, states in kind.readers:
        value = properties.get(name)
        if isinstance(value, its_type):
            mask |= states.get(value, 0)
    if kind.term_states and location.bounds:
        first, last = location.bounds
        mask |= kind.term_states[0 if now > last else 1 if now >= first else 2]
    return kind.cells.get(mask) or kind.cell(mask)


def _nowhere(kind: TypeTable, held: Held, location: Location | None) -> Cell:
    """Give the denial of a question that names what the facts do not hold, or what is in two districts."""
    if held.problem:
        return _INDETERMINATE
    if not held.district:
        return _NO_SUBJECT
    if location is None:
        return _NO_PLACE if kind.own else _NO_RESOURCE
    return _OTHER
