"""A list, a page at a time: by the id of an object before or after it, with links to its neighbours."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import urlencode

from rolecall.testing.fake.wire import Asked, Response, encode, message

PAGING: Final = ("limit", "starting_after", "ending_before")
_DEFAULT: Final = 100
_MOST: Final = 10_000
Link = dict[str, str]


def page(asked: Asked, ids: Sequence[str], item: Callable[[str], bytes], loose: Sequence[bytes] = ()) -> Response:
    """Answer with a page of `ids`, which are sorted.

    There is a link to the next page wherever this one is full, so the last one may be empty. Records without an id
    (`loose`) cannot be paged by: they come on top of the page without a link to a next one.
    """
    params = asked.params
    if refused := _refused(params):
        return refused
    limit = int(params.get("limit", [f"{_DEFAULT}"])[0])
    after, before = (params.get(name, [None])[0] for name in PAGING[1:])
    if before is not None:
        end = bisect_left(ids, before)
        start = max(0, end - limit)
    else:
        start = 0 if after is None else bisect_right(ids, after)
        end = min(start + limit, len(ids))
    shown = ids[start:end]
    links = [{"rel": "self", "uri": asked.target}]
    last = not shown or (before is None and len(shown) < limit)
    if not last:
        links.append(_link(asked, "next", limit, "starting_after", shown[-1]))
    if after is not None or start > 0:
        neighbour = shown[0] if shown else after or ""
        links.append(_link(asked, "prev", limit, "ending_before", neighbour))
    return listed([*map(item, shown), *(loose if last else ())], links)


def listed(items: Sequence[bytes], links: Sequence[Link]) -> Response:
    """Answer with these items, each `{"data":{…}}`, and links."""
    return Response(body=b'{"data":[' + b",".join(items) + b'],"links":' + encode(links) + b"}")


def single(asked: Asked, item: bytes) -> Response:
    """Answer with one object, `{"data":{…},"links":[…]}`."""
    return Response(body=item[:-1] + b',"links":' + encode([{"rel": "self", "uri": asked.target}]) + b"}")


def _refused(params: dict[str, list[str]]) -> Response | None:
    """Give the answer to a limit that is none, and to parameters given twice or against each other."""
    for name in PAGING:
        if len(params.get(name, [])) > 1:
            return message(400, f"{name} is given more than once")
    limit = params.get("limit", ["1"])[0]
    if not limit.isascii() or not limit.isdigit() or int(limit[:9]) < 1:
        return message(400, "limit must be a whole number from 1 to 10000")
    if int(limit[:9]) > _MOST:
        return message(413, "limit must not be above 10000")
    if "starting_after" in params and "ending_before" in params:
        return message(400, "starting_after and ending_before exclude each other")
    return None


def _link(asked: Asked, rel: str, limit: int, name: str, value: str) -> Link:
    """Link to a neighbouring page: the same parameters but for the position."""
    kept = [(key, one) for key, values in asked.params.items() if key not in PAGING for one in values]
    if "limit" in asked.params:
        kept.append(("limit", f"{limit}"))
    return {"rel": rel, "uri": f"{asked.path}?{urlencode([*kept, (name, value)])}"}
