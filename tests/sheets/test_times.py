"""Times without an offset: read in the person's time zone as it is on that very day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest

from bot.sheets.dates import describe_moment, parse_datetime, parse_epoch_milliseconds
from bot.sheets.samples import describe_times
from tests.sheets.builders import match_for_create, parse_csv

LONDON, NEW_YORK, LORD_HOWE = map(
    ZoneInfo, ("Europe/London", "America/New_York", "Australia/Lord_Howe")
)


@pytest.mark.parametrize(
    ("cell", "zone", "expected"),
    [
        ("2026-07-01 10:00", LONDON, "2026-07-01T09:00:00Z"),
        ("2026-12-01 10:00", LONDON, "2026-12-01T10:00:00Z"),
        ("2026-07-01T10:00:00", NEW_YORK, "2026-07-01T14:00:00Z"),
        ("2026-12-01", NEW_YORK, "2026-12-01T05:00:00Z"),
        ("31/12/2026 10:30", LONDON, "2026-12-31T10:30:00Z"),
        ("1 Jul 2026, 2:05 PM", LONDON, "2026-07-01T13:05:00Z"),
        ("2026/7/1 12:00 am", LONDON, "2026-06-30T23:00:00Z"),
        ("2026-07-01 10:00", LORD_HOWE, "2026-06-30T23:30:00Z"),
        ("2026-12-01 10:00", LORD_HOWE, "2026-11-30T23:00:00Z"),
        ("2026-07-01T10:00+05:30", LONDON, "2026-07-01T04:30:00Z"),
        ("2026-07-01T10:00:00Z", NEW_YORK, "2026-07-01T10:00:00Z"),
        ("2026-07-01 10:00:00 UTC", NEW_YORK, "2026-07-01T10:00:00Z"),
        ("2026-07-01 10:00 GMT", NEW_YORK, "2026-07-01T10:00:00Z"),
        ("2026-07-01 10:00:00 +0530", LONDON, "2026-07-01T04:30:00Z"),
        ("2026-07-01 10:00", timezone(timedelta(hours=-5)), "2026-07-01T15:00:00Z"),
    ],
)
def test_offset_is_that_of_the_day(cell: str, zone: tzinfo, expected: str) -> None:
    found = datetime.fromtimestamp(parse_epoch_milliseconds(cell, zone) / 1000, UTC)
    assert found == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("cell", "zone", "expected"),
    [
        ("2026-03-29 01:30", LONDON, "does not exist"),
        ("2026-03-08 02:30", NEW_YORK, "does not exist"),
        ("2026-10-25 01:30", LONDON, "exists twice"),
        ("2026-11-01 01:30", NEW_YORK, "exists twice"),
        ("03/04/2026 10:00", LONDON, "day or the month first"),
        ("2026-07-01 13:00 PM", LONDON, "is not a date"),
        ("2026-07-01 25:00", LONDON, "is not a date"),
        ("10:00", LONDON, "is not a date"),
        ("0001-01-01", NEW_YORK, "too far from today"),
    ],
)
def test_time_without_one_meaning_is_a_problem(cell: str, zone: tzinfo, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        parse_epoch_milliseconds(cell, zone)


def test_other_attributes_keep_the_time_as_written() -> None:
    assert parse_datetime("2026-07-01 10:00") == "2026-07-01T10:00:00"
    assert parse_datetime("31/12/2026 10:30") == "2026-12-31T10:30:00"


async def test_understood_times_are_shown_once_for_each_offset() -> None:
    sheet = await parse_csv(
        "name,Next action at",
        *("Asha,", "Ravi,2026-07-01 10:00", "Mei,2026-07-02 10:00", "Zoë,2026-12-01 10:00"),
    )
    [_, column] = match_for_create(["name", "Next action at"]).matched
    assert describe_times(sheet, column, LONDON) == [
        ("2026-07-01 10:00", "Wed 1 Jul 2026, 10:00 UTC+01:00"),
        ("2026-12-01 10:00", "Tue 1 Dec 2026, 10:00 UTC"),
    ]
    assert describe_moment("soon", LONDON) == ""
