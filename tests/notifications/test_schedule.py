"""When a channel receives an event: digests and quiet hours, in every time zone."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.notifications.rule import EventGroup, Grouping, QuietHours, RuleSpec
from bot.notifications.schedule import DueTime, find_due_time, find_quiet_end, format_local_date

FAILED = EventGroup.FAILED


def parse_time(text: str, zone: str = "UTC") -> float:
    """Return a local time, as in "2026-03-29 01:30", in seconds since 1970."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def build_spec(grouping: Grouping = Grouping.EACH, zone: str = "UTC", **more: object) -> RuleSpec:
    return RuleSpec.model_validate(
        {"events": (FAILED,), "grouping": grouping, "time_zone": zone, **more}
    )


@pytest.mark.parametrize("grouping", [Grouping.EACH, Grouping.THREADED])
def test_event_is_due_immediately(grouping: Grouping) -> None:
    assert find_due_time(build_spec(grouping), FAILED, 1_000.5) == DueTime(1_000.5)


@pytest.mark.parametrize(
    ("zone", "now", "due"),
    [
        ("UTC", "2026-11-29 10:00", "2026-11-29 11:00"),  # not in the hour that has just ended
        ("UTC", "2026-11-29 10:59", "2026-11-29 11:00"),
        ("UTC", "2026-11-29 23:15", "2026-11-30 00:00"),
        ("Asia/Kolkata", "2026-11-29 10:05", "2026-11-29 11:00"),  # half an hour beside UTC
        ("Europe/Berlin", "2026-03-29 01:30", "2026-03-29 03:00"),  # summer time skips 2:00
    ],
)
def test_hourly_digest_comes_at_the_next_full_hour(zone: str, now: str, due: str) -> None:
    slot = find_due_time(build_spec(Grouping.HOURLY, zone), FAILED, parse_time(now, zone))
    assert slot == DueTime(parse_time(due, zone), is_digest=True)


@pytest.mark.parametrize(
    ("zone", "daily_at", "now", "due"),
    [
        ("UTC", time(9), "2026-11-29 08:59", "2026-11-29 09:00"),
        ("UTC", time(9), "2026-11-29 09:00", "2026-11-30 09:00"),
        ("Asia/Kolkata", time(9), "2026-11-29 09:01", "2026-11-30 09:00"),
        ("Europe/Berlin", time(9), "2026-10-24 10:00", "2026-10-25 09:00"),  # after 24 h and 1 h
        ("Europe/Berlin", time(2, 30), "2026-03-28 12:00", "2026-03-29 03:30"),  # it is skipped
        ("Europe/Berlin", time(2, 30), "2026-10-24 12:00", "2026-10-25 02:30"),  # comes twice
        ("Europe/Berlin", time(2, 30), "2026-10-25 02:45", "2026-10-26 02:30"),
        ("Pacific/Apia", time(9), "2026-11-29 10:00", "2026-11-30 09:00"),
    ],
)
def test_daily_digest_comes_at_its_local_time(
    zone: str, daily_at: time, now: str, due: str
) -> None:
    spec = build_spec(Grouping.DAILY, zone, daily_at=daily_at)
    assert find_due_time(spec, FAILED, parse_time(now, zone)) == DueTime(
        parse_time(due, zone), is_digest=True
    )


def test_clock_change_lengthens_the_wait_by_an_hour() -> None:
    spec = build_spec(Grouping.DAILY, "Europe/Berlin", daily_at=time(9))
    now = parse_time("2026-10-24 09:00", "Europe/Berlin")
    assert find_due_time(spec, FAILED, now).due_at - now == 25 * 3_600


NIGHT = QuietHours(start=time(22), end=time(7), time_zone="Asia/Kolkata")
LUNCH = QuietHours(start=time(12), end=time(13, 30), time_zone="UTC")


@pytest.mark.parametrize(
    ("quiet", "now", "due"),
    [
        (NIGHT, "2026-11-29 21:59", ""),
        (NIGHT, "2026-11-29 22:00", "2026-11-30 07:00"),
        (NIGHT, "2026-11-30 06:59", "2026-11-30 07:00"),
        (NIGHT, "2026-11-30 07:00", ""),
        (LUNCH, "2026-11-29 12:00", "2026-11-29 13:30"),
        (LUNCH, "2026-11-29 13:30", ""),
        (QuietHours(start=time(8), end=time(8), time_zone="UTC"), "2026-11-29 08:00", ""),
    ],
)
def test_quiet_hours_delay_an_event_to_their_end(quiet: QuietHours, now: str, due: str) -> None:
    moment = parse_time(now, quiet.time_zone)
    expected = DueTime(parse_time(due, quiet.time_zone), is_late=True) if due else DueTime(moment)
    assert find_due_time(build_spec(quiet=quiet), FAILED, moment) == expected


BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("start", "end", "now", "minutes"),
    [
        (time(22), time(2, 30), "2026-10-25T00:15Z", 15),  # 2:15, before the clock goes back
        (time(22), time(2, 30), "2026-10-25T01:15Z", 0),  # 2:15 again, after their end
        (time(2, 15), time(2, 45), "2026-10-25T01:20Z", 0),
        (time(2, 30), time(4), "2026-10-25T01:20Z", 100),  # they began at the first 2:30
        (
            time(22),
            time(2, 30),
            "2026-03-29T00:50Z",
            40,
        ),  # 1:50; there is no 2:30, they end at 3:30
        (time(2, 30), time(3, 15), "2026-03-29T01:05Z", 0),  # they would begin at 3:30
    ],
)
def test_quiet_hours_end_once_though_the_clock_changes(
    start: time, end: time, now: str, minutes: int
) -> None:
    moment = datetime.fromisoformat(now).timestamp()
    quiet_end = find_quiet_end(QuietHours(start=start, end=end, time_zone=BERLIN), moment)
    assert quiet_end == (moment + minutes * 60 if minutes else None)


@given(
    st.times(),
    st.times(),
    st.floats(parse_time("2026-03-27"), parse_time("2026-11-03")),
    st.sampled_from([BERLIN, "Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe"]),
)
def test_quiet_hours_end_within_a_day_and_do_not_follow_one_another(
    start: time, end: time, now: float, zone: str
) -> None:
    quiet = QuietHours(start=start, end=end, time_zone=zone)
    quiet_end = find_quiet_end(quiet, now)
    if quiet_end is not None:
        assert now < quiet_end <= now + 25 * 3_600
        assert find_quiet_end(quiet, quiet_end) is None


def test_exceptions_pass_quiet_hours() -> None:
    quiet = NIGHT.model_copy(update={"exceptions": (FAILED,)})
    now = parse_time("2026-11-30 01:00", "Asia/Kolkata")
    assert find_due_time(build_spec(quiet=quiet), FAILED, now) == DueTime(now)
    assert find_due_time(build_spec(quiet=quiet), EventGroup.MESSAGE, now).is_late


def test_digest_waits_for_the_end_of_quiet_hours() -> None:
    spec = build_spec(Grouping.HOURLY, "Asia/Kolkata", quiet=NIGHT)
    slot = find_due_time(spec, FAILED, parse_time("2026-11-29 21:30", "Asia/Kolkata"))
    assert slot == DueTime(
        parse_time("2026-11-30 07:00", "Asia/Kolkata"), is_digest=True, is_late=True
    )


def test_unknown_time_zone_is_utc() -> None:
    assert format_local_date(parse_time("2026-11-29 23:59"), "Mars/Olympus") == "2026-11-29"
    assert format_local_date(parse_time("2026-11-29 23:59"), "Asia/Kolkata") == "2026-11-30"
