"""A clock that moves only when a test moves it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.event_loop import IdleEventLoop, wait_until_idle

RUNNING_PAUSE_SECONDS = 0.002
"""Real seconds between two timers while a clock runs by itself, for servers that stop."""
RUNNING_PATIENCE_SECONDS = 0.25
"""Real seconds for which a clock that runs by itself waits for threads that work."""


@dataclass(order=True)
class ManualTimer:
    fires_at: float
    sequence: int
    callback: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.cancelled = True


class ManualClock:
    """A `bot.aio.clock.Clock`. `await clock.advance(5)` fires what falls due in those five seconds,
    in order, each timer at its own moment, and lets the loop become idle before, between and after.

    Moments are rounded to the microsecond: twenty times 0.05 is one second here.
    """

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._started = start
        self._elapsed = 0.0
        self._numbers = itertools.count()
        self._timers: list[ManualTimer] = []
        self.changed_at = time.monotonic()

    def time(self) -> float:
        return self._started + self._elapsed

    def monotonic(self) -> float:
        return self._elapsed

    def set_back(self, seconds: float) -> None:
        """Set the system clock back, as an operator or a time server does; timers don't notice."""
        self._started -= seconds

    def to_real_seconds(self, _: float) -> float:
        return math.inf

    def call_later(self, seconds: float, callback: Callable[[], None]) -> ManualTimer:
        least = 1e-6 if seconds > 0 else 0.0  # or a wait too short to count would be tried for ever
        due = round(self._elapsed + max(least, seconds), 6)
        timer = ManualTimer(due, next(self._numbers), callback)
        heapq.heappush(self._timers, timer)
        self._notify_change()
        return timer

    @property
    def pending_timers(self) -> int:
        """The number of timers that have neither fired nor been cancelled."""
        return sum(not timer.cancelled for timer in self._timers)

    @property
    def next_timer(self) -> float | None:
        """Seconds until the next timer is due, or None if there is none."""
        while self._timers and self._timers[0].cancelled:
            heapq.heappop(self._timers)
        return round(self._timers[0].fires_at - self._elapsed, 6) if self._timers else None

    async def wait_for_sleep(self, seconds: float) -> None:
        """Return once something waits for exactly ``seconds``: the work under test has paused."""
        await wait_until_idle()
        remaining = {
            timer.fires_at - self._elapsed for timer in self._timers if not timer.cancelled
        }
        if not any(abs(left - seconds) < 1e-6 for left in remaining):
            raise AssertionError(f"nothing waits for {seconds} s; timers: {sorted(remaining)}")

    async def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass, with everything that happens in them."""
        until = round(self._elapsed + seconds, 6)
        await wait_until_idle()
        while (left := self.next_timer) is not None and self._elapsed + left <= until + 1e-9:
            self._fire_next()
            await wait_until_idle()
        self._elapsed = until
        self._notify_change()
        await wait_until_idle()

    async def advance_to_next(self) -> bool:
        """Jump to the next timer. Return whether there was one."""
        await wait_until_idle()
        if self.next_timer is None:
            return False
        self._fire_next()
        await wait_until_idle()
        return True

    async def advance_until(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Jump from timer to timer until ``condition()`` holds, for ``seconds`` at most."""
        end = self._elapsed + seconds
        await wait_until_idle()
        while not condition():
            if self._elapsed > end or not await self.advance_to_next():
                raise AssertionError(f"not within {seconds} s")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Inside, jump to the next timer whenever nothing is left to do."""

        async def run() -> None:
            while True:
                with suppress(TimeoutError):  # a thread may wait for what only time brings
                    async with asyncio.timeout(RUNNING_PATIENCE_SECONDS):
                        await wait_until_idle()
                if self.next_timer is not None:
                    self._fire_next()
                await asyncio.sleep(RUNNING_PAUSE_SECONDS)

        task = asyncio.create_task(run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def jump(self, seconds: float) -> None:
        """Let ``seconds`` pass in one step, as they do for a machine that slept: what was due in
        them fires once, at their end. Use it for days, in which loops would go round thousands of
        times."""
        await wait_until_idle()
        self._elapsed = round(self._elapsed + seconds, 6)
        due = [timer for timer in self._timers if timer.fires_at <= self._elapsed]
        self._timers = [timer for timer in self._timers if timer.fires_at > self._elapsed]
        heapq.heapify(self._timers)
        self._notify_change()
        for timer in sorted(due):
            if not timer.cancelled:
                timer.callback()
        await wait_until_idle()

    def _fire_next(self) -> None:
        timer = heapq.heappop(self._timers)
        if not timer.cancelled:
            self._elapsed = max(self._elapsed, timer.fires_at)
            self._notify_change()
            timer.callback()

    def _notify_change(self) -> None:
        self.changed_at = time.monotonic()
        loop = asyncio._get_running_loop()
        if isinstance(loop, IdleEventLoop):
            loop.watch_clock(self)


@asynccontextmanager
async def run_clock(clock: ManualClock) -> AsyncIterator[None]:
    """Inside, the clock runs by itself: for stops that wait for late work."""
    async with clock.running():
        yield


async def settle() -> None:
    """Let everything happen that needs no time."""
    await wait_until_idle()
