"""How often Slack is spoken to: a budget of calls, and gaps between those that touch one thing."""

from __future__ import annotations

from collections import deque

from cachetools import TTLCache

from bot.aio.clock import Clock

EDITS = (45, 60.0)
"""Edits and their seconds: `chat.update` is of tier 3, about 50 a minute over the workspace.
docs.slack.dev/apis/web-api/rate-limits"""
POSTS = (240, 60.0)
"""Posts and their seconds: Slack takes "several hundred" a minute over the workspace."""
EDIT_GAP = 3.0
"""Seconds between two edits of one message."""
POST_GAP = 1.0
"""Seconds between two posts to one channel: Slack takes one a second there."""


class Budget:
    """At most ``most`` calls in any ``seconds``; none while it is paused.

    ``cautious`` begins as if calls had been made at that rate all along: whoever had the budget
    before, a moment ago, does not tell what was left of it.
    """

    def __init__(self, clock: Clock, most: int, seconds: float, *, cautious: bool = False) -> None:
        self._clock = clock
        self._most = most
        self._seconds = seconds
        started, turns = clock.monotonic() - seconds, range(most if cautious else 0)
        self._taken = deque(started + seconds / most * turn for turn in turns)
        self._paused_until = 0.0

    def wait(self) -> float:
        """Seconds until the next call may be made; 0 when it may be now."""
        now = self._clock.monotonic()
        while self._taken and now - self._taken[0] >= self._seconds:
            self._taken.popleft()
        full = len(self._taken) >= self._most
        free_at = self._taken[0] + self._seconds if full else now
        return max(0.0, free_at - now, self._paused_until - now)

    def take(self) -> None:
        self._taken.append(self._clock.monotonic())

    def pause(self, seconds: float) -> None:
        until = self._clock.monotonic() + seconds
        self._paused_until = max(self._paused_until, until)


class Gaps:
    """At least ``seconds`` between two calls about the same thing."""

    def __init__(self, clock: Clock, seconds: float, remembered: int = 100_000) -> None:
        self._clock = clock
        self._seconds = seconds
        self._last: TTLCache[object, float] = TTLCache(remembered, seconds, timer=clock.monotonic)

    def wait(self, thing: object) -> float:
        """Seconds until it may be called about again."""
        last = self._last.get(thing)
        return 0.0 if last is None else max(0.0, last + self._seconds - self._clock.monotonic())

    def take(self, thing: object) -> None:
        self._last[thing] = self._clock.monotonic()


class Pace:
    """What the leader remembers of its calls. All waits are seconds, 0 where there is none."""

    def __init__(self, clock: Clock) -> None:
        self._posts = Budget(clock, *POSTS)
        self._edits = Budget(clock, *EDITS, cautious=True)
        self._channels = Gaps(clock, POST_GAP)
        self._messages = Gaps(clock, EDIT_GAP)

    def until_post(self, channel: str) -> float:
        return max(self._posts.wait(), self._channels.wait(channel))

    def until_any_edit(self) -> float:
        return self._edits.wait()

    def until_edit(self, post_id: int) -> float:
        """As far as this message is concerned."""
        return self._messages.wait(post_id)

    def posting(self, channel: str) -> None:
        self._posts.take()
        self._channels.take(channel)

    def editing(self, post_id: int) -> None:
        self._edits.take()
        self._messages.take(post_id)

    def appeared(self, post_id: int) -> None:
        """It was posted: its first edit, too, keeps the gap."""
        self._messages.take(post_id)

    def pause_edits(self, seconds: float) -> None:
        self._edits.pause(seconds)

    def pause_all(self, seconds: float) -> None:
        self._posts.pause(seconds)
        self._edits.pause(seconds)
