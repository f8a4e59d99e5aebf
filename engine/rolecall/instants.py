"""Times: RFC 3339 instants and dates, read and written; an instant is nanoseconds since 1970 (UTC)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

SECOND: Final = 1_000_000_000
DAY: Final = 86_400 * SECOND
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS: Final = ((86_400, "day"), (3600, "hour"), (60, "minute"))
_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_INSTANT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?([Zz]|[-+][0-9]{2}:[0-9]{2})?",
)


def parse_instant(text: object, *, lenient: bool = False) -> int | None:
    """Read an RFC 3339 instant (section 5.6) as nanoseconds since 1970; None where it is none.

    `lenient` is for Clever's terms: seconds may be absent, and an instant without a zone is UTC. A leap second, which
    there can be only before midnight UTC, is the second after it.
    """
    match = _INSTANT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    day, hour, minute, second, fraction, zone = match.groups()
    at, offset = parse_date(day), _offset(zone or "Z")
    if at is None or offset is None or ((second is None or zone is None) and not lenient):
        return None
    if int(hour) > 23 or int(minute) > 59 or int(second or 0) > 60:  # noqa: PLR2004 - of a clock
        return None
    seconds = ((at.toordinal() - EPOCH.toordinal()) * 24 + int(hour)) * 3600 + int(minute) * 60 - offset
    seconds += int(second or 0)
    if second == "60" and seconds % 86_400 != 0:
        return None
    return seconds * SECOND + int((fraction or "0")[:9].ljust(9, "0"))


def _offset(zone: str) -> int | None:
    """Give a zone's seconds ahead of UTC; None where there is no such zone."""
    if zone in "Zz":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 23 or minutes > 59:  # noqa: PLR2004 - of a clock
        return None
    return (hours * 3600 + minutes * 60) * (-1 if zone[0] == "-" else 1)


def nanoseconds(moment: datetime | int) -> int:
    """Give an aware `datetime`, or what is one already, as nanoseconds since 1970; `ValueError` without a zone.

    Raises `TypeError` for what is neither, such as `time.time()`.
    """
    if isinstance(moment, int):
        return moment
    if not isinstance(moment, datetime):
        raise TypeError(f"`{moment!r}` is no time: use an aware datetime such as `datetime.now(UTC)`")
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError(f"`{moment!r}` has no time zone: use an aware datetime such as `datetime.now(UTC)`")
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000


def moment_of(value: int) -> datetime | None:
    """Give nanoseconds since 1970 as an aware `datetime`; None where the year, in UTC, is none from 1 to 9999."""
    try:
        return EPOCH + timedelta(microseconds=value // 1000)
    except OverflowError:
        return None


def render_instant(value: int) -> str:
    """Give nanoseconds since 1970 as RFC 3339 with milliseconds, UTC."""
    moment = EPOCH + timedelta(microseconds=value // 1000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def render_after(value: int) -> str:
    """Give the first RFC 3339 instant in milliseconds that is not before a time: what was so then is so at it."""
    return render_instant(value + 999_999)


def say_instant(value: int) -> str:
    """Give nanoseconds since 1970 as a person reads it: `2026-08-14 10:02 UTC`, the minute that it lies in."""
    moment = moment_of(value)
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment is not None else "a time out of all bounds"


def say_span(value: int) -> str:
    """Give a length of time as a person says it: `1 second`, `3 minutes`, `31 hours`, `5 days`; rounded down."""
    seconds = max(value // SECOND, 0)
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= 2 * size), (1, "second"))
    count = seconds // size
    return f"{count:,} {unit}{'' if count == 1 else 's'}"


def parse_date(text: str) -> date | None:
    """Read `YYYY-MM-DD`; None where there is no such day."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    try:
        return date(*map(int, match.groups()))
    except ValueError:
        return None
