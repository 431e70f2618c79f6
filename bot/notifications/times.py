"""Times of day as people type them: ``9am``, ``21:30``, ``22:00 to 7:00``."""

from __future__ import annotations

import re
from datetime import time

_TIME = r"(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm|a\.m\.|p\.m\.|h|o'?clock)?"
_TIME_PATTERN = re.compile(_TIME, re.IGNORECASE)
_PERIOD_PATTERN = re.compile(
    rf"(?:hours?\s*)?(?:from\s+|between\s+)?{_TIME}\s*(?:-|–|—|to|until|till|and)\s*{_TIME}",
    re.IGNORECASE,
)
_NAMED_TIMES = {"noon": time(12), "midnight": time(0), "midday": time(12)}


def parse_time(typed: str) -> time | None:
    """Return the time of day; None if the text isn't one."""
    text = " ".join(typed.lower().split())
    if text in _NAMED_TIMES:
        return _NAMED_TIMES[text]
    found = _TIME_PATTERN.fullmatch(text)
    return _to_time(*found.groups()) if found else None


def parse_period(typed: str) -> tuple[time, time] | None:
    """Return the start and the end of a period, which may pass midnight; None if it isn't one."""
    found = _PERIOD_PATTERN.fullmatch(" ".join(typed.split()))
    if not found:
        return None
    hour, minute, half, end_hour, end_minute, end_half = found.groups()
    start, end = _to_time(hour, minute, half), _to_time(end_hour, end_minute, end_half)
    return (start, end) if start is not None and end is not None and start != end else None


def format_time(moment: time) -> str:
    return f"{moment:%H:%M}"


def _to_time(hour: str, minute: str | None, half: str | None) -> time | None:
    hours, minutes = int(hour), int(minute or 0)
    mark = (half or "").replace(".", "").lower()
    if mark in {"am", "pm"}:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if mark == "pm" else 0)
    if hours == 24 and not minutes:
        hours = 0
    return time(hours, minutes) if hours < 24 and minutes < 60 else None
