"""JSON (RFC 8259) read strictly: duplicate member names, NaN and endless nesting are refused, not guessed at."""

from __future__ import annotations

import json
from typing import NoReturn


class NotJson(ValueError):
    """The text is no JSON that can be read one way only; the message says why, and where."""


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise NotJson(f"the member name `{name}` stands twice in one object")
            seen.add(name)
    return found


def _constant(name: str) -> NoReturn:
    raise NotJson(f"`{name}` is no JSON value")


_decode = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_constant).decode


def read_json(data: bytes | str) -> object:
    """Read one JSON text; raises `NotJson`. A byte order mark at the start is passed over."""
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        return _decode(text.removeprefix("\ufeff"))
    except NotJson:
        raise
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}" if error.lineno > 1 else f"column {error.colno}"
        raise NotJson(f"not JSON: {error.msg.lower()} ({where})") from None
    except UnicodeDecodeError as error:
        raise NotJson(f"not UTF-8: byte {error.start + 1} is wrong") from None
    except RecursionError:
        raise NotJson("nested too deep") from None
    except ValueError as error:
        raise NotJson(f"not JSON: {error}") from None
