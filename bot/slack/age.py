"""How old an answer is, in words: for the small line under everything that comes from Chakra."""

from __future__ import annotations

from typing import Any

from bot.cache import Cached
from bot.errors import RateLimited
from bot.slack.blocks import Markup, markup

JUST_NOW_SECONDS = 5.0
"""Seconds for which an answer counts as new."""

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def format_age(seconds: float) -> str:
    """``just now``, ``12 seconds ago``, ``3 minutes ago``: the largest unit alone, rounded down."""
    if seconds < JUST_NOW_SECONDS:
        return "just now"
    for size, unit in _UNITS:
        count = int(seconds // size)
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def freshness(cached: Cached[Any]) -> Markup:
    """The line itself; a plain warning where an old answer stands in for one not to be had."""
    if not cached.stale:
        return markup("From Chakra, ", format_age(cached.age_seconds))
    why = (
        "Chakra is asked too often right now."
        if isinstance(cached.reason, RateLimited)
        else "Chakra cannot be reached right now."
    )
    return markup(f":warning: {why} This is from {format_age(cached.age_seconds)}.")
