"""When a channel receives an event: immediately, with a digest, or after quiet hours. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from bot.notifications.rule import EventGroup, Grouping, QuietHours, RuleSpec

HOUR_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class DueTime:
    """When an event is due, in seconds since 1970; ``is_digest``: it is shown with others.

    ``is_late``: it waits for the end of quiet hours.
    """

    due_at: float
    is_digest: bool = False
    is_late: bool = False


def find_due_time(spec: RuleSpec, group: EventGroup, now: float) -> DueTime:
    """Return when a rule's channel receives an event of ``group`` that is planned ``now``."""
    due_at, is_digest = now, False
    zone = find_zone(spec.time_zone)
    if spec.grouping is Grouping.HOURLY:
        due_at, is_digest = _find_next_hour(now, zone), True
    elif spec.grouping is Grouping.DAILY:
        due_at, is_digest = find_next_time(now, spec.daily_at, zone), True
    if spec.quiet is None or group in spec.quiet.exceptions:
        return DueTime(due_at, is_digest)
    end = find_quiet_end(spec.quiet, due_at)
    return DueTime(due_at, is_digest) if end is None else DueTime(end, is_digest, is_late=True)


def find_quiet_end(quiet: QuietHours, at: float) -> float | None:
    """Return the end of the quiet hours that ``at`` is in, None if it isn't in any.

    They end once, even if the clock then shows the same hour again.
    """
    zone = find_zone(quiet.time_zone)
    today = datetime.fromtimestamp(at, zone).date()
    for day in (today - timedelta(days=1), today):
        last_day = day + timedelta(days=quiet.start > quiet.end)
        start = datetime.combine(day, quiet.start, zone).timestamp()
        end = datetime.combine(last_day, quiet.end, zone).timestamp()
        if start <= at < end:
            return end
    return None


def find_next_time(now: float, wanted: time, zone: tzinfo) -> float:
    """Return the next moment after ``now`` at which the local time in ``zone`` is ``wanted``.

    A time skipped by daylight saving comes later by the gap; a repeated one comes once.
    """
    today = datetime.fromtimestamp(now, zone).date()
    moments = [
        datetime.combine(today + timedelta(days=days), wanted, zone).timestamp()
        for days in range(3)
    ]
    return next(moment for moment in moments if moment > now)


def format_local_date(now: float, time_zone: str) -> str:
    """Return the day in ``time_zone``, as in 2026-11-29."""
    return datetime.fromtimestamp(now, find_zone(time_zone)).date().isoformat()


def find_zone(name: str) -> tzinfo:
    """Return the time zone, UTC for an unknown name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


def _find_next_hour(now: float, zone: tzinfo) -> float:
    local = datetime.fromtimestamp(now, zone)
    past = local.minute * 60 + local.second + local.microsecond / 1e6
    return now - past + HOUR_SECONDS
