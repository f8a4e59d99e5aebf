"""What the client raises where Clever does not tell what was asked.

FactsError
 └── CleverError         names the district; never holds a token, nor anything of an answer
      ├── TokenRefused   401 or 403, after one try with a token asked anew; or there is no token
      ├── NotShared      404 for a list; for events: the cursor has expired
      └── Unavailable    unknown for now: 429, 5xx, time-outs, no connection, an answer that cannot be used
"""

from __future__ import annotations

from rolecall.errors import FactsError


class CleverError(FactsError):
    """Clever did not tell. `district` is whom it was asked about; `retry_at` (seconds since 1970) when to ask again."""

    def __init__(self, district: str, why: str, retry_at: float | None = None) -> None:
        """Keep the parts; the sentence is built from them."""
        self.district, self.why, self.retry_at = district, why, retry_at
        super().__init__(district, why, retry_at)

    def __str__(self) -> str:
        """Give one sentence."""
        return f"district `{self.district}`: {self.why}" if self.district else self.why


class TokenRefused(CleverError):
    """Clever refuses the district's token, or there is none: a fault of the set-up, not of the person who asks."""


class NotShared(CleverError):
    """Clever has no such list for this token; as for events, the cursor is no longer known."""


class Unavailable(CleverError):
    """There is no complete answer now; nothing may be concluded from that."""


class Unfit(ValueError):
    """An answer came and cannot be used; the message says why, and quotes nothing of it."""
