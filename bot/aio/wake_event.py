"""Wait for work or for a time, whichever comes first, on the injected clock."""

from __future__ import annotations

import asyncio

from bot.aio.clock import Clock


class WakeEvent:
    """An event that one task waits for. If it is set earlier, the next wait returns immediately."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._event = asyncio.Event()

    def set(self) -> None:
        self._event.set()

    def is_set(self) -> bool:
        """Return whether the next wait returns immediately."""
        return self._event.is_set()

    async def wait(self, seconds: float | None = None) -> None:
        """Wait until the event is set, or for ``seconds``; then clear it."""
        timer = None if seconds is None else self._clock.call_later(seconds, self._event.set)
        try:
            await self._event.wait()
        finally:
            if timer is not None:
                timer.cancel()
        self._event.clear()
