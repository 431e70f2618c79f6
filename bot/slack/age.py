"""When a value was loaded: the small line below everything that comes from Chakra."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.cache import Cached
from bot.errors import BotError, InvalidResponse, RateLimited
from bot.slack.blocks import Markup, markup

FIRST_SECOND = int(datetime.min.replace(tzinfo=UTC).timestamp())
LAST_SECOND = int(datetime.max.replace(tzinfo=UTC, microsecond=0).timestamp())
"""Some systems store "never" as their last day, which is later still in some time zones."""


def format_date_token(seconds: float) -> Markup:
    """Return a moment as a date that Slack shows in the reader's time zone, "today at 2:05 PM".

    ``seconds`` are since the epoch. The text stays true as time passes.
    docs.slack.dev/messaging/formatting-message-text#date-formatting
    """
    seconds = min(max(seconds, FIRST_SECOND), LAST_SECOND)
    utc = datetime.fromtimestamp(seconds, UTC)
    fallback = f"{utc.day} {utc:%b %Y %H:%M} UTC"
    return Markup(f"<!date^{int(seconds)}^{{date_short_pretty}} at {{time}}|{fallback}>")


def format_time_token(seconds: float) -> Markup:
    """Return a time of day on the reader's own clock, "2:05 PM"; see `format_date_token`."""
    fallback = f"{datetime.fromtimestamp(seconds, UTC):%H:%M} UTC"
    return Markup(f"<!date^{int(seconds)}^{{time}}|{fallback}>")


def format_freshness(cached: Cached[Any]) -> Markup:
    """Return when ``cached`` was loaded, with a warning if an outage prevented a newer load."""
    loaded_at = format_date_token(cached.loaded_at)
    if not cached.stale:
        return markup("From Chakra, ", loaded_at)
    return markup(f":warning: {_describe_outage(cached.reason)} This is from ", loaded_at, ".")


def _describe_outage(reason: BotError | None) -> str:
    if isinstance(reason, RateLimited):
        return "Chakra is rate limiting requests."
    if isinstance(reason, InvalidResponse):
        return "Chakra's answer can't be read right now."
    return "Chakra can't be reached right now."
