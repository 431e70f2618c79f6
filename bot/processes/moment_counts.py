"""Numbers in times as people type them: "in 2 hours", "in 1h30", "at nine". Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from bot.processes.date_words import NUMBER_WORDS

MAX_COUNT: Final = 1_000
_MINUTES: Final[Mapping[str, int]] = {
    **dict.fromkeys(("minute", "minutes", "min", "mins"), 1),
    **dict.fromkeys(("hour", "hours", "hr", "hrs", "h"), 60),
}
_JOINED_COUNT: Final = re.compile(r"(\d{1,4})([a-z]+)")
_HOURS_AND_MINUTES: Final = re.compile(
    r"(\d{1,2})\s?(?:h|hrs?|hours?)(?: and)?\s?(\d{1,2})\s?(?:m|mins?|minutes?)?"
)
_HOURS: Final[Mapping[str, int]] = {
    **{word: number for word, number in NUMBER_WORDS.items() if word not in ("a", "an")},
    "eleven": 11,
}
_ZONES: Final = frozenset(
    ("utc", "gmt", "ist", "cet", "cest", "eet", "eest", "edt", "cst", "cdt", "mst", "mdt", "pst",
     "pdt", "bst", "sgt", "jst", "aest", "aedt")
)  # fmt: skip


def read_minutes(words: list[str]) -> int:
    """Return the minutes of "in 2 hours", "in half an hour", "2 hours from now", else 0."""
    if words[0] in ("in", "after") and len(words) > 1:
        inner = words[1:]
    elif words[-2:] == ["from", "now"] and len(words) > 2:
        inner = words[:-2]
    else:
        return 0
    if inner in (["half", "an", "hour"], ["half", "hour"]):
        return 30
    if inner in (["an", "hour", "and", "a", "half"], ["one", "and", "a", "half", "hours"]):
        return 90
    if found := _HOURS_AND_MINUTES.fullmatch(" ".join(inner)):
        return int(found[1]) * 60 + int(found[2])
    count, unit = read_count(inner)
    return count * _MINUTES.get(unit, 0)


def spell_hour(words: Sequence[str]) -> list[str]:
    """Return "nine" as "9"; other words as they are."""
    hour = _HOURS.get(words[0], 0) if len(words) == 1 else 0
    return [str(hour)] if hour else list(words)


def is_zone(word: str, now: datetime) -> bool:
    """Return whether a word is the short name of a time zone."""
    return word in _ZONES or is_own_zone(word, now)


def is_own_zone(word: str, now: datetime) -> bool:
    return word == (now.tzname() or "").lower()


def read_count(words: Sequence[str]) -> tuple[int, str]:
    """Return the number and the unit of "2 hours" or "2h", else 0 and ""."""
    if len(words) == 1 and (joined := _JOINED_COUNT.fullmatch(words[0])):
        words = [joined[1], joined[2]]
    if len(words) == 3 and words[0] == "a" and words[1] == "couple":
        words = ["2", words[2]]
    if len(words) != 2:
        return 0, ""
    is_number = words[0].isascii() and words[0].isdecimal() and len(words[0]) < 5
    count = int(words[0]) if is_number else NUMBER_WORDS.get(words[0], 0)
    return (count, words[1]) if 0 < count <= MAX_COUNT else (0, "")
