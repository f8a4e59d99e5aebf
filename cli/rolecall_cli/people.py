"""What to say of an id that the store does not hold: somebody types the id of a class, or one from before API 3.0."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rolecall.live import Store

PLACES = ("section", "school", "district")


def why_unknown(store: Store, user: str, change: int | None = None) -> str:
    """Say what an id may be that is no user's, as of a change (None: now); an empty text where nobody can tell."""
    number = store.look(0).change if change is None else change
    now = store.successors(number, [user]).get(user)
    if now is not None:
        return f"it is the legacy id, from before Clever's API 3.0, of {now}"
    found = store.read(number, places=[(kind, user) for kind in PLACES])
    for kind, held in (("section", found.sections), ("school", found.schools), ("district", found.districts)):
        if user in held:
            return f"it is the id of a {kind}"
    return ""
