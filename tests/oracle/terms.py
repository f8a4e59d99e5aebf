"""Dates, instants and zones: whether a class's term is past, current, future or unknown."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from oracle.bugs import NO_BUG, Bugs
from oracle.language import UNKNOWN

DATE = r"\d{4}-\d{2}-\d{2}"
ZONE = r"(Z|[+-]\d{2}:\d{2})"
BARE = re.compile(DATE, re.ASCII)
INSTANT = re.compile(rf"{DATE}T\d{{2}}:\d{{2}}(:\d{{2}}(\.\d+)?)?{ZONE}?", re.ASCII)
RFC_3339 = re.compile(rf"{DATE}T\d{{2}}:\d{{2}}:\d{{2}}(\.\d+)?{ZONE}", re.ASCII)


def rfc_3339(text: Any) -> datetime | None:
    """Return the instant, or None for whatever is not "an RFC 3339 instant with a zone"."""
    if not isinstance(text, str) or not RFC_3339.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_moment(text: Any, zone: ZoneInfo, bug: Bugs = NO_BUG) -> date | datetime | None:
    """Return a bare date, an instant ("an instant without a zone is UTC"), or None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        if BARE.fullmatch(text):
            return date.fromisoformat(text)
        if INSTANT.fullmatch(text):
            found = datetime.fromisoformat(text)
            if found.tzinfo is None:
                found = found.replace(tzinfo=zone if bug("zoneless-is-local") else UTC)
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return None


def is_before(one: date | datetime, other: date | datetime, zone: ZoneInfo) -> bool:
    """Compare; "a bare date is a whole day in the policy's `timezone`": an instant's day is its day there."""
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one < other
    return day(one, zone) < day(other, zone)


def day(moment: date | datetime, zone: ZoneInfo) -> date:
    """Return the day on which a moment is, where the policy is."""
    return moment.astimezone(zone).date() if isinstance(moment, datetime) else moment


def midnight_as_date(moment: date | datetime | None) -> date | datetime | None:
    """An end "at exactly midnight UTC means that bare date"."""
    return moment.date() if isinstance(moment, datetime) and moment.timetz() == time(0, tzinfo=UTC) else moment


def term_of(
    section: Mapping[str, Any], terms: Mapping[str, Any], at: datetime, zone: ZoneInfo, bug: Bugs = NO_BUG
) -> str | None:
    """`term`: current "from its start to its end, both included"; otherwise past, future or unknown."""
    term_id = section.get("term_id")
    term = terms.get(term_id) if isinstance(term_id, str) else None
    if term is None:
        return UNKNOWN  # "a term that is missing"
    if term["district"] != section["district"] and not bug("term-of-another-district-counts"):
        return UNKNOWN  # "of another district"
    if bug("bare-date-in-utc"):
        zone = ZoneInfo("UTC")
    start = read_moment(term.get("start_date"), zone, bug)
    end = read_moment(term.get("end_date"), zone, bug)
    if bug("midnight-start-is-a-date"):
        start = midnight_as_date(start)
    if bug("bare-end-is-midnight") and end is not None and not isinstance(end, datetime):
        end = datetime.combine(end, time(0), zone).astimezone(UTC)
    elif not bug("midnight-end-is-an-instant"):
        end = midnight_as_date(end)
    if (start is None or end is None) and not bug("half-a-term-counts"):
        return UNKNOWN  # "without both dates"
    if start and end and is_before(end, start, zone) and not bug("backwards-term-is-past"):
        return UNKNOWN  # "(so read) ending before it starts"
    if end and (is_before(end, at, zone) or (bug("end-excluded") and end == at)):
        return "past"
    if start and is_before(at, start, zone):
        return "future"
    return "current"
