"""Answers read: one record, or one page of a list. Where the shape is not exact there is no answer, never a part."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Final
from urllib.parse import parse_qsl, urlencode

import msgspec

from rolecall.facts.clever.base import Base, is_id
from rolecall.facts.clever.errors import Unavailable, Unfit

Record = Mapping[str, object]

_EMPTY: Final = 10
"""So many empty pages on end may stand in a list; more are a list that never ends."""


class Page(msgspec.Struct, frozen=True):
    """A page: its records in order, and the link to the next one, or None for the last."""

    records: list[Record]
    next: str | None


def read_record(content: object, identifier: str | None) -> Record:
    """Read the answer for one record; raises `Unfit`, also where it is about another than was asked for."""
    found = content.get("data") if isinstance(content, Mapping) else None
    if not isinstance(found, Mapping):
        raise Unfit("its answer is no record")
    own = found.get("id")
    if identifier is not None and isinstance(own, str) and own not in ("", identifier):
        raise Unfit("its answer is about another record than was asked for")
    return found


def read_page(content: object, base: Base, *, wrapped: bool = True) -> Page:
    """Read the answer for a list; raises `Unfit`. Each record stands in a `data` of its own where it is `wrapped`."""
    items = content.get("data") if isinstance(content, Mapping) else None
    links = content.get("links") if isinstance(content, Mapping) else None
    if not isinstance(items, list) or not isinstance(links, list):
        raise Unfit("its answer is no page of a list")
    records: list[Record] = []
    for item in items:
        record = item.get("data") if wrapped and isinstance(item, Mapping) else item
        if not isinstance(record, Mapping):
            raise Unfit("its answer has an entry that is no record")
        records.append(record)
    following = []
    for link in links:
        if not isinstance(link, Mapping) or not isinstance(link.get("rel"), str):
            raise Unfit("its answer has a link that is none")
        if link["rel"] == "next":
            following.append(base.follow(link.get("uri")))
    if len(following) > 1:
        raise Unfit("its answer has two links to the next page")
    return Page(records, following[0] if following else None)


def complete(page: Page, link: str) -> Page:
    """Give a page, asked for by `link`, with a link onward where it is as full as was asked for and names none.

    That there is no more is then seen from the page after it, which is empty; a link that was lost loses no record.
    Raises `Unfit` for a page without records that goes on after a record which nobody has seen.
    """
    query = dict(_query(link))
    if page.next is not None:
        onward = dict(_query(page.next)).get("starting_after")
        if not page.records and onward not in (None, query.get("starting_after")):
            raise Unfit("its answer has no records, and goes on behind one")
        return page
    if "ending_before" in query or query.get("limit") != str(len(page.records)):
        return page
    last = page.records[-1].get("id")
    if not isinstance(last, str) or not is_id(last):
        return page
    kept = [pair for pair in _query(link) if pair[0] != "starting_after"]
    return Page(page.records, f"{link.partition('?')[0]}?{urlencode([*kept, ('starting_after', last)])}")


def _query(link: str) -> list[tuple[str, str]]:
    return parse_qsl(link.partition("?")[2], keep_blank_values=True)


class Trail:
    """The pages of one list so far: a list that goes round in circles, or never ends, or has gaps, is no answer."""

    def __init__(self, district: str) -> None:
        """`district` is whom the list is of, for errors."""
        self._district = district
        self._links: set[str] = set()
        self._pages: set[bytes] = set()
        self._empty = 0

    def add(self, page: Page) -> None:
        """Take the next page; raises `Unavailable` for one that cannot stand where it does, or that leads back."""
        if page.next is not None and page.next in self._links:
            raise self._error("a link that was followed already")
        if page.next is not None:
            self._links.add(page.next)
        if not page.records:
            self._empty += 1
            if self._empty > _EMPTY:
                raise self._error("one empty page after the other")
            return
        if self._empty:
            raise self._error("records behind an empty page, which is a list's end")
        # An id says which record it is; one without is known by all that it says.
        known = [identifier if isinstance(identifier := one.get("id"), str) else repr(one) for one in page.records]
        print_ = sha256("\n".join(known).encode("utf-8", "surrogatepass")).digest()
        if print_ in self._pages:
            raise self._error("the same page again")
        self._pages.add(print_)

    def _error(self, what: str) -> Unavailable:
        return Unavailable(self._district, f"Clever's list cannot be followed: it has {what}")
