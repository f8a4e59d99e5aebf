"""The sync engine: the roster store kept current with what Clever says. Needs the extra `live`."""

from __future__ import annotations

from rolecall.facts.sync.engine import expect, sync_district
from rolecall.facts.sync.job import Progress, Synced
from rolecall.facts.sync.verify import Difference, Verified, verify
from rolecall.facts.sync.watch import Outcome, Watch

__all__ = ["Difference", "Outcome", "Progress", "Synced", "Verified", "Watch", "expect", "sync_district", "verify"]
