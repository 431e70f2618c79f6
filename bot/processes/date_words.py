"""Days as people type them ("last week", "after 1 May", "2026-05-01..2026-05-07"). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, timedelta
from typing import Final

MAX_WORDS: Final = 9
"""Words of the longest phrase: "between 1 May 2026 and 7 May 2026"."""
MAX_COUNT: Final = 5_000
"""The largest number in "last 30 days"."""

_MONTHS: Final[Mapping[str, int]] = {
    name: number
    for number, names in enumerate(
        ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul",
         "august aug", "september sep sept", "october oct", "november nov", "december dec"),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
WEEKDAYS: Final[Mapping[str, int]] = {
    name: number
    for number, names in enumerate(
        ("monday mon", "tuesday tue tues", "wednesday wed", "thursday thu thur thurs",
         "friday fri", "saturday sat", "sunday sun")
    )
    for name in names.split()
}  # fmt: skip
NUMBER_WORDS: Final[Mapping[str, int]] = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "twelve": 12,
}  # fmt: skip
_UNITS: Final[Mapping[str, str]] = {
    form: unit
    for unit in ("day", "week", "month", "quarter", "year")
    for form in (unit, f"{unit}s", f"{unit}'s")
}
_ISO: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:t\d.*)?")
_NUMERIC: Final = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})")
_DAY: Final = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?")
_YEAR: Final = re.compile(r"(?:19|20)\d{2}")
_YEAR_MONTH: Final = re.compile(r"(\d{4})-(\d{1,2})")
_QUARTER: Final = re.compile(r"q([1-4])")
_COMPACT: Final = re.compile(r"-?(\d{1,4})(d|w|m|mo|q|y)")
_COMPACT_UNITS: Final = {
    "d": "days", "w": "weeks", "m": "months", "mo": "months", "q": "quarters", "y": "years",
}  # fmt: skip
_OLDER: Final = ("older than", "more than", "over")
_NEWER: Final = ("newer than", "younger than", "less than", "within")
_AGO: Final = ("ago", "back", "old")
HALF_YEAR: Final = timedelta(days=182)
_AFTER: Final = ("after", "later than")
_SINCE: Final = ("since", "from", "starting", "on or after", "as of")
_BEFORE: Final = ("before", "earlier than", "prior to")
_UNTIL: Final = ("until", "till", "up to", "to", "by", "on or before", "through")
_ON: Final = ("on", "in", "during", "of", "at")
_RANGE_WORDS: Final = ("and", "to", "until", "till", "through", "-", "–", "..")


@dataclass(frozen=True, slots=True)
class DateSpan:
    """Days from ``start`` up to but not including ``end``; None is open on that side."""

    start: date | None
    end: date | None


@dataclass(frozen=True, slots=True)
class FoundDates:
    """A phrase of ``length`` words, and the days that it means."""

    length: int
    span: DateSpan


def find_dates(words: Sequence[str], today: date, *, is_planned: bool = False) -> FoundDates | None:
    """Return the longest phrase of days at the beginning of the words, or None.

    ``today`` is the person's. A day without its year is the latest one that is not in the future,
    or, if it ``is_planned``, the nearest one; a week begins on Monday, and ``03/04/2026`` is in
    April.
    """
    lowered = [word.lower().strip(",") for word in words[:MAX_WORDS]]
    for length in range(len(lowered), 0, -1):
        phrase = lowered[:length]
        is_open = is_planned and not any(_YEAR.fullmatch(word) for word in phrase)
        has_month = is_open and any(word in _MONTHS for word in phrase)
        span = _read(phrase, today + HALF_YEAR if has_month else today)
        if span is not None:
            return FoundDates(length, span)
    return None


def is_counted(text: str) -> bool:
    """Return whether a phrase counts back from today: ``7d``, ``last 30 days``."""
    *_, unit = words = text.lower().split()
    has_count = any(word.isdecimal() or word in NUMBER_WORDS for word in words)
    return bool(_COMPACT.fullmatch(unit)) or (has_count and unit in _UNITS)


def _read(words: list[str], today: date) -> DateSpan | None:
    if len(words) == 1 and (bounds := _split_dots(words[0])):
        return _read_range([bounds[0]], [bounds[1]], today)
    if (span := _read_two_periods(words, today)) is not None:
        return span
    if words[0] == "from" and (span := _read_spoken(words[1:], today)):
        return span  # "from last week" is within it, "from 1 May" is since then
    if (span := _read_age(words, today) or _read_ahead(words, today)) is not None:
        return span
    for prefixes, build in _BOUNDS:
        for prefix in prefixes:
            named = prefix.split()
            if words[: len(named)] == named and len(words) > len(named):
                span = _read_period(words[len(named) :], today)
                return build(span) if span else None
    return _read_period(words, today)


def _read_two_periods(words: list[str], today: date) -> DateSpan | None:
    """Read "between 1 May and 7 May", "1 to 7 May"."""
    inner = words[1:] if words[0] in ("between", "from") else words
    for place, word in enumerate(inner):
        if word in _RANGE_WORDS and 0 < place < len(inner) - 1:
            span = _read_range(inner[:place], inner[place + 1 :], today)
            if span is not None:
                return span
    return None


def _read_age(words: list[str], today: date) -> DateSpan | None:
    """Read "older than 30 days", "more than 2 weeks ago", "newer than a week"."""
    text = " ".join(words)
    for prefix in (*_OLDER, *_NEWER):
        rest = words[len(prefix.split()) :]
        if not text.startswith(f"{prefix} ") or not rest:
            continue
        if prefix in ("more than", "over", "less than") and rest[-1] not in _AGO:
            return None
        rest = rest[:-1] if rest[-1] in _AGO else rest
        span = _read_counted(rest, today) or _read_period(rest, today)
        if span is None or span.start is None:
            return None
        is_count = span.end == today + timedelta(days=1)
        if prefix in _NEWER:
            return span if is_count or prefix == "within" else DateSpan(span.end, None)
        return DateSpan(None, span.start - timedelta(days=is_count))
    return None


def _read_ahead(words: list[str], today: date) -> DateSpan | None:
    """Read "in 3 days", "2 weeks from now", "next 7 days"."""
    is_in, is_from_now = words[0] in ("in", "within"), words[-2:] == ["from", "now"]
    rest = words[is_in : len(words) - 2 * is_from_now]
    rest = rest[1:] if rest[:1] == ["the"] else rest
    is_next = rest[:1] in (["next"], ["coming"], ["following"])
    count, unit = _read_count(rest[1:] if is_next else rest)
    end = _go_back(today, unit, -count) if count else None
    if end is None or not (is_next or is_from_now or words[0] == "in"):
        return None
    return DateSpan(today, end) if is_next else _build_day_span(end)


def _split_dots(word: str) -> tuple[str, str] | None:
    start, dots, end = word.partition("..")
    return (start, end.lstrip(".")) if dots and (start or end) else None


def _read_range(first: list[str], last: list[str], today: date) -> DateSpan | None:
    """Return the span from one period to another; an empty side is open."""
    end = _read_period(last, today) if last != [""] else DateSpan(None, None)
    start = _read_period(first, today) if first != [""] else DateSpan(None, None)
    if start is None and end is not None and end.start and len(first) == 1:
        start = _read_period([*first, *_list_month_words(end.start)], today)  # "1 to 7 May"
    if start is None or end is None:
        return None
    if start.start and end.end and start.start >= end.end:
        return None
    return DateSpan(start.start, end.end)


def _list_month_words(day: date) -> list[str]:
    return [next(name for name, number in _MONTHS.items() if number == day.month), str(day.year)]


def _resolve_after(span: DateSpan) -> DateSpan:
    return DateSpan(span.end, None)


def _resolve_since(span: DateSpan) -> DateSpan:
    return DateSpan(span.start, None)


def _resolve_before(span: DateSpan) -> DateSpan:
    return DateSpan(None, span.start)


def _resolve_until(span: DateSpan) -> DateSpan:
    return DateSpan(None, span.end)


def _resolve_on(span: DateSpan) -> DateSpan:
    return span


_BOUNDS: Final = (
    (_AFTER, _resolve_after),
    (_SINCE, _resolve_since),
    (_BEFORE, _resolve_before),
    (_UNTIL, _resolve_until),
    (_ON, _resolve_on),
)


# --- periods --------------------------------------------------------------------------------------


def _read_period(words: list[str], today: date) -> DateSpan | None:
    if words and words[0] == "the":
        words = words[1:]
    if not words:
        return None
    for read in (_read_day_word, _read_relative, _read_counted, _read_calendar):
        span = read(words, today)
        if span is not None:
            return span
    return None


def _read_spoken(words: list[str], today: date) -> DateSpan | None:
    return (_read_day_word(words, today) or _read_relative(words, today)) if words else None


def _read_day_word(words: list[str], today: date) -> DateSpan | None:
    text = " ".join(words)
    offsets = {"today": 0, "now": 0, "this morning": 0, "tonight": 0, "yesterday": -1,
               "tomorrow": 1, "day before yesterday": -2}  # fmt: skip
    if text in offsets:
        return _build_day_span(today + timedelta(days=offsets[text]))
    is_last = words[0] in ("last", "this", "next")
    name = words[1] if is_last and len(words) == 2 else words[0]
    if name not in WEEKDAYS or len(words) > (2 if is_last else 1):
        return None
    back = (today.weekday() - WEEKDAYS[name]) % 7
    if words[0] == "last" and back == 0:
        back = 7
    ahead = words[0] == "next" or (words[0] == "this" and back)
    return _build_day_span(today + timedelta(days=7 - back if ahead else -back))


def _read_relative(words: list[str], today: date) -> DateSpan | None:
    """Read "last week", "this month", "next year", "past quarter"."""
    if len(words) != 2 or words[1] not in _UNITS:
        return None
    step = {"last": -1, "previous": -1, "past": -1, "this": 0, "current": 0, "next": 1}.get(
        words[0]
    )
    return None if step is None else _shift(_find_period(today, _UNITS[words[1]]), step)


def _read_counted(words: list[str], today: date) -> DateSpan | None:
    """Read "last 30 days", "past two weeks", "3 days ago", "30 days"."""
    is_ago = words[-1] in ("ago", "back")
    inner = words[:-1] if is_ago else words
    if not inner:
        return None
    if inner[0] in ("last", "past", "previous") and not is_ago:
        inner = inner[1:]
    count, unit = _read_count(inner)
    start = _go_back(today, unit, count) if count else None
    if start is None:
        return None
    if is_ago:
        return _build_day_span(start)
    return DateSpan(start + timedelta(days=1), today + timedelta(days=1))


def _read_count(words: list[str]) -> tuple[int, str]:
    """Return the number and the unit of "30 days" or "7d"; 0 for anything else."""
    if len(words) == 1 and (found := _COMPACT.fullmatch(words[0])):
        words = [found[1], _COMPACT_UNITS[found[2]]]
    if len(words) != 2 or words[1] not in _UNITS:
        return 0, ""
    count = NUMBER_WORDS.get(words[0]) or (int(words[0]) if words[0].isdecimal() else 0)
    return (count, _UNITS[words[1]]) if count <= MAX_COUNT else (0, "")


def _read_calendar(words: list[str], today: date) -> DateSpan | None:
    text = " ".join(words)
    if len(words) == 1:
        if found := _ISO.fullmatch(text):
            return _build_day(int(found[1]), int(found[2]), int(found[3]))
        if found := _NUMERIC.fullmatch(text):
            return _read_numeric(int(found[1]), int(found[2]), found[3])
        if found := _YEAR_MONTH.fullmatch(text):
            return _build_month(int(found[1]), int(found[2]))
        if _YEAR.fullmatch(text):
            return DateSpan(date(int(text), 1, 1), date(int(text) + 1, 1, 1))
    return _read_named_month(words, today) or _read_quarter(words, today)


def _read_numeric(first: int, second: int, year_text: str) -> DateSpan | None:
    year = int(year_text) + (2000 if len(year_text) == 2 else 0)
    return _build_day(year, second, first) or _build_day(year, first, second)


def _read_named_month(words: list[str], today: date) -> DateSpan | None:
    """Read "May", "May 2026", "1 May", "May 1st, 2026"."""
    year_typed = int(words[-1]) if _YEAR.fullmatch(words[-1]) else 0
    rest = [word.strip(".") for word in (words[:-1] if year_typed else words) if word != "of"]
    months = [_MONTHS[word] for word in rest if word in _MONTHS]
    days = [int(found[1]) for word in rest if (found := _DAY.fullmatch(word))]
    if len(months) != 1 or len(months) + len(days) != len(rest) or len(days) > 1:
        return None
    for year in (year_typed,) if year_typed else range(today.year, today.year - 5, -1):
        span = _build_day(year, months[0], days[0]) if days else _build_month(year, months[0])
        if span and span.start and (year_typed or span.start <= today):
            return span
    return None


def _read_quarter(words: list[str], today: date) -> DateSpan | None:
    found = _QUARTER.fullmatch(words[0])
    if not found or len(words) > 2 or (len(words) == 2 and not _YEAR.fullmatch(words[1])):
        return None
    start = date(int(words[1]) if len(words) == 2 else today.year, int(found[1]) * 3 - 2, 1)
    if len(words) == 1 and start > today:
        start = start.replace(year=start.year - 1)
    return _find_period(start, "quarter")


# --- the calendar ---------------------------------------------------------------------------------


def _build_day_span(day: date) -> DateSpan:
    return DateSpan(day, day + timedelta(days=1))


def _build_day(year: int, month: int, day: int) -> DateSpan | None:
    try:
        return _build_day_span(date(year, month, day))
    except (ValueError, OverflowError):
        return None


def _build_month(year: int, month: int) -> DateSpan | None:
    is_month = 1 <= month <= 12 and MINYEAR <= year < MAXYEAR
    return _find_period(date(year, month, 1), "month") if is_month else None


def _find_period(day: date, unit: str) -> DateSpan:
    """Return the calendar's day, week, month, quarter or year that contains ``day``."""
    if unit == "day":
        return _build_day_span(day)
    if unit == "week":
        monday = day - timedelta(days=day.weekday())
        return DateSpan(monday, monday + timedelta(days=7))
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    start = date(day.year, (day.month - 1) // months * months + 1, 1)
    return DateSpan(start, _add_months(start, months))


def _shift(span: DateSpan, step: int) -> DateSpan:
    """Return the period before (-1) or after (1) this one of the calendar."""
    if step == 0 or span.start is None or span.end is None:
        return span
    days = (span.end - span.start).days
    if days <= 7:
        moved = timedelta(days=days * step)
        return DateSpan(span.start + moved, span.end + moved)
    months = round(days / 30.4) * step
    return DateSpan(_add_months(span.start, months), _add_months(span.end, months))


def _add_months(first: date, months: int) -> date:
    """Return the first of a month, ``months`` later."""
    total = first.year * 12 + first.month - 1 + months
    return date(total // 12, total % 12 + 1, 1)


def _go_back(day: date, unit: str, count: int) -> date | None:
    """Return the same day ``count`` units ago, or the last of a shorter month."""
    if unit in ("day", "week"):
        return day - timedelta(days=count * (7 if unit == "week" else 1))
    months = count * {"month": 1, "quarter": 3, "year": 12}[unit]
    if not MINYEAR <= day.year - months // 12 - 1 < day.year - months // 12 + 1 < MAXYEAR:
        return None
    first = _add_months(day.replace(day=1), -months)
    length = (_add_months(first, 1) - first).days
    return first.replace(day=min(day.day, length))
