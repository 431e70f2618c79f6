"""A clock that moves only when a test says so."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(order=True)
class ManualTimer:
    due: float
    number: int
    callback: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.cancelled = True


class ManualClock:
    """A `bot.aio.clock.Clock`. `await clock.advance(5)` fires what falls due in those five seconds,
    in order, each at its own moment, and lets the loop run before, between and after. Moments are
    kept
    to the microsecond: twenty times 0.05 is one second here."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._started = start
        self._elapsed = 0.0
        self._numbers = itertools.count()
        self._timers: list[ManualTimer] = []

    def time(self) -> float:
        return self._started + self._elapsed

    def monotonic(self) -> float:
        return self._elapsed

    def call_later(self, seconds: float, callback: Callable[[], None]) -> ManualTimer:
        due = round(self._elapsed + max(0.0, seconds), 6)
        timer = ManualTimer(due, next(self._numbers), callback)
        heapq.heappush(self._timers, timer)
        return timer

    @property
    def waiting(self) -> int:
        """How many timers have neither fired nor been cancelled."""
        return sum(not timer.cancelled for timer in self._timers)

    async def until_sleeping(self, seconds: float) -> None:
        """Until somebody waits for just so long: the work under test has come to its pause."""
        for _ in range(5_000):
            due = {timer.due - self._elapsed for timer in self._timers if not timer.cancelled}
            if any(abs(one - seconds) < 1e-6 for one in due):
                return
            await asyncio.sleep(0.001)
        raise AssertionError(f"nobody waits for {seconds} s")

    async def advance(self, seconds: float) -> None:
        until = round(self._elapsed + seconds, 6)
        await settle()
        while self._timers and self._timers[0].due <= until:
            timer = heapq.heappop(self._timers)
            if not timer.cancelled:
                self._elapsed = max(self._elapsed, timer.due)
                timer.callback()
                await settle()
        self._elapsed = until
        await settle()


@asynccontextmanager
async def time_passes(clock: ManualClock) -> AsyncIterator[None]:
    """Inside, the clock runs by itself, a second at a time: for stops that wait for late work."""

    async def run() -> None:
        while True:
            await clock.advance(1)
            await asyncio.sleep(0.002)

    running = asyncio.create_task(run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def settle(turns: int = 30) -> None:
    """Lets everything that can run without time or sockets run."""
    for _ in range(turns):
        await asyncio.sleep(0)
