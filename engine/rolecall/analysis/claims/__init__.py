"""Claims: what must hold of a policy whoever asks, decided over every cell of its table."""

from __future__ import annotations

from rolecall.analysis.claims.model import Claim
from rolecall.analysis.claims.prove import Verdict, prove
from rolecall.analysis.claims.read import read_claims

__all__ = ["Claim", "Verdict", "prove", "read_claims"]
