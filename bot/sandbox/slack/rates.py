"""Slack's rate limits: calls a minute by the method's tier, and posts a second by channel."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Mapping

from bot.aio.clock import Clock

TIERS: Mapping[int, int] = {1: 5, 2: 20, 3: 50, 4: 100}
"""Calls a minute. docs.slack.dev/apis/web-api/rate-limits promises 1, 20, 50 and 100 or more; of
tier 1 it says that a small burst is tolerated, which is why it stands at 5."""

POSTS_A_MINUTE = 300
"""``chat.postMessage`` over the workspace: "several hundred per minute"."""
CHANNEL_BURST = 5
"""Posts to one channel at once, before one a second holds."""

_MINUTE = 60.0


class Rates:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)
        self._channels: dict[str, float] = {}

    def call(self, method: str, a_minute: int) -> int:
        """Seconds to wait before this call may come again; 0 when it may go on."""
        now = self._clock.monotonic()
        calls = self._calls[method]
        while calls and now - calls[0] >= _MINUTE:
            calls.popleft()
        if len(calls) >= a_minute:
            return max(1, math.ceil(calls[0] + _MINUTE - now))
        calls.append(now)
        return 0

    def post(self, channel: str) -> int:
        """The same for one more message in a channel: one a second, after a short burst."""
        now = self._clock.monotonic()
        free_at = max(self._channels.get(channel, now), now)
        if free_at - now > CHANNEL_BURST - 1:
            return math.ceil(free_at - now - (CHANNEL_BURST - 1))
        self._channels[channel] = free_at + 1.0
        return 0
