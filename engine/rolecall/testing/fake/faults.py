"""What can go wrong, each fault a function from the true answer to the one that is sent instead.

Faults know nothing of each other and are applied in the order in which they were placed: a `Fault.slow` and a
`Fault.status` on one path give a late 503.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from rolecall.testing.fake.wire import HTML, JSON, Asked, Response, decode, encode, html, message

Change = Callable[[Asked, Response], Response | None]
"""From the request and the answer so far to the answer instead; None where the fault has nothing to change in it."""


class Fault(msgspec.Struct, frozen=True):
    """One thing that can go wrong; made by the functions below, placed with `FakeClever.fault`.

    `before` runs before the request is answered, with nothing locked, and may change the world.
    """

    name: str
    change: Change | None = None
    before: Callable[[Asked], object] | None = None

    # An answer of another kind.

    @staticmethod
    def status(code: int, text: str = "", *, reset_in: float | None = None, retry_after: str | None = None) -> Fault:
        """An error with a JSON body; `reset_in` seconds from now in X-RateLimit-Reset, `retry_after` as Retry-After."""

        def change(asked: Asked, answer: Response) -> Response:
            headers = [("content-type", JSON)]
            if reset_in is not None:
                headers.append(("x-ratelimit-reset", str(int(asked.at + reset_in))))
            if retry_after is not None:
                headers.append(("retry-after", retry_after))
            body = message(code, text or f"made to fail with {code}").body
            return msgspec.structs.replace(answer, status=code, body=body, headers=tuple(headers))

        return Fault(f"status {code}", change)

    @staticmethod
    def html(status: int = 200, title: str = "Clever") -> Fault:
        """A page of HTML in place of JSON, as a proxy or a log-in page gives, with any status."""
        return Fault.body(html(status, title).body, status=status, content_type=HTML, name=f"html {status}")

    @staticmethod
    def redirect(location: str, status: int = 302) -> Fault:
        """An answer that sends the client elsewhere."""
        return Fault(f"redirect {status}", _replacing(status=status, body=b"", headers=(("location", location),)))

    @staticmethod
    def body(content: bytes, *, status: int = 200, content_type: str = JSON, name: str = "body") -> Fault:
        """These bytes."""
        return Fault(name, _replacing(status=status, body=content, headers=(("content-type", content_type),)))

    @staticmethod
    def json(value: object, *, status: int = 200) -> Fault:
        """JSON of any shape, such as `{}`, `[]` or `{"data": 5}`."""
        return Fault.body(encode(value), status=status, name="json")

    # A good answer, spoilt.

    @staticmethod
    def broken_json() -> Fault:
        """The first half of the body, sent as if it were the whole."""
        return Fault(
            "broken json", lambda _, answer: msgspec.structs.replace(answer, body=answer.body[: len(answer.body) // 2])
        )

    @staticmethod
    def unwrapped() -> Fault:
        """A list whose items are the records themselves, without the `data` around each."""
        return Fault.edit_page("unwrapped", lambda _, page: page | {"data": [one["data"] for one in page["data"]]})

    @staticmethod
    def edit(function: Callable[[Asked, Any], Any], *, name: str = "edit") -> Fault:
        """Whatever `function(asked, document)` makes of a good answer: another person's record, an id of null."""

        def change(asked: Asked, answer: Response) -> Response | None:
            if answer.status != 200 or answer.broken:  # noqa: PLR2004 - the status of what there is to edit
                return None
            return msgspec.structs.replace(answer, body=encode(function(asked, decode(answer.body))))

        return Fault(name, change)

    # A list whose pages do not add up.

    @staticmethod
    def repeated_next(to: str | None = None) -> Fault:
        """A page whose next link leads to itself, or to a page seen before (`to`, such as "/v3.0/users?limit=10")."""
        return Fault.edit_page("repeated next", lambda asked, page: _with_next(page, to or asked.target))

    @staticmethod
    def foreign_next(base: str = "https://elsewhere.example") -> Fault:
        """A next link to another host. Only a page that has a next link is changed."""
        return _next_link("foreign next", lambda page, link: _with_next(page, base + link))

    @staticmethod
    def missing_next() -> Fault:
        """A page that ought to have a next link and has none: half a list that looks whole."""
        return _next_link("missing next", lambda page, _: _with_next(page, None))

    @staticmethod
    def empty_page() -> Fault:
        """A page without records whose next link leads to the rest: the records of this page are left out."""
        return _next_link("empty page", lambda page, link: _with_next(page, link) | {"data": []})

    @staticmethod
    def overlap() -> Fault:
        """A next link to one record earlier, so that the last record of this page comes again on the next."""

        def earlier(page: dict[str, Any], link: str) -> dict[str, Any] | None:
            ids = [one["data"].get("id") for one in page["data"]]
            after = parse_qs(urlsplit(link).query).get("starting_after")
            if len(ids) < 2 or after != ids[-1:]:  # noqa: PLR2004 - one to go back to
                return None
            return _with_next(page, link.replace(f"starting_after={ids[-1]}", f"starting_after={ids[-2]}"))

        return _next_link("overlap", earlier)

    @staticmethod
    def edit_page(name: str, function: Callable[[Asked, dict[str, Any]], dict[str, Any] | None]) -> Fault:
        """Whatever `function(asked, page)` makes of a list, `{"data": […], "links": […]}`; other answers stay."""

        def change(asked: Asked, answer: Response) -> Response | None:
            page = decode(answer.body) if answer.status == 200 and not answer.broken else None  # noqa: PLR2004 - as above
            if not isinstance(page, dict) or not isinstance(page.get("data"), list):
                return None
            made = function(asked, page)
            return None if made is None else msgspec.structs.replace(answer, body=encode(made))

        return Fault(name, change)

    # An answer that is slow, too large, or does not arrive.

    @staticmethod
    def slow(seconds: float) -> Fault:
        """A wait before the answer."""
        return Fault("slow", lambda _, answer: msgspec.structs.replace(answer, delay=answer.delay + seconds))

    @staticmethod
    def drip(every: float, size: int = 1) -> Fault:
        """A body that comes `size` bytes at a time, with a wait of `every` seconds before each."""
        return Fault("drip", _replacing(drip=(size, every)))

    @staticmethod
    def cut(after: float = 0.5) -> Fault:
        """A connection that breaks in the middle of the body: after this share of it, or this many bytes (above 1)."""

        def change(_asked: Asked, answer: Response) -> Response:
            sent = int(after) if after > 1 else int(answer.size * after)
            return msgspec.structs.replace(answer, cut=min(sent, max(answer.size - 1, 0)))

        return Fault("cut", change)

    @staticmethod
    def oversized(size: int = 100 << 20, *, declared: bool = True, compressed: bool = False) -> Fault:
        """The same JSON with so many bytes of white space after it, announced by a Content-Length or not.

        Compressed, it is small on the wire and large once unpacked.
        """

        def change(_asked: Asked, answer: Response) -> Response:
            if not compressed:
                return msgspec.structs.replace(answer, padding=size, declared=declared)
            packed = gzip.compress(answer.body + b" " * size, compresslevel=1, mtime=0)
            headers = (*answer.headers, ("content-encoding", "gzip"))
            return msgspec.structs.replace(answer, body=packed, headers=headers, declared=declared)

        return Fault("oversized", change)

    @staticmethod
    def hang_up() -> Fault:
        """A server that takes the request and closes the connection."""
        return Fault("hang up", _replacing(broken="hang up"))

    @staticmethod
    def dns() -> Fault:
        """A host name that is not found."""
        return Fault("dns", _replacing(broken="dns"))

    @staticmethod
    def refused() -> Fault:
        """A connection that is refused."""
        return Fault("refused", _replacing(broken="refused"))

    # Nothing wrong with the answer, but something happens.

    @staticmethod
    def call(function: Callable[[Asked], object]) -> Fault:
        """Something that happens just before the answer: `lambda asked: fake.delete("user", one)` between two pages."""
        return Fault("call", before=function)


def _replacing(**fields: Any) -> Change:  # noqa: ANN401 - the fields of a Response
    return lambda _, answer: msgspec.structs.replace(answer, **fields)


def _next_link(name: str, function: Callable[[dict[str, Any], str], dict[str, Any] | None]) -> Fault:
    """Make a fault of a function of a page and its next link, for pages that have one."""

    def change(_asked: Asked, page: dict[str, Any]) -> dict[str, Any] | None:
        link = next((one["uri"] for one in page["links"] if one["rel"] == "next"), None)
        return None if link is None else function(page, link)

    return Fault.edit_page(name, change)


def _with_next(page: dict[str, Any], uri: str | None) -> dict[str, Any]:
    """Give the page with another next link, or without one."""
    links = [one for one in page["links"] if one["rel"] != "next"]
    return page | {"links": links if uri is None else [*links, {"rel": "next", "uri": uri}]}
