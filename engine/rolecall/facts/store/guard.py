"""How much may be gone at once before somebody has to say yes: a rollover, or a list that Clever gave by half."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Final

import msgspec

from rolecall.facts.store.errors import Loss, MassChange
from rolecall.instants import SECOND

_HOUR: Final = 3600 * SECOND


class Guard(msgspec.Struct, frozen=True):
    """The share of a kind's records that may be deleted within `hours`, and how many may be in any case."""

    share: float = 0.1
    least: int = 20
    hours: int = 24

    def weigh(self, district: str, gone: Mapping[str, int], were: Mapping[str, int]) -> None:
        """Raise `MassChange` where too many of a kind are gone, of those that there were."""
        losses = [
            Loss(kind, count, were.get(kind, count))
            for kind, count in sorted(gone.items())
            if count >= self.least and count > self.share * were.get(kind, count)
        ]
        if losses:
            raise MassChange(district, tuple(losses), self.share)

    def recent(self, text: str, now: int) -> dict[str, Counter[str]]:
        """Read what a feed says was deleted by the hour, without what is older than the window."""
        first = now // _HOUR - self.hours
        hours: dict[str, dict[str, int]] = json.loads(text) if text else {}
        return {hour: Counter(gone) for hour, gone in hours.items() if int(hour) > first}

    @staticmethod
    def noted(hours: dict[str, Counter[str]], gone: Counter[str], now: int) -> str:
        """Write down what was deleted by the hour, with what is deleted now."""
        if gone:
            hour = str(now // _HOUR)
            hours = hours | {hour: hours.get(hour, Counter[str]()) + gone}
        return json.dumps(hours) if hours else ""
