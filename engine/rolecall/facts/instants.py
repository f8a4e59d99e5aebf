"""Times: RFC 3339 instants as nanoseconds since 1970 (UTC), and what Clever's terms mean by their dates."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from rolecall.vocabulary.facts import Term

SECOND: Final = 1_000_000_000
DAY: Final = 86_400 * SECOND
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_INSTANT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?([Zz]|[-+][0-9]{2}:[0-9]{2})?",
)


def parse_instant(text: object, *, zone_needed: bool = True) -> int | None:
    """Read an RFC 3339 instant (section 5.6) as nanoseconds since 1970; None where it is none.

    Without `zone_needed` an instant without a zone is UTC. A leap second is the second after it.
    """
    match = _INSTANT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    day, hour, minute, second, fraction, zone = match.groups()
    at = _date(day)
    if at is None or int(hour) > 23 or int(minute) > 59 or int(second) > 60 or (zone is None and zone_needed):  # noqa: PLR2004 - of a clock
        return None
    seconds = ((at.toordinal() - _EPOCH.toordinal()) * 24 + int(hour)) * 3600 + int(minute) * 60 + int(second)
    if zone and zone not in "Zz":
        hours, minutes = int(zone[1:3]), int(zone[4:6])
        if hours > 23 or minutes > 59:  # noqa: PLR2004 - of a clock
            return None
        seconds -= (hours * 3600 + minutes * 60) * (-1 if zone[0] == "-" else 1)
    return seconds * SECOND + int((fraction or "0")[:9].ljust(9, "0"))


def nanoseconds(moment: datetime) -> int:
    """Give an aware `datetime` as nanoseconds since 1970; raises `ValueError` for one without a zone."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError(f"`{moment!r}` has no time zone: use an aware datetime such as `datetime.now(UTC)`")
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def render_instant(value: int) -> str:
    """Give nanoseconds since 1970 as RFC 3339 with milliseconds, UTC."""
    moment = _EPOCH + timedelta(microseconds=value // 1000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _date(text: str) -> date | None:
    """Read `YYYY-MM-DD`; None where there is no such day."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    try:
        return date(*map(int, match.groups()))
    except ValueError:
        return None


def _midnight(day: date, zone: ZoneInfo) -> int:
    """Give the instant at which the day begins in the zone."""
    local = datetime(day.year, day.month, day.day, tzinfo=zone)
    offset = local.utcoffset() or timedelta()
    return ((day.toordinal() - _EPOCH.toordinal()) * 86_400 - int(offset.total_seconds())) * SECOND


def _end_of(day: date, zone: ZoneInfo) -> int:
    """Give the last nanosecond of the day in the zone."""
    if day == date.max:
        return _midnight(day, zone) + DAY - 1
    return _midnight(day + timedelta(days=1), zone) - 1


def term_bounds(term: Term, zone: ZoneInfo) -> tuple[int, int] | None:
    """Give the first and the last nanosecond of a term (DESIGN section 4); None where the term is unknown.

    A bare date is a whole day in the zone; an end at exactly midnight UTC means that bare date; an instant without a
    zone is UTC. A term without both dates, or ending before it starts, is unknown.
    """
    if not term.start or not term.end:
        return None
    first_day, last_day = _date(term.start), _date(term.end)
    start = _midnight(first_day, zone) if first_day else parse_instant(term.start, zone_needed=False)
    end = _end_of(last_day, zone) if last_day else parse_instant(term.end, zone_needed=False)
    if end is not None and last_day is None and end % DAY == 0:
        end = _end_of(date.fromordinal(_EPOCH.toordinal() + end // DAY), zone)
    if start is None or end is None or end < start:
        return None
    return start, end
