"""Read when a query is posted: ``every Monday 9:00``, ``weekdays at 6pm``, ``monthly on the 1st``.

Nothing that is typed is dropped: words that aren't understood are reported.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from bot.errors import UsageError
from bot.notifications.times import parse_time
from bot.saved_queries.schedule import (
    DEFAULT_TIME,
    EVERY_DAY,
    LAST,
    WEEK_WORDS,
    WEEKDAYS,
    WEEKEND,
    Schedule,
)

EXAMPLE: Final = '/chakra process schedule "hot leads" every Monday 9:00 #sales'
EXAMPLE_TIMES: Final = "every day 9:00, weekdays 18:00, every Monday 9am, monthly on the 1st"
MAX_MONTH_DAY: Final = 31
MAX_LENGTH: Final = 200

_DAY_NAMES: Final = {
    name: number
    for number, names in enumerate(
        ("monday mon mo", "tuesday tues tue tu", "wednesday weds wed we",
         "thursday thurs thur thu th", "friday fri fr", "saturday sat sa", "sunday sun su")
    )
    for name in names.split()
}  # fmt: skip
_DAY: Final = rf"(?:{'|'.join(sorted(_DAY_NAMES, key=len, reverse=True))})(?:'?s)?"
_DAY_SETS: Final = (
    (re.compile(r"\b(?:week\s*days?|work(?:ing)?\s*days?|business days?|bank days?)\b"), WEEKDAYS),
    (re.compile(r"\b(?:every\s*day|each day|all days|daily)\b"), EVERY_DAY),
    (re.compile(r"\bweek[\s-]*ends?\b"), WEEKEND),
)
_RANGE: Final = re.compile(rf"\b({_DAY})\s*(?:-|–|—|to|till|until|through|thru)\s*({_DAY})\b")
_SINGLE_DAY: Final = re.compile(rf"\b({_DAY})\b")
_SLASHED_DAY: Final = re.compile(rf"\b({_DAY})/(?={_DAY}\b)", re.IGNORECASE)
_EXCEPT: Final = re.compile(r"\b(?:except(?: for| on)?|but not|not on|excluding|without|but)\b")
_ORDINALS: Final = {
    **{word: number for number, word in enumerate(WEEK_WORDS, 1)},
    **{f"{number}{end}": number for number, end in enumerate(("st", "nd", "rd", "th"), 1)},
    "last": LAST,
}
_MONTH_WEEK: Final = re.compile(rf"\b({'|'.join(_ORDINALS)})\s+({_DAY})\b")
_LAST_DAY: Final = re.compile(
    r"\b(?:last day(?: of (?:the|each|every) month)?|end of (?:the |each |every )?month|"
    r"month[\s-]?end|end of month)\b"
)
_FIRST_DAY: Final = re.compile(r"\b(first|second|third|fourth|1st|2nd|3rd|4th) day\b")
_MONTH_DAY: Final = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)\b")
_MONTHLY: Final = re.compile(r"\b(?:monthly|(?:of )?(?:every|each|the|a|per)? ?months?)\b")
_WORD_DAY: Final = re.compile(r"\b(first|second|third|fourth)\b")
_NIGHTLY: Final = re.compile(r"\bnightly\b")
_PARTS: Final = {
    "morning": time(9), "mornings": time(9), "noon": time(12), "midday": time(12),
    "lunchtime": time(12), "afternoon": time(14), "afternoons": time(14), "evening": time(18),
    "evenings": time(18), "night": time(21), "nights": time(21), "midnight": time(0),
}  # fmt: skip
_PART: Final = re.compile(rf"\b(?:in the |at )?({'|'.join(_PARTS)})\b")
NOON: Final = 12
_LATE_PARTS: Final = {"afternoon": 1, "evening": 1, "night": 6}
"""The first hour that these words move to the afternoon."""
_TIME: Final = re.compile(
    r"(?:\b(?:at|by|around)\s+|@\s*)?(?<![\d:.])"
    r"(\d{1,2}(?:\s*[:.h]\s*\d{2})?\s*(?:a\.?m\b\.?|p\.?m\b\.?|o'?\s?clock\b|uhr\b|hrs?\b|h\b)"
    r"|\d{1,2}\s?[:.h]\s?\d{2}(?!\d)|(?:[01]\d|2[0-3])[0-5]\d\s*(?:hrs?|h)?\b)"
)
_AT_HOUR: Final = re.compile(r"(?:\bat\s+|@\s*)(\d{1,2})\b(?!\s*(?:st|nd|rd|th)\b)")
_BARE_NUMBER: Final = re.compile(r"(?<![\d:.])(\d{1,2})(?![\d:.])")
_ZONE: Final = re.compile(
    r"\b([A-Za-z]+(?:_[A-Za-z]+)*(?:/[A-Za-z_+-]+\d*){1,2}|utc|gmt)\b", re.IGNORECASE
)
_ABBREVIATION: Final = re.compile(
    r"\b(ist|cet|cest|eet|est|edt|cst|cdt|mst|mdt|pst|pdt|bst|sgt|jst|aest|gst|wib|local time)\b"
)
_OFFSET: Final = re.compile(
    r"(?:(?<=\s)\+|\b(?:utc|gmt)\s?[+-])\d{1,2}(?::?\d{2})?\b", re.IGNORECASE
)
_IMPOSSIBLE: Final = re.compile(
    r"\b(hourly|(?:every |each |an )?(?:\w+ )?(?:hours?|minutes?|mins?)\b|every other|every second "
    r"(?:day|week|month)|every (?:two|three|four|six|\d+) (?:days|weeks|months)|fortnight\w*|"
    r"bi-?weekly|bi-?monthly|quarterly|(?:every |each )?quarters?|yearly|annual\w*|"
    r"every year|twice|once|tomorrow|today|tonight|now|next \w+)\b"
)
_HOURS: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve")  # fmt: skip
_SPELLED_HOUR: Final = re.compile(rf"\bat ({'|'.join(_HOURS)})\b", re.IGNORECASE)
_WEEKLY: Final = re.compile(r"\b(?:weekly|(?:every|each|a|per) week|weeks?)\b")
_FILLERS: Final = frozenset(
    ("at", "on", "the", "of", "every", "each", "and", "in", "a", "for", "to", "it", "post", "send",
     "please", "time", "clock", "o'clock", "&", "+", ",", ".", "day", "days", "-", "sharp",
     "starting", "from", "into", "me", "my", "this", "as", "also", "both", "then", "only")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReadSchedule:
    """A schedule as it was typed; ``has_time``: it has a time of day."""

    schedule: Schedule
    has_time: bool


def parse_schedule(typed: str, time_zone: str) -> ReadSchedule:
    """Return the schedule in a text; ``time_zone`` is the person's.

    Raise ``UsageError`` for no days, for impossible schedules, and for words that aren't
    understood.
    """
    reading = _UnreadText(_normalize(typed))
    if len(typed) > MAX_LENGTH:
        raise UsageError("That's too long for a schedule.", example=EXAMPLE)
    zone = _read_zone(reading, time_zone)
    if impossible := reading.take(_IMPOSSIBLE):
        raise UsageError(
            f'"{impossible[0].strip()}" isn\'t possible. A query is posted once a day at most: '
            f"{EXAMPLE_TIMES}.",
            example=EXAMPLE,
        )
    found = reading.take(_PART)
    part = found[1] if found else "night" if "nightly" in reading.text else ""
    at = _read_time(reading, part)
    excluded = _read_excluded(reading)
    schedule = _read_month(reading) or _read_week(reading, has_part=bool(part))
    if at is None:
        at = _read_bare_time(reading, part)
    reading.raise_unused()
    if schedule is None:
        raise UsageError(f"On which days? Try {EXAMPLE_TIMES}.", example=EXAMPLE)
    if excluded:
        schedule = _exclude(schedule, excluded)
    has_time = at is not None or bool(part)
    if at is None:
        at = _PARTS[part] if part else DEFAULT_TIME
    return ReadSchedule(schedule.model_copy(update={"at": at, "time_zone": zone}), has_time)


class _UnreadText:
    """The text that hasn't been understood yet."""

    def __init__(self, text: str) -> None:
        self.text = text

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Return the first match, and remove it."""
        found = pattern.search(self.text)
        if found:
            self.text = f"{self.text[: found.start()]} | {self.text[found.end() :]}"
        return found

    def take_all(self, pattern: re.Pattern[str]) -> list[re.Match[str]]:
        found = []
        while match := self.take(pattern):
            found.append(match)
        return found

    def raise_unused(self) -> None:
        words = [word for word in re.split(r"[\s|,;]+", self.text) if word]
        unused = [word for word in words if word.strip(".!?") not in _FILLERS | {""}]
        if unused:
            raise UsageError(
                f'"{" ".join(unused)}" isn\'t understood. Try {EXAMPLE_TIMES}.', example=EXAMPLE
            )


def _normalize(typed: str) -> str:
    text = " ".join(typed.replace("’", "'").split())
    text = _SLASHED_DAY.sub(r"\1, ", text)
    return _SPELLED_HOUR.sub(lambda found: f"at {_HOURS.index(found[1].casefold()) + 1}", text)


def _read_zone(reading: _UnreadText, usual: str) -> str:
    """Return the named time zone, else the default; the remaining text is in lower case then."""
    offset = reading.take(_OFFSET)
    found = reading.take(_ZONE)
    reading.text = reading.text.casefold()
    if short := offset or reading.take(_ABBREVIATION):
        raise UsageError(
            f'"{short[0]}" isn\'t a time zone here. Leave it out to use your own, or write it like '
            "Europe/Berlin.",
            example=EXAMPLE,
        )
    if found is None:
        return usual
    zone = _index_zone_names().get(found[1].casefold())
    if zone is None:
        raise UsageError(
            f'There\'s no time zone "{found[1]}". Write it like Europe/Berlin.', example=EXAMPLE
        )
    return zone


@cache
def _index_zone_names() -> Mapping[str, str]:
    """Return the names of the time zones by their lower case; they are read from many files."""
    return {name.casefold(): name for name in available_timezones()}


def _read_time(reading: _UnreadText, part: str) -> time | None:
    """Return the time of day. Raise ``UsageError`` for several, or for an invalid one."""
    found = [match[1] for match in reading.take_all(_TIME)]
    if not found:
        found = [match[1] for match in reading.take_all(_AT_HOUR)]
    times = [_to_time(text, part) for text in found]
    if len(set(times)) > 1:
        raise UsageError(
            "A query has one time of day. Save it again under another name for the second one.",
            example=EXAMPLE,
        )
    return times[0] if times else None


def _to_time(text: str, part: str) -> time:
    compact = re.sub(r"\s+", "", text)
    compact = re.sub(r"(?:hrs?|uhr|h)$", "", compact)
    if re.fullmatch(r"\d{4}", compact):
        compact = f"{compact[:2]}:{compact[2:]}"
    found = parse_time(compact)
    if found is None:
        raise UsageError(
            f'"{text.strip()}" isn\'t a time of day. Try 9:00 or 6pm.', example=EXAMPLE
        )
    earliest = _LATE_PARTS.get(part.rstrip("s"), NOON)
    is_late = earliest <= found.hour < NOON and "m" not in compact
    return found.replace(hour=found.hour + NOON) if is_late else found


def _read_excluded(reading: _UnreadText) -> tuple[int, ...]:
    """Take "except …" and the days after it."""
    found = _EXCEPT.search(reading.text)
    if found is None:
        return ()
    rest = _UnreadText(reading.text[found.end() :])
    reading.text = reading.text[: found.start()]
    days = _read_days(rest)
    reading.text += f" | {rest.text}"
    if not days:
        raise UsageError("Except on which days?", example=EXAMPLE)
    return days


def _exclude(schedule: Schedule, days: tuple[int, ...]) -> Schedule:
    left = tuple(day for day in schedule.weekdays if day not in days)
    if schedule.month_day or schedule.month_week or not left:
        raise UsageError(f"No days are left. Try {EXAMPLE_TIMES}.", example=EXAMPLE)
    return schedule.model_copy(update={"weekdays": left})


# --- days ----------------------------------------------------------------------------------------


def _read_month(reading: _UnreadText) -> Schedule | None:
    if found := reading.take(_MONTH_WEEK):
        _take_month(reading)
        day = _to_day(found[2])
        return Schedule(weekdays=(day,), month_week=_ORDINALS[found[1]])
    if reading.take(_LAST_DAY):
        _take_month(reading)
        return Schedule(month_day=LAST)
    if found := reading.take(_FIRST_DAY):
        _take_month(reading)
        return Schedule(month_day=_ORDINALS[found[1]])
    numbers = reading.take_all(_MONTH_DAY)
    is_monthly = _take_month(reading)
    if not numbers and is_monthly:
        word = reading.take(_WORD_DAY)
        if word:
            return Schedule(month_day=_ORDINALS[word[1]])
        numbers = reading.take_all(_BARE_NUMBER)[:1]
    if not numbers:
        if is_monthly:
            raise UsageError(
                "On which day of the month? Try monthly on the 1st, or on the last day.",
                example=EXAMPLE,
            )
        return None
    if len(numbers) > 1:
        raise UsageError(
            "A query has one day of the month. Save it again under another name for the other.",
            example=EXAMPLE,
        )
    day = int(numbers[0][1])
    if not 1 <= day <= MAX_MONTH_DAY:
        raise UsageError(f"No month has a day {day}.", example=EXAMPLE)
    return Schedule(month_day=day)


def _take_month(reading: _UnreadText) -> bool:
    return bool(reading.take_all(_MONTHLY))


def _read_week(reading: _UnreadText, *, has_part: bool) -> Schedule | None:
    has_every = bool(re.search(r"\b(?:every|each)\b", reading.text))
    has_every = bool(reading.take(_NIGHTLY)) or has_every
    is_weekly = bool(reading.take(_WEEKLY)) and not re.search(r"week\s*days?", reading.text)
    days = _read_days(reading)
    if days:
        return Schedule(weekdays=days)
    if is_weekly:
        raise UsageError("On which day of the week? Try every Monday 9:00.", example=EXAMPLE)
    if has_part and has_every:
        return Schedule(weekdays=EVERY_DAY)
    return None


def _read_days(reading: _UnreadText) -> tuple[int, ...]:
    days: set[int] = set()
    for pattern, group in _DAY_SETS:
        if reading.take_all(pattern):
            days.update(group)
    for found in reading.take_all(_RANGE):
        first, last = _to_day(found[1]), _to_day(found[2])
        days.update((first + step) % 7 for step in range((last - first) % 7 + 1))
    days.update(_to_day(found[1]) for found in reading.take_all(_SINGLE_DAY))
    return tuple(sorted(days))


def _to_day(name: str) -> int:
    bare = name.casefold().removesuffix("'s")
    return _DAY_NAMES[bare] if bare in _DAY_NAMES else _DAY_NAMES[bare.removesuffix("s")]


def _read_bare_time(reading: _UnreadText, part: str) -> time | None:
    """Return the hour of a number that is left: ``every Monday 9``."""
    numbers = reading.take_all(_BARE_NUMBER)
    if len(numbers) > 1:
        raise UsageError("Write the time as 9:00 or 6pm.", example=EXAMPLE)
    return _to_time(numbers[0][1], part) if numbers else None
