"""On which days and at what time a query is posted, in one time zone. Pure."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict

from bot.notifications.schedule import find_zone
from bot.notifications.times import format_time

EVERY_DAY: Final = (0, 1, 2, 3, 4, 5, 6)
WEEKDAYS: Final = (0, 1, 2, 3, 4)
WEEKEND: Final = (5, 6)
LAST: Final = -1
"""The last day of a month, or the last such weekday in it."""
DEFAULT_TIME: Final = time(9)
MAX_DAYS_AHEAD: Final = 70
"""A month's last Friday is followed by another one within 35 days."""
_SURE_DAY: Final = 28
"""The last day that every month has."""


class Schedule(BaseModel):
    """Weekdays from Monday, 0, or days of the month.

    ``month_day`` is 1 to 31, or `LAST`; a shorter month has its last day instead. ``month_week`` is
    1 to 4, or `LAST`: the first to fourth, or last, of the weekdays in the month.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    weekdays: tuple[int, ...] = ()
    month_day: int = 0
    month_week: int = 0
    at: time = DEFAULT_TIME
    time_zone: str = "UTC"

    @property
    def is_daily(self) -> bool:
        return not self.month_day and not self.month_week and set(self.weekdays) == set(EVERY_DAY)

    def matches(self, day: date) -> bool:
        """Return whether the query is posted on this day."""
        last_day = calendar.monthrange(day.year, day.month)[1]
        if self.month_day:
            wanted = last_day if self.month_day == LAST else min(self.month_day, last_day)
            return day.day == wanted
        if day.weekday() not in self.weekdays:
            return False
        if self.month_week == LAST:
            return day.day + 7 > last_day
        return not self.month_week or (day.day - 1) // 7 + 1 == self.month_week


def find_next(schedule: Schedule, after: float) -> float:
    """Return the first moment after ``after`` at which the query is due, both since the epoch.

    A time skipped by daylight saving comes later by the gap; a repeated one comes once.
    """
    zone = find_zone(schedule.time_zone)
    today = datetime.fromtimestamp(after, zone).date()
    for days in range(-1, MAX_DAYS_AHEAD):
        day = today + timedelta(days=days)
        moment = datetime.combine(day, schedule.at, zone).timestamp()
        if moment > after and schedule.matches(day):
            return moment
    raise ValueError("the schedule has no day")


def find_upcoming(schedule: Schedule, after: float, count: int) -> list[float]:
    """Return the next ``count`` moments."""
    moments: list[float] = []
    for _ in range(count):
        moments.append(find_next(schedule, moments[-1] if moments else after))
    return moments


def count_missed(schedule: Schedule, due_at: float, now: float, limit: int) -> int:
    """Return how many more times were due after ``due_at`` until ``now``, at most ``limit``."""
    missed = 0
    moment = find_next(schedule, due_at)
    while moment <= now and missed < limit:
        missed += 1
        moment = find_next(schedule, moment)
    return missed


def describe_schedule(schedule: Schedule) -> str:
    """Return ``every Monday at 09:00``; without the time zone."""
    return f"{_describe_days(schedule)} at {format_time(schedule.at)}"


def describe_with_zone(schedule: Schedule) -> str:
    """Return ``every Monday at 09:00 (Europe/Berlin)``."""
    return f"{describe_schedule(schedule)} ({schedule.time_zone})"


def _describe_days(schedule: Schedule) -> str:
    names = [calendar.day_name[day] for day in sorted(schedule.weekdays)]
    if schedule.month_day == LAST:
        return "on the last day of each month"
    if schedule.month_day:
        shorter = ", or its last day," if schedule.month_day > _SURE_DAY else ""
        return f"on the {format_ordinal(schedule.month_day)} of each month{shorter}"
    if schedule.month_week:
        which = "last" if schedule.month_week == LAST else WEEK_WORDS[schedule.month_week - 1]
        return f"on the {which} {names[0]} of each month"
    days = tuple(sorted(schedule.weekdays))
    if days == EVERY_DAY:
        return "every day"
    if days == WEEKDAYS:
        return "Monday to Friday"
    if len(days) == len(EVERY_DAY) - 1:
        [missing] = set(EVERY_DAY) - set(days)
        return f"every day except {calendar.day_name[missing]}"
    return f"every {join_words(names)}"


WEEK_WORDS: Final = ("first", "second", "third", "fourth")


def format_ordinal(number: int) -> str:
    """Return ``1st``, ``2nd``, ``11th``."""
    is_teen = 10 <= number % 100 <= 20
    return f"{number}{'th' if is_teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def join_words(words: Sequence[str]) -> str:
    """Return ``Monday, Tuesday and Friday``."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
