"""The machine's clock, which can skip hours: the demo's 24-hour window closes on demand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.aio.clock import Timer


@dataclass(eq=False, slots=True)
class _SkippingTimer:
    """A timer that is due at ``due``, in seconds of the skipping clock."""

    due: float
    fire: Callable[[], None]
    pending: set[_SkippingTimer]
    handle: asyncio.TimerHandle | None = field(default=None)

    def cancel(self) -> None:
        self.pending.discard(self)
        if self.handle is not None:
            self.handle.cancel()

    def schedule(self, now: float) -> None:
        if self.handle is not None:
            self.handle.cancel()
        delay = max(0.0, self.due - now)
        self.handle = asyncio.get_running_loop().call_later(delay, self._run)

    def _run(self) -> None:
        self.pending.discard(self)
        self.fire()


class SkippingClock:
    """A `bot.aio.clock.Clock`. Timers that fall due in the skipped time run afterwards, in order.

    Other programs and the durable engine's own schedules don't skip.
    """

    def __init__(self) -> None:
        self._skipped = 0.0
        self._pending: set[_SkippingTimer] = set()

    def time(self) -> float:
        return time.time() + self._skipped

    def monotonic(self) -> float:
        return time.monotonic() + self._skipped

    def to_real_seconds(self, seconds: float) -> float:
        return seconds

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        now = self.monotonic()
        timer = _SkippingTimer(now + seconds, callback, self._pending)
        self._pending.add(timer)
        timer.schedule(now)
        return timer

    def skip(self, seconds: float) -> None:
        """Move the time forward."""
        self._skipped += seconds
        now = self.monotonic()
        for timer in sorted(self._pending, key=lambda timer: timer.due):
            timer.schedule(now)
