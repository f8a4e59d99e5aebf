"""The ids of decisions: UUIDv7 (RFC 9562), made of a time and a number when somebody reads them."""

from __future__ import annotations

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
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=serials.renew)


def render_id(nanoseconds: int, serial: int) -> str:
    """Give the UUIDv7 of decision number `serial` of this process, taken at `nanoseconds` since 1970.

    48 bits of milliseconds, then 12 bits of what is left of the millisecond, then the serial (see `Serials`).
    """
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    value = (milliseconds & (1 << 48) - 1) << 80 | 7 << 76 | (rest * 4096 // 1_000_000) << 64
    value |= 2 << 62 | serial & (1 << 62) - 1
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
