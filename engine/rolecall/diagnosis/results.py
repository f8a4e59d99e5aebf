"""What a check says, what it looks at, and what several of them need."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING, Literal

import msgspec

from rolecall.errors import FactsError
from rolecall.instants import SECOND

if TYPE_CHECKING:
    import httpx

    from rolecall.facts.clever import Clever
    from rolecall.facts.store import FeedState, Store

State = Literal["ok", "warning", "failed"]


class Result(msgspec.Struct, frozen=True):
    """One thing that was looked at: how it stands, in a sentence, and what to do where that is not well."""

    check: str
    state: State
    says: str
    fix: str = ""
    district: str = ""


def ok(check: str, says: str, district: str = "") -> Result:
    """Say that something is well."""
    return Result(check, "ok", says, "", district)


def warning(check: str, says: str, fix: str, district: str = "") -> Result:
    """Say that something may be wrong, or soon will be."""
    return Result(check, "warning", says, fix, district)


def failed(check: str, says: str, fix: str, district: str = "") -> Result:
    """Say that something is wrong."""
    return Result(check, "failed", says, fix, district)


class Setup:
    """What there is to be looked at.

    `policies` and `store` are `named` where somebody chose them: then they must be there. `tokens` says where the
    tokens come from, `trouble` why there are none where there should be. `clever` asks with them; `personal` asks with
    the only one without knowing whose it is. `base_url` and `transport` are those of Clever, for a request without a
    token. `missing` says that the extra `live` is not installed.
    """

    def __init__(
        self,
        policies: Path = Path("policies"),
        store: str = "sqlite:///rolecall.db",
        *,
        policies_named: bool = True,
        store_named: bool = True,
        tokens: str = "",
        trouble: str = "",
        advice: tuple[tuple[str, str], ...] = (),
        clever: Clever | None = None,
        personal: Clever | None = None,
        base_url: str = "https://api.clever.com",
        transport: httpx.BaseTransport | None = None,
        missing: str = "",
        only: tuple[str, ...] = (),
        max_stale: timedelta = timedelta(hours=24),
        now: Callable[[], int] = time_ns,
    ) -> None:
        """Take it; nothing is asked yet. `advice` is about the environment: what is odd there, and what to do.

        `only` are the districts to look at, all where it is empty.
        """
        self.policies, self.store = policies, store
        self.policies_named, self.store_named = policies_named, store_named
        self.tokens, self.trouble, self.advice = tokens, trouble, advice
        self.clever, self.personal = clever, personal
        self.base_url, self.transport, self.missing, self.only = base_url, transport, missing, only
        self.max_stale, self.now = int(max_stale.total_seconds()) * SECOND, now


class Answered(msgspec.Struct, frozen=True):
    """What came back for a request without a token: in how long (nanoseconds), Clever's clock, whether a web page."""

    status: int
    took: int
    date: int | None
    at: int
    page: bool


class Examination:
    """One examination, with what several checks need, each found out once."""

    def __init__(self, setup: Setup) -> None:
        """Begin."""
        self.setup = setup
        self.opened: Store | None = None
        self.answered: Answered | None = None
        self.busy: dict[str, float] = {}  # until when (seconds since 1970) Clever takes no request for a district

    @cached_property
    def store(self) -> Store | FactsError:
        """The store, or why it does not open."""
        from rolecall.facts.store import Store  # noqa: PLC0415 - the extra may not be there

        try:
            self.opened = Store.open(self.setup.store, create=False)
        except FactsError as error:
            return error
        return self.opened

    @cached_property
    def feeds(self) -> dict[str, FeedState]:
        """How current the store's districts are, or nothing where there is no store."""
        if self.setup.missing or isinstance(self.store, FactsError):
            return {}
        found = self.store.look(0).feeds
        only = self.setup.only
        return {name: feed for name, feed in found.items() if not only or name in only}

    def close(self) -> None:
        """Close what was opened here."""
        if self.opened is not None:
            self.opened.close()
