"""Slack's rate limits: calls per minute by the method's tier, and posts per second by channel."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Mapping

from bot.aio.clock import Clock

TIERS: Mapping[int, int] = {1: 5, 2: 20, 3: 50, 4: 100}
"""Calls per minute.

docs.slack.dev/apis/web-api/rate-limits guarantees 1, 20, 50 and 100 or more; it says that tier 1
tolerates a small burst, so it is 5 here.
"""

POSTS_PER_MINUTE = 300
"""``chat.postMessage`` for the workspace: "several hundred per minute"."""
MAX_CHANNEL_BURST = 5
"""Posts to one channel in a burst, before the limit of one per second applies."""

_MINUTE_SECONDS = 60.0


class WebApiRateLimiter:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)
        self._channels: dict[str, float] = {}

    def acquire_call(self, method: str, calls_per_minute: int) -> int:
        """Return the seconds to wait before this call; 0 if it may run."""
        now = self._clock.monotonic()
        calls = self._calls[method]
        while calls and now - calls[0] >= _MINUTE_SECONDS:
            calls.popleft()
        if len(calls) >= calls_per_minute:
            return max(1, math.ceil(calls[0] + _MINUTE_SECONDS - now))
        calls.append(now)
        return 0

    def acquire_post(self, channel: str) -> int:
        """Return the seconds to wait before a post: one per second and channel, after a burst."""
        now = self._clock.monotonic()
        free_at = max(self._channels.get(channel, now), now)
        if free_at - now > MAX_CHANNEL_BURST - 1:
            return math.ceil(free_at - now - (MAX_CHANNEL_BURST - 1))
        self._channels[channel] = free_at + 1.0
        return 0
