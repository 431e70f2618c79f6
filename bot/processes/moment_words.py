"""Future times as people type them ("tomorrow 10am", "next Monday 9", "in 2 hours"). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from bot.processes.date_words import WEEKDAYS, find_dates
from bot.processes.moment_counts import is_own_zone, is_zone, read_count, read_minutes, spell_hour

MAX_WORDS: Final = 8
"""Words of the longest phrase: "on the day after tomorrow at 10 am"."""
YEAR_DAYS: Final = 365
MAX_YEARS: Final = 4
MAX_MONTH_DAYS: Final = 31
EARLIEST_BARE_HOUR: Final = 7
"""From this hour on, "Monday 9" means the morning; "Monday 5" can also mean the afternoon."""

_TIME: Final = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?\s?(am|pm|a\.m\.?|p\.m\.?|h|hrs?|o'clock)?")
_NAMED_TIMES: Final[Mapping[str, time]] = {
    **dict.fromkeys(("noon", "midday", "12 noon", "12noon"), time(12)),
    **{f"half past {hour}": time(hour, 30) for hour in range(7, 13)},
}
_VAGUE: Final = frozenset(
    ("morning", "afternoon", "evening", "night", "tonight", "midnight", "lunch", "lunchtime", "eod",
     "end of day", "morning time", "noonish", "early", "late", "sometime")
)  # fmt: skip
_DAY_WORDS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("today", "tonight", "tday"), 0),
    **dict.fromkeys(
        ("tomorrow", "tomorow", "tommorow", "tommorrow", "tmrw", "tmr", "tmw", "tom"), 1
    ),
    "2mrw": 1,
    **dict.fromkeys(("day after tomorrow", "the day after tomorrow", "overmorrow"), 2),
}
_PAST_WORDS: Final[Mapping[str, int]] = {"yesterday": -1, "day before yesterday": -2}
_UNIT_DAYS: Final[Mapping[str, int]] = {"day": 1, "week": 7, "fortnight": 14}
_SHORT_DATE: Final = re.compile(r"(\d{1,2})/(\d{1,2})")
_ISO_MOMENT: Final = re.compile(r"(\d{4}-\d{2}-\d{2})[t ](\d{2}:\d{2})(?::\d{2})?")
_CALENDAR: Final = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})"
    r"|.*\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b.*"
)
_LEADING: Final = frozenset(("on", "by", "at", "before", "until", "till", "due", "for", "from"))
_AT: Final = frozenset(("at", "@", "around", "about", "by"))
_ALSO_WORDS: Final = frozenset(("sun", "sat", "wed", "tom"))
"""Short names of days that mean something else on their own."""
_ORDINAL: Final = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")
_DOTTED_TIME: Final = re.compile(r"(\d{1,2})\.(\d{2})")
_PERIODS: Final = frozenset(("week", "month", "year", "quarter"))


_ANY_MOMENT: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FoundMoment:
    """A phrase of ``length`` words from ``start``: a day, a time, or both.

    ``problem`` is a sentence if it can't be used as it is.
    """

    start: int
    length: int
    day: date | None = None
    time: time | None = None
    problem: str = ""

    def resolve(self, zone_now: datetime) -> datetime | None:
        """Return the moment in the zone of ``zone_now``; None without a day and a time."""
        if self.problem or self.day is None or self.time is None:
            return None
        return datetime.combine(self.day, self.time, zone_now.tzinfo)


def find_moments(words: Sequence[str], now: datetime) -> list[FoundMoment]:
    """Return the phrases of times in the words, in order. ``now`` is in the person's zone.

    A day without its year, and a time without its day, are the next ones.
    """
    lowered = [word.lower().strip(",;!?").rstrip(".") for word in words]
    found: list[FoundMoment] = []
    start = 0
    while start < len(lowered):
        moment = _find_at(lowered, start, now)
        if moment is None:
            start += 1
            continue
        found.append(moment)
        start = moment.start + moment.length
    return found


def has_moment(words: Sequence[str]) -> bool:
    """Return whether a time is among the words, whenever they are typed."""
    return bool(find_moments(words, _ANY_MOMENT))


def read_moment(text: str, now: datetime) -> FoundMoment | None:
    """Return the time that the whole text means, or None."""
    words = text.split()
    found = find_moments(words, now) if words else []
    if len(found) != 1 or found[0].length != len(words):
        return None
    return found[0]


def _find_at(words: Sequence[str], start: int, now: datetime) -> FoundMoment | None:
    for length in range(min(MAX_WORDS, len(words) - start), 0, -1):
        phrase = list(words[start : start + length])
        if not all(phrase):
            continue
        found = _read(phrase, now)
        if found is not None:
            return FoundMoment(start, length, found.day, found.time, found.problem)
    return None


def _read(words: list[str], now: datetime) -> FoundMoment | None:
    text = " ".join(words)
    if text in _ALSO_WORDS:
        return None
    if len(words) > 1 and is_zone(words[-1], now):
        timed = _read(words[:-1], now)
        if timed is None or timed.time is None:
            return None
        if is_own_zone(words[-1], now):
            return timed
        return _build_problem(f'"{text}" is a time zone. Write your own local time.')
    if moment := _read_exact(text, words, now):
        return moment
    if words[0] in _LEADING and len(words) > 1:
        inner = _read(words[1:], now)
        if inner is None and words[0] == "at":
            inner = _read_bare_time(spell_hour(words[1:]), now)
            return inner or _read_bare_then_day(words[1:], now)
        if inner is None and words[0] in ("on", "by", "before", "due", "until"):
            dated = _to_date(words[1:], now.date())
            return _read(dated, now) if dated else None
        return inner
    return _read_day_and_time(words, now) or _read_time_alone(words, now)


def _read_exact(text: str, words: list[str], now: datetime) -> FoundMoment | None:
    """Read "in 2 hours", "2026-12-01T10:00", "next week"."""
    if found := _ISO_MOMENT.fullmatch(text):
        try:
            moment = datetime.fromisoformat(f"{found[1]}T{found[2]}")
        except ValueError:
            return None
        return _check_moment(text, moment.date(), moment.time(), now)
    if len(words) == 2 and words[0] in ("next", "this") and words[1] in _PERIODS:
        return _build_problem(
            f'"{text}" is not a single day. Write a day, such as next Monday 10am.'
        )
    minutes = read_minutes(words)
    if minutes:
        later = (now + timedelta(minutes=minutes)).replace(second=0, microsecond=0)
        return FoundMoment(0, 0, later.date(), later.time())
    return None


# --- days and times of day ------------------------------------------------------------------------


def _read_day_and_time(words: list[str], now: datetime) -> FoundMoment | None:
    """Read "tomorrow", "tomorrow 10am", "10am on Friday", "Monday morning"."""
    for cut in range(len(words), 0, -1):
        day = _read_day(words[:cut], now)
        if day is not None:
            return _join(" ".join(words), day, words[cut:], now)
    for cut in range(1, len(words)):
        clock = _read_time(words[:cut])
        rest = words[cut + 1 :] if words[cut] == "on" else words[cut:]
        day = _read_day(rest, now) if clock and rest else None
        if clock and day is not None:
            return _join(" ".join(words), day, words[:cut], now)
    return None


def _join(text: str, day: FoundMoment, time_words: list[str], now: datetime) -> FoundMoment | None:
    is_at = bool(time_words) and time_words[0] in _AT
    rest = spell_hour(time_words[1:]) if is_at else time_words
    if not rest:
        if time_words:
            return None
        return day if day.problem or day.day is None else _check_moment(text, day.day, None, now)
    joined = " ".join(rest)
    vague = joined.removeprefix("in the ").removeprefix("the ")
    if vague in _VAGUE:
        return _build_problem(f'"{text}" has no exact time. Write one, such as tomorrow 10am.')
    clock = _read_time(rest)
    if clock is None:
        bare = _read_bare_time(rest, now)
        if bare is None:
            return None
        if bare.problem:
            return bare
        clock = bare.time
    if day.problem or day.day is None:
        return day
    return _check_moment(text, day.day, clock, now)


def _read_time_alone(words: list[str], now: datetime) -> FoundMoment | None:
    """Read "10am", "14h", "noon": the next one."""
    text = " ".join(words)
    if text in ("tonight", "eod", "end of day", "midnight", "this evening", "this afternoon"):
        return _build_problem(f'"{text}" has no exact time. Write one, such as today 18:00.')
    clock = _read_time(words)
    if clock is None:
        return None
    is_over = clock <= now.time().replace(tzinfo=None)
    return FoundMoment(0, 0, now.date() + timedelta(days=is_over), clock)


def _read_time(words: Sequence[str]) -> time | None:
    """Return a time of day that can't be mistaken for anything else."""
    text = " ".join(words)
    if text in _NAMED_TIMES:
        return _NAMED_TIMES[text]
    found = _TIME.fullmatch(text)
    if not found or not (found[2] or found[3]) or (found[2] and "." in text and not found[3]):
        return None
    hours, minutes, mark = int(found[1]), int(found[2] or 0), (found[3] or "").replace(".", "")
    if mark in ("am", "pm"):
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if mark == "pm" else 0)
    return time(hours, minutes) if hours < 24 and minutes < 60 else None


def _read_bare_time(words: Sequence[str], now: datetime) -> FoundMoment | None:
    """Read a number that is a time after "at" or a day: 9, 14, 10.30. Ask about 5."""
    if len(words) == 1 and (dotted := _DOTTED_TIME.fullmatch(words[0])):
        return _read_time_alone([f"{dotted[1]}:{dotted[2]}"], now)
    if len(words) != 1 or not re.fullmatch(r"\d{1,2}", words[0]) or int(words[0]) > 23:
        return None
    hour = int(words[0])
    if 0 < hour < EARLIEST_BARE_HOUR:
        return _build_problem(
            f'"{hour}" can be {hour}am or {hour}pm. Write {hour}am or {hour}pm after the day.'
        )
    is_over = time(hour) <= now.time().replace(tzinfo=None)
    return FoundMoment(0, 0, now.date() + timedelta(days=is_over), time(hour))


def _read_bare_then_day(words: list[str], now: datetime) -> FoundMoment | None:
    """Read the "10 tomorrow" of "at 10 tomorrow"."""
    rest = words[2:] if words[1:2] == ["on"] else words[1:]
    hour = spell_hour(words[:1])
    day = _read_day(rest, now) if rest and hour[0].isdecimal() else None
    return _join(" ".join(words), day, hour, now) if day is not None else None


def _to_date(words: list[str], today: date) -> list[str]:
    """Return "the 5th at 10" with the next 5th as a date, [] if it has none."""
    rest = words[1:] if words[0] == "the" else words
    found = _ORDINAL.fullmatch(rest[0]) if rest else None
    if found is None or not 1 <= int(found[1]) <= MAX_MONTH_DAYS:
        return []
    day = today
    while day.day != int(found[1]):
        day += timedelta(days=1)
    return [day.isoformat(), *rest[1:]]


def _read_day(words: Sequence[str], now: datetime) -> FoundMoment | None:
    today, text = now.date(), " ".join(words)
    if not words:
        return None
    if text in _DAY_WORDS:
        if text == "tonight":
            return None
        return _build_day_moment(today + timedelta(days=_DAY_WORDS[text]))
    if text in _PAST_WORDS:
        return _build_day_moment(today + timedelta(days=_PAST_WORDS[text]))
    if words[0] in WEEKDAYS and len(words) > 1 and (dated := _read_date(" ".join(words[1:]), now)):
        return _check_weekday(words[0], dated)
    return _read_weekday(words, today) or _read_counted(words, today) or _read_date(text, now)


def _check_weekday(name: str, dated: FoundMoment) -> FoundMoment:
    """Return the day of "Fri 5 Dec", unless it is another weekday."""
    if dated.day is None or dated.day.weekday() == WEEKDAYS[name]:
        return dated
    return _build_problem(
        f"{dated.day.day} {dated.day:%B %Y} is a {dated.day:%A}. Which day is it?"
    )


def _read_weekday(words: Sequence[str], today: date) -> FoundMoment | None:
    name, before = words[-1], list(words[:-1])
    if name not in WEEKDAYS:
        return None
    ahead = (WEEKDAYS[name] - today.weekday()) % 7
    if before in (["next"], ["coming"], ["the", "next"], ["the", "coming"]):
        return _build_day_moment(today + timedelta(days=ahead or 7))
    if before == ["last"]:
        return _build_day_moment(today - timedelta(days=(7 - ahead) or 7))
    if before not in ([], ["this"], ["on"]):
        return None
    if not ahead:
        return _build_problem(f'"{name}" is today\'s weekday. Write today or next {name.title()}.')
    return _build_day_moment(today + timedelta(days=ahead))


def _read_counted(words: Sequence[str], today: date) -> FoundMoment | None:
    """Read "in 3 days", "a week from now", "2 days ago"."""
    is_ago = words[-1] == "ago"
    if is_ago:
        inner = list(words[:-1])
    elif words[0] == "in":
        inner = list(words[1:])
    elif list(words[-2:]) in (["from", "now"], ["from", "today"]):
        inner = list(words[:-2])
    else:
        return None
    count, unit = read_count(inner)
    days = _UNIT_DAYS.get(unit.removesuffix("s"), 0)
    if not count or not days:
        return None
    return _build_day_moment(today + timedelta(days=(-count if is_ago else count) * days))


def _read_date(text: str, now: datetime) -> FoundMoment | None:
    """Read a date of the calendar; one without its year is the next one."""
    today = now.date()
    if found := _SHORT_DATE.fullmatch(text):
        day, month = int(found[1]), int(found[2])
        return _read_month_day(day, month, today) or _read_month_day(month, day, today)
    if not _CALENDAR.fullmatch(text):
        return None
    words = text.split()
    for years in range(1, MAX_YEARS + 1):  # 29 February isn't in every year
        try:
            dates = find_dates(words, today + timedelta(days=YEAR_DAYS * years - 1))
        except OverflowError:
            return None
        if dates is None or dates.length != len(words):
            return None
        start, end = dates.span.start, dates.span.end
        if start is None or end is None or (end - start).days != 1:
            return None
        if start >= today or years == MAX_YEARS:
            return _build_day_moment(start)
    return None


def _read_month_day(day: int, month: int, today: date) -> FoundMoment | None:
    for year in (today.year, today.year + 1):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found >= today:
            return _build_day_moment(found)
    return None


def _build_day_moment(day: date) -> FoundMoment:
    return FoundMoment(0, 0, day)


def _build_problem(sentence: str) -> FoundMoment:
    return FoundMoment(0, 0, problem=sentence)


def _check_moment(text: str, day: date, clock: time | None, now: datetime) -> FoundMoment:
    """Return the moment; a past one is a problem."""
    is_over = day < now.date()
    if clock is not None and day == now.date():
        is_over = clock <= now.time().replace(tzinfo=None)
    if is_over:
        return _build_problem(
            f'"{text}" is in the past. Write a future time, such as tomorrow 10am.'
        )
    return FoundMoment(0, 0, day, clock)
