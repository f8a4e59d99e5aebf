"""What Clever's terms mean by their dates (DESIGN section 4)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from rolecall.instants import DAY, EPOCH, SECOND, parse_date, parse_instant
from rolecall.vocabulary.facts import Term


def _midnight(day: date, zone: ZoneInfo) -> int:
    """Give the instant at which the day begins in the zone."""
    local = datetime(day.year, day.month, day.day, tzinfo=zone)
    offset = local.utcoffset() or timedelta()
    return ((day.toordinal() - EPOCH.toordinal()) * 86_400 - int(offset.total_seconds())) * SECOND


def _end_of(day: date, zone: ZoneInfo) -> int:
    """Give the last nanosecond of the day in the zone."""
    if day == date.max:  # there is no day after it to begin
        return _midnight(day, zone) + DAY - 1
    return _midnight(day + timedelta(days=1), zone) - 1


def term_bounds(term: Term, zone: ZoneInfo) -> tuple[int, int] | None:
    """Give the first and the last nanosecond of a term; None where the term is unknown.

    A bare date is a whole day in the zone; an end at exactly midnight UTC means that bare date; an instant without a
    zone is UTC. A term without both dates, or ending before it starts, is unknown.
    """
    if not term.start or not term.end:
        return None
    first_day, last_day = parse_date(term.start), parse_date(term.end)
    start = _midnight(first_day, zone) if first_day else parse_instant(term.start, lenient=True)
    end = _end_of(last_day, zone) if last_day else parse_instant(term.end, lenient=True)
    if end is not None and last_day is None and end % DAY == 0:
        # An instant written in a zone west of UTC can lie in the year 10000, which no `date` knows.
        number = EPOCH.toordinal() + end // DAY
        end = _end_of(date.fromordinal(number), zone) if number <= date.max.toordinal() else end + DAY - 1
    if start is None or end is None or end < start:
        return None
    return start, end
