"""What people type for when a query is posted."""

from __future__ import annotations

import pytest

from bot.errors import UsageError
from bot.saved_queries.schedule import describe_with_zone
from bot.saved_queries.schedule_line import parse_schedule

HOME = "Asia/Kolkata"
UNDERSTOOD = [
    ("every day at 9:00", "every day at 09:00"),
    ("Mon/Wed/Fri 10", "every Monday, Wednesday and Friday at 10:00"),
    ("every day but sunday 9:00", "every day except Sunday at 09:00"),
    ("every monday 9:00 in my", "every Monday at 09:00"),
    ("every day 9", "every day at 09:00"),
    ("every day at nine", "every day at 09:00"),
    ("Every Friday At Eleven", "every Friday at 11:00"),
    ("5pm every friday", "every Friday at 17:00"),
    ("daily 9am", "every day at 09:00"),
    ("daily", "every day at 09:00"),
    ("everyday at 9.30", "every day at 09:30"),
    ("each day 21:15", "every day at 21:15"),
    ("every morning", "every day at 09:00"),
    ("every morning at 8", "every day at 08:00"),
    ("every evening", "every day at 18:00"),
    ("every evening at 8", "every day at 20:00"),
    ("9 in the evening every day", "every day at 21:00"),
    ("nightly", "every day at 21:00"),
    ("every night at 11", "every day at 23:00"),
    ("every Monday 9am", "every Monday at 09:00"),
    ("every monday at 9", "every Monday at 09:00"),
    ("Mondays 9:00", "every Monday at 09:00"),
    ("on Mondays at 9:00", "every Monday at 09:00"),
    ("Monday 9", "every Monday at 09:00"),
    ("mon 9:00", "every Monday at 09:00"),
    ("every Mon, Wed and Fri 18:00", "every Monday, Wednesday and Friday at 18:00"),
    ("mon,wed,fri 18:00", "every Monday, Wednesday and Friday at 18:00"),
    ("Mon-Fri 9:00", "Monday to Friday at 09:00"),
    ("monday to friday 8:30 am", "Monday to Friday at 08:30"),
    ("Mon – Fri 8:30", "Monday to Friday at 08:30"),
    ("fri-mon 10:00", "every Monday, Friday, Saturday and Sunday at 10:00"),
    ("weekdays 18:00", "Monday to Friday at 18:00"),
    ("every weekday 6pm", "Monday to Friday at 18:00"),
    ("on weekdays at 6 p.m.", "Monday to Friday at 18:00"),
    ("workdays at 0900", "Monday to Friday at 09:00"),
    ("business days 17:00", "Monday to Friday at 17:00"),
    ("working days 9:00", "Monday to Friday at 09:00"),
    ("weekends 10:00", "every Saturday and Sunday at 10:00"),
    ("every weekend at noon", "every Saturday and Sunday at 12:00"),
    ("weekly on Monday 9:00", "every Monday at 09:00"),
    ("weekly Monday", "every Monday at 09:00"),
    ("every week on Friday at 16:00", "every Friday at 16:00"),
    ("monthly on the 1st", "on the 1st of each month at 09:00"),
    ("monthly on the 1st at 9:00", "on the 1st of each month at 09:00"),
    ("monthly 15 9:00", "on the 15th of each month at 09:00"),
    ("on the 15th of every month 10:00", "on the 15th of each month at 10:00"),
    ("15th of each month", "on the 15th of each month at 09:00"),
    ("every month on the 31st", "on the 31st of each month, or its last day, at 09:00"),
    ("1st of the month 8am", "on the 1st of each month at 08:00"),
    ("every 1st at 7:45", "on the 1st of each month at 07:45"),
    ("first of the month", "on the 1st of each month at 09:00"),
    ("first day of the month 9:00", "on the 1st of each month at 09:00"),
    ("last day of the month 18:00", "on the last day of each month at 18:00"),
    ("last day of each month", "on the last day of each month at 09:00"),
    ("end of month 18:00", "on the last day of each month at 18:00"),
    ("first Monday of the month 9:00", "on the first Monday of each month at 09:00"),
    ("1st monday 9:00", "on the first Monday of each month at 09:00"),
    ("every first monday at 9", "on the first Monday of each month at 09:00"),
    ("last Friday of each month 16:00", "on the last Friday of each month at 16:00"),
    ("2nd tuesday of every month", "on the second Tuesday of each month at 09:00"),
    ("every day except Sunday 9:00", "every day except Sunday at 09:00"),
    ("every day at 9:00 but not on weekends", "Monday to Friday at 09:00"),
    ("weekdays except friday 17:00", "every Monday, Tuesday, Wednesday and Thursday at 17:00"),
    ("every day 9:00 Europe/Berlin", "every day at 09:00 (Europe/Berlin)"),
    ("weekdays 18:00 in america/new_york", "Monday to Friday at 18:00 (America/New_York)"),
    ("every day at 9:00 UTC", "every day at 09:00 (UTC)"),
    ("every day at midnight", "every day at 00:00"),
    ("every day at noon", "every day at 12:00"),
    ("Every  DAY  At 9:00!", "every day at 09:00"),
    ("every Sunday and Saturday 9:00", "every Saturday and Sunday at 09:00"),
    ("tuesdays and thursdays at 14:00", "every Tuesday and Thursday at 14:00"),
    ("every monday's 9:00", "every Monday at 09:00"),
    ("each monday morning", "every Monday at 09:00"),
    ("monday mornings at 10", "every Monday at 10:00"),
    ("post it every monday at 9:00 please", "every Monday at 09:00"),
    ("every day 23:59", "every day at 23:59"),
    ("every day 12am", "every day at 00:00"),
    ("every day 12pm", "every day at 12:00"),
    ("every day 24:00", "every day at 00:00"),
    ("every day 9:00 and 9:00", "every day at 09:00"),
    ("weekdays 9h30", "Monday to Friday at 09:30"),
    ("weekdays 18h", "Monday to Friday at 18:00"),
    ("every day 18:00h", "every day at 18:00"),
    ("every day 18:00 hrs", "every day at 18:00"),
    ("2nd 9:00", "on the 2nd of each month at 09:00"),
    ("every month on the last friday 9:00", "on the last Friday of each month at 09:00"),
    ("every wednesday-friday 9", "every Wednesday, Thursday and Friday at 09:00"),
]
REFUSED = [
    ("--", '"--" isn\'t understood.'),
    ("every hour", '"every hour" isn\'t possible.'),
    ("hourly", '"hourly" isn\'t possible.'),
    ("every 2 hours", '"every 2 hours" isn\'t possible.'),
    ("every 30 minutes", '"every 30 minutes" isn\'t possible.'),
    ("every other monday 9:00", '"every other" isn\'t possible.'),
    ("every second week 9:00", '"every second week" isn\'t possible.'),
    ("every two weeks on monday", '"every two weeks" isn\'t possible.'),
    ("fortnightly", '"fortnightly" isn\'t possible.'),
    ("quarterly", '"quarterly" isn\'t possible.'),
    ("yearly", '"yearly" isn\'t possible.'),
    ("once", '"once" isn\'t possible.'),
    ("tomorrow at 9", '"tomorrow" isn\'t possible.'),
    ("next monday 9:00", '"next monday" isn\'t possible.'),
    ("every day 25:00", '"25:00" isn\'t a time of day. Try 9:00 or 6pm.'),
    ("every day 9:75", '"9:75" isn\'t a time of day. Try 9:00 or 6pm.'),
    ("every day 13pm", '"13pm" isn\'t a time of day. Try 9:00 or 6pm.'),
    ("every day 0pm", '"0pm" isn\'t a time of day. Try 9:00 or 6pm.'),
    (
        "every day at 9:00 and 18:00",
        "A query has one time of day. Save it again under another name for the secon",
    ),
    ("monthly", "On which day of the month? Try monthly on the 1st, or on the last day."),
    ("monthly on the 32nd", "No month has a day 32."),
    ("monthly on the 0th", "No month has a day 0."),
    (
        "monthly on the 1st and 15th",
        "A query has one day of the month. Save it again under another name for the ",
    ),
    ("weekly", "On which day of the week? Try every Monday 9:00."),
    ("weekly 9:00", "On which day of the week? Try every Monday 9:00."),
    ("9:00", "On which days?"),
    ("at 9", "On which days?"),
    ("blah", '"blah" isn\'t understood.'),
    ("every day 9:00 blah", '"blah" isn\'t understood.'),
    (
        "every day 9:00 IST",
        '"ist" isn\'t a time zone here. Leave it out to use your own, or write it lik',
    ),
    ("every day 9:00 +05:30", '"+05:30" isn\'t a time zone here.'),
    ("every day 9:00 UTC+2", '"UTC+2" isn\'t a time zone here.'),
    ("every day 9:00 Mars/Base", 'There\'s no time zone "Mars/Base". Write it like Europe/Berlin.'),
    ("weekdays except weekdays 9:00", "No days are left."),
    ("every", "On which days?"),
    ("every day except 9:00", "Except on which days?"),
    (
        "the last working day of the month",
        "On which day of the month? Try monthly on the 1st, or on the last day.",
    ),
    ("on the 15th and every monday", '"monday" isn\'t understood.'),
    ("monthly on the 1st except sunday", "No days are left."),
    ("every june 1st", '"june" isn\'t understood.'),
    (
        "every day 9:00 - 10:00",
        "A query has one time of day. Save it again under another name for the secon",
    ),
]


@pytest.mark.parametrize(("typed", "meaning"), UNDERSTOOD)
def test_schedule_is_understood(typed: str, meaning: str) -> None:
    zone = "" if meaning.endswith(")") else f" ({HOME})"
    assert describe_with_zone(parse_schedule(typed, HOME).schedule) == f"{meaning}{zone}"


@pytest.mark.parametrize(("typed", "sentence"), REFUSED)
def test_what_is_not_a_schedule_is_named(typed: str, sentence: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_schedule(typed, HOME)
    assert raised.value.message.startswith(sentence)


@pytest.mark.parametrize(
    ("typed", "has_time"), [("daily", False), ("daily 9:00", True), ("every morning", True)]
)
def test_missing_time_of_day_is_known(typed: str, *, has_time: bool) -> None:
    assert parse_schedule(typed, HOME).has_time is has_time
