"""When a schedule is due next: weekdays, months, and the changes of summer time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.saved_queries.schedule import (
    EVERY_DAY,
    LAST,
    Schedule,
    count_missed,
    find_next,
    find_upcoming,
)
from bot.saved_queries.schedule_line import parse_schedule


def parse_time(text: str, zone: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def format_local(moment: float, zone: str) -> str:
    return f"{datetime.fromtimestamp(moment, ZoneInfo(zone)):%Y-%m-%d %H:%M}"


NEXT = [
    ("every day 9:00", "UTC", "2026-11-29 08:59", "2026-11-29 09:00"),
    ("every day 9:00", "UTC", "2026-11-29 09:00", "2026-11-30 09:00"),
    ("weekdays 18:00", "UTC", "2026-11-27 18:00", "2026-11-30 18:00"),  # from Friday to Monday
    ("every Monday 9:00", "Asia/Kolkata", "2026-11-30 08:00", "2026-11-30 09:00"),
    ("every Monday 9:00", "Asia/Kolkata", "2026-11-30 09:30", "2026-12-07 09:00"),
    ("weekends 10:00", "UTC", "2026-11-29 10:00", "2026-12-05 10:00"),
    ("monthly on the 1st", "UTC", "2026-11-29 10:00", "2026-12-01 09:00"),
    ("monthly on the 31st", "UTC", "2027-01-31 10:00", "2027-02-28 09:00"),
    ("monthly on the 31st", "UTC", "2028-02-01 10:00", "2028-02-29 09:00"),
    ("monthly on the 30th", "UTC", "2027-02-28 10:00", "2027-03-30 09:00"),
    ("last day of the month 18:00", "UTC", "2026-12-31 18:00", "2027-01-31 18:00"),
    ("first Monday of the month", "UTC", "2026-11-29 10:00", "2026-12-07 09:00"),
    ("last Friday of the month", "UTC", "2026-11-27 10:00", "2026-12-25 09:00"),
    ("fourth Friday of the month", "UTC", "2026-10-30 10:00", "2026-11-27 09:00"),
    ("monthly on the 1st", "Pacific/Kiritimati", "2026-11-30 23:00", "2026-12-01 09:00"),
    ("every day 9:00", "America/New_York", "2026-11-28 23:00", "2026-11-29 09:00"),
    # Summer time: a skipped time comes that much later, a repeated one once.
    ("every day 2:30", "Europe/Berlin", "2026-03-28 12:00", "2026-03-29 03:30"),
    ("every day 2:30", "Europe/Berlin", "2026-03-29 03:30", "2026-03-30 02:30"),
    ("every day 2:30", "Europe/Berlin", "2026-10-24 12:00", "2026-10-25 02:30"),
    ("every day 2:30", "Europe/Berlin", "2026-10-25 02:30", "2026-10-26 02:30"),
    ("every day 9:00", "Europe/Berlin", "2026-03-28 09:00", "2026-03-29 09:00"),
    ("every day 9:00", "Europe/Berlin", "2026-10-24 09:00", "2026-10-25 09:00"),
    ("every day 2:15", "America/New_York", "2026-03-07 12:00", "2026-03-08 03:15"),
    ("every day 1:15", "America/New_York", "2026-10-31 12:00", "2026-11-01 01:15"),
    ("every day 1:15", "America/New_York", "2026-11-01 01:15", "2026-11-02 01:15"),
    ("every Sunday 2:30", "Europe/Berlin", "2026-03-22 12:00", "2026-03-29 03:30"),
    ("every day 0:00", "Africa/Cairo", "2026-04-23 12:00", "2026-04-24 01:00"),  # skips midnight
    ("every day 1:45", "Australia/Lord_Howe", "2026-04-04 12:00", "2026-04-05 01:45"),
    ("every day 2:15", "Australia/Lord_Howe", "2026-10-03 12:00", "2026-10-04 02:45"),
    ("every day 9:00", "Pacific/Apia", "2011-12-29 08:00", "2011-12-29 09:00"),
    ("monthly on the 29th", "Europe/Berlin", "2026-03-01 12:00", "2026-03-29 09:00"),
]


@pytest.mark.parametrize(("typed", "zone", "after", "due"), NEXT)
def test_next_time(typed: str, zone: str, after: str, due: str) -> None:
    schedule = parse_schedule(typed, zone).schedule
    assert format_local(find_next(schedule, parse_time(after, zone)), zone) == due


def test_second_pass_of_a_repeated_hour_is_not_due() -> None:
    schedule = parse_schedule("every day 2:30", "Europe/Berlin").schedule
    between = datetime(2026, 10, 25, 1, 10, tzinfo=UTC).timestamp()  # 2:10 for the second time
    assert format_local(find_next(schedule, between), "Europe/Berlin") == "2026-10-26 02:30"


def test_a_day_that_a_country_skipped_is_due_once() -> None:
    schedule = parse_schedule("every day 9:00", "Pacific/Apia").schedule
    found = find_upcoming(schedule, parse_time("2011-12-29 08:00", "Pacific/Apia"), 3)
    assert [format_local(moment, "Pacific/Apia") for moment in found] == [
        "2011-12-29 09:00",
        "2011-12-31 09:00",
        "2012-01-01 09:00",
    ]


def test_missed_times_are_counted_up_to_a_limit() -> None:
    schedule = parse_schedule("every day 9:00", "UTC").schedule
    due = parse_time("2026-11-01 09:00", "UTC")
    assert count_missed(schedule, due, due + 3_600, 99) == 0
    assert count_missed(schedule, due, due + 3 * 86_400, 99) == 3
    assert count_missed(schedule, due, due + 500 * 86_400, 99) == 99


SCHEDULES = st.builds(
    Schedule,
    weekdays=st.sets(st.sampled_from(EVERY_DAY), min_size=1).map(lambda days: tuple(sorted(days))),
    at=st.times(timezones=st.none()).map(lambda found: found.replace(second=0, microsecond=0)),
    time_zone=st.sampled_from(
        ["UTC", "Asia/Kolkata", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
         "Pacific/Apia", "Africa/Cairo", "America/Sao_Paulo", "Pacific/Kiritimati"]
    ),
    month_day=st.sampled_from([0, 0, 1, 29, 30, 31, LAST]),
) | st.builds(
    Schedule,
    weekdays=st.sampled_from(EVERY_DAY).map(lambda day: (day,)),
    month_week=st.sampled_from([1, 2, 3, 4, LAST]),
)  # fmt: skip


@given(SCHEDULES, st.floats(1_000_000_000, 2_000_000_000))
def test_times_follow_one_another_without_a_gap(schedule: Schedule, after: float) -> None:
    first, second = find_upcoming(schedule, after, 2)
    assert after < first < second
    is_weekly = not schedule.month_day and not schedule.month_week
    assert second - first <= timedelta(days=8 if is_weekly else 36).total_seconds()
    assert find_next(schedule, (first + second) / 2) in (first, second)
    assert find_next(schedule, first - 1) == first
