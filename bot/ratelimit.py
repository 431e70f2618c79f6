"""Rate limiters: a sliding window, a minimum interval, and one rate shared by all replicas."""

from __future__ import annotations

from collections import deque

from cachetools import TTLCache
from sqlalchemy import case, literal, update

from bot.aio.clock import Clock, count_seconds_left
from bot.db.engine import Database
from bot.db.tables import rate_limits

MAX_TRACKED_KEYS = 100_000
MAX_SLOT_WAIT_SECONDS = 60.0
"""No slot is reserved further ahead, since no replica has that many callers: a later one
was reserved before the system clock was set back."""


class SlidingWindow:
    """At most ``limit`` calls in any ``seconds``; none while it is paused."""

    def __init__(
        self, clock: Clock, limit: int, seconds: float, *, assume_full: bool = False
    ) -> None:
        """Start with an empty window.

        ``assume_full`` starts as if calls had been made at the full rate all along: a new leader
        doesn't know how much its predecessor has used.
        """
        self._clock = clock
        self._limit = limit
        self._seconds = seconds
        start, calls = clock.monotonic() - seconds, range(limit if assume_full else 0)
        self._calls = deque(start + seconds / limit * call for call in calls)
        self._paused_until = 0.0

    def count_seconds_until_free(self) -> float:
        """Return the seconds until the next call may be made; 0 if now."""
        now = self._clock.monotonic()
        while self._calls and now - self._calls[0] >= self._seconds:
            self._calls.popleft()
        is_full = len(self._calls) >= self._limit
        free_at = self._calls[0] + self._seconds if is_full else now
        return max(0.0, free_at - now, self._paused_until - now)

    def record(self) -> None:
        """Count a call that is made now."""
        self._calls.append(self._clock.monotonic())

    def pause(self, seconds: float) -> None:
        """Allow no call for ``seconds``."""
        self._paused_until = max(self._paused_until, self._clock.monotonic() + seconds)


class MinInterval:
    """At least ``seconds`` between two calls about the same key."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._last: TTLCache[object, float] = TTLCache(
            MAX_TRACKED_KEYS, seconds, timer=clock.monotonic
        )

    def count_seconds_until_free(self, key: object) -> float:
        """Return the seconds until the next call about ``key``; 0 if now."""
        last = self._last.get(key)
        return 0.0 if last is None else max(0.0, last + self._seconds - self._clock.monotonic())

    def record(self, key: object) -> None:
        """Count a call about ``key`` that is made now."""
        self._last[key] = self._clock.monotonic()


class SharedRateLimiter:
    """One rate for all replicas of a workspace, stored in a database row.

    DBOS's own limiter let 38 calls of 19 a second through on SQLite and counts starts, not requests
    (``bot/durable/README.md``). Methods raise ``DatabaseUnavailable``.
    """

    def __init__(
        self, database: Database, name: str, calls_per_second: float, workspace: str = ""
    ) -> None:
        self._database = database
        self._name = name
        self._workspace = workspace
        self._interval = 1 / calls_per_second
        self._next_slot_at = 0.0

    async def reserve(self, now: float) -> float:
        """Reserve the next slot and return the seconds until it; ``now`` is in epoch seconds."""
        if self._database.single_process:
            slot = now + count_seconds_left(self._next_slot_at, now, MAX_SLOT_WAIT_SECONDS)
            self._next_slot_at = slot + self._interval
            return slot - now
        is_ahead = rate_limits.c.next_slot_at.between(now, now + MAX_SLOT_WAIT_SECONDS)
        slot_at = case((is_ahead, rate_limits.c.next_slot_at), else_=literal(now))
        reservation = (
            update(rate_limits)
            .where(rate_limits.c.workspace == self._workspace, rate_limits.c.name == self._name)
            .values(next_slot_at=slot_at + self._interval)
            .returning(rate_limits.c.next_slot_at)
        )
        async with self._database.begin() as connection:
            next_slot_at = await connection.scalar(reservation)
            if next_slot_at is None:  # the first reservation ever
                await connection.execute(
                    self._database.insert(rate_limits)
                    .values(workspace=self._workspace, name=self._name, next_slot_at=now)
                    .on_conflict_do_nothing(
                        index_elements=[rate_limits.c.workspace, rate_limits.c.name]
                    )
                )
                next_slot_at = await connection.scalar(reservation)
        return max(0.0, float(next_slot_at or now) - self._interval - now)
