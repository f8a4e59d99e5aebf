"""What goes wrong with an answer of Clever's, by name; and where."""

import re

from rolecall.testing import Fault
from rolecall.testing.fake.wire import html

VERSION = r"^/v3\.0/"
DIRECT = {
    "users/ID": re.compile(VERSION + r"users/[^/?]+$"),
    "users/ID/sections": re.compile(VERSION + r"users/[^/?]+/sections"),
    "schools": re.compile(VERSION + r"schools(\?|$)"),
    "sections/ID": re.compile(VERSION + r"sections/[^/?]+$"),
    "terms/ID": re.compile(VERSION + r"terms/[^/?]+$"),
    "districts/ID": re.compile(VERSION + r"districts/[^/?]+$"),
}
"""Where facts that are asked of Clever itself come from."""

LISTED = {
    name: re.compile(VERSION + name + r"(\?|$)") for name in ("districts", "schools", "terms", "sections", "users")
}
EVENTS = {"events": re.compile(VERSION + r"events(\?|$)")}
LAST = re.compile(VERSION + r"events/")
"""Where a roster store comes from: lists, and events."""

ANSWERS = {
    "401": [Fault.status(401)],
    "403": [Fault.status(403)],
    "429 with X-RateLimit-Reset": [Fault.status(429, reset_in=45), Fault.status(429, reset_in=2)],
    "429 without a time": [Fault.status(429), Fault.status(429, retry_after="3")],
    "500": [Fault.status(500)],
    "502": [Fault.body(html(502, "Bad Gateway").body, status=502, content_type="text/html")],
    "503": [Fault.status(503), Fault.status(503, retry_after="120")],
    "504": [Fault.status(504)],
    "a web page instead of JSON": [Fault.html(200, "Log in"), Fault.redirect("https://clever.com/login")],
    "broken JSON": [Fault.broken_json(), Fault.body(b""), Fault.body(b"\xff\xfe"), Fault.body(b'{"data": NaN}')],
    "connection cut in mid body": [Fault.cut(0.5), Fault.cut(0.99), Fault.cut(0.0)],
    "connection closed without an answer": [Fault.hang_up()],
    "connection refused": [Fault.refused()],
    "host name not found (DNS)": [Fault.dns()],
    "answer slower than the time-out": [Fault.slow(60), Fault.slow(4.9), Fault.drip(1.0, 40)],
    "answer too large": [Fault.oversized(2 << 20), Fault.oversized(8 << 20, compressed=True), Fault.oversized(2 << 20, declared=False)],
}  # fmt: skip
"""Of any endpoint."""

NOT_FOUND = [Fault.status(404), Fault.html(404)]
"""Of any endpoint: Clever's own word, whatever the body is."""


def _each(document, alter):
    """Alter the record of an answer, or the first of a list's."""
    if isinstance(document["data"], list):
        first = [item | {"data": alter(item["data"])} for item in document["data"][:1]]
        return document | {"data": first + document["data"][1:]}
    return document | {"data": alter(document["data"])}


def _wrong(name, **fields):
    """Let a record have these fields, of another type than Clever gives them."""
    return Fault.edit(lambda _, document: _each(document, lambda record: record | fields), name=name)


SHAPES = [
    *(Fault.json(one) for one in ({}, [], None, "data", 7, {"data": None}, {"data": 5}, {"data": "x", "links": []})),
    *(Fault.json(one) for one in ({"data": [None], "links": []}, {"data": [[]], "links": []}, {"links": []})),
    Fault.edit(lambda _, document: document["data"], name="without the envelope"),
    Fault.edit(lambda _, document: {"data": document}, name="in two envelopes"),
    _wrong("an id that is no text", id=7),
    _wrong(
        "lists that are none", students="x", teachers=5, roles={"teacher": {"schools": 3}, "student": {"schools": {}}}
    ),
    _wrong("a district that is no text", district=["x"]),
    Fault.edit(lambda _, document: _each(document, lambda _: "x"), name="a text for a record"),
]
"""Of any endpoint: JSON, but not of Clever's shape."""

OF_ONE = [
    Fault.edit(lambda _, document: _each(document, lambda record: record | {"id": "f" * 24}), name="another record")
]
"""Of an endpoint for one record."""

OF_LISTS = [
    Fault.json({"data": []}),
    Fault.json({"data": [], "links": None}),
    Fault.json({"data": [], "links": [{"rel": "next"}]}),
    Fault.json({"data": [], "links": [{"rel": "next", "uri": "/v3.0/a"}, {"rel": "next", "uri": "/v3.0/b"}]}),
    Fault.unwrapped(),
]
"""Of a list."""

PAGES = {
    "a page's link to the next one missing": [Fault.missing_next()],
    "a page empty, with a link onward": [Fault.empty_page()],
    "a link to the same page again": [Fault.repeated_next()],
    "a link to another host": [Fault.foreign_next(), Fault.foreign_next("//elsewhere.example")],
    "the same record on two pages": [Fault.overlap()],
}
"""Of a list of several pages."""


def is_list(endpoint):
    """Whether an endpoint gives a list."""
    return "ID" not in endpoint or endpoint == "users/ID/sections"


def fits(fault, endpoint):
    """Whether a fault is one at an endpoint."""
    return not (fault in OF_ONE and is_list(endpoint)) and not (fault in OF_LISTS and not is_list(endpoint))
