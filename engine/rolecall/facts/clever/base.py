"""Where an API is, and which paths and links belong to it: the only place where a URL comes about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote, urlencode, urlsplit

import msgspec

from rolecall.facts.clever.errors import Unfit

_COLLECTION: Final = re.compile(r"[a-z_]{1,32}", re.ASCII)
_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
_LINK: Final = re.compile(r"/[!-~]*", re.ASCII)
_LONGEST: Final = 4096
"""Characters of a link."""

Query = Mapping[str, str | int]


class Base(msgspec.Struct, frozen=True):
    """An API's scheme and host, and the path that everything in it begins with."""

    origin: str
    path: str
    host: str

    def link(self, path: str, query: Query) -> str:
        """Give the link for a path such as `users/ID/sections`."""
        asked = f"?{urlencode(query)}" if query else ""
        return f"{self.path}/{path}{asked}" if path else f"{self.path}{asked}"

    def url(self, link: str) -> str:
        """Give the whole URL of a link that `link` gave, or `follow` let pass."""
        return self.origin + link

    def follow(self, link: object) -> str:
        """Give a link that an answer names; raises `Unfit` for one that leads anywhere else, whoever wrote it."""
        if not isinstance(link, str) or not _LINK.fullmatch(link) or len(link) > _LONGEST:
            raise Unfit("its answer has a link that is no path")
        path = unquote(link.partition("?")[0])
        parts = path.split("/")
        inside = path == self.path or path.startswith(f"{self.path}/")
        if not inside or "\\" in path or "#" in link or ".." in parts or "." in parts or "" in parts[1:]:
            raise Unfit("its answer has a link that leaves the API")
        return link


def read_base(url: str, path: str) -> Base:
    """Read an API's URL; `path` is where it is on a host that stands alone. Raises `ValueError`, with the fix."""
    parts = urlsplit(url.strip())
    host = parts.hostname or ""
    try:
        odd = parts.query or parts.fragment or "@" in parts.netloc or parts.port == 0
    except ValueError:  # a port that is no number
        odd = True
    if parts.scheme not in ("http", "https") or not host or odd:
        raise ValueError("this is no base URL: write one such as https://api.clever.com")
    near = host in ("localhost", "127.0.0.1", "::1") or host.endswith((".localhost", ".test")) or "." not in host
    if parts.scheme == "http" and not near:
        raise ValueError(f"the token would go to `{host}` for all to read: write https://")
    return Base(f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/") or path, host)


def is_id(text: str) -> bool:
    """Say whether a text can be an id of Clever's, and is safe in a path."""
    return _ID.fullmatch(text) is not None


def is_path(path: str) -> bool:
    """Say whether a path is a collection, one of its records, or a list of one of its records."""
    parts = path.split("/")
    return (
        len(parts) in (1, 2, 3)
        and all(_COLLECTION.fullmatch(part) for part in parts[::2])
        and all(is_id(part) for part in parts[1::2])
    )
