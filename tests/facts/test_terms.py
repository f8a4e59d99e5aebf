"""What a term's dates mean: a bare date is a whole day where the policy is (DESIGN section 4)."""

from zoneinfo import ZoneInfo

import pytest
from rolecall.facts.terms import term_bounds
from rolecall.instants import parse_instant
from rolecall.vocabulary.facts import Term


def bounds(start, end, zone="America/Chicago"):
    return term_bounds(Term("t", start, end), ZoneInfo(zone))


def is_from_to(found, first, last):
    """Whether the first instant is `first`, and `last` is the first one after the end."""
    return found == (parse_instant(first), parse_instant(last) - 1)


@pytest.mark.parametrize(
    ("zone", "first", "after"),
    [
        ("UTC", "2026-06-01T00:00:00Z", "2026-06-06T00:00:00Z"),
        ("America/Chicago", "2026-06-01T05:00:00Z", "2026-06-06T05:00:00Z"),
        ("Asia/Kolkata", "2026-05-31T18:30:00Z", "2026-06-05T18:30:00Z"),
        ("Pacific/Auckland", "2026-05-31T12:00:00Z", "2026-06-05T12:00:00Z"),
        ("Pacific/Kiritimati", "2026-05-31T10:00:00Z", "2026-06-05T10:00:00Z"),
    ],
)
def test_bare_dates_are_whole_days_in_the_policys_zone(zone, first, after):
    """From the first moment of the first day to the last of the last, there."""
    assert is_from_to(bounds("2026-06-01", "2026-06-05", zone), first, after)


@pytest.mark.parametrize(
    ("zone", "day", "first", "after"),
    [
        ("America/Chicago", "2026-03-08", "2026-03-08T06:00:00Z", "2026-03-09T05:00:00Z"),  # 23 hours
        ("America/Chicago", "2026-11-01", "2026-11-01T05:00:00Z", "2026-11-02T06:00:00Z"),  # 25 hours
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"),  # begins at 01:00
        ("America/Havana", "2026-11-01", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"),  # has 00:30 twice
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"),  # begins at 01:00
        ("America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00:00Z", "2018-02-18T03:00:00Z"),  # has 23:30 twice
        ("Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30:00Z", "2026-10-04T13:00:00Z"),  # half an hour
    ],
)
def test_a_day_on_which_the_clocks_change_is_a_whole_day(zone, day, first, after):
    """However many hours it has, and where its midnight is missing or comes twice."""
    assert is_from_to(bounds(day, day, zone), first, after)


@pytest.mark.parametrize(
    "end",
    [
        "2026-06-05T00:00:00Z",
        "2026-06-05T00:00:00.000Z",
        "2026-06-05T00:00:00",
        "2026-06-05t00:00:00z",
        "2026-06-05T00:00:00+00:00",
        "2026-06-04T19:00:00-05:00",
        "2026-06-05T02:00:00+02:00",
    ],
)
def test_an_end_at_exactly_midnight_utc_means_that_day(end):
    """Clever writes a day as its midnight in UTC; a class does not end the evening before."""
    assert is_from_to(bounds("2026-06-01", end), "2026-06-01T05:00:00Z", "2026-06-06T05:00:00Z")


@pytest.mark.parametrize(
    ("end", "last"),
    [
        ("2026-06-05T00:00:01Z", "2026-06-05T00:00:01Z"),
        ("2026-06-05T00:00:00.001Z", "2026-06-05T00:00:00.001Z"),
        ("2026-06-04T23:59:59.999999999Z", "2026-06-04T23:59:59.999999999Z"),
        ("2026-06-05T00:00:00-05:00", "2026-06-05T05:00:00Z"),
        ("2026-06-05T15:30:00", "2026-06-05T15:30:00Z"),
        ("2026-06-05T15:30:00-05:00", "2026-06-05T20:30:00Z"),
    ],
)
def test_any_other_end_is_that_instant_included(end, last):
    """An instant without a zone is UTC, and midnight somewhere else is no midnight."""
    assert bounds("2026-06-01", end)[1] == parse_instant(last)


@pytest.mark.parametrize(
    ("start", "first"),
    [
        ("2026-06-01T00:00:00.000Z", "2026-06-01T00:00:00Z"),
        ("2026-06-01T08:00:00", "2026-06-01T08:00:00Z"),
        ("2026-06-01T08:00:00-05:00", "2026-06-01T13:00:00Z"),
    ],
)
def test_a_start_is_its_instant_even_at_midnight(start, first):
    """Only an end at midnight is read as a day."""
    assert bounds(start, "2026-06-05")[0] == parse_instant(first)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (None, None),
        ("2026-06-01", None),
        (None, "2026-06-05"),
        ("", "2026-06-05"),
        ("2026-06-01", ""),
        ("soon", "2026-06-05"),
        ("2026-06-01", "06/05/2026"),
        ("2026-06-01", "2026-06-31"),
        ("2026-06-31", "2026-07-31"),
        ("2026-06-02", "2026-06-01"),
        ("2026-06-01T12:00:00Z", "2026-06-01T11:59:59Z"),
        ("2026-06-02T06:00:00Z", "2026-06-01T00:00:00Z"),
        ("2026-06-05", "2026-06-05T04:59:59Z"),
    ],
)
def test_a_term_without_both_dates_or_ending_before_it_starts_is_unknown(start, end):
    """Half a term, a date that is none, and a term that is backwards are all unknown."""
    assert bounds(start, end) is None


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-06-01", "2026-06-01"),
        ("2026-06-01T12:00:00Z", "2026-06-01T12:00:00Z"),
        ("2026-06-01T20:00:00Z", "2026-06-01T00:00:00Z"),
        ("2026-06-05", "2026-06-05T05:00:00Z"),
    ],
)
def test_a_term_may_be_as_short_as_one_instant(start, end):
    """So read, with an end at midnight UTC as the whole day, none of these ends before it starts."""
    assert bounds(start, end) is not None


@pytest.mark.parametrize("zone", ["UTC", "America/Chicago", "Pacific/Auckland"])
@pytest.mark.parametrize(
    "end",
    ["9999-12-31", "9999-12-31T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:60Z", "9999-12-31T19:00:00-05:00"],
)
def test_a_term_may_last_as_long_as_dates_go(end, zone):
    """The last day there is, and instants beyond it, are ends like any other."""
    first, last = bounds("0001-01-01", end, zone)
    assert first < 0 < parse_instant("9999-12-30T00:00:00Z") < last
