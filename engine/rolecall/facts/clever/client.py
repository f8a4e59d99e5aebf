"""Clever's API v3.0, asked over HTTP. Written once, as generators of calls, for sync and async code."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta
from http import HTTPStatus
from typing import Final, NoReturn

from rolecall.calls import Call
from rolecall.facts.clever.base import Query, is_id, is_path, read_base
from rolecall.facts.clever.clock import Clock
from rolecall.facts.clever.errors import NotShared, TokenRefused, Unavailable, Unfit
from rolecall.facts.clever.lanes import Settings
from rolecall.facts.clever.pages import Page, Record, Trail, complete, read_page, read_record
from rolecall.facts.clever.secret import Token
from rolecall.facts.clever.tokens import Tokens
from rolecall.facts.clever.transport import Transport
from rolecall.facts.clever.wire import Answer, Asking, Wire

_VERSION: Final = "/v3.0"
_LARGEST_PAGE: Final = 10_000
_REFUSED: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_CLOCK: Final = Clock()


class Clever:
    """Clever, asked with one token for each district.

    `base_url` is the host, or the host and the path before `users` where that is not `/v3.0`. `transport` is what
    httpx sends through (its own, if None); it stays its giver's to close. One try has `timeout`; all tries for one
    page, with the waiting between them, have `patience`, whichever is less. An answer is at most `max_body` bytes after
    unpacking. `per_minute` requests go to a district in any minute. `page` records are asked for at once.

    Every method is a generator of calls, to be run by `rolecall.calls.run` or `run_async`, and raises `CleverError`.
    """

    def __init__(
        self,
        tokens: Tokens,
        *,
        base_url: str = "https://api.clever.com",
        transport: Transport | None = None,
        timeout: timedelta = timedelta(seconds=10),
        patience: timedelta = timedelta(seconds=5),
        max_body: int = 64 << 20,
        per_minute: int = 1000,
        page: int = 1000,
        clock: Clock = _CLOCK,
    ) -> None:
        """Ask nothing yet; raises `ValueError` for a setting that makes no sense, `TypeError` for no tokens."""
        if not isinstance(tokens, Tokens):
            raise TypeError(f"`tokens` must be tokens such as `OneToken(…)`, not a `{type(tokens).__name__}`")
        if timeout <= timedelta() or patience <= timedelta() or max_body < 1 or per_minute < 1:
            raise ValueError("`timeout`, `patience`, `max_body` and `per_minute` must be more than nothing")
        if not 1 <= page <= _LARGEST_PAGE:
            raise ValueError(f"`page` must be from 1 to {_LARGEST_PAGE:,}, which is as many as Clever gives at once")
        self._tokens = tokens
        self._base = read_base(base_url, _VERSION)
        self._patience, self._page = patience.total_seconds(), page
        host = self._base.host if self._base.origin.startswith("https:") else ""
        self._wire = Wire(Settings(host, transport, timeout.total_seconds(), max_body, per_minute, clock))
        self._vouched: dict[str, Token] = {}

    def __repr__(self) -> str:
        return f"Clever({self._base.url(self._base.path)})"

    @property
    def requests(self) -> int:
        """How many requests were sent so far, every try counted."""
        return self._wire.lanes.requests

    def districts(self) -> Generator[Call, object, tuple[str, ...]]:
        """Give the ids of the districts that there are tokens for."""
        return (yield from self._tokens.districts(self._asking()))

    def vouch(self, district: str) -> Generator[Call, object, None]:
        """See that the district's token is its own, once for each token; raises `TokenRefused` for another's.

        Another district's events, taken for this one's, would leave its facts as they are and call them new.
        """
        token = yield from self._tokens.token(district, None, self._asking())
        if self._vouched.get(district) == token:
            return
        found = (yield from self.listed(district, "districts")) or ()
        ids = [one for record in found if isinstance(one := record.get("id"), str) and one]
        if ids and district not in ids:
            whose = f"the token is that of district `{', '.join(ids)}`"
            raise TokenRefused(district, f"{whose}: see that district and token belong together")
        self._vouched[district] = token

    def one(self, district: str, path: str) -> Generator[Call, object, Record | None]:
        """Give one record, such as `users/ID`; None where Clever has none, or none for this token."""
        if not is_path(path):
            return None
        answer = yield from self._get(district, self._base.link(path, {}))
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        parts = path.split("/")
        try:
            return read_record(self._ok(district, path, answer), parts[1] if len(parts) == 2 else None)  # noqa: PLR2004 - collection/ID
        except Unfit as error:
            raise _unfit(district, path, error) from None

    def listed(self, district: str, path: str, **query: str | int) -> Generator[Call, object, list[Record] | None]:
        """Give every record of a list, or None where Clever has no such list.

        All pages are there, or it raises. A record that stands in it twice is there once, as it stood last; one
        without an id stays as it is.
        """
        if not is_path(path):
            return None
        trail = Trail(district)
        keyed: dict[object, Record] = {}
        link: str | None = self._base.link(path, self._limited(path, query))
        first = True
        while link is not None:
            answer = yield from self._get(district, link)
            if first and answer.status == HTTPStatus.NOT_FOUND:
                return None
            page = self._read(district, link, answer)
            trail.add(page)
            for record in page.records:
                identifier = record.get("id")
                keyed[identifier if isinstance(identifier, str) and identifier else object()] = record
            link, first = page.next, False
        return list(keyed.values())

    def page(self, district: str, path_or_link: str, **query: str | int) -> Generator[Call, object, Page]:
        """Give one page of a list; `path_or_link` is a path such as `users`, or `Page.next` of the page before.

        Whoever follows the links keeps a `Trail`, so that a list in circles comes to an end. Raises `NotShared` for
        404.
        """
        if path_or_link.startswith("/"):
            try:
                link = self._base.follow(path_or_link)
            except Unfit as error:
                raise _unfit(district, "an earlier page", error) from None
        elif is_path(path_or_link):
            link = self._base.link(path_or_link, self._limited(path_or_link, query))
        else:
            _not_shared(district, path_or_link)
        answer = yield from self._get(district, link)
        if answer.status == HTTPStatus.NOT_FOUND:
            _not_shared(district, self._what(link))
        return self._read(district, link, answer)

    def events(self, district: str, after: str | None, limit: int) -> Generator[Call, object, Page]:
        """Give the events after one, oldest first, or from the oldest that is kept; `limit` of them at most.

        Each has an id and a type, whatever else it is. A page without events is the feed's end, and has no `next`.
        Raises `NotShared` where Clever does not know the event `after`, or keeps no events for this token.
        """
        query: dict[str, str | int] = {"limit": max(1, min(limit, _LARGEST_PAGE))}
        gone = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
        if after is not None:
            query["starting_after"] = after
            gone |= {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
            if not is_id(after):
                raise NotShared(district, "Clever can know no event with such an id")
        trail = Trail(district)
        link = self._base.link("events", query)
        answer = yield from self._get(district, link)
        if answer.status in gone:
            what = f"the event `{after}`" if after is not None else "events; they are switched on in its dashboard"
            raise NotShared(district, f"Clever does not know {what} ({answer.status})")
        found = self._read(district, link, answer)
        trail.add(found)
        while not found.records and found.next is not None:  # the end, if nothing comes behind it
            link = found.next
            found = self._read(district, link, (yield from self._get(district, link)))
            trail.add(found)
        for event in found.records:
            if not all(isinstance(event.get(name), str) and event[name] for name in ("id", "type")):
                raise Unavailable(district, "Clever's answer has an entry that is no event: it lacks its id or type")
            if event["id"] == after:
                raise Unavailable(district, f"Clever gives the event `{after}` as one that comes after itself")
        return found

    def close(self) -> None:
        """Close the connections of sync code. Those of an event loop are closed with it, or by `aclose` in it."""
        self._wire.lanes.close()

    async def aclose(self) -> None:
        """Close all connections of sync code and of the running event loop."""
        await self._wire.lanes.aclose()

    def _asking(self) -> Asking:
        return Asking(self._wire, self._base, self._patience)

    def _limited(self, path: str, query: Query) -> Query:
        """Ask for pages as large as is set; the list of districts is the one that has none."""
        return dict(query) if path == "districts" else {"limit": self._page, **query}

    def _what(self, link: str) -> str:
        """Name what a link asks for, without its query."""
        return link.partition("?")[0].removeprefix(self._base.path).strip("/")

    def _get(self, district: str, link: str) -> Generator[Call, object, Answer]:
        """Ask with the district's token, and once more with a newer one where it is refused."""
        asking = self._asking()
        url, what = self._base.url(link), self._what(link)
        token = yield from self._tokens.token(district, None, asking)
        if token.within(link):
            raise Unavailable(district, f"Clever's link holds the token, and is not followed (`{what}`)")
        answer = yield from asking.get(district, url, what, token)
        if answer.status not in _REFUSED:
            return answer
        anew = yield from self._tokens.token(district, token, asking)
        if anew != token:
            answer = yield from asking.get(district, url, what, anew)
        if answer.status in _REFUSED:
            fix = "see that it is the one that Clever's dashboard shows for this district"
            raise TokenRefused(district, f"Clever refuses the token ({answer.status} for `{what}`): {fix}")
        return answer

    def _ok(self, district: str, path: str, answer: Answer) -> object:
        if answer.status != HTTPStatus.OK:
            raise Unavailable(district, f"Clever answers {answer.status} (`{path}`)")
        return answer.content

    def _read(self, district: str, link: str, answer: Answer) -> Page:
        what = self._what(link)
        try:
            return complete(read_page(self._ok(district, what, answer), self._base), link)
        except Unfit as error:
            raise _unfit(district, what, error) from None


def _unfit(district: str, what: str, error: Unfit) -> Unavailable:
    return Unavailable(district, f"Clever cannot be understood: {error} (`{what}`)")


def _not_shared(district: str, what: str) -> NoReturn:
    raise NotShared(district, f"Clever has no list `{what}` for this token (404)")
