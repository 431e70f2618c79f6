"""Parse days and times as people and programs write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_EPOCH_MILLISECONDS = 10**13
"""A moment in 2286."""

_NUMERIC_DATE = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:[\d:.+Z-]+)?")
_SPACE_BEFORE_OFFSET = re.compile(r"(?<=:\d\d)\s+(?=[+-]\d{2}:?\d{2}$)")
_UTC = re.compile(r"(?<=[\d:]\d)\s*(?:UTC|GMT|Z)$")
_YEAR_FIRST = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})")
_NAMED_MONTH = re.compile(r"(\d{1,2})[\s-]([A-Za-z]{3,9})[\s,-]+(\d{4})")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAMES = re.compile(
    "(?i)(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|"
    "oct(ober)?|nov(ember)?|dec(ember)?)"
)
_CLOCK_TIME = re.compile(
    r"(?P<day>\S.{3,30}?)(?:[\s,]+|T)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?"
    r"(?:\s?(?P<half>[AP])\.?M\.?)?",
    re.IGNORECASE,
)
_MILLISECONDS = re.compile(r"\d{12,13}")
_MAX_LENGTH = 60
"""Characters; a longer text isn't a date."""


def parse_date(cell: str) -> str:
    """Return a day in ISO 8601. Many programs write a day as midnight of it."""
    found = _to_datetime(cell)
    is_day = found.tzinfo is None and found.time() == time.min
    return found.date().isoformat() if is_day else found.isoformat(timespec="seconds")


def parse_datetime(cell: str) -> str:
    """Return the time as it was written, in ISO 8601: an offset is neither added nor lost."""
    found = _to_datetime(cell)
    return found.isoformat(timespec="seconds") if ":" in cell else found.date().isoformat()


def parse_epoch_milliseconds(cell: str, timezone: tzinfo) -> int:
    """Return the milliseconds since 1970, the format of ``nextActionAt``.

    ``timezone`` applies as it is on that very day, to times without an offset.
    """
    if _MILLISECONDS.fullmatch(cell):
        return int(cell)
    found = _to_datetime(cell)
    try:
        aware = found if found.tzinfo else _localize(found, timezone)
        passed = (aware - EPOCH) // timedelta(milliseconds=1)
    except OverflowError:
        passed = 0
    if not 0 < passed < MAX_EPOCH_MILLISECONDS:
        raise ValueError("is too far from today. Check the year")
    return passed


def describe_moment(cell: str, timezone: tzinfo) -> str:
    """Return the moment as understood ("Wed 1 Jul 2026, 10:00 UTC+01:00"), or nothing."""
    try:
        milliseconds = parse_epoch_milliseconds(cell, timezone)
    except ValueError:
        return ""
    moment = (EPOCH + timedelta(milliseconds=milliseconds)).astimezone(timezone)
    return f"{moment:%a} {moment.day} {moment:%b %Y, %H:%M} {_name_offset(moment)}"


def _name_offset(moment: datetime) -> str:
    shown = f"{moment:%z}"
    return "UTC" if shown in ("", "+0000") else f"UTC{shown[:3]}:{shown[3:5]}"


def _localize(found: datetime, timezone: tzinfo) -> datetime:
    aware = found.replace(tzinfo=timezone)
    if aware.astimezone(UTC).astimezone(timezone).replace(tzinfo=None) != found:
        raise ValueError(
            "is a time that does not exist: the clocks go forward then. Write another time"
        )
    if aware.utcoffset() != aware.replace(fold=1).utcoffset():
        raise ValueError(
            "is a time that exists twice: the clocks go back then. Add the offset, as in "
            "2026-10-25T02:30+01:00"
        )
    return aware


def _to_datetime(cell: str) -> datetime:
    try:
        return _match_date_format(cell)
    except _AmbiguousDate:
        raise ValueError(
            "may be read with the day or the month first. Write it as 2024-05-31"
        ) from None
    except ValueError:
        raise ValueError("is not a date. Write it as 2024-05-31") from None


class _AmbiguousDate(Exception):
    """3/4/2024 is in March or in April."""


def _match_date_format(cell: str) -> datetime:
    if len(cell) > _MAX_LENGTH:
        raise ValueError
    iso = _UTC.sub("Z", _SPACE_BEFORE_OFFSET.sub("", cell))
    if _ISO_DATE.fullmatch(iso):
        return datetime.fromisoformat(iso)
    if found := _CLOCK_TIME.fullmatch(cell):
        return datetime.combine(_match_day(found["day"]), _parse_clock_time(found))
    return datetime.combine(_match_day(cell), time.min)


def _match_day(text: str) -> date:
    if found := _NUMERIC_DATE.fullmatch(text):
        return _from_numeric_date(int(found[1]), int(found[3]), int(found[4]))
    if found := _YEAR_FIRST.fullmatch(text):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if (found := _NAMED_MONTH.fullmatch(text)) and _MONTH_NAMES.fullmatch(found[2]):
        return date(int(found[3]), _MONTHS.index(found[2][:3].lower()) + 1, int(found[1]))
    if not _ISO_DATE.fullmatch(text):
        raise ValueError
    return date.fromisoformat(text)


def _parse_clock_time(found: re.Match[str]) -> time:
    hour, half = int(found["hour"]), (found["half"] or "").upper()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError
        hour = hour % 12 + (12 if half == "P" else 0)
    return time(hour, int(found["minute"]), int(found["second"] or 0))


def _from_numeric_date(first: int, second: int, year: int) -> date:
    if first <= 12 and second <= 12 and first != second:
        raise _AmbiguousDate
    return date(year, first, second) if second > 12 else date(year, second, first)
