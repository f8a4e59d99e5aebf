"""One district at Clever: is its token good, is it synced, and does it tell of changes?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from rolecall.calls import run
from rolecall.diagnosis.results import Examination, Result, Setup, failed, ok, warning
from rolecall.facts.clever import Clever, CleverError, NotShared, Page, Record, TokenRefused, Unavailable
from rolecall.facts.records import Malformed, read_district
from rolecall.instants import DAY, parse_instant, say_span

_PAGES: Final = 10
_PAGE: Final = 1000
_QUIET: Final = 14 * DAY
_IDLE: Final = 7 * DAY
_ASK: Final = "ask the district, or Clever's support, when it is synced again"
_ANEW: Final = (
    "copy the district's token anew from Clever's dashboard. Tokens rotate: with CLEVER_CLIENT_ID and "
    "CLEVER_CLIENT_SECRET in the environment the newest is always used"
)
_PERSONAL: Final = (
    "this is one person's single sign-on token, which cannot read lists",
    "use the district's own token, which Clever's dashboard shows",
)
_SWITCH: Final = (
    "switch events on for this application in Clever's dashboard; until then `rolecall sync --full` now and then"
)


def why_refused(setup: Setup, error: CleverError) -> Result:
    """Say why not even the districts can be listed."""
    if setup.personal is not None and _is_personal(setup.personal, ""):
        return failed("token", *_PERSONAL)
    fix = _ANEW if isinstance(error, TokenRefused) else "see the line about the network, and try again"
    return failed("token", str(error), fix)


def _is_personal(clever: Clever, district: str) -> bool:
    """Say whether a token is that of a person who signed on: only such a one knows who `me` is."""
    try:
        found = run(clever.one(district, "me"))
    except CleverError:
        return False
    return found is not None and found.get("type") == "user"


class Visit:
    """The examination of one district."""

    def __init__(self, examination: Examination, clever: Clever, district: str) -> None:
        """Ask nothing yet."""
        self._examination, self._clever, self.district = examination, clever, district
        self._now = examination.setup.now()
        self._record: Record | None = None
        self._paused = False

    def results(self) -> list[Result]:
        """Give every result; where the token is not good there is no more."""
        found: list[Result] = []
        for part in (self._token, self._state, self._lists, self._events):
            try:
                found += (replace(one, district=self.district) for one in part())
            except CleverError as error:
                return [*found, replace(self._trouble(error), district=self.district)]
            if found[0].state == "failed":
                break
        return found

    def _trouble(self, error: CleverError) -> Result:
        """Say what went wrong, and remember where Clever asks to wait."""
        if error.retry_at is not None and isinstance(error, Unavailable):
            self._examination.busy[self.district] = error.retry_at
        if isinstance(error, TokenRefused):
            return failed("token", error.why, _ANEW)
        if isinstance(error, Unavailable) and _is_personal(self._clever, self.district):
            return failed("token", *_PERSONAL)
        if isinstance(error, NotShared):
            return failed(
                "lists", error.why, "see in Clever's dashboard what the district shares with this application"
            )
        return failed("answers", error.why, "try again; if it stays so, ask Clever's support")

    def _token(self) -> Iterator[Result]:
        """Look whether the token is this district's."""
        self._record = run(self._clever.one(self.district, f"districts/{self.district}"))
        if self._record is None:
            says = "the token is accepted, but Clever has no such district for it"
            fix = "see that district and token belong together, and that the district still shares"
            if self.district in self._examination.feeds:
                fix += f"; where it has left, take the token away, then `rolecall sync --forget {self.district}`"
            yield failed("token", says, fix)
        else:
            yield ok("token", "the token is accepted")

    def _state(self) -> Iterator[Result]:
        """Look whether Clever syncs the district."""
        try:
            read = read_district(self._record, "the district")
        except Malformed as error:
            yield failed("state", f"Clever's record cannot be read: {error}", "ask Clever's support")
            return
        state = self._record.get("state") if self._record is not None else None
        age = None if read.last_sync is None else self._now - read.last_sync
        when = "at a time that is not said" if age is None else f"{say_span(age)} ago"
        says = f"the district's state is `{state}`, last synced {when}" if state else f"last synced {when}"
        self._paused = read.paused
        if read.paused and (age is None or age > self._examination.setup.max_stale):
            limit = say_span(self._examination.setup.max_stale)
            says += (
                f": its data stands still, and facts may be {limit} old: whoever asks gets no answer (indeterminate)"
            )
            yield failed("state", says, _ASK)
        elif read.paused:
            yield warning("state", f"{says}: its data stands still, and decisions end when it is too old", _ASK)
        elif age is not None and age > _IDLE:
            yield warning("state", says, "its school system gives Clever nothing new: ask the district")
        else:
            yield ok("state", says)

    def _lists(self) -> Iterator[Result]:
        """Look whether lists can be read."""
        page = run(self._clever.page(self.district, "users", limit=1))
        if page.records:
            yield ok("lists", "lists of people can be read")
        else:
            yield warning("lists", "Clever shares no person of this district", "see the sharing rules in its dashboard")

    def _events(self) -> Iterator[Result]:
        """Look whether there are events, how old the newest is, and how many wait to be applied."""
        feed = self._examination.feeds.get(self.district)
        cursor = feed.last_event if feed is not None else ""
        try:
            count, newest = self._newest(cursor)
        except NotShared:
            count, newest = "", None
        if newest is None and cursor:
            says = f"Clever no longer keeps the last event that was applied, {cursor}"
            yield warning("events", says, "the next `rolecall sync` reads the district in full; let it run more often")
            return
        if newest is None:
            yield warning("events", "Clever has no events: they are probably switched off", _SWITCH)
            return
        made = parse_instant(newest.get("created"), lenient=True)
        age = self._now - made if made is not None else None
        told = "the newest event is of unknown age" if age is None else f"the newest event is {say_span(age)} old"
        if cursor:
            told += f"; {count or 'none'} wait to be applied" if count != "1" else "; 1 waits to be applied"
        if age is not None and age > _QUIET and not self._paused:
            yield warning("events", told, "nothing changed since, or events were switched off: see Clever's dashboard")
        else:
            yield ok("events", told)

    def _newest(self, cursor: str) -> tuple[str, Record | None]:
        """Give how many events come after the cursor, in words (empty for none), and the newest that there is."""
        page: Page = run(self._clever.events(self.district, cursor or None, _PAGE))
        count, last = len(page.records), page.records[-1:]
        for _ in range(_PAGES - 1):
            if page.next is None or not page.records:
                break
            page = run(self._clever.page(self.district, page.next))
            count, last = count + len(page.records), page.records[-1:] or last
        if not last and cursor:
            return "", run(self._clever.one(self.district, f"events/{cursor}"))
        more = " or more" if page.next is not None and page.records else ""
        return f"{count:,}{more}" if count else "", last[0] if last else None
