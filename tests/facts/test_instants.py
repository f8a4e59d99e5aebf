"""RFC 3339: what is an instant, which one, and what is none."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from rolecall.instants import (
    moment_of,
    nanoseconds,
    parse_date,
    parse_instant,
    render_after,
    render_instant,
    say_instant,
    say_span,
)

SECOND = 1_000_000_000
NOON = 1_780_315_200 * SECOND  # 2026-06-01T12:00:00Z


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-06-01T12:00:00Z", NOON),
        ("2026-06-01t12:00:00z", NOON),
        ("2026-06-01T12:00:00+00:00", NOON),
        ("2026-06-01T12:00:00-00:00", NOON),
        ("2026-06-01T07:00:00-05:00", NOON),
        ("2026-06-01T17:45:00+05:45", NOON),
        ("2026-06-02T11:59:00+23:59", NOON),
        ("2026-06-01T12:00:00.5Z", NOON + SECOND // 2),
        ("2026-06-01T12:00:00.000Z", NOON),
        ("2026-06-01T12:00:00.123456789Z", NOON + 123_456_789),
        ("2026-06-01T12:00:00.1234567899999Z", NOON + 123_456_789),
        ("2016-12-31T23:59:60Z", 1_483_228_800 * SECOND),
        ("1990-12-31T15:59:60-08:00", 662_688_000 * SECOND),
        ("1969-12-31T23:59:59.25Z", -SECOND + SECOND // 4),
        ("2024-02-29T00:00:00Z", 1_709_164_800 * SECOND),
        ("9999-12-31T23:59:59Z", 253_402_300_799 * SECOND),
        ("0001-01-01T00:00:00Z", -62_135_596_800 * SECOND),
    ],
)
def test_an_instant_is_read_to_the_nanosecond(text, expected):
    """Offsets, fractions, lower case and leap seconds are read; digits past the ninth are cut off."""
    assert parse_instant(text) == expected
    assert parse_instant(text, lenient=True) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "2026-06-01", "12:00:00Z", "soon", "1780315200", " 2026-06-01T12:00:00Z", "2026-06-01T12:00:00Z ",
        "2026-06-01T12:00:00Z\n", "2026-06-01 12:00:00Z", "2026-06-01_12:00:00Z", "2026-06-01T12Z", "2026-06-01T11:59:60Z", "2026-06-01T23:59:60-05:00",
        "2026-06-01T12:00:00.Z", "2026-06-01T12:00:00,5Z", "2026-06-01T12:00:00+0500", "2026-06-01T12:00:00+05",
        "2026-06-01T12:00:00 +05:00", "2026-06-01T12:00:00+24:00", "2026-06-01T12:00:00+05:60", "2026-06-01T24:00:00Z",
        "2026-06-01T12:60:00Z", "2026-06-01T12:00:61Z", "2026-06-31T12:00:00Z", "2026-02-29T12:00:00Z",
        "2026-13-01T12:00:00Z", "2026-00-01T12:00:00Z", "2026-06-00T12:00:00Z", "0000-01-01T00:00:00Z",
        "20260601T120000Z", "2026-W23-1T12:00:00Z", "2026-152T12:00:00Z", "+2026-06-01T12:00:00Z", "-026-06-01T12:00:00Z",
        "2026-6-1T12:00:00Z", "٢٠٢٦-06-01T12:00:00Z", "2026-06-01T12:00:00UTC", "2026-06-01T12:00:00[UTC]",
        "2026-06-01T12:00:00\N{MINUS SIGN}05:00", "Mon, 01 Jun 2026 12:00:00 GMT",
    ],
)  # fmt: skip
def test_what_is_no_instant_is_none(text):
    """Other ways to write a time are not guessed at; a leap second can only be the last of a day in UTC."""
    assert parse_instant(text) is None
    assert parse_instant(text, lenient=True) is None


@pytest.mark.parametrize("value", [None, 7, 1.5, True, b"2026-06-01T12:00:00Z", ["2026-06-01T12:00:00Z"], {}])
def test_only_a_text_can_be_an_instant(value):
    """Numbers are no times: nobody says whether they count seconds or milliseconds."""
    assert parse_instant(value) is None


@pytest.mark.parametrize(
    "text", ["2026-06-01T12:00:00", "2026-06-01T12:00", "2026-06-01T12:00Z", "2026-06-01T07:00-05:00"]
)
def test_a_term_may_lack_the_zone_and_the_seconds(text):
    """Where a term says no zone it is UTC; the end of an assignment may lack nothing."""
    assert parse_instant(text, lenient=True) == NOON
    assert parse_instant(text) is None


@pytest.mark.parametrize("text", ["2026-02-29", "2026-6-1", "2026-06-01T", " 2026-06-01", "0000-01-01", "٢٠٢٦-06-01"])
def test_what_is_no_date_is_none(text):
    """A date is four digits, two and two, and a day that there is."""
    assert parse_date(text) is None


def test_datetimes_are_read_by_their_zone():
    """An aware `datetime` is its instant; one without a zone raises."""
    chicago = timezone(timedelta(hours=-5))
    assert nanoseconds(datetime(2026, 6, 1, 7, tzinfo=chicago)) == NOON
    assert nanoseconds(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)) == -1_000
    with pytest.raises(ValueError, match="has no time zone"):
        nanoseconds(datetime(2026, 6, 1, 7))  # noqa: DTZ001 - the point


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (NOON, "2026-06-01T12:00:00.000Z"),
        (NOON + 123_999_999, "2026-06-01T12:00:00.123Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (253_402_300_799 * SECOND, "9999-12-31T23:59:59.000Z"),
    ],
)
def test_instants_are_written_with_milliseconds(value, text):
    """What is written reads back, to the millisecond below."""
    assert render_instant(value) == text
    assert parse_instant(text) == value // 1_000_000 * 1_000_000


def test_an_instant_past_the_year_9999_is_no_datetime():
    """RFC 3339 can write instants that `datetime` cannot hold."""
    beyond = parse_instant("9999-12-31T23:59:59-05:00")
    assert beyond == 253_402_318_799 * SECOND
    assert moment_of(beyond) is None
    assert moment_of(NOON) == datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_only_a_term_may_leave_out_the_seconds():
    """`12:00Z` is a time of day to whoever reads a term, and no instant of RFC 3339."""
    assert parse_instant("2026-06-01T12:00Z") is None
    assert parse_instant("2026-06-01T12:00Z", lenient=True) == parse_instant("2026-06-01T12:00", lenient=True) == NOON


def test_times_and_spans_are_said_as_a_person_says_them():
    """A time to the minute, a length of time in its own unit, rounded down; and the first millisecond not before."""
    assert say_instant(NOON + 59 * SECOND) == "2026-06-01 12:00 UTC"
    assert say_instant(253_402_318_799 * SECOND) == "a time out of all bounds"
    assert [say_span(one * SECOND) for one in (-1, 0, 1, 119, 120, 7199, 7200, 172_799, 172_800)] == [
        *("0 seconds", "0 seconds", "1 second", "119 seconds", "2 minutes", "119 minutes", "2 hours", "47 hours"),
        "2 days",
    ]
    assert render_after(NOON) == render_instant(NOON)
    assert render_after(NOON + 1) == "2026-06-01T12:00:00.001Z"
