"""The times of a typed task in other words, and words that look like a time. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

_OTHER_WORDS: Final = {
    "kal": "tomorrow", "aaj": "today", "baje": "o'clock", "subah": "morning", "shaam": "evening",
    "heute": "today", "morgen": "tomorrow", "hoy": "today", "mañana": "tomorrow",
    "tmrw": "tomorrow",
}  # fmt: skip
"""What people also type for a time. In a task, "kal" is the day to come."""
_ISH: Final = re.compile(r"(\d{1,2}(?:[:.]\d{2})?(?:am|pm)?)-?ish")
_BEFORE: Final = frozenset({"around", "about", "approx", "approximately", "roughly", "circa", "~"})
_AFTER: Final = frozenset({"ish", "sharp", "time", "latest"})
_REPEATED: Final = frozenset(
    {"every", "each", "daily", "weekly", "monthly", "everyday", "weekdays", "fortnightly"}
)
_DAY: Final = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
_ORDINAL: Final = re.compile(r"\d{1,2}(?:st|nd|rd|th)")
_MONTH_NAME: Final = re.compile(
    r"(?:jan(?:uary)?|feb(?:ruary)?|march|april|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_TIME_LIKE: Final = re.compile(
    rf"\d{{1,2}}[:.]\d{{2}}(?:hrs?|h)?|\d{{4}}\s?(?:hrs?|h)"
    rf"|\d{{1,2}}(?:[-–]\d{{1,2}})?\s?(?:am|pm|hrs)|{_DAY}(?:[-–]{_DAY})?|cob|eow|eom|between"
    r"|baje|subah|shaam|dopahar|raat|kal|parso|aaj|half|quarter|o'clock|weekend|month|fortnight",
    re.IGNORECASE,
)


def spell_times(words: Sequence[str]) -> list[str]:
    """Return the words, which are in lower case, with ``3ish`` and ``kal`` as they are read."""
    return [_OTHER_WORDS.get(word) or _ISH.sub(r"\1", word) for word in words]


def extend_span(words: Sequence[str], start: int, end: int) -> tuple[int, int]:
    """Return the span of a time with the words that only make it less exact: ``around 3pm``."""
    while start and words[start - 1] in _BEFORE:
        start -= 1
    if words[end : end + 2] == ["or", "so"]:
        end += 2
    while end < len(words) and words[end] in _AFTER:
        end += 1
    return start, end


def describe_unread(words: Iterable[str]) -> str:
    """Return a sentence on words of the text that are likely a time; "" if there are none."""
    typed = list(words)
    if any(word in _REPEATED for word in typed):
        return "Tasks don't repeat: this one is for one day."
    unread = [word for place, word in enumerate(typed) if _is_time_like(typed, place)]
    if not unread:
        return ""
    shown = " ".join(unread[:3])
    return f'"{shown}" isn\'t read as a time, so it stays in the text. Set the time below.'


def _is_time_like(words: Sequence[str], place: int) -> bool:
    word = words[place]
    if _ORDINAL.fullmatch(word):
        return place == len(words) - 1  # not "the 3rd floor"
    if _MONTH_NAME.fullmatch(word):
        beside = words[max(place - 1, 0) : place + 2]
        return any(part in ("mid", "end", "of") or part[:1].isdecimal() for part in beside)
    return bool(_TIME_LIKE.fullmatch(word))
