"""How often Slack is spoken to: a budget of calls, and gaps between those that touch one thing."""

from __future__ import annotations

from collections import deque

from cachetools import TTLCache

from bot.clock import Clock


class Budget:
    """At most ``most`` calls in any ``seconds``; none while it is paused."""

    def __init__(self, clock: Clock, most: int, seconds: float) -> None:
        self._clock = clock
        self._most = most
        self._seconds = seconds
        self._taken: deque[float] = deque()
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

    def free_at(self, thing: object) -> float:
        """The moment, by the monotonic clock, from which it may be called about again."""
        last = self._last.get(thing)
        return self._clock.monotonic() if last is None else last + self._seconds

    def take(self, thing: object) -> None:
        self._last[thing] = self._clock.monotonic()
