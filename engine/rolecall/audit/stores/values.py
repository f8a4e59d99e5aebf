"""What a database gives, as what it should be: in a damaged file a hash can be a number, and a text no UTF-8."""

from __future__ import annotations


def as_bytes(value: object) -> bytes:
    """Give bytes, and none of what is something else."""
    return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else b""


def as_text(value: object) -> str:
    """Give a text, and an empty one for what is something else, or no UTF-8."""
    if not isinstance(value, str):
        return ""
    try:
        value.encode()
    except UnicodeEncodeError:
        return ""
    return value


def as_number(value: object) -> int:
    """Give a whole number, and 0 for what is something else."""
    return value if isinstance(value, int) else 0
