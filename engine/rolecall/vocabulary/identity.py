"""The ids of decisions: UUIDv7 (RFC 9562), made of a time and a number when somebody reads them."""

from __future__ import annotations

import hashlib
import os
import secrets
from itertools import count
from typing import Final


class Serials:
    """The numbers of this process's decisions: 32 random bits, then a counter; a forked child draws bits of its own."""

    __slots__ = ("next",)

    def __init__(self) -> None:
        """Draw the random bits."""
        self.renew()

    def renew(self) -> None:
        """Draw anew, as a forked child must: it would count on with its parent's numbers."""
        self.next = count(secrets.randbits(32) << 30).__next__


serials: Final = Serials()
_fronts: Final[dict[int, str]] = {}
_middles: Final[dict[int, str]] = {}
_MOST: Final = 256
_DIGITS_2: Final = tuple(f"{number:02x}" for number in range(256))
_DIGITS_3: Final = tuple(f"{number:03x}" for number in range(4096))
# Crockford's base 32: no letter that is read as a digit, or as another one.
_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ: Final = {"O": "0", "I": "1", "L": "1"}
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=serials.renew)


def render_id(nanoseconds: int, serial: int) -> str:
    """Give the UUIDv7 of decision number `serial` of this process, taken at `nanoseconds` since 1970.

    48 bits of milliseconds, then 12 bits of what is left of the millisecond, then the serial (see `Serials`).
    """
    # Every record has an id: what changes seldom is kept as text, and what changes is looked up.
    milliseconds = nanoseconds // 1_000_000
    front = _fronts.get(milliseconds) or _front(milliseconds)
    middle = _middles.get(serial >> 8) or _middle(serial >> 8)
    # A 4096th of a millisecond is 15,625 / 64 nanoseconds.
    rest = _DIGITS_3[(nanoseconds - milliseconds * 1_000_000) * 64 // 15_625]
    return f"{front}{rest}{middle}{_DIGITS_2[serial & 255]}"


def _front(milliseconds: int) -> str:
    """Give the first 13 digits of an id."""
    text = f"{milliseconds & (1 << 48) - 1:012x}"
    if len(_fronts) >= _MOST:
        _fronts.clear()
    _fronts[milliseconds] = found = f"{text[:8]}-{text[8:]}-7"
    return found


def _middle(high: int) -> str:
    """Give what stands between the time and the last 2 digits of an id: the variant, and a serial's high bits."""
    text = f"{0x8 << 52 | high & (1 << 54) - 1:014x}"
    if len(_middles) >= _MOST:
        _middles.clear()
    _middles[high] = found = f"-{text[:4]}-{text[4:]}"
    return found


def short_number(identifier: str) -> int:
    """Give the 40 bits of a decision's short code: the first of the SHA-256 of the id's text."""
    return int.from_bytes(hashlib.sha256(identifier.encode(errors="surrogatepass")).digest()[:5], "big")


def short_code(identifier: str) -> str:
    """Give the code that a person who was refused can read out: `RC-` and 8 characters, of the decision's id."""
    number = short_number(identifier)
    return "RC-" + "".join(_DIGITS[number >> shift & 31] for shift in range(35, -1, -5))


def read_code(text: str) -> int | None:
    """Give the number that a short code says, however it was typed; None where it is none."""
    plain = text.upper().replace("-", "").replace(" ", "")
    plain = plain[2:] if len(plain) > 8 and plain.startswith("RC") else plain  # noqa: PLR2004 - 40 bits
    found = 0
    for letter in plain:
        value = _DIGITS.find(_READ.get(letter, letter))
        if value < 0:
            return None
        found = found << 5 | value
    return found if len(plain) == 8 else None  # noqa: PLR2004 - 40 bits
