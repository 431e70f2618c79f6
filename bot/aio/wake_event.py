"""Waiting for work or for a moment, whichever comes first, on the injected clock."""

from __future__ import annotations

import asyncio

from bot.aio.clock import Clock


class WakeEvent:
    """One waits, many ring. A ring while nobody waits is heard at the next wait."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._event = asyncio.Event()

    def set(self) -> None:
        self._event.set()

    async def wait(self, seconds: float | None = None) -> None:
        """Until the bell rings, or for so long."""
        timer = None if seconds is None else self._clock.call_later(seconds, self._event.set)
        try:
            await self._event.wait()
        finally:
            if timer is not None:
                timer.cancel()
        self._event.clear()
